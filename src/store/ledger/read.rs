//! Reading a ledger: read-only, beside a running writer, without its lock.
//!
//! What is listed without a bound of its own (trades) is asked for by number; reasons are cut to
//! [`REASONS_SHOWN`] with the rest summed up.

use super::allocation;
use super::error::LedgerError;
use super::hashes::unpack;
use super::migrate::{Found, found};
use super::rows::SessionStatus;
use super::schema::VERSION;
use crate::core::market::Instrument;
use crate::core::units::{Decimal, Side, Timestamp};
use rusqlite::{Connection, OpenFlags, OptionalExtension, Row as SqlRow};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Distinct reasons listed; more are summed up as one.
pub const REASONS_SHOWN: usize = 20;
/// What [`stored_trade`] reads.
pub(super) const TRADE_COLUMNS: &str = "id, symbol, side, quantity, entry_time, exit_time, \
     entry_vwap, exit_vwap, leverage, margin, gross, fees, funding, insurance, net, slippage, mfe, \
     mae, reason, entry_decision";
/// How long SQLite waits where a writer is just closing the file.
const BUSY_WAIT: Duration = Duration::from_millis(500);

/// A session as it stands in the file.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredSession {
    pub id: i64,
    pub name: String,
    pub mode: String,
    pub status: SessionStatus,
    pub program: String,
    pub fingerprint: String,
    /// JSON.
    pub configuration: String,
    pub recording: String,
    pub strategy: String,
    pub interval: String,
    pub seed: u64,
    pub currency: String,
    pub starting_balance: Decimal,
    pub instruments: Vec<Instrument>,
    pub started: Timestamp,
    pub ended: Option<Timestamp>,
    pub elapsed_ns: Option<i64>,
    pub inputs: Option<u64>,
    pub first_data: Option<Timestamp>,
    pub last_data: Option<Timestamp>,
    /// 16 hexadecimal digits.
    pub state_hash: Option<String>,
    /// JSON of what the run amounted to.
    pub summary: Option<String>,
}

/// A closed trade with its decimals.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredTrade {
    pub id: i64,
    pub symbol: String,
    /// Of its entry.
    pub side: Side,
    pub quantity: Decimal,
    pub entry_time: Timestamp,
    pub exit_time: Timestamp,
    pub entry_vwap: Decimal,
    pub exit_vwap: Decimal,
    pub leverage: u32,
    pub margin: Decimal,
    pub gross: Decimal,
    pub fees: Decimal,
    pub funding: Decimal,
    /// Loss beyond the margin that a liquidation took back.
    pub insurance: Decimal,
    pub net: Decimal,
    pub slippage: Decimal,
    pub mfe: Decimal,
    pub mae: Decimal,
    pub reason: String,
    pub entry_decision: i64,
}

/// A reason and how often it occurred; an empty symbol stands for all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReasonCount {
    pub symbol: String,
    pub reason: String,
    pub count: u64,
}

/// A ledger opened for reading.
#[derive(Debug)]
pub struct Reader {
    path: PathBuf,
    connection: Connection,
}

/// Page cache of a reader.
pub const READ_CACHE_KIB: i64 = 256;

