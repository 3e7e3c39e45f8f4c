//! Reading small text files whole, with a bound; and their permission bits.
//!
//! What is no regular file is refused before it is opened, what is too large before it is read.

use super::secret::Secret;
use crate::files::open_regular;
use std::io::Read;
use std::path::Path;

/// Largest configuration or `.env` file, in bytes.
pub(super) const FILE_MAX: u64 = 256 * 1024;
/// Largest file with a secret in it, in bytes.
pub(super) const SECRET_FILE_MAX: u64 = 64 * 1024;

/// Why a file could not be read.
pub(super) enum ReadError {
    Missing,
    Other(String),
}

impl std::fmt::Display for ReadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Missing => f.write_str("no such file"),
            Self::Other(words) => f.write_str(words),
        }
    }
}

/// The whole of a regular text file of at most `max` bytes; links are followed.
pub(super) fn read_bounded(path: &Path, max: u64) -> Result<String, ReadError> {
    let other = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => ReadError::Missing,
        _ => ReadError::Other(error.to_string()),
    };
    let file = open_regular(path).map_err(other)?;
    let length = file.metadata().map_err(other)?.len();
    if length > max {
        return Err(ReadError::Other(format!(
            "{length} bytes; expected a file of at most {max} bytes"
        )));
    }
    let mut bytes = Vec::new();
    file.take(max + 1).read_to_end(&mut bytes).map_err(other)?;
    if bytes.len() as u64 > max {
        // It grew while it was read, or its size is not told.
        return Err(ReadError::Other(format!("larger than {max} bytes")));
    }
    String::from_utf8(bytes).map_err(|_| ReadError::Other("not valid UTF-8".to_owned()))
}

/// Permission bits of a file; 0 when it cannot be asked.
pub(super) fn mode_of(path: &Path) -> u32 {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(path).map_or(0, |m| m.mode() & 0o777)
}

/// A text that may hold secrets is wiped like one.
pub(super) fn wipe_text(text: String) {
    drop(Secret::new(text));
}
