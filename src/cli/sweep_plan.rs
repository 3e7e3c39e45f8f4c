//! `minnow sweep plan`: from settings, ranges and recordings to a plan with every task.
//!
//! Each configuration is loaded and checked here, so that a bad key or value is told before anything
//! runs, in the words that `--set` has for it.

use super::replay_start::{core_settings, read_headers, turns_of};
use super::{Common, Exit, Failure, sources};
use crate::config::Effective;
use crate::config::keys::Names;
use crate::config::recorded::load_alone;
use crate::config::value::set_notation;
use crate::core::settings::Settings;
use crate::core::units::calendar::DAY;
use crate::core::units::{Span, Timestamp};
use crate::files::PartFile;
use crate::store::recording::survey::survey;
use crate::store::recording::{Header, OpenOptions, open};
use crate::sweep::combinations::{Sampling, combinations};
use crate::sweep::recording_file::RecordingFile;
use crate::sweep::windows::parse_length;
use crate::sweep::{Axis, Division, Plan, Task, Window};
use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Where a setting comes from that the verb itself makes.
pub(super) const VERB: &str = "sweep";
/// Tasks of one plan at most.
const TASKS_MAX: usize = 200_000;
/// Shortest period of returns unless asked otherwise.
const PERIOD_MIN: Span = Span::from_secs(60);

#[derive(Clone, Debug, Default, clap::Args)]
#[group(id = "sweep_plan")]
pub struct Arguments {
    /// Recordings: block form (.mrec), line form (.jsonl, .jsonl.gz) or a folder of segments
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Try each of these values (KEY=A|B where a value has a comma); several make a grid
    #[arg(long = "grid", value_name = "KEY=A,B,C", value_parser = Axis::parse_grid)]
    pub grids: Vec<Axis>,
    /// With --sample: draw values from a range, evenly, in its logarithm, or whole numbers
    #[arg(long = "range", value_name = "KEY=LOW..HIGH[:log|:int]", value_parser = Axis::parse_range,
          requires = "sample")]
    pub ranges: Vec<Axis>,
    /// Draw N configurations instead of trying every combination
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub sample: Option<u32>,
    /// Seed of the sample
    #[arg(long, value_name = "S", default_value_t = 1, requires = "sample")]
    pub seed: u64,
    /// Choose on this share of the time, test on the rest
    #[arg(long, value_name = "SHARE", value_parser = Division::parse_split,
          conflicts_with = "walk_forward")]
    pub split: Option<Division>,
    /// Choose on one stretch, test on the next, move on by the test's length
    #[arg(long, value_name = "train=2d,test=1d", value_parser = Division::parse_walk_forward)]
    pub walk_forward: Option<Division>,
    /// Length of the periods that returns are taken over [default: the longest candle, at least 1m]
    #[arg(long, value_name = "LENGTH", value_parser = length)]
    pub period: Option<Span>,
    /// Leave out combinations that the configuration refuses, instead of refusing the sweep
    #[arg(long)]
    pub skip_invalid: bool,
    /// Write the plan here [default: <data directory>/sweeps/<recording>-<digest>.json]
    #[arg(short, long, value_name = "PLAN")]
    pub output: Option<PathBuf>,
}

pub(super) fn length(text: &str) -> Result<Span, String> {
    parse_length(text).ok_or_else(|| "expected a length such as 90s, 15m, 6h or 2d".to_owned())
}

fn usage(problem: String) -> Failure {
    Failure::new(Exit::Usage, problem)
}

/// One configuration that passed.
struct Configuration {
    sets: Vec<String>,
    interval: Span,
    /// From the first candle until the first entry is possible and each indicator has a value.
    warm_up: Span,
}

/// Fewer than were to be drawn: there are no more.
fn tell_short_sample(found: usize, wanted: Option<u32>) {
    if let Some(wanted) = wanted.filter(|wanted| (*wanted as usize) > found) {
        super::sweep_run::note(&format!(
            "--sample {wanted}: only {found} different configurations were found, all of them are taken"
        ));
    }
}

