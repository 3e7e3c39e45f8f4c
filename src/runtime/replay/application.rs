//! The replay as an application of the loop: inputs in slices, commits and reads as effects.

use super::answers::{ANSWERS_IN_A_ROW, not_recorded};
use super::feed::Feed;
use super::job::{ReplayJob, ReplayOutput, submit};
use super::merge::{Merge, Step};
use super::pace::Pace;
use super::plan::{Outcome, Plan, ReplayProgress};
use super::recorder::Recorder;
use super::verification::Verification;
use crate::core::Core;
use crate::core::effect::{Checkpoint, Effects, ModelRequest};
use crate::core::input::{Command, Input};
use crate::core::planned::EFFECTS_ROOM;
use crate::core::units::{Stamp, Timestamp};
use crate::log;
use crate::runtime::application::{
    Application, Arrival, EffectOutcome, EffectReport, Progress, WorkBudget,
};
use crate::runtime::jobs::EffectClass;
use crate::runtime::journal::{Commit, Journal, Observer};
use crate::runtime::reloaded::Reloaded;
use crate::runtime::shell::Shell;
use crate::runtime::signals::Signal;
use crate::runtime::status::{ApplicationStatus, QueueView};
use crate::store::recording::Entry;

/// Time between two drawings of the progress.
const PROGRESS_MS: u64 = 100;
const PROGRESS_TAG: u64 = 1;

/// Recorded inputs into the core, its wishes into the journal.
pub struct Replay<'a> {
    pub core: Core,
    pub journal: Journal,
    merge: Merge,
    pace: Pace,
    /// While the recording's checkpoints are compared.
    verification: Option<Verification>,
    recorder: Option<Recorder>,
    observer: &'a mut dyn Observer,
    /// Called on a timer while it runs, and once at the end.
    progress: Option<&'a mut dyn FnMut(ReplayProgress)>,
    /// SIGHUP: what was read anew or why it was refused, in words for the log.
    reload: &'a mut dyn FnMut() -> Result<Reloaded, String>,
    effects: Effects,
    outcome: Option<Outcome>,
    first: Option<Timestamp>,
    last: Stamp,
    recorded_trailer: bool,
    finished: bool,
    /// It could not be written: no second try, what is not written is said.
    ledger_broken: bool,
}

impl<'a> Replay<'a> {
    pub fn new(
        core: Core,
        journal: Journal,
        plan: Plan,
        observer: &'a mut dyn Observer,
        progress: Option<&'a mut dyn FnMut(ReplayProgress)>,
        reload: &'a mut dyn FnMut() -> Result<Reloaded, String>,
    ) -> Self {
        Self {
            core,
            journal,
            merge: Merge::new(plan.feeds),
            pace: Pace::new(plan.speed),
            verification: plan.verify.then(Verification::default),
            recorder: plan.recorder,
            observer,
            progress,
            reload,
            effects: Vec::with_capacity(EFFECTS_ROOM),
            outcome: None,
            first: None,
            last: Stamp::default(),
            recorded_trailer: false,
            finished: false,
            ledger_broken: false,
        }
    }

    /// How it ended; meaningful once the loop has.
    pub fn outcome(&self) -> Outcome {
        self.outcome
            .clone()
            .unwrap_or_else(|| Outcome::Failed("the loop ended before the replay".to_owned()))
    }

    /// First and last market data by exchange time.
    pub fn span(&self) -> (Option<Timestamp>, Option<Timestamp>) {
        (self.first, self.first.map(|_| self.last.wall))
    }

    /// Checkpoints that were compared and found equal.
    pub fn checked(&self) -> u64 {
        self.verification.as_ref().map_or(0, Verification::checked)
    }

    /// Recordings ended in a trailer, as they do when their writer closed them.
    pub fn saw_trailer(&self) -> bool {
        self.recorded_trailer
    }

    /// The recordings, for what was damaged in them.
    pub fn feeds(&self) -> &[Feed] {
        &self.merge.feeds
    }

