//! A sweep as an application of the loop: processes replay tasks, their rows go to the results.
//!
//! Each process is this program in its hidden verb, gets a run of tasks and writes a line a task.
//! Lines are read as they come; a worker commits them in batches. A process that dies, or is silent
//! for longer than the limit and is ended for it, costs the task it was at. A signal ends the
//! processes, writes what is there, and the sweep goes on from it next time. Memory: at most [`ROWS_MAX`] rows wait to be written, and each process may add a run.

use super::plan::Plan;
use super::queue::{TaskQueue, ranges};
use crate::core::units::Span;
use crate::runtime::clock::ClockEvent;
use crate::runtime::processes::ending;
use crate::runtime::{
    Application, EffectClass, EffectOutcome, EffectReport, EffectRequest, Job, ProcessLines,
    ProcessState, Progress, Readiness, Shell, Signal, Slice, SourceState, Token, Wait, WorkBudget,
};
use crate::store::sweep_results::{ResultRow, ResultsError, SweepResults};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

/// Rows that wait before no further process is started.
pub const ROWS_MAX: usize = 4096;
/// Rows that make a batch, and the time after which fewer do.
const BATCH_ROWS: usize = 256;
const BATCH_MS: u64 = 1000;
const COMMIT_LIMIT_MS: u64 = 86_400_000;
const PROGRESS_MS: u64 = 100;
const PROGRESS_TAG: u64 = 1;
/// Until a process that closed its output and has not ended is looked at again.
const CLOSING_MS: u64 = 10;

/// What a process writes, a line each.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Line {
    Row(Box<ResultRow>),
    /// It cannot run any task: every other process would say the same.
    Unable(String),
}

/// How far a sweep is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SweepProgress {
    /// Tasks that this run ended, and those of them that failed.
    pub ended: usize,
    pub failed: usize,
}

/// How a sweep ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SweepOutcome {
    Complete,
    Interrupted(Signal),
    Failed(String),
}

/// A batch of rows on its way with the file.
#[derive(Debug)]
pub struct Commit {
    results: Box<SweepResults>,
    rows: Vec<ResultRow>,
}

impl Job for Commit {
    type Output = (Box<SweepResults>, Result<(), ResultsError>);

    fn run(mut self) -> Slice<Self> {
        let outcome = self.results.write(&self.rows);
        Slice::Done((self.results, outcome))
    }
}

#[derive(Debug)]
struct Running {
    process: ProcessLines,
    /// Tasks that it has not reported, in its order.
    open: VecDeque<u32>,
    /// When it has been silent for too long, monotonic milliseconds.
    deadline_ms: u64,
    /// It closed its output: when to see whether it has ended.
    closing_ms: Option<u64>,
}

impl Running {
    /// When it is looked after next.
    fn next_ms(&self) -> u64 {
        self.closing_ms
            .map_or(self.deadline_ms, |at| at.min(self.deadline_ms))
    }
}

/// How processes are started: the program, and what stands before the list of tasks.
#[derive(Clone, Debug)]
pub struct ProcessStart {
    pub program: PathBuf,
    pub arguments: Vec<OsString>,
    /// Longest time from the start to the first result and from one to the next; the machine's
    /// sleep does not count.
    pub limit: Span,
}

impl ProcessStart {
    fn limit_ms(&self) -> u64 {
        u64::try_from(self.limit.0 / 1_000_000).unwrap_or(0)
    }
}

/// See the file's head.
pub struct SweepRun<'a> {
    plan: &'a Plan,
    start: ProcessStart,
    processes: usize,
    queue: TaskQueue,
    running: Vec<Running>,
    /// Away while a worker writes with it.
    results: Option<Box<SweepResults>>,
    rows: Vec<ResultRow>,
    /// When the oldest of them came, monotonic milliseconds.
    oldest_ms: u64,
    progress: SweepProgress,
    show: Option<&'a mut dyn FnMut(SweepProgress)>,
    outcome: Option<SweepOutcome>,
    lines: Vec<String>,
}

impl<'a> SweepRun<'a> {
    /// `tasks` of the plan in `processes` at a time; `show` is called on a timer.
    pub fn new(
        plan: &'a Plan,
        start: ProcessStart,
        processes: usize,
        tasks: Vec<u32>,
        results: SweepResults,
        show: Option<&'a mut dyn FnMut(SweepProgress)>,
    ) -> Self {
        Self {
            plan,
            start,
            processes: processes.max(1),
            queue: TaskQueue::new(tasks, processes),
            running: Vec::new(),
            results: Some(Box::new(results)),
            rows: Vec::new(),
            oldest_ms: 0,
            progress: SweepProgress::default(),
            show,
            outcome: None,
            lines: Vec::new(),
        }
    }

