//! Opening, beginning, ending: who may use a ledger file and in what state it is left.
//!
//! A replay's file is made anew each run and is written without waiting for the disk: after a
//! power cut it is made again. It is consistent whenever the process is killed, and its session
//! then still says `running`. Paper and live files commit with synchronous FULL. The mode stands
//! in the file's header (user_version), so that no run takes over a file of another mode.

use super::allocation;
use super::error::LedgerError;
use super::lock::Lock;
use super::migrate::{Found, found, migrate, quick_check};
use super::open_lots::OpenLots;
use super::rows::{Mode, SessionEnd, SessionRow, SessionStatus};
use super::schema::{APPLICATION_ID, STEPS};
use super::value_names::ValueNames;
use super::write::store_id;
use crate::core::market::{Instrument, SymbolId};
use crate::core::records::Lot;
use crate::core::units::{Decimal, Side, Timestamp};
use rusqlite::{Connection, OpenFlags, OptionalExtension, params};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long SQLite waits for another program's transaction, on the thread that holds the ledger.
const BUSY_WAIT: Duration = Duration::from_millis(500);
/// Pages of the database that SQLite keeps in memory, KiB.
pub const CACHE_KIB: usize = 1024;

/// The one writer of a ledger file. Closed by dropping it, or with a final row by
/// [`close`](Self::close).
#[derive(Debug)]
pub struct Ledger {
    pub(super) path: PathBuf,
    pub(super) connection: Connection,
    /// Row id of the session that rows belong to; `None` before one begins.
    pub(super) session: Option<i64>,
    pub(super) instruments: Vec<Instrument>,
    pub(super) open_lots: OpenLots,
    pub(super) total: u64,
    pub(super) value_names: ValueNames,
    unclean: bool,
    /// Last, so that the connection is closed before the lock is given up.
    _lock: Lock,
}

const fn mode_number(mode: Mode) -> i32 {
    match mode {
        Mode::Replay => 1,
        Mode::Paper => 2,
        Mode::Live => 3,
        Mode::Venue => 4,
    }
}

fn mode_name(number: i32) -> String {
    [Mode::Replay, Mode::Paper, Mode::Live, Mode::Venue]
        .into_iter()
        .find(|mode| mode_number(*mode) == number)
        .map_or_else(|| format!("number {number}"), |mode| mode.name().to_owned())
}

/// Opens the file, or makes it.
fn connect(path: &Path) -> Result<Connection, LedgerError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    allocation::configure();
    // What somebody traded is his alone; SQLite gives its other files the same mode.
    crate::files::make_private(path).map_err(|e| LedgerError::from_io(path, "open it", &e))?;
    Connection::open_with_flags(path, flags)
        .map_err(|e| LedgerError::from_sqlite(path, "open it", &e))
}

