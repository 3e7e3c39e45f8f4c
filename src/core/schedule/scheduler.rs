//! The task scheduler: which due task starts when, what a failure costs, when a task is given up.
//!
//! Pure: times come in as milliseconds of the monotonic clock, what happened goes out as
//! `TaskEvent`s, and the owner runs the task's code. Not its business: what a task does, and
//! carrying out effects.
//!
//! Rules: due tasks start in the order (class, due time, registration); at most `batch` a turn and
//! `max_in_flight` at once, one place of which is kept for class risk. A task is in flight until
//! its code has returned and every effect it started has ended, at most for its limit. Missed
//! periods are counted, never caught up. A failure backs off; failures in a row disable.
//! Limits: 65,536 tasks; the wheel holds at most one timer a task.

use super::events::{AddError, TaskEvent, TaskFailure, Weight};
use super::pacing::{SchedulerSettings, back_off, missed};
use super::task::{
    Code, Flight, Period, Phase, Run, Standing, Statistics, Task, TaskClass, TaskId, TaskSpec,
    is_valid_name,
};
use super::wheel::Wheel;
use std::collections::BTreeSet;

/// Distance between the first runs of two tasks, so that they do not start together.
const FIRST_RUN_OFFSET_MS: u64 = 100;

#[derive(Clone, Copy, Debug)]
pub(super) enum Alarm {
    Due(TaskId),
    Limit(Run),
}

#[derive(Clone, Debug)]
pub struct Scheduler {
    pub(super) settings: SchedulerSettings,
    started_at: u64,
    pub(super) now: u64,
    pub(super) wheel: Wheel<Alarm>,
    pub(super) tasks: Vec<Task>,
    pub(super) waiting: BTreeSet<(TaskClass, u64, TaskId)>,
    pub(super) in_flight: usize,
    in_flight_risk: usize,
    /// The most tasks that were in flight at once, and that one turn started.
    pub(super) in_flight_high_water: usize,
    pub(super) started_a_turn_max: usize,
    pub(super) late_results: u64,
}

impl Scheduler {
    /// A scheduler that starts at `now` milliseconds.
    ///
    /// # Panics
    /// If `max_in_flight`, `batch` or `disable_after` is 0 (a programming error: configuration
    /// checks its ranges).
    pub fn new(settings: SchedulerSettings, now: u64) -> Self {
        assert!(
            settings.max_in_flight > 0 && settings.batch > 0,
            "nothing could ever run"
        );
        assert!(
            settings.disable_after > 0,
            "a task that never failed cannot be disabled"
        );
        Self {
            settings,
            started_at: now,
            now,
            wheel: Wheel::new(now),
            tasks: Vec::new(),
            waiting: BTreeSet::new(),
            in_flight: 0,
            in_flight_risk: 0,
            in_flight_high_water: 0,
            started_a_turn_max: 0,
            late_results: 0,
        }
    }

    /// Adds a task. Periodic ones run first at start + index x 100 ms.
    ///
    /// # Errors
    /// Bad or duplicate name, interval or limit of 0, more tasks than ids.
    pub fn add(&mut self, spec: TaskSpec) -> Result<TaskId, AddError> {
        if !is_valid_name(spec.name) {
            return Err(AddError::BadName(spec.name.to_owned()));
        }
        if self.find(spec.name).is_some() {
            return Err(AddError::Duplicate(spec.name));
        }
        if spec.period == Period::Every(0) || spec.timeout_ms == Some(0) {
            return Err(AddError::NoInterval(spec.name));
        }
        let index = u16::try_from(self.tasks.len()).map_err(|_| AddError::TooMany)?;
        let id = TaskId(index);
        let armed = spec.class <= self.settings.last_armed_class;
        let first = matches!(spec.period, Period::Every(_))
            .then(|| self.started_at + u64::from(index) * FIRST_RUN_OFFSET_MS);
        let alarm = first
            .filter(|_| armed)
            .map(|due| (self.wheel.arm(due, Alarm::Due(id)), due));
        self.tasks.push(Task {
            spec,
            standing: if armed {
                Standing::Enabled
            } else {
                Standing::Off
            },
            phase: Phase::Idle { alarm },
            error_count: 0,
            run: 0,
            wanted: None,
            statistics: Statistics::default(),
        });
        Ok(id)
    }

    /// The exact time of the next thing to do, in milliseconds; the past when a task could start.
    pub fn next_deadline(&mut self) -> Option<u64> {
        match self.startable() {
            Some((_, due, _)) => Some(due),
            None => self.wheel.next_deadline(),
        }
    }

    /// Once a turn, after its inputs: every expired limit fails its run, then at most `batch` due
    /// tasks start.
    pub fn turn(&mut self, now: u64, events: &mut Vec<TaskEvent>) {
        self.now = self.now.max(now);
        self.wheel.advance(self.now);
        while let Some(fired) = self.wheel.pop() {
            match fired.value {
                Alarm::Due(id) => self.wait(id, fired.due),
                Alarm::Limit(run) => self.time_out(run, events),
            }
        }
        for started in 1..=self.settings.batch {
            let Some((class, due, id)) = self.startable() else {
                break;
            };
            self.started_a_turn_max = self.started_a_turn_max.max(started);
            self.waiting.remove(&(class, due, id));
            events.push(TaskEvent::Started(self.start(id, due)));
        }
    }

