//! What can be seen of the scheduler: a task by name, every task, the whole.
//!
//! Reads only; nothing here changes when something runs.

use super::scheduler::Scheduler;
use super::task::{TaskId, TaskSpec, TaskView};
use serde::Serialize;

/// The scheduler in numbers, as status shows it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SchedulerView {
    pub in_flight: usize,
    pub in_flight_max: usize,
    pub in_flight_high_water: usize,
    /// Due tasks that wait for a place.
    pub waiting: usize,
    pub batch: usize,
    /// The most tasks that one turn has started.
    pub started_a_turn_max: usize,
    pub late_results: u64,
    pub tasks: Vec<TaskView>,
}

impl Scheduler {
    /// The task of this name.
    pub fn find(&self, name: &str) -> Option<TaskId> {
        let index = self.tasks.iter().position(|task| task.spec.name == name)?;
        Some(TaskId(index as u16))
    }

    pub fn spec(&self, id: TaskId) -> Option<&TaskSpec> {
        self.tasks.get(usize::from(id.0)).map(|task| &task.spec)
    }

    /// Tasks in flight.
    pub fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// Due tasks that wait for a place.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Results that came after their run was over.
    pub fn late_results(&self) -> u64 {
        self.late_results
    }

    /// Every task as shown, in registration order.
    pub fn views(&self) -> Vec<TaskView> {
        self.tasks.iter().map(|task| task.view(self.now)).collect()
    }

    /// The whole, with every task.
    pub fn view(&self) -> SchedulerView {
        SchedulerView {
            in_flight: self.in_flight,
            in_flight_max: self.settings.max_in_flight,
            in_flight_high_water: self.in_flight_high_water,
            waiting: self.waiting.len(),
            batch: self.settings.batch,
            started_a_turn_max: self.started_a_turn_max,
            late_results: self.late_results,
            tasks: self.views(),
        }
    }
}
