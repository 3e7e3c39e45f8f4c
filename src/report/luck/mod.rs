//! How likely a result is luck: a bootstrap interval of the mean trade, and random runs beside it.
//!
//! A trade's return is its net profit in percent of its margin, so that the mean is the expectancy
//! the report shows. Undefined under ten trades.

pub mod bootstrap;
pub mod gather;
pub mod random_runs;

use crate::core::units::rng::SplitMix64;
use crate::report::metrics::finite;
use crate::report::tape::Tape;
use gather::TradeReturns;
use serde::Serialize;

/// Fewer trades say nothing.
pub const TRADES_MIN: usize = 10;

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
    /// The real mean before slippage, which random runs do not pay: what they are held against.
    pub before_slippage_pct: f64,
    /// Runs whose mean return was at least that.
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

impl Luck {
    /// Draws both; each generator starts at the seed. Without a tape there are no random runs.
    pub fn of(returns: &TradeReturns, seed: u64, tape: Option<&Tape>) -> Self {
        let values = returns.values();
        let mean_pct = mean(values);
        let mut luck = Self {
            seed,
            trades: values.len() as u64,
            mean_pct,
            ..Self::default()
        };
        if let Some(mean) = mean_pct.filter(|_| returns.suffice().is_ok()) {
            luck.interval = interval(values, seed);
            luck.random = tape.and_then(|tape| random(returns, tape, seed, mean));
        }
        luck.verdict = luck.in_words();
        luck
    }

    fn in_words(&self) -> String {
        let Some(interval) = self.interval else {
            return format!("too few trades to tell (fewer than {TRADES_MIN})");
        };
        let alone = if interval.low_pct > 0.0 {
            "the mean trade is above zero by more than luck"
        } else if interval.high_pct < 0.0 {
            "the mean trade is below zero by more than luck"
        } else {
            "the mean trade cannot be told from zero"
        };
        let Some(random) = self.random else {
            return alone.to_owned();
        };
        let rank = random.at_least_as_good;
        let beside = if rank <= random.runs / 40 {
            "before slippage better than random entries by more than luck"
        } else if rank >= random.runs - random.runs / 40 {
            "before slippage worse than random entries by more than luck"
        } else {
            "before slippage no different from random entries"
        };
        format!("{alone}; {beside}")
    }
}

fn mean(values: &[f64]) -> Option<f64> {
    if values.is_empty() {
        return None;
    }
    finite(values.iter().sum::<f64>() / values.len() as f64)
}

fn interval(values: &[f64], seed: u64) -> Option<BootstrapInterval> {
    let means = bootstrap::sorted_means(values, &mut SplitMix64::new(seed));
    Some(BootstrapInterval {
        block: bootstrap::block(values.len() as u64),
        resamples: means.len() as u64,
        low_pct: finite(*means.get(bootstrap::LOW)?)?,
        high_pct: finite(*means.get(bootstrap::HIGH)?)?,
    })
}

fn random(returns: &TradeReturns, tape: &Tape, seed: u64, real: f64) -> Option<RandomRuns> {
    let stride = tape.symbols.iter().map(|s| s.closes_stride).max()?;
    let mut courses = returns.courses(tape);
    let means = random_runs::sorted_means(&mut courses, &mut SplitMix64::new(seed))?;
    let real = finite(real + returns.mean_slippage_pct()?)?;
    Some(RandomRuns {
        runs: means.len() as u64,
        before_slippage_pct: real,
        at_least_as_good: means.iter().filter(|mean| **mean >= real).count() as u64,
        mean_pct: mean(&means)?,
        low_pct: finite(*means.get(random_runs::LOW)?)?,
        high_pct: finite(*means.get(random_runs::HIGH)?)?,
        candles_a_step: stride,
    })
}

#[cfg(test)]
mod tests;
