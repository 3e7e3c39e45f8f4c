//! Brings a ledger to the schema of this program: forward only, all steps in one transaction, a
//! copy of the file first.
//!
//! The copy is `<ledger>.schema-<old version>.sqlite`; it is complete (what still stood in the
//! write-ahead log included) and is never deleted by minnow.

use super::error::LedgerError;
use super::schema::{APPLICATION_ID, Step};
use crate::files::{FileError, PartFile};
use rusqlite::{Connection, OptionalExtension, TransactionBehavior};
use std::path::{Path, PathBuf};

/// What the file holds before anything is done to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// No tables at all.
    Empty,
    /// A ledger of this version.
    Version(u32),
}

/// Looks whose file it is.
///
/// # Errors
/// `NotALedger` for somebody else's database, `Corrupt`, or what SQLite reports.
pub fn found(connection: &Connection, path: &Path) -> Result<Found, LedgerError> {
    let sqlite = |e: rusqlite::Error| LedgerError::from_sqlite(path, "read its schema", &e);
    let application: i32 = connection
        .query_row("PRAGMA application_id", [], |row| row.get(0))
        .map_err(sqlite)?;
    let tables: i64 = connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(sqlite)?;
    if tables == 0 {
        return Ok(Found::Empty);
    }
    if application != APPLICATION_ID {
        return Err(LedgerError::NotALedger {
            path: path.to_path_buf(),
        });
    }
    let text: Option<String> = connection
        .query_row(
            "SELECT value FROM meta WHERE key = 'schema_version'",
            [],
            |row| row.get(0),
        )
        .optional()
        .map_err(sqlite)?;
    text.and_then(|text| text.parse().ok())
        .map(Found::Version)
        .ok_or_else(|| LedgerError::Corrupt {
            path: path.to_path_buf(),
            detail: "meta.schema_version is missing or no number".into(),
        })
}

/// Makes or migrates the schema; `steps` are all known ones, oldest first.
///
/// # Errors
/// `NewerSchema` with both versions; whatever hinders the copy or a step. The file is then as it
/// was before.
pub fn migrate(
    connection: &mut Connection,
    path: &Path,
    steps: &[Step],
) -> Result<(), LedgerError> {
    let newest = steps.last().map_or(0, |step| step.version);
    let from = match found(connection, path)? {
        Found::Empty => 0,
        Found::Version(version) if version == newest => return Ok(()),
        Found::Version(version) if version > newest => {
            return Err(LedgerError::NewerSchema {
                path: path.to_path_buf(),
                found: version,
                supported: newest,
            });
        }
        Found::Version(version) => {
            quick_check(connection, path)?;
            copy_first(connection, path, version)?;
            version
        }
    };
    let sqlite = |e: rusqlite::Error| LedgerError::from_sqlite(path, "migrate its schema", &e);
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(sqlite)?;
    match steps
        .last()
        .and_then(|step| step.whole)
        .filter(|_| from == 0)
    {
        Some(whole) => transaction.execute_batch(whole).map_err(sqlite)?,
        None => {
            for step in steps.iter().filter(|step| step.version > from) {
                transaction.execute_batch(step.sql).map_err(sqlite)?;
            }
        }
    }
    transaction
        .execute(
            "INSERT INTO meta (key, value) VALUES ('schema_version', ?1)
             ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            [newest.to_string()],
        )
        .map_err(sqlite)?;
    transaction
        .pragma_update(None, "application_id", APPLICATION_ID)
        .map_err(sqlite)?;
    transaction.commit().map_err(sqlite)
}

/// Reads all pages for damage; seconds for a large file, so not for the loop.
///
/// # Errors
/// `Corrupt` with SQLite's first finding.
pub fn quick_check(connection: &Connection, path: &Path) -> Result<(), LedgerError> {
    let verdict: String = connection
        .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
        .map_err(|e| LedgerError::from_sqlite(path, "check it", &e))?;
    if verdict == "ok" {
        Ok(())
    } else {
        Err(LedgerError::Corrupt {
            path: path.to_path_buf(),
            detail: verdict,
        })
    }
}

/// Where the copy of a ledger of `version` lies.
pub fn copy_path(ledger: &Path, version: u32) -> PathBuf {
    let mut name = ledger.as_os_str().to_owned();
    name.push(format!(".schema-{version}.sqlite"));
    PathBuf::from(name)
}

/// Copies beside the name first, so that a copy under its final name is always whole.
fn copy_first(connection: &Connection, path: &Path, version: u32) -> Result<(), LedgerError> {
    const ACTION: &str = "copy the ledger before migrating";
    let copy = copy_path(path, version);
    let io = |e: FileError| LedgerError::from_io(&copy, ACTION, &e.error);
    // SQLite takes an empty file as well as none.
    let (place, _) = PartFile::replacing(&copy).map_err(io)?;
    let part = place.part().to_str().ok_or_else(|| LedgerError::Other {
        path: copy.clone(),
        action: ACTION,
        detail: "its path is not UTF-8".into(),
    })?;
    connection
        .execute("VACUUM INTO ?1", [part])
        .map_err(|e| LedgerError::from_sqlite(&copy, ACTION, &e))?;
    place.keep().map_err(io)
}
