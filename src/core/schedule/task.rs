//! What a scheduled task is: its description, its place in its life cycle and its statistics.
//!
//! Not the rules of when it runs: those are the scheduler's. Invariants: a task is in exactly one
//! phase, so it can never be in flight twice. Limits: 64 durations for mean and p95, 60 minute
//! buckets for the completion rate.

use crate::schedule::wheel::TimerKey;
use crate::units::Ring;
use serde::Serialize;

/// Durations kept a task; mean and p95 are over these.
const DURATIONS_KEPT: usize = 64;
/// Minutes that the completion rate looks back.
const MINUTES: u64 = 60;
const MINUTE_MS: u64 = 60_000;

/// Classes in the order in which due tasks start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum TaskClass {
    Risk,
    Trading,
    Market,
    Housekeeping,
}

impl TaskClass {
    /// A disabled task of this class is tried again from time to time by itself.
    pub const fn is_probed(self) -> bool {
        !matches!(self, Self::Housekeeping)
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::Risk => "risk",
            Self::Trading => "trading",
            Self::Market => "market",
            Self::Housekeeping => "housekeeping",
        }
    }
}

/// When a task becomes due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    /// Every so many milliseconds (> 0), without drift.
    Every(u64),
    /// Only when triggered, or at a time set by its owner: candle closes, midnight, idle deadlines.
    OnDemand,
}

impl Period {
    /// The interval in milliseconds; 0 when there is none.
    pub const fn interval_ms(self) -> u64 {
        match self {
            Self::Every(interval) => interval,
            Self::OnDemand => 0,
        }
    }
}

/// A task to add.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskSpec {
    /// `^[a-z_]{1,40}$`, unique.
    pub name: &'static str,
    pub class: TaskClass,
    pub period: Period,
    /// Limit of one run in milliseconds; `None` = the scheduler's.
    pub timeout_ms: Option<u64>,
}

/// Names a task: its registration index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct TaskId(pub u16);

/// Names one run of a task. Never used twice, so a late answer is recognised by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Run {
    pub task: TaskId,
    /// 1 for the first run.
    pub number: u64,
}

/// Where a task stands.
#[derive(Clone, Debug)]
pub(super) enum Phase {
    /// Nothing to do before its alarm; without one it is disabled or on demand.
    Idle {
        alarm: Option<(TimerKey, u64)>,
    },
    /// Due since `due`, waiting for a place.
    Waiting {
        due: u64,
    },
    InFlight(Flight),
}

/// A run in flight.
#[derive(Clone, Debug)]
pub(super) struct Flight {
    pub started: u64,
    /// The scheduled time that this run serves.
    pub scheduled: u64,
    pub limit: TimerKey,
    pub code: Code,
    pub open_effects: u32,
    /// The first failure; the run ends as failed once everything it started has ended.
    pub failure: Option<super::events::TaskFailure>,
}

/// Whether the task's own code is still to return.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Code {
    Running,
    Returned,
}

/// Whether a task runs, and who decided that it does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Enabled,
    /// By failures in a row; probed where the class says so.
    Failed,
    /// By the operator or by configuration; never probed.
    Off,
}

#[derive(Clone, Debug)]
pub(super) struct Task {
    pub spec: TaskSpec,
    pub standing: Standing,
    pub phase: Phase,
    /// Failures in a row.
    pub error_count: u32,
    /// Number of the newest run.
    pub run: u64,
    /// Due again at this time once the present run has ended: set on demand while in flight.
    pub wanted: Option<u64>,
    pub statistics: Statistics,
}

/// Counters and durations of one task.
#[derive(Clone, Debug)]
pub(super) struct Statistics {
    pub runs: u64,
    pub failures: u64,
    pub timeouts: u64,
    pub skipped: u64,
    pub last_start: Option<u64>,
    durations: Ring<u64>,
    minutes: [Minute; MINUTES as usize],
}

/// What finished in one minute.
#[derive(Clone, Copy, Debug, Default)]
struct Minute {
    number: u64,
    finished: u32,
    succeeded: u32,
}

impl Default for Statistics {
    fn default() -> Self {
        Self {
            runs: 0,
            failures: 0,
            timeouts: 0,
            skipped: 0,
            last_start: None,
            durations: Ring::new(DURATIONS_KEPT),
            minutes: [Minute::default(); MINUTES as usize],
        }
    }
}

impl Statistics {
    /// Notes the end of a run.
    pub fn finished(&mut self, now: u64, duration_ms: u64, succeeded: bool) {
        self.durations.push(duration_ms);
        let number = now / MINUTE_MS;
        let minute = &mut self.minutes[(number % MINUTES) as usize];
        if minute.number != number {
            *minute = Minute {
                number,
                ..Minute::default()
            };
        }
        minute.finished = minute.finished.saturating_add(1);
        minute.succeeded = minute.succeeded.saturating_add(u32::from(succeeded));
    }

