//! Moving averages: simple, weighted, exponential, Wilder's.
//!
//! EMA(n): alpha = 2/(n+1); RMA(n): alpha = 1/n. Both are seeded with the mean of their first n
//! inputs and are defined from index n-1 on (TA-Lib's convention). Of
//! a series that starts undefined they take the defined values only.

use super::window::{Fold, Window};
use serde::{Deserialize, Serialize};

/// Mean of the last n values. First value at index n-1.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Sma {
    window: Window<f64>,
    length: usize,
}

impl Sma {
    /// # Panics
    /// If `length` is 0 (a programming error; configuration allows at least 1).
    pub fn new(length: usize) -> Self {
        Self {
            window: Window::new(length),
            length,
        }
    }

    /// Takes the next value.
    pub fn update(&mut self, value: f64) -> Option<f64> {
        self.window.update(value);
        self.value()
    }

    /// Absent until n values have come.
    pub fn value(&self) -> Option<f64> {
        self.window.value().map(|sum| sum / self.length as f64)
    }
}

/// Sum of a run of values, and the sum of each times its place, the oldest being 1.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Weighted {
    count: f64,
    sum: f64,
    weighted: f64,
}

impl Fold for Weighted {
    fn of(value: f64) -> Self {
        Self {
            count: 1.0,
            sum: value,
            weighted: value,
        }
    }

    fn join(older: Self, newer: Self) -> Self {
        Self {
            count: older.count + newer.count,
            sum: older.sum + newer.sum,
            weighted: older.weighted + (newer.weighted + older.count * newer.sum),
        }
    }
}

/// WMA(n): mean of the last n values, weighted 1 for the oldest to n for the newest. First value at
/// index n-1.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Wma {
    window: Window<Weighted>,
}

impl Wma {
    /// # Panics
    /// If `length` is 0 (a programming error).
    pub fn new(length: usize) -> Self {
        Self {
            window: Window::new(length),
        }
    }

    /// Takes the next value.
    pub fn update(&mut self, value: f64) -> Option<f64> {
        self.window.update(value);
        self.value()
    }

    /// Absent until n values have come.
    pub fn value(&self) -> Option<f64> {
        let all = self.window.value()?;
        Some(all.weighted / (all.count * (all.count + 1.0) / 2.0))
    }
}

/// The recursion shared by EMA and RMA.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Recursive {
    length: usize,
    alpha: f64,
    seen: usize,
    /// Sum of the seed inputs, then the average.
    state: f64,
}

impl Recursive {
    fn new(length: usize, alpha: f64) -> Self {
        assert!(length > 0);
        Self {
            length,
            alpha,
            seen: 0,
            state: 0.0,
        }
    }

    fn update(&mut self, value: f64) -> Option<f64> {
        if self.seen < self.length {
            self.seen += 1;
            self.state += value;
            if self.seen == self.length {
                self.state /= self.length as f64;
            }
        } else {
            self.state += self.alpha * (value - self.state);
        }
        self.value()
    }

    fn value(&self) -> Option<f64> {
        (self.seen == self.length).then_some(self.state)
    }
}

/// Exponential moving average. First value at index n-1.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Ema(Recursive);

impl Ema {
    /// # Panics
    /// If `length` is 0 (a programming error).
    pub fn new(length: usize) -> Self {
        Self(Recursive::new(length, 2.0 / (length as f64 + 1.0)))
    }

    /// Takes the next value.
    pub fn update(&mut self, value: f64) -> Option<f64> {
        self.0.update(value)
    }

    /// Absent until n values have come.
    pub fn value(&self) -> Option<f64> {
        self.0.value()
    }
}

/// Wilder's moving average. First value at index n-1.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Rma(Recursive);

impl Rma {
    /// # Panics
    /// If `length` is 0 (a programming error).
    pub fn new(length: usize) -> Self {
        Self(Recursive::new(length, 1.0 / length as f64))
    }

    /// Takes the next value.
    pub fn update(&mut self, value: f64) -> Option<f64> {
        self.0.update(value)
    }

    /// Absent until n values have come.
    pub fn value(&self) -> Option<f64> {
        self.0.value()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn sma_equals_the_mean_of_its_window(values in prop::collection::vec(1.0f64..1e6, 1..3000), length in 1usize..50) {
            let mut sma = Sma::new(length);
            for (index, value) in values.iter().enumerate() {
                let got = sma.update(*value);
                prop_assert_eq!(got.is_some(), index + 1 >= length);
                if let Some(got) = got {
                    let batch = values[index + 1 - length..=index].iter().sum::<f64>() / length as f64;
                    prop_assert!((got - batch).abs() <= 1e-9 * batch);
                }
            }
        }
    }

    #[test]
    fn wma_weighs_the_newest_most() {
        let mut wma = Wma::new(3);
        let values: Vec<_> = [1.0, 2.0, 6.0, 0.0, 3.0].map(|v| wma.update(v)).into();
        let sixth = |sum: f64| Some(sum / 6.0);
        assert_eq!(values, [None, None, sixth(23.0), sixth(14.0), sixth(15.0)]);
    }

    #[test]
    fn ema_is_seeded_with_the_mean_of_its_first_inputs() {
        let mut ema = Ema::new(3);
        assert_eq!(ema.update(1.0), None);
        assert_eq!(ema.update(2.0), None);
        assert_eq!(ema.update(6.0), Some(3.0));
        assert_eq!(ema.update(5.0), Some(4.0));
    }

    #[test]
    fn rma_moves_by_an_nth() {
        let mut rma = Rma::new(2);
        rma.update(1.0);
        assert_eq!(rma.update(3.0), Some(2.0));
        assert_eq!(rma.update(4.0), Some(3.0));
    }
}
