//! Files for what can only read files: in a folder of this process, on tmpfs where there is one.
//!
//! libFuzzer ends a process without running destructors, so `scripts/fuzz.sh` points `TMPDIR` at a
//! folder that it removes.

use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;

/// The folder of this process.
pub fn folder() -> &'static PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let name = format!("minnow-fuzz-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).expect("a temporary folder can be made");
        folder
    })
}

/// Path of a file that is not there.
pub fn absent(name: &str) -> PathBuf {
    let path = folder().join(name);
    match fs::remove_file(&path) {
        Ok(()) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => panic!("{}: {error}", path.display()),
    }
    path
}

/// A file with these bytes.
pub fn file(name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder().join(name);
    fs::write(&path, bytes).expect("a temporary file can be written");
    path
}
