//! What the scheduler says: tasks started, ended, given up, recovered, and why one was refused.
//!
//! Plain values. Not here: the rules that lead to them.

use super::task::{Run, TaskId};
use std::fmt;

/// Why a task was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AddError {
    BadName(String),
    Duplicate(&'static str),
    /// Interval or limit of 0.
    NoInterval(&'static str),
    TooMany,
}

impl fmt::Display for AddError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadName(name) => write!(f, "task name `{name}`: expected ^[a-z_]{{1,40}}$"),
            Self::Duplicate(name) => write!(f, "task `{name}` exists already"),
            Self::NoInterval(name) => {
                write!(
                    f,
                    "task `{name}`: interval and limit must be greater than 0"
                )
            }
            Self::TooMany => write!(f, "more than {} tasks", u16::MAX),
        }
    }
}

impl std::error::Error for AddError {}

/// Why a run failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TaskFailure {
    /// The task's code reported it.
    Code(String),
    /// An effect that the task called essential failed.
    Effect(String),
    /// Not over within its limit; `open_effects` were still awaited.
    TimedOut { limit_ms: u64, open_effects: u32 },
}

impl fmt::Display for TaskFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(text) | Self::Effect(text) => f.write_str(text),
            Self::TimedOut {
                limit_ms,
                open_effects,
            } => write!(
                f,
                "timed out after {}.{} s waiting for {open_effects} effects",
                limit_ms / 1000,
                limit_ms % 1000 / 100
            ),
        }
    }
}

/// Whether the failure of an effect fails the task that started it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    Essential,
    Optional,
}

/// What happened, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TaskEvent {
    /// The owner runs the task's code now and reports with `Scheduler::returned`.
    Started(Run),
    Succeeded {
        run: Run,
        duration_ms: u64,
    },
    /// The owner cancels or abandons what the run still has open.
    Failed {
        run: Run,
        failure: TaskFailure,
        /// Failures in a row, this one included.
        error_count: u32,
        /// When it is tried again; `None` = not by itself.
        retry_at_ms: Option<u64>,
    },
    /// Given up after failures in a row; critical for class risk.
    Disabled {
        task: TaskId,
        error_count: u32,
    },
    /// A probe of a disabled task succeeded: it runs again.
    Recovered(TaskId),
}
