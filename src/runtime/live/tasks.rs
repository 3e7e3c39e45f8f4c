//! The session's periodic tasks: which there are, and their way through the scheduler.
//!
//! What a task does is short or a worker's job; the scheduler counts both as one run. Reconciliation
//! and back-fill have deadlines of their own, because events move them.

use super::job::{LiveJob, LiveOutput};
use super::session::{Session, TARGET};
use crate::config::MEMORY_CLEANUP;
use crate::core::schedule::{
    Period, Run, Scheduler, SchedulerSettings, SchedulerView, TaskClass, TaskEvent, TaskId,
    TaskSpec, Weight,
};
use crate::core::units::Stamp;
use crate::log;
use crate::runtime::effect_table::Admission;
use crate::runtime::jobs::{EffectClass, EffectRequest, Owner};
use crate::runtime::reloaded::Reloaded;
use crate::runtime::shell::Shell;

const SECOND_MS: u64 = 1000;

/// How the tasks of a session are paced.
#[derive(Clone, Debug)]
pub struct TaskSettings {
    pub scheduler: SchedulerSettings,
    /// Limit of a job of a task, milliseconds.
    pub effect_timeout_ms: u64,
    /// Time between two memory cleanups, milliseconds; `None` = none.
    pub memory_cleanup_ms: Option<u64>,
    /// Bytes of resident memory above which free heap is given back to the system.
    pub memory_limit: u64,
    /// The file whose presence stops trading.
    pub halt_file: std::path::PathBuf,
}

/// What a session does from time to time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Duty {
    /// Looks for the HALT file.
    RiskMonitoring,
    /// Asks the exchange for its time.
    ClockCheck,
    /// Compares candles with the exchange's, and asks whether contracts trade now.
    MarketDataCheck,
    /// Moves the ledger's log into its file.
    LedgerCheckpoint,
    /// Gives free memory back.
    MemoryCleanup,
    /// Removes recordings beyond what is kept.
    Retention,
}

impl Duty {
    /// In the order of their first runs.
    const ALL: [Self; 6] = [
        Self::RiskMonitoring,
        Self::ClockCheck,
        Self::MarketDataCheck,
        Self::LedgerCheckpoint,
        Self::MemoryCleanup,
        Self::Retention,
    ];

    /// Name, class and period of the task; `None` where it is switched off.
    fn spec(self, settings: &TaskSettings) -> Option<TaskSpec> {
        let (name, class, period) = match self {
            Self::RiskMonitoring => ("risk_monitoring", TaskClass::Risk, 30 * SECOND_MS),
            Self::ClockCheck => ("clock_check", TaskClass::Trading, 900 * SECOND_MS),
            Self::MarketDataCheck => ("market_data_check", TaskClass::Market, 30 * SECOND_MS),
            Self::LedgerCheckpoint => (
                "ledger_checkpoint",
                TaskClass::Housekeeping,
                600 * SECOND_MS,
            ),
            Self::MemoryCleanup => (
                "memory_cleanup",
                TaskClass::Housekeeping,
                settings.memory_cleanup_ms?,
            ),
            Self::Retention => ("retention", TaskClass::Housekeeping, 86_400 * SECOND_MS),
        };
        Some(TaskSpec {
            name,
            class,
            period: Period::Every(period),
            timeout_ms: None,
        })
    }
}

/// The scheduler and what its tasks are.
#[derive(Debug)]
pub(super) struct Tasks {
    scheduler: Scheduler,
    /// In the scheduler's order.
    duties: Vec<Duty>,
    events: Vec<TaskEvent>,
}

impl Tasks {
    /// Tasks that begin at `now`, loop milliseconds.
    pub fn new(settings: &TaskSettings, now: u64) -> Self {
        let mut tasks = Self {
            scheduler: Scheduler::new(settings.scheduler.clone(), now),
            duties: Vec::new(),
            events: Vec::new(),
        };
        for duty in Duty::ALL {
            let Some(spec) = duty.spec(settings) else {
                continue;
            };
            match tasks.scheduler.add(spec) {
                Ok(_) => tasks.duties.push(duty),
                Err(error) => log::error(TARGET, "a task is missing", &[("why", &error)]),
            }
        }
        tasks
    }

    pub fn view(&self) -> SchedulerView {
        self.scheduler.view()
    }

    fn duty(&self, id: TaskId) -> Option<Duty> {
        self.duties.get(usize::from(id.0)).copied()
    }

