//! `minnow sweep-tasks PLAN TASKS`, which `minnow sweep run` starts: replays tasks of a plan one
//! after the other and writes a line of JSON for each.
//!
//! Start, headers and plan are paid once for many tasks. No ledger is written and no signal handled;
//! when nobody reads any more it ends. A task that fails or panics is a row with the reason.

use super::replay::Arguments as ReplayArguments;
use super::replay_ledger::run_ending;
use super::replay_start::{core_settings, open_feeds, read_headers, turns_of};
use super::sweep_plan::{configuration_of, warm_up};
use super::{Exit, Failure};
use crate::core::Core;
use crate::core::effect::Effect;
use crate::core::holds::HoldRows;
use crate::core::modes::Turns;
use crate::core::units::Span;
use crate::report::Accumulator;
use crate::report::figures::length;
use crate::runtime::journal::Observer;
use crate::runtime::replay::Direct;
use crate::store::recording::Header;
use crate::store::sweep_results::Figures;
use crate::sweep::queue::parse_ranges;
use crate::sweep::run::Line;
use crate::sweep::{PeriodReturns, Plan, Task};
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::time::Instant;

#[derive(Clone, Debug, clap::Args)]
pub struct Arguments {
    /// What `minnow sweep plan` wrote
    pub plan: PathBuf,
    /// Task numbers, such as 3,7-12
    pub tasks: String,
}

/// Runs the tasks.
///
/// # Errors
/// None: whatever is wrong is a line, because that is what is read.
pub fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let desk = match Desk::open(arguments) {
        Ok(desk) => desk,
        Err(failure) => {
            say(&Line::Unable(failure.to_string()));
            return Ok(Exit::Failure);
        }
    };
    for number in &desk.tasks {
        let task = &desk.plan.tasks[*number as usize];
        let row = task.row(desk.outcome(task));
        if !say(&Line::Row(Box::new(row))) {
            return Ok(Exit::Failure);
        }
    }
    Ok(Exit::Success)
}

/// Whether somebody still reads.
fn say(line: &Line) -> bool {
    let Ok(text) = serde_json::to_string(line) else {
        return false;
    };
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}").and_then(|()| out.flush()).is_ok()
}

/// What all tasks share.
struct Desk {
    plan: Plan,
    tasks: Vec<u32>,
    files: Vec<PathBuf>,
    headers: Vec<Header>,
    turns: Turns,
}

impl Desk {
    fn open(arguments: &Arguments) -> Result<Self, Failure> {
        let plan = Plan::read(&arguments.plan).map_err(Failure::run_time)?;
        let tasks = parse_ranges(&arguments.tasks, plan.tasks.len() as u32)
            .map_err(|problem| Failure::new(Exit::Usage, problem))?;
        let files: Vec<PathBuf> = plan.recordings.iter().map(|f| f.path.clone()).collect();
        let headers = read_headers(&files, false)?;
        let turns = turns_of(&headers, &files)?;
        Ok(Self {
            plan,
            tasks,
            files,
            headers,
            turns,
        })
    }

    fn outcome(&self, task: &Task) -> Result<Figures, String> {
        // Nothing outlives a task that a panic could leave half done.
        match catch_unwind(AssertUnwindSafe(|| self.replay(task))) {
            Ok(outcome) => outcome.map_err(|failure| failure.to_string()),
            Err(payload) => {
                let text = payload
                    .downcast_ref::<String>()
                    .map(String::as_str)
                    .or_else(|| payload.downcast_ref::<&str>().copied());
                Err(format!("panicked: {}", text.unwrap_or("without a message")))
            }
        }
    }

    /// What a part lacks that begins with less before it than a warm-up wants. One that begins with
    /// the recording is warmed up within itself, and nobody expects otherwise.
    fn short_warm_up(&self, task: &Task, wanted: Span) -> Option<String> {
        let before = task.counted_from?.since(self.plan.first);
        (task.from.is_none() && before < wanted).then(|| {
            format!(
                "warmed up for {} where {} are wanted: the recording reaches back no further",
                length(before),
                length(wanted)
            )
        })
    }

    fn replay(&self, task: &Task) -> Result<Figures, Failure> {
        let began = Instant::now();
        let effective = configuration_of(self.plan.sets_of(task))?;
        let settings = core_settings(&effective, &self.headers)?;
        let short = self.short_warm_up(task, warm_up(&settings));
        let arguments = ReplayArguments {
            files: self.files.clone(),
            from: task.from,
            to: task.to,
            ..ReplayArguments::default()
        };
        let opened = open_feeds(&arguments, &settings.instruments)?;
        let feeds = opened.into_iter().map(|(_, feed, _)| feed).collect();
        let mut core = Core::new(settings, self.turns);
        core.keep_holds(HoldRows::Refused);
        let start = core.equity();
        let mut follow = Follow {
            accumulator: Accumulator::new(start, core.settings().instruments.clone()),
            returns: PeriodReturns::new(start, self.plan.period, task.counted_from),
        };
        let mut direct = Direct::new(core, feeds);
        direct.run(&mut follow)?;
        let ending = run_ending(&direct.core, direct.span());
        let metrics = follow.accumulator.summary(&ending).metrics;
        Ok(Figures {
            fingerprint: effective.fingerprint(),
            state_hash: direct.core.state_hash().to_string(),
            inputs: direct.core.inputs(),
            trades: metrics.trades,
            wins: metrics.wins,
            net: metrics.net,
            fees: metrics.fees,
            slippage: metrics.slippage,
            return_pct: metrics.total_return_pct,
            win_rate_pct: metrics.win_rate_pct,
            profit_factor: metrics.profit_factor,
            sharpe: metrics.sharpe,
            max_drawdown_pct: metrics.max_drawdown_pct,
            exposure_pct: metrics.exposure_pct,
            returns: follow.returns.finish(),
            notes: ending.notes.into_iter().chain(short).collect(),
            elapsed_us: u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX),
        })
    }
}

struct Follow {
    accumulator: Accumulator,
    returns: PeriodReturns,
}

impl Observer for Follow {
    fn effect(&mut self, effect: &Effect) {
        self.accumulator.effect(effect);
        self.returns.effect(effect);
    }
}
