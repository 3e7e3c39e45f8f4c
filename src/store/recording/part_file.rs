//! A file under construction: written as `NAME.part` beside its place, named once it is whole and
//! on disk.
//!
//! Whoever gives it up, by an error, an interrupt or a panic, leaves nothing behind. A process that
//! is killed leaves the part and never half a file under the name itself; the next one that wants
//! the name says so. Nothing that exists is ever written over.

use super::RecordingError;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

/// What the name of a part ends in.
const SUFFIX: &str = ".part";

/// The place of a file that is being written. Dropped without [`keep`](Self::keep), the part is
/// removed.
#[derive(Debug)]
pub struct PartFile {
    target: PathBuf,
    part: PathBuf,
    kept: bool,
}

impl PartFile {
    /// Makes `target.part`, empty, and the file to write into.
    ///
    /// # Errors
    /// `Io` when something has the name already, or the part's, or the folder takes no file.
    pub fn create(target: &Path) -> Result<(Self, File), RecordingError> {
        refuse_existing(target)?;
        let mut part = target.as_os_str().to_owned();
        part.push(SUFFIX);
        let part = PathBuf::from(part);
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&part)
            .map_err(|error| match error.kind() {
                io::ErrorKind::AlreadyExists => RecordingError::Io {
                    path: part.clone(),
                    action: "create",
                    reason: "it exists: another run is writing it, or one that was killed left \
                             it; remove it then"
                        .to_owned(),
                },
                _ => RecordingError::io(target, "create", &error),
            })?;
        let place = Self {
            target: target.to_owned(),
            part,
            kept: false,
        };
        Ok((place, file))
    }

    /// Brings the file to the disk and gives it its name; its writer must be through.
    ///
    /// # Errors
    /// `Io` when the disk refuses or something has got the name meanwhile; nothing is left then.
    pub fn keep(mut self) -> Result<(), RecordingError> {
        let failed = |error: io::Error| RecordingError::io(&self.target, "write", &error);
        File::open(&self.part)
            .and_then(|file| file.sync_all())
            .map_err(failed)?;
        // A second name instead of a new one: it fails where the name is taken.
        match fs::hard_link(&self.part, &self.target) {
            Ok(()) => fs::remove_file(&self.part).map_err(failed)?,
            Err(_) => {
                refuse_existing(&self.target)?;
                // A file system without links.
                fs::rename(&self.part, &self.target).map_err(failed)?;
            }
        }
        self.kept = true;
        // The name itself lasts only once the folder is on disk.
        let folder = self.target.parent().unwrap_or(Path::new(""));
        let folder = if folder.as_os_str().is_empty() {
            Path::new(".")
        } else {
            folder
        };
        File::open(folder)
            .and_then(|folder| folder.sync_all())
            .map_err(|error| RecordingError::io(folder, "sync", &error))
    }
}

impl Drop for PartFile {
    fn drop(&mut self) {
        if !self.kept {
            // It is ours; what cannot be removed stays under a name that says what it is.
            let _ = fs::remove_file(&self.part);
        }
    }
}

/// A dangling link has the name, too.
fn refuse_existing(target: &Path) -> Result<(), RecordingError> {
    match fs::symlink_metadata(target) {
        Ok(_) => {
            let taken = io::Error::from(io::ErrorKind::AlreadyExists);
            Err(RecordingError::io(target, "create", &taken))
        }
        Err(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::recording::tests::Scratch;
    use std::io::Write;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_has_its_name_only_once_it_is_whole() {
        let folder = Scratch::new("part");
        let target = folder.0.join("a.csv");
        let (place, mut file) = PartFile::create(&target).unwrap();
        file.write_all(b"whole").unwrap();
        assert_eq!(names(&folder.0), ["a.csv.part"]);
        place.keep().unwrap();
        assert_eq!(names(&folder.0), ["a.csv"]);
        assert_eq!(fs::read(&target).unwrap(), b"whole");
    }

    #[test]
    fn what_is_given_up_leaves_nothing() {
        let folder = Scratch::new("given-up");
        let (place, mut file) = PartFile::create(&folder.0.join("a.csv")).unwrap();
        file.write_all(b"half").unwrap();
        drop(place);
        assert_eq!(names(&folder.0), [""; 0]);
    }

    #[test]
    fn nothing_that_exists_is_written_over() {
        let folder = Scratch::new("taken");
        let target = folder.0.join("a.csv");
        let (late, _file) = PartFile::create(&target).unwrap();
        let second = PartFile::create(&target).unwrap_err().to_string();
        assert!(second.contains("a.csv.part: cannot create"), "{second}");
        // Somebody else was faster.
        fs::write(&target, "precious").unwrap();
        let error = late.keep().unwrap_err().to_string();
        assert!(error.contains("a.csv: cannot create"), "{error}");
        assert_eq!(names(&folder.0), ["a.csv"]);
        assert!(PartFile::create(&target).is_err());
        assert_eq!(fs::read(&target).unwrap(), b"precious");
        let dangling = folder.0.join("link");
        std::os::unix::fs::symlink("nowhere", &dangling).unwrap();
        assert!(PartFile::create(&dangling).is_err());
    }
}
