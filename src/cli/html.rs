//! Writes a run's report as one HTML file, beside what goes to standard output.
//!
//! A file that stands there already is replaced only when it is a page: a slip of the hand must not
//! cost a recording or a ledger.

use super::{Exit, Failure};
use crate::files::replace;
use crate::report::html::{Content, FIRST_LINE, render};
use crate::report::{FullOptions, TradesShown};
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

/// Whether a page may be written there.
///
/// # Errors
/// A folder that does not exist, something else that stands there: told before any work is done.
pub fn check(file: &Path) -> Result<(), Failure> {
    let refuse = |why: String| {
        let text = format!("--html {}: {why}", file.display());
        Err(Failure::new(Exit::Usage, text))
    };
    if let Some(folder) = file.parent().filter(|f| !f.as_os_str().is_empty())
        && !folder.is_dir()
    {
        return refuse(format!(
            "no folder {}; expected a file in a folder that exists",
            folder.display()
        ));
    }
    match std::fs::metadata(file) {
        Ok(data) if data.is_dir() => refuse("a folder; expected a file".to_owned()),
        Ok(data) if data.is_file() && data.len() > 0 && !is_page(file) => {
            refuse("it exists and is no page of a report; expected a new file".to_owned())
        }
        _ => Ok(()),
    }
}

/// Whether a file begins as this program's pages do.
fn is_page(file: &Path) -> bool {
    let mut start = Vec::with_capacity(FIRST_LINE.len());
    File::open(file)
        .and_then(|open| open.take(FIRST_LINE.len() as u64).read_to_end(&mut start))
        .is_ok_and(|_| start == FIRST_LINE.as_bytes())
}

/// Reads a ledger and its recordings once more and writes the page to `file`.
///
/// # Errors
/// A ledger that cannot be read; those of [`write`].
pub fn read_and_write(ledger: &Path, recordings: &[PathBuf], file: &Path) -> Result<(), Failure> {
    check(file)?;
    let options = FullOptions {
        shown: TradesShown::Some(0),
        recordings: recordings.to_vec(),
    };
    let content = Content::load(ledger, &options).map_err(Failure::run_time)?;
    write(ledger, &content, file)
}

/// Writes what was read of a ledger as a page to `file`.
///
/// # Errors
/// Those of [`check`]; a file that cannot be written.
pub fn write(ledger: &Path, content: &Content, file: &Path) -> Result<(), Failure> {
    check(file)?;
    let page = render(content);
    put(file, page.as_bytes()).map_err(|e| {
        Failure::run_time(format!(
            "{}: the report cannot be written: {e}; elsewhere: minnow report --ledger {} --html FILE",
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

/// Replaces a file as a whole: what stood there stays where there is no room for the new one.
fn put(file: &Path, page: &[u8]) -> std::io::Result<()> {
    let known = std::fs::metadata(file);
    if known.is_ok_and(|data| !data.is_file()) {
        // A device or a pipe has no place beside it, and is not to be replaced.
        return std::fs::write(file, page);
    }
    // The file that a link leads to is replaced, not the link.
    let target = std::fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
    replace(&target, |part| part.write_all(page)).map_err(|refused| refused.error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_and_empty_files_are_replaced() {
        let folder = std::env::temp_dir().join(format!("minnow-html-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("page.html");
        assert!(check(&file).is_ok());
        for (content, allowed) in [
            ("", true),
            ("<!DOCTYPE html>\n<html", true),
            ("SQLite format 3", false),
            ("x", false),
        ] {
            std::fs::write(&file, content).unwrap();
            assert_eq!(check(&file).is_ok(), allowed, "{content}");
        }
        let failure = check(&file).unwrap_err();
        assert_eq!(failure.exit, Exit::Usage);
        assert!(failure.message.contains("page.html"), "{failure}");
        assert!(check(&folder).is_err());
        let nowhere = check(&folder.join("no/page.html")).unwrap_err();
        assert!(nowhere.message.contains("no folder"), "{nowhere}");
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
