//! One decision on its way, and what became of a proposal.

use crate::records::{Action, Check};
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
}

impl Outcome {
    pub(super) fn hold(reason: &'static str) -> Self {
        Self {
            action: Action::Hold,
            reason,
            detail: String::new(),
            checks: Vec::new(),
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
            ..Self::hold(reason)
        }
    }

    pub(super) fn of(action: Action, checks: Vec<Check>) -> Self {
        Self {
            action,
            reason: "",
            detail: String::new(),
            checks,
        }
    }
}

/// One decision on its way.
pub(super) struct Run {
    pub decision: u64,
    pub candle: Timestamp,
    pub strategy: &'static str,
}
