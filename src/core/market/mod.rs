//! Market data inside the core: instruments, trades, candles, and the filters in front of them.

pub mod candle;
pub mod filter;
pub mod freshness;
pub mod instrument;
pub mod interval;
pub mod order_book;
pub mod series;
pub mod trade;

pub use candle::{Candle, CandleSource, TimedCandle};
pub use instrument::{Instrument, ProductKind, ProtectiveForm};
pub use interval::Interval;
pub use order_book::{OrderBook, Quote};
pub use series::Series;
pub use trade::{Aggressor, SymbolId, TimedTrade, Trade};
