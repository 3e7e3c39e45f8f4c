//! The control socket while a session is being prepared: it is seen, and what is told meanwhile is kept.
//!
//! What stops, holds or leaves is kept, each wish once and in the order of its coming, and the session
//! carries it out before it sends anything. What wants a session to act on is refused with a reason.
//! Bounded: there are six different wishes that are kept. They are gone with the process: an answer here
//! says no more than that they are taken.

use super::commands::{Wish, unreadable};
use super::job::LiveJob;
use crate::log;
use crate::runtime::clock::monotonic_ns;
use crate::runtime::control::{Control, Request};
use crate::runtime::shell::Shell;
use crate::runtime::signals::{EarlySignals, Signal};
use crate::runtime::status::ApplicationStatus;
use crate::store::ledger::Mode;
use mio::Token;
use serde_json::{Value, json};
use std::io;
use std::path::Path;

const TARGET: &str = "trade";
/// What whoever tells something is answered.
const TAKEN: &str = "taken: acts when the session begins";
const SECOND: i64 = crate::core::units::stamp::SECOND;

/// See the file's head.
#[derive(Debug)]
pub struct Reception {
    control: Control,
    ledger: Mode,
    /// Heard also between two loops.
    early: EarlySignals,
    kept: Vec<Wish>,
    /// Somebody wants out since this was last asked.
    urgent: bool,
    waits_for: String,
    /// Until when, monotonic nanoseconds, where that is known.
    until: Option<i64>,
    /// When the start began, monotonic nanoseconds.
    began: i64,
}

/// What a session takes over.
#[derive(Debug)]
pub(super) struct TakenOver {
    pub control: Control,
    pub kept: Vec<Wish>,
    pub stopped: Option<Signal>,
}

impl Reception {
    /// Listens at `path`; a loop serves it from [`Reception::begin`] on. `ledger`: whose it will be.
    ///
    /// # Errors
    /// The socket cannot be made, or the system refuses a signal handler.
    pub fn open(path: &Path, ledger: Mode) -> io::Result<Self> {
        Ok(Self {
            ledger,
            early: EarlySignals::install()?,
            control: Control::bind(path)?,
            kept: Vec::new(),
            urgent: false,
            waits_for: "the start".to_owned(),
            until: None,
            began: monotonic_ns(),
        })
    }

    /// This loop serves it. The stop signal that came while none did.
    ///
    /// # Errors
    /// The system refuses.
    pub(super) fn begin(&mut self, shell: &mut Shell<LiveJob>) -> io::Result<Option<Signal>> {
        self.control.attach(shell)?;
        Ok(self.early.stop())
    }

    /// The loop is about to end.
    pub(super) fn end(&mut self, shell: &mut Shell<LiveJob>) {
        self.control.detach(shell);
    }

    /// What the start waits for, in plain words; `until`: for how long, monotonic nanoseconds.
    pub(super) fn wait_for(&mut self, text: &str, until: Option<i64>) {
        text.clone_into(&mut self.waits_for);
        self.until = until;
    }

    /// Names of what is kept.
    pub fn kept(&self) -> Vec<&'static str> {
        let mut names: Vec<_> = self.kept.iter().map(Wish::name).collect();
        if self.early.emergency_stop() && !self.kept.contains(&Wish::EMERGENCY_STOP) {
            names.push(Wish::EMERGENCY_STOP.name());
        }
        names
    }

    /// An emergency stop by signal.
    pub(super) fn emergency_stop(&mut self) {
        log::warn(TARGET, "emergency stop by signal", &[("answer", &TAKEN)]);
        self.keep(Wish::EMERGENCY_STOP);
    }

    /// The socket, what is kept, and the stop signal that came while no loop was there.
    pub(super) fn take_over(self) -> TakenOver {
        let mut kept = self.kept;
        if self.early.emergency_stop() && !kept.contains(&Wish::EMERGENCY_STOP) {
            kept.push(Wish::EMERGENCY_STOP);
        }
        TakenOver {
            control: self.control,
            kept,
            stopped: self.early.stop(),
        }
    }

    /// Serves an event; the signal that a client's `stop` stands for.
    pub(super) fn on_ready(&mut self, token: Token, shell: &mut Shell<LiveJob>) -> Option<Signal> {
        if !self.control.owns(token) {
            return None;
        }
        let mut stopped = None;
        for Request { client, line } in self.control.on_ready(token, shell) {
            let answer = match serde_json::from_str::<Wish>(&line) {
                Ok(Wish::Status) => json!({ "ok": true, "status": self.status(shell) }),
                Ok(Wish::Stop) => {
                    stopped = Some(Signal::Terminate);
                    json!({ "ok": true })
                }
                Ok(wish) => self.answer(wish),
                Err(error) => unreadable(&error),
            };
            self.control.answer(client, &answer.to_string(), shell);
        }
        stopped
    }

    fn answer(&mut self, wish: Wish) -> Value {
        if let Wish::Resume { .. } | Wish::Reload = wish {
            let text = format!(
                "{}: the bot is starting and has no session yet ({}): ask again once it has",
                wish.name(),
                self.waits_for
            );
            return json!({ "ok": false, "error": text });
        }
        let fields: log::Fields<'_> = &[("command", &wish.name()), ("answer", &TAKEN)];
        log::info(TARGET, "command", fields);
        self.keep(wish);
        json!({ "ok": true, "text": TAKEN })
    }

    fn keep(&mut self, wish: Wish) {
        if !self.kept.contains(&wish) {
            self.urgent |= wish.leaves();
            self.kept.push(wish);
        }
    }

    /// Whether somebody has told that he wants out, once for each time.
    pub(super) fn take_urgent(&mut self) -> bool {
        if self.early.emergency_stop() {
            self.keep(Wish::EMERGENCY_STOP);
        }
        std::mem::take(&mut self.urgent)
    }

    pub(super) fn next_deadline(&self) -> Option<u64> {
        self.control.next_deadline()
    }

    pub(super) fn on_deadline(&mut self, shell: &mut Shell<LiveJob>) {
        self.control.on_deadline(shell);
    }

    fn status(&self, shell: &mut Shell<LiveJob>) -> Value {
        let mut part = ApplicationStatus::default();
        self.describe(&mut part);
        serde_json::to_value(shell.status(part, None)).unwrap_or_default()
    }

    /// The start's part of a status dump.
    pub(super) fn describe(&self, status: &mut ApplicationStatus) {
        let now = monotonic_ns();
        let left = self
            .until
            .map(|until| until.saturating_sub(now).max(0) / SECOND);
        let starting = json!({
            "ledger": self.ledger.name(),
            "waits_for": self.waits_for,
            "seconds_left": left,
            "for_seconds": now.saturating_sub(self.began) / SECOND,
            "kept": self.kept(),
            "control": self.control.seen(),
        });
        status.details.insert("starting".to_owned(), starting);
    }
}
