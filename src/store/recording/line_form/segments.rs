//! A folder of segments: their names, their order, their list, and their compression.
//!
//! What lies in the folder counts; `index.json` is for people and other tools and is never trusted.

use super::gzip;
use crate::core::units::Timestamp;
use crate::files::replace;
use crate::store::recording::RecordingError;
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

/// Text bytes of one gzip member: small enough to lose little, large enough to compress well.
pub const MEMBER_TEXT: usize = 256 << 10;
pub const INDEX: &str = "index.json";
const PLAIN: &str = ".jsonl";
const PACKED: &str = ".jsonl.gz";

/// One row of `index.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SegmentRow {
    pub file: String,
    /// Entries before the segment, and with it.
    pub before: u64,
    pub after: u64,
    /// Wall time of its first and last entry, ns.
    pub first: Timestamp,
    pub last: Timestamp,
}

/// Name of a segment by its number from 1.
pub fn plain_name(number: u64) -> String {
    format!("{number:08}{PLAIN}")
}

/// The segments of a folder in order. Of one that lies there plain and compressed, the plain one:
/// it is removed only after the compressed one is complete.
pub fn list(folder: &Path) -> Result<Vec<PathBuf>, RecordingError> {
    let io = |error: std::io::Error| RecordingError::io(folder, "list", &error);
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(io)? {
        let name = entry.map_err(io)?.file_name();
        if let Some(name) = name.to_str()
            && (name.ends_with(PLAIN) || name.ends_with(PACKED))
        {
            names.push(name.to_owned());
        }
    }
    // A plain name is a prefix of its compressed one, so it sorts in front of it.
    names.sort_unstable();
    names.dedup_by(|later, earlier| later.strip_suffix(".gz") == Some(earlier));
    if names.is_empty() {
        return Err(RecordingError::foreign(
            folder,
            "a folder without segments (*.jsonl, *.jsonl.gz)",
        ));
    }
    Ok(names.into_iter().map(|name| folder.join(name)).collect())
}

/// Writes `index.json` anew: the whole file or nothing.
pub fn write_index(folder: &Path, rows: &[SegmentRow]) -> Result<(), RecordingError> {
    #[derive(Serialize)]
    struct Index<'a> {
        version: u32,
        segments: &'a [SegmentRow],
    }
    let index = Index {
        version: crate::store::recording::FORMAT_VERSION,
        segments: rows,
    };
    let path = folder.join(INDEX);
    let text = serde_json::to_vec_pretty(&index)
        .map_err(|error| RecordingError::header(&path, error.to_string()))?;
    Ok(replace(&path, |file| file.write_all(&text))?)
}

/// Compresses a closed segment into gzip members and removes the plain file. A job for a worker:
/// it takes about 60 ms a megabyte.
///
/// # Errors
/// `Io`; the plain file is then still there.
pub fn compress_segment(plain: &Path) -> Result<PathBuf, RecordingError> {
    let io = |error: std::io::Error| RecordingError::io(plain, "compress", &error);
    let mut packed = plain.as_os_str().to_owned();
    packed.push(".gz");
    let packed = PathBuf::from(packed);
    let mut lines = BufReader::new(File::open(plain).map_err(io)?);
    replace(&packed, |file| {
        let mut text = Vec::with_capacity(MEMBER_TEXT + (64 << 10));
        loop {
            let read = lines.read_until(b'\n', &mut text)?;
            if text.len() >= MEMBER_TEXT || (read == 0 && !text.is_empty()) {
                file.write_all(&gzip::member(&text))?;
                text.clear();
            }
            if read == 0 {
                return Ok(());
            }
        }
    })?;
    fs::remove_file(plain).map_err(io)?;
    Ok(packed)
}