    pub fn last_duration(&self) -> Option<u64> {
        self.durations.newest().copied()
    }

    /// Mean of the kept durations in milliseconds.
    pub fn mean_duration(&self) -> Option<u64> {
        let sum: u64 = self.durations.iter().sum();
        sum.checked_div(self.durations.len() as u64)
    }

    /// 95th percentile (nearest rank) of the kept durations in milliseconds.
    pub fn p95_duration(&self) -> Option<u64> {
        let mut sorted: Vec<u64> = self.durations.iter().copied().collect();
        sorted.sort_unstable();
        let rank = (sorted.len() * 95).div_ceil(100);
        sorted.get(rank.checked_sub(1)?).copied()
    }

    /// Successes / finished of the last hour; `None` when nothing finished.
    pub fn completion_rate(&self, now: u64) -> Option<f64> {
        let current = now / MINUTE_MS;
        let recent = |minute: &&Minute| {
            minute.number <= current && current - minute.number < MINUTES && minute.finished > 0
        };
        let (finished, succeeded) = self.minutes.iter().filter(recent).fold(
            (0u64, 0u64),
            |(finished, succeeded), minute| {
                (
                    finished + u64::from(minute.finished),
                    succeeded + u64::from(minute.succeeded),
                )
            },
        );
        (finished > 0).then(|| succeeded as f64 / finished as f64)
    }
}

/// What `status`, `ctl tasks` and metrics show of a task. Times in milliseconds of the monotonic
/// clock, durations in milliseconds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TaskView {
    pub name: &'static str,
    pub class: TaskClass,
    pub enabled: bool,
    /// `idle`, `waiting` or `in_flight`.
    pub state: &'static str,
    pub error_count: u32,
    pub next_due_ms: Option<u64>,
    pub last_start_ms: Option<u64>,
    pub last_duration_ms: Option<u64>,
    pub mean_duration_ms: Option<u64>,
    pub p95_duration_ms: Option<u64>,
    pub runs: u64,
    pub failures: u64,
    pub timeouts: u64,
    pub skipped: u64,
    /// Successes / finished of the last hour.
    pub completion_rate: Option<f64>,
}

impl Task {
    /// The task as shown at `now`.
    pub fn view(&self, now: u64) -> TaskView {
        let (state, next_due_ms) = match &self.phase {
            Phase::Idle { alarm } => ("idle", alarm.map(|(_, due)| due)),
            Phase::Waiting { due } => ("waiting", Some(*due)),
            Phase::InFlight(_) => ("in_flight", self.wanted),
        };
        let statistics = &self.statistics;
        TaskView {
            name: self.spec.name,
            class: self.spec.class,
            enabled: self.standing == Standing::Enabled,
            state,
            error_count: self.error_count,
            next_due_ms,
            last_start_ms: statistics.last_start,
            last_duration_ms: statistics.last_duration(),
            mean_duration_ms: statistics.mean_duration(),
            p95_duration_ms: statistics.p95_duration(),
            runs: statistics.runs,
            failures: statistics.failures,
            timeouts: statistics.timeouts,
            skipped: statistics.skipped,
            completion_rate: statistics.completion_rate(now),
        }
    }
}

/// `^[a-z_]{1,40}$`
pub(super) fn is_valid_name(name: &str) -> bool {
    (1..=40).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_lowercase_words() {
        assert!(is_valid_name("risk_monitoring"));
        for bad in ["", "Risk", "a-b", "a1", &"a".repeat(41)] {
            assert!(!is_valid_name(bad), "{bad:?}");
        }
    }

    #[test]
    fn the_completion_rate_forgets_after_an_hour() {
        let mut statistics = Statistics::default();
        statistics.finished(0, 5, false);
        statistics.finished(30 * MINUTE_MS, 5, true);
        assert_eq!(statistics.completion_rate(59 * MINUTE_MS), Some(0.5));
        assert_eq!(statistics.completion_rate(60 * MINUTE_MS), Some(1.0));
        assert_eq!(statistics.completion_rate(90 * MINUTE_MS), None);
    }

    #[test]
    fn p95_is_the_nearest_rank() {
        let mut statistics = Statistics::default();
        assert_eq!(statistics.p95_duration(), None);
        for duration in 1..=20 {
            statistics.finished(0, duration, true);
        }
        assert_eq!(statistics.p95_duration(), Some(19));
        assert_eq!(statistics.mean_duration(), Some(10));
    }
}
