//! `minnow sweep`: many configurations over the same recordings; alone it plans, runs and shows, its
//! steps do one of these each.

use super::{Common, Exit, Failure, sweep_plan, sweep_run, sweep_show};
use crate::config::Effective;
use crate::sweep::Plan;
use std::path::{Path, PathBuf};

/// Why the words of a plain sweep and those of its steps are told apart: see clap's two attributes.
#[derive(Clone, Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct Arguments {
    #[command(subcommand)]
    pub step: Option<Step>,
    #[command(flatten)]
    pub plan: sweep_plan::Arguments,
    #[command(flatten)]
    pub run: sweep_run::RunOptions,
    #[command(flatten)]
    pub show: sweep_show::ShowOptions,
}

/// Each step alone, so that other machines can take a share.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum Step {
    /// Write every task into a plan file
    Plan(sweep_plan::Arguments),
    /// Replay the tasks of a plan, or a slice of them, that have no result yet
    Run(sweep_run::Arguments),
    /// Bring the results of several runs of one plan together
    Merge(sweep_show::MergeArguments),
    /// Show the best configurations, in-sample beside out-of-sample
    Show(sweep_show::Arguments),
}

/// Runs the verb or one of its steps.
///
/// # Errors
/// Usage (2), configuration (78), recordings or files that cannot be used (1).
pub fn run(common: &Common, arguments: &Arguments) -> Result<Exit, Failure> {
    match &arguments.step {
        Some(Step::Plan(plan)) => {
            let (made, effective) = sweep_plan::make(common, plan)?;
            let path = write(&made, &effective, plan.output.as_deref())?;
            super::report::print(&format!("{}\n", path.display()))?;
            Ok(Exit::Success)
        }
        Some(Step::Run(run)) => sweep_run::run(common, run),
        Some(Step::Merge(merge)) => sweep_show::merge(merge),
        Some(Step::Show(show)) => sweep_show::run(common, show),
        None => {
            if let Some(path) = &arguments.show.csv {
                sweep_show::check_csv(path)?;
            }
            let (made, effective) = sweep_plan::make(common, &arguments.plan)?;
            let path = write(&made, &effective, arguments.plan.output.as_deref())?;
            let results = path.with_extension("sqlite");
            let exit = sweep_run::run_plan(common, &made, &path, &results, None, &arguments.run)?;
            if exit != Exit::Success {
                return Ok(exit);
            }
            sweep_show::show(common, &results, &arguments.show)?;
            super::sweep_run::note(&format!("results: {}", results.display()));
            Ok(Exit::Success)
        }
    }
}

/// Writes the plan where it was asked for, or among the data under a name that its content gives:
/// the same sweep again finds its results there.
fn write(plan: &Plan, effective: &Effective, output: Option<&Path>) -> Result<PathBuf, Failure> {
    let path = match output {
        Some(path) => path.to_path_buf(),
        None => {
            let first = plan
                .recordings
                .first()
                .and_then(|file| file.path.file_stem());
            let name = first.unwrap_or_default().to_string_lossy();
            Path::new(effective.text("data.directory"))
                .join("sweeps")
                .join(format!("{name}-{:.16}.json", plan.digest()))
        }
    };
    sweep_plan::write(plan, &path)?;
    Ok(path)
}
