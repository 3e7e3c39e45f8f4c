//! A bounded history: the newest N values, the oldest gives way.

use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Keeps the last `capacity` values; pushing into a full ring drops the oldest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ring<T> {
    values: VecDeque<T>,
    capacity: usize,
}

impl<T> Ring<T> {
    /// # Panics
    /// If `capacity` is 0 (a programming error).
    pub fn new(capacity: usize) -> Self {
        assert!(capacity > 0, "a ring holds at least one value");
        Self {
            values: VecDeque::with_capacity(capacity),
            capacity,
        }
    }

    /// Adds the newest value; returns the one that gave way.
    pub fn push(&mut self, value: T) -> Option<T> {
        let gone = if self.values.len() == self.capacity {
            self.values.pop_front()
        } else {
            None
        };
        self.values.push_back(value);
        gone
    }

    pub fn len(&self) -> usize {
        self.values.len()
    }

    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    pub fn capacity(&self) -> usize {
        self.capacity
    }

    pub fn clear(&mut self) {
        self.values.clear();
    }

    pub fn newest(&self) -> Option<&T> {
        self.values.back()
    }

    pub fn oldest(&self) -> Option<&T> {
        self.values.front()
    }

    /// The value `back` places before the newest (0 = the newest).
    pub fn from_newest(&self, back: usize) -> Option<&T> {
        self.values
            .len()
            .checked_sub(back + 1)
            .map(|index| &self.values[index])
    }

    /// Oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> + ExactSizeIterator {
        self.values.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_gives_way() {
        let mut ring = Ring::new(2);
        assert_eq!(ring.push(1), None);
        assert_eq!(ring.push(2), None);
        assert_eq!(ring.push(3), Some(1));
        assert_eq!(ring.from_newest(0), Some(&3));
        assert_eq!(ring.from_newest(1), Some(&2));
        assert_eq!(ring.from_newest(2), None);
    }
}