impl Reader {
    /// Opens a ledger; a read-only directory is no hindrance as long as its writer has closed it.
    ///
    /// # Errors
    /// `Missing`, `NotALedger`, `NewerSchema`, `OlderSchema`, `Corrupt`, or what the system says.
    pub fn open(path: &Path) -> Result<Self, LedgerError> {
        match std::fs::metadata(path) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                return Err(LedgerError::Missing {
                    path: path.to_path_buf(),
                });
            }
            Err(e) => return Err(other(path, &e.to_string())),
            Ok(data) if !data.is_file() => return Err(other(path, "not a file")),
            Ok(_) => {}
        }
        let sqlite = |e: rusqlite::Error| LedgerError::from_sqlite(path, "read it", &e);
        let connection = connect(path).map_err(sqlite)?;
        connection.busy_timeout(BUSY_WAIT).map_err(sqlite)?;
        connection
            .pragma_update(None, "query_only", true)
            .map_err(sqlite)?;
        // A report reads each row once: a small cache, and sorting spills to disk beyond it.
        connection
            .pragma_update(None, "cache_size", -READ_CACHE_KIB)
            .map_err(sqlite)?;
        let state = found(&connection, path);
        let reader = Self {
            path: path.to_path_buf(),
            connection,
        };
        let path = path.to_path_buf();
        match state? {
            Found::Empty => Err(LedgerError::NotALedger { path }),
            Found::Version(found) if found > VERSION => Err(LedgerError::NewerSchema {
                path,
                found,
                supported: VERSION,
            }),
            Found::Version(found) if found < VERSION => Err(LedgerError::OlderSchema {
                path,
                found,
                supported: VERSION,
            }),
            Found::Version(_) => Ok(reader),
        }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The newest session; `None` in a ledger without any.
    pub fn latest_session(&self) -> Result<Option<StoredSession>, LedgerError> {
        self.connection
            .query_row(
                "SELECT id, name, mode, status, program, fingerprint, configuration, recording,
                 strategy, interval, seed, currency, starting_balance, instruments, started, ended,
                 elapsed_ns, inputs, first_data, last_data, state_hash, summary
                 FROM sessions ORDER BY id DESC LIMIT 1",
                [],
                stored_session,
            )
            .optional()
            .map_err(|e| self.fault(&e))
    }

    /// When the limit of this name ends by itself; `None` where it does not, or was never set.
    pub fn limit_until(&self, name: &str) -> Result<Option<Timestamp>, LedgerError> {
        super::limits::limit_until(&self.connection, name).map_err(|e| self.fault(&e))
    }

    /// Number of closed trades of a session.
    pub fn trade_count(&self, session: i64) -> Result<u64, LedgerError> {
        self.connection
            .query_row(
                "SELECT count(*) FROM trades WHERE session = ?1",
                [session],
                |row| count(row, 0),
            )
            .map_err(|e| self.fault(&e))
    }

    /// Closed trades by exit, `skip` of them left out and at most `limit` taken.
    pub fn trades(
        &self,
        session: i64,
        skip: u64,
        limit: u64,
    ) -> Result<Vec<StoredTrade>, LedgerError> {
        let bound = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        self.list(
            &format!(
                "SELECT {TRADE_COLUMNS} FROM trades WHERE session = ?1
                 ORDER BY exit_time, id LIMIT ?3 OFFSET ?2"
            ),
            (session, bound(skip), bound(limit)),
            stored_trade,
        )
    }

    /// Refused proposals by the first check that refused them, or else by the decision's reason;
    /// most frequent first. Those that have a row: a replay only counts what was held back before
    /// any check (`core::holds`).
    pub fn refusals(&self, session: i64) -> Result<Vec<ReasonCount>, LedgerError> {
        self.list(
            "SELECT symbol, coalesce(refused_by, reason) AS why, count(*)
             FROM decisions WHERE session = ?1 AND proposed <> 'HOLD' AND action = 'HOLD'
             GROUP BY symbol, why",
            [session],
            reason_count,
        )
        .map(most_frequent)
    }

    /// Decisions to hold by reason, refusals among them, most frequent first.
    pub fn holds(&self, session: i64) -> Result<Vec<ReasonCount>, LedgerError> {
        self.list(
            "SELECT '', reason, count FROM hold_counts WHERE session = ?1",
            [session],
            reason_count,
        )
        .map(most_frequent)
    }

    /// Orders by leg and final state, in words: `entry filled`.
    pub fn orders(&self, session: i64) -> Result<Vec<(String, u64)>, LedgerError> {
        self.list(
            "SELECT leg || ' ' || state, count(*) FROM orders WHERE session = ?1
             GROUP BY 1 ORDER BY 1",
            [session],
            |row| Ok((row.get(0)?, count(row, 1)?)),
        )
    }

    /// Warnings and worse by code, most frequent first.
    pub fn warnings(&self, session: i64) -> Result<Vec<(String, u64)>, LedgerError> {
        self.list(
            "SELECT code, count(*) FROM events WHERE session = ?1 AND level <> 'info'
             GROUP BY code ORDER BY count(*) DESC, code LIMIT 20",
            [session],
            |row| Ok((row.get(0)?, count(row, 1)?)),
        )
    }

    /// Texts of the events of one code, the newest first, at most `limit`; and how many there are.
    pub fn events(
        &self,
        session: i64,
        code: &str,
        limit: u64,
    ) -> Result<(Vec<String>, u64), LedgerError> {
        let texts = self.list(
            "SELECT text FROM events WHERE session = ?1 AND code = ?2
             ORDER BY time DESC, rowid DESC LIMIT ?3",
            (session, code, i64::try_from(limit).unwrap_or(i64::MAX)),
            |row| row.get(0),
        )?;
        let total: Vec<u64> = self.list(
            "SELECT count(*) FROM events WHERE session = ?1 AND code = ?2",
            (session, code),
            |row| count(row, 0),
        )?;
        Ok((texts, total.first().copied().unwrap_or(0)))
    }

    /// State hashes at candle closes, in order.
    pub fn hashes(&self, session: i64) -> Result<Vec<u64>, LedgerError> {
        let blocks: Vec<Vec<u8>> = self.list(
            "SELECT packed FROM hashes WHERE session = ?1 ORDER BY rowid",
            [session],
            |row| row.get(0),
        )?;
        Ok(blocks.iter().flat_map(|block| unpack(block)).collect())
    }

    pub(super) fn list<T>(
        &self,
        sql: &str,
        parameters: impl rusqlite::Params,
        read: impl FnMut(&SqlRow<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, LedgerError> {
        self.connection
            .prepare(sql)
            .and_then(|mut statement| statement.query_map(parameters, read)?.collect())
            .map_err(|e| self.fault(&e))
    }

    fn fault(&self, error: &rusqlite::Error) -> LedgerError {
        match error {
            rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::IntegralValueOutOfRange(..) => LedgerError::Corrupt {
                path: self.path.clone(),
                detail: error.to_string(),
            },
            _ => LedgerError::from_sqlite(&self.path, "read it", error),
        }
    }
}

/// Opens for reading. Where it may, as one that could write: SQLite then removes the files of the
/// write-ahead log again that reading makes. In a directory that cannot be written, a ledger whose
/// writer has closed it is read as it lies.
fn connect(path: &Path) -> rusqlite::Result<Connection> {
    allocation::configure();
    let probe = |connection: &Connection| {
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))
    };
    let no_mutex = OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let could_write = OpenFlags::SQLITE_OPEN_READ_WRITE | no_mutex;
    let read_only = OpenFlags::SQLITE_OPEN_READ_ONLY | no_mutex;
    for flags in [could_write, read_only] {
        let connection = Connection::open_with_flags(path, flags)?;
        match probe(&connection).map_err(|e| e.sqlite_error_code()) {
            Err(Some(
                rusqlite::ErrorCode::CannotOpen
                | rusqlite::ErrorCode::ReadOnly
                | rusqlite::ErrorCode::PermissionDenied,
            )) => {}
            _ => return Ok(connection),
        }
    }
    if wal_path(path).exists() {
        return Connection::open_with_flags(path, read_only);
    }
    Connection::open_with_flags(immutable_uri(path), read_only | OpenFlags::SQLITE_OPEN_URI)
}

