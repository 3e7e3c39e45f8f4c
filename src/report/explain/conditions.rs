//! Rules and conditions with the distance between each value and its threshold.

use super::facts::{ConditionFacts, RuleFacts};
use crate::core::strategy::{Condition, Explained, Purpose, Relation, Rule};
use crate::core::units::Side;

/// Purpose of what the filter of entries asks for.
pub const FILTER: &str = "filter";

/// Every rule of a candle: those of the strategy, then the filter's.
pub fn rules_of(explained: &Explained) -> Vec<RuleFacts> {
    let own = explained.rules.iter().map(|rule| {
        let purpose = match rule.purpose {
            Purpose::Entry => "entry",
            Purpose::Exit => "exit",
            Purpose::Signal => "signal",
        };
        rule_facts(rule, purpose)
    });
    let filter = explained.filter.iter().map(|rule| rule_facts(rule, FILTER));
    own.chain(filter).collect()
}

fn rule_facts(rule: &Rule, purpose: &'static str) -> RuleFacts {
    RuleFacts {
        name: rule.name.clone(),
        purpose,
        side: rule.side.map(Side::position),
        fired: rule.fired(),
        missing: rule.conditions.iter().filter(|c| !c.met).count(),
        conditions: rule.conditions.iter().map(condition_facts).collect(),
    }
}

fn condition_facts(condition: &Condition) -> ConditionFacts {
    let distance = condition
        .value
        .zip(condition.threshold)
        .filter(|(value, threshold)| measures(condition, *value, *threshold))
        .map(|(value, threshold)| (value - threshold).abs())
        .filter(|distance| distance.is_finite());
    let distance_pct = distance
        .zip(condition.threshold)
        .filter(|(_, threshold)| *threshold != 0.0)
        .map(|(distance, threshold)| distance / threshold.abs() * 100.0)
        .filter(|pct| pct.is_finite());
    ConditionFacts {
        name: condition.name.clone(),
        relation: condition.relation.sign(),
        value: condition.value.filter(|v| v.is_finite()),
        threshold: condition.threshold.filter(|v| v.is_finite()),
        met: condition.met,
        distance,
        distance_pct,
    }
}

/// Whether the distance says how much is missing, or how much room there is. It does not where an
/// equality is met, where a value is beyond its threshold but has not crossed it on this candle, and
/// where something else met the condition in its place.
fn measures(condition: &Condition, value: f64, threshold: f64) -> bool {
    let beyond = match condition.relation {
        Relation::Above | Relation::CrossesOver => value > threshold,
        Relation::Below | Relation::CrossesUnder => value < threshold,
        Relation::AtLeast => value >= threshold,
        Relation::AtMost => value <= threshold,
        Relation::Equals => return !condition.met,
    };
    beyond == condition.met
}

impl ConditionFacts {
    /// For an order by nearness: in %, or absolute where the threshold is 0; what has no distance
    /// comes last.
    pub fn nearness(&self) -> f64 {
        self.distance_pct
            .or(self.distance.map(|distance| distance * 100.0))
            .unwrap_or(f64::INFINITY)
    }
}

impl RuleFacts {
    /// The same rule with only the conditions that are not met.
    pub fn with_unmet(&self) -> Self {
        self.only(|condition| !condition.met)
    }

    /// The same rule with only the counting condition of the least room, or with all that count
    /// where none has any.
    pub fn with_tightest(&self, counts: impl Fn(&ConditionFacts) -> bool) -> Self {
        let counting = self.only(counts);
        let measured = counting.conditions.iter().filter(|c| c.distance.is_some());
        match measured.min_by(|a, b| a.nearness().total_cmp(&b.nearness())) {
            Some(tightest) => Self {
                conditions: vec![tightest.clone()],
                ..self.clone()
            },
            None => counting,
        }
    }

    /// How far the unmet conditions are from being met, together.
    pub fn nearness(&self) -> f64 {
        let unmet = self.conditions.iter().filter(|c| !c.met);
        unmet.map(ConditionFacts::nearness).sum()
    }

    fn only(&self, keep: impl Fn(&ConditionFacts) -> bool) -> Self {
        Self {
            conditions: self
                .conditions
                .iter()
                .filter(|c| keep(c))
                .cloned()
                .collect(),
            ..self.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn condition(value: f64, threshold: f64) -> ConditionFacts {
        let met = value > threshold;
        condition_facts(&Condition::new(
            "x",
            Some(value),
            Relation::Above,
            Some(threshold),
            met,
        ))
    }

    #[test]
    fn a_distance_is_absolute_and_in_percent_of_the_threshold() {
        let near = condition(48.0, -50.0);
        assert_eq!(near.distance, Some(98.0));
        assert_eq!(near.distance_pct, Some(196.0));
        let from_nothing = condition(0.5, 0.0);
        assert_eq!(from_nothing.distance, Some(0.5));
        assert_eq!(from_nothing.distance_pct, None);
        assert_eq!(from_nothing.nearness(), 50.0);
        let cold = condition_facts(&Condition::new("x", None, Relation::Above, None, false));
        assert_eq!(cold.distance, None);
        assert_eq!(cold.nearness(), f64::INFINITY);
        assert_eq!(condition(f64::NAN, 1.0).distance, None);
    }

    #[test]
    fn a_value_that_is_beyond_but_did_not_cross_has_no_distance() {
        let cross = |value: f64, met: bool| {
            let relation = Relation::CrossesOver;
            condition_facts(&Condition::new("x", Some(value), relation, Some(10.0), met))
        };
        assert_eq!(cross(12.0, false).distance, None);
        assert_eq!(cross(9.0, false).distance, Some(1.0));
        assert_eq!(cross(12.0, true).distance, Some(2.0));
        let equal = Condition::new("x", Some(1.0), Relation::Equals, Some(1.0), true);
        assert_eq!(condition_facts(&equal).distance, None);
    }
}
