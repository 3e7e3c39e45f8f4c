//! MACD (Gerald Appel): the distance of two exponential averages and the average of that distance.

use super::averages::Ema;
use serde::{Deserialize, Serialize};

/// MACD(fast, slow, signal), in units of price; the difference is 0 in a flat market.
///
/// Plain: each average is seeded by itself; with 12, 26, 9 the first value is at index 25, the first
/// signal and histogram at 33. Aligned (TA-Lib's): the fast average is seeded with the closes just
/// before the slow one starts, so that both start at 25, and nothing is given before index 33.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Macd {
    fast: Ema,
    slow: Ema,
    signal: Ema,
    /// Closes that the fast average still passes over.
    passed_over: usize,
    /// Nothing is given before the signal is warm.
    waits_for_signal: bool,
    line: Option<f64>,
}

impl Macd {
    /// The plain form.
    ///
    /// # Panics
    /// If a length is 0 (a programming error).
    pub fn new(fast: usize, slow: usize, signal: usize) -> Self {
        Self {
            fast: Ema::new(fast),
            slow: Ema::new(slow),
            signal: Ema::new(signal),
            passed_over: 0,
            waits_for_signal: false,
            line: None,
        }
    }

    /// The aligned form, TA-Lib's; `fast` is at most `slow`.
    ///
    /// # Panics
    /// If a length is 0 (a programming error).
    pub fn aligned(fast: usize, slow: usize, signal: usize) -> Self {
        Self {
            passed_over: slow.saturating_sub(fast),
            waits_for_signal: true,
            ..Self::new(fast, slow, signal)
        }
    }

    /// Takes the next close; the difference of the averages.
    pub fn update(&mut self, close: f64) -> Option<f64> {
        if self.passed_over > 0 {
            self.passed_over -= 1;
        } else {
            self.fast.update(close);
        }
        self.slow.update(close);
        if let Some((fast, slow)) = self.fast.value().zip(self.slow.value()) {
            let line = fast - slow;
            self.line = Some(line);
            self.signal.update(line);
        }
        self.value()
    }

    /// The difference of the averages.
    pub fn value(&self) -> Option<f64> {
        if self.waits_for_signal {
            self.signal.value()?;
        }
        self.line
    }

    /// The average of the difference.
    pub fn signal(&self) -> Option<f64> {
        self.signal.value()
    }

    /// The difference less its average.
    pub fn histogram(&self) -> Option<f64> {
        self.line
            .zip(self.signal.value())
            .map(|(line, signal)| line - signal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_is_warm_at_25_and_33_aligned_at_33() {
        let (mut plain, mut aligned) = (Macd::new(12, 26, 9), Macd::aligned(12, 26, 9));
        for index in 0..50 {
            let close = 100.0 + f64::from((index * 5) % 7);
            assert_eq!(plain.update(close).is_some(), index >= 25);
            assert_eq!(aligned.update(close).is_some(), index >= 33);
            for macd in [&plain, &aligned] {
                assert_eq!(macd.signal().is_some(), index >= 33);
                assert_eq!(macd.histogram().is_some(), index >= 33);
            }
        }
    }

    #[test]
    fn the_aligned_fast_average_starts_with_the_closes_before_the_slow_one() {
        // fast 1, slow 3, signal 1: at index 2 the fast average is the close itself.
        let mut aligned = Macd::aligned(1, 3, 1);
        assert_eq!(aligned.update(3.0), None);
        assert_eq!(aligned.update(5.0), None);
        assert_eq!(aligned.update(10.0), Some(4.0));
        // fast 2, slow 3: seeded with the closes 1 and 2 instead of 0 and 1.
        let mut aligned = Macd::aligned(2, 3, 1);
        let mut plain = Macd::new(2, 3, 1);
        for close in [3.0, 5.0] {
            aligned.update(close);
            plain.update(close);
        }
        assert_eq!(aligned.update(10.0), Some(7.5 - 6.0));
        assert_eq!(plain.update(10.0), Some(4.0 + 2.0 / 3.0 * 6.0 - 6.0));
    }
}
