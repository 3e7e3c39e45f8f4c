//! One minnow a ledger: an advisory lock on a side file that names its holder.
//!
//! The file is `<ledger>.lock`; the operating system drops the lock with the process, however it
//! ends, so that a left-over file never blocks. It is removed when the holder closes the ledger.

use super::error::LedgerError;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Held as long as this value lives.
#[derive(Debug)]
pub struct Lock {
    path: PathBuf,
    _file: File,
}

/// Path of the lock beside a ledger.
pub fn lock_path(ledger: &Path) -> PathBuf {
    let mut name = ledger.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}

impl Lock {
    /// Takes the lock of `ledger`, without waiting.
    ///
    /// # Errors
    /// `Locked` with the holder's process id, or why the side file cannot be written.
    pub fn take(ledger: &Path) -> Result<Self, LedgerError> {
        let path = lock_path(ledger);
        let io =
            |error: std::io::Error| LedgerError::from_io(ledger, "create its lock file", &error);
        // A holder that leaves removes the file: a lock on the removed one would not count, so
        // the name is looked at again. Each round means that another process left meanwhile.
        for _ in 0..8 {
            let mut file = OpenOptions::new()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .mode(0o600)
                .open(&path)
                .map_err(io)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    return Err(LedgerError::Locked {
                        path: ledger.to_path_buf(),
                        pid: holder(&mut file),
                    });
                }
                Err(TryLockError::Error(error)) => return Err(io(error)),
            }
            if !is_named(&file, &path) {
                continue;
            }
            file.set_len(0)
                .and_then(|()| file.seek(SeekFrom::Start(0)))
                .and_then(|_| writeln!(file, "{}", std::process::id()))
                .map_err(io)?;
            return Ok(Self { path, _file: file });
        }
        Err(LedgerError::Locked {
            path: ledger.to_path_buf(),
            pid: None,
        })
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Removed while still locked; a failure leaves a file that blocks nobody.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Whether `path` still names this very file.
fn is_named(file: &File, path: &Path) -> bool {
    match (file.metadata(), std::fs::metadata(path)) {
        (Ok(ours), Ok(named)) => ours.ino() == named.ino() && ours.dev() == named.dev(),
        _ => false,
    }
}

fn holder(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.take(16).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}
