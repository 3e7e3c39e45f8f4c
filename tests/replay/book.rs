//! A run's ledger as any SQLite tool reads it.

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};
use std::collections::BTreeMap;
use std::path::Path;

pub struct Book(Connection);

impl Book {
    pub fn open(path: &Path) -> Self {
        let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY);
        Self(connection.unwrap_or_else(|error| panic!("{}: {error}", path.display())))
    }

    /// The first column of a query as text; no row: none.
    pub fn column(&self, query: &str) -> Vec<String> {
        self.rows(query)
            .into_iter()
            .map(|mut row| row.swap_remove(0))
            .collect()
    }

    /// One value.
    pub fn value(&self, query: &str) -> String {
        let mut column = self.column(query);
        assert_eq!(column.len(), 1, "rows of {query}");
        column.swap_remove(0)
    }

    pub fn count(&self, query: &str) -> u64 {
        self.value(query).parse().expect("a count")
    }

    pub fn rows(&self, query: &str) -> Vec<Vec<String>> {
        let mut statement = self.0.prepare(query).expect("a query");
        let columns = statement.column_count();
        let rows = statement.query_map([], |row| {
            (0..columns)
                .map(|index| row.get_ref(index).map(text))
                .collect::<Result<Vec<_>, _>>()
        });
        rows.expect("a query")
            .map(|row| row.expect("a row"))
            .collect()
    }

    /// What the run decided and did: every row of every table but those that say when and with which
    /// settings it ran.
    pub fn content(&self) -> BTreeMap<String, Vec<Vec<String>>> {
        let tables = self.column(
            "SELECT name FROM sqlite_master WHERE type = 'table'
             AND name NOT IN ('sessions', 'meta') AND name NOT LIKE 'sqlite_%'",
        );
        assert!(tables.len() >= 10, "{tables:?}");
        tables
            .into_iter()
            .map(|table| {
                let rows = self.rows(&format!("SELECT * FROM {table}"));
                (table, rows)
            })
            .collect()
    }

    /// State hash at every candle close.
    pub fn candle_hashes(&self) -> Vec<u64> {
        let mut statement = self
            .0
            .prepare("SELECT packed FROM hashes ORDER BY first_input")
            .expect("a query");
        let blocks = statement.query_map([], |row| row.get::<_, Vec<u8>>(0));
        blocks
            .expect("a query")
            .flat_map(|packed| {
                minnow::store::ledger::hashes::unpack(&packed.expect("a row")).collect::<Vec<_>>()
            })
            .collect()
    }

    /// Nothing is damaged, and the session says this.
    pub fn assert_sound(&self, status: &str) {
        assert_eq!(self.value("PRAGMA integrity_check"), "ok");
        assert_eq!(self.value("SELECT status FROM sessions"), status);
    }
}

fn text(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => "NULL".to_owned(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Text(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        ValueRef::Blob(bytes) => format!("{bytes:02x?}"),
    }
}
