//! `minnow sweep show` and `minnow sweep merge`: what is in results, and results brought together.

use super::{Common, Exit, Failure};
use crate::files;
use crate::store::sweep_results::{ResultRow, Stored, SweepResults};
use crate::sweep::ranking::Criterion;
use crate::sweep::table::Shown;
use crate::sweep::{Plan, csv, json, table};
use std::collections::BTreeMap;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

#[derive(Clone, Debug, clap::Args)]
pub struct Arguments {
    /// What `minnow sweep run` wrote
    #[arg(value_name = "RESULTS")]
    pub results: PathBuf,
    #[command(flatten)]
    pub options: ShowOptions,
}

#[derive(Clone, Debug, Default, clap::Args)]
pub struct ShowOptions {
    /// Configurations shown of a window
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub top: usize,
    /// What the best is best in, in-sample
    #[arg(long, value_name = "WHAT", value_enum, default_value_t = By::Sharpe)]
    pub by: By,
    /// Write every row into this CSV file too
    #[arg(long, value_name = "FILE")]
    pub csv: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum By {
    #[default]
    Sharpe,
    Return,
    ProfitFactor,
}

#[derive(Clone, Debug, clap::Args)]
pub struct MergeArguments {
    /// Results of runs of the same plan
    #[arg(required = true, num_args = 1.., value_name = "RESULTS")]
    pub results: Vec<PathBuf>,
    /// Made, or added to
    #[arg(short, long, value_name = "RESULTS")]
    pub output: PathBuf,
}

/// Runs the step.
///
/// # Errors
/// Results that cannot be read, or a CSV file that cannot be written (1).
pub fn run(common: &Common, arguments: &Arguments) -> Result<Exit, Failure> {
    show(common, &arguments.results, &arguments.options)?;
    Ok(Exit::Success)
}

/// Shows results.
///
/// # Errors
/// As [`run`].
pub fn show(common: &Common, results: &Path, options: &ShowOptions) -> Result<(), Failure> {
    let (plan, rows) = read(results)?;
    if let Some(path) = &options.csv {
        check_csv(path)?;
        files::replace(path, |file| {
            csv::write(std::io::BufWriter::new(file), &plan, &rows)
        })?;
    }
    let shown = Shown {
        top: options.top,
        criterion: match options.by {
            By::Sharpe => Criterion::Sharpe,
            By::Return => Criterion::Return,
            By::ProfitFactor => Criterion::ProfitFactor,
        },
    };
    let text = if common.json {
        format!("{}\n", json::render(&plan, &rows, shown))
    } else {
        table::render(&plan, &rows, shown)
    };
    super::report::print(&text)
}

/// Whether the rows may be written there: where nothing is, or rows of a sweep are, which the same
/// command writes again. Told before any work is done.
///
/// # Errors
/// Anything else that stands there: a slip of the hand must not cost a recording or results.
pub fn check_csv(path: &Path) -> Result<(), Failure> {
    let refuse = |why: String| {
        let text = format!("--csv {}: {why}; expected a new file", path.display());
        Err(Failure::new(Exit::Usage, text))
    };
    let mut start = Vec::new();
    let read = files::open_regular(path)
        .and_then(|file| file.take(csv::HEADING_MAX).read_to_end(&mut start));
    match read {
        Ok(0) => Ok(()),
        Ok(_) if csv::is_table(&start) => Ok(()),
        Ok(_) => refuse("it exists and holds no rows of a sweep".to_owned()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => refuse(error.to_string()),
    }
}

fn read(path: &Path) -> Result<(Plan, Vec<ResultRow>), Failure> {
    let stored = Stored::read(path)?;
    let plan = Plan::from_json(&stored.plan)
        .map_err(|problem| Failure::run_time(format!("{}: its plan: {problem}", path.display())))?;
    Ok((plan, stored.rows))
}

/// Brings results of the same plan into one file.
///
/// # Errors
/// Results of different plans, or a task that came out differently in two of them (1).
pub fn merge(arguments: &MergeArguments) -> Result<Exit, Failure> {
    let mut merged: BTreeMap<u32, (ResultRow, &Path)> = BTreeMap::new();
    let mut of: Option<(String, String, &Path)> = None;
    for path in &arguments.results {
        let stored = Stored::read(path)?;
        match &of {
            None => of = Some((stored.digest, stored.plan, path)),
            Some((digest, _, first)) if *digest != stored.digest => {
                return Err(Failure::run_time(format!(
                    "{} and {} are results of different plans ({:.16} and {:.16}): expected the same",
                    first.display(),
                    path.display(),
                    digest,
                    stored.digest
                )));
            }
            Some(_) => {}
        }
        for row in stored.rows {
            add(&mut merged, row, path)?;
        }
    }
    let Some((digest, plan, _)) = of else {
        return Ok(Exit::Success);
    };
    let mut output = SweepResults::open(&arguments.output, &plan, &digest)?;
    for row in Stored::read(&arguments.output)?.rows {
        // What the output has already must agree with what is added.
        add(&mut merged, row, &arguments.output)?;
    }
    let rows: Vec<ResultRow> = merged.into_values().map(|(row, _)| row).collect();
    output.write(&rows)?;
    super::sweep_run::note(&format!(
        "{} tasks in {}",
        rows.len(),
        arguments.output.display()
    ));
    Ok(Exit::Success)
}

/// One that is done goes before one that failed; two that are done must be equal.
fn add<'a>(
    merged: &mut BTreeMap<u32, (ResultRow, &'a Path)>,
    row: ResultRow,
    path: &'a Path,
) -> Result<(), Failure> {
    let Some((known, first)) = merged.get(&row.task) else {
        merged.insert(row.task, (row, path));
        return Ok(());
    };
    match (&known.outcome, &row.outcome) {
        (Ok(known), Ok(new)) if known.state_hash != new.state_hash => {
            Err(Failure::run_time(format!(
                "task {} ended in the state hash {} in {} and in {} in {}: the same task gives the \
                 same result, so these were not run by the same program on the same data",
                row.task,
                known.state_hash,
                first.display(),
                new.state_hash,
                path.display()
            )))
        }
        (Err(_), Ok(_)) => {
            merged.insert(row.task, (row, path));
            Ok(())
        }
        _ => Ok(()),
    }
}
