//! Fills and trades of a session in pages, for what looks at every one of them.
//!
//! A page is at most [`PAGE`] rows; the next one starts behind the last row of the one before, so
//! that a walk over any number of rows needs the memory of one page. Reads only.

use super::error::LedgerError;
use super::read::{Reader, StoredTrade, TRADE_COLUMNS, decimal, side, stored_trade};
use crate::core::units::{Decimal, Side, Timestamp};
use rusqlite::Row as SqlRow;

/// Rows of a page.
pub const PAGE: usize = 4096;

/// A fill with what its order says of it.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredFill {
    pub id: i64,
    pub symbol: String,
    pub side: Side,
    pub price: Decimal,
    pub quantity: Decimal,
    pub fee: Decimal,
    /// What slippage is measured from.
    pub reference: Decimal,
    pub time: Timestamp,
    /// Whether it opened or raised a position; false where the ledger does not hold its order.
    pub entry: bool,
    /// The decision behind its order; 0 where that is not known.
    pub decision: i64,
}

const FILL_COLUMNS: &str = "f.id, f.symbol, f.side, f.price, f.quantity, f.fee, f.reference, \
     f.time, coalesce(o.leg = 'entry', 0), coalesce(o.decision, 0)";
// A fill without its order is no reason to leave it out.
const FILLS: &str = "fills f LEFT JOIN orders o ON o.id = f.order_id";

impl Reader {
    /// Fills of a symbol in the order in which they happened, behind the fill `after` (0 = from the
    /// first); at most [`PAGE`].
    ///
    /// # Errors
    /// `Corrupt`, or what the system says.
    pub fn fills_of(
        &self,
        session: i64,
        symbol: &str,
        after: i64,
    ) -> Result<Vec<StoredFill>, LedgerError> {
        self.list(
            &format!(
                "SELECT {FILL_COLUMNS} FROM {FILLS}
                 WHERE f.session = ?1 AND f.symbol = ?2 AND f.id > ?3 ORDER BY f.id LIMIT ?4"
            ),
            (session, symbol, after, PAGE as i64),
            stored_fill,
        )
    }

    /// Fills of all symbols in order of time, behind the fill with this time and number; at most
    /// [`PAGE`].
    ///
    /// # Errors
    /// `Corrupt`, or what the system says.
    pub fn fills_by_time(
        &self,
        session: i64,
        after: (Timestamp, i64),
    ) -> Result<Vec<StoredFill>, LedgerError> {
        self.list(
            &format!(
                "SELECT {FILL_COLUMNS} FROM {FILLS}
                 WHERE f.session = ?1 AND (f.time, f.id) > (?2, ?3) ORDER BY f.time, f.id LIMIT ?4"
            ),
            (session, after.0.0, after.1, PAGE as i64),
            stored_fill,
        )
    }

    /// Closed trades of a symbol in the order in which they closed, behind the trade `after` (0 =
    /// from the first); at most [`PAGE`].
    ///
    /// # Errors
    /// `Corrupt`, or what the system says.
    pub fn trades_of(
        &self,
        session: i64,
        symbol: &str,
        after: i64,
    ) -> Result<Vec<StoredTrade>, LedgerError> {
        self.list(
            &format!(
                "SELECT {TRADE_COLUMNS} FROM trades
                 WHERE session = ?1 AND symbol = ?2 AND id > ?3 ORDER BY id LIMIT ?4"
            ),
            (session, symbol, after, PAGE as i64),
            stored_trade,
        )
    }

    /// Closed trades of all symbols in the order in which they closed, behind the trade `after`; at
    /// most [`PAGE`].
    ///
    /// # Errors
    /// `Corrupt`, or what the system says.
    pub fn trades_after(&self, session: i64, after: i64) -> Result<Vec<StoredTrade>, LedgerError> {
        self.list(
            &format!(
                "SELECT {TRADE_COLUMNS} FROM trades
                 WHERE session = ?1 AND id > ?2 ORDER BY id LIMIT ?3"
            ),
            (session, after, PAGE as i64),
            stored_trade,
        )
    }
}

fn stored_fill(row: &SqlRow<'_>) -> rusqlite::Result<StoredFill> {
    Ok(StoredFill {
        id: row.get(0)?,
        symbol: row.get(1)?,
        side: side(row, 2)?,
        price: decimal(row, 3)?,
        quantity: decimal(row, 4)?,
        fee: decimal(row, 5)?,
        reference: decimal(row, 6)?,
        time: Timestamp(row.get(7)?),
        entry: row.get(8)?,
        decision: row.get(9)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::records::{Fill, Leg, Order, Record};
    use crate::store::ledger::tests::samples::{self, Scratch};
    use crate::store::ledger::{Ledger, Mode, Row};

    /// Orders 1 (entry) and 2 (stop), fills alternating between them, time going back once.
    fn written(path: &std::path::Path, count: u64) {
        let mut ledger = Ledger::create_replay(path, &samples::session(Mode::Replay)).unwrap();
        let stop = Order {
            leg: Leg::Stop,
            decision: 1,
            ..samples::order(2)
        };
        let mut rows = vec![
            samples::core(Record::Order(samples::order(1))),
            samples::core(Record::Order(stop)),
        ];
        rows.extend((1..=count).map(|id| {
            let second = if id == 2 { 0 } else { id as i64 };
            samples::core(Record::Fill(Fill {
                order: 1 + id % 2,
                time: samples::time(second),
                ..samples::fill(id)
            }))
        }));
        for batch in rows.chunks(1000) {
            let batch: Vec<Row> = batch.to_vec();
            ledger.write(&batch).unwrap();
        }
    }

    #[test]
    fn pages_walk_over_every_fill_once_and_in_order() {
        let scratch = Scratch::new("read-fills");
        let path = scratch.file("a.sqlite");
        let count = PAGE as u64 + 10;
        written(&path, count);
        let reader = Reader::open(&path).unwrap();
        let session = reader.latest_session().unwrap().unwrap().id;
        let (mut by_id, mut after) = (Vec::new(), 0);
        loop {
            let page = reader.fills_of(session, "BTC-USD", after).unwrap();
            let Some(last) = page.last() else { break };
            after = last.id;
            by_id.extend(page);
        }
        assert_eq!(by_id.len() as u64, count);
        assert!(by_id.iter().zip(1..).all(|(fill, id)| fill.id == id));
        assert!(!by_id[0].entry, "fill 1 is of order 2, a stop");
        assert!(by_id[1].entry);
        let (mut by_time, mut behind) = (Vec::new(), (Timestamp(i64::MIN), 0));
        loop {
            let page = reader.fills_by_time(session, behind).unwrap();
            let Some(last) = page.last() else { break };
            behind = (last.time, last.id);
            by_time.extend(page);
        }
        assert_eq!(by_time.len() as u64, count);
        assert_eq!(by_time[0].id, 2, "the earliest comes first");
        assert!(by_time.is_sorted_by_key(|fill| (fill.time, fill.id)));
        assert!(reader.fills_of(session, "ETH-USD", 0).unwrap().is_empty());
    }
}
