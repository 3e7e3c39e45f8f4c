//! One file a verb. Parses arguments, wires the rooms together, turns the outcome into an exit code.
//!
//! Results go to stdout, everything about them (progress, warnings, errors) to stderr.

pub mod balance;
pub mod check_config;
pub mod compact;
pub mod completions;
mod csv_writer;
pub mod doctor;
mod doctor_exchange;
mod doctor_machine;
pub mod download;
mod download_pages;
mod download_rows;
mod exchange;
pub mod exit;
mod explain;
mod explain_run;
pub mod export;
mod export_candles;
mod export_ledger;
mod frame_source;
pub mod html;
pub mod import;
pub mod init;
pub mod inspect;
pub mod leave;
pub mod logging;
pub mod lookahead;
pub mod orders;
pub mod plan;
pub mod positions;
pub mod progress;
mod protective;
pub mod record;
pub mod replay;
pub mod replay_ledger;
pub mod replay_start;
pub mod report;
pub mod reset_paper;
mod row_watch;
pub mod sources;
pub mod status;
pub mod sweep;
pub mod sweep_plan;
pub mod sweep_run;
pub mod sweep_show;
pub mod sweep_tasks;
mod table;
mod task_settings;
pub mod trade;
mod trade_start;
mod unresolved;

pub mod venue;

pub use exit::{Exit, Failure};

use clap::{Args, Parser, Subcommand};
use leave::Deed;
use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

/// Below the list of verbs in `--help`.
const AFTER_HELP: &str = "\
First steps:
  minnow replay recordings/btc-perp-2018-01-01.mrec   a real recording through the whole bot
  minnow init                                         write a .env and a configuration
  minnow check-config                                 see every setting and where it comes from

Sources of settings, low to high: built-in, configuration file, --default, .env, environment, --set.
Exit codes: 0 success, 1 failure or difference, 2 usage, 3 stopped with something unresolved,
4 emergency stop, 78 configuration, 130 interrupted.";

/// A self-hosted trading bot that fits on the smallest server money can rent.
#[derive(Debug, Parser)]
#[command(name = "minnow", version, arg_required_else_help = true, after_help = AFTER_HELP)]
pub struct CommandLine {
    #[command(flatten)]
    pub common: Common,
    #[command(subcommand)]
    pub verb: Verb,
}

/// Arguments that every verb accepts.
#[derive(Clone, Debug, Default, Args)]
pub struct Common {
    /// Configuration file (JSON); otherwise CONFIG_FILE, else config/concurrency_optimized.json
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Set a configuration key; wins over every file and the environment
    #[arg(long = "set", global = true, value_name = "SECTION.KEY=VALUE")]
    pub sets: Vec<String>,
    /// Set the default of a configuration key; files and environment win over it
    #[arg(long = "default", global = true, value_name = "SECTION.KEY=VALUE")]
    pub defaults: Vec<String>,
    /// Read this file instead of ./.env
    #[arg(long, global = true, value_name = "FILE")]
    pub env_file: Option<PathBuf>,
    /// No real orders, whatever anything else says
    #[arg(long, global = true)]
    pub dry_run: bool,
    /// Machine-readable output where the output is data
    #[arg(long, global = true)]
    pub json: bool,
    /// trace, debug, info, warn or error
    #[arg(long, global = true, value_name = "LEVEL")]
    pub log_level: Option<String>,
}

