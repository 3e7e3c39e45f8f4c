//! What can be wrong with a recording, said in one line: what, where, what was expected.

use crate::files::FileError;
use std::fmt;
use std::path::{Path, PathBuf};

/// What kind of damage it is; scripts read the name in `inspect --json`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DamageKind {
    /// The end is missing or unreadable and nothing valid follows: the writer was cut off.
    TornTail,
    /// Everything there is reads well, but the closing trailer is missing.
    NotClosed,
    /// A checksum or a structure is wrong and valid data follows.
    Corrupt,
    /// Entries are missing, repeated or out of order.
    Sequence,
}

impl DamageKind {
    /// What an interrupted writer leaves behind: reported, never a reason to stop.
    pub const fn is_tail(self) -> bool {
        matches!(self, Self::TornTail | Self::NotClosed)
    }
}

/// One damaged place of a recording.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Damage {
    pub kind: DamageKind,
    pub path: PathBuf,
    /// `block 3 at byte 130742`, `line 17`.
    pub place: String,
    /// What was found and what was expected.
    pub reason: String,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {}: {}",
            self.path.display(),
            self.place,
            self.reason
        )
    }
}

/// Damages kept by name; a file full of holes must not fill the memory.
const KEPT: usize = 1_000;

/// The damages met so far: the first 1,000 by name, the others counted.
#[derive(Clone, Debug, Default)]
pub struct DamageList {
    kept: Vec<Damage>,
    more: u64,
}

impl DamageList {
    pub(crate) fn push(&mut self, damage: Damage) {
        if self.kept.len() < KEPT {
            self.kept.push(damage);
        } else {
            self.more += 1;
        }
    }

    /// Those kept by name.
    pub fn named(&self) -> &[Damage] {
        &self.kept
    }

    /// How many there are in all.
    pub fn total(&self) -> u64 {
        self.kept.len() as u64 + self.more
    }
}

/// Why a recording cannot be read or written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordingError {
    /// The operating system refused.
    Io {
        path: PathBuf,
        action: &'static str,
        reason: String,
    },
    /// Written by a newer minnow.
    NewerVersion {
        path: PathBuf,
        found: u64,
        supported: u32,
    },
    /// Not a recording.
    Foreign { path: PathBuf, found: String },
    /// The header cannot be used, so nothing after it has a meaning.
    Header { path: PathBuf, reason: String },
    /// A damaged place in the middle.
    Damaged(Box<Damage>),
    /// An entry that must not be written.
    Refused { entry: u64, reason: String },
}

impl RecordingError {
    pub(crate) fn io(path: &Path, action: &'static str, error: &std::io::Error) -> Self {
        Self::Io {
            path: path.to_owned(),
            action,
            reason: error.to_string(),
        }
    }

    pub(crate) fn header(path: &Path, reason: impl Into<String>) -> Self {
        Self::Header {
            path: path.to_owned(),
            reason: reason.into(),
        }
    }

    pub(crate) fn foreign(path: &Path, found: impl Into<String>) -> Self {
        Self::Foreign {
            path: path.to_owned(),
            found: found.into(),
        }
    }
}

impl From<FileError> for RecordingError {
    fn from(error: FileError) -> Self {
        Self::io(&error.path, error.action, &error.error)
    }
}

impl fmt::Display for RecordingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io {
                path,
                action,
                reason,
            } => write!(f, "{}: cannot {action}: {reason}", path.display()),
            Self::NewerVersion {
                path,
                found,
                supported,
            } => write!(
                f,
                "{}: recording format version {found}; this minnow reads up to version {supported}: use a newer minnow",
                path.display()
            ),
            Self::Foreign { path, found } => {
                write!(f, "{}: not a minnow recording: {found}", path.display())
            }
            Self::Header { path, reason } => {
                write!(f, "{}: header: {reason}", path.display())
            }
            Self::Damaged(damage) => {
                write!(f, "{damage} (--skip-damaged reads what is left)")
            }
            Self::Refused { entry, reason } => {
                write!(f, "entry {entry} cannot be recorded: {reason}")
            }
        }
    }
}

impl std::error::Error for RecordingError {}
