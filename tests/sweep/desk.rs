//! The program in a folder of its own, and what its results hold.

use crate::support::folder::Folder;
use minnow::store::sweep_results::{ResultRow, Stored};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The recording that comes with the program: a million trades of 99 hours.
pub fn bundled() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("recordings/btc-perp-2018-01-01.mrec");
    path.to_str().expect("a path in UTF-8").to_owned()
}

/// Settings that trade on it.
pub const FUTURES: &str = "trading.enable_futures=true";

/// The strategy whose settings are swept.
pub const MOMENTUM: &str = "strategy.type=momentum";

pub struct Desk {
    pub folder: Folder,
}

/// How a run of the program ended.
#[derive(Debug)]
pub struct Ended {
    pub status: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Ended {
    /// # Panics
    /// If it ended otherwise.
    pub fn expect(self, status: i32) -> Self {
        assert_eq!(self.status, Some(status), "{self:#?}");
        self
    }
}

impl Desk {
    pub fn new() -> Self {
        Self {
            folder: Folder::new(),
        }
    }

    /// The program without any of the surroundings' settings.
    pub fn command<S: AsRef<std::ffi::OsStr>>(&self, arguments: &[S]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_minnow"));
        command.current_dir(self.folder.path()).env_clear();
        command.stdin(Stdio::null()).args(arguments);
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Ended {
        self.finish(self.command(arguments))
    }

    pub fn finish(&self, mut command: Command) -> Ended {
        let output = command.output().expect("the program starts");
        let text = |bytes| String::from_utf8(bytes).expect("text");
        Ended {
            status: output.status.code(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.file(name)
    }

    /// What is in a file of results.
    pub fn rows(&self, name: &str) -> Vec<ResultRow> {
        Stored::read(&self.file(name)).expect("results").rows
    }

    /// The rows without the time they took.
    pub fn timeless(&self, name: &str) -> Vec<ResultRow> {
        let mut rows = self.rows(name);
        for figures in rows.iter_mut().filter_map(|row| row.outcome.as_mut().ok()) {
            figures.elapsed_us = 0;
        }
        rows
    }

    /// `minnow sweep show --json` with every configuration.
    pub fn shown(&self, results: &str) -> Value {
        let shown = self.run(&["sweep", "show", results, "--top", "1000", "--json"]);
        let text = shown.expect(0).stdout;
        serde_json::from_str(&text).expect("JSON")
    }

    /// State hash and report of the replay that a row's command line names.
    pub fn replay_of(&self, part: &Value) -> Value {
        let line = part["command"].as_str().expect("a command line");
        let mut words: Vec<&str> = line.split(' ').collect();
        assert_eq!(words.remove(0), "minnow", "{line}");
        words.push("--json");
        let text = self.run(&words).expect(0).stdout;
        serde_json::from_str(&text).expect("a report in JSON")
    }
}
