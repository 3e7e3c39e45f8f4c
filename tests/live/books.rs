//! The bot's books against the venue's: what each says of orders, fills, positions and cash.

use crate::bot::{Bot, Desk};
use crate::venue::{Rest, Venue};
use minnow::core::units::Decimal;
use rusqlite::Connection;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

const LIST: &str = "/api/v3/brokerage/orders/historical/batch?limit=250";
/// Cash of a venue's account at its start.
const STARTING: i64 = 100_000;
/// An order that never arrived is certain after three listings within 90 s.
const SETTLING: Duration = Duration::from_secs(240);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    state: String,
    filled: Decimal,
}

pub fn decimal(text: &str) -> Decimal {
    Decimal::parse_plain(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// Every order at the venue by its client id. An id that stands there twice is a double order.
fn venue_orders(rest: &mut Rest) -> BTreeMap<String, Entry> {
    let (mut orders, mut cursor) = (BTreeMap::new(), String::new());
    loop {
        let target = match cursor.as_str() {
            "" => LIST.to_owned(),
            cursor => format!("{LIST}&cursor={cursor}"),
        };
        let page = rest.get(&target);
        for order in page["orders"].as_array().expect("orders") {
            let text = |name: &str| order[name].as_str().expect("a text").to_owned();
            let entry = Entry {
                state: text("status"),
                filled: decimal(&text("filled_size")),
            };
            let before = orders.insert(text("client_order_id"), entry);
            assert_eq!(before, None, "sent twice: {order}");
        }
        cursor = page["cursor"].as_str().unwrap_or_default().to_owned();
        if cursor.is_empty() {
            return orders;
        }
    }
}

/// How many orders the venue was ever given.
pub fn orders_at(rest: &mut Rest) -> usize {
    venue_orders(rest).len()
}

/// What the venue holds for the account: available and held back together.
pub fn balances(rest: &mut Rest) -> BTreeMap<String, Decimal> {
    let accounts = rest.get("/api/v3/brokerage/accounts?limit=250");
    let all = accounts["accounts"].as_array().expect("accounts");
    let value = |value: &Value| decimal(value["value"].as_str().expect("a text"));
    all.iter()
        .map(|account| {
            let currency = account["currency"].as_str().expect("a currency").to_owned();
            let total = value(&account["available_balance"]) + value(&account["hold"]);
            (currency, total)
        })
        .collect()
}

pub fn rows<T>(
    ledger: &Connection,
    query: &str,
    take: impl Fn(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
) -> Vec<T> {
    let mut statement = ledger.prepare(query).expect("the schema is known");
    let rows = statement.query_map([], take).expect("it can be asked");
    rows.map(|row| row.expect("a row")).collect()
}

/// How often something was told in the ledger's events.
pub fn events(ledger: &Connection, code: &str) -> usize {
    let query = format!("SELECT id FROM (SELECT rowid AS id FROM events WHERE code = '{code}')");
    rows(ledger, &query, |row| row.get::<_, i64>(0)).len()
}

/// How often a holding was found to differ from the venue's.
pub fn differing_positions(ledger: &Connection) -> usize {
    let query =
        "SELECT text FROM events WHERE code = 'inconsistency' AND text LIKE '%position_differs%'";
    rows(ledger, query, |row| row.get::<_, String>(0)).len()
}

/// Orders of the ledger in a state.
pub fn orders_in(ledger: &Connection, state: &str) -> usize {
    let query = format!("SELECT id FROM orders WHERE state = '{state}'");
    rows(ledger, &query, |row| row.get::<_, i64>(0)).len()
}

/// Orders of the ledger that were made for a reason.
pub fn orders_because(ledger: &Connection, reason: &str) -> usize {
    let query = format!("SELECT id FROM orders WHERE reason = '{reason}'");
    rows(ledger, &query, |row| row.get::<_, i64>(0)).len()
}

/// Trades of the ledger that were entered on a side.
pub fn trades_of(ledger: &Connection, side: &str) -> usize {
    let query = format!("SELECT id FROM trades WHERE side = '{side}'");
    rows(ledger, &query, |row| row.get::<_, i64>(0)).len()
}

/// Orders of the ledger with this client id.
pub fn orders_named(ledger: &Connection, client_id: &str) -> usize {
    let query = format!("SELECT id FROM orders WHERE client_id = '{client_id}'");
    rows(ledger, &query, |row| row.get::<_, i64>(0)).len()
}

/// A protective order rests, and no close has begun to take it back.
pub fn guarded(ledger: &Connection) -> bool {
    let query = "SELECT id FROM orders WHERE leg = 'protective' AND state = 'open'";
    !rows(ledger, query, |row| row.get::<_, i64>(0)).is_empty()
}

/// Protective orders that filled at the venue.
pub fn protective_filled(ledger: &Connection) -> usize {
    let query = "SELECT id FROM orders WHERE leg = 'protective' AND state = 'filled'";
    rows(ledger, query, |row| row.get::<_, i64>(0)).len()
}

fn ledger_orders(ledger: &Connection) -> BTreeMap<String, Entry> {
    // Corrections of the books were never meant to leave.
    let query = "SELECT client_id, state, filled FROM orders WHERE reason <> 'reconciled'";
    let take = |row: &rusqlite::Row<'_>| {
        let entry = Entry {
            state: row.get(1)?,
            filled: decimal(&row.get::<_, String>(2)?),
        };
        Ok((row.get::<_, String>(0)?, entry))
    };
    let all = rows(ledger, query, take);
    let count = all.len();
    let orders: BTreeMap<String, Entry> = all.into_iter().collect();
    assert_eq!(orders.len(), count, "a client id is used once");
    orders
}

/// What an order of the ledger and the venue's word for it must be, where they are final.
fn agree(ours: &Entry, theirs: Option<&Entry>) -> bool {
    match (ours.state.as_str(), theirs) {
        ("never_sent" | "rejected" | "refused", None) => ours.filled.is_zero(),
        ("rejected", Some(theirs)) => theirs.state == "FAILED" && theirs.filled.is_zero(),
        ("filled", Some(theirs)) => theirs.state == "FILLED" && theirs.filled == ours.filled,
        ("cancelled" | "expired", Some(theirs)) => {
            matches!(theirs.state.as_str(), "CANCELLED" | "EXPIRED") && theirs.filled == ours.filled
        }
        ("open" | "partly_filled", Some(theirs)) => {
            theirs.state == "OPEN" && theirs.filled == ours.filled
        }
        _ => false,
    }
}

/// Where the ledger and the venue differ, in words; empty when they agree.
pub fn differences(ledger: &Connection, rest: &mut Rest) -> Vec<String> {
    let mut found = order_differences(ledger, rest);
    found.extend(holdings(ledger, &balances(rest)));
    found
}

/// The same of orders alone.
pub fn order_differences(ledger: &Connection, rest: &mut Rest) -> Vec<String> {
    let mut found = Vec::new();
    let (ours, theirs) = (ledger_orders(ledger), venue_orders(rest));
    for (id, order) in &ours {
        if !agree(order, theirs.get(id)) {
            found.push(format!("{id}: {order:?} here, {:?} there", theirs.get(id)));
        }
    }
    for (id, order) in theirs.iter().filter(|(id, _)| !ours.contains_key(*id)) {
        found.push(format!("{id}: not here, {order:?} there"));
    }
    found
}

/// Positions and cash: by the venue's fills, and as the bot has them. Dust that the bot has written
/// off (a fill without an id of the venue) is at the venue still.
fn holdings(ledger: &Connection, balances: &BTreeMap<String, Decimal>) -> Vec<String> {
    let mut found = Vec::new();
    let balance = |currency: &str| balances.get(currency).copied().unwrap_or(Decimal::ZERO);
    let mut dust = Decimal::ZERO;
    for symbol in ["BTC-USD", "ETH-USD", "SOL-USD"] {
        let query = format!("SELECT quantity FROM positions WHERE symbol = '{symbol}'");
        let held = sum(ledger, &query);
        let fills = |side: &str, whose: &str| {
            let condition = format!("symbol = '{symbol}' AND side = '{side}' AND {whose}");
            sum(
                ledger,
                &format!("SELECT quantity FROM fills WHERE {condition}"),
            )
        };
        let filled = fills("BUY", "venue_id IS NOT NULL") - fills("SELL", "venue_id IS NOT NULL");
        let written_off = fills("SELL", "venue_id IS NULL") - fills("BUY", "venue_id IS NULL");
        let there = balance(&symbol[..3]);
        if filled != there || held + written_off != there {
            found.push(format!(
                "{symbol}: {held} and {written_off} of dust here, {filled} by fills, {there} there"
            ));
        }
        dust += Decimal::from_int(i64::from(!written_off.is_zero()));
    }
    let (paid, told) = (cash_by_fills(ledger), cash_by_state(ledger));
    let there = balance("USD");
    let off = told - there;
    let tolerated = dust * Decimal::from_int(10);
    if paid != there || off > tolerated || Decimal::ZERO - off > tolerated {
        found.push(format!(
            "cash: {paid} by fills, {told} by state, {there} there"
        ));
    }
    found
}

pub fn sum(ledger: &Connection, query: &str) -> Decimal {
    let take = |row: &rusqlite::Row<'_>| Ok(decimal(&row.get::<_, String>(0)?));
    rows(ledger, query, take)
        .into_iter()
        .fold(Decimal::ZERO, |sum, more| sum + more)
}

/// Cash as every fill of the venue leaves it.
fn cash_by_fills(ledger: &Connection) -> Decimal {
    let of = |column: &str, side: &str| {
        let condition = format!("side = '{side}' AND venue_id IS NOT NULL");
        sum(
            ledger,
            &format!("SELECT {column} FROM fills WHERE {condition}"),
        )
    };
    let fees = of("fee", "BUY") + of("fee", "SELL");
    Decimal::from_int(STARTING) - of("value", "BUY") + of("value", "SELL") - fees
}

/// Cash as the trading state has it: what was paid for open lots counts as cash there.
fn cash_by_state(ledger: &Connection) -> Decimal {
    let take = |row: &rusqlite::Row<'_>| row.get::<_, String>(0);
    let state = rows(ledger, "SELECT body FROM state", take);
    let state: Value = serde_json::from_str(&state[0]).expect("the state is JSON");
    let cash = decimal(state["account"]["cash"].as_str().expect("a decimal"));
    let query = "SELECT open, price FROM lots WHERE open <> '0'";
    let take = |row: &rusqlite::Row<'_>| {
        let open = decimal(&row.get::<_, String>(0)?);
        Ok(open * decimal(&row.get::<_, String>(1)?))
    };
    rows(ledger, query, take)
        .into_iter()
        .fold(cash, |sum, paid| sum - paid)
}

/// Lets everything that is on its way come to its end: no entries any more, no position left.
pub fn settle(bot: &mut Bot, desk: &Desk, venue: &Venue) {
    settle_by(bot, desk, venue, differences);
}

/// The same, with other books to compare.
pub fn settle_by(
    bot: &mut Bot,
    desk: &Desk,
    venue: &Venue,
    differences: impl Fn(&Connection, &mut Rest) -> Vec<String>,
) {
    let answer = bot.tell(&json!({"command": "pause"}));
    assert_eq!(answer["ok"], true, "{answer}");
    let ledger = desk.ledger("venue");
    let deadline = Instant::now() + SETTLING;
    let mut rest = venue.rest();
    loop {
        let found = differences(&ledger, &mut rest);
        if found.is_empty() {
            return;
        }
        if Instant::now() >= deadline {
            let told = bot.process.lines_with("");
            panic!("{found:#?}\n{told:#?}");
        }
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// Arms a fault of the venue.
pub fn arm(rest: &mut Rest, fault: &Value) {
    rest.post("/venue/faults", fault);
}

/// Nothing goes wrong any more.
pub fn clear(rest: &mut Rest) {
    let (status, body) = rest.call("DELETE", "/venue/faults", "");
    assert_eq!(status, 200, "{body}");
}

/// How often a fault has struck.
pub fn struck(rest: &mut Rest, fault: &str) -> u64 {
    let faults = rest.get("/venue/faults");
    // What has not struck is not named.
    faults["struck"][fault].as_u64().unwrap_or(0)
}
