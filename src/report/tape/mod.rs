//! The recordings of a run, read once more: prices at given times and candles for charts.
//!
//! Bounded whatever the recording's length: candles are merged in pairs, closes thinned by halves.

pub mod candles;
pub mod locate;
pub mod market;
pub mod merge;
pub mod read;

pub use candles::{CHART_CANDLES_MAX, ChartCandle, ChartCandles};
pub use read::{TapeError, read};

use crate::core::market::{Candle, Interval, SymbolId};
use crate::core::units::{Price, Timestamp};
use std::path::PathBuf;

/// Closes kept over all symbols: two years of minutes of one symbol.
pub const CLOSES_MAX: usize = 1 << 20;

/// What one pass over the recordings leaves.
#[derive(Clone, Debug, PartialEq)]
pub struct Tape {
    /// Where the recordings lay.
    pub files: Vec<PathBuf>,
    /// Length of a decision candle.
    pub interval: Interval,
    /// In the order of the session's instruments.
    pub symbols: Vec<SymbolTape>,
    /// Market inputs read.
    pub inputs: u64,
    /// The session began at a recorded state: it has counted inputs and candles from before.
    pub continued: bool,
    /// Damaged places that were left out.
    pub damages: u64,
}

/// One symbol of the tape.
#[derive(Clone, Debug, PartialEq)]
pub struct SymbolTape {
    pub symbol: String,
    /// Decision candles closed in the whole run.
    pub candles_closed: u64,
    /// Ascending; each stands for one or more neighbouring decision candles.
    pub candles: Vec<ChartCandle>,
    /// Every `closes_stride`-th close of the decision candles, from the first.
    pub closes: Vec<Price>,
    /// End of the candle of each of them: between two there may be a gap without candles.
    pub close_times: Vec<Timestamp>,
    /// A power of two.
    pub closes_stride: u64,
    /// When the last price was: time of the trade, or end of the candle.
    pub last_price_at: Option<Timestamp>,
}

/// Follows the decision candles while the tape is read; those of a symbol in the order in which they
/// closed. `()` follows nothing.
pub trait CandleListener {
    /// A candle closed; flat ones are among them.
    fn candle(&mut self, symbol: SymbolId, candle: &Candle);

    /// The series began anew after a long gap: what a strategy has seen before is forgotten.
    fn restart(&mut self, symbol: SymbolId);
}

impl CandleListener for () {
    fn candle(&mut self, _: SymbolId, _: &Candle) {}

    fn restart(&mut self, _: SymbolId) {}
}

#[cfg(test)]
mod tests;
