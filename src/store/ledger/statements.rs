//! The insert statements: prepared at their first use, kept by the connection between batches.

use rusqlite::{CachedStatement, Connection, Statement};

/// What is inserted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Insert {
    Decision,
    ValueNames,
    Order,
    Fill,
    Lot,
    Trade,
    Position,
    Equity,
    Event,
    HoldCount,
    Limit,
    Hashes,
    State,
}

const COUNT: usize = 13;

/// In the order of [`Insert`]. An order or lot may only replace itself: a changed identity changes
/// no row, which the writer takes for an error.
const SQL: [&str; COUNT] = [
    "INSERT INTO decision_rows VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14,
     ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24)",
    // Also where the list is there already it returns its number.
    "INSERT INTO value_names (names) VALUES (?1)
     ON CONFLICT (names) DO UPDATE SET names = excluded.names RETURNING id",
    "INSERT INTO orders VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15,
     ?16, ?17, ?18, ?19)
     ON CONFLICT (id) DO UPDATE SET session = excluded.session, quantity = excluded.quantity,
     price = excluded.price, state = excluded.state, filled = excluded.filled,
     filled_value = excluded.filled_value, fee = excluded.fee, reason = excluded.reason,
     updated = excluded.updated, venue_id = excluded.venue_id
     WHERE client_id = excluded.client_id AND symbol = excluded.symbol",
    "INSERT INTO fills VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
    "INSERT INTO lots VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
     ON CONFLICT (id) DO UPDATE SET session = excluded.session, quantity = excluded.quantity,
     open = excluded.open, price = excluded.price, fee = excluded.fee
     WHERE symbol = excluded.symbol AND side = excluded.side AND time = excluded.time",
    "INSERT INTO trades VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15,
     ?16, ?17, ?18, ?19, ?20, ?21)",
    "INSERT INTO positions VALUES (?1, ?2, ?3, ?4, ?5, ?6)
     ON CONFLICT (symbol) DO UPDATE SET session = excluded.session, side = excluded.side,
     quantity = excluded.quantity, entry_price = excluded.entry_price, since = excluded.since",
    "INSERT INTO equity VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    "INSERT INTO events VALUES (?1, ?2, ?3, ?4, ?5)",
    "INSERT INTO hold_counts VALUES (?1, ?2, ?3)
     ON CONFLICT (session, reason) DO UPDATE SET count = excluded.count",
    "INSERT INTO limits VALUES (?1, ?2, ?3, ?4, ?5, ?6)
     ON CONFLICT (name) DO UPDATE SET session = excluded.session, value = excluded.value,
     text = excluded.text, since = excluded.since, until = excluded.until",
    "INSERT INTO hashes VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    "INSERT INTO state VALUES (1, ?1, ?2, ?3)
     ON CONFLICT (id) DO UPDATE SET session = excluded.session, time = excluded.time,
     body = excluded.body",
];

/// The statements of one batch.
pub struct Statements<'c> {
    connection: &'c Connection,
    prepared: [Option<CachedStatement<'c>>; COUNT],
}

impl<'c> Statements<'c> {
    pub fn new(connection: &'c Connection) -> Self {
        Self {
            connection,
            prepared: [const { None }; COUNT],
        }
    }

    /// The statement, prepared at its first use.
    pub fn get(&mut self, insert: Insert) -> rusqlite::Result<&mut Statement<'c>> {
        let slot = &mut self.prepared[insert as usize];
        match slot {
            Some(statement) => Ok(statement),
            None => {
                let statement = self.connection.prepare_cached(SQL[insert as usize])?;
                Ok(slot.insert(statement))
            }
        }
    }
}
