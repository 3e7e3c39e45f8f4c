//! The table of results and how a row goes into it and comes back.
//!
//! Ratios and moments are REAL, which keeps every bit of a double (but the sign
//! of zero); money is text; hashes are
//! hexadecimal text; times are nanoseconds since 1970 UTC.

use super::row::{Figures, Moments, Part, ResultRow};
use crate::core::units::{Decimal, Timestamp};
use rusqlite::{Row, Statement, ToSql};

/// Distinguishes the file from a ledger: "mnsw".
pub(super) const APPLICATION_ID: i32 = 0x6d6e_7377;
/// Of the tables below.
pub(super) const SCHEMA_VERSION: i32 = 2;
/// Makes version 2 of version 1, which had no notes.
pub(super) const MIGRATION: &str =
    "ALTER TABLE results ADD COLUMN notes TEXT; PRAGMA user_version = 2;";

pub(super) const SCHEMA: &str = "
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE results (
    task INTEGER PRIMARY KEY,
    combination INTEGER NOT NULL,
    window INTEGER NOT NULL,
    part TEXT NOT NULL CHECK (part IN ('in', 'out')),
    settings TEXT NOT NULL,
    replay_from INTEGER,
    replay_to INTEGER,
    failure TEXT,
    fingerprint TEXT,
    state_hash TEXT,
    inputs INTEGER,
    trades INTEGER,
    wins INTEGER,
    net TEXT,
    fees TEXT,
    slippage TEXT,
    return_pct REAL,
    win_rate_pct REAL,
    profit_factor REAL,
    sharpe REAL,
    max_drawdown_pct REAL,
    exposure_pct REAL,
    returns INTEGER,
    mean REAL,
    m2 REAL,
    m3 REAL,
    m4 REAL,
    elapsed_us INTEGER,
    notes TEXT
) STRICT;
";

/// A task that failed gives way to a later try; one that was done stays.
pub(super) const INSERT: &str = "
INSERT INTO results VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16,
    ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29)
ON CONFLICT (task) DO UPDATE SET failure = excluded.failure,
    fingerprint = excluded.fingerprint, state_hash = excluded.state_hash,
    inputs = excluded.inputs, trades = excluded.trades, wins = excluded.wins, net = excluded.net,
    fees = excluded.fees, slippage = excluded.slippage, return_pct = excluded.return_pct,
    win_rate_pct = excluded.win_rate_pct, profit_factor = excluded.profit_factor,
    sharpe = excluded.sharpe, max_drawdown_pct = excluded.max_drawdown_pct,
    exposure_pct = excluded.exposure_pct, returns = excluded.returns, mean = excluded.mean,
    m2 = excluded.m2, m3 = excluded.m3, m4 = excluded.m4, elapsed_us = excluded.elapsed_us,
    notes = excluded.notes
WHERE failure IS NOT NULL";

pub(super) const SELECT: &str = "SELECT * FROM results ORDER BY task";

/// Binds and runs [`INSERT`].
pub(super) fn insert(statement: &mut Statement<'_>, row: &ResultRow) -> rusqlite::Result<usize> {
    let settings = serde_json::to_string(&row.settings).unwrap_or_default();
    let (from, to) = (row.from.map(|t| t.0), row.to.map(|t| t.0));
    let part = row.part.name();
    let head: [&dyn ToSql; 7] = [
        &row.task,
        &row.combination,
        &row.window,
        &part,
        &settings,
        &from,
        &to,
    ];
    let nothing = rusqlite::types::Null;
    match &row.outcome {
        Err(reason) => {
            let empty: [&dyn ToSql; 21] = [&nothing; 21];
            let failure: [&dyn ToSql; 1] = [reason];
            statement.execute(&*[&head[..], &failure, &empty].concat())
        }
        Ok(figures) => {
            let (inputs, elapsed) = (whole(figures.inputs), whole(figures.elapsed_us));
            let (trades, wins) = (whole(figures.trades), whole(figures.wins));
            let money = [figures.net, figures.fees, figures.slippage].map(|d| d.to_string());
            let returns = figures.returns;
            let count = returns.map(|m| whole(m.n));
            let sums = returns.map_or([None; 4], |m| [m.mean, m.m2, m.m3, m.m4].map(Some));
            let notes = (!figures.notes.is_empty())
                .then(|| serde_json::to_string(&figures.notes).unwrap_or_default());
            let tail: [&dyn ToSql; 22] = [
                &nothing,
                &figures.fingerprint,
                &figures.state_hash,
                &inputs,
                &trades,
                &wins,
                &money[0],
                &money[1],
                &money[2],
                &figures.return_pct,
                &figures.win_rate_pct,
                &figures.profit_factor,
                &figures.sharpe,
                &figures.max_drawdown_pct,
                &figures.exposure_pct,
                &count,
                &sums[0],
                &sums[1],
                &sums[2],
                &sums[3],
                &elapsed,
                &notes,
            ];
            statement.execute(&*[&head[..], &tail].concat())
        }
    }
}

