//! One command carried out by a session of its own, for a ledger that no bot holds.
//!
//! Entries are held from the first input on; the command is given once everything at the venue is
//! known and, where positions are to be closed, their prices are live; the session ends when nothing
//! that the command concerns is open, or at its deadline with what is.

use super::job::LiveJob;
use super::session::{Session, SessionOutcome};
use crate::core::input::{Command, Input};
use crate::core::modes::Mode;
use crate::core::symbol::Symbol;
use crate::core::units::Span;
use crate::runtime::shell::Shell;
use crate::store::ledger::names::order_state;

/// What a session is started for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Errand {
    /// `CancelAll` or `CloseAll`.
    pub command: Command,
    /// Time from the session's begin to its deadline.
    pub limit: Span,
}

/// An errand under way.
#[derive(Debug)]
pub(super) struct ErrandState {
    errand: Errand,
    /// Monotonic nanoseconds of the loop.
    deadline: i64,
    was_running: bool,
    given: bool,
}

impl ErrandState {
    /// From here on prices are not waited for.
    const fn half(&self) -> i64 {
        self.deadline.saturating_sub(self.errand.limit.0 / 2)
    }
}

impl Session<'_> {
    /// Holds entries and looks at the venue at once.
    pub(super) fn begin_errand(&mut self, shell: &mut Shell<LiveJob>) {
        let Some(errand) = self.settings.errand.clone() else {
            return;
        };
        self.errand = Some(ErrandState {
            deadline: shell.at().mono.saturating_add(errand.limit.0),
            errand,
            was_running: self.core.mode() == Mode::Running,
            given: false,
        });
        let stamp = self.stamp(shell);
        self.input(stamp, Input::Command(Command::Pause));
        if self.is_venue() {
            self.next_round = i64::MIN;
        }
    }

    /// When [`Session::run_errand`] is wanted next, if nothing happens before.
    pub(super) fn errand_deadline(&self, now: i64) -> Option<i64> {
        let state = self.errand.as_ref().filter(|_| !self.has_ended())?;
        Some(if state.given || state.half() <= now {
            state.deadline
        } else {
            state.half()
        })
    }

    /// Gives the command when its time has come; ends the session when it is carried out.
    pub(super) fn run_errand(&mut self, shell: &mut Shell<LiveJob>) {
        let now = shell.at().mono;
        let Some(state) = &self.errand else { return };
        if self.has_ended() {
            return;
        }
        let closes = state.errand.command == Command::CloseAll;
        if state.given {
            let open = self.still_open(closes);
            if open.is_empty() {
                return self.errand_done(shell);
            }
            if now >= state.deadline {
                self.end(SessionOutcome::Unfinished(open));
            }
            return;
        }
        let is_known = self.core.is_reconciled();
        // A market that stays silent keeps nobody from leaving it.
        let is_priced = !closes || now >= state.half() || self.positions_are_priced();
        if is_known && is_priced {
            let command = state.errand.command.clone();
            if let Some(state) = &mut self.errand {
                state.given = true;
            }
            let stamp = self.stamp(shell);
            self.input(stamp, Input::Command(command));
            self.carry_out(shell);
            return self.run_errand(shell);
        }
        if now >= state.deadline {
            let mut open = self.still_open(closes);
            open.insert(
                0,
                "the exchange has not told how the account stands".to_owned(),
            );
            self.end(SessionOutcome::Unfinished(open));
        }
    }

    /// Entries are as they were before: what was asked for is done.
    fn errand_done(&mut self, shell: &mut Shell<LiveJob>) {
        let was_running = self.errand.take().is_some_and(|state| state.was_running);
        if was_running && self.core.emergency().latched().is_none() {
            let stamp = self.stamp(shell);
            let reason = "carried out".to_owned();
            self.input(stamp, Input::Command(Command::Resume { reason }));
            self.carry_out(shell);
        }
        self.end(SessionOutcome::Done);
    }

    /// Every position has a live price, and the candles of the time before are there.
    fn positions_are_priced(&self) -> bool {
        self.core
            .symbols()
            .iter()
            .filter(|symbol| symbol.position.is_some())
            .all(|symbol| {
                self.freshness.is_fresh(symbol.id) && !self.backfills.contains_key(&symbol.id)
            })
    }

    /// Entries at work and, with `positions`, what is held and the orders that leave it; in words.
    pub(super) fn still_open(&self, positions: bool) -> Vec<String> {
        let mut open = Vec::new();
        for symbol in self.core.symbols() {
            let name = &symbol.instrument.symbol;
            let leaving = if positions {
                [&symbol.exit, &symbol.stop]
            } else {
                [&None, &None]
            };
            let orders = [[&symbol.entry, &None], leaving].into_iter().flatten();
            for working in orders.into_iter().flatten() {
                let order = &working.order;
                open.push(format!(
                    "{name}: order {}, {} {}, {}",
                    order.client_id,
                    order.side.name(),
                    symbol.instrument.quantity(working.remaining()),
                    order_state(order.state),
                ));
            }
            open.extend(held(symbol).filter(|_| positions));
        }
        open
    }
}

/// A position in words.
fn held(symbol: &Symbol) -> Option<String> {
    let position = symbol.position.as_ref()?;
    Some(format!(
        "{}: position {} {}",
        symbol.instrument.symbol,
        position.side.name(),
        symbol.instrument.quantity(position.quantity()),
    ))
}
