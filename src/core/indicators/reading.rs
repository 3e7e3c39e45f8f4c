//! An indicator value with the flag that says whether it means anything.
//!
//! A quotient whose denominator counts as 0 (a market that does not move, a window without volume)
//! takes an agreed value and is flagged `flat`. Rules treat a flagged oscillator as neutral.

use serde::{Deserialize, Serialize};

/// A value, and whether its denominator was 0.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// Always finite; the indicator's agreed value where `flat`.
    pub value: f64,
    /// The denominator counted as 0: no signal may come of this value.
    pub flat: bool,
}

impl Reading {
    /// A value that means what it says.
    pub const fn of(value: f64) -> Self {
        Self { value, flat: false }
    }

    /// The agreed value of a quotient with denominator 0.
    pub const fn flat(value: f64) -> Self {
        Self { value, flat: true }
    }

    /// 1 where it is flat, for the record beside its value; absent where it means what it says.
    pub fn flag(self) -> Option<f64> {
        self.flat.then_some(1.0)
    }

    /// The value that rules may use: none where it is flat.
    pub fn meaningful(self) -> Option<f64> {
        (!self.flat).then_some(self.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flat_reading_has_a_value_to_show_and_none_to_act_on() {
        assert_eq!(Reading::of(3.0).meaningful(), Some(3.0));
        assert_eq!(Reading::flat(50.0).meaningful(), None);
        assert_eq!(Reading::flat(50.0).value, 50.0);
        assert_eq!(Reading::flat(50.0).flag(), Some(1.0));
        assert_eq!(Reading::of(3.0).flag(), None);
    }
}