    /// Core and journal, for the last rows.
    pub fn into_parts(self) -> (Core, Journal) {
        (self.core, self.journal)
    }

    fn fail(&mut self, text: String) {
        self.outcome.get_or_insert(Outcome::Failed(text));
    }

    /// One step of the recording. `None`: more at once.
    fn step(&mut self, now: i64) -> Option<Progress> {
        let limit = match &self.pace {
            Pace::Unlimited => i64::MAX,
            Pace::Times { .. } => {
                let first = match self.merge.first() {
                    Ok(first) => first,
                    Err(error) => {
                        self.fail(error.to_string());
                        return None;
                    }
                };
                self.pace.limit(now, first)
            }
        };
        match self.merge.next(limit) {
            Ok(Step::Trades(rows)) => {
                let (Some(first), Some(last)) = (rows.first(), rows.last()) else {
                    return None;
                };
                self.first.get_or_insert(first.stamp.wall);
                self.last = last.stamp;
                match &mut self.recorder {
                    None => self.core.handle_trades(rows, &mut self.effects),
                    // One by one, so that what follows from a trade stands right behind it.
                    Some(recorder) => {
                        for row in rows {
                            let before = self.effects.len();
                            recorder.trade(row);
                            self.core
                                .handle_trades(std::slice::from_ref(row), &mut self.effects);
                            recorder.outputs(&self.effects[before..]);
                        }
                    }
                }
            }
            Ok(Step::Candles(rows)) => {
                let (Some(first), Some(last)) = (rows.first(), rows.last()) else {
                    return None;
                };
                self.first.get_or_insert(first.stamp.wall);
                self.last = last.stamp;
                for row in rows {
                    let before = self.effects.len();
                    if let Some(recorder) = &mut self.recorder {
                        recorder.candle(row);
                    }
                    self.core.handle_candle(row, &mut self.effects);
                    if let Some(recorder) = &mut self.recorder {
                        recorder.outputs(&self.effects[before..]);
                    }
                }
            }
            Ok(Step::Entry(entry)) => self.entry(entry),
            Ok(Step::NotBefore(at)) => return Some(Progress::WaitUntil(self.pace.due(at))),
            Ok(Step::Starved) => return Some(Progress::WaitForEffect),
            Ok(Step::Ended) => {
                self.outcome.get_or_insert(Outcome::Complete);
            }
            Err(error) => self.fail(error.to_string()),
        }
        None
    }

    fn entry(&mut self, entry: Entry) {
        match entry {
            Entry::Input { stamp, input } => {
                self.first.get_or_insert(stamp.wall);
                self.last = stamp;
                self.input(stamp, input);
            }
            Entry::Turn(stamp) => {
                self.last = stamp;
                let before = self.effects.len();
                self.core.turn(stamp, &mut self.effects);
                if let Some(recorder) = &mut self.recorder {
                    recorder.turn(stamp);
                    recorder.outputs(&self.effects[before..]);
                }
            }
            Entry::Checkpoint(expected) => self.compare(&expected),
            // Outputs stand there for people and tools; the hash covers what they say.
            Entry::Record(_) | Entry::Frame { .. } => {}
            Entry::Trailer(_) => self.recorded_trailer = true,
        }
    }

    /// One input into the core, and into the recording.
    fn input(&mut self, stamp: Stamp, input: Input) {
        let before = self.effects.len();
        if let Some(recorder) = &mut self.recorder {
            recorder.input(stamp, input.clone());
        }
        self.core.handle(stamp, input, &mut self.effects);
        if let Some(recorder) = &mut self.recorder {
            recorder.outputs(&self.effects[before..]);
        }
    }

    fn compare(&mut self, expected: &Checkpoint) {
        if let Some(verification) = &mut self.verification
            && let Err(text) = verification.compare(expected, &self.core)
        {
            self.fail(text);
        }
    }

