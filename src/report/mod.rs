//! What a run amounted to: the metrics, their accumulation while the run goes on, and how they are
//! shown.
//!
//! [`Accumulator`] follows the core's records and ends in a [`Summary`], which is stored in the
//! ledger's session row; [`Report`] reads a ledger back, so that the report at the end of a run and
//! `minnow report` later are the same text. Money is exact; ratios are `f64` and `None` where they
//! are undefined, never NaN or infinite. Imports `store` (the ledger) and `core`.

pub mod accumulator;
pub mod curve;
pub mod daily;
pub mod drawdown;
pub mod figures;
pub mod json;
pub mod load;
pub mod metric_table;
pub mod metrics;
pub mod outcome_tally;
pub mod planned;
pub mod sparkline;
pub mod summary;
pub mod terminal;
pub mod time_in_position;
pub mod trade_table;
pub mod trade_tally;

#[cfg(test)]
mod tests;

pub use accumulator::{Accumulator, Ending, SymbolEnding};
pub use load::{Report, TradesShown};
pub use summary::Summary;
