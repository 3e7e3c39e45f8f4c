//! Why the ledger cannot be opened, read or written: one variant per thing the operator does next.
//!
//! Every message names what failed, where, and what was expected; none quotes a row's content.

use std::fmt;
use std::path::{Path, PathBuf};

/// A failure of the ledger. After a failed write the file holds everything up to the last commit
/// and nothing of the failed batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LedgerError {
    /// No space left (or the file's size limit is reached).
    DiskFull { path: PathBuf },
    /// The directory or file cannot be created or written.
    Unwritable { path: PathBuf, reason: String },
    /// Another minnow owns the file; its process id where it could be read.
    Locked { path: PathBuf, pid: Option<u32> },
    /// Another program holds a transaction on the file.
    Busy { path: PathBuf },
    /// Damaged pages.
    Corrupt { path: PathBuf, detail: String },
    /// Another program's database, no database at all, or one damaged from its first page on.
    NotALedger { path: PathBuf },
    /// Written by a newer minnow.
    NewerSchema {
        path: PathBuf,
        found: u32,
        supported: u32,
    },
    /// Older than this version reads without migrating it first.
    OlderSchema {
        path: PathBuf,
        found: u32,
        supported: u32,
    },
    /// A paper ledger opened for live trading, or the like.
    WrongMode {
        path: PathBuf,
        found: String,
        expected: String,
    },
    /// No such file.
    Missing { path: PathBuf },
    /// A row that cannot be stored: a programming error or an instrument the session does not have.
    Row { path: PathBuf, detail: String },
    /// Anything else the system or SQLite reports.
    Other {
        path: PathBuf,
        action: &'static str,
        detail: String,
    },
}

impl LedgerError {
    /// Sorts an error of SQLite into what it means for the operator.
    pub fn from_sqlite(path: &Path, action: &'static str, error: &rusqlite::Error) -> Self {
        use rusqlite::ErrorCode;
        let path = path.to_path_buf();
        let detail = error.to_string();
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::DiskFull { path },
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => {
                Self::Unwritable {
                    path,
                    reason: detail,
                }
            }
            Some(ErrorCode::SystemIoFailure) if is_write(error) => Self::Unwritable {
                path,
                reason: format!(
                    "{action}: {detail}: the device fails, or a limit on the size of files is reached"
                ),
            },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy { path },
            Some(ErrorCode::DatabaseCorrupt) => Self::Corrupt { path, detail },
            Some(ErrorCode::NotADatabase) => Self::NotALedger { path },
            Some(ErrorCode::ConstraintViolation) => Self::Row { path, detail },
            _ => Self::Other {
                path,
                action,
                detail,
            },
        }
    }

    /// Sorts an error of the file system.
    pub fn from_io(path: &Path, action: &'static str, error: &std::io::Error) -> Self {
        use std::io::ErrorKind;
        let path = path.to_path_buf();
        match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::DiskFull { path },
            ErrorKind::PermissionDenied
            // Where a directory is wanted stands a file.
            | ErrorKind::AlreadyExists
            | ErrorKind::ReadOnlyFilesystem
            | ErrorKind::NotADirectory
            | ErrorKind::IsADirectory
            | ErrorKind::NotFound => Self::Unwritable {
                path,
                reason: format!("{action}: {error}"),
            },
            _ => Self::Other {
                path,
                action,
                detail: error.to_string(),
            },
        }
    }

    /// The file that the error is about.
    pub fn path(&self) -> &Path {
        match self {
            Self::DiskFull { path }
            | Self::Unwritable { path, .. }
            | Self::Locked { path, .. }
            | Self::Busy { path }
            | Self::Corrupt { path, .. }
            | Self::NotALedger { path }
            | Self::NewerSchema { path, .. }
            | Self::OlderSchema { path, .. }
            | Self::WrongMode { path, .. }
            | Self::Missing { path }
            | Self::Row { path, .. }
            | Self::Other { path, .. } => path,
        }
    }
}

/// The system refused to write, and not for lack of space.
fn is_write(error: &rusqlite::Error) -> bool {
    use rusqlite::ffi::{SQLITE_IOERR_FSYNC, SQLITE_IOERR_TRUNCATE, SQLITE_IOERR_WRITE};
    let code = error.sqlite_error().map(|inner| inner.extended_code);
    matches!(
        code,
        Some(SQLITE_IOERR_WRITE | SQLITE_IOERR_FSYNC | SQLITE_IOERR_TRUNCATE)
    )
}

impl fmt::Display for LedgerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ledger {}: ", self.path().display())?;
        match self {
            Self::DiskFull { .. } => f.write_str(
                "the disk is full; nothing of the last batch was written, everything before it is \
                 safe. Expected: free space on that file system",
            ),
            Self::Unwritable { reason, .. } => write!(
                f,
                "cannot be written ({reason}). Expected: an existing directory and file that this \
                 user may write"
            ),
            Self::Locked { pid: Some(pid), .. } => write!(
                f,
                "in use by another minnow, process {pid}. Expected: one minnow per ledger; stop \
                 that one or name another file"
            ),
            Self::Locked { pid: None, .. } => f.write_str(
                "in use by another minnow. Expected: one minnow per ledger; stop that one or name \
                 another file",
            ),
            Self::Busy { .. } => f.write_str(
                "another program holds a transaction on it. Expected: no other writer; close the \
                 SQLite tool that has it open",
            ),
            Self::Corrupt { detail, .. } => write!(
                f,
                "damaged ({detail}). Expected: a SQLite database; restore a copy, or salvage it \
                 with `sqlite3 FILE .recover`"
            ),
            Self::NotALedger { .. } => f.write_str(
                "not a ledger of minnow, or damaged from its first page on. Expected: a SQLite \
                 database that minnow made",
            ),
            Self::NewerSchema {
                found, supported, ..
            } => write!(
                f,
                "schema version {found}, but this minnow reads up to version {supported}. Expected: \
                 a newer minnow"
            ),
            Self::OlderSchema {
                found, supported, ..
            } => write!(
                f,
                "schema version {found}, expected {supported}; opening it for trading migrates it \
                 (with a copy first)"
            ),
            Self::WrongMode {
                found, expected, ..
            } => write!(
                f,
                "belongs to mode {found}. Expected: a ledger of mode {expected}; modes never share \
                 a file"
            ),
            Self::Missing { .. } => {
                f.write_str("no such file. Expected: a ledger written by minnow")
            }
            Self::Row { detail, .. } => write!(
                f,
                "a row cannot be stored ({detail}); nothing of its batch was written. Expected: \
                 rows of this session's instruments with new ids"
            ),
            Self::Other { action, detail, .. } => {
                write!(f, "cannot {action} ({detail}). Expected: a usable file")
            }
        }
    }
}

impl std::error::Error for LedgerError {}
