//! Bollinger bands, and the mean and standard deviation of a window that they are made of.
//!
//! Sums of squares lose every digit where prices are large and moves small, so the window's moments
//! are joined pairwise (Chan, Golub, LeVeque, Updating Formulae and a Pairwise Algorithm for
//! Computing Sample Variances, 1979).

use super::window::{Fold, Window};
use serde::{Deserialize, Serialize};

/// Count, mean and sum of squared distances to the mean of a run of values.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Moments {
    count: f64,
    mean: f64,
    squares: f64,
}

impl Fold for Moments {
    fn of(value: f64) -> Self {
        Self {
            count: 1.0,
            mean: value,
            squares: 0.0,
        }
    }

    fn join(older: Self, newer: Self) -> Self {
        let count = older.count + newer.count;
        let apart = newer.mean - older.mean;
        Self {
            count,
            mean: older.mean + apart * (newer.count / count),
            squares: older.squares
                + (newer.squares + apart * apart * (older.count * newer.count / count)),
        }
    }
}

/// Mean and population standard deviation (divided by n), in units of the input.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    pub mean: f64,
    /// At least 0; exactly 0 where all values of the window are the same.
    pub deviation: f64,
}

/// Mean and population standard deviation of the last n values. First value at index n-1.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StandardDeviation {
    window: Window<Moments>,
}

impl StandardDeviation {
    /// # Panics
    /// If `length` is 0 (a programming error).
    pub fn new(length: usize) -> Self {
        Self {
            window: Window::new(length),
        }
    }

    /// Takes the next value.
    pub fn update(&mut self, value: f64) -> Option<Spread> {
        self.window.update(value);
        self.value()
    }

    /// Of the last n values.
    pub fn value(&self) -> Option<Spread> {
        self.window.value().map(|moments| Spread {
            mean: moments.mean,
            deviation: (moments.squares / moments.count).sqrt(),
        })
    }
}

/// The three bands, in units of price.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bands {
    pub upper: f64,
    /// The SMA.
    pub middle: f64,
    pub lower: f64,
}

impl Bands {
    /// Upper less lower band; 0 in a flat market.
    pub fn width(&self) -> f64 {
        self.upper - self.lower
    }
}

/// Bollinger(n, k): SMA(n) and k population standard deviations above and below it. First value at
/// index n-1.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Bollinger {
    spread: StandardDeviation,
    factor: f64,
}

impl Bollinger {
    /// # Panics
    /// If `length` is 0 (a programming error).
    pub fn new(length: usize, factor: f64) -> Self {
        Self {
            spread: StandardDeviation::new(length),
            factor,
        }
    }

    /// Takes the next close.
    pub fn update(&mut self, close: f64) -> Option<Bands> {
        self.spread.update(close);
        self.value()
    }

    /// Of the close taken last.
    pub fn value(&self) -> Option<Bands> {
        self.spread.value().map(|spread| Bands {
            upper: spread.mean + self.factor * spread.deviation,
            middle: spread.mean,
            lower: spread.mean - self.factor * spread.deviation,
        })
    }

    /// Mean and standard deviation underneath.
    pub fn spread(&self) -> Option<Spread> {
        self.spread.value()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_deviation_is_divided_by_n() {
        let mut spread = StandardDeviation::new(4);
        for value in [100.0, 2.0, 4.0, 4.0] {
            spread.update(value);
        }
        let expected = Spread {
            mean: 4.0,
            deviation: 2.0f64.sqrt(),
        };
        assert_eq!(spread.update(6.0), Some(expected));
    }

    #[test]
    fn bands_of_a_flat_series_have_no_width_and_are_warm_at_index_19() {
        let mut bands = Bollinger::new(20, 2.0);
        for index in 0..100 {
            let value = bands.update(0.1);
            assert_eq!(value.is_some(), index >= 19);
            assert!(value.is_none_or(|b| b.width() == 0.0 && b.middle == 0.1));
        }
    }

    #[test]
    fn cents_around_ten_million_keep_their_digits() {
        let mut spread = StandardDeviation::new(20);
        for index in 0..5000 {
            spread.update(1e7 + if index % 2 == 0 { 0.25 } else { -0.25 });
        }
        let deviation = spread.value().map(|s| s.deviation);
        assert!(deviation.is_some_and(|d| (d - 0.25).abs() < 1e-9));
    }
}
