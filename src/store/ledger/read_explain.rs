//! Single decisions, orders and trades of a session with what belongs to them.
//!
//! For who asks about one of them; lists are bounded by the number that the caller names or by
//! [`ORDERS`]. Reads only.

use super::error::LedgerError;
use super::read::{Reader, StoredTrade, TRADE_COLUMNS, count, decimal, parsed, stored_trade};
use crate::core::units::{Decimal, Timestamp};
use rusqlite::Row as SqlRow;
use std::collections::BTreeMap;

/// Orders that one question lists at most; a trade has three to five.
pub const ORDERS: usize = 64;

/// A check of the gate as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredCheck {
    pub name: String,
    /// `passed`, `changed` or `refused`.
    pub outcome: String,
    pub value: Option<Decimal>,
    pub limit: Option<Decimal>,
    pub margin: Option<Decimal>,
}

/// A decision as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredDecision {
    pub id: i64,
    pub symbol: String,
    /// Open time of the candle decided on.
    pub candle: Timestamp,
    pub time: Timestamp,
    pub price: Decimal,
    pub strategy: String,
    /// `LONG`, `SHORT`, `CLOSE` or `HOLD`, like `action`.
    pub proposed: String,
    pub strength: Option<f64>,
    pub confidence: Option<f64>,
    pub size_pct: Decimal,
    pub take_profit_pct: Option<Decimal>,
    pub stop_loss_pct: Option<Decimal>,
    pub leverage: Option<u32>,
    pub rationale: String,
    pub action: String,
    pub reason: String,
    pub indicators: BTreeMap<String, Option<f64>>,
    pub checks: Vec<StoredCheck>,
    /// Before the decision, signed.
    pub position: Decimal,
    pub equity: Decimal,
}

/// An order as it stands in the end.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredOrder {
    pub id: i64,
    pub client_id: String,
    pub decision: i64,
    pub symbol: String,
    pub leg: String,
    pub side: String,
    pub kind: String,
    pub quantity: Decimal,
    pub price: Option<Decimal>,
    pub reduce_only: bool,
    pub state: String,
    pub filled: Decimal,
    pub filled_value: Decimal,
    pub fee: Decimal,
    pub reason: String,
    pub created: Timestamp,
    pub updated: Timestamp,
}

/// An event of a session.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    pub time: Timestamp,
    pub text: String,
}

/// An execution of an order.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderFill {
    pub id: i64,
    pub price: Decimal,
    pub quantity: Decimal,
    pub value: Decimal,
    pub fee: Decimal,
    pub maker: bool,
    /// What slippage is measured from.
    pub reference: Decimal,
    pub time: Timestamp,
}

const DECISION_COLUMNS: &str = "id, symbol, candle, time, price, strategy, proposed, strength, \
     confidence, size_pct, take_profit_pct, stop_loss_pct, leverage, rationale, action, reason, \
     indicators, checks, position, equity";
const ORDER_COLUMNS: &str = "id, client_id, decision, symbol, leg, side, kind, quantity, price, \
     reduce_only, state, filled, filled_value, fee, reason, created, updated";

impl Reader {
    /// The newest event of a code between two times, both included.
    ///
    /// # Errors
    /// `Corrupt`, or what the system says.
    pub fn last_event(
        &self,
        session: i64,
        code: &str,
        times: (Timestamp, Timestamp),
    ) -> Result<Option<Event>, LedgerError> {
        let found = self.list(
            "SELECT time, text FROM events WHERE session = ?1 AND code = ?2 AND time BETWEEN ?3 AND ?4
             ORDER BY time DESC, rowid DESC LIMIT 1",
            (session, code, times.0.0, times.1.0),
            |row| {
                Ok(Event {
                    time: Timestamp(row.get(0)?),
                    text: row.get(1)?,
                })
            },
        )?;
        Ok(found.into_iter().next())
    }

    /// A stored decision; `None` also for a HOLD that is only counted.
    ///
    /// # Errors
    /// `Corrupt`, or what the system says; the same for everything below.
    pub fn decision(&self, session: i64, id: i64) -> Result<Option<StoredDecision>, LedgerError> {
        let found = self.list(
            &format!("SELECT {DECISION_COLUMNS} FROM decisions WHERE session = ?1 AND id = ?2"),
            (session, id),
            stored_decision,
        )?;
        Ok(found.into_iter().next())
    }

