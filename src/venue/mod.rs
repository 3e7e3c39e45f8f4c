//! The local venue: an exchange on your own machine that speaks the REST and websocket protocol of
//! Coinbase Advanced Trade over TLS.
//!
//! Written from the protocol alone: it shares nothing with the codec of the client, so that each
//! checks the other.
//!
//! | folder or file | what it is |
//! |---|---|
//! | `matching` | the exchange as a pure state machine: books, orders, accounts |
//! | `market` | where trades come from (a seed or a recording), and what is remembered of them |
//! | `world` | both together, with keys, faults and limits: everything that is no socket |
//! | `rest`, `stream` | the protocol: calls and their answers, channels and their frames |
//! | `server` | TLS, HTTP, tokens, connections; the application that the loop runs |
//!
//! Imports `core`, `files`, `log`, `net`, `store` and `runtime`. State is in memory: a restart begins
//! anew. Limits: 32 clients, 1,000 open orders.

pub mod contract;
pub mod faults;
pub mod limits;
pub mod market;
pub mod matching;
pub mod product;
pub mod rest;
pub mod server;
pub mod stream;
mod text;
pub mod world;

pub use server::{Folder, Settings, VenueServer};
