//! Market data on its way to the core: connections, frames, and what fills the holes between them.
//!
//! | file | what it is |
//! |---|---|
//! | `connection` | one websocket: resolve, dial, subscribe, and again |
//! | `decoded` | a reading of it: frames in the exchange's words in, events in the core's numbers out |
//! | `markets` | products to symbols, decimals to the grid |
//! | `market_data` | subscriptions, frames and candles of a session |
//! | `backfill`, `bridge`, `reconnection` | candles of before, short outages, longer ones |
//! | `subscription`, `unconfirmed` | what is subscribed to, and what of it does not come |
//! | `freshness` | how old each symbol's data is |
//! | `lag` | trades that arrive late |
//! | `books`, `book_feed`, `book_calls` | order books and best prices; those by REST |
//! | `candle_check` | own candles against the exchange's |

pub mod backfill;
pub mod book_calls;
pub(super) mod book_feed;
pub mod books;
pub mod bridge;
pub mod candle_check;
pub mod connection;
pub(super) mod decoded;
pub mod freshness;
pub mod lag;
pub(super) mod market_data;
pub mod markets;
pub(super) mod reconnection;
pub(super) mod subscription;
pub(super) mod unconfirmed;
