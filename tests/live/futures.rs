//! A contract traded with real orders at the local venue: long and short, over a `kill -9`, while its
//! session is closed.

use crate::books::{self, arm, clear, decimal, order_differences, rows, settle_by, sum};
use crate::bot::{Bot, Desk};
use crate::process::count;
use crate::venue::{Rest, Venue};
use minnow::core::units::Decimal;
use rusqlite::Connection;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const CONTRACT: &str = "BIP-20DEC30-CDE";
/// Bitcoins that a contract stands for.
const SIZE: Decimal = Decimal::new(1, 2);
/// Fee of a contract.
const FEE: Decimal = Decimal::new(15, 2);
/// Cash of a venue's account at its start.
const STARTING: i64 = 100_000;
/// Average prices are told with so many digits.
const NEARLY: Decimal = Decimal::new(1, 4);

fn venue() -> Venue {
    Venue::start(&["--futures"])
}

/// A bot that trades the contract as often as it can, some at a time.
pub fn trader(venue: &Venue) -> Desk {
    Desk::real(venue)
        .with(&format!("trading.symbols={CONTRACT}"))
        .with("trading.enable_futures=true")
        .with("trading.max_size_pct=5")
}

/// The same bot, which now keeps what it holds: its averages want a minute of candles.
fn holder(desk: Desk) -> Desk {
    desk.with("strategy.momentum.exit_threshold=1")
        .with("strategy.momentum.lookback=60")
}

fn is_short(side: &str) -> bool {
    matches!(side, "SHORT" | "SELL")
}

/// Signed contracts and average entry price.
fn position_at(rest: &mut Rest) -> (Decimal, Decimal) {
    let answer = rest.get("/api/v3/brokerage/cfm/positions");
    let Some(position) = answer["positions"].as_array().and_then(|all| all.first()) else {
        return (Decimal::ZERO, Decimal::ZERO);
    };
    let text = |value: &Value| decimal(value.as_str().expect("a text"));
    let contracts = text(&position["number_of_contracts"]);
    let signed = match position["side"].as_str() {
        Some("SHORT") => -contracts,
        _ => contracts,
    };
    (signed, text(&position["avg_entry_price"]["value"]))
}

/// Dollars of both sides of the account.
fn dollars_at(rest: &mut Rest) -> Decimal {
    let answer = rest.get("/api/v3/brokerage/cfm/balance_summary");
    let total = &answer["balance_summary"]["total_usd_balance"]["value"];
    decimal(total.as_str().expect("a text"))
}

/// A sum over the venue's fills of one side.
fn filled(ledger: &Connection, column: &str, side: &str) -> Decimal {
    let condition = format!("side = '{side}' AND venue_id IS NOT NULL");
    let query = format!("SELECT {column} FROM fills WHERE {condition}");
    sum(ledger, &query)
}

/// Signed contracts as the bot has them.
fn position_here(ledger: &Connection) -> Decimal {
    let query = "SELECT side, quantity FROM positions";
    let signed = rows(ledger, query, |row| {
        let quantity = decimal(&row.get::<_, String>(1)?);
        let short = is_short(&row.get::<_, String>(0)?);
        Ok(if short { -quantity } else { quantity })
    });
    signed.into_iter().fold(Decimal::ZERO, |sum, q| sum + q)
}

/// Cash of the trading state as if every open lot had been paid for.
fn cash_by_state(ledger: &Connection) -> Decimal {
    let take = |row: &rusqlite::Row<'_>| row.get::<_, String>(0);
    let state = rows(ledger, "SELECT body FROM state", take);
    let state: Value = serde_json::from_str(&state[0]).expect("the state is JSON");
    let cash = decimal(state["account"]["cash"].as_str().expect("a decimal"));
    let query = "SELECT side, open, price FROM lots WHERE open <> '0'";
    let paid = rows(ledger, query, |row| {
        let open = decimal(&row.get::<_, String>(1)?);
        let paid = open * decimal(&row.get::<_, String>(2)?) * SIZE;
        let short = is_short(&row.get::<_, String>(0)?);
        Ok(if short { -paid } else { paid })
    });
    paid.into_iter().fold(cash, |cash, paid| cash - paid)
}

