//! Sums over the last n values without drift: nothing is ever subtracted.
//!
//! A window of n values is the rest of one block of n and the beginning of the next. The rests are
//! folded once a block, from its newest value backwards; the beginning is folded as it comes; the
//! window is one join of both. So a fold costs O(1) amortised a value, is made anew from the window
//! every n values, and a large value leaves nothing behind when it leaves. It is the block scheme of
//! van Herk (1992) and of Gil and Werman (1993) for running extremes, applied to sums.

use serde::{Deserialize, Serialize};

/// What a run of values amounts to; joining must be associative up to rounding.
pub(super) trait Fold: Copy {
    /// Of a single value.
    fn of(value: f64) -> Self;
    /// Of an older run followed by a newer one.
    fn join(older: Self, newer: Self) -> Self;
}

/// A plain sum.
impl Fold for f64 {
    fn of(value: f64) -> Self {
        value
    }

    fn join(older: Self, newer: Self) -> Self {
        older + newer
    }
}

/// The fold of the last n values.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Window<F> {
    length: usize,
    /// Up to `next` single values of this block; behind it rests of the block before, each from
    /// there to its end.
    parts: Vec<F>,
    /// Place of the next value in its block.
    next: usize,
    /// Fold of this block's values.
    begun: Option<F>,
    whole: Option<F>,
}

impl<F: Fold> Window<F> {
    /// # Panics
    /// If `length` is 0 (a programming error; configuration allows at least 1).
    pub fn new(length: usize) -> Self {
        assert!(length > 0);
        Self {
            length,
            parts: Vec::with_capacity(length),
            next: 0,
            begun: None,
            whole: None,
        }
    }

    pub fn update(&mut self, value: f64) -> Option<F> {
        let part = F::of(value);
        let begun = self.begun.map_or(part, |begun| F::join(begun, part));
        if self.next < self.parts.len() {
            self.parts[self.next] = part;
        } else {
            self.parts.push(part);
        }
        self.next += 1;
        if self.parts.len() == self.length {
            self.whole = Some(match self.parts.get(self.next) {
                Some(rest) => F::join(*rest, begun),
                None => begun,
            });
        }
        self.begun = Some(begun);
        if self.next == self.length {
            self.end_block();
        }
        self.whole
    }

    fn end_block(&mut self) {
        for place in (1..self.length).rev() {
            self.parts[place - 1] = F::join(self.parts[place - 1], self.parts[place]);
        }
        self.next = 0;
        self.begun = None;
    }

    /// Absent until n values have come.
    pub fn value(&self) -> Option<F> {
        self.whole
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_value_leaves_nothing_behind() {
        let mut window = Window::<f64>::new(3);
        for value in [1e300, 1.0, 0.1] {
            window.update(value);
        }
        assert_eq!(window.update(0.2), Some(1.0 + 0.1 + 0.2));
        window.update(0.0);
        window.update(0.0);
        assert_eq!(window.update(0.0), Some(0.0));
    }

    #[test]
    fn a_window_of_one_is_its_last_value() {
        let mut window = Window::<f64>::new(1);
        assert_eq!(window.value(), None);
        assert_eq!(window.update(7.0), Some(7.0));
        assert_eq!(window.update(-2.5), Some(-2.5));
    }

    #[test]
    fn order_is_kept_within_the_fold() {
        #[derive(Clone, Copy, Debug, PartialEq)]
        struct Ends(f64, f64);
        impl Fold for Ends {
            fn of(value: f64) -> Self {
                Self(value, value)
            }
            fn join(older: Self, newer: Self) -> Self {
                Self(older.0, newer.1)
            }
        }
        let mut window = Window::<Ends>::new(4);
        for index in 0..40 {
            let now = f64::from(index);
            let expected = (index >= 3).then_some(Ends(now - 3.0, now));
            assert_eq!(window.update(now), expected);
        }
    }
}