    /// The stored decisions about one candle, in their order.
    pub fn decisions_on(
        &self,
        session: i64,
        symbol: &str,
        candle: Timestamp,
    ) -> Result<Vec<StoredDecision>, LedgerError> {
        self.list(
            &format!(
                "SELECT {DECISION_COLUMNS} FROM decisions
                 WHERE session = ?1 AND symbol = ?2 AND candle = ?3 ORDER BY id LIMIT ?4"
            ),
            (session, symbol, candle.0, ORDERS as i64),
            stored_decision,
        )
    }

    /// The highest number of a stored row: decisions, orders, trades; 0 where there is none.
    pub fn last_ids(&self, session: i64) -> Result<[u64; 3], LedgerError> {
        let last = |table: &str| {
            let sql = format!("SELECT coalesce(max(id), 0) FROM {table} WHERE session = ?1");
            let ids = self.list(&sql, [session], |row| count(row, 0))?;
            Ok::<_, LedgerError>(ids.first().copied().unwrap_or(0))
        };
        Ok([last("decisions")?, last("orders")?, last("trades")?])
    }

    pub fn order(&self, session: i64, id: i64) -> Result<Option<StoredOrder>, LedgerError> {
        self.first_order("id = ?2", (session, id))
    }

    pub fn order_named(
        &self,
        session: i64,
        client_id: &str,
    ) -> Result<Option<StoredOrder>, LedgerError> {
        self.first_order("client_id = ?2", (session, client_id))
    }

    fn first_order(
        &self,
        which: &str,
        parameters: impl rusqlite::Params,
    ) -> Result<Option<StoredOrder>, LedgerError> {
        let sql = format!("SELECT {ORDER_COLUMNS} FROM orders WHERE session = ?1 AND {which}");
        Ok(self
            .list(&sql, parameters, stored_order)?
            .into_iter()
            .next())
    }

    /// Orders of one decision, in the order in which they were made.
    pub fn orders_of(&self, session: i64, decision: i64) -> Result<Vec<StoredOrder>, LedgerError> {
        self.list(
            &format!(
                "SELECT {ORDER_COLUMNS} FROM orders
                 WHERE session = ?1 AND decision = ?2 ORDER BY id LIMIT ?3"
            ),
            (session, decision, ORDERS as i64),
            stored_order,
        )
    }

    /// Every order from the entry of a trade to before the symbol's next entry.
    pub fn orders_of_trade(
        &self,
        session: i64,
        trade: &StoredTrade,
    ) -> Result<Vec<StoredOrder>, LedgerError> {
        self.list(
            &format!(
                "WITH entry AS (SELECT min(id) AS id FROM orders
                   WHERE session = ?1 AND decision = ?3 AND leg = 'entry')
                 SELECT {ORDER_COLUMNS} FROM orders
                 WHERE session = ?1 AND symbol = ?2 AND id >= (SELECT id FROM entry)
                   AND id < coalesce((SELECT min(id) FROM orders WHERE session = ?1
                     AND symbol = ?2 AND leg = 'entry' AND id > (SELECT id FROM entry)
                     AND decision <> ?3), 9223372036854775807)
                 ORDER BY id LIMIT ?4"
            ),
            (session, &trade.symbol, trade.entry_decision, ORDERS as i64),
            stored_order,
        )
    }

    /// At most `limit` fills of an order in their order, and how many there are.
    pub fn fills_of_order(
        &self,
        session: i64,
        order: i64,
        limit: usize,
    ) -> Result<(Vec<OrderFill>, u64), LedgerError> {
        let totals = self.list(
            "SELECT count(*) FROM fills WHERE session = ?1 AND order_id = ?2",
            (session, order),
            |row| count(row, 0),
        )?;
        let fills = self.list(
            "SELECT id, price, quantity, value, fee, maker, reference, time FROM fills
             WHERE session = ?1 AND order_id = ?2 ORDER BY id LIMIT ?3",
            (session, order, i64::try_from(limit).unwrap_or(i64::MAX)),
            |row| {
                Ok(OrderFill {
                    id: row.get(0)?,
                    price: decimal(row, 1)?,
                    quantity: decimal(row, 2)?,
                    value: decimal(row, 3)?,
                    fee: decimal(row, 4)?,
                    maker: row.get(5)?,
                    reference: decimal(row, 6)?,
                    time: Timestamp(row.get(7)?),
                })
            },
        )?;
        Ok((fills, totals.first().copied().unwrap_or(0)))
    }

    pub fn trade(&self, session: i64, id: i64) -> Result<Option<StoredTrade>, LedgerError> {
        let found = self.list(
            &format!("SELECT {TRADE_COLUMNS} FROM trades WHERE session = ?1 AND id = ?2"),
            (session, id),
            stored_trade,
        )?;
        Ok(found.into_iter().next())
    }
}

