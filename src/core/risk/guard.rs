//! Limits and latches of the account, in one place.

use super::breaker::Breaker;
use super::emergency::Emergency;
use super::limits::{EntryLog, LosingRun, LossLimits};
use super::tightening::LimitValues;
use crate::settings::RiskSettings;
use crate::strategy::errors::RecentErrors;
use crate::units::Decimal;
use serde::{Deserialize, Serialize};

/// Limits and latches of the account.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Guard {
    pub losses: LossLimits,
    pub entries: EntryLog,
    pub losing_run: LosingRun,
    pub breaker: Breaker,
    pub emergency: Emergency,
    pub balance_too_low: bool,
    /// Warnings that are out and have not cleared: told once.
    pub warned_rapid_loss: bool,
    pub warned_margin: bool,
    /// The equity that was assessed last.
    pub assessed: Option<Decimal>,
    pub recent_errors: RecentErrors,
    /// Limits that this process took over while it ran.
    #[serde(default, skip_serializing_if = "LimitValues::is_empty")]
    pub tightened: LimitValues,
}

impl Guard {
    /// Nothing hit, with this starting equity.
    pub fn new(starting: Decimal, risk: &RiskSettings) -> Self {
        Self {
            losses: LossLimits::new(starting, risk),
            entries: EntryLog::default(),
            losing_run: LosingRun::default(),
            breaker: Breaker::new(
                risk.breaker_failures,
                risk.breaker_window,
                risk.breaker_open,
            ),
            emergency: Emergency::default(),
            balance_too_low: false,
            warned_rapid_loss: false,
            warned_margin: false,
            assessed: None,
            recent_errors: RecentErrors::default(),
            tightened: LimitValues::new(),
        }
    }

    /// Takes over limits that may have changed since the state was saved; what was hit stays hit.
    pub fn adopt(&mut self, risk: &RiskSettings) {
        self.losses.adopt(risk);
        self.breaker.adopt(
            risk.breaker_failures,
            risk.breaker_window,
            risk.breaker_open,
        );
    }

    /// Money came or went beside trading: no limit may take it for a gain or a loss.
    pub fn shift(&mut self, amount: Decimal, risk: &RiskSettings) {
        self.losses.shift(amount, risk);
        self.emergency.shift(amount);
        self.assessed = None;
    }
}
