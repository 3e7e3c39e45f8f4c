//! The optional log file: appended to, rotated by rename when it is full, compressed as a slow job.
//!
//! `minnow.log` becomes `minnow.log.rotating` and a new one is begun; the [`Rotation`] that comes
//! of it compresses that to `minnow.log.1.gz`, after the older ones have moved up by one and the
//! oldest has gone. A rotation that a crash cut short is taken up at the next start. While one is
//! under way the file may grow to twice its size; beyond that lines are refused.

use flate2::Compression;
use flate2::write::GzEncoder;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Bytes compressed in one step: some 10 ms on a small machine.
const STEP: usize = 256 * 1024;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileSettings {
    pub path: PathBuf,
    /// Size at which the file rotates, in bytes (> 0).
    pub max_bytes: u64,
    /// Compressed files kept (>= 1).
    pub max_files: u32,
}

#[derive(Debug)]
pub(super) struct FileSink {
    settings: FileSettings,
    file: File,
    size: u64,
    rotation: Option<Rotation>,
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(path)
        .map_err(|error| {
            let text = format!("log file {}: {error}", path.display());
            io::Error::new(error.kind(), text)
        })
}

impl FileSink {
    pub fn open(settings: &FileSettings) -> io::Result<Self> {
        let file = open(&settings.path)?;
        let size = file.metadata()?.len();
        let mut sink = Self {
            settings: settings.clone(),
            file,
            size,
            rotation: None,
        };
        if sink.rotating().exists() {
            sink.rotation = Some(sink.new_rotation());
        }
        Ok(sink)
    }

    fn rotating(&self) -> PathBuf {
        beside(&self.settings.path, ".rotating")
    }

    fn new_rotation(&self) -> Rotation {
        Rotation {
            path: self.settings.path.clone(),
            max_files: self.settings.max_files,
            stage: Stage::Begin,
        }
    }

    /// Appends whole lines.
    ///
    /// # Errors
    /// The file cannot be written or opened anew, or is full while a rotation is under way.
    pub fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        let full = self.size > 0 && self.size + lines.len() as u64 > self.settings.max_bytes;
        if full && !self.rotating().exists() {
            fs::rename(&self.settings.path, self.rotating())?;
            self.rotation = Some(self.new_rotation());
            self.file = open(&self.settings.path)?;
            self.size = 0;
        }
        if self.size + lines.len() as u64 > self.settings.max_bytes.saturating_mul(2) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.file.write_all(lines)?;
        self.size += lines.len() as u64;
        Ok(())
    }

    pub fn take_rotation(&mut self) -> Option<Rotation> {
        self.rotation.take()
    }
}

/// A full log file to compress, step by step on a worker.
#[derive(Debug)]
pub struct Rotation {
    path: PathBuf,
    max_files: u32,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    Begin,
    Compressing {
        from: File,
        to: Box<GzEncoder<File>>,
    },
    Finished,
}

/// Whether a rotation has more to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RotationStep {
    More,
    Finished,
}

impl Rotation {
    /// Does the next piece of the work.
    ///
    /// # Errors
    /// A file could not be read, written or renamed; the full file stays and is taken up at the
    /// next start.
    pub fn step(&mut self) -> io::Result<RotationStep> {
        match &mut self.stage {
            Stage::Begin => {
                let from = File::open(beside(&self.path, ".rotating"))?;
                let to = File::create(beside(&self.path, ".compressing"))?;
                let to = Box::new(GzEncoder::new(to, Compression::fast()));
                self.stage = Stage::Compressing { from, to };
                Ok(RotationStep::More)
            }
            Stage::Compressing { from, to } => {
                let mut piece = vec![0; STEP];
                let length = from.read(&mut piece)?;
                if length > 0 {
                    to.write_all(&piece[..length])?;
                    return Ok(RotationStep::More);
                }
                to.try_finish()?;
                to.get_ref().sync_all()?;
                self.move_into_place()?;
                self.stage = Stage::Finished;
                Ok(RotationStep::Finished)
            }
            Stage::Finished => Ok(RotationStep::Finished),
        }
    }

    fn numbered(&self, number: u32) -> PathBuf {
        beside(&self.path, &format!(".{number}.gz"))
    }

    fn move_into_place(&self) -> io::Result<()> {
        for number in (1..self.max_files).rev() {
            let from = self.numbered(number);
            if from.exists() {
                fs::rename(from, self.numbered(number + 1))?;
            }
        }
        fs::rename(beside(&self.path, ".compressing"), self.numbered(1))?;
        fs::remove_file(beside(&self.path, ".rotating"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::read::GzDecoder;

    /// A directory of this test's own, gone at its end.
    struct Directory(PathBuf);

    impl Directory {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("minnow-{name}-{}", std::process::id()));
            fs::create_dir_all(&path).unwrap();
            Self(path)
        }

        fn settings(&self, max_bytes: u64) -> FileSettings {
            FileSettings {
                path: self.0.join("minnow.log"),
                max_bytes,
                max_files: 2,
            }
        }

        fn unpacked(&self, name: &str) -> String {
            let mut text = String::new();
            let file = File::open(self.0.join(name)).unwrap();
            GzDecoder::new(file).read_to_string(&mut text).unwrap();
            text
        }
    }

    impl Drop for Directory {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn run(mut rotation: Rotation) {
        while rotation.step().unwrap() == RotationStep::More {}
    }

    #[test]
    fn full_files_rotate_compressed_and_the_oldest_goes() {
        let directory = Directory::new("rotate");
        let mut sink = FileSink::open(&directory.settings(10)).unwrap();
        for line in ["line one\n", "line two\n", "line thr\n", "line fou\n"] {
            sink.append(line.as_bytes()).unwrap();
            if let Some(rotation) = sink.take_rotation() {
                run(rotation);
            }
        }
        assert_eq!(
            fs::read_to_string(&sink.settings.path).unwrap(),
            "line fou\n"
        );
        assert_eq!(directory.unpacked("minnow.log.1.gz"), "line thr\n");
        assert_eq!(directory.unpacked("minnow.log.2.gz"), "line two\n");
        assert_eq!(fs::read_dir(&directory.0).unwrap().count(), 3);
    }

    #[test]
    fn a_rotation_that_never_runs_bounds_the_file_and_is_taken_up_at_the_next_start() {
        let directory = Directory::new("stuck");
        let mut sink = FileSink::open(&directory.settings(10)).unwrap();
        let written = (0..10)
            .filter(|_| sink.append(b"line xyz\n").is_ok())
            .count();
        assert_eq!(
            written, 3,
            "one rotated, two in the file of at most 20 bytes"
        );
        let mut again = FileSink::open(&directory.settings(10)).unwrap();
        run(again.take_rotation().unwrap());
        assert_eq!(directory.unpacked("minnow.log.1.gz"), "line xyz\n");
        assert!(again.append(b"line new\n").is_ok());
    }
}
