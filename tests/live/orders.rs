//! Real orders at the local venue: both books say the same, and the session replays.

use crate::books::{self, differences, settle};
use crate::bot::{Bot, Desk, PATIENCE};
use crate::process::count;
use crate::venue::Venue;
use serde_json::{Value, json};
use std::time::Duration;

#[test]
fn ledger_and_venue_agree_and_the_session_replays_to_the_same_state() {
    let venue = Venue::start(&[]);
    let desk = Desk::real(&venue);
    let mut bot = desk.start();
    let session = bot.until_fills(6);
    assert_eq!(session["execution"], "venue");
    settle(&mut bot, &desk, &venue);
    let hash = bot.stop();
    let ledger = desk.ledger("venue");
    assert_eq!(differences(&ledger, &mut venue.rest()), [""; 0]);
    assert!(books::orders_in(&ledger, "filled") >= 6);
    assert_eq!(books::events(&ledger, "inconsistency"), 0);
    desk.replay_is_identical(&hash);
}

#[test]
fn a_restart_goes_on_with_the_position_that_the_venue_has() {
    let venue = Venue::start(&[]);
    let desk = Desk::real(&venue);
    let mut bot = desk.start();
    bot.until("a position", |session| {
        let symbols = session["symbols"].as_array().expect("symbols");
        symbols.iter().any(|symbol| !symbol["position"].is_null())
    });
    bot.kill();
    let mut bot = desk.start();
    bot.until_fills(2);
    settle(&mut bot, &desk, &venue);
    let hash = bot.stop();
    assert_eq!(books::differing_positions(&desk.ledger("venue")), 0);
    desk.replay_is_identical(&hash);
}

#[test]
fn partial_fills_become_positions_of_what_was_filled() {
    let venue = Venue::start(&["--fault", "partial_fill"]);
    let desk = Desk::real(&venue);
    let mut bot = desk.start();
    let ledger = desk.ledger("venue");
    bot.until("what is left of an exit is dust", |_| {
        books::events(&ledger, "dust") > 0
    });
    settle(&mut bot, &desk, &venue);
    let hash = bot.stop();
    assert!(books::orders_in(&ledger, "cancelled") > 0, "IOC remainders");
    desk.replay_is_identical(&hash);
}

#[test]
fn an_answer_that_is_lost_costs_no_order_and_doubles_none() {
    let venue = Venue::start(&[]);
    let desk = Desk::real(&venue);
    let mut bot = desk.start();
    bot.until_fills(1);
    let mut rest = venue.rest();
    let path = "/api/v3/brokerage/orders";
    let fault = json!({"fault": "answer_lost", "path": path, "chance": 0.5, "count": 6});
    books::arm(&mut rest, &fault);
    let session = bot.session();
    bot.until_fills(count(&session["fills"]) + 6);
    books::clear(&mut rest);
    assert!(books::struck(&mut rest, "answer_lost") > 0);
    settle(&mut bot, &desk, &venue);
    let hash = bot.stop();
    desk.replay_is_identical(&hash);
}

/// The end was to close what is held, and the venue leaves the order lying.
#[test]
fn an_end_that_leaves_something_open_says_what_and_has_status_3() {
    let venue = Venue::start(&[]);
    let desk = holder(&venue).with("trading.on_shutdown=close");
    let mut bot = desk.start();
    bot.until("a position", |session| positions(session) > 0);
    let mut rest = venue.rest();
    books::arm(&mut rest, &json!({"fault": "frozen_order"}));
    bot.process.signal(libc::SIGTERM);
    assert_eq!(bot.process.wait().code(), Some(3));
    let told = bot.process.lines_with("unresolved: ");
    let tells = |text: &str| told.iter().any(|line| line.contains(text));
    assert!(tells("order ") && tells("is held"), "{told:#?}");
    books::clear(&mut rest);
    // What came of it is found out by the next one.
    let desk = desk.with("trading.on_shutdown=keep");
    let mut bot = desk.start();
    bot.until("reconciled", |session| session["reconciled"] == true);
    settle(&mut bot, &desk, &venue);
    assert_eq!(
        differences(&desk.ledger("venue"), &mut venue.rest()),
        [""; 0]
    );
    bot.kill();
}

fn positions(session: &Value) -> usize {
    let symbols = session["symbols"].as_array().expect("symbols");
    symbols.iter().filter(|s| !s["position"].is_null()).count()
}

/// A bot that gives nothing back of itself: what closes a position here is what is tested.
fn holder(venue: &Venue) -> Desk {
    Desk::real(venue).with("strategy.momentum.exit_threshold=1")
}

/// Waits until bot and venue hold nothing, closed for the operator, and the bot ends as one that was
/// halted.
fn ends_halted_and_flat(mut bot: Bot, desk: &Desk, venue: &Venue) {
    bot.until("flat", |session| positions(session) == 0);
    settle(&mut bot, desk, venue);
    let held: Vec<_> = books::balances(&mut venue.rest())
        .into_iter()
        .filter(|(currency, total)| currency != "USD" && !total.is_zero())
        .collect();
    assert_eq!(held, []);
    assert!(books::orders_because(&desk.ledger("venue"), "operator") > 0);
    bot.stop_with(4);
}

#[test]
fn an_emergency_stop_sells_everything_at_the_venue() {
    let venue = Venue::start(&[]);
    let desk = holder(&venue);
    let mut bot = desk.start();
    bot.until("a position", |session| positions(session) > 0);
    // Nothing said about positions: `risk.emergency_close` has them closed.
    let answer = bot.tell(&json!({"command": "emergency_stop"}));
    assert_eq!(answer["emergency_stop"], "operator", "{answer}");
    ends_halted_and_flat(bot, &desk, &venue);
}

