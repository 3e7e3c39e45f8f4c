//! The one event loop: poll, then the phases of a turn in a fixed order, each within its budget.
//!
//! Nothing ticks. The loop sleeps exactly to the next deadline, or for ever when none is armed; work
//! left over makes the next poll return at once, and every turn polls, so no source, timer, signal
//! or result is ever starved. One clock reading a turn is shared by everything in it. Not here: any
//! meaning; that is the application's.

use super::application::{Application, EffectReport, Progress, WorkBudget};
use super::clock::{self, Clock};
use super::effect_table::{EffectSettings, EffectTable};
use super::jobs::{EffectClass, EffectRequest, Job};
use super::meters::{Meters, Phase};
use super::shell::{Shell, ShellTimer};
use super::signals::{Signal, Signals};
use super::sources::{Readiness, SourceKind, Sources};
use super::status::ApplicationStatus;
use super::worker_thread::WorkerView;
use super::workers::{Pool, PoolSettings};
use crate::core::schedule::{TimerKey, Wheel, mono_ms};
use crate::log;
use mio::{Events, Poll, Token, Waker};
use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// Results that a turn handles at most.
const RESULTS_A_TURN: usize = 25;
/// Readiness events fetched by one poll; what is left comes with the next one.
pub(super) const EVENTS_A_POLL: usize = 256;
/// Status of a loop that left something unresolved.
const UNRESOLVED: u8 = 3;
/// How much later than wished the log may be kept.
const LOG_TIMER_SLACK_MS: u64 = 10;
const TARGET: &str = "loop";
/// Tokens of the loop's own sources lie above every other one.
const WAKER: Token = Token(usize::MAX / 2);
const FIRST_SIGNAL: usize = usize::MAX / 2 + 1;

/// Settings of the machinery; durations as stated.
#[derive(Clone, Debug)]
pub struct LoopSettings {
    pub effects: EffectSettings,
    pub pool: PoolSettings,
    /// One slice of [`Application::work`].
    pub work_slice: Duration,
    /// From the first stop signal to the end, whatever is left.
    pub shutdown_timeout: Duration,
    /// Joining the workers at the end; within the time above.
    pub executor_shutdown_timeout: Duration,
}

impl Default for LoopSettings {
    fn default() -> Self {
        Self {
            effects: EffectSettings::default(),
            pool: PoolSettings::default(),
            work_slice: Duration::from_millis(10),
            shutdown_timeout: Duration::from_secs(15),
            executor_shutdown_timeout: Duration::from_secs(10),
        }
    }
}

/// How a loop ended.
#[derive(Clone, Debug)]
pub struct LoopEnd {
    /// What was asked for.
    pub code: u8,
    /// Workers that did not join.
    pub stuck: Vec<WorkerView>,
    /// Jobs that no worker had taken.
    pub dropped_jobs: usize,
}

impl LoopEnd {
    /// The process's status: 3 instead of 0 when a worker did not join.
    pub fn exit_code(&self) -> u8 {
        match self.code {
            0 if !self.stuck.is_empty() => UNRESOLVED,
            code => code,
        }
    }
}

pub struct EventLoop<J: Job> {
    settings: LoopSettings,
    poll: Poll,
    events: Events,
    clock: Clock,
    signals: Signals,
    shell: Shell<J>,
    progress: Progress,
    /// An effect ended in this turn: work that waits for one goes on.
    effect_ended: bool,
    log_timer: Option<(TimerKey, u64)>,
    /// The deadline that the loop slept to, in milliseconds.
    slept_to: Option<u64>,
    /// Monotonic nanoseconds by which everything must be over, once a stop was asked for.
    stop_by_ns: Option<i64>,
}