    fn name(&self, id: TaskId) -> &'static str {
        self.scheduler.spec(id).map_or("?", |spec| spec.name)
    }

    /// Whether entries wait until this task runs again, once it is disabled.
    fn guards_entries(&self, id: TaskId) -> bool {
        let spec = self.scheduler.spec(id);
        spec.is_some_and(|spec| spec.class == TaskClass::Risk)
    }

    /// Another period for a task that runs by one: whether it is another one. `None`: there is no
    /// such task.
    fn pace(&mut self, duty: Duty, period_ms: u64, now: u64) -> Option<bool> {
        let index = self.duties.iter().position(|known| *known == duty)?;
        let id = TaskId(u16::try_from(index).ok()?);
        let differs = self.scheduler.spec(id)?.period != Period::Every(period_ms);
        Some(differs && self.scheduler.set_interval(id, period_ms, now))
    }

    /// Nothing starts any more.
    pub fn stop(&mut self) {
        self.scheduler.stop();
    }
}

impl Session<'_> {
    /// Takes over the periods of tasks that were configured anew.
    pub(super) fn pace_tasks(&mut self, reloaded: &mut Reloaded, now: u64) {
        let (Some(tasks), Some(period)) = (&mut self.tasks, reloaded.memory_cleanup_ms) else {
            return;
        };
        if let Some(paced) = tasks.pace(Duty::MemoryCleanup, period, now) {
            reloaded.needs_restart.retain(|key| key != MEMORY_CLEANUP);
            reloaded
                .applied
                .extend(paced.then(|| MEMORY_CLEANUP.to_owned()));
        }
    }

    /// Next due time of a task, loop milliseconds.
    pub(super) fn tasks_deadline(&mut self) -> Option<u64> {
        self.tasks.as_mut()?.scheduler.next_deadline()
    }

    /// Starts what is due and takes note of what has ended.
    pub(super) fn run_tasks(&mut self, shell: &mut Shell<LiveJob>) {
        let now = shell.now_ms();
        let Some(tasks) = &mut self.tasks else { return };
        tasks.scheduler.turn(now, &mut tasks.events);
        loop {
            let Some(tasks) = &mut self.tasks else { return };
            let events = std::mem::take(&mut tasks.events);
            if events.is_empty() {
                return;
            }
            for event in events {
                self.task_event(event, now, shell);
            }
        }
    }

    fn task_event(&mut self, event: TaskEvent, now: u64, shell: &mut Shell<LiveJob>) {
        let Some(tasks) = &self.tasks else { return };
        match event {
            TaskEvent::Started(run) => {
                let duty = tasks.duty(run.task);
                let result = duty.map_or(Ok(()), |duty| self.begin_duty(duty, run, shell));
                if let Some(Tasks {
                    scheduler, events, ..
                }) = &mut self.tasks
                {
                    scheduler.returned(run, now, result, events);
                }
            }
            TaskEvent::Failed {
                run,
                failure,
                error_count,
                ..
            } => {
                let name = tasks.name(run.task);
                let fields: log::Fields<'_> = &[
                    ("task", &name),
                    ("why", &failure),
                    ("in_a_row", &error_count),
                ];
                log::warn(TARGET, "task failed", fields);
            }
            TaskEvent::Disabled { task, .. } => {
                let stamp = self.stamp(shell);
                self.task_disabled(task, stamp);
            }
            TaskEvent::Recovered(task) => {
                let stamp = self.stamp(shell);
                self.task_recovered(task, stamp);
            }
            TaskEvent::Succeeded { .. } => {}
        }
    }

    /// Too many failures in a row. Without a task of class risk nothing is entered (behaviour 3.4).
    fn task_disabled(&mut self, task: TaskId, stamp: Stamp) {
        let Some(tasks) = &self.tasks else { return };
        let (name, guards) = (tasks.name(task), tasks.guards_entries(task));
        let fields: log::Fields<'_> = &[
            ("alert", &"task_disabled"),
            ("task", &name),
            ("entries_wait", &guards),
        ];
        log::error(TARGET, "task disabled", fields);
        if guards {
            self.all_feeds(name, false, stamp);
        }
    }

    fn task_recovered(&mut self, task: TaskId, stamp: Stamp) {
        let Some(tasks) = &self.tasks else { return };
        let (name, guards) = (tasks.name(task), tasks.guards_entries(task));
        log::info(TARGET, "task runs again", &[("task", &name)]);
        if guards {
            self.all_feeds(name, true, stamp);
        }
    }

    /// The task's own code, or the job that it is.
    fn begin_duty(
        &mut self,
        duty: Duty,
        run: Run,
        shell: &mut Shell<LiveJob>,
    ) -> Result<(), String> {
        match duty {
            Duty::RiskMonitoring => {
                let path = self.settings.tasks.halt_file.clone();
                self.begin_job(run, LiveJob::Look { path }, shell)
            }
            Duty::ClockCheck => {
                self.ask_for_clock();
                Ok(())
            }
            Duty::MarketDataCheck => {
                self.compare_candles(shell);
                self.ask_for_trading_hours();
                Ok(())
            }
            Duty::LedgerCheckpoint => {
                self.journal.want_checkpoint();
                Ok(())
            }
            Duty::MemoryCleanup => {
                let limit = self.settings.tasks.memory_limit;
                self.begin_job(run, LiveJob::GiveBack { above: limit }, shell)
            }
            Duty::Retention => {
                self.retain(shell);
                Ok(())
            }
        }
    }

    fn begin_job(
        &mut self,
        run: Run,
        job: LiveJob,
        shell: &mut Shell<LiveJob>,
    ) -> Result<(), String> {
        let mut request = EffectRequest::new(EffectClass::Storage, job);
        request.limit_ms = self.settings.tasks.effect_timeout_ms;
        request.owner = Some(Owner::of_run(run));
        match shell.submit(request) {
            Admission::Accepted { .. } => {
                if let Some(tasks) = &mut self.tasks {
                    tasks.scheduler.effect_started(run);
                }
                Ok(())
            }
            Admission::Refused(_) => Err("refused: queue full".to_owned()),
        }
    }

    /// The job of a run has ended.
    pub(super) fn duty_done(
        &mut self,
        owner: Owner,
        result: Result<LiveOutput, String>,
        shell: &mut Shell<LiveJob>,
    ) {
        let result = result.and_then(|output| self.duty_output(output, shell));
        let now = shell.now_ms();
        if let Some(Tasks {
            scheduler, events, ..
        }) = &mut self.tasks
        {
            scheduler.effect_ended(owner.run(), now, Weight::Essential, result, events);
        }
        self.run_tasks(shell);
        self.carry_out(shell);
    }

    fn duty_output(
        &mut self,
        output: LiveOutput,
        shell: &mut Shell<LiveJob>,
    ) -> Result<(), String> {
        match output {
            LiveOutput::Looked(Ok(true)) => {
                let stamp = self.stamp(shell);
                self.halt(false, stamp);
            }
            LiveOutput::Looked(Err(text)) => return Err(text),
            LiveOutput::GivenBack(given) => {
                let given = given?;
                if let Some(after) = given.after {
                    let fields: log::Fields<'_> = &[
                        ("before", &given.before),
                        ("after", &after),
                        ("limit", &self.settings.tasks.memory_limit),
                    ];
                    log::info(TARGET, "free memory given back", fields);
                    if after > self.settings.tasks.memory_limit {
                        log::warn(TARGET, "memory above its limit", fields);
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::scene::{at, with_session};
    use super::*;

    fn settings(memory_cleanup_ms: Option<u64>) -> TaskSettings {
        TaskSettings {
            scheduler: SchedulerSettings::default(),
            effect_timeout_ms: 20_000,
            memory_cleanup_ms,
            memory_limit: 1,
            halt_file: std::path::PathBuf::from("HALT"),
        }
    }

    #[test]
    fn tasks_are_added_with_their_class_and_without_those_that_are_off() {
        let tasks = Tasks::new(&settings(Some(600_000)), 5);
        let all: Vec<_> = tasks.view().tasks.iter().map(|t| t.name).collect();
        assert_eq!(
            all,
            [
                "risk_monitoring",
                "clock_check",
                "market_data_check",
                "ledger_checkpoint",
                "memory_cleanup",
                "retention"
            ]
        );
        let tasks = Tasks::new(&settings(None), 5);
        assert_eq!(tasks.duty(TaskId(4)), Some(Duty::Retention));
        assert_eq!(tasks.view().tasks[0].class, TaskClass::Risk);
        assert_eq!(tasks.view().tasks[0].next_due_ms, Some(5));
    }

    #[test]
    fn entries_wait_while_a_task_of_class_risk_is_disabled_and_for_no_other() {
        with_session("disabled-task", |session| {
            let reason = |session: &Session<'_>| session.core.symbols()[0].stale.reason();
            session.tasks = Some(Tasks::new(&settings(None), 0));
            session.task_disabled(TaskId(1), at(3));
            assert_eq!(reason(session), None, "the clock has its own bound");
            session.task_disabled(TaskId(0), at(3));
            assert_eq!(reason(session), Some("stale:risk_monitoring"));
            session.task_recovered(TaskId(1), at(4));
            assert_eq!(reason(session), Some("stale:risk_monitoring"));
            session.task_recovered(TaskId(0), at(5));
            assert_eq!(reason(session), None);
        });
    }
}
