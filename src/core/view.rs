//! What may be seen of the core from outside: read-only, for reports, status and tests.

use super::counts::Counts;
use super::holds::HeldBack;
use super::machine::Core;
use super::market::SymbolId;
use super::modes::Mode;
use super::paper::Account;
use super::risk::emergency::Emergency;
use super::risk::limits::LossLimits;
use super::settings::Settings;
use super::state_hash::StateHash;
use super::symbol::Symbol;
use super::units::Stamp;
use std::collections::BTreeMap;

impl Core {
    /// Inputs handled so far.
    pub fn inputs(&self) -> u64 {
        self.inputs
    }

    pub fn state_hash(&self) -> StateHash {
        self.hash
    }

    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Decisions to hold by reason; the empty reason = the strategy saw nothing.
    pub fn holds(&self) -> BTreeMap<&'static str, u64> {
        self.holds.by_reason()
    }

    /// Proposals that became HOLD without a row of their own.
    pub fn held_back(&self) -> &[HeldBack] {
        self.holds.held_back()
    }

    /// Baselines and latches of the loss limits.
    pub fn losses(&self) -> &LossLimits {
        &self.guard.losses
    }

    pub fn account(&self) -> &Account {
        &self.account
    }

    pub fn symbols(&self) -> &[Symbol] {
        &self.symbols
    }

    pub fn emergency(&self) -> &Emergency {
        &self.guard.emergency
    }

    pub fn mode(&self) -> Mode {
        match (self.stopping, self.paused) {
            (true, _) => Mode::Stopping,
            (false, true) => Mode::Paused,
            (false, false) => Mode::Running,
        }
    }

    /// Why this symbol could not be entered now, whatever its strategy thinks.
    pub fn entries_blocked_by(&self, id: SymbolId, at: Stamp) -> Option<&'static str> {
        self.entry_blocked(id, at)
    }

    /// The account agrees with the venue; always so on paper.
    pub fn is_reconciled(&self) -> bool {
        self.settings.execution.is_paper() || self.desk.is_reconciled()
    }
}
