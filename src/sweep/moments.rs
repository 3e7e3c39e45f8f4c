//! Mean, deviation, skewness and kurtosis of returns, without keeping the returns.
//!
//! Sums of powers of deviations are brought together pairwise (Chan, Golub, LeVeque 1979; Pebay
//! 2008), so that one return and the returns of a whole window are added alike and stretches
//! without change cost nothing.

use crate::store::sweep_results::Moments;

impl Moments {
    /// `count` returns of the same value.
    pub fn of_equal(count: u64, value: f64) -> Self {
        Self {
            n: count,
            mean: if count == 0 { 0.0 } else { value },
            ..Self::default()
        }
    }

    /// Adds one return.
    pub fn push(&mut self, value: f64) {
        self.add(&Self::of_equal(1, value));
    }

    /// Adds all returns of another.
    pub fn add(&mut self, other: &Self) {
        if other.n == 0 {
            return;
        }
        if self.n == 0 {
            *self = *other;
            return;
        }
        let (a, b) = (self.n as f64, other.n as f64);
        let n = a + b;
        let delta = other.mean - self.mean;
        let (d, d2) = (delta / n, delta * delta);
        let m2 = self.m2 + other.m2 + d2 * a * b / n;
        let m3 = self.m3
            + other.m3
            + d2 * delta * a * b * (a - b) / (n * n)
            + 3.0 * d * (a * other.m2 - b * self.m2);
        let m4 = self.m4
            + other.m4
            + d2 * d2 * a * b * (a * a - a * b + b * b) / (n * n * n)
            + 6.0 * d * d * (a * a * other.m2 + b * b * self.m2)
            + 4.0 * d * (a * other.m3 - b * self.m3);
        *self = Self {
            n: self.n + other.n,
            mean: self.mean + delta * b / n,
            m2,
            m3,
            m4,
        };
    }

    /// Mean over sample standard deviation (n - 1), not annualised; `None` for fewer than two
    /// returns or no deviation.
    pub fn sharpe(&self) -> Option<f64> {
        if self.n < 2 {
            return None;
        }
        let deviation = (self.m2 / (self.n - 1) as f64).sqrt();
        // Equal returns leave a deviation of rounding errors only: that is none.
        if deviation.is_nan() || deviation <= self.mean.abs() * 1e-12 {
            return None;
        }
        Some(self.mean / deviation).filter(|value| value.is_finite())
    }

    /// m3 / m2^1.5 of the population; `None` without deviation.
    pub fn skewness(&self) -> Option<f64> {
        let n = self.n as f64;
        // Of a root, which is the same on every machine.
        let variance = self.m2 / n;
        let value = (self.m3 / n) / (variance * variance.sqrt());
        (self.m2 > 0.0 && value.is_finite()).then_some(value)
    }

    /// m4 / m2^2 of the population: 3 for a normal distribution; `None` without deviation.
    pub fn kurtosis(&self) -> Option<f64> {
        let n = self.n as f64;
        let value = (self.m4 / n) / (self.m2 / n).powi(2);
        (self.m2 > 0.0 && value.is_finite()).then_some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(values: &[f64]) -> Moments {
        let mut moments = Moments::default();
        for value in values {
            moments.push(*value);
        }
        moments
    }

    #[test]
    fn four_returns_by_hand() {
        // Mean 2; deviations -2, -1, 0, 3: squares 14, cubes 18, fourth powers 98.
        let moments = of(&[0.0, 1.0, 2.0, 5.0]);
        assert_eq!((moments.n, moments.mean), (4, 2.0));
        assert!((moments.m2 - 14.0).abs() < 1e-12);
        assert!((moments.m3 - 18.0).abs() < 1e-12);
        assert!((moments.m4 - 98.0).abs() < 1e-12);
        let near = |value: Option<f64>, expected: f64| (value.unwrap() - expected).abs() < 1e-12;
        assert!(near(moments.sharpe(), 2.0 / (14.0f64 / 3.0).sqrt()));
        assert!(near(moments.skewness(), 4.5 / 3.5f64.powf(1.5)));
        assert!(near(moments.kurtosis(), 24.5 / 12.25));
    }

    #[test]
    fn without_deviation_nothing_is_claimed() {
        for moments in [
            of(&[]),
            of(&[0.5]),
            of(&[0.1; 7]),
            Moments::of_equal(9, 0.0),
        ] {
            let all = [moments.sharpe(), moments.skewness(), moments.kurtosis()];
            assert_eq!(all[0], None, "{moments:?}");
            assert!(all.iter().flatten().all(|value| value.is_finite()));
        }
    }

    proptest! {
        #[test]
        fn adding_in_parts_is_adding_one_by_one(
            values in prop::collection::vec(-1.0f64..1.0, 2..60), cut in 0usize..60, zeros in 0u64..50,
        ) {
            let cut = cut.min(values.len());
            let mut parts = of(&values[..cut]);
            parts.add(&Moments::of_equal(zeros, 0.0));
            parts.add(&of(&values[cut..]));
            let mut all = values[..cut].to_vec();
            all.extend(std::iter::repeat_n(0.0, zeros as usize));
            all.extend(&values[cut..]);
            let n = all.len() as f64;
            let mean = all.iter().sum::<f64>() / n;
            let power = |k: i32| all.iter().map(|v| (v - mean).powi(k)).sum::<f64>();
            prop_assert_eq!(parts.n, all.len() as u64);
            for (found, expected) in [
                (parts.mean, mean), (parts.m2, power(2)), (parts.m3, power(3)), (parts.m4, power(4)),
            ] {
                prop_assert!((found - expected).abs() < 1e-9, "{found} is not {expected}");
            }
        }
    }
}