/// Where the ledger and the venue differ, in words.
pub fn differences(ledger: &Connection, rest: &mut Rest) -> Vec<String> {
    let mut found = order_differences(ledger, rest);
    let (there, entry) = position_at(rest);
    let fills = filled(ledger, "quantity", "BUY") - filled(ledger, "quantity", "SELL");
    let here = position_here(ledger);
    if fills != there || here != there {
        found.push(format!("{here} here, {fills} by fills, {there} there"));
    }
    let fees = filled(ledger, "fee", "BUY") + filled(ledger, "fee", "SELL");
    let paid = filled(ledger, "value", "BUY") - filled(ledger, "value", "SELL");
    let by_fills = Decimal::from_int(STARTING) - paid - fees;
    let by_state = cash_by_state(ledger);
    let by_venue = dollars_at(rest) - there * SIZE * entry;
    if by_state != by_fills || (by_venue - by_fills).abs() > NEARLY {
        found.push(format!(
            "cash: {by_fills} by fills, {by_state} by state, {by_venue} there"
        ));
    }
    found
}

/// Every fill paid by the piece, every trade earned its contracts times their size, and nothing was
/// strange.
pub fn is_sound(ledger: &Connection) {
    let fees = rows(ledger, "SELECT quantity, fee FROM fills", |row| {
        let text = |index| row.get::<_, String>(index);
        Ok((decimal(&text(0)?), decimal(&text(1)?)))
    });
    for (contracts, fee) in fees {
        assert_eq!(fee, contracts * FEE);
    }
    let query = "SELECT side, quantity, entry_vwap, exit_vwap, gross, fees, net FROM trades";
    let trades = rows(ledger, query, |row| {
        let number = |index| row.get::<_, String>(index).map(|text| decimal(&text));
        let (entry, exit) = (number(2)?, number(3)?);
        let short = is_short(&row.get::<_, String>(0)?);
        let moved = if short { entry - exit } else { exit - entry };
        let gain = moved * number(1)? * SIZE;
        Ok((gain, number(4)?, number(5)?, number(6)?))
    });
    for (gain, gross, fees, net) in trades {
        assert!((gain - gross).abs() <= NEARLY, "{gain} and {gross}");
        assert_eq!(net, gross - fees);
    }
    for code in ["inconsistency", "foreign_position", "balance_anomaly"] {
        assert_eq!(books::events(ledger, code), 0, "{code}");
    }
}

fn held(session: &Value) -> Option<Decimal> {
    let position = &session["symbols"][0]["position"];
    position.as_str().map(decimal)
}

/// Waits for so many decisions more.
fn let_candles_pass(bot: &mut Bot, more: u64) {
    let before = count(&bot.session()["decisions"]);
    bot.until("some more candles", |session| {
        count(&session["decisions"]) >= before + more
    });
}

#[test]
fn a_contract_is_traded_long_and_short_and_both_books_say_the_same() {
    let venue = venue();
    let desk = trader(&venue);
    let mut bot = desk.start();
    let ledger = desk.ledger("venue");
    let deadline = Instant::now() + Duration::from_secs(180);
    let sides = || {
        let take = |row: &rusqlite::Row<'_>| row.get::<_, String>(0);
        rows(&ledger, "SELECT DISTINCT side FROM trades", take).len()
    };
    while sides() < 2 {
        assert!(Instant::now() < deadline, "{:#}", bot.session());
        std::thread::sleep(Duration::from_millis(200));
    }
    settle_by(&mut bot, &desk, &venue, |ledger, rest| {
        let mut found = differences(ledger, rest);
        if !position_at(rest).0.is_zero() {
            found.push("a position is open".to_owned());
        }
        found
    });
    let total = dollars_at(&mut venue.rest());
    assert_eq!(
        decimal(bot.session()["equity"].as_str().expect("text")),
        total
    );
    let (status, text, stderr) = desk.run(&["balance", "--json"]);
    assert_eq!(status, Some(0), "{stderr}");
    let shown: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(shown["futures"]["total"], total.to_string());
    let hash = bot.stop();
    is_sound(&ledger);
    desk.replay_is_identical(&hash);
}

