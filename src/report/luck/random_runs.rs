//! Runs with the same sides, holding times, leverage and fees, entered at random closes.
//!
//! Each run puts every symbol's trades in a random order and draws for each how much of the time
//! without a position lies before it, all amounts alike; so no two overlap. A trade enters at the
//! close of a decision candle and leaves at the one its holding time later; the next may enter at
//! that very close. No slippage and no funding: a real run is held against them before slippage.

use crate::core::units::Price;
use crate::core::units::rng::SplitMix64;

/// Runs that are drawn.
pub const RUNS: usize = 1000;
/// Sorted runs number these, from 0, enclose 95 %.
pub const LOW: usize = 25;
pub const HIGH: usize = 974;

/// What a random run keeps of a trade.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Placed {
    /// +1 long, -1 short.
    pub sign: f64,
    /// Entry value / margin.
    pub leverage: f64,
    /// Fees in percent of margin.
    pub fees_pct: f64,
    /// Closes from entry to exit; at least 1.
    pub steps: u64,
}

/// The trades of one symbol and the closes they are placed on.
#[derive(Clone, Debug)]
pub struct Course<'a> {
    pub trades: Vec<Placed>,
    pub closes: &'a [Price],
}

impl Course<'_> {
    /// Closes that no trade holds through; `None` if the trades do not fit beside each other.
    pub fn slack(&self) -> Option<u64> {
        let held = self
            .trades
            .iter()
            .try_fold(0u64, |sum, trade| sum.checked_add(trade.steps))?;
        (self.closes.len() as u64).checked_sub(1)?.checked_sub(held)
    }

    /// Sum of the net returns of one random run, percent of margin.
    fn run(&mut self, slack: u64, gaps: &mut Vec<u64>, rng: &mut SplitMix64) -> f64 {
        shuffle(&mut self.trades, rng);
        gaps.clear();
        gaps.extend(self.trades.iter().map(|_| rng.below(slack + 1)));
        gaps.sort_unstable();
        let (mut held, mut sum) = (0, 0.0);
        for (trade, gap) in self.trades.iter().zip(gaps.iter()) {
            let entry = gap + held;
            held += trade.steps;
            let exit = gap + held;
            let close = |index: u64| self.closes[index as usize].0 as f64;
            let change = close(exit) / close(entry) - 1.0;
            sum += 100.0 * trade.sign * trade.leverage * change - trade.fees_pct;
        }
        sum
    }
}

/// Fisher and Yates, from the end.
fn shuffle<T>(items: &mut [T], rng: &mut SplitMix64) {
    for last in (1..items.len()).rev() {
        let other = rng.below(last as u64 + 1) as usize;
        items.swap(last, other);
    }
}

/// Mean net return a trade of each of [`RUNS`] runs, percent of margin, sorted.
///
/// `None` where the trades do not fit beside each other.
pub fn sorted_means(courses: &mut [Course<'_>], rng: &mut SplitMix64) -> Option<Vec<f64>> {
    let slacks: Vec<u64> = courses
        .iter()
        .map(Course::slack)
        .collect::<Option<Vec<u64>>>()?;
    let trades: usize = courses.iter().map(|course| course.trades.len()).sum();
    if trades == 0 {
        return None;
    }
    let mut gaps = Vec::new();
    let mut means: Vec<f64> = (0..RUNS)
        .map(|_| {
            let sum: f64 = courses
                .iter_mut()
                .zip(&slacks)
                .map(|(course, slack)| course.run(*slack, &mut gaps, rng))
                .sum();
            sum / trades as f64
        })
        .collect();
    means.sort_by(f64::total_cmp);
    Some(means)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn placed(sign: f64, steps: u64) -> Placed {
        Placed {
            sign,
            leverage: 2.0,
            fees_pct: 0.5,
            steps,
        }
    }

    #[test]
    fn without_room_every_run_is_the_same_trades_in_another_order() {
        let closes: Vec<Price> = [100, 110, 121].map(Price).to_vec();
        let mut course = Course {
            trades: vec![placed(1.0, 1), placed(1.0, 1)],
            closes: &closes,
        };
        assert_eq!(course.slack(), Some(0));
        let means =
            sorted_means(std::slice::from_mut(&mut course), &mut SplitMix64::new(1)).unwrap();
        assert_eq!(means.len(), RUNS);
        // Two longs of +10 % with leverage 2, less 0.5 % each.
        assert!(means.iter().all(|mean| (mean - 19.5).abs() < 1e-9));
    }

    #[test]
    fn a_short_gains_where_the_price_falls() {
        let closes = [Price(100), Price(80)];
        let mut course = Course {
            trades: vec![placed(-1.0, 1)],
            closes: &closes,
        };
        let means =
            sorted_means(std::slice::from_mut(&mut course), &mut SplitMix64::new(1)).unwrap();
        assert!((means[0] - 39.5).abs() < 1e-9);
    }

    #[test]
    fn trades_that_fill_more_than_the_recording_do_not_fit() {
        let closes = [Price(100), Price(80)];
        for (trades, closes) in [
            (vec![placed(1.0, 2)], &closes[..]),
            (vec![placed(1.0, 1)], &closes[..1]),
            (vec![placed(1.0, u64::MAX), placed(1.0, 1)], &closes[..]),
            (vec![], &closes[..]),
        ] {
            let mut course = Course { trades, closes };
            let means = sorted_means(std::slice::from_mut(&mut course), &mut SplitMix64::new(1));
            assert_eq!(means, None);
        }
    }

    #[test]
    fn every_place_is_as_likely_as_any_other() {
        // One trade of one step on 0, 1, .. 4 closes of slack: each entry a fifth of the runs.
        let closes = [100, 101, 103, 107, 115, 131].map(Price);
        let mut course = Course {
            trades: vec![Placed {
                sign: 1.0,
                leverage: 1.0,
                fees_pct: 0.0,
                steps: 1,
            }],
            closes: &closes,
        };
        let means =
            sorted_means(std::slice::from_mut(&mut course), &mut SplitMix64::new(3)).unwrap();
        for pair in closes.windows(2) {
            let change = 100.0 * (pair[1].0 as f64 / pair[0].0 as f64 - 1.0);
            let hits = means.iter().filter(|m| (*m - change).abs() < 1e-9).count();
            assert!((150..250).contains(&hits), "{hits} of 1000 at {change}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn placements_stay_within_the_closes_and_are_finite(
            prices in prop::collection::vec(1i64..1_000_000_000_000, 2..80),
            steps in prop::collection::vec(1u64..6, 1..12),
            seed: u64,
        ) {
            let closes: Vec<Price> = prices.into_iter().map(Price).collect();
            let trades: Vec<Placed> = steps.iter().map(|s| placed(if s % 2 == 0 { 1.0 } else { -1.0 }, *s)).collect();
            let mut course = Course { trades, closes: &closes };
            let fits = course.slack().is_some();
            let means = sorted_means(std::slice::from_mut(&mut course), &mut SplitMix64::new(seed));
            prop_assert_eq!(means.is_some(), fits);
            prop_assert!(means.iter().flatten().all(|mean| mean.is_finite()));
        }
    }
}
