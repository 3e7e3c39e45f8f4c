//! `minnow report`: what a run amounted to, read from its ledger.
//!
//! Reads only; a bot or replay that is writing the ledger is not disturbed.

use super::{Common, Exit, Failure, sources};
use crate::report::html::Content;
use crate::report::terminal::Paint;
use crate::report::{
    Comparison, FullOptions, FullReport, Report, TradesShown, compare, full_json, full_text, json,
    terminal,
};
use crate::store::ledger::paths::REPLAYS;
use std::ffi::OsStr;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

/// Where a setting comes from that the verb itself makes.
const VERB: &str = "report";
/// Trades listed in text unless asked otherwise.
const TRADES_DEFAULT: u64 = 10;

#[derive(Clone, Debug, clap::Args)]
pub struct Arguments {
    /// Ledger to report on [default: the newest in <data directory>/replays]
    #[arg(long, value_name = "FILE")]
    pub ledger: Option<PathBuf>,
    /// Closed trades to list: a number, or all [default: 10 in text, all in JSON]
    #[arg(long, value_name = "N|all", value_parser = trades_shown)]
    pub trades: Option<TradesShown>,
    /// Directory that holds the replays' ledgers [default: data.directory of the configuration]
    #[arg(long, value_name = "DIRECTORY")]
    pub data_dir: Option<PathBuf>,
    /// Set the runs of two ledgers side by side: is B better than A by more than luck?
    #[arg(long, num_args = 2, value_names = ["A", "B"],
          conflicts_with_all = ["ledger", "trades", "html", "recordings", "brief"])]
    pub compare: Vec<PathBuf>,
    /// Also write the report with its charts into this HTML file
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Where the run's recording lies now; once for each, in the order of the replay
    #[arg(long = "recording", value_name = "FILE")]
    pub recordings: Vec<PathBuf>,
    /// Only what the end of a replay shows: no second pass over the recording
    #[arg(long, conflicts_with = "recordings")]
    pub brief: bool,
}

pub fn trades_shown(text: &str) -> Result<TradesShown, String> {
    if text == "all" {
        return Ok(TradesShown::All);
    }
    text.parse()
        .map(TradesShown::Some)
        .map_err(|_| "expected a number of trades, or `all`".to_owned())
}

/// Prints the report of a ledger.
///
/// # Errors
/// No ledger, or one that cannot be read; a standard output that cannot be written. 78 when the
/// configuration is asked for the directory and has a mistake.
pub fn run(common: &Common, arguments: &Arguments) -> Result<Exit, Failure> {
    if let [a, b] = &arguments.compare[..] {
        return compare(common, a, b);
    }
    let path = match (&arguments.ledger, &arguments.data_dir) {
        (Some(path), _) => path.clone(),
        (None, Some(directory)) => newest(&directory.join(REPLAYS))?,
        (None, None) => {
            // Where a replay under the same configuration puts them.
            let effective = sources::paper_configuration(common, VERB)?;
            newest(&Path::new(effective.text("data.directory")).join(REPLAYS))?
        }
    };
    let shown = arguments.trades.unwrap_or(if common.json {
        TradesShown::All
    } else {
        TradesShown::Some(TRADES_DEFAULT)
    });
    let options = FullOptions {
        shown,
        recordings: arguments.recordings.clone(),
    };
    // The page holds all that the text shows: it is read once for both.
    let page = match &arguments.html {
        Some(file) => {
            super::html::check(file)?;
            Some((
                file,
                Content::load(&path, &options).map_err(Failure::run_time)?,
            ))
        }
        None => None,
    };
    let text = match &page {
        _ if arguments.brief => brief(common, &path, shown)?,
        Some((_, content)) => full(common, &path, &content.full)?,
        None => {
            let read = FullReport::load(&path, &options, &mut ()).map_err(Failure::run_time)?;
            full(common, &path, &read)?
        }
    };
    print(&format!("{}\n", text.trim_end()))?;
    if let Some((file, content)) = &page {
        super::html::write(&path, content, file)?;
    }
    Ok(Exit::Success)
}

fn brief(common: &Common, path: &Path, shown: TradesShown) -> Result<String, Failure> {
    let report = Report::load(path, shown).map_err(Failure::run_time)?;
    if common.json {
        json::render(&report).map_err(|e| no_json(path, &e))
    } else {
        Ok(terminal::render(&report, paint()))
    }
}

