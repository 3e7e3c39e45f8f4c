//! `minnow replay`: recorded data through the whole bot, ending in a report.
//!
//! No network and no key; always in paper mode. The ledger of the run is made anew each time.

use super::logging::start_log;
use super::progress::ProgressBar;
use super::replay_ledger::{Ending, ledger_path, session_row};
use super::replay_start::{Start, core_settings, open_feeds, read_headers, turns_of};
use super::{Common, Exit, Failure, sources};
use crate::config::{Effective, reload_difference};
use crate::core::Core;
use crate::core::effect::Effect;
use crate::core::holds::HoldRows;
use crate::core::risk::emergency::Trigger;
use crate::core::units::Timestamp;
use crate::core::units::calendar::parse_time;
use crate::report::{Accumulator, Report, TradesShown, json, terminal};
use crate::runtime::journal::{Journal, Observer};
use crate::runtime::memory;
use crate::runtime::reloaded::Reloaded;
use crate::runtime::replay::{Feed, Outcome, Plan, Replay, ReplayProgress};
use crate::runtime::{EffectSettings, EventLoop, LoopSettings, PoolSettings, ThreadStart};
use crate::store::ledger::{Ledger, LedgerError};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Where a setting comes from that the verb itself makes.
pub(super) const VERB: &str = "replay";
/// Trades listed in the text report unless asked otherwise.
const TRADES_SHOWN: u64 = 10;

#[derive(Clone, Debug, Default, clap::Args)]
pub struct Arguments {
    /// Recordings: block form (.mrec), line form (.jsonl, .jsonl.gz) or a folder of segments
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Leave out what came before this UTC time (2018-01-02 or 2018-01-02T12:00:00Z)
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub from: Option<Timestamp>,
    /// Stop before this UTC time
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub to: Option<Timestamp>,
    /// Play N times as fast as it happened [default: as fast as it goes]
    #[arg(long, value_name = "N", value_parser = speed)]
    pub speed: Option<f64>,
    /// Go on after damaged places instead of stopping at the first
    #[arg(long)]
    pub skip_damaged: bool,
    /// Store every HOLD decision too, not only those that a check refused and the number of the others by reason
    #[arg(long)]
    pub keep_all: bool,
    /// Handle every trade one by one; slower, and the result must be the same
    #[arg(long)]
    pub plain: bool,
    /// Record the session (inputs, decisions, orders, fills, state hashes) into this new folder
    #[arg(long, value_name = "FOLDER")]
    pub record: Option<PathBuf>,
    /// Write the ledger here instead of <data directory>/replays
    #[arg(long, value_name = "FILE")]
    pub ledger: Option<PathBuf>,
    /// Closed trades to list in the report: a number, or all
    #[arg(long, value_name = "N|all", value_parser = super::report::trades_shown)]
    pub trades: Option<TradesShown>,
    /// Also write the report with its charts into this HTML file
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Instead of a report: compare the decisions on N beginnings of the recording with those on all
    /// of it, and exit 1 when one differs [default N: 64]
    #[arg(long, value_name = "N", num_args = 0..=1, require_equals = true,
          default_missing_value = "64", value_parser = super::lookahead::prefixes,
          conflicts_with_all = ["speed", "record", "ledger", "keep_all", "trades", "html"])]
    pub check_lookahead: Option<usize>,
}

pub(super) fn time(text: &str) -> Result<Timestamp, String> {
    parse_time(text)
        .ok_or_else(|| "expected a UTC time such as 2018-01-02 or 2018-01-02T12:00:00Z".to_owned())
}

fn speed(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|speed: &f64| speed.is_finite() && *speed > 0.0)
        .ok_or_else(|| "expected a number above 0".to_owned())
}

