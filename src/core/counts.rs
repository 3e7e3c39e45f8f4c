//! What a run amounted to in numbers.

use super::market::Interval;

/// For reports and status.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub decisions: u64,
    pub orders: u64,
    pub fills: u64,
    pub trades: u64,
    pub candles: u64,
    /// Candles refused: broken, of a wrong interval, beside trades, or beyond what is counted.
    pub candles_refused: u64,
    /// Those of them whose length does not divide the decision interval, and the last such length.
    pub candles_unfit: u64,
    pub unfit_interval: Option<Interval>,
    /// Other inputs refused: of an unknown symbol, trades beside candles, or beyond what is counted.
    pub inputs_refused: u64,
    pub late_answers: u64,
    /// Trades of the fast path, to see that it is taken.
    pub quiet_trades: u64,
}