    /// How it ended; meaningful once the loop has.
    pub fn outcome(&self) -> SweepOutcome {
        self.outcome
            .clone()
            .unwrap_or_else(|| SweepOutcome::Failed("the loop ended before the sweep".to_owned()))
    }

    pub fn progress(&self) -> SweepProgress {
        self.progress
    }

    fn start_processes(&mut self, shell: &mut Shell<Commit>) {
        while self.outcome.is_none()
            && self.running.len() < self.processes
            && self.queue.waiting() > 0
            && self.rows.len() < ROWS_MAX
        {
            let open = self.queue.take();
            let mut command = Command::new(&self.start.program);
            command
                .args(&self.start.arguments)
                .arg(ranges(open.iter().copied()));
            match ProcessLines::start(command, shell) {
                Ok(process) => self.running.push(Running {
                    process,
                    open,
                    deadline_ms: shell.now_ms().saturating_add(self.start.limit_ms()),
                    closing_ms: None,
                }),
                Err(error) => {
                    self.fail(format!(
                        "cannot start {}: {error}",
                        self.start.program.display()
                    ));
                }
            }
        }
    }

    fn fail(&mut self, text: String) {
        self.outcome.get_or_insert(SweepOutcome::Failed(text));
    }

    /// Takes what process number `index` has to say.
    fn listen(&mut self, index: usize, budget: usize, shell: &mut Shell<Commit>) -> SourceState {
        let mut lines = std::mem::take(&mut self.lines);
        let state = self.running[index].process.lines(budget, &mut lines);
        for line in lines.drain(..) {
            self.take_line(index, &line, shell);
        }
        self.lines = lines;
        match state {
            Ok(ProcessState::Quiet) => SourceState::Drained,
            Ok(ProcessState::More) => SourceState::More,
            Ok(ProcessState::Ended) => {
                self.closed(index, shell);
                SourceState::Drained
            }
            Err(error) => {
                self.fail(format!("a process of the sweep: {error}"));
                SourceState::Drained
            }
        }
    }

    fn take_line(&mut self, index: usize, line: &str, shell: &mut Shell<Commit>) {
        match serde_json::from_str(line) {
            Ok(Line::Row(row)) => {
                let expected = self.running[index].open.pop_front();
                if expected == Some(row.task) {
                    self.running[index].deadline_ms =
                        shell.now_ms().saturating_add(self.start.limit_ms());
                    self.push(*row, shell);
                } else {
                    self.fail(format!(
                        "a process of the sweep reported task {}: expected {expected:?}",
                        row.task
                    ));
                }
            }
            Ok(Line::Unable(text)) => self.fail(text),
            Err(error) => self.fail(format!("a process of the sweep wrote no result: {error}")),
        }
    }

    fn push(&mut self, row: ResultRow, shell: &mut Shell<Commit>) {
        if self.rows.is_empty() {
            self.oldest_ms = shell.now_ms();
        }
        self.progress.ended += 1;
        self.progress.failed += usize::from(row.outcome.is_err());
        self.rows.push(row);
    }

    /// A process closed its output: it has ended, or is about to.
    fn closed(&mut self, index: usize, shell: &mut Shell<Commit>) {
        match self.running[index].process.ended() {
            Ok(Some(status)) => self.bury(index, &ending(status), shell),
            Ok(None) => {
                self.running[index].closing_ms = Some(shell.now_ms() + CLOSING_MS);
            }
            Err(error) => self.bury(index, &error.to_string(), shell),
        }
    }

    /// Gives up a process, and the task that it was at.
    fn bury(&mut self, index: usize, how: &str, shell: &mut Shell<Commit>) {
        let Running { process, open, .. } = self.running.swap_remove(index);
        process.close(shell);
        if let Some(task) = self.queue.died(open) {
            let reason = format!("its process {how}");
            let row = self.plan.tasks[task as usize].row(Err(reason));
            self.push(row, shell);
        }
        shell.resume_work();
    }

    /// Ends processes that were silent for too long, and sees to those that closed their output.
    fn look_after(&mut self, shell: &mut Shell<Commit>) {
        let now_ms = shell.now_ms();
        // From the end: what is taken out leaves those before it in place.
        for index in (0..self.running.len()).rev() {
            let running = &self.running[index];
            if now_ms >= running.deadline_ms {
                let limit = self.start.limit.0 as f64 / 1e9;
                let how = format!("gave no result within {limit} s and was ended");
                self.bury(index, &how, shell);
            } else if running.closing_ms.is_some_and(|at| now_ms >= at) {
                self.closed(index, shell);
            }
        }
    }

