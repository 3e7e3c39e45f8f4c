//! What the owner of the scheduler tells it beside the runs: on, off, another interval, stop.

use super::scheduler::{Alarm, Scheduler};
use super::task::{Period, Phase, Standing, TaskId};

impl Scheduler {
    /// Another interval for a periodic task: its next run is that long after the last one was
    /// scheduled, at once if that has passed. A failed task keeps the delay it waits for. `false`:
    /// there is no such task, or no such interval.
    pub fn set_interval(&mut self, id: TaskId, interval_ms: u64, now: u64) -> bool {
        self.now = self.now.max(now);
        let Some(task) = self.tasks.get_mut(usize::from(id.0)) else {
            return false;
        };
        let Period::Every(before) = task.spec.period else {
            return false;
        };
        if interval_ms == 0 {
            return false;
        }
        task.spec.period = Period::Every(interval_ms);
        if let Phase::Idle {
            alarm: Some((key, due)),
        } = &mut task.phase
            && task.error_count == 0
            && task.standing == Standing::Enabled
        {
            self.wheel.cancel(*key);
            *due = due
                .saturating_sub(before)
                .saturating_add(interval_ms)
                .max(self.now);
            *key = self.wheel.arm(*due, Alarm::Due(id));
        }
        true
    }

    /// Enables the task with a clean record and makes it due at once. `false`: no such task.
    pub fn enable(&mut self, id: TaskId, now: u64) -> bool {
        let Some(task) = self.tasks.get_mut(usize::from(id.0)) else {
            return false;
        };
        task.standing = Standing::Enabled;
        task.error_count = 0;
        if matches!(task.phase, Phase::Waiting { .. }) {
            return true;
        }
        self.trigger(id, now)
    }

    /// Disables the task until it is enabled; a run in flight ends as it would. `false`: no such
    /// task.
    pub fn disable(&mut self, id: TaskId) -> bool {
        let Some(task) = self.tasks.get_mut(usize::from(id.0)) else {
            return false;
        };
        task.standing = Standing::Off;
        task.wanted = None;
        match &mut task.phase {
            Phase::Idle { alarm } => {
                if let Some((key, _)) = alarm.take() {
                    self.wheel.cancel(key);
                }
            }
            Phase::Waiting { due } => {
                self.waiting.remove(&(task.spec.class, *due, id));
                task.phase = Phase::Idle { alarm: None };
            }
            Phase::InFlight(_) => {}
        }
        true
    }

    /// No further task starts: what is armed or waiting is dropped, runs in flight end as they
    /// would.
    pub fn stop(&mut self) {
        for index in 0..self.tasks.len() {
            self.disable(TaskId(index as u16));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::schedule::events::TaskEvent;
    use crate::schedule::task::{Period, Run, TaskClass, TaskId, TaskSpec};
    use crate::schedule::{Scheduler, SchedulerSettings};

    fn turn(scheduler: &mut Scheduler, now: u64) -> Run {
        let mut events = Vec::new();
        scheduler.turn(now, &mut events);
        match events.as_slice() {
            [TaskEvent::Started(run)] => *run,
            other => panic!("one task starts: {other:?}"),
        }
    }

    fn finish(scheduler: &mut Scheduler, run: Run, now: u64, result: Result<(), String>) {
        assert!(scheduler.returned(run, now, result, &mut Vec::new()));
    }

    #[test]
    fn another_interval_counts_from_the_last_run_as_it_was_scheduled() {
        let mut s = Scheduler::new(SchedulerSettings::default(), 0);
        let id = s
            .add(TaskSpec {
                name: "first",
                class: TaskClass::Market,
                period: Period::Every(60_000),
                timeout_ms: None,
            })
            .expect("a sound task");
        let run = turn(&mut s, 0);
        // In flight: the end of the run knows the new one.
        assert!(s.set_interval(id, 20_000, 10));
        finish(&mut s, run, 50, Ok(()));
        assert_eq!(s.next_deadline(), Some(20_000));
        assert!(s.set_interval(id, 90_000, 1_000));
        assert_eq!(s.next_deadline(), Some(90_000));
        assert!(s.set_interval(id, 1_000, 40_000), "passed already: at once");
        assert_eq!(s.next_deadline(), Some(40_000));
        // A failed task keeps its delay.
        let run = turn(&mut s, 40_000);
        finish(&mut s, run, 40_001, Err("no".to_owned()));
        let again = s.next_deadline();
        assert!(s.set_interval(id, 5_000, 40_002));
        assert_eq!(s.next_deadline(), again);
        assert!(!s.set_interval(id, 0, 40_002) && !s.set_interval(TaskId(9), 5, 40_002));
    }
}
