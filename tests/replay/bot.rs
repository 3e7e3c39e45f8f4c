//! `minnow replay` as its user runs it: the real program, a folder of its own, no environment but
//! what a test gives.

use crate::support::folder::Folder;
use crate::support::process::Process;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// The program under test without any of the surroundings' settings.
pub fn minnow(folder: &Folder) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_minnow"));
    command.current_dir(folder.path()).env_clear();
    command.stdin(Stdio::null());
    command
}

/// The recording that comes with the program: a million trades of 99 hours.
pub fn bundled() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("recordings/btc-perp-2018-01-01.mrec")
}

/// One replay of recordings into `run.sqlite` of its folder.
pub struct Bot {
    pub folder: Folder,
    files: Vec<PathBuf>,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    ledger: PathBuf,
}

/// How a finished run ended.
pub struct Run {
    pub status: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Bot {
    pub fn new(files: &[&Path]) -> Self {
        let folder = Folder::new();
        Self {
            ledger: folder.file("run.sqlite"),
            folder,
            files: files.iter().map(|file| file.to_path_buf()).collect(),
            arguments: Vec::new(),
            environment: Vec::new(),
        }
    }

    /// Of the bundled recording.
    pub fn bundled() -> Self {
        Self::new(&[&bundled()])
    }

    pub fn with(mut self, arguments: &[&str]) -> Self {
        self.arguments
            .extend(arguments.iter().map(|text| (*text).to_owned()));
        self
    }

    pub fn environment(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Writes its ledger there instead.
    pub fn ledger_at(mut self, path: PathBuf) -> Self {
        self.ledger = path;
        self
    }

    pub fn ledger(&self) -> &Path {
        &self.ledger
    }

    /// The command line; futures with leverage 3, as the bundled recording is of a perpetual.
    pub fn command(&self) -> Command {
        let mut command = minnow(&self.folder);
        command.arg("replay").args(&self.files);
        command
            .args(["--dry-run", "--json", "--ledger"])
            .arg(&self.ledger);
        command.args(["--set", "trading.enable_futures=true"]);
        command.args(["--set", "trading.leverage=3"]);
        command.args(&self.arguments);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs it to its end.
    pub fn run(&self) -> Run {
        let output = self.command().output().expect("the program starts");
        let text = |bytes| String::from_utf8(bytes).expect("text");
        Run {
            status: output.status.code(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }

    /// Runs it and expects success.
    pub fn report(&self) -> Report {
        let run = self.run();
        assert_eq!(run.status, Some(0), "{}", run.stderr);
        run.report()
    }

    /// Starts it; returns when it can take signals.
    pub fn start(&self) -> Process {
        Process::start_silent(self.command())
    }
}

/// The one line in JSON that SIGUSR1 asks for.
pub fn status(process: &mut Process) -> Value {
    process.signal(libc::SIGUSR1);
    let line = process.wait_for_line(r#""msg":"status""#);
    let value: Value = serde_json::from_str(&line).expect("one line of JSON");
    value["fields"].clone()
}

/// Asks until the run has come so far.
pub fn wait_until(process: &mut Process, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    for _ in 0..6_000 {
        let status = status(process);
        if is_so(&status["details"]) {
            return status;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    panic!("never came to {what}");
}

/// The status of a process that ends by itself, its report, and all it said on stderr.
pub fn end(process: &mut Process) -> Run {
    let status = process.wait().code();
    Run {
        status,
        stdout: process.output(),
        stderr: process.all_lines().join("\n"),
    }
}

impl Run {
    pub fn report(&self) -> Report {
        Report::parse(&self.stdout)
    }
}

/// The report of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Report(pub Value);

impl Report {
    pub fn parse(text: &str) -> Self {
        let value = serde_json::from_str(text);
        Self(value.unwrap_or_else(|error| panic!("a report in JSON ({error}): {text}")))
    }

    pub fn hash(&self) -> &str {
        self.0["session"]["state_hash"]
            .as_str()
            .expect("a state hash")
    }

    pub fn inputs(&self) -> u64 {
        self.0["session"]["inputs"].as_u64().expect("a count")
    }

    pub fn status(&self) -> &str {
        self.0["session"]["status"].as_str().expect("a status")
    }

    /// What a run amounts to, without what may differ: when and how long it ran, where its files lie,
    /// which settings it had, in whose words the recording says where it comes from.
    pub fn essence(&self) -> Value {
        let mut value = self.0.clone();
        let report = value.as_object_mut().expect("an object");
        report.remove("ledger");
        let session = report["session"].as_object_mut().expect("an object");
        for name in [
            "name",
            "started_ms",
            "ended_ms",
            "elapsed_seconds",
            "recording",
            "fingerprint",
            "configuration",
        ] {
            assert!(session.remove(name).is_some(), "{name} in a report");
        }
        for instrument in session["instruments"].as_array_mut().expect("a list") {
            instrument
                .as_object_mut()
                .expect("an object")
                .remove("origin");
        }
        value
    }
}

/// The bundled recording replayed as fast as it goes, once for all tests.
pub struct Reference {
    pub bot: Bot,
    pub report: Report,
}

pub fn reference() -> &'static Reference {
    static REFERENCE: OnceLock<Reference> = OnceLock::new();
    REFERENCE.get_or_init(|| {
        let bot = Bot::bundled();
        let report = bot.report();
        Reference { bot, report }
    })
}