impl Ledger {
    /// Makes a replay's ledger anew, in a directory that is made if it is missing, and begins its
    /// session. An older replay ledger of that name is removed; any other file is left alone and
    /// refused.
    ///
    /// # Errors
    /// `Locked`, `Unwritable`, `DiskFull`, `NotALedger` or `WrongMode` for a foreign file, `Row`
    /// for an unusable session row.
    pub fn create_replay(path: &Path, session: &SessionRow) -> Result<Self, LedgerError> {
        make_directory(path)?;
        let lock = Lock::take(path)?;
        check_replaceable(path)?;
        for suffix in ["", "-wal", "-shm", "-journal"] {
            let mut name = path.as_os_str().to_owned();
            name.push(suffix);
            match std::fs::remove_file(&name) {
                Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
                    return Err(LedgerError::from_io(path, "remove the older ledger", &e));
                }
                _ => {}
            }
        }
        let mut ledger = Self::prepare(path, Mode::Replay, lock)?;
        ledger.begin_session(session)?;
        Ok(ledger)
    }

    /// Opens (or makes) the ledger of a mode, migrating an older schema after copying the file.
    ///
    /// # Errors
    /// `Locked`, `NewerSchema`, `WrongMode`, `NotALedger`, `Corrupt`, `Unwritable`, `DiskFull`.
    pub fn open(path: &Path, mode: Mode) -> Result<Self, LedgerError> {
        make_directory(path)?;
        let lock = Lock::take(path)?;
        Self::prepare(path, mode, lock)
    }

    fn prepare(path: &Path, mode: Mode, lock: Lock) -> Result<Self, LedgerError> {
        let sqlite = |e: rusqlite::Error| LedgerError::from_sqlite(path, "open it", &e);
        let mut connection = connect(path)?;
        connection.busy_timeout(BUSY_WAIT).map_err(sqlite)?;
        // Before anything is written: a replay never waits for the disk.
        let synchronous = if mode == Mode::Replay { "OFF" } else { "FULL" };
        connection
            .execute_batch(&format!(
                "PRAGMA synchronous = {synchronous}; PRAGMA cache_size = -{CACHE_KIB};
                 PRAGMA temp_store = MEMORY;"
            ))
            .map_err(sqlite)?;
        match found(&connection, path)? {
            // In the header before anything else is, so that a kill at any moment leaves a file
            // that says whose it is.
            Found::Empty => connection
                .execute_batch(&format!(
                    "BEGIN; PRAGMA application_id = {APPLICATION_ID};
                     PRAGMA user_version = {}; COMMIT;",
                    mode_number(mode)
                ))
                .map_err(sqlite)?,
            Found::Version(_) => {
                let number: i32 = connection
                    .query_row("PRAGMA user_version", [], |row| row.get(0))
                    .map_err(sqlite)?;
                if number != mode_number(mode) {
                    return Err(LedgerError::WrongMode {
                        path: path.to_path_buf(),
                        found: mode_name(number),
                        expected: mode.name().to_owned(),
                    });
                }
            }
        }
        let journal: String = connection
            .query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))
            .map_err(sqlite)?;
        if journal != "wal" {
            return Err(LedgerError::Other {
                path: path.to_path_buf(),
                action: "switch it to a write-ahead log",
                detail: format!("the file system only allows {journal}"),
            });
        }
        migrate(&mut connection, path, STEPS)?;
        let last: Option<String> = connection
            .query_row(
                "SELECT status FROM sessions ORDER BY id DESC LIMIT 1",
                [],
                |row| row.get(0),
            )
            .optional()
            .map_err(sqlite)?;
        Ok(Self {
            path: path.to_path_buf(),
            connection,
            session: None,
            instruments: Vec::new(),
            open_lots: OpenLots::default(),
            total: 0,
            value_names: ValueNames::default(),
            unclean: last.as_deref() == Some(SessionStatus::Running.name()),
            _lock: lock,
        })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the session before this one never ended: [`quick_check`](Self::quick_check) is due.
    pub fn was_unclean(&self) -> bool {
        self.unclean
    }

    /// Reads the whole file for damage; for a worker, it takes seconds on a large file.
    ///
    /// # Errors
    /// `Corrupt` with the first finding.
    pub fn quick_check(&self) -> Result<(), LedgerError> {
        quick_check(&self.connection, &self.path)
    }

    /// What stands under a name in the ledger; `fresh` is stored and returned where nothing does.
    ///
    /// # Errors
    /// What SQLite reports.
    pub fn remembered(&mut self, name: &str, fresh: &str) -> Result<String, LedgerError> {
        let sqlite =
            |e: rusqlite::Error| LedgerError::from_sqlite(&self.path, "read what it knows", &e);
        self.connection
            .execute(
                "INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO NOTHING",
                [name, fresh],
            )
            .map_err(sqlite)?;
        self.connection
            .query_row("SELECT value FROM meta WHERE key = ?1", [name], |row| {
                row.get(0)
            })
            .map_err(sqlite)
    }

    /// What stands under a name, if anything does.
    ///
    /// # Errors
    /// What SQLite reports.
    pub fn noted(&self, name: &str) -> Result<Option<String>, LedgerError> {
        self.connection
            .query_row("SELECT value FROM meta WHERE key = ?1", [name], |row| {
                row.get(0)
            })
            .optional()
            .map_err(|e| LedgerError::from_sqlite(&self.path, "read what it knows", &e))
    }

    /// Gives the file another name, which must be free, with everything that was ever written; the
    /// ledger's own name is free then.
    ///
    /// # Errors
    /// The name is taken, another program reads the file, or the system refuses; it keeps its name
    /// then.
    pub fn archive(mut self, name: &Path) -> Result<(), LedgerError> {
        let taken = std::io::Error::from(std::io::ErrorKind::AlreadyExists);
        if name.symlink_metadata().is_ok() {
            return Err(LedgerError::from_io(name, "keep a ledger there", &taken));
        }
        self.checkpoint()?;
        let Self {
            path,
            connection,
            _lock,
            ..
        } = self;
        connection
            .close()
            .map_err(|(_, e)| LedgerError::from_sqlite(&path, "close it", &e))?;
        // SQLite removes its own files with the last connection; with one of them left somebody
        // reads on, and a ledger without its log would not be whole.
        let mut log = path.as_os_str().to_owned();
        log.push("-wal");
        if Path::new(&log).exists() {
            return Err(LedgerError::Busy { path });
        }
        std::fs::rename(&path, name).map_err(|e| LedgerError::from_io(&path, "rename it", &e))
    }

    /// When the limit of this name ends by itself; `None` where it does not, or was never set.
    ///
    /// # Errors
    /// What SQLite reports.
    pub fn limit_until(&self, name: &str) -> Result<Option<Timestamp>, LedgerError> {
        super::limits::limit_until(&self.connection, name)
            .map_err(|e| LedgerError::from_sqlite(&self.path, "read its limits", &e))
    }

    /// The trading state that the last written batch ended with, as JSON; `None` in a new ledger.
    ///
    /// # Errors
    /// What SQLite reports.
    pub fn saved_state(&self) -> Result<Option<String>, LedgerError> {
        self.connection
            .query_row("SELECT body FROM state WHERE id = 1", [], |row| row.get(0))
            .optional()
            .map_err(|e| LedgerError::from_sqlite(&self.path, "read the trading state", &e))
    }

    /// Begins a session; rows belong to it from here on. Lots left open by earlier sessions are
    /// known again, so that positions go on.
    ///
    /// # Errors
    /// `Row` if an open lot is of an instrument that the session does not have, or off its grid.
    pub fn begin_session(&mut self, session: &SessionRow) -> Result<(), LedgerError> {
        let instruments =
            serde_json::to_string(&session.instruments).map_err(|e| LedgerError::Row {
                path: self.path.clone(),
                detail: format!("instruments: {e}"),
            })?;
        self.connection
            .execute(
                "INSERT INTO sessions (name, mode, status, program, fingerprint, configuration,
                 recording, strategy, interval, seed, currency, starting_balance, instruments,
                 started) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
                params![
                    session.name,
                    session.mode.name(),
                    SessionStatus::Running.name(),
                    session.program,
                    session.fingerprint,
                    session.configuration,
                    session.recording,
                    session.strategy,
                    session.interval,
                    session.seed.to_string(),
                    session.currency,
                    session.starting_balance.to_string(),
                    instruments,
                    session.started.0,
                ],
            )
            .map_err(|e| LedgerError::from_sqlite(&self.path, "begin a session", &e))?;
        self.session = Some(self.connection.last_insert_rowid());
        self.instruments.clone_from(&session.instruments);
        self.load_open_lots()
    }

    /// Ends the session and moves everything from the write-ahead log into the file.
    ///
    /// # Errors
    /// What SQLite reports; the session then still says `running`, and every committed batch is in
    /// the file or its log.
    pub fn close(mut self, end: &SessionEnd) -> Result<(), LedgerError> {
        self.end_session(end)?;
        self.checkpoint()?;
        let path = self.path;
        self.connection
            .close()
            .map_err(|(_, e)| LedgerError::from_sqlite(&path, "close it", &e))
    }

    fn end_session(&mut self, end: &SessionEnd) -> Result<(), LedgerError> {
        let row = |detail: String| LedgerError::Row {
            path: self.path.clone(),
            detail,
        };
        let inputs = store_id("inputs", end.inputs).map_err(row)?;
        self.connection
            .execute(
                "UPDATE sessions SET status = ?2, ended = ?3, elapsed_ns = ?4, inputs = ?5,
                 first_data = ?6, last_data = ?7, state_hash = ?8, summary = nullif(?9, '')
                 WHERE id = ?1",
                params![
                    self.session,
                    end.status.name(),
                    end.ended.0,
                    end.elapsed_ns,
                    inputs,
                    end.first_data.map(|t| t.0),
                    end.last_data.map(|t| t.0),
                    format!("{:016x}", end.state_hash),
                    end.summary,
                ],
            )
            .map_err(|e| LedgerError::from_sqlite(&self.path, "end its session", &e))?;
        Ok(())
    }

    /// Moves the write-ahead log into the file, as far as readers allow.
    ///
    /// # Errors
    /// What SQLite reports; nothing is lost, the log is still there.
    pub fn checkpoint(&mut self) -> Result<(), LedgerError> {
        self.connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
            .map_err(|e| LedgerError::from_sqlite(&self.path, "checkpoint it", &e))
    }

    fn load_open_lots(&mut self) -> Result<(), LedgerError> {
        let sqlite = |e: rusqlite::Error| LedgerError::from_sqlite(&self.path, "read its lots", &e);
        let mut statement = self
            .connection
            .prepare("SELECT id, symbol, side, open, price, time FROM lots WHERE open <> '0'")
            .map_err(sqlite)?;
        let mut rows = statement.query([]).map_err(sqlite)?;
        let mut lots = OpenLots::default();
        while let Some(row) = rows.next().map_err(sqlite)? {
            let lot = read_lot(row, &self.instruments).map_err(|detail| LedgerError::Row {
                path: self.path.clone(),
                detail,
            })?;
            lots.apply(&lot);
        }
        lots.written();
        self.open_lots = lots;
        Ok(())
    }
}