/// Replays the recordings and prints the report.
///
/// # Errors
/// Configuration (78); recordings or a ledger that cannot be used, or a replay that differs from
/// its recording (1).
pub fn run(common: &Common, arguments: &Arguments) -> Result<Exit, Failure> {
    check_window(arguments)?;
    check_files(arguments)?;
    arguments
        .html
        .as_deref()
        .map_or(Ok(()), super::html::check)?;
    if let Some(prefixes) = arguments.check_lookahead {
        return super::lookahead::run(common, arguments, prefixes);
    }
    let effective = sources::paper_configuration(common, VERB)?;
    start_log(&effective)?;
    let headers = read_headers(&arguments.files, arguments.skip_damaged)?;
    let settings = core_settings(&effective, &headers)?;
    let turns = turns_of(&headers, &arguments.files)?;
    let opened = open_feeds(arguments, &settings.instruments)?;
    if !common.json {
        say_what_applies(&effective);
    }
    let path = match &arguments.ledger {
        Some(path) => path.clone(),
        None => ledger_path(&effective, &arguments.files),
    };
    let row = session_row(&effective, &settings, &arguments.files);
    // The ledger of an earlier run is replaced only when nothing else stands in the way.
    let start = Start::new(arguments, &effective, settings, turns, opened)?;
    let ledger = Ledger::create_replay(&path, &row).map_err(ledger_failure)?;
    // Neither the start's memory under the run's nor the run's under the report's.
    memory::turn_over();
    let exit = replay(common, arguments, &effective, start, ledger)?;
    memory::turn_over();
    print_report(common, arguments, &path)?;
    if let Some(file) = &arguments.html {
        super::html::read_and_write(&path, &arguments.files, file)?;
    }
    Ok(exit)
}

/// A window that ends before it begins is a slip of the hand, not a wish for nothing.
fn check_window(arguments: &Arguments) -> Result<(), Failure> {
    if let (Some(from), Some(to)) = (arguments.from, arguments.to)
        && to <= from
    {
        return Err(Failure::new(
            Exit::Usage,
            format!("--from {from} --to {to}: expected a time after --from"),
        ));
    }
    Ok(())
}

/// The same file twice would double every volume; rows without ids cannot be told apart.
fn check_files(arguments: &Arguments) -> Result<(), Failure> {
    let mut seen: Vec<PathBuf> = Vec::new();
    for file in &arguments.files {
        // A file that cannot be resolved is told of when it is opened.
        let path = file.canonicalize().unwrap_or_else(|_| file.clone());
        if seen.contains(&path) {
            return Err(Failure::new(
                Exit::Usage,
                format!(
                    "{}: named twice; expected each recording once",
                    file.display()
                ),
            ));
        }
        seen.push(path);
    }
    Ok(())
}

/// Follows the run for the report.
pub(super) struct Follow(pub Accumulator);

impl Observer for Follow {
    fn effect(&mut self, effect: &Effect) {
        self.0.effect(effect);
    }
}

fn replay(
    common: &Common,
    arguments: &Arguments,
    effective: &Effective,
    start: Start,
    ledger: Ledger,
) -> Result<Exit, Failure> {
    let began = Instant::now();
    let settings = start.core.settings();
    let mut follow = Follow(Accumulator::new(
        start.core.equity(),
        settings.instruments.clone(),
    ));
    let mut core = start.core;
    core.keep_holds(match arguments.keep_all {
        true => HoldRows::All,
        false => HoldRows::Refused,
    });
    core.use_plain_path(arguments.plain);
    let bar = ProgressBar::new(VERB, common.json, start.bytes);
    let watched = !bar.is_hidden();
    let mut show = |progress: ReplayProgress| bar.show(progress);
    let mut reload = || reloaded(sources::paper_configuration(common, VERB), effective);
    let limits = start.batches;
    let plan = Plan {
        feeds: start.feeds,
        speed: arguments.speed,
        verify: start.verify,
        recorder: start.recorder,
    };
    let journal = Journal::new(ledger, limits);
    let mut application = Replay::new(
        core,
        journal,
        plan,
        &mut follow,
        watched.then_some(&mut show),
        &mut reload,
    );
    let machine = EventLoop::new(loop_settings(effective))
        .map_err(|error| Failure::run_time(format!("cannot set up the event loop: {error}")))?;
    let end = machine
        .run(&mut application)
        .map_err(|error| Failure::run_time(format!("the event loop failed: {error}")))?;
    let outcome = application.outcome();
    let (span, checked) = (application.span(), application.checked());
    let damages = damage_notes(application.feeds());
    let (core, journal) = application.into_parts();
    bar.finish();
    let ending = Ending {
        outcome: outcome.clone(),
        span,
        elapsed: began.elapsed(),
    };
    let closed = ending.close(&core, journal, &follow.0);
    for damage in &damages {
        // The one that ended the run is its failure already.
        if !matches!(&outcome, Outcome::Failed(text) if text.starts_with(damage)) {
            note(damage);
        }
    }
    if let Outcome::Failed(text) = outcome {
        return Err(Failure::run_time(text));
    }
    closed?;
    if end.exit_code() == Exit::Unresolved as u8 {
        return Ok(Exit::Unresolved);
    }
    Ok(conclude(&ending, &core, checked))
}