    /// The core's wishes: rows to the journal; questions get the answer of a replay.
    fn carry_out(&mut self, now: i64) {
        if let Some(verification) = &mut self.verification
            && let Err(text) = verification.note(&self.effects)
        {
            self.fail(text);
        }
        // A model's answer may ask again: bounded by the candles of one input.
        for _ in 0..ANSWERS_IN_A_ROW {
            let questions = self.journal.take(&mut self.effects, now, self.observer);
            if questions.is_empty() {
                return;
            }
            for ModelRequest { run, .. } in questions {
                let answer = not_recorded();
                self.input(self.last, Input::Answer { run, answer });
            }
        }
    }

    fn submit_reads(&mut self, shell: &mut Shell<ReplayJob>) {
        for (index, feed) in self.merge.feeds.iter_mut().enumerate() {
            if let Some((reader, buffer)) = feed.next_read() {
                let job = ReplayJob::Read {
                    feed: index,
                    reader,
                    buffer,
                };
                submit(shell, EffectClass::MarketData, job);
            }
        }
    }

    fn submit_commit(&mut self, commit: Option<Commit>, shell: &mut Shell<ReplayJob>) {
        if let Some(commit) = commit {
            submit(shell, EffectClass::Ledger, ReplayJob::Commit(commit));
        }
    }

    /// The recording is through (or given up): write the rest, then end.
    fn wind_up(&mut self, now: i64, shell: &mut Shell<ReplayJob>) -> Progress {
        if !self.finished {
            self.finished = true;
            self.journal.finish(&self.core.holds(), now);
            self.report_progress();
            if let Some(recorder) = &mut self.recorder {
                recorder.finish_session(&self.core, self.last);
            }
        }
        if !self.recording_ended(shell) {
            return Progress::WaitForEffect;
        }
        if !self.ledger_broken {
            let commit = self.journal.everything();
            self.submit_commit(commit, shell);
            if !self.journal.is_idle() {
                return Progress::WaitForEffect;
            }
        }
        shell.request_exit(0);
        Progress::Idle
    }

    /// Hands over what is still to be recorded; whether nothing is left.
    fn recording_ended(&mut self, shell: &mut Shell<ReplayJob>) -> bool {
        let Some(recorder) = &mut self.recorder else {
            return true;
        };
        if let Some(batch) = recorder.everything() {
            submit(shell, EffectClass::Storage, ReplayJob::Record(batch));
        }
        recorder.is_idle()
    }

    fn submit_recording(&mut self, shell: &mut Shell<ReplayJob>) {
        let Some(recorder) = &mut self.recorder else {
            return;
        };
        recorder.maybe_rotate(&self.core, self.last);
        if let Some(batch) = recorder.due() {
            submit(shell, EffectClass::Storage, ReplayJob::Record(batch));
        }
    }

    fn report_progress(&mut self) {
        if let Some(show) = &mut self.progress {
            show(ReplayProgress {
                inputs: self.core.inputs(),
                at: self.last.wall,
                bytes: self.merge.feeds.iter().map(Feed::bytes).sum(),
            });
        }
    }
}

