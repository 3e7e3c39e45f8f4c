//! What the loop runs: the one trait that a product, a replay or a test implements.
//!
//! The loop owns machinery (poll, clocks, signals, workers, admission); the application owns
//! meaning. Every hook gets the [`Shell`], through which it submits effects, arms timers, registers
//! sources and asks for the end. Hooks must not block: a turn over 50 ms is logged with its phase.

use super::clock::ClockEvent;
use super::effect_table::Lapse;
use super::jobs::{EffectClass, EffectId, Job, Owner};
use super::shell::Shell;
use super::signals::Signal;
use super::sources::{Readiness, SourceState};
use super::status::ApplicationStatus;
use crate::log::Rotation;
use mio::Token;
use std::io;

/// The end of an effect, as its owner hears of it.
#[derive(Debug)]
pub struct EffectReport<O> {
    pub id: EffectId,
    pub class: EffectClass,
    /// Who asked for it; `None` also for a late result.
    pub owner: Option<Owner>,
    pub arrival: Arrival,
    pub outcome: EffectOutcome<O>,
}

/// Whether a result still counts for whoever asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    InTime,
    /// The effect had ended before, by time or because it was abandoned: the owner has gone on. The
    /// answer to an order, cancel or ledger write matters all the same.
    Late,
}

/// How an effect ended.
#[derive(Debug)]
pub enum EffectOutcome<O> {
    Done(O),
    /// `panicked: ...`
    Panicked(String),
    Lapsed(Lapse),
    /// No lane took it; the text says why.
    Refused(String),
}

impl<O> EffectOutcome<O> {
    /// Why there is no output, as a line of text; `None` for [`EffectOutcome::Done`].
    pub fn failure(&self) -> Option<String> {
        match self {
            Self::Done(_) => None,
            Self::Panicked(text) | Self::Refused(text) => Some(text.clone()),
            Self::Lapsed(Lapse::Displaced) => Some("refused: queue full".to_owned()),
            Self::Lapsed(Lapse::QueueTimeout) => Some("queue timeout".to_owned()),
            Self::Lapsed(Lapse::TimedOut { limit_ms }) => Some(format!(
                "timeout after {}.{} s",
                limit_ms / 1000,
                limit_ms % 1000 / 100
            )),
            Self::Lapsed(Lapse::Abandoned) => Some("abandoned".to_owned()),
        }
    }
}

/// How a source that is no socket stands: a replay, an import.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Call again next turn, without sleep; signals, timers and results are served in between.
    More,
    /// Call again at this monotonic time in nanoseconds: paced replay.
    WaitUntil(i64),
    /// Call again when an effect has ended: its queue was full.
    WaitForEffect,
    /// Nothing to do until [`Shell::resume_work`]; also the end.
    Idle,
}

/// How long one call of [`Application::work`] may go on.
#[derive(Clone, Copy, Debug)]
pub struct WorkBudget {
    pub(super) until_ns: i64,
}

impl WorkBudget {
    /// The slice is over: return. Reads a clock, so ask every few dozen items.
    pub fn is_spent(&self) -> bool {
        super::clock::monotonic_ns() >= self.until_ns
    }
}