    /// Hands rows to a worker when there are enough, or the oldest has waited, or at the end.
    fn commit(&mut self, at_once: bool, shell: &mut Shell<Commit>) {
        let due = at_once
            || self.rows.len() >= BATCH_ROWS
            || shell.now_ms() >= self.oldest_ms.saturating_add(BATCH_MS);
        if self.rows.is_empty() || !due {
            return;
        }
        if let Some(results) = self.results.take() {
            let rows = std::mem::take(&mut self.rows);
            let mut request = EffectRequest::new(EffectClass::Ledger, Commit { results, rows });
            request.limit_ms = COMMIT_LIMIT_MS;
            request.wait = Wait::Unlimited;
            // One at a time: far below what is admitted, so it is never refused.
            let _ = shell.submit(request);
        }
    }

    fn show_progress(&mut self) {
        if let Some(show) = &mut self.show {
            show(self.progress);
        }
    }
}

impl Application for SweepRun<'_> {
    type Job = Commit;

    fn start(&mut self, shell: &mut Shell<Commit>) -> std::io::Result<()> {
        if self.show.is_some() {
            self.show_progress();
            shell.arm(shell.now_ms() + PROGRESS_MS, PROGRESS_TAG);
        }
        Ok(())
    }

    fn on_clock(&mut self, event: ClockEvent, _shell: &mut Shell<Commit>) {
        if let ClockEvent::Suspended { for_ns } = event {
            let slept_ms = u64::try_from(for_ns / 1_000_000).unwrap_or(0);
            for running in &mut self.running {
                running.deadline_ms = running.deadline_ms.saturating_add(slept_ms);
            }
        }
    }

    fn on_signal(&mut self, signal: Signal, shell: &mut Shell<Commit>) {
        if matches!(signal, Signal::Interrupt | Signal::Terminate) {
            self.outcome
                .get_or_insert(SweepOutcome::Interrupted(signal));
            shell.resume_work();
        }
    }

    fn on_effect(
        &mut self,
        report: EffectReport<<Commit as Job>::Output>,
        shell: &mut Shell<Commit>,
    ) {
        match report.outcome {
            EffectOutcome::Done((results, outcome)) => {
                self.results = Some(results);
                if let Err(error) = outcome {
                    self.fail(error.to_string());
                }
            }
            other => self.fail(format!(
                "writing results: {}",
                other.failure().unwrap_or_default()
            )),
        }
        shell.resume_work();
    }

    fn on_ready(
        &mut self,
        token: Token,
        _readiness: Readiness,
        budget: usize,
        shell: &mut Shell<Commit>,
    ) -> SourceState {
        let place = self
            .running
            .iter()
            .position(|running| running.process.token() == token);
        let state = place.map_or(SourceState::Drained, |index| {
            self.listen(index, budget, shell)
        });
        shell.resume_work();
        state
    }

    fn work(&mut self, _budget: WorkBudget, shell: &mut Shell<Commit>) -> Progress {
        self.start_processes(shell);
        if self.outcome.is_some() {
            for running in self.running.drain(..) {
                running.process.close(shell);
            }
        }
        if !self.running.is_empty() || (self.outcome.is_none() && self.queue.waiting() > 0) {
            self.commit(false, shell);
            return Progress::Idle;
        }
        self.commit(true, shell);
        // After a failed commit the file is back and its rows are lost: they are run again.
        if self.results.is_some() && self.rows.is_empty() {
            self.outcome.get_or_insert(SweepOutcome::Complete);
            self.show_progress();
            shell.request_exit(0);
        }
        Progress::Idle
    }

    fn next_deadline(&mut self) -> Option<u64> {
        let batch = (self.results.is_some() && !self.rows.is_empty())
            .then(|| self.oldest_ms.saturating_add(BATCH_MS));
        self.running.iter().map(Running::next_ms).chain(batch).min()
    }

    fn turn(&mut self, shell: &mut Shell<Commit>) {
        self.look_after(shell);
        self.commit(false, shell);
    }

    fn on_timer(&mut self, tag: u64, shell: &mut Shell<Commit>) {
        if tag == PROGRESS_TAG {
            self.show_progress();
            shell.arm(shell.now_ms() + PROGRESS_MS, PROGRESS_TAG);
        }
    }
}