fn other(path: &Path, detail: &str) -> LedgerError {
    LedgerError::Other {
        path: path.to_path_buf(),
        action: "read it",
        detail: detail.to_owned(),
    }
}

fn wal_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    PathBuf::from(name)
}

/// `file:...?immutable=1` with every byte escaped that a URI gives a meaning to.
pub(super) fn immutable_uri(path: &Path) -> String {
    use std::fmt::Write;
    use std::os::unix::ffi::OsStrExt;
    let mut uri = String::from("file:");
    for byte in path.as_os_str().as_bytes() {
        if byte.is_ascii_alphanumeric() || b"/-_.~".contains(byte) {
            uri.push(char::from(*byte));
        } else {
            write!(uri, "%{byte:02X}").expect("writing to a string cannot fail");
        }
    }
    uri.push_str("?immutable=1");
    uri
}

/// A text column that something else is made of.
pub(super) fn parsed<T, E>(
    row: &SqlRow<'_>,
    index: usize,
    parse: impl Fn(&str) -> Result<T, E>,
) -> rusqlite::Result<T>
where
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let text: String = row.get(index)?;
    parse(&text).map_err(|e| {
        rusqlite::Error::FromSqlConversionFailure(index, rusqlite::types::Type::Text, e.into())
    })
}

/// A number that is never negative.
pub(super) fn count(row: &SqlRow<'_>, index: usize) -> rusqlite::Result<u64> {
    let value: i64 = row.get(index)?;
    u64::try_from(value).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(index, value))
}