fn optional(row: &SqlRow<'_>, index: usize) -> rusqlite::Result<Option<Decimal>> {
    match row.get_ref(index)? {
        rusqlite::types::ValueRef::Null => Ok(None),
        _ => decimal(row, index).map(Some),
    }
}

fn stored_decision(row: &SqlRow<'_>) -> rusqlite::Result<StoredDecision> {
    Ok(StoredDecision {
        id: row.get(0)?,
        symbol: row.get(1)?,
        candle: Timestamp(row.get(2)?),
        time: Timestamp(row.get(3)?),
        price: decimal(row, 4)?,
        strategy: row.get(5)?,
        proposed: row.get(6)?,
        strength: row.get(7)?,
        confidence: row.get(8)?,
        size_pct: decimal(row, 9)?,
        take_profit_pct: optional(row, 10)?,
        stop_loss_pct: optional(row, 11)?,
        leverage: row.get(12)?,
        rationale: row.get(13)?,
        action: row.get(14)?,
        reason: row.get(15)?,
        indicators: parsed(row, 16, |json| serde_json::from_str(json))?,
        checks: parsed(row, 17, stored_checks)?,
        position: decimal(row, 18)?,
        equity: decimal(row, 19)?,
    })
}

/// Name, outcome, value, limit, margin, as `json_text` writes them.
type CheckText = (
    String,
    String,
    Option<String>,
    Option<String>,
    Option<String>,
);

fn stored_checks(json: &str) -> Result<Vec<StoredCheck>, String> {
    let texts: Vec<CheckText> = serde_json::from_str(json).map_err(|e| e.to_string())?;
    let number = |text: Option<String>| {
        text.map(|text| Decimal::parse_plain(&text))
            .transpose()
            .map_err(|e| format!("a check's number: {e}"))
    };
    texts
        .into_iter()
        .map(|(name, outcome, value, limit, margin)| {
            Ok(StoredCheck {
                name,
                outcome,
                value: number(value)?,
                limit: number(limit)?,
                margin: number(margin)?,
            })
        })
        .collect()
}

