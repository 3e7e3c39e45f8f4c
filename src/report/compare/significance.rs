//! Whether the difference of two runs is more than luck.
//!
//! Where both have data on the same days, at least ten, the daily returns are paired: what the
//! market did to both falls out, and the mean of B - A is resampled in blocks of days. Otherwise
//! each run's trades are resampled by themselves and the difference of the mean net returns is
//! looked at. 10,000 resamples by a stationary bootstrap, sorted differences number 250 and 9,749
//! from 0.

use crate::core::units::rng::SplitMix64;
use crate::core::units::{Decimal, Timestamp};
use crate::report::daily::daily_returns;
use crate::report::luck::TRADES_MIN;
use crate::report::luck::bootstrap::{HIGH, LOW, RESAMPLES, block, resampled_mean, sorted_means};
use crate::report::luck::gather::TRADES_MAX;
use crate::report::metrics::finite;
use serde::Serialize;

/// Days that both must have; fewer say nothing.
pub const DAYS_MIN: usize = TRADES_MIN;

/// What of a run tells.
#[derive(Clone, Debug)]
pub struct Evidence<'a> {
    /// Equity at the start.
    pub start: Decimal,
    /// Midnight and last equity of each day with data, ascending.
    pub days: Vec<(Timestamp, Decimal)>,
    /// Net return of each closed trade, percent of margin.
    pub trades: &'a [f64],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Mean difference of the daily returns, percent of equity.
    PairedByDay,
    /// Difference of the mean net returns a trade, percent of margin.
    UnpairedByTrade,
}

impl Method {
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::PairedByDay => "daily returns, percent of equity, paired by day",
            Self::UnpairedByTrade => "net returns a trade, percent of margin, not paired",
        }
    }
}

/// What the resamples say.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Significance {
    pub method: Method,
    pub seed: u64,
    /// Days or trades of each run, and the mean block of each.
    pub count_a: u64,
    pub count_b: u64,
    pub block_a: u64,
    pub block_b: u64,
    pub resamples: u64,
    /// B - A.
    pub difference_pct: f64,
    /// 95 % interval.
    pub low_pct: f64,
    pub high_pct: f64,
    /// The interval does not hold 0.
    pub more_than_luck: bool,
}

impl Significance {
    /// Holds B against A; the generator starts at `seed`.
    ///
    /// # Errors
    /// In words, where there is not enough to tell.
    pub fn of(a: &Evidence<'_>, b: &Evidence<'_>, seed: u64) -> Result<Self, String> {
        match paired(a, b) {
            Some(differences) => Self::by_day(&differences, seed),
            None => Self::by_trade(a.trades, b.trades, seed),
        }
        .and_then(|found| found.ok_or_else(|| "beyond the range of a number".to_owned()))
    }

    fn by_day(differences: &[f64], seed: u64) -> Result<Option<Self>, String> {
        let means = sorted_means(differences, &mut SplitMix64::new(seed));
        let mean = differences.iter().sum::<f64>() / differences.len() as f64;
        let count = differences.len() as u64;
        Ok(Self::found(
            Method::PairedByDay,
            seed,
            (count, count),
            mean,
            &means,
        ))
    }

    fn by_trade(a: &[f64], b: &[f64], seed: u64) -> Result<Option<Self>, String> {
        for (name, trades) in [("A", a), ("B", b)] {
            if trades.len() < TRADES_MIN {
                return Err(format!(
                    "the runs do not have the same {DAYS_MIN} or more days, and {name} has fewer \
                     than {TRADES_MIN} closed trades with a margin"
                ));
            }
            if trades.len() == TRADES_MAX {
                return Err(format!(
                    "{name} has {TRADES_MAX} trades or more: too many to resample"
                ));
            }
        }
        let mut rng = SplitMix64::new(seed);
        let mut means: Vec<f64> = (0..RESAMPLES)
            .map(|_| {
                let a = resampled_mean(a, &mut rng);
                resampled_mean(b, &mut rng) - a
            })
            .collect();
        means.sort_by(f64::total_cmp);
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        let counts = (a.len() as u64, b.len() as u64);
        let difference = mean(b) - mean(a);
        Ok(Self::found(
            Method::UnpairedByTrade,
            seed,
            counts,
            difference,
            &means,
        ))
    }

    fn found(
        method: Method,
        seed: u64,
        (count_a, count_b): (u64, u64),
        difference: f64,
        sorted: &[f64],
    ) -> Option<Self> {
        let low_pct = finite(*sorted.get(LOW)?)?;
        let high_pct = finite(*sorted.get(HIGH)?)?;
        Some(Self {
            method,
            seed,
            count_a,
            count_b,
            block_a: block(count_a),
            block_b: block(count_b),
            resamples: sorted.len() as u64,
            difference_pct: finite(difference)?,
            low_pct,
            high_pct,
            more_than_luck: low_pct > 0.0 || high_pct < 0.0,
        })
    }

    /// In plain words.
    pub const fn verdict(&self) -> &'static str {
        if self.low_pct > 0.0 {
            "B is better than A by more than luck"
        } else if self.high_pct < 0.0 {
            "B is worse than A by more than luck"
        } else {
            "the difference of A and B can be luck"
        }
    }
}

/// B - A of each day's return in percent, where both have data on the same, sufficient days.
fn paired(a: &Evidence<'_>, b: &Evidence<'_>) -> Option<Vec<f64>> {
    let days = |evidence: &Evidence<'_>| -> Vec<Timestamp> {
        evidence.days.iter().map(|day| day.0).collect()
    };
    if a.days.len() < DAYS_MIN || days(a) != days(b) {
        return None;
    }
    let a = daily_returns(a.start, &a.days)?;
    let b = daily_returns(b.start, &b.days)?;
    Some(a.iter().zip(&b).map(|(a, b)| 100.0 * (b - a)).collect())
}
