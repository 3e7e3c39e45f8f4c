//! A few questions to the exchange and their answers: what a session must know before it begins,
//! and all that the verbs which only ask want.
//!
//! Questions are put one after the other, lists to their last page. A start asks until it is
//! answered, more and more slowly; a verb asks once, and says what it waits for.

use super::caller::{CallTrouble, Caller, Ended, is_transient};
use super::kept_quiet::quiet_row;
use super::limiter::Limiter;
use crate::core::units::stamp::SECOND;
use crate::core::units::{Span, Timestamp};
use crate::exchange::ExchangeCodec;
use crate::exchange::calls::{Call, CallAnswer};
use crate::log;
use crate::net::{BackOff, HttpClient};
use crate::runtime::application::{Application, EffectOutcome, EffectReport};
use crate::runtime::jobs::EffectClass;
use crate::runtime::journal::{Journal, Written};
use crate::runtime::live::job::{LiveJob, LiveOutput};
use crate::runtime::live::reception::Reception;
use crate::runtime::live::session::submit;
use crate::runtime::shell::Shell;
use crate::runtime::signals::Signal;
use crate::runtime::sources::{Readiness, SourceState};
use crate::runtime::status::ApplicationStatus;
use crate::runtime::systemd::Notifier;
use mio::Token;
use std::collections::VecDeque;

/// Pages of one list; beyond it the list counts as endless.
const PAGES_MAX: usize = 1000;

/// Tells a person something.
type Tell = fn(&str);

/// What an answer took.
#[derive(Clone, Debug)]
pub struct Answered {
    pub call: Call,
    pub result: Result<CallAnswer, CallTrouble>,
    /// Half the time between question and answer, and the wall clock at the answer.
    pub half_trip: Span,
    pub at: i64,
}

/// How long a question is put again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// A failure is an answer.
    Once,
    /// The same; what is not answered by this time, monotonic nanoseconds, is left out, and nobody waits
    /// for an exchange that asks for quiet beyond it.
    OnceWithin(i64),
    /// Until the exchange answers; definite refusals are answers.
    UntilAnswered,
    /// The same, but at most until this time, monotonic nanoseconds.
    Until(i64),
}

impl Patience {
    /// Failures are answers.
    pub const fn asks_once(self) -> bool {
        matches!(self, Self::Once | Self::OnceWithin(_))
    }

    /// When it ends, monotonic nanoseconds.
    pub const fn end(self) -> Option<i64> {
        match self {
            Self::Until(end) | Self::OnceWithin(end) => Some(end),
            Self::Once | Self::UntilAnswered => None,
        }
    }
}

/// See the file's head.
#[derive(Debug)]
pub struct Inquiry {
    codec: Box<dyn ExchangeCodec>,
    caller: Caller<()>,
    questions: VecDeque<Call>,
    patience: Patience,
    back_off: BackOff,
    /// The question that failed is put again at this time, milliseconds.
    again: Option<u64>,
    pages: usize,
    answers: Vec<Answered>,
    stopped: Option<Signal>,
    gave_up: bool,
    /// Why the questions after a time were left out.
    left_out: Option<String>,
    /// Who is told what is waited for.
    announce: Option<Tell>,
    /// The exchange asked an earlier process for quiet until then, by our clock.
    quiet_until: Option<Timestamp>,
    /// Where it is kept that the exchange asks this process for quiet.
    journal: Option<Journal>,
    /// Whom to tell how the start stands, and whether that counts as ready.
    notifier: Option<Notifier>,
    /// Where a start is seen and told things; it outlives this.
    reception: Option<Reception>,
}

impl Inquiry {
    pub fn new(
        codec: Box<dyn ExchangeCodec>,
        client: HttpClient,
        call_limit: Span,
        questions: impl IntoIterator<Item = Call>,
        patience: Patience,
    ) -> Self {
        Self {
            codec,
            caller: Caller::new(client, Limiter::new(Vec::new()), call_limit),
            questions: questions.into_iter().collect(),
            patience,
            back_off: BackOff::new(5, 1),
            again: None,
            pages: 0,
            answers: Vec::new(),
            stopped: None,
            gave_up: false,
            left_out: None,
            announce: None,
            quiet_until: None,
            journal: None,
            notifier: None,
            reception: None,
        }
    }