/// SQLite's integers are signed; what is counted here never comes near the end.
fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// One row of [`SELECT`]; the text says what does not fit.
pub(super) fn read(row: &Row<'_>) -> Result<ResultRow, String> {
    let column = |error: rusqlite::Error| error.to_string();
    let settings: String = row.get("settings").map_err(column)?;
    let part: String = row.get("part").map_err(column)?;
    let time = |name: &str| -> Result<Option<Timestamp>, String> {
        let value: Option<i64> = row.get(name).map_err(column)?;
        Ok(value.map(Timestamp))
    };
    let failure: Option<String> = row.get("failure").map_err(column)?;
    Ok(ResultRow {
        task: row.get("task").map_err(column)?,
        combination: row.get("combination").map_err(column)?,
        window: row.get("window").map_err(column)?,
        part: if part == Part::In.name() {
            Part::In
        } else {
            Part::Out
        },
        settings: serde_json::from_str(&settings).map_err(|e| e.to_string())?,
        from: time("replay_from")?,
        to: time("replay_to")?,
        outcome: match failure {
            Some(reason) => Err(reason),
            None => Ok(figures(row)?),
        },
    })
}

fn figures(row: &Row<'_>) -> Result<Figures, String> {
    let column = |error: rusqlite::Error| error.to_string();
    let count = |name: &str| -> Result<u64, String> {
        let value: i64 = row.get(name).map_err(column)?;
        u64::try_from(value).map_err(|_| format!("{name} is negative"))
    };
    let ratio = |name: &str| -> Result<Option<f64>, String> { row.get(name).map_err(column) };
    let money = |name: &str| -> Result<Decimal, String> {
        let text: String = row.get(name).map_err(column)?;
        Decimal::parse_plain(&text).map_err(|e| format!("{name}: {e}"))
    };
    // Results of version 1 have no such column.
    let notes: Option<String> = match row.get("notes") {
        Err(rusqlite::Error::InvalidColumnName(_)) => None,
        found => found.map_err(column)?,
    };
    let notes = match notes {
        Some(text) => serde_json::from_str(&text).map_err(|e| format!("notes: {e}"))?,
        None => Vec::new(),
    };
    let returns: Option<i64> = row.get("returns").map_err(column)?;
    let returns = match returns {
        None => None,
        Some(_) => Some(Moments {
            n: count("returns")?,
            mean: row.get("mean").map_err(column)?,
            m2: row.get("m2").map_err(column)?,
            m3: row.get("m3").map_err(column)?,
            m4: row.get("m4").map_err(column)?,
        }),
    };
    Ok(Figures {
        fingerprint: row.get("fingerprint").map_err(column)?,
        state_hash: row.get("state_hash").map_err(column)?,
        inputs: count("inputs")?,
        trades: count("trades")?,
        wins: count("wins")?,
        net: money("net")?,
        fees: money("fees")?,
        slippage: money("slippage")?,
        return_pct: ratio("return_pct")?,
        win_rate_pct: ratio("win_rate_pct")?,
        profit_factor: ratio("profit_factor")?,
        sharpe: ratio("sharpe")?,
        max_drawdown_pct: ratio("max_drawdown_pct")?,
        exposure_pct: ratio("exposure_pct")?,
        returns,
        notes,
        elapsed_us: count("elapsed_us")?,
    })
}