impl<J: Job> EventLoop<J> {
    /// Sets up the machinery and installs the signal handlers.
    ///
    /// # Errors
    /// The system gives no poll, socket or thread, or refuses a signal handler.
    pub fn new(settings: LoopSettings) -> io::Result<Self> {
        let poll = Poll::new()?;
        let waker = Arc::new(Waker::new(poll.registry(), WAKER)?);
        let mut clock = Clock::default();
        let (at, _) = clock.turn();
        let now = mono_ms(at);
        let mut pool_settings = settings.pool.clone();
        // Admission is the only limit: a lane holds whatever may be in flight.
        pool_settings.lane_capacity = pool_settings
            .lane_capacity
            .max(settings.effects.max_in_flight);
        // One worker stays free of model calls, and with it one is free of slow jobs even when all
        // of them hang.
        let mut effects = settings.effects.clone();
        let calls = &mut effects.class_caps[EffectClass::Llm.index()];
        *calls = (*calls).min(settings.pool.threads.saturating_sub(1).max(1));
        let shell = Shell {
            at,
            started_ms: now,
            registry: poll.registry().try_clone()?,
            sources: Sources::default(),
            effects: EffectTable::new(effects, now),
            pool: Pool::new(pool_settings, waker)?,
            timers: Wheel::new(now),
            reports: VecDeque::new(),
            begins: VecDeque::new(),
            stuck: BTreeMap::new(),
            meters: Meters::default(),
            exit: None,
            wants_work: false,
        };
        Ok(Self {
            signals: Signals::install(poll.registry(), FIRST_SIGNAL)?,
            poll,
            events: Events::with_capacity(EVENTS_A_POLL),
            clock,
            shell,
            progress: Progress::More,
            effect_ended: false,
            log_timer: None,
            slept_to: None,
            stop_by_ns: None,
            settings,
        })
    }

    /// For what is set up before the loop runs: listeners, first effects.
    pub fn shell(&mut self) -> &mut Shell<J> {
        &mut self.shell
    }

    /// Runs until somebody asks for the end, then joins the workers.
    ///
    /// # Errors
    /// The application does not start, or the poll fails.
    pub fn run<A: Application<Job = J>>(mut self, application: &mut A) -> io::Result<LoopEnd> {
        application.start(&mut self.shell)?;
        loop {
            if let Some(code) = self.shell.exit {
                return Ok(self.end(code, application));
            }
            self.sleep(application)?;
            self.turn(application);
        }
    }

    /// One turn, in the order: signals, results, accounts, markets, clients, work, timers, flush.
    fn turn<A: Application<Job = J>>(&mut self, application: &mut A) {
        let (at, clock_events) = self.clock.turn();
        self.shell.at = at;
        self.shell.meters.begin(at.mono);
        self.measure_lag();
        self.collect_readiness();
        for event in clock_events.into_iter().flatten() {
            log::warn(TARGET, "clock", &[("event", &format_args!("{event:?}"))]);
            application.on_clock(event, &mut self.shell);
        }
        self.serve_signals(application);
        self.phase(Phase::Signals);
        self.serve_effects(application);
        self.phase(Phase::Effects);
        self.serve_sources(SourceKind::Account, application);
        self.phase(Phase::Accounts);
        self.serve_sources(SourceKind::Market, application);
        self.phase(Phase::Markets);
        self.serve_sources(SourceKind::Client, application);
        self.phase(Phase::Clients);
        self.work(application);
        self.phase(Phase::Work);
        self.serve_timers(application);
        application.turn(&mut self.shell);
        self.phase(Phase::Timers);
        application.before_sleep(&mut self.shell);
        self.shell.sources.reap();
        self.keep_the_log(application);
        self.phase(Phase::Flush);
        self.judge_the_turn();
    }

    fn phase(&mut self, phase: Phase) {
        self.shell.meters.phase(phase, clock::monotonic_ns());
    }

    fn measure_lag(&mut self) {
        let now = self.shell.now_ms();
        if let Some(due) = self.slept_to.take().filter(|due| *due <= now) {
            let lag_ns = self.shell.at.mono - (due as i64).saturating_mul(1_000_000);
            let lag_us = u64::try_from(lag_ns / 1000).unwrap_or(0);
            self.shell.meters.lag.record(lag_us);
        }
    }

    fn collect_readiness(&mut self) {
        for event in &self.events {
            let token = event.token();
            // The waker's own event says nothing: results are fetched every turn.
            if token == WAKER || self.signals.mark(token) {
                continue;
            }
            let news = Readiness {
                readable: event.is_readable(),
                writable: event.is_writable(),
                closed: event.is_read_closed() || event.is_write_closed() || event.is_error(),
            };
            self.shell.sources.mark(token, news);
        }
        self.events.clear();
    }

