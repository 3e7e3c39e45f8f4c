//! What an indicator's name says of it: a value of the decision itself, a value, or a mark that only
//! is or is not; and which is shown where room is short.
//!
//! A mark (a signal, or the flag of a value without meaning) is told only on the candles where it is,
//! so that a line of it must be drawn as 0 everywhere else.

use crate::core::indicators::cipher::Signal;

/// What an indicator is for; the first ones are shown first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// What the strategy decides by.
    Decision,
    /// What that was weighed from.
    Score,
    Value,
    Signal,
    Flag,
}

impl Kind {
    /// By the name alone.
    pub fn of(name: &str) -> Self {
        match name {
            "combined" | "combined_balance" | "combined_confidence" | "sentiment" => Self::Decision,
            "signal_a" | "signal_b" | "confidence_a" | "confidence_b" => Self::Score,
            _ if name.ends_with("_flat") => Self::Flag,
            _ if Signal::all().any(|signal| signal.name() == name) => Self::Signal,
            _ => Self::Value,
        }
    }

    /// Whether it only is or is not.
    pub const fn is_mark(self) -> bool {
        matches!(self, Self::Signal | Self::Flag)
    }

    /// Name of the group that all of its kind share; values group by their names.
    pub const fn group(self) -> Option<&'static str> {
        match self {
            Self::Decision => Some("decision"),
            Self::Score => Some("scores"),
            Self::Value => None,
            Self::Signal => Some("signals"),
            Self::Flag => Some("flags"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_decides_comes_before_values_and_these_before_marks() {
        let mut names = ["stc_flat", "gold_buy", "rsi14", "confidence_b", "sentiment"];
        names.sort_by_key(|name| Kind::of(name));
        assert_eq!(
            names,
            ["sentiment", "confidence_b", "rsi14", "gold_buy", "stc_flat"]
        );
        assert!(Kind::of("gold_buy").is_mark() && Kind::of("z_flat").is_mark());
        assert!(!Kind::of("trend_dot").is_mark());
    }
}
