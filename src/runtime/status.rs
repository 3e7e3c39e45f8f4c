//! The status dump: everything that can be seen of the running process, as one line of JSON.
//!
//! SIGUSR1 writes it to the log whatever the level is. The same snapshot serves other readers.
//! Plain values, taken at one moment; nothing here changes what it looks at.

use super::effect_counters::ClassView;
use super::jobs::{EffectClass, EffectId, Job};
use super::meters::{Phase, Summary};
use super::shell::Shell;
use super::worker_thread::WorkerView;
use crate::core::schedule::SchedulerView;
use crate::log::{self, LogStatistics};
use serde::Serialize;

/// Use of one bounded queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct QueueView {
    pub name: String,
    pub used: usize,
    pub capacity: usize,
    pub high_water: usize,
    pub dropped: u64,
}

/// The application's part: its tasks, its queues, and whatever else it wants seen.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ApplicationStatus {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheduler: Option<SchedulerView>,
    pub queues: Vec<QueueView>,
    #[serde(skip_serializing_if = "serde_json::Map::is_empty")]
    pub details: serde_json::Map<String, serde_json::Value>,
}

/// The loop in numbers.
#[derive(Clone, Debug, Serialize)]
pub struct LoopView {
    pub turns: u64,
    pub wake_ups: u64,
    pub interrupted: u64,
    pub turn_time: Summary,
    pub lag: Summary,
    /// Turns over 50 ms, and over 1 s.
    pub slow_turns: u64,
    pub stalled_turns: u64,
    pub phase_us: Vec<(Phase, u64)>,
    pub sources: usize,
    pub timers: usize,
    /// The application's deadline, milliseconds from now; negative = overdue.
    pub next_deadline_in_ms: Option<i64>,
}

#[derive(Clone, Debug, Serialize)]
pub struct EffectsView {
    pub in_flight: usize,
    pub in_flight_max: usize,
    pub waiting: usize,
    pub waiting_max: usize,
    pub waiting_high_water: usize,
    pub late_results: u64,
    pub classes: Vec<ClassView>,
}

/// A job that its worker has not come back from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct StuckJob {
    pub id: EffectId,
    pub class: EffectClass,
}

/// The whole snapshot.
#[derive(Clone, Debug, Serialize)]
pub struct Status {
    pub pid: u32,
    pub uptime_ms: u64,
    /// Threads of the process, as the system counts them; `None` where it does not tell.
    pub threads: Option<usize>,
    #[serde(rename = "loop")]
    pub event_loop: LoopView,
    pub effects: EffectsView,
    pub workers: Vec<WorkerView>,
    pub stuck: Vec<StuckJob>,
    pub queues: Vec<QueueView>,
    pub log: LogStatistics,
    #[serde(flatten)]
    pub application: ApplicationStatus,
}

impl Status {
    /// The snapshot as one line of JSON.
    pub fn to_json(&self) -> String {
        // Plain numbers, names and lists of them: there is nothing in it that could fail.
        serde_json::to_string(self).unwrap_or_else(|error| format!("{{\"error\":\"{error}\"}}"))
    }
}

impl<J: Job> Shell<J> {
    /// A snapshot; `next_deadline` is the application's, in monotonic milliseconds.
    pub fn status(&mut self, application: ApplicationStatus, next_deadline: Option<u64>) -> Status {
        let now_ms = self.now_ms();
        let classes = self.effects.views();
        let meters = &self.meters;
        Status {
            pid: std::process::id(),
            uptime_ms: now_ms.saturating_sub(self.started_ms),
            threads: threads(),
            event_loop: LoopView {
                turns: meters.turns,
                wake_ups: meters.wake_ups,
                interrupted: meters.interrupted,
                turn_time: meters.turn_time.summary(),
                lag: meters.lag.summary(),
                slow_turns: meters.slow_turns,
                stalled_turns: meters.stalled_turns,
                phase_us: meters.phase_totals().collect(),
                sources: self.sources.len(),
                timers: self.timers.len(),
                next_deadline_in_ms: next_deadline.map(|due| due as i64 - now_ms as i64),
            },
            effects: EffectsView {
                in_flight: self.effects.in_flight(),
                in_flight_max: self.effects.settings().max_in_flight,
                waiting: self.effects.waiting(),
                waiting_max: self.effects.settings().waiting_capacity,
                waiting_high_water: self.effects.waiting_high_water(),
                late_results: classes.iter().map(|class| class.late).sum(),
                classes,
            },
            workers: self.pool.views(),
            stuck: self
                .stuck
                .iter()
                .map(|(id, class)| StuckJob {
                    id: *id,
                    class: *class,
                })
                .collect(),
            queues: self.queues(),
            log: log::statistics(),
            application,
        }
    }

    /// The bounded queues of the machinery. Nothing is ever dropped from the results: a worker
    /// would wait.
    fn queues(&self) -> Vec<QueueView> {
        let refused = self.effects.views().iter().map(|class| class.refused).sum();
        let (used, capacity, high_water) = self.pool.results_use();
        let mut queues = vec![
            QueueView {
                name: "effects_waiting".to_owned(),
                used: self.effects.waiting(),
                capacity: self.effects.settings().waiting_capacity,
                high_water: self.effects.waiting_high_water(),
                dropped: refused,
            },
            QueueView {
                name: "worker_results".to_owned(),
                used,
                capacity,
                high_water,
                dropped: 0,
            },
        ];
        let lane_capacity = self.pool.settings().lane_capacity;
        queues.extend(self.pool.lane_views().map(|lane| QueueView {
            name: format!("lane_{}", lane.class.name()),
            used: lane.used,
            capacity: lane_capacity,
            high_water: lane.high_water,
            dropped: lane.refused,
        }));
        queues
    }
}

/// Threads of this process.
fn threads() -> Option<usize> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("Threads:"))?;
    line.trim().parse().ok()
}