#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Print every effective setting with its source, and what is odd about them
    CheckConfig(check_config::Arguments),
    /// Replay recorded data through the whole bot and report on it
    Replay(Box<replay::Arguments>),
    /// Write a .env and a configuration, from a few questions or flags
    Init(init::Arguments),
    /// Tell why a decision, order, trade or quiet minute came out as it did
    Explain(explain::Arguments),
    /// Show what a run amounted to, from its ledger
    Report(report::Arguments),
    Import(Box<import::Arguments>),
    Inspect(inspect::Arguments),
    Export(export::Arguments),
    Compact(compact::Arguments),
    /// Print every bounded buffer with count, size and the total
    Plan(plan::Arguments),
    /// Replay many configurations, and tell how much of the best is luck
    Sweep(Box<sweep::Arguments>),
    /// Replays tasks of a sweep's plan, a line of JSON each: what `sweep run` starts
    #[command(hide = true)]
    SweepTasks(sweep_tasks::Arguments),
    /// Trade on live data: on paper, or with real orders where that is configured
    Trade(trade::Arguments),
    /// Show what a running bot does
    Status(status::StatusArguments),
    /// Tell a running bot to pause, resume or stop
    Ctl(status::ControlArguments),
    /// Record the market data of the configured symbols; needs no key
    Record(record::Arguments),
    /// Fetch candles or trades of a span of time from the exchange; needs no key
    Download(download::Arguments),
    /// Look at configuration, key, clock, network, disk and memory, and say what to mend
    Doctor(doctor::Arguments),
    /// Put the paper account's ledger aside and begin another with this balance
    ResetPaper(reset_paper::Arguments),
    /// Show what the account at the exchange holds
    Balance(balance::Arguments),
    /// Show the open orders at the exchange
    Orders(orders::Arguments),
    /// Show what the exchange says is held of the configured symbols
    Positions(positions::Arguments),
    /// Cancel every entry order of minnow, with a running bot or without one
    CancelAll(leave::Arguments),
    /// Close every position of minnow at market, with a running bot or without one
    CloseAll(leave::Arguments),
    /// Be an exchange on this machine: Coinbase's protocol, a market from a seed or a recording
    Venue(Box<venue::Arguments>),
    /// Print a completion script for a shell
    Completions(completions::Arguments),
}

/// Runs the program with these arguments (the first is the program's name).
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let line = match CommandLine::try_parse_from(arguments) {
        Ok(line) => line,
        Err(error) => {
            // clap prints help and version to stdout with 0, usage errors to stderr with 2.
            let code = if error.use_stderr() {
                Exit::Usage
            } else {
                Exit::Success
            };
            let _ = error.print();
            return code.into();
        }
    };
    let common = &line.common;
    let outcome = match &line.verb {
        Verb::CheckConfig(arguments) => check_config::run(common, arguments, plan::total),
        Verb::Replay(arguments) => replay::run(common, arguments),
        Verb::Init(arguments) => init::run(common, arguments),
        Verb::Explain(arguments) => explain::run(common, arguments),
        Verb::Report(arguments) => report::run(common, arguments),
        Verb::Import(arguments) => import::run(common, arguments),
        Verb::Inspect(arguments) => inspect::run(common, arguments),
        Verb::Export(arguments) => export::run(common, arguments),
        Verb::Compact(arguments) => compact::run(common, arguments),
        Verb::Plan(arguments) => plan::run(common, arguments),
        Verb::Sweep(arguments) => sweep::run(common, arguments),
        Verb::SweepTasks(arguments) => sweep_tasks::run(arguments),
        Verb::Trade(arguments) => trade::run(common, arguments),
        Verb::Status(arguments) => status::status(common, arguments),
        Verb::Ctl(arguments) => status::control(common, arguments),
        Verb::Record(arguments) => record::run(common, arguments),
        Verb::Download(arguments) => download::run(common, arguments),
        Verb::Doctor(arguments) => doctor::run(common, arguments),
        Verb::ResetPaper(arguments) => reset_paper::run(common, arguments),
        Verb::Balance(arguments) => balance::run(common, arguments),
        Verb::Orders(arguments) => orders::run(common, arguments),
        Verb::Positions(arguments) => positions::run(common, arguments),
        Verb::CancelAll(arguments) => leave::run(common, arguments, Deed::CancelAll),
        Verb::CloseAll(arguments) => leave::run(common, arguments, Deed::CloseAll),
        Verb::Venue(arguments) => venue::run(common, arguments),
        Verb::Completions(arguments) => completions::run(common, arguments),
    };
    match outcome {
        Ok(exit) => exit.into(),
        Err(failure) => {
            // Findings of the configuration name their kind themselves. Nobody is left to tell when
            // stderr is gone.
            let prefix = match failure.exit {
                Exit::Configuration => "",
                _ => "minnow: ",
            };
            let _ = writeln!(std::io::stderr(), "{prefix}{failure}");
            failure.exit.into()
        }
    }
}

#[cfg(test)]
mod export_tests;
#[cfg(test)]
mod recording_tests;
