//! Every kind of row comes back exactly, by minnow and by plain SQL.

use super::samples::*;
use crate::core::records::{Action, OrderState, Record};
use crate::core::units::{Decimal, Price, Quantity, Timestamp};
use crate::store::ledger::rows::{EXCHANGE_QUIET, LimitRow};
use crate::store::ledger::{
    HashBlock, HoldCount, Ledger, LedgerError, Mode, Reader, Row, SessionStatus, StateRow,
};
use proptest::prelude::*;
use rusqlite::Connection;
use std::path::Path;

/// One row of a query as text.
fn ask(path: &Path, sql: &str) -> Vec<String> {
    let connection = Connection::open(path).unwrap();
    let mut statement = connection.prepare(sql).unwrap();
    let columns = statement.column_count();
    statement
        .query_row([], |row| {
            (0..columns)
                .map(|index| {
                    row.get::<_, rusqlite::types::Value>(index)
                        .map(|value| match value {
                            rusqlite::types::Value::Null => "null".to_owned(),
                            rusqlite::types::Value::Integer(n) => n.to_string(),
                            rusqlite::types::Value::Real(x) => x.to_string(),
                            rusqlite::types::Value::Text(text) => text,
                            rusqlite::types::Value::Blob(bytes) => format!("{bytes:x?}"),
                        })
                })
                .collect()
        })
        .unwrap()
}

fn written(scratch: &Scratch, rows: &[Row]) -> std::path::PathBuf {
    let path = scratch.file("a.sqlite");
    let mut ledger = Ledger::create_replay(&path, &session(Mode::Replay)).unwrap();
    assert_eq!(ledger.write(rows).unwrap().rows, rows.len());
    ledger.close(&end(SessionStatus::Complete)).unwrap();
    path
}

#[test]
fn a_ledger_may_travel_to_a_worker() {
    fn travels<T: Send>(_: &T) {}
    let scratch = Scratch::new("send");
    let path = scratch.file("a.sqlite");
    let mut ledger = Ledger::create_replay(&path, &session(Mode::Replay)).unwrap();
    travels(&ledger);
    let worker = std::thread::spawn(move || ledger.write(&[core(Record::Fill(fill(1)))]));
    assert_eq!(worker.join().unwrap().unwrap().total, 1);
}

#[test]
fn a_session_comes_back_with_its_end() {
    let scratch = Scratch::new("session");
    let path = written(&scratch, &[]);
    for left in ["sqlite-wal", "sqlite-shm", "sqlite.lock"] {
        assert!(!path.with_extension(left).exists(), "{left}");
    }
    let stored = Reader::open(&path)
        .unwrap()
        .latest_session()
        .unwrap()
        .unwrap();
    let expected = session(Mode::Replay);
    assert_eq!(stored.status, SessionStatus::Complete);
    assert_eq!(stored.instruments, expected.instruments);
    assert_eq!(stored.starting_balance, expected.starting_balance);
    assert_eq!(stored.seed, u64::MAX);
    assert_eq!(stored.inputs, Some(12));
    assert_eq!(stored.last_data, Some(time(90)));
    assert_eq!(stored.state_hash.as_deref(), Some("0000000000000abc"));
    assert_eq!(stored.summary, None);
}

#[test]
fn a_seed_or_a_side_that_is_none_is_an_error_with_its_name() {
    let scratch = Scratch::new("wrong-words");
    let path = written(&scratch, &[core(Record::Trade(trade(1, Decimal::ONE)))]);
    let corrupted = |statement: &str| {
        let connection = rusqlite::Connection::open(&path).unwrap();
        connection.execute(statement, []).unwrap();
        Reader::open(&path).unwrap()
    };
    let reader = corrupted("UPDATE trades SET side = 'LONG'");
    let error = reader.trades(1, 0, 10).unwrap_err();
    assert!(matches!(error, LedgerError::Corrupt { .. }), "{error:?}");
    let said = error.to_string();
    assert!(
        said.contains("the side \"LONG\": expected BUY or SELL"),
        "{said}"
    );
    let reader = corrupted("UPDATE sessions SET seed = '-1'");
    let error = reader.latest_session().unwrap_err();
    assert!(matches!(error, LedgerError::Corrupt { .. }), "{error:?}");
    let said = error.to_string();
    assert!(
        said.contains("the session's seed \"-1\": expected"),
        "{said}"
    );
}

