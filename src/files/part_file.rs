//! A file under construction: written as `NAME.part` beside its place, named once it is whole and
//! on disk.
//!
//! Whoever gives it up, by an error, an interrupt or a panic, leaves nothing behind. A process that
//! is killed leaves the part and never half a file under the name itself. What exists is written over
//! only where that is asked for.

use std::ffi::OsString;
use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

/// What the name of a part ends in.
const SUFFIX: &str = ".part";

/// The system would not do something with a file.
#[derive(Debug)]
pub struct FileError {
    pub path: PathBuf,
    /// What was to be done: create, write, sync.
    pub action: &'static str,
    pub error: io::Error,
}

impl FileError {
    fn new(path: &Path, action: &'static str, error: io::Error) -> Self {
        Self {
            path: path.to_owned(),
            action,
            error,
        }
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        write!(f, "{path}: cannot {}: {}", self.action, self.error)
    }
}

impl std::error::Error for FileError {}

/// The place of a file that is being written. Dropped without [`keep`](Self::keep), the part is
/// removed.
#[derive(Debug)]
pub struct PartFile {
    target: PathBuf,
    part: PathBuf,
    /// What has the name gives way.
    replaces: bool,
    kept: bool,
}

impl PartFile {
    /// Makes `target.part`, empty, and the file to write into. The name must be free, then and in
    /// the end.
    ///
    /// # Errors
    /// Something has the name already, or the part's, or the folder takes no file.
    pub fn create(target: &Path) -> Result<(Self, File), FileError> {
        refuse_existing(target)?;
        let part = part_of(target);
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&part)
            .map_err(|error| match error.kind() {
                io::ErrorKind::AlreadyExists => {
                    let why = "it exists: another run is writing it, or one that was killed left \
                               it; remove it then";
                    FileError::new(&part, "create", io::Error::new(error.kind(), why))
                }
                _ => FileError::new(target, "create", error),
            })?;
        Ok((Self::of(target, part, false), file))
    }

    /// As [`create`](Self::create), where a file of the name is to be replaced; what another run
    /// left of a part is, too. The caller sees to it that only one writes.
    ///
    /// # Errors
    /// The folder takes no file, or something else than a file is in the way.
    pub fn replacing(target: &Path) -> Result<(Self, File), FileError> {
        let part = part_of(target);
        // Removed and not opened: a link or a FIFO of that name must not be written through.
        let file = match fs::remove_file(&part) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => OpenOptions::new().write(true).create_new(true).open(&part),
        };
        let file = file.map_err(|error| FileError::new(target, "create", error))?;
        Ok((Self::of(target, part, true), file))
    }

    fn of(target: &Path, part: PathBuf, replaces: bool) -> Self {
        Self {
            target: target.to_owned(),
            part,
            replaces,
            kept: false,
        }
    }

    /// Where the file lies until it is kept.
    pub fn part(&self) -> &Path {
        &self.part
    }

    /// Brings the file to the disk and gives it its name; its writer must be through.
    ///
    /// # Errors
    /// The disk refuses or something has got a name that was free; nothing is left then.
    pub fn keep(mut self) -> Result<(), FileError> {
        let failed = |error| FileError::new(&self.target, "write", error);
        File::open(&self.part)
            .and_then(|file| file.sync_all())
            .map_err(failed)?;
        if self.replaces {
            fs::rename(&self.part, &self.target).map_err(failed)?;
        } else {
            // A second name instead of a new one: it fails where the name is taken.
            match fs::hard_link(&self.part, &self.target) {
                Ok(()) => fs::remove_file(&self.part).map_err(failed)?,
                Err(_) => {
                    refuse_existing(&self.target)?;
                    // A file system without links.
                    fs::rename(&self.part, &self.target).map_err(failed)?;
                }
            }
        }
        self.kept = true;
        // The name itself lasts only once the folder is on disk.
        let folder = match self.target.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        File::open(folder)
            .and_then(|folder| folder.sync_all())
            .map_err(|error| FileError::new(folder, "sync", error))
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

/// Makes or replaces a file: complete on disk before it has its name.
///
/// # Errors
/// Those of [`PartFile`] and of `write`; what had the name before is still there.
pub fn replace(
    target: &Path,
    write: impl FnOnce(&mut File) -> io::Result<()>,
) -> Result<(), FileError> {
    let (place, mut file) = PartFile::replacing(target)?;
    write(&mut file).map_err(|error| FileError::new(target, "write", error))?;
    place.keep()
}

fn part_of(target: &Path) -> PathBuf {
    let mut part: OsString = target.as_os_str().to_owned();
    part.push(SUFFIX);
    part.into()
}

/// A dangling link has the name, too.
fn refuse_existing(target: &Path) -> Result<(), FileError> {
    match fs::symlink_metadata(target) {
        Ok(_) => {
            let taken = io::Error::from(io::ErrorKind::AlreadyExists);
            Err(FileError::new(target, "create", taken))
        }
        Err(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str) -> Self {
            let name = format!("minnow-part-{name}-{}", std::process::id());
            let path = std::env::temp_dir().join(name);
            let _ = fs::remove_dir_all(&path);
            fs::create_dir_all(&path).unwrap();
            Self(path)
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

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

    #[test]
    fn a_file_is_replaced_only_once_the_new_one_is_whole() {
        let folder = Scratch::new("replaced");
        let target = folder.0.join("index.json");
        replace(&target, |file| file.write_all(b"first")).unwrap();
        // What a killed run left is no obstacle, and a link of that name is not written through.
        let precious = folder.0.join("precious");
        fs::write(&precious, "precious").unwrap();
        std::os::unix::fs::symlink(&precious, folder.0.join("index.json.part")).unwrap();
        let error = replace(&target, |file| {
            file.write_all(b"half")?;
            Err(io::Error::other("the disk is full"))
        });
        let error = error.unwrap_err().to_string();
        assert!(
            error.ends_with("index.json: cannot write: the disk is full"),
            "{error}"
        );
        assert_eq!(fs::read(&target).unwrap(), b"first");
        replace(&target, |file| file.write_all(b"second")).unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"second");
        assert_eq!(fs::read(&precious).unwrap(), b"precious");
        assert_eq!(names(&folder.0), ["index.json", "precious"]);
    }
}
