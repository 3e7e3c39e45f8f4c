//! Commodity channel index (Donald Lambert, Commodities, October 1980).

use super::bar::hlc3;
use super::compare::is_zero;
use super::reading::Reading;
use serde::{Deserialize, Serialize};

/// Lambert's constant: most values lie between -100 and 100.
const LAMBERT: f64 = 0.015;

/// CCI(n): (tp - SMA tp)/(0.015 x mean absolute deviation) of the typical price tp. First value at
/// index n-1; flat and 0 where the deviation is 0. Costs O(n) a bar, because the deviation is taken
/// from a mean that moves.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Cci {
    length: usize,
    /// Typical prices, a ring.
    window: Vec<f64>,
    /// Place of the oldest.
    next: usize,
    value: Option<Reading>,
}

impl Cci {
    /// # Panics
    /// If `length` is 0 (a programming error).
    pub fn new(length: usize) -> Self {
        assert!(length > 0);
        Self {
            length,
            window: Vec::with_capacity(length),
            next: 0,
            value: None,
        }
    }

    /// Takes the next closed bar.
    pub fn update(&mut self, high: f64, low: f64, close: f64) -> Option<Reading> {
        let price = hlc3(high, low, close);
        if self.window.len() < self.length {
            self.window.push(price);
        } else {
            self.window[self.next] = price;
        }
        self.next = (self.next + 1) % self.length;
        if self.window.len() == self.length {
            self.value = Some(self.quotient(price, close));
        }
        self.value
    }

    /// Distances from the price itself keep the digits that sums of prices would lose.
    fn quotient(&self, price: f64, close: f64) -> Reading {
        let count = self.length as f64;
        let mean = self.window.iter().map(|p| p - price).sum::<f64>() / count;
        let deviations = self.window.iter().map(|p| (p - price - mean).abs());
        let deviation = deviations.sum::<f64>() / count;
        if is_zero(deviation, close) {
            Reading::flat(0.0)
        } else {
            Reading::of(-mean / (LAMBERT * deviation))
        }
    }

    /// Of the bar taken last.
    pub fn value(&self) -> Option<Reading> {
        self.value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cci_of_a_flat_series_is_0_flagged_and_warm_at_index_19() {
        let mut cci = Cci::new(20);
        for index in 0..60 {
            let expected = (index >= 19).then_some(Reading::flat(0.0));
            assert_eq!(cci.update(0.3, 0.1, 0.2), expected);
        }
    }

    #[test]
    fn one_bar_above_the_others_counts_its_distance_in_deviations() {
        let mut cci = Cci::new(4);
        for price in [9.0, 10.0, 10.0, 10.0] {
            cci.update(price, price, price);
        }
        // Mean 11, deviations 1, 1, 1, 3: 3/(0.015 x 1.5).
        let value = cci.update(14.0, 14.0, 14.0).map(|r| r.value);
        assert!(value.is_some_and(|v| (v - 3.0 / 0.0225).abs() < 1e-9));
    }
}
