//! The record of one passage through the gate: every check with value, limit and margin.

use crate::records::{Check, CheckOutcome};
use crate::units::{Decimal, Rounding};

/// Room for the checks of one entry; more of them only cost an allocation.
const ROOM: usize = 32;

/// Collects checks in order; the first refusal decides, the rest is still evaluated and kept.
#[derive(Clone, Debug)]
pub struct Checks {
    list: Vec<Check>,
    refusal: Option<usize>,
}

impl Default for Checks {
    fn default() -> Self {
        Self {
            list: Vec::with_capacity(ROOM),
            refusal: None,
        }
    }
}

impl Checks {
    /// A yes-or-no check without numbers.
    pub fn require(&mut self, name: &'static str, ok: bool) {
        self.add(name, outcome(ok), None, None, None);
    }

    /// Refuses when `value` is at or beyond `limit`.
    pub fn below(&mut self, name: &'static str, value: Decimal, limit: Decimal) {
        self.limited(name, value < limit, value, limit);
    }

    /// Refuses when `value` is below `limit`.
    pub fn at_least(&mut self, name: &'static str, value: Decimal, limit: Decimal) {
        self.floor(name, value >= limit, value, limit);
    }

    /// A check with a lower limit whose answer is known; the margin is value - limit.
    pub fn floor(&mut self, name: &'static str, ok: bool, value: Decimal, limit: Decimal) {
        self.add(
            name,
            outcome(ok),
            Some(value),
            Some(limit),
            Some(value - limit),
        );
    }

    /// A check with an upper limit whose answer is known; the margin is limit - value.
    pub fn limited(&mut self, name: &'static str, ok: bool, value: Decimal, limit: Decimal) {
        self.add(
            name,
            outcome(ok),
            Some(value),
            Some(limit),
            Some(limit - value),
        );
    }

    /// A check that changed the order instead of refusing it: `value` was wanted, `limit` is kept.
    pub fn cut(&mut self, name: &'static str, value: Decimal, limit: Decimal, changed: bool) {
        let outcome = if changed {
            CheckOutcome::Changed
        } else {
            CheckOutcome::Passed
        };
        self.add(name, outcome, Some(value), Some(limit), Some(limit - value));
    }

    fn add(
        &mut self,
        name: &'static str,
        outcome: CheckOutcome,
        value: Option<Decimal>,
        limit: Option<Decimal>,
        margin: Option<Decimal>,
    ) {
        if outcome == CheckOutcome::Refused && self.refusal.is_none() {
            self.refusal = Some(self.list.len());
        }
        self.list.push(Check {
            name,
            outcome,
            value,
            limit,
            margin,
        });
    }

    /// The first check that refused.
    pub fn refusal(&self) -> Option<&Check> {
        self.refusal.map(|index| &self.list[index])
    }

    pub fn into_list(self) -> Vec<Check> {
        self.list
    }
}

/// A number of a check in words: four decimals, more where they would be zeros.
fn shown(value: Decimal) -> Decimal {
    let leading = value
        .raw()
        .abs()
        .checked_ilog10()
        .map_or(0, |digits| 17 - digits.min(17));
    let decimals = (leading + 3).clamp(4, Decimal::DIGITS);
    value.round(decimals, Rounding::HalfEven)
}

/// A refusal in words: `max_daily_loss_pct: 5.2, limit 5`.
pub fn describe(check: &Check) -> String {
    match (check.value, check.limit) {
        (Some(value), Some(limit)) => {
            format!("{}: {}, limit {}", check.name, shown(value), shown(limit))
        }
        _ => check.name.to_owned(),
    }
}

fn outcome(ok: bool) -> CheckOutcome {
    if ok {
        CheckOutcome::Passed
    } else {
        CheckOutcome::Refused
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_a_refusal_keep_what_tells_them_apart() {
        let text = |value: &str, limit: &str| {
            let number = |text| Some(Decimal::parse(text).unwrap());
            describe(&Check {
                name: "x",
                outcome: CheckOutcome::Refused,
                value: number(value),
                limit: number(limit),
                margin: None,
            })
        };
        assert_eq!(text("5", "5.2"), "x: 5, limit 5.2");
        assert_eq!(text("30.01663211", "-0.5"), "x: 30.0166, limit -0.5");
        assert_eq!(text("0", "0.00000001"), "x: 0, limit 0.00000001");
        assert_eq!(text("0.000123456", "0.0099999"), "x: 0.000123, limit 0.01");
    }
}
