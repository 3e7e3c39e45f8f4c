//! The file of a sweep's results: one SQLite database that carries its plan and a row a task.
//!
//! Rows come in batches, a transaction each, so that a sweep killed at any moment goes on from its
//! last batch. One writer at a time (a lock beside the file); readers may look on. No write-ahead
//! log: the file alone is everything, and may be copied once nobody writes.

use super::columns::{
    APPLICATION_ID, INSERT, MIGRATION, SCHEMA, SCHEMA_VERSION, SELECT, insert, read,
};
use super::error::ResultsError;
use super::row::ResultRow;
use crate::store::ledger::allocation;
use crate::store::ledger::lock::Lock;
use rusqlite::{Connection, OpenFlags, OptionalExtension, params};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long SQLite waits for a reader's transaction, on the thread that holds the file.
const BUSY_WAIT: Duration = Duration::from_secs(5);

/// The one writer of a file of results; `Send`, it travels with the job that writes.
#[derive(Debug)]
pub struct SweepResults {
    path: PathBuf,
    connection: Connection,
    /// Last, so that the connection is closed before the lock is given up.
    _lock: Lock,
}

impl SweepResults {
    /// Opens the results of a plan, made if they are missing. `plan` is its JSON, `digest` names it.
    ///
    /// # Errors
    /// Another minnow writes it, it belongs to another plan or program, or the disk refuses.
    pub fn open(path: &Path, plan: &str, digest: &str) -> Result<Self, ResultsError> {
        let sqlite = |e: rusqlite::Error| ResultsError::sqlite(path, "open it", &e);
        let lock = Lock::take(path).map_err(|e| ResultsError::lock(path, &e))?;
        allocation::configure();
        let connection = Connection::open(path).map_err(sqlite)?;
        connection.busy_timeout(BUSY_WAIT).map_err(sqlite)?;
        connection
            .execute_batch("PRAGMA synchronous = NORMAL; PRAGMA temp_store = MEMORY;")
            .map_err(sqlite)?;
        let mut results = Self {
            path: path.to_path_buf(),
            connection,
            _lock: lock,
        };
        if is_empty(&results.connection).map_err(sqlite)? {
            results.create(plan, digest).map_err(sqlite)?;
        }
        let found = meta(&results.connection, path)?;
        if found.digest != digest {
            return Err(ResultsError::new(
                path,
                format!(
                    "belongs to another plan ({:.16}, this one is {digest:.16}). Expected: results of \
                     the same plan, or a new file",
                    found.digest
                ),
            ));
        }
        if found.version < SCHEMA_VERSION {
            results.migrate().map_err(sqlite)?;
        }
        Ok(results)
    }

    fn create(&mut self, plan: &str, digest: &str) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction()?;
        transaction.execute_batch(&format!(
            "PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {SCHEMA_VERSION}; {SCHEMA}"
        ))?;
        transaction.execute(
            "INSERT INTO meta VALUES ('plan', ?1), ('digest', ?2)",
            params![plan, digest],
        )?;
        transaction.commit()
    }

    /// To the current version, at once or not at all.
    fn migrate(&mut self) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction()?;
        transaction.execute_batch(MIGRATION)?;
        transaction.commit()
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes rows in one transaction. A row of a task that is done already is left out.
    ///
    /// # Errors
    /// What SQLite reports; nothing of the batch is written.
    pub fn write(&mut self, rows: &[ResultRow]) -> Result<(), ResultsError> {
        let path = &self.path;
        let sqlite = |e: rusqlite::Error| ResultsError::sqlite(path, "write a batch", &e);
        let transaction = self.connection.transaction().map_err(sqlite)?;
        {
            let mut statement = transaction.prepare(INSERT).map_err(sqlite)?;
            for row in rows {
                insert(&mut statement, row).map_err(sqlite)?;
            }
        }
        transaction.commit().map_err(sqlite)
    }

    /// Tasks that need no further run: done, or failed unless those are to be tried again.
    ///
    /// # Errors
    /// What SQLite reports.
    pub fn settled(&self, retry_failed: bool) -> Result<BTreeSet<u32>, ResultsError> {
        let sqlite = |e: rusqlite::Error| ResultsError::sqlite(&self.path, "read it", &e);
        let mut statement = self
            .connection
            .prepare("SELECT task FROM results WHERE failure IS NULL OR NOT ?1")
            .map_err(sqlite)?;
        let tasks = statement
            .query_map([retry_failed], |row| row.get(0))
            .map_err(sqlite)?;
        tasks.collect::<Result<_, _>>().map_err(sqlite)
    }
}

/// Everything in a file of results.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored {
    /// JSON of the plan.
    pub plan: String,
    pub digest: String,
    /// In the order of their tasks.
    pub rows: Vec<ResultRow>,
}

impl Stored {
    /// Reads a whole file of results; somebody may be writing it.
    ///
    /// # Errors
    /// It is missing, another program's, or damaged.
    pub fn read(path: &Path) -> Result<Self, ResultsError> {
        if !path.is_file() {
            return Err(ResultsError::new(
                path,
                "no such file. Expected: results that `minnow sweep run` made",
            ));
        }
        let sqlite = |e: rusqlite::Error| ResultsError::sqlite(path, "read it", &e);
        allocation::configure();
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).map_err(sqlite)?;
        connection.busy_timeout(BUSY_WAIT).map_err(sqlite)?;
        let Meta { plan, digest, .. } = meta(&connection, path)?;
        let mut statement = connection.prepare(SELECT).map_err(sqlite)?;
        let mut found = statement.query([]).map_err(sqlite)?;
        let mut rows = Vec::new();
        while let Some(row) = found.next().map_err(sqlite)? {
            rows.push(read(row).map_err(|detail| {
                ResultsError::new(
                    path,
                    format!("row {} cannot be read: {detail}", rows.len() + 1),
                )
            })?);
        }
        Ok(Self { plan, digest, rows })
    }
}

struct Meta {
    version: i32,
    plan: String,
    digest: String,
}

fn is_empty(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row("SELECT count(*) = 0 FROM sqlite_schema", [], |row| {
        row.get(0)
    })
}

/// Whose file it is, checked before anything else is read of it.
fn meta(connection: &Connection, path: &Path) -> Result<Meta, ResultsError> {
    let sqlite = |e: rusqlite::Error| ResultsError::sqlite(path, "read it", &e);
    let number = |name: &str| {
        connection
            .query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, i32>(0))
            .map_err(sqlite)
    };
    if number("application_id")? != APPLICATION_ID {
        return Err(ResultsError::new(
            path,
            "not a file of sweep results. Expected: one that `minnow sweep run` made",
        ));
    }
    let version = number("user_version")?;
    if !(1..=SCHEMA_VERSION).contains(&version) {
        return Err(ResultsError::new(
            path,
            format!("schema version {version}; this minnow reads versions up to {SCHEMA_VERSION}"),
        ));
    }
    let value = |key: &str| -> Result<String, ResultsError> {
        connection
            .query_row("SELECT value FROM meta WHERE key = ?1", [key], |row| {
                row.get(0)
            })
            .optional()
            .map_err(sqlite)?
            .ok_or_else(|| ResultsError::new(path, format!("names no {key} in its table meta")))
    };
    Ok(Meta {
        version,
        plan: value("plan")?,
        digest: value("digest")?,
    })
}
