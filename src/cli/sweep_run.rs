//! `minnow sweep run`: replays the tasks of a plan that have no result yet.

use super::progress::ProgressBar;
use super::sweep_plan::length;
use super::{Common, Exit, Failure};
use crate::core::units::Span;
use crate::runtime::processes::cores;
use crate::runtime::{EventLoop, LoopSettings};
use crate::store::sweep_results::{ResultsError, SweepResults};
use crate::sweep::plan::Share;
use crate::sweep::run::ProcessStart;
use crate::sweep::{Plan, SweepOutcome, SweepProgress, SweepRun};
use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

#[derive(Clone, Debug, clap::Args)]
pub struct Arguments {
    /// What `minnow sweep plan` wrote
    #[arg(value_name = "PLAN")]
    pub plan: PathBuf,
    /// Only this share of the tasks: 2/8 is the second of eight
    #[arg(long, value_name = "I/N", value_parser = Share::parse)]
    pub slice: Option<Share>,
    /// Results, made or gone on with [default: the plan's name with .sqlite]
    #[arg(short, long, value_name = "RESULTS")]
    pub output: Option<PathBuf>,
    #[command(flatten)]
    pub options: RunOptions,
}

#[derive(Clone, Debug, Default, clap::Args)]
pub struct RunOptions {
    /// Processes at once [default: as many as cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub processes: Option<u16>,
    /// Try tasks again that failed
    #[arg(long)]
    pub retry_failed: bool,
    /// Longest time that a process may take to its next result; then it is ended and its task has
    /// failed [default: 10m, and 10s for every MiB of the recordings]
    #[arg(long, value_name = "LENGTH", value_parser = length)]
    pub task_limit: Option<Span>,
}

impl RunOptions {
    /// A task replays every recording once at the most. docs/sweeps.md measures 11 ms for the 3.7 MiB
    /// of the bundled one: this is a thousand times that and more, for slow machines and other forms.
    fn limit(&self, plan: &Plan) -> Span {
        self.task_limit.unwrap_or_else(|| {
            let bytes: u64 = plan.recordings.iter().map(|file| file.bytes).sum();
            let seconds = 600 + 10 * bytes.div_ceil(1 << 20);
            Span::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX / 1_000_000_000))
        })
    }
}

impl From<ResultsError> for Failure {
    fn from(error: ResultsError) -> Self {
        Self::run_time(error)
    }
}

/// Runs the step.
///
/// # Errors
/// A plan, recordings or results that cannot be used (1).
pub fn run(common: &Common, arguments: &Arguments) -> Result<Exit, Failure> {
    let plan = Plan::read(&arguments.plan).map_err(Failure::run_time)?;
    let results = arguments
        .output
        .clone()
        .unwrap_or_else(|| arguments.plan.with_extension("sqlite"));
    let (slice, options) = (arguments.slice, &arguments.options);
    run_plan(common, &plan, &arguments.plan, &results, slice, options)
}

/// Runs a plan that lies at `path` into `results`.
///
/// # Errors
/// Recordings that are not those of the plan, results of another plan, a disk that refuses (1).
pub fn run_plan(
    common: &Common,
    plan: &Plan,
    path: &Path,
    results: &Path,
    slice: Option<Share>,
    options: &RunOptions,
) -> Result<Exit, Failure> {
    check(plan)?;
    let store = SweepResults::open(results, &plan.to_json(), &plan.digest())?;
    let tasks = open_tasks(plan, slice, &store.settled(options.retry_failed)?);
    let wanted = tasks.len();
    let processes = options.processes.map_or_else(cores, usize::from);
    let start = ProcessStart {
        program: std::env::current_exe()
            .map_err(|error| Failure::run_time(format!("this program has no path: {error}")))?,
        arguments: vec!["sweep-tasks".into(), path.into()],
        limit: options.limit(plan),
    };
    let began = Instant::now();
    let bar = ProgressBar::of_tasks("sweep", common.json, wanted as u64);
    let mut show =
        |progress: SweepProgress| bar.show_tasks(progress.ended as u64, progress.failed as u64);
    let watched = !bar.is_hidden();
    let mut sweep = SweepRun::new(
        plan,
        start,
        processes,
        tasks,
        store,
        watched.then_some(&mut show),
    );
    let machine = EventLoop::new(LoopSettings::default())
        .map_err(|error| Failure::run_time(format!("cannot set up the event loop: {error}")))?;
    let end = machine
        .run(&mut sweep)
        .map_err(|error| Failure::run_time(format!("the event loop failed: {error}")))?;
    let (outcome, progress) = (sweep.outcome(), sweep.progress());
    drop(sweep);
    bar.finish();
    let seconds = began.elapsed().as_secs_f64();
    note(&format!(
        "{} of {wanted} tasks in {seconds:.1} s, {:.0} a second, in {processes} processes; {} failed",
        progress.ended,
        progress.ended as f64 / seconds.max(1e-3),
        progress.failed
    ));
    match outcome {
        SweepOutcome::Complete if end.exit_code() == Exit::Unresolved as u8 => Ok(Exit::Unresolved),
        SweepOutcome::Complete => Ok(Exit::Success),
        SweepOutcome::Interrupted(signal) => {
            note(&format!(
                "stopped by {}: the same command goes on from here",
                signal.name()
            ));
            Ok(Exit::Interrupted)
        }
        SweepOutcome::Failed(text) => Err(Failure::run_time(text)),
    }
}

/// Whether the recordings are those of the plan.
fn check(plan: &Plan) -> Result<(), Failure> {
    for recording in &plan.recordings {
        recording.verify().map_err(Failure::run_time)?;
    }
    if plan.program != concat!("minnow ", env!("CARGO_PKG_VERSION")) {
        note(&format!("the plan was made by {}", plan.program));
    }
    Ok(())
}

/// Tasks of the slice that are not settled.
fn open_tasks(plan: &Plan, slice: Option<Share>, settled: &BTreeSet<u32>) -> Vec<u32> {
    plan.tasks
        .iter()
        .map(|task| task.number)
        .filter(|task| slice.is_none_or(|slice| slice.holds(*task)) && !settled.contains(task))
        .collect()
}

pub(super) fn note(text: &str) {
    // Nobody is left to tell when stderr is gone.
    let _ = writeln!(std::io::stderr(), "{text}");
}