/// One open lot on the grid of its instrument.
fn read_lot(row: &rusqlite::Row<'_>, instruments: &[Instrument]) -> Result<Lot, String> {
    let text = |index: usize| row.get::<_, String>(index).map_err(|e| e.to_string());
    let number = |index: usize| row.get::<_, i64>(index).map_err(|e| e.to_string());
    let (id, symbol) = (number(0)?, text(1)?);
    let index = instruments
        .iter()
        .position(|instrument| instrument.symbol == symbol)
        .ok_or_else(|| format!("open lot {id} is of {symbol}, which is not configured"))?;
    let instrument = &instruments[index];
    let decimal = |index: usize| {
        Decimal::parse_plain(&text(index)?).map_err(|e| format!("open lot {id}: {e}"))
    };
    let off_grid = || format!("open lot {id}: off the grid of {symbol}");
    let open = instrument
        .exact_quantity(decimal(3)?)
        .ok_or_else(off_grid)?;
    Ok(Lot {
        id: u64::try_from(id).map_err(|_| format!("lot id {id} is negative"))?,
        symbol: SymbolId(u16::try_from(index).map_err(|e| e.to_string())?),
        side: Side::parse(&text(2)?)
            .ok_or_else(|| format!("open lot {id}: its side is neither BUY nor SELL"))?,
        quantity: open,
        open,
        price: instrument.exact_price(decimal(4)?).ok_or_else(off_grid)?,
        fee: Decimal::ZERO,
        time: Timestamp(number(5)?),
    })
}

