//! The standard normal distribution.
//!
//! The distribution function is that of the error function of `libm`, right to a few units in the
//! last place of a double in either tail. The quantile inverts it by bisection and is as right as
//! the distribution function tells two arguments apart: to about 1e-15, in the tails relative to the
//! quantile, around the median absolutely.

use std::f64::consts::FRAC_1_SQRT_2;

/// Beyond this the tail is no number that a double holds.
const FAR: f64 = 39.0;

/// Probability of a value of at most `x`.
pub fn distribution(x: f64) -> f64 {
    0.5 * libm::erfc(-x * FRAC_1_SQRT_2)
}

/// The value that is exceeded with probability `1 - p`; `None` unless 0 < p < 1.
pub fn quantile(p: f64) -> Option<f64> {
    if !(p > 0.0 && p < 1.0) {
        return None;
    }
    // In the lower tail, where a small probability keeps its digits; the difference is exact.
    if p >= 0.5 {
        return if p == 0.5 {
            Some(0.0)
        } else {
            quantile(1.0 - p).map(|x| -x)
        };
    }
    let (mut low, mut high) = (-FAR, 0.0);
    loop {
        let middle = f64::midpoint(low, high);
        if middle <= low || middle >= high {
            return Some(middle);
        }
        if distribution(middle) < p {
            low = middle;
        } else {
            high = middle;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn near(value: f64, expected: f64) {
        assert!(
            (value - expected).abs() <= 1e-13 * expected.abs().max(1e-300),
            "{value} is not {expected}"
        );
    }

    #[test]
    fn tabled_values() {
        near(distribution(0.0), 0.5);
        near(distribution(1.0), 0.841_344_746_068_542_9);
        near(distribution(-1.959_963_984_540_054), 0.025);
        near(distribution(-6.0), 9.865_876_450_376_98e-10);
        near(quantile(0.975).unwrap(), 1.959_963_984_540_054);
        near(quantile(0.99).unwrap(), 2.326_347_874_040_841);
        near(quantile(0.001).unwrap(), -3.090_232_306_167_813_5);
        assert_eq!(quantile(0.5), Some(0.0));
        for outside in [0.0, 1.0, -1.0, 2.0, f64::NAN] {
            assert_eq!(quantile(outside), None);
        }
    }

    proptest! {
        #[test]
        fn the_quantile_inverts_the_distribution(x in -8.0f64..5.0) {
            let again = quantile(distribution(x)).unwrap();
            prop_assert!((again - x).abs() < 1e-9, "{again} is not {x}");
        }
    }
}
