//! The numbers that pace tasks, and the arithmetic of periods and back-off.
//!
//! Not here: which task runs. All durations are milliseconds.

use super::task::{Period, TaskClass};

/// Plain numbers of the scheduler; durations in milliseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchedulerSettings {
    /// Tasks in flight at most (>= 1).
    pub max_in_flight: usize,
    /// Tasks started in one turn at most (>= 1).
    pub batch: usize,
    /// Limit of one run.
    pub timeout_ms: u64,
    /// First delay after a failure.
    pub error_recovery_delay_ms: u64,
    /// Failures in a row that disable a task; 1 = the first one does.
    pub disable_after: u32,
    /// Distance of the probes of a disabled task.
    pub probe_interval_ms: u64,
    /// The classes that are armed: the others are added switched off.
    pub last_armed_class: TaskClass,
}

impl Default for SchedulerSettings {
    fn default() -> Self {
        Self {
            max_in_flight: 4,
            batch: 2,
            timeout_ms: 45_000,
            error_recovery_delay_ms: 30_000,
            disable_after: 5,
            probe_interval_ms: 1_800_000,
            last_armed_class: TaskClass::Housekeeping,
        }
    }
}

/// Periods after `scheduled` that have passed by `now`.
pub(super) fn missed(period: Period, scheduled: u64, now: u64) -> u64 {
    now.saturating_sub(scheduled)
        .checked_div(period.interval_ms())
        .unwrap_or(0)
}

/// min(delay x 2^(failures - 1), max(interval, delay)), in milliseconds.
pub(super) fn back_off(delay_ms: u64, interval_ms: u64, failures: u32) -> u64 {
    let doublings = failures.saturating_sub(1).min(32);
    delay_ms
        .saturating_mul(1 << doublings)
        .min(interval_ms.max(delay_ms))
}
