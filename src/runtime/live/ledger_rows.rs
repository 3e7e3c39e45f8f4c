//! The session's rows on their way to the ledger, and what follows when it refuses them.
//!
//! A batch that was refused is not in the file, in part or whole: the same rows are written again,
//! a while later. Meanwhile nothing real is sent, since no intent becomes durable, and there are no
//! entries (the core latches its stop). Rows that wait are bounded: beyond [`ROWS_MAX`] the session
//! ends and says so.

use super::job::LiveJob;
use super::session::{Session, SessionOutcome, TARGET, submit};
use crate::core::input::Input;
use crate::core::units::Stamp;
use crate::core::units::stamp::SECOND;
use crate::log;
use crate::runtime::jobs::EffectClass;
use crate::runtime::journal::Written;
use crate::runtime::shell::Shell;
use crate::store::ledger::{Row, StateRow};

/// Time between two tries of a ledger that refuses.
const AGAIN: i64 = 2 * SECOND;
/// Rows that wait for a ledger that refuses.
pub const ROWS_MAX: usize = 16_384;

impl Session<'_> {
    /// Rows to a worker when they are due, or an order waits for them.
    pub(super) fn keep_rows(&mut self, stamp: Stamp, shell: &mut Shell<LiveJob>) {
        if self.ledger_again.is_some_and(|again| stamp.mono < again) {
            if self.journal.pending() > ROWS_MAX {
                let text = format!("the ledger refuses, and {ROWS_MAX} rows wait for it");
                self.end(SessionOutcome::Failed(text));
            }
            return;
        }
        let wanted = self.outgoing.wants_commit() || self.promises.wants_commit();
        if wanted || self.journal.is_due(stamp.mono) {
            self.commit(stamp, shell);
        }
    }

    /// When rows are wanted next by their age, as the core counts time.
    pub(super) fn rows_deadline(&self) -> Option<i64> {
        let due = self.journal.next_deadline()?;
        Some(self.ledger_again.map_or(due, |again| due.max(again)))
    }

    /// Everything collected, with the trading state that it leads to.
    pub(super) fn commit(&mut self, stamp: Stamp, shell: &mut Shell<LiveJob>) {
        if !self.journal.is_here() {
            return;
        }
        // Plain values under names of our own: they always serialise.
        if let Ok(body) = serde_json::to_string(&self.core.trading_state(stamp)) {
            let time = stamp.wall;
            self.journal
                .push(Row::State(StateRow { time, body }), stamp.mono);
        }
        let class = if self.outgoing.wants_commit() {
            EffectClass::Order
        } else {
            EffectClass::Ledger
        };
        if let Some(commit) = self.journal.everything() {
            self.outgoing.commit_begins();
            self.promises.commit_begins();
            submit(shell, class, LiveJob::Commit(commit));
        }
    }

    /// A batch came back: what it was to allow is done, or nothing of it. Why the ledger refuses, if
    /// it does.
    pub(super) fn written(&mut self, written: Written, stamp: Stamp) -> Option<String> {
        match self.journal.written(written) {
            Ok(()) => {
                if self.ledger_again.take().is_some() {
                    log::info(TARGET, "the ledger takes rows again", &[]);
                }
                self.intents_durable(stamp);
                None
            }
            Err(error) => {
                let text = error.to_string();
                self.intents_lost(&text, stamp);
                // Told once; each further try that fails adds nothing but rows.
                if self.ledger_again.is_none() {
                    log::error(TARGET, "the ledger refuses", &[("why", &text)]);
                    let text = text.clone();
                    self.input(stamp, Input::LedgerFailed { text });
                }
                self.ledger_again = Some(stamp.mono.saturating_add(AGAIN));
                Some(text)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::scene::{at, with_session};
    use super::*;
    use crate::runtime::journal::Commit;
    use crate::store::ledger::{LedgerError, Mode, SessionRow};

    /// A batch on its way, and it comes back refused.
    fn refused(session: &mut Session<'_>, second: i64) {
        let commit = session.journal.everything().expect("rows are there");
        let Commit { ledger, rows, .. } = commit;
        let path = "ledger".into();
        let result = Err(LedgerError::Busy { path });
        let written = Written {
            ledger,
            rows,
            result,
        };
        session.written(written, at(second));
    }

    fn row(session: &mut Session<'_>, second: i64) {
        let state = StateRow {
            time: at(second).wall,
            body: "{}".to_owned(),
        };
        session.journal.push(Row::State(state), at(second).mono);
    }

    fn session_row(session: &Session<'_>) -> SessionRow {
        let settings = session.core.settings();
        SessionRow {
            name: "q7xyz".to_owned(),
            mode: Mode::Paper,
            started: at(0).wall,
            program: "minnow".to_owned(),
            fingerprint: String::new(),
            configuration: "{}".to_owned(),
            recording: String::new(),
            strategy: settings.strategy.name().to_owned(),
            interval: settings.trading.interval.name().to_owned(),
            seed: 1,
            currency: "USD".to_owned(),
            starting_balance: settings.paper.starting_balance,
            instruments: settings.instruments.clone(),
        }
    }

    #[test]
    fn a_ledger_that_refuses_is_tried_again_later_told_once_and_entries_stop() {
        with_session("refuses", |session| {
            row(session, 3);
            refused(session, 3);
            assert!(session.core.emergency().is_latched());
            assert_eq!(session.journal.pending(), 1, "the row waits");
            let again = at(5).mono;
            assert_eq!(session.rows_deadline(), Some(again), "not at once");
            let inputs = session.core.inputs();
            refused(session, 5);
            assert_eq!(session.core.inputs(), inputs, "told once");
            assert_eq!(session.rows_deadline(), Some(at(7).mono));
            // The ledger itself is sound: the next try brings everything in.
            let mut commit = session.journal.everything().expect("the same row");
            commit.ledger.begin_session(&session_row(session)).unwrap();
            session.written(commit.run(), at(7));
            assert_eq!(session.journal.pending(), 0);
            assert_eq!(session.journal.rows_lost(), 0);
            assert!(session.ledger_again.is_none());
        });
    }
}