    fn serve_signals<A: Application<Job = J>>(&mut self, application: &mut A) {
        while let Some(signal) = self.signals.next() {
            if signal == Signal::StatusDump {
                self.dump_status(application);
                continue;
            }
            log::info(TARGET, "signal", &[("name", &signal.name())]);
            if signal.is_stop() && self.stop_by_ns.is_none() {
                let limit = nanoseconds(self.settings.shutdown_timeout);
                let by_ns = self.shell.at.mono.saturating_add(limit);
                self.stop_by_ns = Some(by_ns);
                let due = u64::try_from(by_ns / 1_000_000).unwrap_or(0);
                self.shell.timers.arm(due, ShellTimer::ShutdownDeadline);
            }
            application.on_signal(signal, &mut self.shell);
        }
    }

    fn dump_status<A: Application<Job = J>>(&mut self, application: &mut A) {
        let mut part = ApplicationStatus::default();
        application.status(&mut part);
        let deadline = application.next_deadline();
        let status = self.shell.status(part, deadline);
        log::dump(TARGET, "status", &status.to_json());
    }

    fn serve_effects<A: Application<Job = J>>(&mut self, application: &mut A) {
        self.shell.expire_effects();
        for _ in 0..RESULTS_A_TURN {
            let Some(report) = self.next_report() else {
                break;
            };
            self.effect_ended = true;
            application.on_effect(report, &mut self.shell);
        }
        self.shell.hand_over();
        // Bounded by the places of the effect table.
        while let Some((id, tag)) = self.shell.begins.pop_front() {
            application.on_begin(id, tag, &mut self.shell);
        }
    }

    fn next_report(&mut self) -> Option<EffectReport<J::Output>> {
        if let Some(report) = self.shell.reports.pop_front() {
            return Some(report);
        }
        let end = self.shell.pool.try_result()?;
        Some(self.shell.book(end))
    }

    /// Serves each source of a kind that is ready now, once.
    fn serve_sources<A: Application<Job = J>>(&mut self, kind: SourceKind, application: &mut A) {
        for _ in 0..self.shell.sources.ready(kind) {
            let Some((token, readiness)) = self.shell.sources.next(kind) else {
                break;
            };
            let state = application.on_ready(token, readiness, kind.budget(), &mut self.shell);
            self.shell.sources.served(token, readiness, state);
        }
    }

    fn work<A: Application<Job = J>>(&mut self, application: &mut A) {
        let resumed = std::mem::take(&mut self.shell.wants_work);
        let ended = std::mem::take(&mut self.effect_ended);
        let is_due = match self.progress {
            Progress::More => true,
            Progress::WaitUntil(at) => resumed || at <= self.shell.at.mono,
            Progress::WaitForEffect => resumed || ended,
            Progress::Idle => resumed,
        };
        if is_due {
            let slice = nanoseconds(self.settings.work_slice);
            let until_ns = clock::monotonic_ns().saturating_add(slice);
            self.progress = application.work(WorkBudget { until_ns }, &mut self.shell);
        }
    }