impl Application for Replay<'_> {
    type Job = ReplayJob;

    fn start(&mut self, shell: &mut Shell<ReplayJob>) -> std::io::Result<()> {
        self.submit_reads(shell);
        if self.progress.is_some() {
            shell.arm(shell.now_ms() + PROGRESS_MS, PROGRESS_TAG);
        }
        Ok(())
    }

    fn on_signal(&mut self, signal: Signal, shell: &mut Shell<ReplayJob>) {
        match signal {
            Signal::Interrupt | Signal::Terminate => {
                self.outcome.get_or_insert(Outcome::Interrupted(signal));
                shell.resume_work();
            }
            // Nothing that decides changes, so that the result depends on recording and
            // configuration only.
            Signal::Reload => match (self.reload)() {
                Ok(mut reloaded) => {
                    let limits = reloaded.tighter(self.core.settings());
                    reloaded.needs_restart.extend(limits.into_keys());
                    log::info("config", &reloaded.text(), &[]);
                }
                Err(text) => log::error("config", &text, &[]),
            },
            Signal::EmergencyStop => {
                let close = self.core.settings().risk.emergency_close;
                let command = Input::Command(Command::EmergencyStop { close });
                self.input(self.last, command);
                self.carry_out(shell.at().mono);
                log::warn(
                    "core",
                    "emergency stop by signal",
                    &[("at", &self.last.wall)],
                );
            }
            // The loop writes it.
            Signal::StatusDump => {}
        }
    }

    fn on_effect(&mut self, report: EffectReport<ReplayOutput>, _shell: &mut Shell<ReplayJob>) {
        if report.arrival == Arrival::Late {
            return;
        }
        match report.outcome {
            EffectOutcome::Done(ReplayOutput::Read {
                feed,
                reader,
                chunk,
            }) => {
                if let Err(error) = self.merge.feeds[feed].deliver(reader, chunk) {
                    self.fail(error.to_string());
                }
            }
            EffectOutcome::Done(ReplayOutput::Written(written)) => {
                if let Err(error) = self.journal.written(written) {
                    self.ledger_broken = true;
                    self.fail(error.to_string());
                }
            }
            EffectOutcome::Done(ReplayOutput::Recorded(recorded)) => {
                let outcome = self.recorder.as_mut().map(|r| r.returned(recorded));
                if let Some(Err(error)) = outcome {
                    self.recorder = None;
                    self.fail(error.to_string());
                }
            }
            other => {
                let text = other.failure().unwrap_or_default();
                self.fail(format!(
                    "a worker's {} job ended: {text}",
                    report.class.name()
                ));
            }
        }
    }

    fn work(&mut self, budget: WorkBudget, shell: &mut Shell<ReplayJob>) -> Progress {
        let now = shell.at().mono;
        while self.outcome.is_none() {
            if self.journal.is_full() || self.recorder.as_ref().is_some_and(Recorder::is_full) {
                return Progress::WaitForEffect;
            }
            let pause = self.step(now);
            self.carry_out(now);
            self.submit_reads(shell);
            let commit = self.journal.due(now);
            self.submit_commit(commit, shell);
            self.submit_recording(shell);
            if let Some(pause) = pause {
                return pause;
            }
            if budget.is_spent() {
                return Progress::More;
            }
        }
        self.wind_up(now, shell)
    }

    fn turn(&mut self, shell: &mut Shell<ReplayJob>) {
        let commit = self.journal.due(shell.at().mono);
        self.submit_commit(commit, shell);
    }

    fn next_deadline(&mut self) -> Option<u64> {
        let due = self.journal.next_deadline()?;
        Some(u64::try_from(due).unwrap_or(0).div_ceil(1_000_000))
    }

    fn on_timer(&mut self, tag: u64, shell: &mut Shell<ReplayJob>) {
        if tag == PROGRESS_TAG && !self.finished {
            self.report_progress();
            shell.arm(shell.now_ms() + PROGRESS_MS, PROGRESS_TAG);
        }
    }

    fn status(&self, status: &mut ApplicationStatus) {
        status.queues.push(QueueView {
            name: "ledger_rows".to_owned(),
            used: self.journal.pending(),
            capacity: crate::store::ledger::batcher::BatchLimits::REPLAY.rows,
            high_water: self.journal.pending(),
            dropped: 0,
        });
        let counts = self.core.counts();
        let details = [
            ("inputs", self.core.inputs().into()),
            ("at", self.last.wall.to_string().into()),
            ("state_hash", self.core.state_hash().to_string().into()),
            ("candles", counts.candles.into()),
            ("decisions", counts.decisions.into()),
            ("trades", counts.trades.into()),
            ("equity", self.core.equity().to_string().into()),
            ("rows_written", self.journal.rows_written.into()),
        ];
        for (name, value) in details {
            status.details.insert(name.to_owned(), value);
        }
    }
}