/// Makes the plan, with the configuration it starts from.
///
/// # Errors
/// Usage (2), configuration (78), recordings that cannot be used (1).
pub fn make(common: &Common, arguments: &Arguments) -> Result<(Plan, Effective), Failure> {
    let axes: Vec<Axis> = arguments
        .grids
        .iter()
        .chain(&arguments.ranges)
        .map(canonical)
        .collect();
    let sampling = arguments.sample.map(|draws| Sampling {
        draws,
        seed: arguments.seed,
    });
    let values = combinations(&axes, sampling).map_err(usage)?;
    tell_short_sample(values.len(), arguments.sample);
    let effective = sources::paper_configuration(common, VERB)?;
    let headers = read_headers(&arguments.files, false)?;
    check_headers(&headers, &arguments.files)?;
    let keys: Vec<String> = axes.into_iter().map(|axis| axis.key).collect();
    for key in keys.iter().filter(|key| !is_read_by_core(key)) {
        super::sweep_run::note(&format!("{key}: no decision depends on it"));
    }
    let base = base_pairs(&effective, &keys);
    check_base(&effective)?;
    let (configurations, left_out) =
        check_all(&base, &keys, &values, &headers, arguments.skip_invalid)?;
    let (first, last) = span(&arguments.files)?;
    let longest = configurations.iter().map(|c| c.interval).max();
    let step = longest.unwrap_or(PERIOD_MIN);
    let period = arguments.period.unwrap_or(step.max(PERIOD_MIN));
    if period < step {
        return Err(usage(format!(
            "--period {} s: expected at least the longest candle of the sweep, {} s",
            period.0 / 1_000_000_000,
            step.0 / 1_000_000_000
        )));
    }
    let division = arguments
        .split
        .or(arguments.walk_forward)
        .unwrap_or(Division::Whole);
    let windows = division.windows(first, last, step).map_err(usage)?;
    let tasks = tasks(&configurations, &windows, first)?;
    check_starts(&arguments.files, &tasks)?;
    let (format, version) = Plan::format();
    let plan = Plan {
        format,
        version,
        program: concat!("minnow ", env!("CARGO_PKG_VERSION")).to_owned(),
        recordings: arguments
            .files
            .iter()
            .map(|file| RecordingFile::of(file))
            .collect::<Result<_, _>>()
            .map_err(Failure::run_time)?,
        first,
        last,
        division: describe(division),
        period,
        base,
        base_fingerprint: effective.fingerprint(),
        base_settings: effective.recordable(),
        keys,
        sampling,
        left_out,
        windows,
        tasks,
    };
    Ok((plan, effective))
}

/// The axis under the key's own name, so that an alias and the base never speak of the same key
/// twice. A name that leads to no key stays: the configuration says what is wrong with it.
fn canonical(axis: &Axis) -> Axis {
    let names = Names::shared();
    let key = names
        .dotted(&axis.key)
        .or_else(|| names.flat(&axis.key))
        .or_else(|| names.environment(&axis.key).map(|(_, key)| key));
    Axis {
        key: key.map_or_else(|| axis.key.clone(), |key| key.name.to_owned()),
        values: axis.values.clone(),
    }
}

fn is_read_by_core(key: &str) -> bool {
    Names::shared().dotted(key).is_none_or(|key| key.core_reads)
}

/// A session's segment that begins with a state has been decided already by other settings.
fn check_headers(headers: &[Header], files: &[PathBuf]) -> Result<(), Failure> {
    turns_of(headers, files)?;
    match headers.iter().position(|header| header.state.is_some()) {
        None => Ok(()),
        Some(index) => Err(Failure::run_time(format!(
            "{}: this segment starts from the state of its session: expected a recording from its \
             beginning",
            files[index].display()
        ))),
    }
}

/// No part may begin in a segment of a session that goes on from the state of the one before.
fn check_starts(files: &[PathBuf], tasks: &[Task]) -> Result<(), Failure> {
    let starts: BTreeSet<Timestamp> = tasks.iter().filter_map(|task| task.from).collect();
    for from in starts {
        for file in files {
            let options = OpenOptions {
                from: Some(from),
                ..OpenOptions::default()
            };
            if open(file, &options)?.header.state.is_some() {
                return Err(Failure::run_time(format!(
                    "{}: the part from {from} begins in a segment that goes on from its session's \
                     state: expected one file (see `minnow compact`), or a sweep that is not divided",
                    file.display()
                )));
            }
        }
    }
    Ok(())
}

/// Everything stated that the core reads, but what is swept, as `--set` takes it.
fn base_pairs(effective: &Effective, swept: &[String]) -> Vec<String> {
    effective
        .entries()
        .filter(|entry| entry.is_explicit() && entry.key.core_reads && !entry.key.hides())
        .filter(|entry| !swept.iter().any(|key| key == entry.key.name))
        .map(|entry| {
            format!(
                "{}={}",
                entry.key.name,
                set_notation(&entry.value.to_json())
            )
        })
        .collect()
}

/// What the pairs alone amount to must be what all sources together do.
fn check_base(effective: &Effective) -> Result<(), Failure> {
    let alone = configuration_of(base_pairs(effective, &[]))?;
    if alone.fingerprint() == effective.fingerprint() {
        return Ok(());
    }
    Err(Failure::run_time(
        "the configuration cannot be put into a plan: stated by --set alone it decides differently",
    ))
}

/// The configuration that these pairs alone amount to.
///
/// # Errors
/// What is wrong with them, as `--set` has it (78).
pub fn configuration_of(sets: Vec<String>) -> Result<Effective, Failure> {
    load_alone(sets, VERB)
        .map_err(|findings| Failure::new(Exit::Configuration, findings.to_string()))
}

