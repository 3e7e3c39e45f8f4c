//! A data directory, the venue's settings, and minnow with both.

use crate::eager::EAGER;
use crate::folder::Folder;
use crate::process::Process;
use crate::venue::Venue;
use serde_json::Value;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What only a broken program does not reach.
pub const PATIENCE: Duration = Duration::from_secs(90);

pub struct Desk {
    pub folder: Folder,
    env_file: PathBuf,
    settings: Vec<String>,
}

/// How a verb ended.
#[derive(Debug)]
pub struct Ended {
    pub status: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Ended {
    /// The status is this one.
    pub fn with(self, status: i32) -> Self {
        assert_eq!(self.status, Some(status), "{self:#?}");
        self
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }
}

impl Desk {
    /// With this venue's address and keys.
    pub fn at(venue: &Venue) -> Self {
        Self {
            folder: Folder::new(),
            env_file: venue.settings_file(),
            settings: Vec::new(),
        }
    }

    /// That of a bot which trades as often as it can.
    pub fn eager(venue: &Venue) -> Self {
        EAGER
            .iter()
            .fold(Self::at(venue), |desk, setting| desk.with(setting))
    }

    /// A further setting.
    pub fn with(mut self, setting: &str) -> Self {
        self.settings.push(setting.to_owned());
        self
    }

    /// The same without the key: the venue's address and certificate alone.
    pub fn without_key(self, venue: &Venue) -> Self {
        let public: String = venue
            .file("venue.env")
            .lines()
            .filter(|line| line.starts_with("EXCHANGE__"))
            .map(|line| format!("{line}\n"))
            .collect();
        let path = self.folder.write("public.env", public);
        self.with_env_file(path)
    }

    /// With another file of settings.
    pub fn with_env_file(mut self, path: PathBuf) -> Self {
        self.env_file = path;
        self
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_minnow"));
        command
            .env_clear()
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .args(arguments)
            .arg("--env-file")
            .arg(&self.env_file);
        for setting in &self.settings {
            command.args(["--set", setting]);
        }
        command
    }

    /// Runs a verb to its end.
    pub fn run(&self, arguments: &[&str]) -> Ended {
        let output = self.command(arguments).output().expect("minnow starts");
        Ended {
            status: output.status.code(),
            stdout: String::from_utf8(output.stdout).expect("text"),
            stderr: String::from_utf8(output.stderr).expect("text"),
        }
    }

    /// A bot that trades, its session begun.
    pub fn trade(&self) -> Process {
        Process::start(self.command(&["trade"]), "session begins")
    }

    /// The session's part of a running bot's status.
    pub fn session(&self) -> Value {
        let status = self.run(&["status", "--json"]).with(0).json();
        status["details"]["session"].clone()
    }

    /// Waits until the session looks like this.
    pub fn until(&self, what: &str, condition: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let session = self.session();
            if condition(&session) {
                return session;
            }
            assert!(Instant::now() < deadline, "never {what}: {session:#}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Whether the bot holds something.
pub fn holds(session: &Value) -> bool {
    let symbols = session["symbols"].as_array().expect("symbols");
    symbols.iter().any(|symbol| !symbol["position"].is_null())
}
