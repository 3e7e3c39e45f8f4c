//! Files that come from outside, opened so that nothing waits for ever; and files that are made,
//! whole or not at all ([`PartFile`]).
//!
//! A name that belongs to something else than a regular file is an error and never a wait: opening a
//! FIFO without a writer would last for ever, a device may never end.

mod part_file;

pub use part_file::{FileError, PartFile, replace};

use std::fs::{File, FileType, OpenOptions};
use std::io;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;

/// Opens a regular file for reading; links are followed.
///
/// # Errors
/// When it is something else, with what it is, or when the system refuses.
pub fn open_regular(path: &Path) -> io::Result<File> {
    refuse_others(std::fs::metadata(path)?.file_type())?;
    // The name may have changed hands since: then, too, nothing waits.
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NONBLOCK)
        .open(path)?;
    refuse_others(file.metadata()?.file_type())?;
    Ok(file)
}

/// Makes a missing file, empty, that its owner alone may read; whatever is there already stays as it is.
///
/// # Errors
/// The system refuses.
pub fn make_private(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    match options.write(true).create_new(true).mode(0o600).open(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

fn refuse_others(kind: FileType) -> io::Result<()> {
    let name = if kind.is_file() {
        return Ok(());
    } else if kind.is_dir() {
        "a folder"
    } else if kind.is_fifo() {
        "a FIFO"
    } else if kind.is_socket() {
        "a socket"
    } else {
        "a device"
    };
    Err(io::Error::other(format!("{name}; expected a regular file")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_regular_file_is_opened_and_everything_else_is_named() {
        let folder = std::env::temp_dir().join(format!("minnow-regular-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("file");
        std::fs::write(&file, "text").unwrap();
        let link = folder.join("link");
        std::os::unix::fs::symlink(&file, &link).unwrap();
        assert!(open_regular(&file).is_ok() && open_regular(&link).is_ok());
        let socket = folder.join("socket");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        let fifo = folder.join("fifo");
        let made = std::process::Command::new("mkfifo").arg(&fifo).status();
        assert!(made.unwrap().success());
        for (path, kind) in [
            (folder.as_path(), "a folder"),
            (&socket, "a socket"),
            (&fifo, "a FIFO"),
            (Path::new("/dev/null"), "a device"),
        ] {
            let error = open_regular(path).unwrap_err().to_string();
            assert_eq!(error, format!("{kind}; expected a regular file"));
        }
        let missing = open_regular(&folder.join("none")).unwrap_err();
        assert_eq!(missing.kind(), io::ErrorKind::NotFound);
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