/// Says how it ended, and the status that goes with it.
fn conclude(ending: &Ending, core: &Core, checked: u64) -> Exit {
    if let Outcome::Interrupted(signal) = ending.outcome {
        let at = ending
            .span
            .1
            .map_or("its start".to_owned(), |last| last.to_string());
        let name = signal.name();
        note(&format!(
            "stopped by {name}: what follows is complete up to {at}"
        ));
        return Exit::Interrupted;
    }
    if ending.span.0.is_none() {
        note("no market data in what was to be replayed: look at the span with `minnow inspect`");
    }
    if checked > 0 {
        note(&format!(
            "identical to the recording: {checked} state hashes compared, last {}",
            core.state_hash()
        ));
    }
    match core.emergency().latched() {
        Some((Trigger::Operator, _)) => Exit::Halted,
        _ => Exit::Success,
    }
}

/// What was damaged in the recordings and left out, a line each.
fn damage_notes(feeds: &[Feed]) -> Vec<String> {
    let mut notes = Vec::new();
    for list in feeds.iter().flat_map(Feed::damages) {
        notes.extend(list.named().iter().map(ToString::to_string));
        let more = list.total() - list.named().len() as u64;
        if more > 0 {
            notes.push(format!("and {more} more damaged places"));
        }
    }
    notes
}

/// Settings of the loop from the configuration.
pub(super) fn loop_settings(effective: &Effective) -> LoopSettings {
    let seconds = |key: &str| Duration::from_secs_f64(effective.seconds(key).as_secs_f64());
    LoopSettings {
        effects: EffectSettings {
            max_in_flight: effective.count("functional_programming.max_concurrent_effects"),
            ..EffectSettings::default()
        },
        pool: PoolSettings {
            threads: effective.worker_threads(),
            start: if effective.flag("io_effects.thread_pool_optimization") {
                ThreadStart::OnFirstUse
            } else {
                ThreadStart::AtOnce
            },
            ..PoolSettings::default()
        },
        shutdown_timeout: seconds("system.shutdown_timeout"),
        executor_shutdown_timeout: seconds("io_effects.executor_shutdown_timeout"),
        ..LoopSettings::default()
    }
}

/// SIGHUP: the configuration was read and checked again.
pub(super) fn reloaded(
    fresh: Result<Effective, Failure>,
    running: &Effective,
) -> Result<Reloaded, String> {
    let fresh = fresh
        .map_err(|failure| format!("reload refused, the running configuration stays: {failure}"))?;
    let plan = reload_difference(running, &fresh);
    super::logging::apply_level(&fresh);
    let owned = |keys: Vec<&str>| keys.into_iter().map(str::to_owned).collect();
    Ok(Reloaded {
        applied: owned(plan.applied),
        needs_restart: owned(plan.needs_restart),
        limits: fresh.limits(),
        memory_cleanup_ms: super::task_settings::task_settings(&fresh).memory_cleanup_ms,
    })
}

fn say_what_applies(effective: &Effective) {
    for notice in effective.notices() {
        note(&notice);
    }
}

fn print_report(common: &Common, arguments: &Arguments, path: &Path) -> Result<(), Failure> {
    let shown = arguments.trades.unwrap_or(if common.json {
        TradesShown::All
    } else {
        TradesShown::Some(TRADES_SHOWN)
    });
    let report = Report::load(path, shown).map_err(ledger_failure)?;
    let text = if common.json {
        json::render(&report).map_err(Failure::run_time)?
    } else {
        terminal::render(&report, super::report::paint())
    };
    super::report::print(&format!("{}\n", text.trim_end()))
}

fn note(text: &str) {
    // Nobody is left to tell when stderr is gone.
    let _ = writeln!(std::io::stderr(), "{text}");
}

fn ledger_failure(error: LedgerError) -> Failure {
    Failure::run_time(error)
}