    /// The first waiting task, if it has a place.
    fn startable(&self) -> Option<(TaskClass, u64, TaskId)> {
        let first = *self.waiting.first()?;
        if self.in_flight >= self.settings.max_in_flight {
            return None;
        }
        // Class risk comes first in the order: if the first is of another class, none of risk waits.
        let others = self.in_flight - self.in_flight_risk;
        let kept = usize::from(self.settings.max_in_flight >= 2);
        if first.0 != TaskClass::Risk && others + kept >= self.settings.max_in_flight {
            return None;
        }
        Some(first)
    }

    fn wait(&mut self, id: TaskId, due: u64) {
        let task = &mut self.tasks[usize::from(id.0)];
        debug_assert!(
            matches!(task.phase, Phase::Idle { .. }),
            "an alarm belongs to an idle task"
        );
        task.phase = Phase::Waiting { due };
        self.waiting.insert((task.spec.class, due, id));
    }

    fn start(&mut self, id: TaskId, scheduled: u64) -> Run {
        let now = self.now;
        let task = &mut self.tasks[usize::from(id.0)];
        task.run += 1;
        task.statistics.runs += 1;
        task.statistics.last_start = Some(now);
        task.statistics.skipped += missed(task.spec.period, scheduled, now);
        let run = Run {
            task: id,
            number: task.run,
        };
        let limit_ms = task.spec.timeout_ms.unwrap_or(self.settings.timeout_ms);
        task.phase = Phase::InFlight(Flight {
            started: now,
            scheduled,
            limit: self
                .wheel
                .arm(now.saturating_add(limit_ms), Alarm::Limit(run)),
            code: Code::Running,
            open_effects: 0,
            failure: None,
        });
        self.in_flight += 1;
        self.in_flight_high_water = self.in_flight_high_water.max(self.in_flight);
        self.in_flight_risk += usize::from(task.spec.class == TaskClass::Risk);
        run
    }

    /// The flight of a run that is still in flight.
    fn flight(&mut self, run: Run) -> Option<&mut Flight> {
        let task = self.tasks.get_mut(usize::from(run.task.0))?;
        match &mut task.phase {
            Phase::InFlight(flight) if task.run == run.number => Some(flight),
            _ => None,
        }
    }

    /// The run is in flight: its results still count.
    pub fn is_current(&self, run: Run) -> bool {
        self.tasks
            .get(usize::from(run.task.0))
            .is_some_and(|task| task.run == run.number && matches!(task.phase, Phase::InFlight(_)))
    }

    /// The run started an effect; it stays in flight until that has ended. `false`: the run is over.
    pub fn effect_started(&mut self, run: Run) -> bool {
        match self.flight(run) {
            Some(flight) => {
                flight.open_effects += 1;
                true
            }
            None => false,
        }
    }

    /// An effect of the run ended. `false`: the run was over, the result is late and only counted.
    pub fn effect_ended(
        &mut self,
        run: Run,
        now: u64,
        weight: Weight,
        result: Result<(), String>,
        events: &mut Vec<TaskEvent>,
    ) -> bool {
        let Some(flight) = self.flight(run) else {
            self.late_results += 1;
            return false;
        };
        debug_assert!(flight.open_effects > 0, "an effect ends once");
        flight.open_effects = flight.open_effects.saturating_sub(1);
        if let (Err(text), Weight::Essential) = (result, weight) {
            flight.failure.get_or_insert(TaskFailure::Effect(text));
        }
        self.settle(run, now, events);
        true
    }

    /// The task's own code returned. `false`: the run was over already.
    pub fn returned(
        &mut self,
        run: Run,
        now: u64,
        result: Result<(), String>,
        events: &mut Vec<TaskEvent>,
    ) -> bool {
        let Some(flight) = self.flight(run) else {
            self.late_results += 1;
            return false;
        };
        flight.code = Code::Returned;
        if let Err(text) = result {
            flight.failure.get_or_insert(TaskFailure::Code(text));
        }
        self.settle(run, now, events);
        true
    }

    /// Ends the run when its code has returned and nothing it started is open.
    fn settle(&mut self, run: Run, now: u64, events: &mut Vec<TaskEvent>) {
        self.now = self.now.max(now);
        let Some(flight) = self.flight(run) else {
            return;
        };
        if flight.code == Code::Returned && flight.open_effects == 0 {
            let failure = flight.failure.take();
            self.end(run, failure, events);
        }
    }

    fn time_out(&mut self, run: Run, events: &mut Vec<TaskEvent>) {
        let timeout_ms = self.settings.timeout_ms;
        let Some(flight) = self.flight(run) else {
            return;
        };
        let open_effects = flight.open_effects;
        let task = &mut self.tasks[usize::from(run.task.0)];
        task.statistics.timeouts += 1;
        let failure = TaskFailure::TimedOut {
            limit_ms: task.spec.timeout_ms.unwrap_or(timeout_ms),
            open_effects,
        };
        self.end(run, Some(failure), events);
    }