#[test]
fn a_trade_comes_back_to_the_last_digit() {
    let scratch = Scratch::new("trade");
    let original = trade(7, Decimal::parse("-0.000000000000000001").unwrap());
    let path = written(&scratch, &[core(Record::Trade(original.clone()))]);
    let reader = Reader::open(&path).unwrap();
    assert_eq!(reader.trade_count(1).unwrap(), 1);
    let stored = &reader.trades(1, 0, 10).unwrap()[0];
    assert_eq!(stored.net, original.net);
    assert_eq!(stored.exit_vwap, original.exit_vwap);
    assert_eq!(stored.quantity, Decimal::new(2, 1));
    assert_eq!(stored.entry_time, original.entry_time);
    assert_eq!(stored.reason, "take_profit");
    assert_eq!(
        ask(
            &path,
            "SELECT side, entry_time, exit_time, minutes FROM v_trades"
        ),
        [
            "LONG",
            "2018-01-01T00:00:04.610Z",
            "2018-01-01T00:01:04.610Z",
            "1"
        ]
    );
}

#[test]
fn orders_and_lots_are_replaced_by_their_later_form() {
    let scratch = Scratch::new("upsert");
    let mut filled = order(1);
    filled.state = OrderState::Filled;
    filled.filled = Quantity(200);
    filled.filled_value = 200 * 5_000_010;
    filled.reason = "done".into();
    let path = written(
        &scratch,
        &[
            core(Record::Order(order(1))),
            core(Record::Lot(lot(4, 200))),
            core(Record::Order(filled)),
            core(Record::Lot(lot(4, 50))),
        ],
    );
    assert_eq!(
        ask(
            &path,
            "SELECT count(*), state, quantity, price, filled, filled_value, reason FROM orders"
        ),
        ["1", "filled", "0.2", "50000.1", "0.2", "10000.02", "done"]
    );
    assert_eq!(
        ask(&path, "SELECT count(*), quantity, open, fee FROM lots"),
        ["1", "0.2", "0.05", "15"]
    );
    assert_eq!(
        ask(
            &path,
            "SELECT symbol, side, quantity, entry_price FROM positions"
        ),
        ["BTC-USD", "LONG", "0.05", "50000.1"]
    );
}

#[test]
fn an_id_never_overwrites_something_else() {
    let scratch = Scratch::new("overwrite");
    let path = scratch.file("a.sqlite");
    let mut ledger = Ledger::create_replay(&path, &session(Mode::Replay)).unwrap();
    ledger
        .write(&[core(Record::Order(order(1))), core(Record::Fill(fill(1)))])
        .unwrap();
    let mut foreign = order(1);
    foreign.client_id = "mwabcdef-aaaac-0000001-e".into();
    for row in [Record::Order(foreign), Record::Fill(fill(1))] {
        let refused = ledger.write(&[core(Record::Lot(lot(9, 200))), core(row)]);
        assert!(
            matches!(refused, Err(LedgerError::Row { .. })),
            "{refused:?}"
        );
    }
    // The whole batch was undone, its lot too, and the ledger goes on.
    ledger.write(&[core(Record::Fill(fill(2)))]).unwrap();
    drop(ledger);
    assert_eq!(ask(&path, "SELECT count(*) FROM fills"), ["2"]);
    assert_eq!(ask(&path, "SELECT count(*) FROM lots"), ["0"]);
    assert_eq!(ask(&path, "SELECT count(*) FROM positions"), ["0"]);
}

#[test]
fn fills_decisions_and_checks_read_well_in_any_tool() {
    let scratch = Scratch::new("views");
    let path = written(
        &scratch,
        &[
            core(Record::Fill(fill(1))),
            core(Record::Decision(decision(3, Action::Long, Action::Hold))),
        ],
    );
    assert_eq!(
        ask(
            &path,
            "SELECT time, side, price, quantity, value, fee, role, reference FROM v_fills"
        ),
        [
            "2018-01-01T00:00:04.610Z",
            "BUY",
            "50000.1",
            "0.2",
            "10000.02",
            "15.00003",
            "maker",
            "50000"
        ]
    );
    assert_eq!(
        ask(
            &path,
            "SELECT proposed, action, reason, strength, take_profit_pct, stop_loss_pct, position,
             rationale, indicators ->> 'rsi', indicators ->> 'broken', indicators ->> 'tiny'
             FROM v_decisions"
        ),
        [
            "LONG",
            "HOLD",
            "min interval",
            "0.75",
            "4",
            "null",
            "-0.2",
            "breakout 'above' the window",
            "61.25",
            "null",
            "0.000000000001"
        ]
    );
    assert_eq!(
        ask(
            &path,
            "SELECT name, outcome, value, limit_value, margin FROM risk_checks WHERE decision = 3 AND number = 2"
        ),
        ["min_interval", "refused", "30", "60", "-30"]
    );
}

