//! The folder of the venue: certificate, keys, and the settings that a client needs.
//!
//! Made on the first start, read on every later one. Everything is readable by its owner alone.

use super::certificate::{self, Identity};
use super::keys::{self, ApiKey};
use std::fmt;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Why the folder cannot be used.
#[derive(Debug)]
pub struct FolderError {
    pub path: PathBuf,
    /// What was wanted and what stands against it.
    pub problem: String,
}

impl fmt::Display for FolderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.problem)
    }
}

impl std::error::Error for FolderError {}

impl FolderError {
    pub(super) fn new(path: &Path, problem: impl fmt::Display) -> Self {
        Self {
            path: path.to_owned(),
            problem: problem.to_string(),
        }
    }
}

/// Everything that outlives a run.
#[derive(Debug)]
pub struct Folder {
    pub path: PathBuf,
    pub identity: Identity,
    /// Keys that clients may use.
    pub keys: Vec<ApiKey>,
}

impl Folder {
    /// Opens the folder; what is missing is made.
    ///
    /// # Errors
    /// A file cannot be read, made or understood.
    pub fn open(path: &Path) -> Result<Self, FolderError> {
        let mut builder = DirBuilder::new();
        builder.recursive(true).mode(0o700);
        builder
            .create(path)
            .map_err(|error| FolderError::new(path, error))?;
        Ok(Self {
            path: path.to_owned(),
            identity: certificate::open(path)?,
            keys: keys::open(path)?,
        })
    }

    /// The certificate that clients have to trust.
    pub fn certificate(&self) -> PathBuf {
        self.path.join(certificate::CERTIFICATE)
    }
}

/// Writes what a client of this address has to be told, in the form of a `.env` file; returns its
/// path.
///
/// # Errors
/// The file cannot be written.
pub fn write_client_settings(
    folder: &Path,
    keys: &[ApiKey],
    port: u16,
) -> Result<PathBuf, FolderError> {
    let path = folder.join("venue.env");
    let absolute = |name: &str| {
        let path = folder.join(name);
        fs::canonicalize(&path).unwrap_or(path)
    };
    let mut text = format!(
        "# Written by `minnow venue` at each start: how to reach it.\n\
         EXCHANGE__NAME=venue\n\
         EXCHANGE__BASE_URL=https://localhost:{port}\n\
         EXCHANGE__WS_URL=wss://localhost:{port}\n\
         EXCHANGE__CA_FILE={}\n",
        absolute(certificate::CERTIFICATE).display(),
    );
    for (index, key) in keys.iter().enumerate() {
        // One key is used; the others stand there to be chosen.
        let comment = if index == 0 { "" } else { "# " };
        text.push_str(&format!(
            "{comment}CDP_API_KEY_NAME={}\n{comment}CDP_PRIVATE_KEY_FILE={}\n",
            key.name,
            absolute(key.file).display()
        ));
    }
    write_private(&path, text.as_bytes())?;
    Ok(path)
}

/// Writes a file that its owner alone can read, whole or not at all.
pub(super) fn write_private(path: &Path, bytes: &[u8]) -> Result<(), FolderError> {
    let part = path.with_extension("part");
    let write = || -> io::Result<()> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        let mut file = options.open(&part)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&part, path)
    };
    write().map_err(|error| FolderError::new(path, format!("cannot be written: {error}")))
}

/// The file's bytes; `None` when there is none.
pub(super) fn read(path: &Path) -> Result<Option<Vec<u8>>, FolderError> {
    use std::io::Read as _;
    const LARGEST: u64 = 64 * 1024;
    match crate::files::open_regular(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(FolderError::new(path, format!("cannot be opened: {error}"))),
        Ok(file) => {
            let mut bytes = Vec::new();
            file.take(LARGEST)
                .read_to_end(&mut bytes)
                .map_err(|error| FolderError::new(path, format!("cannot be read: {error}")))?;
            Ok(Some(bytes))
        }
    }
}
