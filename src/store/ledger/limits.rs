//! Reading what is kept of limits, for whoever has the file open.

use crate::core::units::Timestamp;
use rusqlite::{Connection, OptionalExtension};

/// When the limit of this name ends by itself; `None` where it does not, or was never set.
///
/// # Errors
/// What SQLite reports.
pub(super) fn limit_until(
    connection: &Connection,
    name: &str,
) -> rusqlite::Result<Option<Timestamp>> {
    connection
        .query_row("SELECT until FROM limits WHERE name = ?1", [name], |row| {
            row.get(0)
        })
        .optional()
        .map(|until| until.flatten().map(Timestamp))
}
