//! Highest and lowest of the last n values, amortised O(1): a monotonic deque.

use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Highest value of the last n.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RollingMax {
    length: u64,
    seen: u64,
    /// (index, value), values falling from front to back.
    candidates: VecDeque<(u64, f64)>,
}

impl RollingMax {
    /// # Panics
    /// If `length` is 0 (a programming error).
    pub fn new(length: usize) -> Self {
        assert!(length > 0);
        Self {
            length: length as u64,
            seen: 0,
            candidates: VecDeque::with_capacity(length + 1),
        }
    }

    pub fn update(&mut self, value: f64) -> Option<f64> {
        while self.candidates.back().is_some_and(|(_, v)| *v <= value) {
            self.candidates.pop_back();
        }
        self.candidates.push_back((self.seen, value));
        self.seen += 1;
        if self.candidates[0].0 + self.length < self.seen {
            self.candidates.pop_front();
        }
        self.value()
    }

    pub fn value(&self) -> Option<f64> {
        (self.seen >= self.length).then(|| self.candidates[0].1)
    }
}

/// Lowest value of the last n.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RollingMin(RollingMax);

impl RollingMin {
    pub fn new(length: usize) -> Self {
        Self(RollingMax::new(length))
    }

    pub fn update(&mut self, value: f64) -> Option<f64> {
        self.0.update(-value).map(|v| -v)
    }

    pub fn value(&self) -> Option<f64> {
        self.0.value().map(|v| -v)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn equal_the_extremes_of_the_window(values in prop::collection::vec(-50i32..50, 1..300), length in 1usize..30) {
            let (mut max, mut min) = (RollingMax::new(length), RollingMin::new(length));
            for (index, value) in values.iter().enumerate() {
                let (high, low) = (max.update(f64::from(*value)), min.update(f64::from(*value)));
                prop_assert_eq!(high.is_some(), index + 1 >= length);
                if index + 1 >= length {
                    let window = &values[index + 1 - length..=index];
                    prop_assert_eq!(high, window.iter().max().map(|v| f64::from(*v)));
                    prop_assert_eq!(low, window.iter().min().map(|v| f64::from(*v)));
                }
            }
        }
    }
}