fn stored_order(row: &SqlRow<'_>) -> rusqlite::Result<StoredOrder> {
    Ok(StoredOrder {
        id: row.get(0)?,
        client_id: row.get(1)?,
        decision: row.get(2)?,
        symbol: row.get(3)?,
        leg: row.get(4)?,
        side: row.get(5)?,
        kind: row.get(6)?,
        quantity: decimal(row, 7)?,
        price: optional(row, 8)?,
        reduce_only: row.get(9)?,
        state: row.get(10)?,
        filled: decimal(row, 11)?,
        filled_value: decimal(row, 12)?,
        fee: decimal(row, 13)?,
        reason: row.get(14)?,
        created: Timestamp(row.get(15)?),
        updated: Timestamp(row.get(16)?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::records::{Action, Fill, Order, OrderState, Record};
    use crate::core::units::Quantity;
    use crate::store::ledger::tests::samples::{self, Scratch};
    use crate::store::ledger::{Ledger, Mode};

    #[test]
    fn a_decision_an_order_and_its_fills_come_back_as_they_were_written() {
        let scratch = Scratch::new("read-explain");
        let path = scratch.file("a.sqlite");
        let mut ledger = Ledger::create_replay(&path, &samples::session(Mode::Replay)).unwrap();
        let decision = samples::decision(7, Action::Long, Action::Hold);
        let order = Order {
            decision: 7,
            state: OrderState::PartlyFilled,
            filled: Quantity(50),
            filled_value: 250_000_500,
            fee: Decimal::new(5, 1),
            reason: "in parts".into(),
            updated: samples::time(2),
            ..samples::order(3)
        };
        let fills = [4, 5].map(|id| Fill {
            order: 3,
            ..samples::fill(id)
        });
        let mut rows = vec![
            samples::core(Record::Decision(decision)),
            samples::core(Record::Order(order.clone())),
        ];
        rows.extend(fills.map(|fill| samples::core(Record::Fill(fill))));
        ledger.write(&rows).unwrap();
        let reader = Reader::open(&path).unwrap();
        let session = reader.latest_session().unwrap().unwrap().id;
        let stored = reader.decision(session, 7).unwrap().unwrap();
        assert_eq!(stored, expected_decision());
        let on = reader.decisions_on(session, &stored.symbol, stored.candle);
        assert_eq!(on.unwrap(), [stored]);
        assert_eq!(reader.decision(session, 8).unwrap(), None);
        let found = reader.order_named(session, &order.client_id).unwrap();
        assert_eq!(found, Some(expected_order()));
        assert_eq!(found, reader.order(session, 3).unwrap());
        assert_eq!(reader.orders_of(session, 7).unwrap(), [expected_order()]);
        let (fills, total) = reader.fills_of_order(session, 3, 1).unwrap();
        assert_eq!((fills, total), (vec![expected_fill()], 2));
        assert_eq!(reader.last_ids(session).unwrap(), [7, 3, 0]);
    }

    /// Of the samples, in words and decimals: tick 0.01, lot 0.001.
    fn expected_decision() -> StoredDecision {
        let check = |name: &str, outcome: &str, numbers: Option<[i64; 3]>| {
            let [value, limit, margin] = match numbers {
                Some(numbers) => numbers.map(|n| Some(Decimal::from_int(n))),
                None => [None; 3],
            };
            StoredCheck {
                name: name.to_owned(),
                outcome: outcome.to_owned(),
                value,
                limit,
                margin,
            }
        };
        StoredDecision {
            id: 7,
            symbol: "BTC-USD".to_owned(),
            candle: samples::time(0),
            time: samples::time(1),
            price: Decimal::from_int(50_000),
            strategy: "momentum".to_owned(),
            proposed: "LONG".to_owned(),
            strength: Some(0.75),
            confidence: Some(0.5),
            size_pct: Decimal::from_int(20),
            take_profit_pct: Some(Decimal::from_int(4)),
            stop_loss_pct: None,
            leverage: Some(5),
            rationale: "breakout 'above' the window".to_owned(),
            action: "HOLD".to_owned(),
            reason: "min interval".to_owned(),
            indicators: [
                ("rsi", Some(61.25)),
                ("broken", None),
                ("tiny", Some(1e-12)),
            ]
            .map(|(name, value)| (name.to_owned(), value))
            .into(),
            checks: vec![
                check("data", "passed", None),
                check("min_interval", "refused", Some([30, 60, -30])),
            ],
            position: Decimal::new(-2, 1),
            equity: Decimal::from_int(9_985),
        }
    }

    fn expected_order() -> StoredOrder {
        StoredOrder {
            id: 3,
            client_id: "mwabcdef-aaaab-0000003-e".to_owned(),
            decision: 7,
            symbol: "BTC-USD".to_owned(),
            leg: "entry".to_owned(),
            side: "BUY".to_owned(),
            kind: "limit".to_owned(),
            quantity: Decimal::new(2, 1),
            price: Some(Decimal::new(500_001, 1)),
            reduce_only: false,
            state: "partly_filled".to_owned(),
            filled: Decimal::new(5, 2),
            filled_value: Decimal::new(2_500_005, 3),
            fee: Decimal::new(5, 1),
            reason: "in parts".to_owned(),
            created: samples::time(1),
            updated: samples::time(2),
        }
    }

    fn expected_fill() -> OrderFill {
        OrderFill {
            id: 4,
            price: Decimal::new(500_001, 1),
            quantity: Decimal::new(2, 1),
            value: Decimal::new(1_000_002, 2),
            fee: Decimal::parse_plain("15.00003").unwrap(),
            maker: true,
            reference: Decimal::from_int(50_000),
            time: samples::time(2),
        }
    }
}
