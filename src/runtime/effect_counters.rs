//! What is counted of the effects of one class, and how it is shown.
//!
//! Plain integers; every effect adds to exactly one of the ends.

use super::jobs::EffectClass;
use super::meters::{Histogram, Summary};
use serde::Serialize;

#[derive(Clone, Debug, Default)]
pub(super) struct ClassCounters {
    pub started: u64,
    pub succeeded: u64,
    pub failed: u64,
    pub timed_out: u64,
    pub queue_timed_out: u64,
    pub refused: u64,
    pub abandoned: u64,
    pub late: u64,
    pub waiting: usize,
    pub in_flight: usize,
    pub durations: Histogram,
}

/// Counters of one class as shown by status and metrics.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClassView {
    pub class: EffectClass,
    pub in_flight: usize,
    pub waiting: usize,
    pub started: u64,
    pub succeeded: u64,
    pub failed: u64,
    /// Not over within their limit.
    pub timed_out: u64,
    /// Not started within their waiting time.
    pub queue_timed_out: u64,
    /// Refused or displaced by a full queue.
    pub refused: u64,
    pub abandoned: u64,
    /// Results after their effect had ended.
    pub late: u64,
    pub duration: Summary,
}

impl ClassCounters {
    pub fn view(&self, class: EffectClass) -> ClassView {
        ClassView {
            class,
            in_flight: self.in_flight,
            waiting: self.waiting,
            started: self.started,
            succeeded: self.succeeded,
            failed: self.failed,
            timed_out: self.timed_out,
            queue_timed_out: self.queue_timed_out,
            refused: self.refused,
            abandoned: self.abandoned,
            late: self.late,
            duration: self.durations.summary(),
        }
    }
}