    /// Whom to tell how it stands; `is_ready`: the service already does its work, as on paper.
    pub fn tell(&mut self, notifier: Option<Notifier>, is_ready: bool) {
        self.notifier = notifier;
        if let Some(notifier) = self.notifier.as_mut().filter(|_| is_ready) {
            notifier.ready();
        }
        self.say("asking the exchange what a session begins with", None);
    }

    /// Serves the control socket of a start.
    pub fn receive(&mut self, reception: Reception) {
        self.reception = Some(reception);
    }

    /// The control socket again, with what is kept.
    pub fn take_reception(&mut self) -> Option<Reception> {
        self.reception.take()
    }

    /// The exchange asked an earlier process for quiet until then, by our clock.
    pub fn stay_quiet(&mut self, until: Timestamp) {
        self.quiet_until = Some(until);
    }

    /// Keeps in this ledger that the exchange asks for quiet: a start that is killed meanwhile must not
    /// make the next one forget it.
    pub fn remember_in(&mut self, journal: Journal) {
        self.journal = Some(journal);
    }

    /// The ledger again, once everything is answered.
    pub fn take_journal(&mut self) -> Option<Journal> {
        self.journal.take()
    }

    /// What is waited for, and until when, monotonic nanoseconds, where that is known.
    fn say(&mut self, text: &str, until: Option<i64>) {
        if let Some(notifier) = &mut self.notifier {
            notifier.status(text);
        }
        if let Some(reception) = &mut self.reception {
            reception.wait_for(text, until);
        }
    }

    /// The loop ends after this turn; whoever holds the reception goes on with it.
    fn leave(&mut self, shell: &mut Shell<LiveJob>) {
        if let Some(reception) = &mut self.reception {
            reception.end(shell);
        }
        shell.request_exit(0);
    }

    fn stop(&mut self, signal: Signal, shell: &mut Shell<LiveJob>) {
        self.stopped = Some(signal);
        self.leave(shell);
    }

    /// The time was up before everything was answered.
    pub fn gave_up(&self) -> bool {
        self.gave_up
    }

    /// Why questions have no answer although nothing failed: in words, where there are any.
    pub fn left_out(&mut self) -> Option<String> {
        self.left_out.take()
    }

    /// Whom to tell what is waited for, and how long.
    pub fn announce(&mut self, tell: Tell) {
        self.announce = Some(tell);
    }

    /// The codec again, the answers in the order of the questions, and the signal that ended it
    /// early.
    pub fn into_parts(self) -> (Box<dyn ExchangeCodec>, Vec<Answered>, Option<Signal>) {
        (self.codec, self.answers, self.stopped)
    }

    fn put_next(&mut self, shell: &mut Shell<LiveJob>) {
        match self.questions.front() {
            Some(call) => {
                self.caller
                    .ask(call.clone(), (), EffectClass::Reconciliation);
                self.pump(shell);
            }
            None => self.finish(shell),
        }
    }

    /// Everything is answered: ends once the ledger is here again.
    fn finish(&mut self, shell: &mut Shell<LiveJob>) {
        if self.journal.as_ref().is_none_or(Journal::is_here) {
            self.leave(shell);
        }
    }

    /// Whoever wants out does not wait for a quiet that the exchange asked for before. Whether it ends.
    fn end_quiet_if_urgent(&mut self) -> bool {
        let reception = self.reception.as_mut();
        let urgent = reception.is_some_and(Reception::take_urgent);
        if urgent {
            log::warn("trade", "somebody wants out: no quiet is waited for", &[]);
            self.caller.lift_quiet();
            self.again = self.again.map(|_| 0);
        }
        urgent
    }

