//! The tables of a ledger row by row, for whoever takes them elsewhere.
//!
//! Every column of a table with its meaning: what is money stays exact text, what is a time is
//! nanoseconds. A page is at most [`PAGE`] rows, so that a table of any length needs the memory of
//! one page. Reads only; says nothing of formats.

use super::error::LedgerError;
use super::read::{Reader, decimal};
use super::read_fills::PAGE;
use crate::core::units::{Decimal, Timestamp};
use rusqlite::Row as SqlRow;

/// A table that can be read row by row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    /// Closed trades, from flat to flat.
    Trades,
    Fills,
    Orders,
    /// What became of proposals; in a replay HOLDs only with `--keep-all`.
    Decisions,
    /// The account; thinned to the last candle close of each hour.
    Equity,
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Text,
    Integer,
    Flag,
    Real,
    Money,
    Time,
    /// JSON text of the ledger's own writing.
    Json,
}

/// A column under the name that it is read by.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    pub name: &'static str,
    pub kind: Kind,
    /// What it is in the file.
    sql: &'static str,
}

const fn column(name: &'static str, kind: Kind) -> Column {
    Column {
        name,
        kind,
        sql: name,
    }
}

const fn time(name: &'static str, sql: &'static str) -> Column {
    Column {
        name,
        kind: Kind::Time,
        sql,
    }
}

const TRADES: &[Column] = &[
    column("id", Kind::Integer),
    column("symbol", Kind::Text),
    Column {
        name: "side",
        kind: Kind::Text,
        sql: "CASE side WHEN 'BUY' THEN 'LONG' ELSE 'SHORT' END",
    },
    column("quantity", Kind::Money),
    time("entry_time_ms", "entry_time"),
    time("exit_time_ms", "exit_time"),
    column("entry_vwap", Kind::Money),
    column("exit_vwap", Kind::Money),
    column("leverage", Kind::Integer),
    column("margin", Kind::Money),
    column("gross", Kind::Money),
    column("fees", Kind::Money),
    column("funding", Kind::Money),
    column("insurance", Kind::Money),
    column("net", Kind::Money),
    column("slippage", Kind::Money),
    column("mfe", Kind::Money),
    column("mae", Kind::Money),
    column("reason", Kind::Text),
    column("entry_decision", Kind::Integer),
];

const FILLS: &[Column] = &[
    column("id", Kind::Integer),
    column("order_id", Kind::Integer),
    column("symbol", Kind::Text),
    column("side", Kind::Text),
    column("price", Kind::Money),
    column("quantity", Kind::Money),
    column("value", Kind::Money),
    column("fee", Kind::Money),
    column("maker", Kind::Flag),
    column("reference", Kind::Money),
    time("time_ms", "time"),
];

const ORDERS: &[Column] = &[
    column("id", Kind::Integer),
    column("client_id", Kind::Text),
    column("decision", Kind::Integer),
    column("symbol", Kind::Text),
    column("leg", Kind::Text),
    column("side", Kind::Text),
    column("kind", Kind::Text),
    column("quantity", Kind::Money),
    column("price", Kind::Money),
    column("reduce_only", Kind::Flag),
    column("state", Kind::Text),
    column("filled", Kind::Money),
    column("filled_value", Kind::Money),
    column("fee", Kind::Money),
    column("reason", Kind::Text),
    time("created_ms", "created"),
    time("updated_ms", "updated"),
];

const DECISIONS: &[Column] = &[
    column("id", Kind::Integer),
    column("symbol", Kind::Text),
    time("candle_ms", "candle"),
    time("time_ms", "time"),
    column("price", Kind::Money),
    column("strategy", Kind::Text),
    column("proposed", Kind::Text),
    column("strength", Kind::Real),
    column("confidence", Kind::Real),
    column("size_pct", Kind::Money),
    column("take_profit_pct", Kind::Money),
    column("stop_loss_pct", Kind::Money),
    column("leverage", Kind::Integer),
    column("rationale", Kind::Text),
    column("action", Kind::Text),
    column("reason", Kind::Text),
    column("refused_by", Kind::Text),
    column("position", Kind::Money),
    column("equity", Kind::Money),
    column("indicators", Kind::Json),
    column("checks", Kind::Json),
];

const EQUITY: &[Column] = &[
    time("time_ms", "time"),
    column("kind", Kind::Text),
    column("equity", Kind::Money),
    column("cash", Kind::Money),
    column("unrealised", Kind::Money),
    column("margin_used", Kind::Money),
];

impl Table {
    /// In the order in which a row's cells stand.
    pub const fn columns(self) -> &'static [Column] {
        match self {
            Self::Trades => TRADES,
            Self::Fills => FILLS,
            Self::Orders => ORDERS,
            Self::Decisions => DECISIONS,
            Self::Equity => EQUITY,
        }
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::Trades => "trades",
            Self::Fills => "fills",
            Self::Orders => "orders",
            Self::Decisions => "decisions",
            Self::Equity => "equity",
        }
    }
}

/// A value of a row; which of them a column can hold follows from its [`Kind`].
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    Null,
    Text(String),
    Integer(i64),
    Flag(bool),
    Real(f64),
    Money(Decimal),
    Time(Timestamp),
    Json(String),
}

