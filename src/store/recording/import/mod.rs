//! Other people's files into recordings: trades and candles as bulk history.
//!
//! A source is read twice: once to learn (order, symbols, finest steps, gaps, checksum), once to
//! write. Sorted input is written as it is read, in bounded memory; unsorted input is sorted in
//! memory up to a stated number of rows. Rows that cannot be used are counted and the first one is
//! shown; nothing is guessed or repaired, except that decimals with the tail of a binary float
//! (`5.330000000000001e-05`) are recognised, rounded and counted.

mod candle_plan;
mod candles;
mod columns;
mod grid;
mod number;
mod product;
mod source;
mod table;
mod text;
mod trade_plan;

pub use candle_plan::CandlePlan;
pub use candles::{CandleFormat, CandleTable};
pub use columns::{ColumnError, Columns};
pub use product::{ImportReport, Product};
pub use source::{
    BadRows, CandleRecord, CandleSink, Checksum, ImportError, RowFault, TradeRecord, TradeSink,
    TradeSource, Unwatched, Watch,
};
pub use table::TradeTable;
pub use text::{TimeReader, TimeUnit, open_text};
pub use trade_plan::TradePlan;

#[cfg(test)]
mod tests;
