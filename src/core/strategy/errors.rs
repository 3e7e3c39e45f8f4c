//! Errors: three failed decisions of a symbol in a row are told, five pause its strategy; ten errors of
//! any category within ten minutes pause the bot.
//!
//! Categories of this version: `decision` (a model's answer failed or did not come), `ledger` (it
//! could not be written) and `data` (an input of an unknown symbol, a broken candle, a price beyond
//! what is counted). Data counts in a session only: in history what is refused belongs to the file, is
//! counted there, and nobody is there to resume. Not errors: an order that its own condition ends (a
//! post-only that would cross), refusals, HOLDs; the paper venue rejects nothing for technical reasons.
//!
//! A paused strategy is tried again every half hour and comes back by itself once a decision
//! succeeds, or when the operator resumes. No error closes a position: its stop and target stay.

use crate::effect::{AlertLevel, Effects};
use crate::machine::Core;
use crate::market::SymbolId;
use crate::modes::{Mode, Turns};
use crate::units::Stamp;
use crate::units::stamp::SECOND;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Errors in a row that are told.
const TOLD_AT: u32 = 3;
/// Errors in a row that pause the strategy.
const PAUSED_AT: u32 = 5;
/// Time after which a paused strategy is tried again.
const TRIED_AGAIN_AFTER: i64 = 1800 * SECOND;
/// Errors of any category within the window that pause the bot.
const MANY: usize = 10;
const WINDOW: i64 = 600 * SECOND;

/// How one symbol's decisions fared lately.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecisionErrors {
    in_row: u32,
    /// Monotonic time of the next try of a paused strategy.
    again_at: Option<i64>,
}

impl DecisionErrors {
    /// Whether the strategy is not asked at this time.
    pub fn is_paused(&self, mono: i64) -> bool {
        self.again_at.is_some_and(|at| mono < at)
    }

    fn note(&mut self, mono: i64) -> u32 {
        self.in_row += 1;
        if self.in_row >= PAUSED_AT {
            self.again_at = Some(mono.saturating_add(TRIED_AGAIN_AFTER));
        }
        self.in_row
    }
}

/// Stamps of the latest errors of any category; at most as many as pause the bot.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecentErrors(VecDeque<i64>);

impl RecentErrors {
    /// Notes one; whether there are too many now, and then it counts anew.
    fn note(&mut self, mono: i64) -> bool {
        self.0.push_back(mono);
        while self.0.front().is_some_and(|at| mono - at > WINDOW) {
            self.0.pop_front();
        }
        let many = self.0.len() >= MANY;
        if many {
            self.0.clear();
        }
        many
    }
}

impl Core {
    /// A decision failed: told, and paused where the rules say so.
    pub(super) fn note_decision_error(
        &mut self,
        id: SymbolId,
        text: &str,
        at: Stamp,
        out: &mut Effects,
    ) {
        let symbol = &mut self.symbols[id.index()];
        let in_row = symbol.decision_errors.note(at.mono);
        let name = symbol.instrument.symbol.clone();
        if in_row == TOLD_AT {
            let text = format!("{name}: {in_row} decisions failed in a row; the last: {text}");
            self.report(AlertLevel::Warning, "decision_errors", text, at, out);
        } else if in_row == PAUSED_AT {
            let text = format!(
                "{name}: {in_row} decisions failed in a row: its strategy pauses, tried again every \
                 {} s; the last: {text}",
                TRIED_AGAIN_AFTER / SECOND
            );
            self.report(AlertLevel::Warning, "strategy_paused", text, at, out);
        }
        self.note_error("decision", text, at, out);
    }

    /// The ledger could not be written.
    pub(crate) fn note_ledger_error(&mut self, text: &str, at: Stamp, out: &mut Effects) {
        self.note_error("ledger", text, at, out);
    }

    /// Market data was refused that no sound feed sends.
    pub(crate) fn note_data_error(&mut self, text: &str, at: Stamp, out: &mut Effects) {
        if self.turns == Turns::Session {
            self.note_error("data", text, at, out);
        }
    }

    fn note_error(&mut self, category: &str, text: &str, at: Stamp, out: &mut Effects) {
        if self.guard.recent_errors.note(at.mono) && self.mode() == Mode::Running {
            self.paused = true;
            let text = format!(
                "{MANY} errors within {} s: paused; the last, {category}: {text}",
                WINDOW / SECOND
            );
            self.report(AlertLevel::Critical, "too_many_errors", text, at, out);
        }
    }

    /// A decision came about, whatever it says.
    pub(super) fn note_decision_success(&mut self, id: SymbolId) {
        self.symbols[id.index()].decision_errors = DecisionErrors::default();
    }

    /// The operator resumed: every strategy is asked again.
    pub(crate) fn forget_decision_errors(&mut self) {
        for symbol in &mut self.symbols {
            symbol.decision_errors = DecisionErrors::default();
        }
        self.guard.recent_errors = RecentErrors::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_within_ten_minutes_are_too_many_and_count_anew_then() {
        let mut recent = RecentErrors::default();
        for n in 0..9 {
            assert!(!recent.note(n * 60 * SECOND));
        }
        // 0 is 601 s old: it no longer counts.
        assert!(!recent.note(601 * SECOND));
        assert!(recent.note(602 * SECOND));
        assert!(!recent.note(603 * SECOND));
    }

    #[test]
    fn the_fifth_in_a_row_pauses_for_half_an_hour_and_so_does_each_after_it() {
        let mut errors = DecisionErrors::default();
        for _ in 0..4 {
            errors.note(0);
            assert!(!errors.is_paused(0));
        }
        errors.note(10);
        assert!(errors.is_paused(10 + TRIED_AGAIN_AFTER - 1));
        assert!(!errors.is_paused(10 + TRIED_AGAIN_AFTER));
        errors.note(10 + TRIED_AGAIN_AFTER);
        assert!(errors.is_paused(11 + TRIED_AGAIN_AFTER));
    }
}