fn full(common: &Common, path: &Path, read: &FullReport) -> Result<String, Failure> {
    if common.json {
        full_json::render(read).map_err(|e| no_json(path, &e))
    } else {
        Ok(full_text::render(read, paint()))
    }
}

fn compare(common: &Common, a: &Path, b: &Path) -> Result<Exit, Failure> {
    let comparison = Comparison::load(a, b).map_err(Failure::run_time)?;
    let text = if common.json {
        compare::json::render(&comparison).map_err(|e| no_json(b, &e))?
    } else {
        compare::text::render(&comparison, paint())
    };
    print(&format!("{}\n", text.trim_end()))?;
    Ok(Exit::Success)
}

fn no_json(path: &Path, error: &serde_json::Error) -> Failure {
    Failure::run_time(format!("report of {}: {error}", path.display()))
}

/// Colours only on a terminal, and not with NO_COLOR set to anything.
pub(super) fn paint() -> Paint {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    if std::io::stdout().is_terminal() && !refused {
        Paint::Coloured
    } else {
        Paint::Plain
    }
}

/// Writes to stdout; a reader that has seen enough (`| head`) is no failure.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::run_time(format!("standard output: {e}")))
        }
        _ => Ok(()),
    }
}

/// The ledger changed last; of equally old ones the last by name.
pub(super) fn newest(directory: &Path) -> Result<PathBuf, Failure> {
    let hint = "run `minnow replay` first, or name a ledger with --ledger FILE";
    let none = |why: &str| {
        Failure::run_time(format!(
            "no ledger in {} ({why}). Expected: a file *.sqlite; {hint}",
            directory.display()
        ))
    };
    let entries = std::fs::read_dir(directory).map_err(|e| none(&e.to_string()))?;
    let mut newest: Option<(std::time::SystemTime, PathBuf)> = None;
    for entry in entries {
        let path = entry.map_err(|e| none(&e.to_string()))?.path();
        if path.extension() != Some(OsStr::new("sqlite")) {
            continue;
        }
        // A file that vanishes meanwhile is not the newest.
        let Ok(changed) = std::fs::metadata(&path).and_then(|data| data.modified()) else {
            continue;
        };
        let candidate = (changed, path);
        newest = newest.max(Some(candidate));
    }
    newest
        .map(|(_, path)| path)
        .ok_or_else(|| none("it holds none"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trades_are_a_number_or_all() {
        assert_eq!(trades_shown("all"), Ok(TradesShown::All));
        assert_eq!(trades_shown("7"), Ok(TradesShown::Some(7)));
        for bad in ["", "-1", "every", "1.5"] {
            assert!(trades_shown(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_missing_ledger_is_a_run_time_failure_that_names_it() {
        let arguments = Arguments {
            ledger: Some("no/such/run.sqlite".into()),
            trades: None,
            data_dir: None,
            compare: Vec::new(),
            html: None,
            recordings: Vec::new(),
            brief: false,
        };
        let failure = run(&Common::default(), &arguments).unwrap_err();
        assert_eq!(failure.exit, Exit::Failure);
        assert!(failure.message.contains("no/such/run.sqlite"), "{failure}");
    }

    #[test]
    fn the_newest_ledger_is_found_and_a_missing_one_is_explained() {
        let directory = std::env::temp_dir().join(format!("minnow-newest-{}", std::process::id()));
        let failure = newest(&directory).unwrap_err();
        assert!(failure.message.contains("minnow-newest"), "{failure}");
        assert!(failure.message.contains("--ledger FILE"), "{failure}");
        std::fs::create_dir_all(&directory).unwrap();
        assert!(
            newest(&directory)
                .unwrap_err()
                .message
                .contains("holds none")
        );
        let second = std::time::Duration::from_secs(1);
        let start = std::time::SystemTime::UNIX_EPOCH + 1000 * second;
        for (name, age) in [("b.sqlite", 3), ("a.sqlite", 1), ("c.sqlite-wal", 0)] {
            let file = std::fs::File::create(directory.join(name)).unwrap();
            file.set_modified(start - age * second).unwrap();
        }
        assert_eq!(newest(&directory).unwrap(), directory.join("a.sqlite"));
        std::fs::remove_dir_all(&directory).unwrap();
    }
}