/// Loads every configuration; how many were left out.
fn check_all(
    base: &[String],
    keys: &[String],
    values: &[Vec<String>],
    headers: &[Header],
    skip_invalid: bool,
) -> Result<(Vec<Configuration>, u32), Failure> {
    let mut configurations = Vec::with_capacity(values.len());
    let mut left_out = 0;
    for combination in values {
        let pairs = keys.iter().zip(combination);
        let sets: Vec<String> = pairs.map(|(key, value)| format!("{key}={value}")).collect();
        let all = base.iter().chain(&sets).cloned().collect();
        let settings = configuration_of(all).and_then(|of| core_settings(&of, headers));
        match settings {
            Ok(settings) => configurations.push(configuration(sets, &settings)),
            Err(failure) if skip_invalid && failure.exit == Exit::Configuration => left_out += 1,
            Err(failure) => return Err(failure),
        }
    }
    if configurations.is_empty() {
        return Err(Failure::new(
            Exit::Configuration,
            "config: every combination of the sweep was left out as invalid",
        ));
    }
    Ok((configurations, left_out))
}

fn configuration(sets: Vec<String>, settings: &Settings) -> Configuration {
    Configuration {
        sets,
        interval: settings.trading.interval.span(),
        warm_up: warm_up(settings),
    }
}

/// From the first candle until an entry is possible and each indicator has a value.
pub(super) fn warm_up(settings: &Settings) -> Span {
    let interval = settings.trading.interval.span();
    let day = if settings.trading.require_24h_data {
        DAY / interval.0
    } else {
        0
    };
    let candles = i64::try_from(settings.trading.min_candles).unwrap_or(i64::MAX);
    let of_entries = Span(interval.0.saturating_mul(candles.max(day)));
    of_entries.max(settings.warm_up_span())
}

/// First and last market data of all recordings.
fn span(files: &[PathBuf]) -> Result<(Timestamp, Timestamp), Failure> {
    let mut span: Option<(Timestamp, Timestamp)> = None;
    for file in files {
        let survey = survey(file)?;
        if let Some(damage) = survey.damages.iter().find(|damage| !damage.kind.is_tail()) {
            return Err(Failure::run_time(format!(
                "{damage}: expected a whole recording; look at it with `minnow inspect`"
            )));
        }
        if let (Some(first), Some(last)) = (survey.first, survey.last) {
            span = Some(span.map_or((first, last), |(a, b)| (a.min(first), b.max(last))));
        }
    }
    span.ok_or_else(|| Failure::run_time("no market data in what was to be swept over"))
}

/// Every configuration over every part.
fn tasks(
    configurations: &[Configuration],
    windows: &[Window],
    first: Timestamp,
) -> Result<Vec<Task>, Failure> {
    let count = configurations.len().saturating_mul(windows.len());
    if count > TASKS_MAX {
        return Err(usage(format!(
            "{} configurations over {} parts are {count} tasks: expected at most {TASKS_MAX}",
            configurations.len(),
            windows.len()
        )));
    }
    let mut tasks = Vec::with_capacity(count);
    for (configuration, combination) in configurations.iter().zip(1..) {
        for window in windows {
            let earlier = window.from.map(|from| from - configuration.warm_up);
            tasks.push(Task {
                number: tasks.len() as u32,
                combination,
                window: window.number,
                part: window.part,
                sets: configuration.sets.clone(),
                from: earlier.filter(|from| *from > first),
                to: window.to,
                counted_from: window.from,
            });
        }
    }
    Ok(tasks)
}

fn describe(division: Division) -> String {
    let seconds = |span: Span| span.0 / 1_000_000_000;
    match division {
        Division::Whole => "none: everything in-sample".to_owned(),
        Division::Split(share) => format!("split at {share} of the time"),
        Division::WalkForward { train, test } => format!(
            "walk-forward, choosing on {} s and testing on {} s",
            seconds(train),
            seconds(test)
        ),
    }
}

/// Writes the plan; a file that holds another plan is left alone.
///
/// # Errors
/// The folder cannot be written, or something else stands there.
pub fn write(plan: &Plan, path: &Path) -> Result<(), Failure> {
    if path.symlink_metadata().is_ok() {
        let why = match Plan::read(path) {
            Ok(found) if found.digest() == plan.digest() => return Ok(()),
            Ok(_) => format!("{}: another plan is there", path.display()),
            Err(problem) => problem,
        };
        return Err(Failure::run_time(format!(
            "{why}; to write the plan: expected a new name, or the same plan"
        )));
    }
    let io = |error: std::io::Error| {
        Failure::run_time(format!("{}: cannot be written: {error}", path.display()))
    };
    if let Some(folder) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(io)?;
    }
    let (place, mut file) = PartFile::create(path)?;
    writeln!(file, "{}", plan.to_json()).map_err(io)?;
    Ok(place.keep()?)
}