pub(super) fn decimal(row: &SqlRow<'_>, index: usize) -> rusqlite::Result<Decimal> {
    parsed(row, index, Decimal::parse_plain)
}

/// `BUY` or `SELL`.
pub(super) fn side(row: &SqlRow<'_>, index: usize) -> rusqlite::Result<Side> {
    parsed(row, index, |name| {
        Side::parse(name).ok_or_else(|| format!("the side {name:?}: expected BUY or SELL"))
    })
}

fn stored_session(row: &SqlRow<'_>) -> rusqlite::Result<StoredSession> {
    let time = |index: usize| row.get::<_, Option<i64>>(index).map(|t| t.map(Timestamp));
    Ok(StoredSession {
        id: row.get(0)?,
        name: row.get(1)?,
        mode: row.get(2)?,
        status: parsed(row, 3, |name| {
            SessionStatus::parse(name).ok_or("no session status")
        })?,
        program: row.get(4)?,
        fingerprint: row.get(5)?,
        configuration: row.get(6)?,
        recording: row.get(7)?,
        strategy: row.get(8)?,
        interval: row.get(9)?,
        seed: parsed(row, 10, |text| {
            text.parse::<u64>().map_err(|_| {
                format!("the session's seed {text:?}: expected a whole number of 64 bits")
            })
        })?,
        currency: row.get(11)?,
        starting_balance: decimal(row, 12)?,
        instruments: parsed(row, 13, |json| serde_json::from_str(json))?,
        started: Timestamp(row.get(14)?),
        ended: time(15)?,
        elapsed_ns: row.get(16)?,
        inputs: match row.get::<_, Option<i64>>(17)? {
            Some(_) => Some(count(row, 17)?),
            None => None,
        },
        first_data: time(18)?,
        last_data: time(19)?,
        state_hash: row.get(20)?,
        summary: row.get(21)?,
    })
}

pub(super) fn stored_trade(row: &SqlRow<'_>) -> rusqlite::Result<StoredTrade> {
    Ok(StoredTrade {
        id: row.get(0)?,
        symbol: row.get(1)?,
        side: side(row, 2)?,
        quantity: decimal(row, 3)?,
        entry_time: Timestamp(row.get(4)?),
        exit_time: Timestamp(row.get(5)?),
        entry_vwap: decimal(row, 6)?,
        exit_vwap: decimal(row, 7)?,
        leverage: row.get(8)?,
        margin: decimal(row, 9)?,
        gross: decimal(row, 10)?,
        fees: decimal(row, 11)?,
        funding: decimal(row, 12)?,
        insurance: decimal(row, 13)?,
        net: decimal(row, 14)?,
        slippage: decimal(row, 15)?,
        mfe: decimal(row, 16)?,
        mae: decimal(row, 17)?,
        reason: row.get(18)?,
        entry_decision: row.get(19)?,
    })
}

fn reason_count(row: &SqlRow<'_>) -> rusqlite::Result<ReasonCount> {
    Ok(ReasonCount {
        symbol: row.get(0)?,
        reason: row.get(1)?,
        count: count(row, 2)?,
    })
}

/// The most frequent reasons, and the sum of all others.
pub fn most_frequent(mut reasons: Vec<ReasonCount>) -> Vec<ReasonCount> {
    reasons.sort_by(|a, b| {
        let by_name = || (&a.symbol, &a.reason).cmp(&(&b.symbol, &b.reason));
        b.count.cmp(&a.count).then_with(by_name)
    });
    if reasons.len() > REASONS_SHOWN {
        let rest = reasons.split_off(REASONS_SHOWN);
        reasons.push(ReasonCount {
            symbol: String::new(),
            reason: format!("{} other reasons", rest.len()),
            count: rest.iter().map(|r| r.count).sum(),
        });
    }
    reasons
}