#[test]
fn equity_events_and_limits_read_well_in_any_tool() {
    let scratch = Scratch::new("views-account");
    let path = written(
        &scratch,
        &[
            Row::Equity(equity(5, 9_985)),
            core(Record::Event(event())),
            Row::Limit(LimitRow {
                name: "baseline_day".into(),
                value: Some(Decimal::from_int(1)),
                text: String::new(),
                since: time(0),
                until: None,
            }),
            Row::Limit(LimitRow {
                name: "baseline_day".into(),
                value: Some(Decimal::from_int(10_000)),
                text: String::new(),
                since: time(0),
                until: Some(time(9)),
            }),
        ],
    );
    assert_eq!(
        ask(&path, "SELECT time, equity, margin_used FROM v_equity"),
        ["2018-01-01T00:00:07.610Z", "9985", "2000"]
    );
    assert_eq!(
        ask(&path, "SELECT level, code, text FROM v_events"),
        ["critical", "daily_loss_limit", "daily loss limit hit"]
    );
    assert_eq!(
        ask(&path, "SELECT count(*), value, until FROM limits"),
        ["1", "10000", "1514764811610000000"]
    );
    for view in ["v_sessions", "v_orders", "v_lots"] {
        ask(&path, &format!("SELECT count(*) FROM {view}"));
    }
}

#[test]
fn refusals_are_counted_by_the_check_that_refused() {
    let scratch = Scratch::new("refusals");
    let mut unchecked = decision(2, Action::Short, Action::Hold);
    unchecked.checks.clear();
    let path = written(
        &scratch,
        &[
            core(Record::Decision(decision(1, Action::Long, Action::Hold))),
            core(Record::Decision(unchecked)),
            core(Record::Decision(decision(3, Action::Long, Action::Hold))),
            core(Record::Decision(decision(4, Action::Long, Action::Long))),
            Row::Holds(HoldCount {
                reason: "no signal".into(),
                count: 17,
            }),
        ],
    );
    let reader = Reader::open(&path).unwrap();
    let refusals: Vec<_> = reader
        .refusals(1)
        .unwrap()
        .into_iter()
        .map(|r| (r.reason, r.count))
        .collect();
    assert_eq!(
        refusals,
        [("min_interval".into(), 2), ("min interval".into(), 1)]
    );
    let holds = reader.holds(1).unwrap();
    assert_eq!(
        (holds[0].reason.as_str(), holds[0].count),
        ("no signal", 17)
    );
}

#[test]
fn packed_hashes_come_back_in_order() {
    let scratch = Scratch::new("hashes");
    let block = |hashes: &[u64]| {
        Row::Hashes(HashBlock {
            first_input: 1,
            last_input: 9,
            first_time: time(0),
            last_time: time(9),
            packed: hashes.iter().flat_map(|h| h.to_le_bytes()).collect(),
        })
    };
    let path = written(&scratch, &[block(&[1, u64::MAX]), block(&[0x0102])]);
    assert_eq!(
        Reader::open(&path).unwrap().hashes(1).unwrap(),
        [1, u64::MAX, 0x0102]
    );
    assert_eq!(
        ask(
            &path,
            "SELECT count, hex(substr(packed, 1, 8)) FROM hashes WHERE rowid = 2"
        ),
        ["1", "0201000000000000"]
    );
}

