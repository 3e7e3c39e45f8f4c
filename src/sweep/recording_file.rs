//! Which data a plan is about: path, size and SHA-256 of each recording, so that a run on another
//! day or machine either replays the same bytes or says that it cannot.
//!
//! A folder of segments is the names and contents of its files in the order of their names.

use crate::core::units::hexadecimal::hexadecimal;
use crate::files::open_regular;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Bytes read at once.
const READ: usize = 64 << 10;

/// One recording of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordingFile {
    /// As it was named when the plan was made.
    pub path: PathBuf,
    pub bytes: u64,
    /// 64 hexadecimal digits.
    pub sha256: String,
}

impl RecordingFile {
    /// Reads the recording once.
    ///
    /// # Errors
    /// It is missing or cannot be read.
    pub fn of(path: &Path) -> Result<Self, String> {
        let problem = |error: io::Error| format!("{}: cannot be read: {error}", path.display());
        let mut digest = Sha256::new();
        let mut bytes = 0;
        if path.is_dir() {
            for file in files_of(path).map_err(problem)? {
                let name = file.file_name().unwrap_or_default();
                digest.update(name.as_encoded_bytes());
                digest.update([0]);
                bytes += add(&file, &mut digest).map_err(problem)?;
            }
        } else {
            bytes = add(path, &mut digest).map_err(problem)?;
        }
        Ok(Self {
            path: path.to_path_buf(),
            bytes,
            sha256: hexadecimal(&digest.finalize()),
        })
    }

    /// Whether the recording is still the one that was planned with.
    ///
    /// # Errors
    /// What is there instead.
    pub fn verify(&self) -> Result<(), String> {
        let found = Self::of(&self.path)?;
        if found == *self {
            return Ok(());
        }
        Err(format!(
            "{}: {} bytes with SHA-256 {:.16}, the plan was made with {} bytes and {:.16}: expected \
             the same recording",
            self.path.display(),
            found.bytes,
            found.sha256,
            self.bytes,
            self.sha256
        ))
    }
}

fn files_of(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn add(path: &Path, digest: &mut Sha256) -> io::Result<u64> {
    let mut file = open_regular(path)?;
    let mut buffer = vec![0; READ];
    let mut bytes = 0;
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(bytes),
            Ok(count) => {
                digest.update(&buffer[..count]);
                bytes += count as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recording_that_changed_is_recognised() {
        let folder = std::env::temp_dir().join(format!("minnow-recorded-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("a.mrec");
        std::fs::write(&file, "abc").unwrap();
        let planned = RecordingFile::of(&file).unwrap();
        // SHA-256 of "abc", FIPS 180-2.
        assert!(planned.sha256.starts_with("ba7816bf8f01cfea"));
        assert_eq!((planned.bytes, planned.verify()), (3, Ok(())));
        let segments = RecordingFile::of(&folder).unwrap();
        std::fs::write(&file, "abd").unwrap();
        assert!(planned.verify().unwrap_err().contains("the same recording"));
        assert!(segments.verify().is_err());
        std::fs::remove_dir_all(&folder).unwrap();
        assert!(planned.verify().unwrap_err().contains("cannot be read"));
    }
}