    fn serve_timers<A: Application<Job = J>>(&mut self, application: &mut A) {
        self.shell.timers.advance(self.shell.now_ms());
        // What hooks arm for now meanwhile may have to wait for the next turn.
        for _ in 0..self.shell.timers.len() {
            let Some(timer) = self.shell.timers.pop() else {
                break;
            };
            match timer.value {
                ShellTimer::LogDue => {
                    self.log_timer = None;
                    log::tick();
                }
                ShellTimer::Application(tag) => application.on_timer(tag, &mut self.shell),
                ShellTimer::StuckCheck(id, class) => {
                    if self.shell.pool.is_running(id) {
                        self.shell.stuck.insert(id, class);
                        let fields: log::Fields<'_> = &[("effect", &id), ("class", &class.name())];
                        log::error(TARGET, "worker_stuck", fields);
                        application.on_worker_stuck(id, class, &mut self.shell);
                    }
                }
                ShellTimer::ShutdownDeadline => {
                    let fields: log::Fields<'_> = &[
                        ("effects_in_flight", &self.shell.effects.in_flight()),
                        ("effects_waiting", &self.shell.effects.waiting()),
                    ];
                    log::error(TARGET, "shutdown_deadline_passed", fields);
                    application.on_shutdown_deadline(&mut self.shell);
                    self.shell.exit = Some(UNRESOLVED);
                }
            }
        }
    }

    /// Arms the log's timer only while lines are buffered, and starts compressing a full file.
    fn keep_the_log<A: Application<Job = J>>(&mut self, application: &mut A) {
        if let Some(job) = log::take_rotation().and_then(|full| application.rotation_job(full)) {
            // Refused: the file is taken up at the next start, and stays bounded until then.
            let _ = self
                .shell
                .submit(EffectRequest::new(EffectClass::Storage, job));
        }
        if self.stop_by_ns.is_some() {
            // A second stop signal ends the process without another word.
            log::flush();
        }
        let due = log::due_in().map(|left| {
            let due_ns = clock::monotonic_ns().saturating_add(nanoseconds(left));
            u64::try_from(due_ns / 1_000_000).unwrap_or(0) + 1
        });
        match (due, self.log_timer) {
            // Time passes between two readings: only a clearly earlier wish moves the timer.
            (Some(due), Some((_, armed))) if due + LOG_TIMER_SLACK_MS >= armed => {}
            (None, None) => {}
            (due, old) => {
                if let Some((key, _)) = old {
                    self.shell.timers.cancel(key);
                }
                self.log_timer =
                    due.map(|due| (self.shell.timers.arm(due, ShellTimer::LogDue), due));
            }
        }
    }

    fn judge_the_turn(&mut self) {
        if let Some(slow) = self.shell.meters.end() {
            let fields: log::Fields<'_> = &[
                ("turn", &slow.turn),
                ("took_us", &slow.took_us),
                ("phase", &slow.phase.name()),
                ("phase_us", &slow.phase_us),
            ];
            log::warn(TARGET, "slow_turn", fields);
        }
    }

    /// Polls: at once when something is left over, otherwise exactly to the next deadline.
    fn sleep<A: Application<Job = J>>(&mut self, application: &mut A) -> io::Result<()> {
        loop {
            let timeout = self.timeout(application);
            if timeout != Some(Duration::ZERO) {
                self.shell.meters.wake_ups += 1;
            }
            match self.poll.poll(&mut self.events, timeout) {
                // A signal: its handler has written its byte, so the next poll returns at once.
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                    self.shell.meters.interrupted += 1;
                }
                result => return result,
            }
        }
    }

    fn timeout<A: Application<Job = J>>(&mut self, application: &mut A) -> Option<Duration> {
        let work_at = match self.progress {
            Progress::More => Some(0),
            Progress::WaitUntil(at) => Some(at),
            Progress::WaitForEffect | Progress::Idle => None,
        };
        let shell = &mut self.shell;
        let left_over = shell.sources.has_ready()
            || shell.wants_work
            || shell.pool.has_results()
            || !shell.reports.is_empty()
            || !shell.begins.is_empty();
        if left_over {
            return Some(Duration::ZERO);
        }
        let deadlines = [
            application.next_deadline(),
            shell.effects.next_deadline(),
            shell.timers.next_deadline(),
        ];
        let nearest = deadlines.into_iter().flatten().min();
        self.slept_to = nearest;
        let nearest_ns = nearest.map(|due| {
            i64::try_from(due)
                .unwrap_or(i64::MAX)
                .saturating_mul(1_000_000)
        });
        let until = [nearest_ns, work_at].into_iter().flatten().min()?;
        let left = until.saturating_sub(clock::monotonic_ns());
        Some(Duration::from_nanos(u64::try_from(left).unwrap_or(0)))
    }

    /// Joins the workers and tells the application what they still brought.
    fn end<A: Application<Job = J>>(mut self, code: u8, application: &mut A) -> LoopEnd {
        let mut limit = self.settings.executor_shutdown_timeout;
        if let Some(by_ns) = self.stop_by_ns {
            let left = by_ns.saturating_sub(clock::monotonic_ns());
            limit = limit.min(Duration::from_nanos(u64::try_from(left).unwrap_or(0)));
        }
        let shut_down = self.shell.pool.shut_down(limit);
        for end in shut_down.results {
            let report = self.shell.book(end);
            application.on_effect(report, &mut self.shell);
        }
        for worker in &shut_down.stuck {
            let job = worker.job.map_or("none", |job| job.class.name());
            let fields: log::Fields<'_> = &[("worker", &worker.number), ("job", &job)];
            log::error(TARGET, "worker_did_not_join", fields);
        }
        log::flush();
        LoopEnd {
            code,
            stuck: shut_down.stuck,
            dropped_jobs: shut_down.dropped,
        }
    }
}

fn nanoseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}

#[cfg(test)]
#[path = "event_loop_tests.rs"]
mod tests;