/// A bot that was stopped with its positions kept, some candles later.
fn stopped_with_a_position(desk: &Desk) -> Bot {
    let mut bot = desk.start();
    bot.until("a position", |session| positions(session) > 0);
    let answer = bot.tell(&json!({"command": "emergency_stop", "close": false}));
    assert_eq!(answer["emergency_stop"], "operator", "{answer}");
    let decisions = count(&bot.session()["decisions"]);
    let session = bot.until("some more candles", |session| {
        count(&session["decisions"]) > decisions + 6
    });
    assert!(positions(&session) > 0, "kept: {session}");
    assert_eq!(books::orders_because(&desk.ledger("venue"), "operator"), 0);
    bot
}

#[test]
fn a_signal_sells_what_an_earlier_emergency_stop_left() {
    let venue = Venue::start(&[]);
    let desk = holder(&venue);
    let bot = stopped_with_a_position(&desk);
    bot.process.signal(libc::SIGUSR2);
    ends_halted_and_flat(bot, &desk, &venue);
}

/// A bot that holds a position and is killed.
fn killed_with_a_position(desk: &Desk) {
    let mut bot = desk.start();
    bot.until("a position", |session| positions(session) > 0);
    bot.kill();
}

#[test]
fn a_halt_file_at_the_start_sells_what_the_session_before_held() {
    let venue = Venue::start(&[]);
    let desk = holder(&venue);
    killed_with_a_position(&desk);
    std::fs::write(desk.folder.file("data/HALT"), "").expect("the file is written");
    let bot = desk.start();
    ends_halted_and_flat(bot, &desk, &venue);
}

#[test]
fn a_halt_file_sells_what_an_earlier_emergency_stop_left() {
    let venue = Venue::start(&[]);
    let desk = holder(&venue)
        .with("risk.default_stop_loss_pct=9")
        .with("risk.default_take_profit_pct=15");
    killed_with_a_position(&desk);
    // Nothing but the file, looked for every 30 s, may close it: hardly an hour ends meanwhile.
    let desk = desk.with("trading.interval=1h");
    let mut bot = desk.start();
    bot.until("reconciled", |session| session["reconciled"] == true);
    bot.tell(&json!({"command": "emergency_stop", "close": false}));
    assert!(positions(&bot.session()) > 0, "kept");
    std::fs::write(desk.folder.file("data/HALT"), "").expect("the file is written");
    ends_halted_and_flat(bot, &desk, &venue);
}

#[test]
fn a_halt_file_that_cannot_be_looked_for_stops_entries_and_sells_nothing() {
    let venue = Venue::start(&[]);
    let desk = holder(&venue);
    killed_with_a_position(&desk);
    // A link to itself: nobody can follow it.
    let file = desk.folder.file("data/HALT");
    std::os::unix::fs::symlink("HALT", &file).expect("the link is made");
    let mut bot = desk.start();
    let session = bot.until("reconciled", |session| session["reconciled"] == true);
    assert_eq!(session["emergency_stop"], "operator", "{session}");
    let decisions = count(&session["decisions"]);
    bot.until("some more candles", |session| {
        count(&session["decisions"]) > decisions + 6
    });
    assert_eq!(books::orders_because(&desk.ledger("venue"), "operator"), 0);
    bot.stop_with(4);
}

#[test]
fn while_the_ledger_refuses_nothing_is_sent_and_afterwards_nothing_is_missing() {
    let venue = Venue::start(&[]);
    let desk = Desk::real(&venue);
    let mut bot = desk.start();
    bot.until_fills(2);
    // Another program holds the file: every commit is refused.
    let path = desk.folder.file("data/venue.sqlite");
    let other = rusqlite::Connection::open(path).expect("the ledger opens");
    other.busy_timeout(PATIENCE).expect("a time-out");
    other.execute_batch("BEGIN IMMEDIATE").expect("it is held");
    bot.process.wait_for_line("the ledger refuses");
    let orders = books::orders_at(&mut venue.rest());
    std::thread::sleep(Duration::from_secs(5));
    assert_eq!(
        books::orders_at(&mut venue.rest()),
        orders,
        "nothing is sent"
    );
    let again = bot.process.lines_with("the ledger refuses");
    assert_eq!(again, [""; 0], "told once");
    other.execute_batch("ROLLBACK").expect("it is free");
    bot.process.wait_for_line("the ledger takes rows again");
    let answer = bot.tell(&json!({"command": "resume", "reason": "the ledger is free again"}));
    assert_eq!(answer["emergency_stop"], json!(null), "{answer}");
    settle(&mut bot, &desk, &venue);
    let hash = bot.stop();
    assert_eq!(
        differences(&desk.ledger("venue"), &mut venue.rest()),
        [""; 0]
    );
    desk.replay_is_identical(&hash);
}

#[test]
fn a_stop_waits_for_the_answer_to_an_order() {
    let venue = Venue::start(&[]);
    let desk = Desk::real(&venue);
    let mut bot = desk.start();
    bot.until_fills(1);
    let slow = json!({"fault": "slow_answer", "ms": 500, "path": "/api/v3/brokerage/orders"});
    books::arm(&mut venue.rest(), &slow);
    let before = bot.session()["orders"].as_u64();
    bot.until("an order on its way", |session| {
        session["orders"].as_u64() > before
    });
    // Status 3 would say that an order was left in doubt.
    bot.stop();
    let ledger = desk.ledger("venue");
    assert_eq!(books::orders_in(&ledger, "sent"), 0);
    assert_eq!(books::orders_in(&ledger, "unknown"), 0);
    assert_eq!(differences(&ledger, &mut venue.rest()), [""; 0]);
}
