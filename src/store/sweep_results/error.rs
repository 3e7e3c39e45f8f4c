//! Why a file of sweep results cannot be made, read or written.

use crate::store::ledger::LedgerError;
use std::fmt;
use std::path::{Path, PathBuf};

/// Names the file and what was expected of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResultsError {
    pub path: PathBuf,
    pub problem: String,
}

impl ResultsError {
    pub fn new(path: &Path, problem: impl Into<String>) -> Self {
        Self {
            path: path.to_path_buf(),
            problem: problem.into(),
        }
    }

    pub(super) fn sqlite(path: &Path, action: &str, error: &rusqlite::Error) -> Self {
        use rusqlite::ErrorCode;
        let problem = match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => {
                "not a file of sweep results. Expected: one that `minnow sweep run` made".to_owned()
            }
            Some(ErrorCode::DiskFull) => format!(
                "cannot {action}: the disk is full; everything committed before is safe. Expected: \
                 free space on that file system"
            ),
            _ => format!("cannot {action} ({error}). Expected: a usable file"),
        };
        Self::new(path, problem)
    }

    /// The lock beside the file could not be taken.
    pub(super) fn lock(path: &Path, error: &LedgerError) -> Self {
        let problem = match error {
            LedgerError::Locked { pid: Some(pid), .. } => {
                format!("in use by another minnow, process {pid}. Expected: one sweep per file")
            }
            LedgerError::Locked { pid: None, .. } => {
                "in use by another minnow. Expected: one sweep per file".to_owned()
            }
            LedgerError::Unwritable { reason, .. } => format!(
                "cannot be written ({reason}). Expected: a folder and file that this user may write"
            ),
            other => other.to_string(),
        };
        Self::new(path, problem)
    }
}

impl fmt::Display for ResultsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sweep results {}: {}", self.path.display(), self.problem)
    }
}

impl std::error::Error for ResultsError {}
