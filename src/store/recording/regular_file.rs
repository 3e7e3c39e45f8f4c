//! Opens what must be a regular file, so that a name that belongs to something else is an error and
//! never a wait: opening a FIFO without a writer would last for ever, a device may never end.

use super::RecordingError;
use std::fs::{File, FileType, OpenOptions};
use std::io;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;

/// Opens a regular file for reading; links are followed.
///
/// # Errors
/// `Io` when it is something else, with what it is, or when the disk refuses.
pub(super) fn open_regular(path: &Path) -> Result<File, RecordingError> {
    let failed = |error: &io::Error| RecordingError::io(path, "open", error);
    let refuse = |kind: FileType| match name_of(kind) {
        None => Ok(()),
        Some(name) => Err(failed(&io::Error::other(format!(
            "{name}; expected a regular file"
        )))),
    };
    let named = std::fs::metadata(path).map_err(|error| failed(&error))?;
    refuse(named.file_type())?;
    // The name may have changed hands since: then, too, nothing waits.
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NONBLOCK)
        .open(path)
        .map_err(|error| failed(&error))?;
    let opened = file.metadata().map_err(|error| failed(&error))?;
    refuse(opened.file_type())?;
    Ok(file)
}

/// What it is instead of a regular file.
fn name_of(kind: FileType) -> Option<&'static str> {
    if kind.is_file() {
        None
    } else if kind.is_dir() {
        Some("a folder")
    } else if kind.is_fifo() {
        Some("a FIFO")
    } else if kind.is_socket() {
        Some("a socket")
    } else {
        Some("a device")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::recording::tests::Scratch;

    #[test]
    fn only_a_regular_file_is_opened_and_everything_else_is_named() {
        let folder = Scratch::new("regular");
        let file = folder.0.join("file");
        std::fs::write(&file, "text").unwrap();
        let link = folder.0.join("link");
        std::os::unix::fs::symlink(&file, &link).unwrap();
        assert!(open_regular(&file).is_ok() && open_regular(&link).is_ok());
        let socket = folder.0.join("socket");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        let fifo = folder.0.join("fifo");
        let made = std::process::Command::new("mkfifo").arg(&fifo).status();
        assert!(made.unwrap().success());
        for (path, kind) in [
            (folder.0.as_path(), "a folder"),
            (&socket, "a socket"),
            (&fifo, "a FIFO"),
            (Path::new("/dev/null"), "a device"),
        ] {
            let error = open_regular(path).unwrap_err().to_string();
            let said = format!("{}: cannot open: {kind}; expected", path.display());
            assert!(error.starts_with(&said), "{error}");
        }
        let missing = open_regular(&folder.0.join("none"))
            .unwrap_err()
            .to_string();
        assert!(missing.contains("No such file"), "{missing}");
    }
}