    fn end(&mut self, run: Run, failure: Option<TaskFailure>, events: &mut Vec<TaskEvent>) {
        let now = self.now;
        let task = &mut self.tasks[usize::from(run.task.0)];
        let idle = Phase::Idle { alarm: None };
        let Phase::InFlight(flight) = std::mem::replace(&mut task.phase, idle) else {
            unreachable!("callers have found the run in flight");
        };
        self.wheel.cancel(flight.limit);
        self.in_flight -= 1;
        self.in_flight_risk -= usize::from(task.spec.class == TaskClass::Risk);
        let period = task.spec.period;
        let passed = missed(period, flight.scheduled, now);
        task.statistics.skipped += passed - missed(period, flight.scheduled, flight.started);
        let duration_ms = now - flight.started;
        task.statistics
            .finished(now, duration_ms, failure.is_none());
        let next = match failure {
            None => {
                events.push(TaskEvent::Succeeded { run, duration_ms });
                self.succeeded(run.task, flight.scheduled, passed, events)
            }
            Some(failure) => self.failed(run, failure, events),
        };
        let alarm = next.map(|due| (self.wheel.arm(due, Alarm::Due(run.task)), due));
        self.tasks[usize::from(run.task.0)].phase = Phase::Idle { alarm };
    }

    /// The next due time after a success.
    fn succeeded(
        &mut self,
        id: TaskId,
        scheduled: u64,
        passed: u64,
        events: &mut Vec<TaskEvent>,
    ) -> Option<u64> {
        let task = &mut self.tasks[usize::from(id.0)];
        task.error_count = 0;
        if task.standing == Standing::Failed {
            task.standing = Standing::Enabled;
            events.push(TaskEvent::Recovered(id));
        }
        let wanted = task.wanted.take();
        if task.standing == Standing::Off {
            return None;
        }
        let periodic = match task.spec.period {
            Period::Every(interval) => Some(scheduled + (passed + 1) * interval),
            Period::OnDemand => None,
        };
        [periodic, wanted].into_iter().flatten().min()
    }

    /// The next due time after a failure: back-off, probe, or none.
    fn failed(
        &mut self,
        run: Run,
        failure: TaskFailure,
        events: &mut Vec<TaskEvent>,
    ) -> Option<u64> {
        let (now, settings) = (self.now, &self.settings);
        let task = &mut self.tasks[usize::from(run.task.0)];
        task.error_count = task.error_count.saturating_add(1);
        task.statistics.failures += 1;
        let gives_up =
            task.standing == Standing::Enabled && task.error_count >= settings.disable_after;
        if gives_up {
            task.standing = Standing::Failed;
        }
        let retry_at_ms = match task.standing {
            Standing::Enabled => {
                let interval = task.spec.period.interval_ms();
                Some(now + back_off(settings.error_recovery_delay_ms, interval, task.error_count))
            }
            Standing::Failed if task.spec.class.is_probed() => {
                Some(now + settings.probe_interval_ms)
            }
            Standing::Failed | Standing::Off => None,
        };
        let error_count = task.error_count;
        events.push(TaskEvent::Failed {
            run,
            failure,
            error_count,
            retry_at_ms,
        });
        if gives_up {
            events.push(TaskEvent::Disabled {
                task: run.task,
                error_count,
            });
        }
        retry_at_ms
    }

    /// Makes the task due at once; while in flight, once more after that. A wish that coincides
    /// with another one is counted as skipped. `false`: no such task, or disabled.
    pub fn trigger(&mut self, id: TaskId, now: u64) -> bool {
        self.due_at(id, now, now)
    }

    /// Sets when the task is due next, instead of what was armed. `false`: no such task, or
    /// disabled.
    pub fn arm_at(&mut self, id: TaskId, due: u64) -> bool {
        self.due_at(id, due, self.now)
    }

    fn due_at(&mut self, id: TaskId, due: u64, now: u64) -> bool {
        self.now = self.now.max(now);
        let Some(task) = self.tasks.get_mut(usize::from(id.0)) else {
            return false;
        };
        if task.standing != Standing::Enabled {
            return false;
        }
        match &mut task.phase {
            Phase::Waiting { .. } => task.statistics.skipped += 1,
            Phase::InFlight(_) => {
                task.statistics.skipped += u64::from(task.wanted.is_some());
                task.wanted = Some(task.wanted.map_or(due, |wanted| wanted.min(due)));
            }
            Phase::Idle { alarm } => {
                if let Some((key, _)) = alarm.take() {
                    self.wheel.cancel(key);
                }
                if due <= self.now {
                    self.wait(id, due);
                } else {
                    *alarm = Some((self.wheel.arm(due, Alarm::Due(id)), due));
                }
            }
        }
        true
    }
}

#[cfg(test)]
#[path = "scheduler_tests.rs"]
mod tests;
