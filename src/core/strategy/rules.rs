//! What a rule strategy's rules looked at, in a form that can be shown and compared.
//!
//! A rule is a conjunction: it fires when all of its conditions are met, and nearly fired when one
//! is missing. Built only where a decision is to be explained; deciding does not go through it.

pub use crate::indicators::Relation;
use crate::units::Side;
use serde::{Deserialize, Serialize};

/// What a rule is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Purpose {
    Entry,
    Exit,
    /// A signal or vote that others count.
    Signal,
}

/// One condition with the values that decided it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Condition {
    /// What is looked at: `rsi14`, `close`, `volume`.
    pub name: String,
    pub relation: Relation,
    /// Absent until warm.
    pub value: Option<f64>,
    /// What it is held against; absent until warm.
    pub threshold: Option<f64>,
    pub met: bool,
}

impl Condition {
    /// A condition whose outcome the strategy has decided.
    pub fn new(
        name: impl Into<String>,
        value: Option<f64>,
        relation: Relation,
        threshold: Option<f64>,
        met: bool,
    ) -> Self {
        Self {
            name: name.into(),
            relation,
            value,
            threshold,
            met,
        }
    }
}

/// One rule on one candle.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    pub name: String,
    pub purpose: Purpose,
    /// Side it speaks for: an entry's or signal's, or the position's that an exit leaves.
    pub side: Option<Side>,
    pub conditions: Vec<Condition>,
}

impl Rule {
    /// Whether all conditions are met.
    pub fn fired(&self) -> bool {
        self.conditions.iter().all(|c| c.met)
    }

    /// The one condition that was missing, where it was one.
    pub fn missing(&self) -> Option<&Condition> {
        let mut unmet = self.conditions.iter().filter(|c| !c.met);
        unmet.next().filter(|_| unmet.next().is_none())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(met: &[bool]) -> Rule {
        Rule {
            name: "both".into(),
            purpose: Purpose::Entry,
            side: Some(Side::Buy),
            conditions: met
                .iter()
                .map(|met| Condition::new("x", Some(1.0), Relation::Above, Some(0.5), *met))
                .collect(),
        }
    }

    #[test]
    fn a_rule_fires_with_all_conditions_and_nearly_with_all_but_one() {
        assert!(rule(&[true, true]).fired());
        assert_eq!(rule(&[true, true]).missing(), None);
        assert!(!rule(&[true, false]).fired());
        assert!(rule(&[true, false]).missing().is_some_and(|c| !c.met));
        assert_eq!(rule(&[false, false]).missing(), None);
    }
}
