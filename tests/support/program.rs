//! The program run to its end in a folder of its own, with an environment that the test states.

// Each test program uses its own part of this.
#![allow(dead_code)]

use std::path::{Path, PathBuf};
use std::process::Command;

/// A folder that is gone when its test ends.
pub struct Folder(PathBuf);

impl Folder {
    /// # Panics
    /// If it cannot be made.
    pub fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("minnow-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).expect("a folder for the test");
        Self(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    /// # Panics
    /// If the program left something behind.
    pub fn is_empty(&self) {
        let left: Vec<_> = std::fs::read_dir(&self.0)
            .expect("the test's folder")
            .flatten()
            .map(|entry| entry.path())
            .collect();
        assert!(left.is_empty(), "left behind: {left:?}");
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// How a program ended and what it said.
#[derive(Debug)]
pub struct Outcome {
    pub status: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Outcome {
    /// Runs minnow; nothing of this process's environment reaches it.
    pub fn of(folder: &Folder, arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_minnow"));
        command.args(arguments).current_dir(folder.path());
        Self::run(command, environment)
    }

    /// Runs a command with this environment and a PATH.
    ///
    /// # Panics
    /// If it does not start.
    pub fn run(mut command: Command, environment: &[(&str, &str)]) -> Self {
        let path = std::env::var_os("PATH").unwrap_or_default();
        command
            .env_clear()
            .env("PATH", path)
            .envs(environment.iter().copied())
            .stdin(std::process::Stdio::null());
        // A script just copied is busy while a process forked by another test still holds its
        // descriptor: that ends as soon as that process has begun its own program.
        let output = loop {
            match command.output() {
                Err(e) if e.kind() == std::io::ErrorKind::ExecutableFileBusy => {
                    std::thread::yield_now();
                }
                result => break result.expect("the program starts"),
            }
        };
        Self {
            status: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// # Panics
    /// If it ended with another status.
    pub fn expect(self, status: i32) -> Self {
        assert_eq!(self.status, Some(status), "{self:#?}");
        self
    }
}

/// Runs minnow in a folder with an empty environment.
pub fn minnow(folder: &Folder, arguments: &[&str]) -> Outcome {
    Outcome::of(folder, arguments, &[])
}
