//! One decision on its way, and what became of a proposal.

use crate::records::{Action, Check, CheckOutcome};
use crate::risk::checks::describe;
use crate::units::Timestamp;

/// What the cycle made of a proposal.
pub(crate) struct Outcome {
    pub action: Action,
    /// Stable text of a HOLD; empty when the proposal stands.
    pub reason: &'static str,
    /// The refusal in words, where the gate said no.
    pub detail: String,
    pub checks: Vec<Check>,
    /// It acts, the risk gate refused it or an error kept it from being decided: it gets a row also where
    /// other decisions to HOLD are only counted.
    pub weighty: bool,
}

impl Outcome {
    pub(super) fn hold(reason: &'static str) -> Self {
        Self {
            action: Action::Hold,
            reason,
            detail: String::new(),
            checks: Vec::new(),
            weighty: false,
        }
    }

    /// One check of the strategy's own stood against it.
    pub(super) fn refused(check: Check) -> Self {
        Self {
            detail: describe(&check),
            checks: vec![check],
            ..Self::hold("refused")
        }
    }

    /// An error kept it from being decided.
    pub(super) fn failed(reason: &'static str, text: String) -> Self {
        Self {
            detail: text,
            weighty: true,
            ..Self::hold(reason)
        }
    }

    /// The check that stands against the proposal, or else the reason.
    pub fn held_by(&self) -> &'static str {
        let mut checks = self.checks.iter();
        let refused = checks.find(|check| check.outcome == CheckOutcome::Refused);
        refused.map_or(self.reason, |check| check.name)
    }

    pub(super) fn of(action: Action, checks: Vec<Check>) -> Self {
        Self {
            action,
            reason: "",
            detail: String::new(),
            checks,
            weighty: true,
        }
    }
}

/// One decision on its way.
pub(super) struct Run {
    pub decision: u64,
    pub candle: Timestamp,
    pub strategy: &'static str,
}
