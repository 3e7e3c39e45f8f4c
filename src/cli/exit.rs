//! What the process says by its exit status.

use crate::files::FileError;
use std::fmt;
use std::process::ExitCode;

/// Exit statuses; scripts and systemd units rely on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    Success = 0,
    /// Run-time failure, or a verification found a difference.
    Failure = 1,
    /// Command-line usage.
    Usage = 2,
    /// Stopped with something unresolved, or stopped at once by a second signal.
    Unresolved = 3,
    /// Halted by emergency stop.
    Halted = 4,
    /// Configuration: nothing opened, nothing written.
    Configuration = 78,
    /// A batch verb interrupted by a signal: a report is complete up to a stated point, an output
    /// file is not there.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}

/// Why a verb failed: what to print on stderr and the status to leave with.
#[derive(Debug)]
pub struct Failure {
    pub exit: Exit,
    /// One or more lines naming what, where and what was expected.
    pub message: String,
}

impl Failure {
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self {
            exit,
            message: message.into(),
        }
    }

    /// A run-time failure.
    pub fn run_time(message: impl fmt::Display) -> Self {
        Self::new(Exit::Failure, message.to_string())
    }
}

impl From<FileError> for Failure {
    fn from(error: FileError) -> Self {
        Self::run_time(error)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