#[test]
fn positions_go_on_after_a_restart() {
    let scratch = Scratch::new("restart");
    let path = scratch.file("paper.sqlite");
    let mut ledger = Ledger::open(&path, Mode::Paper).unwrap();
    assert!(!ledger.was_unclean());
    ledger.begin_session(&session(Mode::Paper)).unwrap();
    ledger
        .write(&[
            core(Record::Lot(lot(1, 200))),
            core(Record::Lot(lot(2, 200))),
        ])
        .unwrap();
    drop(ledger);
    let mut ledger = Ledger::open(&path, Mode::Paper).unwrap();
    assert!(ledger.was_unclean());
    ledger.quick_check().unwrap();
    ledger.begin_session(&session(Mode::Paper)).unwrap();
    ledger.write(&[core(Record::Lot(lot(1, 0)))]).unwrap();
    assert_eq!(
        ask(&path, "SELECT side, quantity, session FROM positions"),
        ["LONG", "0.2", "2"]
    );
    ledger.write(&[core(Record::Lot(lot(2, 0)))]).unwrap();
    assert_eq!(
        ask(&path, "SELECT side, quantity, entry_price FROM positions"),
        ["FLAT", "0", "null"]
    );
    ledger.close(&end(SessionStatus::Complete)).unwrap();
    assert!(!Ledger::open(&path, Mode::Paper).unwrap().was_unclean());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn any_number_on_the_grid_comes_back(
        price in 1i64..1_000_000_000_000_000,
        quantity in 1i64..100_000,
        fee: i64,
        text in ".{0,40}",
    ) {
        let scratch = Scratch::new("grid");
        let mut original = fill(1);
        (original.price, original.quantity) = (Price(price), Quantity(quantity));
        original.fee = Decimal::from_raw(i128::from(fee) * 1_000_003);
        let mut with_text = order(1);
        with_text.reason = text.replace('\0', "");
        let path = written(&scratch, &[core(Record::Fill(original.clone())), core(Record::Order(with_text.clone()))]);
        let row = ask(&path, "SELECT f.price, f.quantity, value, f.fee, reason FROM fills f, orders");
        let decimal = |index: usize| Decimal::parse_plain(&row[index]).unwrap();
        let i = instrument();
        prop_assert_eq!(i.exact_price(decimal(0)), Some(original.price));
        prop_assert_eq!(i.exact_quantity(decimal(1)), Some(original.quantity));
        prop_assert_eq!(decimal(2), i.notional(original.price, original.quantity));
        prop_assert_eq!(decimal(3), original.fee);
        prop_assert_eq!(&row[4], &with_text.reason);
    }
}

#[test]
fn the_last_trading_state_is_the_one_that_counts() {
    let scratch = Scratch::new("state");
    let path = scratch.file("a.sqlite");
    let mut ledger = Ledger::open(&path, Mode::Paper).unwrap();
    assert_eq!(ledger.saved_state().unwrap(), None);
    ledger.begin_session(&session(Mode::Paper)).unwrap();
    for (time, body) in [(1, "{\"a\":1}"), (2, "{\"a\":2}")] {
        let state = Row::State(StateRow {
            time: Timestamp(time),
            body: body.to_owned(),
        });
        ledger
            .write(&[core(Record::Fill(fill(time as u64))), state])
            .unwrap();
    }
    drop(ledger);
    let ledger = Ledger::open(&path, Mode::Paper).unwrap();
    assert_eq!(ledger.saved_state().unwrap().as_deref(), Some("{\"a\":2}"));
    assert_eq!(
        ask(&path, "SELECT count(*), max(time) FROM state"),
        ["1", "2"]
    );
}

#[test]
fn what_an_exchange_asks_for_is_known_after_a_restart() {
    let scratch = Scratch::new("quiet");
    let path = scratch.file("a.sqlite");
    let mut ledger = Ledger::open(&path, Mode::Paper).unwrap();
    ledger.begin_session(&session(Mode::Paper)).unwrap();
    assert_eq!(ledger.limit_until(EXCHANGE_QUIET).unwrap(), None);
    for until in [70, 90] {
        let row = LimitRow {
            name: EXCHANGE_QUIET.to_owned(),
            value: None,
            text: "the exchange asks for fewer requests".to_owned(),
            since: Timestamp(5),
            until: Some(Timestamp(until)),
        };
        ledger.write(&[Row::Limit(row)]).unwrap();
    }
    drop(ledger);
    let ledger = Ledger::open(&path, Mode::Paper).unwrap();
    let until = ledger.limit_until(EXCHANGE_QUIET).unwrap();
    assert_eq!(until, Some(Timestamp(90)));
}
