//! What a run amounted to: the metrics, their accumulation while the run goes on, and how they are
//! shown.
//!
//! [`Accumulator`] follows the core's records and ends in a [`Summary`], which is stored in the
//! ledger's session row; [`Report`] reads a ledger back, so that the report at the end of a run and
//! `minnow report` later are the same text. Money is exact; ratios are `f64` and `None` where they
//! are undefined, never NaN or infinite. Imports `store` (the ledger) and `core`.

pub mod accumulator;
pub mod breakdown;
pub mod compare;
pub mod curve;
pub mod daily;
mod decimation;
pub mod drawdown;
pub mod explain;
pub mod figures;
pub mod full;
pub mod full_json;
pub mod full_text;
pub mod html;
pub mod json;
pub mod load;
pub mod luck;
pub mod markouts;
pub mod metric_table;
pub mod metrics;
pub mod not_computed;
pub mod outcome_tally;
pub mod page;
pub mod planned;
pub mod profit_split;
pub mod sparkline;
pub mod summary;
pub mod tape;
pub mod terminal;
pub mod time_in_position;
pub mod trade_facts;
pub mod trade_table;
pub mod trade_tally;

#[cfg(test)]
pub(crate) mod tests;

pub use accumulator::{Accumulator, Ending, SymbolEnding};
pub use compare::Comparison;
pub use full::{FullOptions, FullReport};
pub use load::{Report, TradesShown};
pub use summary::Summary;