    /// Says, and writes down at once, for how long the exchange asks for quiet; `is_waited_for`: something
    /// is asked after it.
    fn heed_quiet(&mut self, is_waited_for: bool, shell: &mut Shell<LiveJob>) {
        let now = shell.at();
        let Some(until) = self.caller.take_quiet() else {
            return;
        };
        let seconds = until.saturating_sub(now.mono) / SECOND;
        log::warn(
            "exchange",
            "the exchange asks for quiet",
            &[("seconds", &seconds)],
        );
        let text = format!("the exchange asks for quiet: {seconds} s");
        self.say(&text, Some(until));
        if matches!(self.patience, Patience::OnceWithin(end) if end < until) {
            let text = format!(
                "the exchange limits our requests (429, too many) and asks for quiet for {seconds} s: \
                 not waited for"
            );
            return self.leave_out(text, shell);
        }
        if let Some(announce) = self.announce.filter(|_| is_waited_for) {
            announce(&format!("{text}; waiting for it"));
        }
        let Some(journal) = &mut self.journal else {
            return;
        };
        journal.push(quiet_row(until, now), now.mono);
        if let Some(commit) = journal.everything() {
            submit(shell, EffectClass::Ledger, LiveJob::Commit(commit));
        }
    }

    /// What is not answered yet stays so.
    fn leave_out(&mut self, why: String, shell: &mut Shell<LiveJob>) {
        self.questions.clear();
        self.left_out = Some(why);
        self.finish(shell);
    }

    fn written(&mut self, written: Written, shell: &mut Shell<LiveJob>) {
        let Some(journal) = &mut self.journal else {
            return;
        };
        if let Err(error) = journal.written(written) {
            // The row waits for the next wish for quiet, or the session's first rows.
            let fields: log::Fields<'_> = &[("why", &error)];
            log::warn("exchange", "the ledger does not take its quiet", fields);
        }
        if self.questions.is_empty() {
            self.finish(shell);
        }
    }

    fn pump(&mut self, shell: &mut Shell<LiveJob>) {
        let ended = self.caller.pump(&*self.codec, shell.at(), shell);
        for ended in ended {
            self.take(ended, shell);
        }
    }

    fn take(&mut self, ended: Ended<()>, shell: &mut Shell<LiveJob>) {
        if self.left_out.is_some() {
            return;
        }
        let is_open = match &ended.result {
            Ok(_) => false,
            // Too many requests, or a host that is down, say nothing about what was asked.
            Err(trouble) => is_transient(trouble) && !self.patience.asks_once(),
        };
        if is_open {
            let pause = self.back_off.next_delay_ms();
            if let Err(trouble) = &ended.result {
                let fields: log::Fields<'_> = &[("why", trouble), ("again_in_ms", &pause)];
                log::warn("exchange", "no answer", fields);
                let text = format!("the exchange does not answer: {trouble}; asked again");
                self.say(&text, None);
            }
            self.again = Some(shell.now_ms().saturating_add(pause));
            return;
        }
        self.questions.pop_front();
        self.pages += 1;
        let next = ended.result.as_ref().ok().and_then(next_page);
        match next.and_then(|cursor| turned(&ended.call, cursor)) {
            Some(call) if self.pages < PAGES_MAX => self.questions.push_front(call),
            _ => self.pages = 0,
        }
        let at = shell.at().wall.0;
        if let Ok(CallAnswer::ServerTime(time)) = &ended.result {
            // What is signed from here on carries the exchange's time.
            self.caller
                .set_clock_offset(time.0 - (at - ended.half_trip.0));
        }
        self.answers.push(Answered {
            call: ended.call,
            result: ended.result,
            half_trip: ended.half_trip,
            at,
        });
        self.put_next(shell);
    }
}

/// Monotonic nanoseconds as the loop's milliseconds, never early.
fn milliseconds(due: i64) -> u64 {
    u64::try_from(due.max(0)).unwrap_or(0).div_ceil(1_000_000)
}

/// Cursor of the page after this one.
fn next_page(answer: &CallAnswer) -> Option<String> {
    match answer {
        CallAnswer::Accounts { next, .. }
        | CallAnswer::Orders { next, .. }
        | CallAnswer::Fills { next, .. } => next.clone(),
        _ => None,
    }
}