/// What runs on the loop. The hooks stand in the order in which a turn calls them.
///
/// ```
/// use minnow::runtime::application::{Application, EffectOutcome, EffectReport};
/// use minnow::runtime::event_loop::{EventLoop, LoopSettings};
/// use minnow::runtime::jobs::{EffectClass, EffectRequest, Job, Slice};
/// use minnow::runtime::shell::Shell;
/// use minnow::runtime::signals::Signal;
///
/// /// A job is a plain value; the product's is an enum.
/// struct Square(u64);
/// impl Job for Square {
///     type Output = u64;
///     fn run(self) -> Slice<Self> {
///         Slice::Done(self.0 * self.0)
///     }
/// }
///
/// /// Squares a number on a worker and stops.
/// #[derive(Default)]
/// struct Once {
///     result: Option<u64>,
/// }
/// impl Application for Once {
///     type Job = Square;
///     fn start(&mut self, shell: &mut Shell<Square>) -> std::io::Result<()> {
///         shell.submit(EffectRequest::new(EffectClass::Storage, Square(12)));
///         Ok(())
///     }
///     fn on_signal(&mut self, _signal: Signal, shell: &mut Shell<Square>) {
///         shell.request_exit(0);
///     }
///     fn on_effect(&mut self, report: EffectReport<u64>, shell: &mut Shell<Square>) {
///         if let EffectOutcome::Done(value) = report.outcome {
///             self.result = Some(value);
///             shell.request_exit(0);
///         }
///     }
/// }
///
/// let mut once = Once::default();
/// let end = EventLoop::new(LoopSettings::default()).unwrap().run(&mut once).unwrap();
/// assert_eq!((end.exit_code(), once.result), (0, Some(144)));
/// ```
pub trait Application: Sized {
    type Job: Job;

    /// Before the first turn.
    ///
    /// # Errors
    /// Whatever keeps it from running; the loop ends with it.
    fn start(&mut self, _shell: &mut Shell<Self::Job>) -> io::Result<()> {
        Ok(())
    }

    /// The wall clock was stepped, or the machine was suspended.
    fn on_clock(&mut self, _event: ClockEvent, _shell: &mut Shell<Self::Job>) {}

    /// A signal other than the status dump, which the loop writes itself. After the first stop
    /// signal the loop ends with status 3 when the shutdown deadline passes.
    fn on_signal(&mut self, signal: Signal, shell: &mut Shell<Self::Job>);

    /// An effect ended. At most 25 a turn.
    fn on_effect(
        &mut self,
        report: EffectReport<<Self::Job as Job>::Output>,
        shell: &mut Shell<Self::Job>,
    );

    /// An effect submitted with [`Shell::submit_on_loop`] has its place: begin it.
    fn on_begin(&mut self, _id: EffectId, _tag: u64, _shell: &mut Shell<Self::Job>) {}

    /// A worker has not come back from a job twice its limit after that was given up: readiness
    /// fails and the watchdog is no longer fed while [`Shell::stuck_workers`] is not 0.
    fn on_worker_stuck(
        &mut self,
        _id: EffectId,
        _class: EffectClass,
        _shell: &mut Shell<Self::Job>,
    ) {
    }

    /// A source is ready: flush, then take at most `budget` messages. Say [`SourceState::Drained`]
    /// only after the source would block.
    fn on_ready(
        &mut self,
        _token: Token,
        _readiness: Readiness,
        _budget: usize,
        _shell: &mut Shell<Self::Job>,
    ) -> SourceState {
        SourceState::Drained
    }

    /// A slice of the source that is no socket. Called from the first turn on until it says
    /// otherwise.
    fn work(&mut self, _budget: WorkBudget, _shell: &mut Shell<Self::Job>) -> Progress {
        Progress::Idle
    }

    /// A timer armed with [`Shell::arm`] has fired: for what never decides (dial, ping, slow
    /// client). What decides lies behind [`Application::turn`].
    fn on_timer(&mut self, _tag: u64, _shell: &mut Shell<Self::Job>) {}

    /// Once a turn, after its inputs: expire what the application times itself, start due tasks.
    fn turn(&mut self, _shell: &mut Shell<Self::Job>) {}

    /// When [`Application::turn`] is wanted next, in monotonic milliseconds.
    fn next_deadline(&mut self) -> Option<u64> {
        None
    }

    /// The last thing in a turn: write what was buffered.
    fn before_sleep(&mut self, _shell: &mut Shell<Self::Job>) {}

    /// Wraps the compression of a full log file as a job of class storage. `None`: it is taken up
    /// at the next start.
    fn rotation_job(&mut self, _rotation: Rotation) -> Option<Self::Job> {
        None
    }

    /// Adds the application's part to a status dump.
    fn status(&self, _status: &mut ApplicationStatus) {}
}
