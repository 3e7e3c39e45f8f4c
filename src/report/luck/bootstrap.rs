//! The stationary bootstrap (Politis and Romano 1994) of a mean.
//!
//! Neighbouring trades stay together in blocks of random length, so that what links them is kept.
//! Each resample has as many trades as the run: a random first one; each further one follows its
//! predecessor (the first follows the last), or with probability 1 / block is drawn anew.

use crate::core::units::rng::SplitMix64;

/// Resamples of an interval.
pub const RESAMPLES: usize = 10_000;
/// Sorted means number these, from 0, enclose 95 %.
pub const LOW: usize = 250;
pub const HIGH: usize = 9_749;

/// The means of [`RESAMPLES`] resamples, sorted; empty for no values.
///
/// `values` must be finite.
pub fn sorted_means(values: &[f64], rng: &mut SplitMix64) -> Vec<f64> {
    let mut means = Vec::new();
    if values.is_empty() {
        return means;
    }
    means.reserve_exact(RESAMPLES);
    let restart_below = restart_below(block(values.len() as u64));
    for _ in 0..RESAMPLES {
        means.push(resample(values, restart_below, rng) / values.len() as f64);
    }
    means.sort_by(f64::total_cmp);
    means
}

/// Mean length of a block: ceil(n^(1/3)), exactly.
pub const fn block(n: u64) -> u64 {
    let mut root = 0u64;
    while (root as u128) * (root as u128) * (root as u128) < n as u128 {
        root += 1;
    }
    root
}

/// Draws of 53 bits below this start a new block.
pub const fn restart_below(block: u64) -> u64 {
    (1 << 53) / block
}

/// The mean of one resample of at least one value.
pub fn resampled_mean(values: &[f64], rng: &mut SplitMix64) -> f64 {
    let restart_below = restart_below(block(values.len() as u64));
    resample(values, restart_below, rng) / values.len() as f64
}

/// Sum of one resample.
fn resample(values: &[f64], restart_below: u64, rng: &mut SplitMix64) -> f64 {
    let n = values.len();
    let mut index = rng.below(n as u64) as usize;
    let mut sum = values[index];
    for _ in 1..n {
        if rng.draw() >> 11 < restart_below {
            index = rng.below(n as u64) as usize;
        } else {
            index += 1;
            if index == n {
                index = 0;
            }
        }
        sum += values[index];
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_block_is_the_rounded_up_cube_root() {
        let pairs = [
            (1, 1),
            (8, 2),
            (9, 3),
            (10, 3),
            (27, 3),
            (28, 4),
            (1000, 10),
            (1001, 11),
        ];
        for (n, expected) in pairs {
            assert_eq!(block(n), expected, "{n}");
        }
        assert_eq!(restart_below(1), 1 << 53);
        assert_eq!(restart_below(3), 3_002_399_751_580_330);
    }

    #[test]
    fn a_resample_follows_the_draws_one_by_one() {
        let values = [1.0, 10.0, 100.0, 1000.0];
        let below = restart_below(block(4));
        let mut rng = SplitMix64::new(7);
        let sum = resample(&values, below, &mut rng);
        // The same by the text: index = (draw x n) >> 64, then a draw a step.
        let mut again = SplitMix64::new(7);
        let index = |draw: u64| ((u128::from(draw) * 4) >> 64) as usize;
        let mut at = index(again.draw());
        let mut expected = values[at];
        for _ in 0..3 {
            at = if (again.draw() >> 11) < (1u64 << 53) / 2 {
                index(again.draw())
            } else {
                (at + 1) % 4
            };
            expected += values[at];
        }
        assert_eq!(sum, expected);
        assert_eq!(rng, again, "neither drew more than the other");
    }

    #[test]
    fn equal_values_leave_no_doubt() {
        let means = sorted_means(&[2.5; 16], &mut SplitMix64::new(1));
        assert_eq!(means.len(), RESAMPLES);
        assert!(means.iter().all(|mean| *mean == 2.5));
        assert!(sorted_means(&[], &mut SplitMix64::new(1)).is_empty());
    }

    #[test]
    fn the_interval_has_the_width_that_theory_gives_independent_values() {
        // Alternating signs drawn at random: deviation of the mean = 1 / sqrt(400) = 0.05.
        let mut rng = SplitMix64::new(11);
        let values: Vec<f64> = (0..400)
            .map(|_| if rng.draw() & 1 == 0 { 1.0 } else { -1.0 })
            .collect();
        let mean = values.iter().sum::<f64>() / 400.0;
        let means = sorted_means(&values, &mut SplitMix64::new(1));
        for (bound, expected) in [(means[LOW], mean - 0.098), (means[HIGH], mean + 0.098)] {
            assert!(
                (bound - expected).abs() < 0.025,
                "{bound} is not about {expected}"
            );
        }
    }

    /// Prints what a full set costs; `cargo test --release --lib resampling_cost -- --ignored
    /// --nocapture`.
    #[test]
    #[ignore = "a measurement, not a check"]
    fn resampling_cost() {
        let mut rng = SplitMix64::new(3);
        let values: Vec<f64> = (0..100_000).map(|_| rng.draw() as f64 / 1e19).collect();
        let start = std::time::Instant::now();
        let means = sorted_means(&values, &mut rng);
        println!("{:?} for 100,000 values", start.elapsed());
        assert_eq!(means.len(), RESAMPLES);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]
        #[test]
        fn means_lie_within_the_values(values in prop::collection::vec(-1e9f64..1e9, 1..40), seed: u64) {
            let means = sorted_means(&values, &mut SplitMix64::new(seed));
            let low = values.iter().copied().fold(f64::INFINITY, f64::min);
            let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let slack = 1e-9 * low.abs().max(high.abs());
            prop_assert!(means.is_sorted_by(|a, b| a <= b));
            prop_assert!(means[0] >= low - slack && means[RESAMPLES - 1] <= high + slack);
        }
    }
}
