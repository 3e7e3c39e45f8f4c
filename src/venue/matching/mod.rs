//! The exchange itself as a pure state machine: books, orders, accounts. Time and randomness come in
//! as arguments; what happened comes out as events, in order.
//!
//! | file | what it is |
//! |---|---|
//! | `engine` | the state, and what is asked of it: place, cancel |
//! | `edits` | another price or size for an order that rests |
//! | `admission` | whether an order may be placed, in the order of the exchange's checks |
//! | `funds` | what must be set aside for an order, and how far it goes |
//! | `execution` | price-time matching, fills, holds, the end of an order |
//! | `triggers` | stops and brackets, orders that expire |
//! | `flow` | the rest of the market: its trades, and the quotes it leaves |
//! | `margin` | contracts: what stands behind them, and where that money lies |
//! | `book`, `accounts`, `fees`, `order`, `position` | what these work with |

pub mod accounts;
pub mod admission;
pub mod book;
mod edits;
pub mod engine;
mod execution;
pub mod fees;
pub mod flow;
mod funds;
mod margin;
pub mod order;
mod position;
mod triggers;

#[cfg(test)]
mod funds_tests;
#[cfg(test)]
mod margin_tests;
#[cfg(test)]
mod property_tests;
#[cfg(test)]
mod tests;

pub use accounts::{Accounts, Balance};
pub use admission::OrderRequest;
pub use book::Book;
pub use engine::{Engine, EngineFaults, Preview};
pub use flow::{FlowTrade, LEVELS};
pub use margin::Margin;
pub use order::{Event, Fill, Kind, Life, Order, Print, Refusal, Size, Status};
pub use position::Position;