/// A bot that was killed with contracts, some seconds ago; what it held, signed.
fn killed_with_contracts(venue: &Venue) -> (Desk, Decimal) {
    let desk = trader(venue);
    let (contracts, entry) = loop {
        let mut bot = desk.start();
        let ledger = desk.ledger("venue");
        // Every fill of it is in the ledger: what is heard of at the start would be in motion again.
        bot.until("a position", |_| {
            let there = position_at(&mut venue.rest()).0;
            !there.is_zero() && position_here(&ledger) == there && books::guarded(&ledger)
        });
        bot.kill();
        let position = position_at(&mut venue.rest());
        let known = position_here(&ledger) == position.0 && books::guarded(&ledger);
        if !position.0.is_zero() && known {
            break position;
        }
        // It was being closed.
    };
    let (status, text, stderr) = desk.run(&["positions", "--json"]);
    assert_eq!(status, Some(0), "{stderr}");
    let shown: Value = serde_json::from_str(&text).expect("JSON");
    let position = &shown["positions"][0];
    let expected = (
        &json!(CONTRACT),
        &json!(contracts.to_string()),
        &json!(entry.to_string()),
    );
    let told = (
        &position["product"],
        &position["size"],
        &position["entry_price"],
    );
    assert_eq!(told, expected);
    let (_, text, _) = desk.run(&["balance"]);
    assert!(text.contains("futures: "), "{text}");
    // What was touched within five seconds is left alone by a reconciliation.
    std::thread::sleep(Duration::from_secs(6));
    (holder(desk), contracts)
}

#[test]
fn a_bot_killed_with_contracts_goes_on_with_them_and_closes_them() {
    let venue = venue();
    let (desk, contracts) = killed_with_contracts(&venue);
    let mut bot = desk.start();
    let session = bot.until("reconciled", |session| session["reconciled"] == true);
    assert_eq!(held(&session), Some(contracts.abs()));
    let ledger = desk.ledger("venue");
    settle_by(&mut bot, &desk, &venue, differences);
    assert_eq!(position_here(&ledger), contracts);
    let answer = bot.tell(&json!({"command": "close_all"}));
    assert_eq!(answer["ok"], true, "{answer}");
    bot.until("flat", |session| held(session).is_none());
    settle_by(&mut bot, &desk, &venue, differences);
    assert_eq!(position_at(&mut venue.rest()).0, Decimal::ZERO);
    let hash = bot.stop();
    is_sound(&ledger);
    desk.replay_is_identical(&hash);
}

#[test]
fn contracts_that_somebody_closed_meanwhile_are_gone_after_a_restart() {
    let venue = venue();
    let (desk, contracts) = killed_with_contracts(&venue);
    let close = json!({"client_order_id": "by-hand", "product_id": CONTRACT, "size": "2"});
    let path = "/api/v3/brokerage/orders/close_position";
    let answer = venue.rest().post(path, &close);
    assert_eq!(answer["success"], true, "{answer}");
    let left = contracts.abs() - Decimal::from_int(2);
    assert!(left.is_positive(), "{contracts}");
    let mut bot = desk.start();
    bot.until("what is left", |session| held(session) == Some(left));
    let answer = bot.tell(&json!({"command": "close_all"}));
    assert_eq!(answer["ok"], true, "{answer}");
    bot.until("flat", |session| held(session).is_none());
    assert_eq!(position_at(&mut venue.rest()).0, Decimal::ZERO);
    let hash = bot.stop();
    let ledger = desk.ledger("venue");
    // Told once, by its name.
    let query = "SELECT text FROM events WHERE code = 'inconsistency'";
    let told = rows(&ledger, query, |row| row.get::<_, String>(0));
    assert!(
        told.len() == 1 && told[0].contains("position_differs"),
        "{told:?}"
    );
    assert_eq!(books::events(&ledger, "balance_anomaly"), 0);
    desk.replay_is_identical(&hash);
}

