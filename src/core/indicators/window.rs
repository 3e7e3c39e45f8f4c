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

/// Longest window that is taken up from a snapshot: far beyond what can be configured.
pub(super) const LONGEST: usize = 1 << 20;

/// The fold of the last n values.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(
    try_from = "Saved<F>",
    bound(serialize = "F: Serialize", deserialize = "F: Deserialize<'de>")
)]
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

/// Its form in a snapshot.
#[derive(Deserialize)]
struct Saved<F> {
    length: usize,
    parts: Vec<F>,
    next: usize,
    begun: Option<F>,
    whole: Option<F>,
}

impl<F> TryFrom<Saved<F>> for Window<F> {
    type Error = String;
    fn try_from(saved: Saved<F>) -> Result<Self, String> {
        let (length, held, next) = (saved.length, saved.parts.len(), saved.next);
        let full = held == length;
        let fits = (1..=LONGEST).contains(&length)
            && held <= length
            && next < length
            && (full || next == held)
            && saved.begun.is_some() == (next > 0)
            && saved.whole.is_some() == full;
        if !fits {
            return Err(format!(
                "a window of {length} values with {held} parts, the next at {next}: expected one as \
                 it is saved, of 1 to {LONGEST} values"
            ));
        }
        Ok(Self {
            length,
            parts: saved.parts,
            next,
            begun: saved.begun,
            whole: saved.whole,
        })
    }
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
    fn a_saved_window_goes_on_and_a_wrong_one_is_refused() {
        let mut window = Window::<f64>::new(3);
        for value in 0..20 {
            let text = serde_json::to_string(&window).unwrap();
            let mut loaded: Window<f64> = serde_json::from_str(&text).unwrap();
            let value = f64::from(value);
            assert_eq!(loaded.update(value), window.update(value));
        }
        for wrong in [
            r#"{"length":3,"parts":[],"next":2,"begun":1.0,"whole":null}"#,
            r#"{"length":0,"parts":[],"next":0,"begun":null,"whole":null}"#,
            r#"{"length":2,"parts":[1.0,2.0],"next":2,"begun":1.0,"whole":1.0}"#,
            r#"{"length":2,"parts":[1.0,2.0,3.0],"next":0,"begun":null,"whole":1.0}"#,
            r#"{"length":9999999999,"parts":[],"next":0,"begun":null,"whole":null}"#,
        ] {
            assert!(
                serde_json::from_str::<Window<f64>>(wrong).is_err(),
                "{wrong}"
            );
        }
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