/// A row with its place in the table, behind which the next page begins.
#[derive(Clone, Debug, PartialEq)]
pub struct TableRow {
    pub place: i64,
    pub cells: Vec<Cell>,
}

impl Reader {
    /// Rows of a session in the order in which they were first written, behind the place `after`
    /// (0 = from the first); at most [`PAGE`].
    ///
    /// # Errors
    /// `Corrupt` where a value is not what its column holds, or what the system says.
    pub fn table_rows(
        &self,
        session: i64,
        table: Table,
        after: i64,
    ) -> Result<Vec<TableRow>, LedgerError> {
        let columns = table.columns();
        let selected: Vec<&str> = columns.iter().map(|column| column.sql).collect();
        // Decisions are a view, which has no row number of its own.
        let place = match table {
            Table::Decisions => "id",
            _ => "rowid",
        };
        let sql = format!(
            "SELECT {}, {place} FROM {} WHERE session = ?1 AND {place} > ?2 ORDER BY {place} LIMIT ?3",
            selected.join(", "),
            table.name()
        );
        self.list(&sql, (session, after, PAGE as i64), |row| {
            let cells = columns
                .iter()
                .enumerate()
                .map(|(index, column)| cell(row, index, column.kind));
            Ok(TableRow {
                cells: cells.collect::<rusqlite::Result<_>>()?,
                place: row.get(columns.len())?,
            })
        })
    }
}

fn cell(row: &SqlRow<'_>, index: usize, kind: Kind) -> rusqlite::Result<Cell> {
    if row.get_ref(index)? == rusqlite::types::ValueRef::Null {
        return Ok(Cell::Null);
    }
    Ok(match kind {
        Kind::Text => Cell::Text(row.get(index)?),
        Kind::Integer => Cell::Integer(row.get(index)?),
        Kind::Flag => Cell::Flag(row.get(index)?),
        Kind::Real => Cell::Real(row.get(index)?),
        Kind::Money => Cell::Money(decimal(row, index)?),
        Kind::Time => Cell::Time(Timestamp(row.get(index)?)),
        Kind::Json => Cell::Json(row.get(index)?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::records::{Action, Record};
    use crate::store::ledger::tests::samples::{self, Scratch};
    use crate::store::ledger::{Ledger, Mode, Row};

    #[test]
    fn every_table_is_read_with_as_many_cells_as_columns() {
        let scratch = Scratch::new("read-tables");
        let path = scratch.file("a.sqlite");
        let mut ledger = Ledger::create_replay(&path, &samples::session(Mode::Replay)).unwrap();
        ledger
            .write(&[
                samples::core(Record::Decision(samples::decision(
                    3,
                    Action::Long,
                    Action::Hold,
                ))),
                samples::core(Record::Order(samples::order(1))),
                samples::core(Record::Fill(samples::fill(7))),
                samples::core(Record::Trade(samples::trade(2, Decimal::ONE))),
                Row::Equity(samples::equity(60, 10_000)),
            ])
            .unwrap();
        let reader = Reader::open(&path).unwrap();
        let session = reader.latest_session().unwrap().unwrap().id;
        for table in [
            Table::Trades,
            Table::Fills,
            Table::Orders,
            Table::Decisions,
            Table::Equity,
        ] {
            let rows = reader.table_rows(session, table, 0).unwrap();
            assert_eq!(rows.len(), 1, "{}", table.name());
            assert_eq!(rows[0].cells.len(), table.columns().len());
            let behind = reader.table_rows(session, table, rows[0].place).unwrap();
            assert!(behind.is_empty(), "{}", table.name());
        }
        let fill = &reader.table_rows(session, Table::Fills, 0).unwrap()[0];
        assert_eq!(fill.place, 7);
        assert_eq!(fill.cells[0], Cell::Integer(7));
        assert_eq!(fill.cells[10], Cell::Time(samples::fill(7).time));
        let trade = &reader.table_rows(session, Table::Trades, 0).unwrap()[0];
        assert!(matches!(&trade.cells[2], Cell::Text(side) if side == "LONG" || side == "SHORT"));
        assert!(
            reader
                .table_rows(session + 1, Table::Fills, 0)
                .unwrap()
                .is_empty()
        );
    }

    #[test]
    fn pages_end_where_the_next_one_begins() {
        let scratch = Scratch::new("read-table-pages");
        let path = scratch.file("a.sqlite");
        let mut ledger = Ledger::create_replay(&path, &samples::session(Mode::Replay)).unwrap();
        let count = PAGE as u64 + 3;
        let rows: Vec<Row> = (1..=count)
            .map(|id| samples::core(Record::Fill(samples::fill(id))))
            .collect();
        for batch in rows.chunks(1000) {
            ledger.write(batch).unwrap();
        }
        let reader = Reader::open(&path).unwrap();
        let session = reader.latest_session().unwrap().unwrap().id;
        let first = reader.table_rows(session, Table::Fills, 0).unwrap();
        assert_eq!(first.len(), PAGE);
        let place = first.last().unwrap().place;
        let rest = reader.table_rows(session, Table::Fills, place).unwrap();
        assert_eq!(rest.len(), 3);
        assert_eq!(rest[2].cells[0], Cell::Integer(count as i64));
    }
}
