//! RSI and ATR (J. Welles Wilder, New Concepts in Technical Trading Systems, 1978).

use super::averages::Rma;
use super::compare::{PERCENT, is_zero};
use serde::{Deserialize, Serialize};

/// RSI(n): 100 G/(G+L), G and L Wilder's averages of gains and losses. First value at index n; 0
/// where nothing ever moved.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Rsi {
    gain: Rma,
    loss: Rma,
    previous: Option<f64>,
    value: Option<f64>,
}

impl Rsi {
    pub fn new(length: usize) -> Self {
        Self {
            gain: Rma::new(length),
            loss: Rma::new(length),
            previous: None,
            value: None,
        }
    }

    pub fn update(&mut self, close: f64) -> Option<f64> {
        if let Some(previous) = self.previous.replace(close) {
            let change = close - previous;
            let gain = self.gain.update(change.max(0.0));
            let loss = self.loss.update((-change).max(0.0));
            if let (Some(gain), Some(loss)) = (gain, loss) {
                let sum = gain + loss;
                self.value = Some(if is_zero(sum, close) {
                    0.0
                } else {
                    PERCENT * gain / sum
                });
            }
        }
        self.value
    }

    pub fn value(&self) -> Option<f64> {
        self.value
    }
}

/// ATR(n): Wilder's average of the true range. First value at index n.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Atr {
    average: Rma,
    previous_close: Option<f64>,
}

impl Atr {
    pub fn new(length: usize) -> Self {
        Self {
            average: Rma::new(length),
            previous_close: None,
        }
    }

    pub fn update(&mut self, high: f64, low: f64, close: f64) -> Option<f64> {
        if let Some(previous) = self.previous_close.replace(close) {
            let range = (high - low)
                .max((high - previous).abs())
                .max((low - previous).abs());
            self.average.update(range);
        }
        self.value()
    }

    pub fn value(&self) -> Option<f64> {
        self.average.value()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rsi_of_a_flat_series_is_0_and_warm_at_index_14() {
        let mut rsi = Rsi::new(14);
        for index in 0..40 {
            assert_eq!(rsi.update(5.0), (index >= 14).then_some(0.0));
        }
    }

    #[test]
    fn rsi_of_a_rising_series_is_100() {
        let mut rsi = Rsi::new(14);
        let last = (0..40).map(|i| rsi.update(100.0 + f64::from(i))).last();
        assert_eq!(last, Some(Some(100.0)));
    }

    #[test]
    fn atr_is_warm_at_index_14_and_sees_gaps() {
        let mut atr = Atr::new(14);
        for index in 0..30 {
            // Every bar gaps 10 above the last close and spans 2.
            let base = f64::from(index) * 10.0;
            let value = atr.update(base + 1.0, base - 1.0, base);
            assert_eq!(value.is_some(), index >= 14, "{index}");
            if let Some(value) = value {
                assert!((value - 11.0).abs() < 1e-9);
            }
        }
    }
}