fn make_directory(path: &Path) -> Result<(), LedgerError> {
    use std::os::unix::fs::DirBuilderExt;
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(parent)
            .map_err(|e| LedgerError::from_io(path, "create its directory", &e)),
        _ => Ok(()),
    }
}

/// Only a replay's own ledger (or an empty file) may be made anew; the first 100 bytes tell.
fn check_replaceable(path: &Path) -> Result<(), LedgerError> {
    let mut header = Vec::new();
    // Opening a FIFO would wait for a writer.
    if std::fs::metadata(path).is_ok_and(|data| !data.is_file()) {
        return Err(LedgerError::NotALedger {
            path: path.to_path_buf(),
        });
    }
    let read = std::fs::File::open(path).and_then(|file| file.take(100).read_to_end(&mut header));
    match read {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(e) => return Err(LedgerError::from_io(path, "read the older ledger", &e)),
        Ok(0) => return Ok(()),
        Ok(_) => {}
    }
    let field = |at: usize| {
        header
            .get(at..at + 4)
            .and_then(|bytes| bytes.try_into().ok())
            .map(i32::from_be_bytes)
    };
    if !header.starts_with(b"SQLite format 3\0") || field(68) != Some(APPLICATION_ID) {
        return Err(LedgerError::NotALedger {
            path: path.to_path_buf(),
        });
    }
    match field(60) {
        Some(number) if number == mode_number(Mode::Replay) => Ok(()),
        number => Err(LedgerError::WrongMode {
            path: path.to_path_buf(),
            found: mode_name(number.unwrap_or_default()),
            expected: Mode::Replay.name().to_owned(),
        }),
    }
}
