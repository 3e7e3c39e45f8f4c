//! Highest and lowest of the last n values, amortised O(1): a monotonic deque.

use serde::{Deserialize, Serialize};

/// Highest value of the last n.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(into = "Saved", try_from = "Saved")]
pub struct RollingMax {
    length: u64,
    seen: u64,
    /// (index, value), values falling from the first to the last; a ring whose size is a power of
    /// two, so that a place costs one mask.
    ring: Box<[(u64, f64)]>,
    first: usize,
    count: usize,
}

/// Its form in a snapshot.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Saved {
    length: u64,
    seen: u64,
    candidates: Vec<(u64, f64)>,
}

impl RollingMax {
    /// # Panics
    /// If `length` is 0 (a programming error).
    pub fn new(length: usize) -> Self {
        assert!(length > 0);
        Self {
            length: length as u64,
            seen: 0,
            ring: vec![(0, 0.0); (length + 1).next_power_of_two()].into_boxed_slice(),
            first: 0,
            count: 0,
        }
    }

    fn place(&self, number: usize) -> usize {
        (self.first + number) & (self.ring.len() - 1)
    }

    pub fn update(&mut self, value: f64) -> Option<f64> {
        while self.count > 0 && self.ring[self.place(self.count - 1)].1 <= value {
            self.count -= 1;
        }
        let place = self.place(self.count);
        self.ring[place] = (self.seen, value);
        self.count += 1;
        self.seen += 1;
        if self.ring[self.first].0 + self.length < self.seen {
            self.first = self.place(1);
            self.count -= 1;
        }
        self.value()
    }

    pub fn value(&self) -> Option<f64> {
        (self.seen >= self.length).then(|| self.ring[self.first].1)
    }
}

impl From<RollingMax> for Saved {
    fn from(max: RollingMax) -> Self {
        Self {
            length: max.length,
            seen: max.seen,
            candidates: (0..max.count).map(|n| max.ring[max.place(n)]).collect(),
        }
    }
}

impl TryFrom<Saved> for RollingMax {
    type Error = String;
    fn try_from(saved: Saved) -> Result<Self, String> {
        const LONGEST: u64 = super::window::LONGEST as u64;
        let held = saved.candidates.len() as u64;
        if !(1..=LONGEST).contains(&saved.length)
            || held > saved.length
            || (held == 0) != (saved.seen == 0)
        {
            return Err(format!(
                "a window of {} values that holds {held} of {} seen: expected 1 to {LONGEST} values, \
                 and no more held",
                saved.length, saved.seen
            ));
        }
        let mut max = Self::new(saved.length as usize);
        max.seen = saved.seen;
        max.count = saved.candidates.len();
        max.ring[..max.count].copy_from_slice(&saved.candidates);
        Ok(max)
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

    #[test]
    fn a_saved_window_goes_on_and_a_wrong_one_is_refused() {
        let mut max = RollingMax::new(3);
        for value in [5.0, 9.0, 4.0, 3.0] {
            max.update(value);
        }
        let text = serde_json::to_string(&max).unwrap();
        let mut loaded: RollingMax = serde_json::from_str(&text).unwrap();
        for value in [1.0, 2.0, 0.5, 0.25, 7.0] {
            assert_eq!(loaded.update(value), max.update(value));
        }
        for wrong in [
            r#"{"length":0,"seen":0,"candidates":[]}"#,
            r#"{"length":1,"seen":2,"candidates":[[0,1.0],[1,0.5]]}"#,
            r#"{"length":2,"seen":5,"candidates":[]}"#,
            r#"{"length":9999999999,"seen":0,"candidates":[]}"#,
        ] {
            assert!(
                serde_json::from_str::<RollingMax>(wrong).is_err(),
                "{wrong}"
            );
        }
    }

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
