//! Moving averages: simple, exponential, Wilder's.
//!
//! EMA(n): alpha = 2/(n+1); RMA(n): alpha = 1/n. Both are seeded with the mean of their first n
//! inputs and are defined from index n-1 on (TA-Lib's convention).

use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Bars after which a rolling sum is computed anew from its window, which bounds drift.
const RECOMPUTE_EVERY: u32 = 1024;

/// Mean of the last n values.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Sma {
    window: VecDeque<f64>,
    length: usize,
    sum: f64,
    since_recompute: u32,
}

impl Sma {
    /// # Panics
    /// If `length` is 0 (a programming error; configuration allows at least 1).
    pub fn new(length: usize) -> Self {
        assert!(length > 0);
        Self {
            window: VecDeque::with_capacity(length),
            length,
            sum: 0.0,
            since_recompute: 0,
        }
    }

    pub fn update(&mut self, value: f64) -> Option<f64> {
        if self.window.len() == self.length {
            self.sum -= self.window.pop_front().unwrap_or(0.0);
        }
        self.window.push_back(value);
        self.sum += value;
        self.since_recompute += 1;
        if self.since_recompute >= RECOMPUTE_EVERY {
            self.sum = self.window.iter().sum();
            self.since_recompute = 0;
        }
        self.value()
    }

    pub fn value(&self) -> Option<f64> {
        (self.window.len() == self.length).then(|| self.sum / self.length as f64)
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

/// Exponential moving average.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Ema(Recursive);

impl Ema {
    pub fn new(length: usize) -> Self {
        Self(Recursive::new(length, 2.0 / (length as f64 + 1.0)))
    }

    pub fn update(&mut self, value: f64) -> Option<f64> {
        self.0.update(value)
    }

    pub fn value(&self) -> Option<f64> {
        self.0.value()
    }
}

/// Wilder's moving average.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Rma(Recursive);

impl Rma {
    pub fn new(length: usize) -> Self {
        Self(Recursive::new(length, 1.0 / length as f64))
    }

    pub fn update(&mut self, value: f64) -> Option<f64> {
        self.0.update(value)
    }

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
