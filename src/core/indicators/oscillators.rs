//! Oscillators of the close: RSI (J. Welles Wilder, New Concepts in Technical Trading Systems, 1978)
//! and rate of change.

use super::averages::Rma;
use super::compare::{PERCENT, is_zero};
use super::reading::Reading;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// RSI(n): 100 G/(G+L), G and L Wilder's averages of gains and losses, 0 to 100. First value at
/// index n; flat and 0 where nothing moves.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Rsi {
    gain: Rma,
    loss: Rma,
    previous: Option<f64>,
    value: Option<Reading>,
}

impl Rsi {
    /// # Panics
    /// If `length` is 0 (a programming error).
    pub fn new(length: usize) -> Self {
        Self {
            gain: Rma::new(length),
            loss: Rma::new(length),
            previous: None,
            value: None,
        }
    }

    /// Takes the next close.
    pub fn update(&mut self, close: f64) -> Option<Reading> {
        self.update_scaled(close, close)
    }

    /// Takes the next value of a series that is no price; changes of up to 1e-12 x `scale` count as
    /// none (1 for logarithms of prices, whose differences are ratios).
    pub fn update_scaled(&mut self, value: f64, scale: f64) -> Option<Reading> {
        if let Some(previous) = self.previous.replace(value) {
            let change = value - previous;
            let gain = self.gain.update(change.max(0.0));
            let loss = self.loss.update((-change).max(0.0));
            if let (Some(gain), Some(loss)) = (gain, loss) {
                let sum = gain + loss;
                self.value = Some(if is_zero(sum, scale) {
                    Reading::flat(0.0)
                } else {
                    Reading::of(PERCENT * (gain / sum))
                });
            }
        }
        self.value
    }

    /// Of the value taken last.
    pub fn value(&self) -> Option<Reading> {
        self.value
    }
}

/// ROC(n) in percent: 100 (close/close n bars before - 1). First value at index n; flat and 0 where
/// the close before is 0 beside this one.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Roc {
    length: usize,
    /// The last n closes.
    closes: VecDeque<f64>,
    value: Option<Reading>,
}

impl Roc {
    /// # Panics
    /// If `length` is 0 (a programming error).
    pub fn new(length: usize) -> Self {
        assert!(length > 0);
        Self {
            length,
            closes: VecDeque::with_capacity(length),
            value: None,
        }
    }

    /// Takes the next close.
    pub fn update(&mut self, close: f64) -> Option<Reading> {
        if self.closes.len() == self.length
            && let Some(before) = self.closes.pop_front()
        {
            self.value = Some(if is_zero(before, close) {
                Reading::flat(0.0)
            } else {
                Reading::of(PERCENT * (close / before - 1.0))
            });
        }
        self.closes.push_back(close);
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
    fn rsi_of_a_flat_series_is_0_flagged_and_warm_at_index_14() {
        let mut rsi = Rsi::new(14);
        for index in 0..40 {
            let expected = (index >= 14).then_some(Reading::flat(0.0));
            assert_eq!(rsi.update(5.0), expected);
        }
    }

    #[test]
    fn rsi_of_a_rising_series_is_100() {
        let mut rsi = Rsi::new(14);
        let last = (0..40).map(|i| rsi.update(100.0 + f64::from(i))).last();
        assert_eq!(last, Some(Some(Reading::of(100.0))));
    }

    #[test]
    fn rsi_becomes_flat_when_a_move_has_faded() {
        let mut rsi = Rsi::new(14);
        for index in 0..20 {
            rsi.update(100.0 + f64::from(index));
        }
        let mut stayed = 0;
        while rsi.update(119.0) == Some(Reading::of(100.0)) {
            stayed += 1;
        }
        // 13/14 a bar: the average gain of 1 falls below 1.19e-10 within 309 bars.
        assert_eq!(stayed, 308);
        assert_eq!(rsi.value(), Some(Reading::flat(0.0)));
    }

    #[test]
    fn roc_compares_with_the_close_ten_bars_before() {
        let mut roc = Roc::new(10);
        for index in 0..30 {
            let value = roc.update(100.0 + f64::from(index));
            let before = 90.0 + f64::from(index);
            assert_eq!(value.is_some(), index >= 10);
            assert!(value.is_none_or(|r| (r.value - 1000.0 / before).abs() < 1e-9 && !r.flat));
        }
    }
}
