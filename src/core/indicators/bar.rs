//! What the prices of one bar amount to: typical price, true range, and Wilder's average of it.
//!
//! J. Welles Wilder, New Concepts in Technical Trading Systems, 1978.

use super::averages::Rma;
use serde::{Deserialize, Serialize};

/// The typical price, (high + low + close)/3.
pub fn hlc3(high: f64, low: f64, close: f64) -> f64 {
    (high + low + close) / 3.0
}

/// True range: the largest of high - low, |high - previous close| and |low - previous close|, in
/// units of price. First value at index 1.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct TrueRange {
    previous_close: Option<f64>,
    value: Option<f64>,
}

impl TrueRange {
    /// Before its first bar.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next closed bar.
    pub fn update(&mut self, high: f64, low: f64, close: f64) -> Option<f64> {
        if let Some(previous) = self.previous_close.replace(close) {
            let range = (high - low)
                .max((high - previous).abs())
                .max((low - previous).abs());
            self.value = Some(range);
        }
        self.value
    }

    /// Of the bar taken last.
    pub fn value(&self) -> Option<f64> {
        self.value
    }
}

/// ATR(n): Wilder's average of the true range, in units of price. First value at index n.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Atr {
    range: TrueRange,
    average: Rma,
}

impl Atr {
    /// # Panics
    /// If `length` is 0 (a programming error).
    pub fn new(length: usize) -> Self {
        Self {
            range: TrueRange::new(),
            average: Rma::new(length),
        }
    }

    /// Takes the next closed bar.
    pub fn update(&mut self, high: f64, low: f64, close: f64) -> Option<f64> {
        if let Some(range) = self.range.update(high, low, close) {
            self.average.update(range);
        }
        self.value()
    }

    /// Of the bar taken last.
    pub fn value(&self) -> Option<f64> {
        self.average.value()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn the_true_range_needs_a_close_before() {
        let mut range = TrueRange::new();
        assert_eq!(range.update(12.0, 10.0, 10.5), None);
        assert_eq!(range.update(11.0, 10.0, 10.0), Some(1.0));
        assert_eq!(range.update(15.0, 14.0, 14.0), Some(5.0));
        assert_eq!(range.update(9.0, 8.0, 8.5), Some(6.0));
    }
}
