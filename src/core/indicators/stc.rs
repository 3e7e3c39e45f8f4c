//! Schaff trend cycle (Doug Schaff): the stochastic of a stochastic of a MACD, each smoothed.

use super::averages::Ema;
use super::compare::{PERCENT, is_zero};
use super::extremes::{RollingMax, RollingMin};
use super::reading::Reading;
use serde::{Deserialize, Serialize};

/// One stochastic with its smoothing.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Stage {
    highest: RollingMax,
    lowest: RollingMin,
    /// Last quotient; what a window without range repeats.
    quotient: f64,
    smooth: Option<f64>,
}

impl Stage {
    fn new(length: usize) -> Self {
        Self {
            highest: RollingMax::new(length),
            lowest: RollingMin::new(length),
            quotient: 0.0,
            smooth: None,
        }
    }

    fn update(&mut self, value: f64, scale: f64, factor: f64) -> Option<Reading> {
        let (high, low) = (self.highest.update(value), self.lowest.update(value));
        let (high, low) = high.zip(low)?;
        let flat = is_zero(high - low, scale);
        if !flat {
            self.quotient = PERCENT * ((value - low) / (high - low));
        }
        let smooth = self
            .smooth
            .map_or(self.quotient, |s| s + factor * (self.quotient - s));
        self.smooth = Some(smooth);
        Some(Reading {
            value: smooth,
            flat,
        })
    }
}

/// STC(length, fast, slow, factor), 0 to 100: two stages over m = EMA fast - EMA slow; a stage is
/// g = 100 (x - min)/(max - min) over `length` values, then s = g at first, s += factor (g - s)
/// afterwards. With 10, 23, 50 the first value is at index 67. A window without range repeats its
/// last g (0 at first); flat where either stage's window has none.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Stc {
    fast: Ema,
    slow: Ema,
    factor: f64,
    stages: (Stage, Stage),
    value: Option<Reading>,
}

impl Stc {
    /// `factor` in (0, 1].
    ///
    /// # Panics
    /// If a length is 0 (a programming error).
    pub fn new(length: usize, fast: usize, slow: usize, factor: f64) -> Self {
        Self {
            fast: Ema::new(fast),
            slow: Ema::new(slow),
            factor,
            stages: (Stage::new(length), Stage::new(length)),
            value: None,
        }
    }

    /// Takes the next close.
    pub fn update(&mut self, close: f64) -> Option<Reading> {
        let (fast, slow) = (self.fast.update(close), self.slow.update(close));
        let (fast, slow) = fast.zip(slow)?;
        let first = self.stages.0.update(fast - slow, close, self.factor)?;
        let second = self.stages.1.update(first.value, PERCENT, self.factor)?;
        self.value = Some(Reading {
            value: second.value,
            flat: first.flat || second.flat,
        });
        self.value
    }

    /// Of the close taken last.
    pub fn value(&self) -> Option<Reading> {
        self.value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stc_of_a_flat_series_is_0_flagged_and_warm_at_index_67() {
        let mut stc = Stc::new(10, 23, 50, 0.5);
        for index in 0..200 {
            let expected = (index >= 67).then_some(Reading::flat(0.0));
            // A price whose averages leave rounding noise.
            assert_eq!(stc.update(0.1 + 0.2), expected, "{index}");
        }
    }

    #[test]
    fn stc_stays_between_0_and_100_and_follows_the_trend() {
        let mut stc = Stc::new(10, 23, 50, 0.5);
        let mut last = None;
        for index in 0..400 {
            let phase = f64::from(index % 200);
            let price = 100.0 + if phase < 100.0 { phase } else { 200.0 - phase };
            last = stc.update(price);
            assert!(
                last.is_none_or(|r| (0.0..=100.0).contains(&r.value)),
                "{last:?}"
            );
            if index == 350 {
                assert!(last.is_some_and(|r| r.value < 1.0), "{last:?}");
            }
        }
        assert!(last.is_some());
    }
}
