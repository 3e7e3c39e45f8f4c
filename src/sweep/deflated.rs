//! How much of a Sharpe ratio is left when it is the best of many tries.
//!
//! After Bailey and Lopez de Prado, "The Deflated Sharpe Ratio: Correcting for Selection Bias,
//! Backtest Overfitting and Non-Normality" (Journal of Portfolio Management 40(5), 2014). All Sharpe
//! ratios are those of one period, not annualised. Tries are taken to be independent; those of a
//! sweep resemble each other, which makes the bar a little too high rather than too low.

use super::normal::{distribution, quantile};
use crate::store::sweep_results::Moments;
use std::f64::consts::E;

/// Euler-Mascheroni constant.
const GAMMA: f64 = 0.577_215_664_901_532_9;

/// What the best of `tries` Sharpe ratios of variance `variance` is expected to be when none of them
/// has any skill; 0 for fewer than two.
pub fn expected_maximum(tries: u64, variance: f64) -> f64 {
    if tries < 2 {
        return 0.0;
    }
    let n = tries as f64;
    let at = |share: f64| quantile(1.0 - share).unwrap_or(0.0);
    variance.max(0.0).sqrt() * ((1.0 - GAMMA) * at(1.0 / n) + GAMMA * at(1.0 / (n * E)))
}

/// Probability that the true Sharpe ratio exceeds `benchmark`, given one of `sharpe` from `count`
/// returns with this skewness and kurtosis (3 = normal). `None` for fewer than two returns, or where
/// the moments leave no variance of the estimate.
pub fn probabilistic(
    sharpe: f64,
    benchmark: f64,
    count: u64,
    skewness: f64,
    kurtosis: f64,
) -> Option<f64> {
    let variance = 1.0 - skewness * sharpe + (kurtosis - 1.0) / 4.0 * sharpe * sharpe;
    if count < 2 || variance.is_nan() || variance <= 0.0 {
        return None;
    }
    let score = (sharpe - benchmark) * ((count - 1) as f64).sqrt() / variance.sqrt();
    Some(distribution(score)).filter(|p| p.is_finite())
}

/// The same of returns known by their moments.
pub fn probability(returns: &Moments, benchmark: f64) -> Option<f64> {
    probabilistic(
        returns.sharpe()?,
        benchmark,
        returns.n,
        returns.skewness()?,
        returns.kurtosis()?,
    )
}

/// Sample variance (n - 1) of the Sharpe ratios of all tries; of fewer than two nothing is known of it.
pub fn variance(sharpes: impl Iterator<Item = f64>) -> Option<f64> {
    let mut moments = Moments::default();
    for sharpe in sharpes {
        moments.push(sharpe);
    }
    let degrees = moments.n.checked_sub(1).filter(|degrees| *degrees > 0)?;
    Some(moments.m2 / degrees as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn near(value: f64, expected: f64, digits: i32) {
        assert!(
            (value - expected).abs() < 0.5 * 10f64.powi(-digits),
            "{value} is not {expected}"
        );
    }

    /// The paper's example: an annual Sharpe ratio of 2.5 over five years of 250 days, skewness -3,
    /// kurtosis 10, the tries' annual Sharpe ratios with a variance of 1/2.
    fn example(tries: u64) -> (f64, f64) {
        let bar = expected_maximum(tries, 0.5 / 250.0);
        let sharpe = 2.5 / 250f64.sqrt();
        let probability = probabilistic(sharpe, bar, 1250, -3.0, 10.0);
        (bar, probability.unwrap())
    }

    #[test]
    fn the_published_example_comes_out_as_published() {
        let (bar, probability) = example(100);
        near(bar, 0.1132, 4);
        near(probability, 0.9004, 4);
        near(example(46).1, 0.9505, 4);
        // With normal returns the same bar is passed after 88 tries.
        let bar = expected_maximum(88, 0.5 / 250.0);
        let normal = probabilistic(2.5 / 250f64.sqrt(), bar, 1250, 0.0, 3.0).unwrap();
        near(normal, 0.9505, 4);
    }

    #[test]
    fn one_try_is_held_against_nothing() {
        assert_eq!(expected_maximum(1, 0.5), 0.0);
        assert_eq!(expected_maximum(0, 0.5), 0.0);
        // (0.1 - 0) x 10 / sqrt(1 + 0.5 x 0.01) = 0.99751...
        let probability = probabilistic(0.1, 0.0, 101, 0.0, 3.0).unwrap();
        near(probability, distribution(1.0 / 1.005f64.sqrt()), 12);
        assert_eq!(probabilistic(0.1, 0.0, 1, 0.0, 3.0), None);
        assert_eq!(
            probabilistic(2.0, 0.0, 10, 3.0, 3.0),
            None,
            "no variance is left"
        );
    }

    #[test]
    fn the_variance_is_that_of_a_sample() {
        near(variance([1.0, 2.0, 6.0].into_iter()).unwrap(), 7.0, 12);
        assert_eq!(variance([1.0].into_iter()), None);
        assert_eq!(variance(std::iter::empty()), None);
    }

    #[test]
    fn the_expected_maximum_is_what_luck_alone_brings() {
        // The best of 100 draws from a normal distribution, averaged over 4,000 rounds.
        let mut rng = crate::core::units::rng::SplitMix64::new(5);
        let mut draw = || quantile((rng.draw() >> 11) as f64 / (1u64 << 53) as f64 + 1e-17);
        let rounds = 4000;
        let mean = (0..rounds)
            .map(|_| (0..100).filter_map(|_| draw()).fold(f64::MIN, f64::max))
            .sum::<f64>()
            / f64::from(rounds);
        near(mean, expected_maximum(100, 1.0), 1);
    }

    proptest! {
        #[test]
        fn more_tries_never_help(sharpe in -0.5f64..0.5, tries in 2u64..100_000, variance in 0.0f64..0.1) {
            let of = |tries| probabilistic(sharpe, expected_maximum(tries, variance), 500, -0.5, 6.0);
            prop_assert!(of(2 * tries).unwrap() <= of(tries).unwrap());
        }
    }
}