/// The same question for another page.
fn turned(call: &Call, page: String) -> Option<Call> {
    let mut call = call.clone();
    match &mut call {
        Call::Accounts { cursor } | Call::Orders { cursor, .. } | Call::Fills { cursor, .. } => {
            *cursor = page;
            Some(call)
        }
        _ => None,
    }
}

impl Application for Inquiry {
    type Job = LiveJob;

    fn start(&mut self, shell: &mut Shell<LiveJob>) -> std::io::Result<()> {
        if let Some(reception) = &mut self.reception
            && let Some(signal) = reception.begin(shell)?
        {
            self.stop(signal, shell);
            return Ok(());
        }
        if let Some(seconds) = self.caller.stay_quiet(self.quiet_until, shell.at()) {
            let until = shell.at().mono.saturating_add(seconds * SECOND);
            let text = format!("the exchange asked for quiet: {seconds} s are left");
            self.say(&text, Some(until));
            if let Some(announce) = self.announce {
                announce(&text);
            }
        }
        self.end_quiet_if_urgent();
        self.put_next(shell);
        Ok(())
    }

    fn on_signal(&mut self, signal: Signal, shell: &mut Shell<LiveJob>) {
        if signal.is_stop() {
            return self.stop(signal, shell);
        }
        if let Some(reception) = &mut self.reception {
            match signal {
                Signal::EmergencyStop => {
                    reception.emergency_stop();
                    self.end_quiet_if_urgent();
                    self.pump(shell);
                }
                Signal::Reload => {
                    let text = "not reloaded: the configuration was just read, and is read again \
                                by a running session only";
                    log::warn("trade", text, &[]);
                }
                // The loop writes it.
                _ => {}
            }
        }
    }

    fn on_ready(
        &mut self,
        token: Token,
        _readiness: Readiness,
        _budget: usize,
        shell: &mut Shell<LiveJob>,
    ) -> SourceState {
        let reception = self.reception.as_mut();
        if let Some(signal) = reception.and_then(|r| r.on_ready(token, shell)) {
            self.stop(signal, shell);
        } else if self.end_quiet_if_urgent() {
            self.pump(shell);
        }
        SourceState::Drained
    }

    fn on_effect(&mut self, report: EffectReport<LiveOutput>, shell: &mut Shell<LiveJob>) {
        let now = shell.at().mono;
        match report.outcome {
            EffectOutcome::Done(LiveOutput::Written(written)) => self.written(written, shell),
            _ => {
                let ended = self.caller.reported(&*self.codec, now, report);
                let goes_on = ended.is_none() || self.questions.len() > 1;
                self.heed_quiet(goes_on || !self.patience.asks_once(), shell);
                if let Some(ended) = ended {
                    self.take(ended, shell);
                }
            }
        }
    }

    fn turn(&mut self, shell: &mut Shell<LiveJob>) {
        let now = shell.at().mono;
        if let Some(notifier) = &mut self.notifier {
            notifier.watchdog(now, shell.stuck_workers() == 0);
        }
        if let Some(reception) = &mut self.reception {
            reception.on_deadline(shell);
        }
        if self.patience.end().is_some_and(|end| end <= now) && !self.questions.is_empty() {
            if self.patience.asks_once() {
                let why = "the exchange did not answer in time".to_owned();
                return self.leave_out(why, shell);
            }
            self.gave_up = true;
            return self.leave(shell);
        }
        if self.again.is_some_and(|again| again <= shell.now_ms()) {
            self.again = None;
            self.put_next(shell);
        } else {
            self.pump(shell);
        }
    }

    fn next_deadline(&mut self) -> Option<u64> {
        let calls = self
            .caller
            .next_deadline(crate::runtime::clock::monotonic_ns())
            .map(milliseconds);
        let end = self.patience.end().map(milliseconds);
        let manager = self.notifier.as_ref().and_then(Notifier::next_deadline);
        let manager = manager.map(milliseconds);
        let clients = self.reception.as_ref().and_then(Reception::next_deadline);
        [self.again, calls, end, manager, clients]
            .into_iter()
            .flatten()
            .min()
    }

    fn status(&self, status: &mut ApplicationStatus) {
        if let Some(reception) = &self.reception {
            reception.describe(status);
        }
    }
}