#[test]
fn spot_and_a_contract_are_traded_in_one_run_and_their_dollars_count_once() {
    let venue = venue();
    let desk = trader(&venue).with(&format!("trading.symbols=BTC-USD,{CONTRACT}"));
    let mut bot = desk.start();
    let ledger = desk.ledger("venue");
    let deadline = Instant::now() + Duration::from_secs(180);
    let symbols = || {
        let take = |row: &rusqlite::Row<'_>| row.get::<_, String>(0);
        rows(&ledger, "SELECT DISTINCT symbol FROM trades", take).len()
    };
    while symbols() < 2 {
        assert!(Instant::now() < deadline, "{:#}", bot.session());
        std::thread::sleep(Duration::from_millis(200));
    }
    settle_by(&mut bot, &desk, &venue, |ledger, rest| {
        let mut found = order_differences(ledger, rest);
        let bitcoins = books::balances(rest)["BTC"];
        if !position_at(rest).0.is_zero() || !bitcoins.is_zero() {
            found.push("a position is open".to_owned());
        }
        found
    });
    bot.stop();
    // Flat, with swept dollars at the clearing side, and what follows enters nothing.
    let desk = holder(desk);
    std::thread::sleep(Duration::from_secs(6));
    let mut rest = venue.rest();
    let total = dollars_at(&mut rest);
    assert!(books::balances(&mut rest)["USD"] < total);
    let fees = filled(&ledger, "fee", "BUY") + filled(&ledger, "fee", "SELL");
    let paid = filled(&ledger, "value", "BUY") - filled(&ledger, "value", "SELL");
    assert_eq!(Decimal::from_int(STARTING) - paid - fees, total);
    let mut bot = desk.start();
    let session = bot.until("reconciled", |session| session["reconciled"] == true);
    assert_eq!(decimal(session["equity"].as_str().expect("text")), total);
    let hash = bot.stop();
    for code in ["inconsistency", "foreign_position", "balance_anomaly"] {
        assert_eq!(books::events(&ledger, code), 0, "{code}");
    }
    desk.replay_is_identical(&hash);
}

#[test]
fn while_the_session_of_a_contract_is_closed_nothing_is_entered() {
    let venue = venue();
    let desk = trader(&venue);
    let mut bot = desk.start();
    bot.until_fills(1);
    settle_by(&mut bot, &desk, &venue, |ledger, rest| {
        let open = !position_at(rest).0.is_zero();
        let mut found = differences(ledger, rest);
        found.extend(open.then(|| "a position is open".to_owned()));
        found
    });
    arm(&mut venue.rest(), &json!({"fault": "session_closed"}));
    let tradable = |session: &Value| session["symbols"][0]["tradable"] == true;
    bot.until("the session is closed", |session| !tradable(session));
    let answer = bot.tell(&json!({"command": "resume", "reason": "it is settled"}));
    assert_eq!(answer["ok"], true, "{answer}");
    let orders = books::orders_at(&mut venue.rest());
    let_candles_pass(&mut bot, 4);
    assert_eq!(books::orders_at(&mut venue.rest()), orders);
    clear(&mut venue.rest());
    let session = bot.until("the session is open", tradable);
    bot.until_fills(count(&session["fills"]) + 1);
    bot.stop();
    let ledger = desk.ledger("venue");
    let query = "SELECT count FROM hold_counts WHERE reason = 'session_closed'";
    let counts = rows(&ledger, query, |row| row.get::<_, i64>(0));
    assert!(counts.iter().sum::<i64>() >= 4, "{counts:?}");
}
