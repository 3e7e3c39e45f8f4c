//! The ledger: one SQLite file per mode (or per replay) that any SQLite tool opens.
//!
//! Rows come from the core in its order, are batched by [`Batcher`], and are written by whoever
//! holds the [`Ledger`]: it is `Send`, has one owner at a time and travels inside worker jobs, so
//! that the loop itself never waits for the disk. No row is ever dropped: a full batcher makes a
//! replay wait and stops a session's entries. Imports `core` only.

pub mod allocation;
pub mod batcher;
pub mod equity_thinner;
pub mod error;
pub mod hashes;
pub mod json_text;
mod limits;
pub mod lock;
pub mod migrate;
pub mod names;
pub mod open;
pub mod open_lots;
pub mod paths;
pub mod read;
pub mod read_charts;
pub mod read_explain;
pub mod read_fills;
pub mod read_tables;
pub mod replay_rows;
pub mod rows;
pub mod schema;
pub mod statements;
pub mod value_names;
pub mod write;

#[cfg(test)]
pub(crate) mod tests;

pub use batcher::{BatchLimits, Batcher};
pub use equity_thinner::EquityThinner;
pub use error::LedgerError;
pub use hashes::{HashBlock, HashPacker};
pub use open::Ledger;
pub use paths::{mode_path, replay_path};
pub use read::{Reader, StoredSession, StoredTrade};
pub use read_fills::StoredFill;
pub use read_tables::{Cell, Table, TableRow};
pub use replay_rows::ReplayRows;
pub use rows::{
    Committed, EXCHANGE_QUIET, HoldCount, LimitRow, Mode, Row, SessionEnd, SessionRow,
    SessionStatus, StateRow,
};
