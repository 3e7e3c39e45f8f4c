//! Writes a run's report as one HTML file, beside what goes to standard output.

use super::Failure;
use crate::report::html::{Content, render};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Reads a ledger and its recordings once more and writes the page to `file`, which is replaced.
///
/// # Errors
/// A ledger that cannot be read, a file that cannot be written.
pub fn write(ledger: &Path, recordings: &[PathBuf], file: &Path) -> Result<(), Failure> {
    let content = Content::load(ledger, recordings).map_err(Failure::run_time)?;
    let page = render(&content);
    std::fs::write(file, &page).map_err(|e| {
        Failure::run_time(format!(
            "{}: the report cannot be written: {e}; with another file: minnow report --ledger {} --html FILE",
            file.display(),
            ledger.display()
        ))
    })?;
    // Nobody is left to tell when stderr is gone.
    let _ = writeln!(
        std::io::stderr(),
        "report: {} ({} bytes)",
        file.display(),
        page.len()
    );
    Ok(())
}
