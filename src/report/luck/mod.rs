//! How likely a result is luck: a bootstrap interval of the mean trade, and random runs beside it.
//!
//! A trade's return is its net profit in percent of its margin, so that the mean is the expectancy
//! the report shows. Undefined under ten trades.

use serde::Serialize;

/// Fewer trades say nothing.
pub const TRADES_MIN: u64 = 10;

/// What chance alone would explain.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Luck {
    /// Of both generators; the session's.
    pub seed: u64,
    /// Trades with a margin, whose returns these are.
    pub trades: u64,
    /// Mean net return a trade, percent of margin.
    pub mean_pct: Option<f64>,
    pub interval: Option<BootstrapInterval>,
    pub random: Option<RandomRuns>,
    /// In plain words.
    pub verdict: String,
}

/// 95 % interval of the mean net return a trade by a stationary bootstrap.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct BootstrapInterval {
    /// Mean length of a block of trades that stay together.
    pub block: u64,
    pub resamples: u64,
    /// Percent of margin.
    pub low_pct: f64,
    pub high_pct: f64,
}

/// The same sides, holding times and fees entered at random closes of the recording.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct RandomRuns {
    pub runs: u64,
    /// Runs whose mean return was at least the real one.
    pub at_least_as_good: u64,
    /// Mean over the runs of the mean net return a trade, percent of margin.
    pub mean_pct: f64,
    /// Sorted runs number 25 and 974 from 0.
    pub low_pct: f64,
    pub high_pct: f64,
    /// Decision candles a step of the closes; above 1 where a recording has more candles than are
    /// kept.
    pub candles_a_step: u64,
}
