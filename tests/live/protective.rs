//! Stops and targets that rest at the venue: there while the bot is dead, acted on by the venue, and
//! never in the way of another sell.

use crate::books::{self, differences, settle};
use crate::bot::{Bot, Desk, PATIENCE};
use crate::venue::{Rest, Venue};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const OPEN: &str = "/api/v3/brokerage/orders/historical/batch?order_status=OPEN&limit=250";

/// A bot that gives nothing back of itself.
fn holder(venue: &Venue) -> Desk {
    Desk::real(venue).with("strategy.momentum.exit_threshold=1")
}

/// A venue whose market moves as the recording's hours do, in seconds.
pub fn lively(arguments: &[&str]) -> Venue {
    let recording = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/recordings/btc-perp-2018-01-01.mrec"
    );
    let market = [
        "--recording",
        recording,
        "--speed",
        "1000",
        "--history",
        "1",
    ];
    Venue::start(&[&market, arguments].concat())
}

/// A bot with levels that such a market reaches.
fn nervous(venue: &Venue) -> Desk {
    holder(venue)
        .with("trading.symbols=BTC-USD")
        .with("risk.trailing_stop_pct=0.1")
        .with("trading.slippage_tolerance_pct=5")
        .with("risk.price_collar_pct=20")
}

/// Balances of an account that holds bitcoin.
const BITCOIN: [&str; 4] = ["--balance", "USD=100000", "--balance", "BTC=0.5"];

/// What the account holds is taken over, and no strategy sells it.
fn keeper(desk: Desk) -> Desk {
    desk.with("exchange.adopt_foreign=true")
        .with("trading.symbols=BTC-USD")
        .with("trading.interval=1h")
}

/// Protective orders that rest at the venue: client id, product, form, size.
fn resting(rest: &mut Rest) -> Vec<[String; 4]> {
    let page = rest.get(OPEN);
    let orders = page["orders"].as_array().expect("orders").iter();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut found: Vec<_> = orders
        .filter(|order| text(&order["client_order_id"]).ends_with("-p"))
        .map(|order| {
            let form = order["order_configuration"].as_object().expect("a form");
            let (form, fields) = form.iter().next().expect("one form");
            let size = text(&fields["base_size"]);
            [
                text(&order["client_order_id"]),
                text(&order["product_id"]),
                form.clone(),
                size,
            ]
        })
        .collect();
    found.sort();
    found
}

/// Waits until the bot holds something, all of it guarded by one order each; returns these.
fn all_guarded(bot: &mut Bot, venue: &Venue) -> Vec<[String; 4]> {
    let mut rest = venue.rest();
    let deadline = Instant::now() + PATIENCE;
    loop {
        let session = bot.session();
        let symbols = session["symbols"].as_array().expect("symbols");
        let held: Vec<&str> = symbols
            .iter()
            .filter(|symbol| !symbol["position"].is_null())
            .map(|symbol| symbol["symbol"].as_str().expect("a name"))
            .collect();
        let found = resting(&mut rest);
        let mut guarded: Vec<&str> = found.iter().map(|order| order[1].as_str()).collect();
        guarded.sort_unstable();
        if !held.is_empty() && held == guarded {
            return found;
        }
        assert!(Instant::now() < deadline, "{found:?} for {held:?}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Has everything sold for the operator and compares the books.
fn sell_all(mut bot: Bot, desk: &Desk, venue: &Venue) {
    bot.tell(&json!({"command": "emergency_stop", "close": true}));
    bot.until("flat", |session| {
        let symbols = session["symbols"].as_array().expect("symbols");
        symbols.iter().all(|symbol| symbol["position"].is_null())
    });
    settle(&mut bot, desk, venue);
    assert_eq!(resting(&mut venue.rest()), [] as [[String; 4]; 0]);
    bot.stop_with(4);
    let ledger = desk.ledger("venue");
    assert_eq!(differences(&ledger, &mut venue.rest()), [""; 0]);
    assert_eq!(books::events(&ledger, "inconsistency"), 0);
    assert_eq!(books::events(&ledger, "unprotected"), 0);
}

#[test]
fn positions_are_guarded_while_the_bot_is_dead_and_the_orders_are_known_again() {
    let venue = Venue::start(&[]);
    let desk = holder(&venue);
    let mut bot = desk.start();
    let before = all_guarded(&mut bot, &venue);
    assert!(
        before.iter().all(|order| order[2] == "trigger_bracket_gtc"),
        "{before:?}"
    );
    bot.kill();
    // What was on its way meanwhile arrives.
    std::thread::sleep(Duration::from_millis(500));
    let left = resting(&mut venue.rest());
    let mut bot = desk.start();
    bot.until("reconciled", |session| session["reconciled"] == true);
    all_guarded(&mut bot, &venue);
    sell_all(bot, &desk, &venue);
    // Those that were left are known: none was placed beside them, none forgotten.
    assert!(!left.is_empty(), "of {before:?}");
    let ledger = desk.ledger("venue");
    for order in left {
        assert_eq!(books::orders_named(&ledger, &order[0]), 1, "{order:?}");
    }
}

#[test]
fn a_product_without_brackets_gets_a_stop_limit_order() {
    let venue = Venue::start(&["--fault", "no_bracket"]);
    let desk = holder(&venue);
    let mut bot = desk.start();
    let orders = all_guarded(&mut bot, &venue);
    assert!(
        orders
            .iter()
            .all(|order| order[2] == "stop_limit_stop_limit_gtc"),
        "{orders:?}"
    );
    sell_all(bot, &desk, &venue);
}

#[test]
fn a_product_that_takes_neither_is_watched_by_the_bot_which_says_so() {
    let venue = lively(&["--fault", "no_bracket", "--fault", "no_stop_limit"]);
    let desk = nervous(&venue);
    let mut bot = desk.start();
    assert!(
        !bot.process
            .lines_with("watched by the bot alone")
            .is_empty()
    );
    let ledger = desk.ledger("venue");
    bot.until("a stop of the bot's own", |_| {
        books::orders_because(&ledger, "stop_loss") > 0
    });
    assert_eq!(resting(&mut venue.rest()), [] as [[String; 4]; 0]);
    sell_all(bot, &desk, &venue);
}

/// The candles before its trades are asked for and do not come: its stop is watched all the same.
#[test]
fn a_position_is_watched_while_its_candles_are_not_answered() {
    let venue = lively(&[]);
    let mut rest = venue.rest();
    let path = "/api/v3/brokerage/market/products/BTC-USD/candles";
    let holds = |session: &Value| !session["symbols"][0]["position"].is_null();
    let stopped = |desk: &Desk| books::orders_because(&desk.ledger("venue"), "stop_loss");
    // A close may be on its way when the bot is killed: then once more.
    for _ in 0..10 {
        for fault in ["no_bracket", "no_stop_limit"] {
            books::arm(&mut rest, &json!({ "fault": fault }));
        }
        let desk = nervous(&venue);
        let mut bot = desk.start();
        bot.until("a position", holds);
        bot.kill();
        let before = stopped(&desk);
        books::arm(&mut rest, &json!({"fault": "server_error", "path": path}));
        // A minute, because candles of a second are made of trades alone.
        let desk = desk.with("trading.interval=1m");
        let mut bot = desk.start();
        let session = bot.until("left", |session| {
            session["reconciled"] == true && !holds(session)
        });
        assert_eq!(session["symbols"][0]["candles"], 0, "{session}");
        books::clear(&mut rest);
        settle(&mut bot, &desk, &venue);
        let hash = bot.stop();
        desk.replay_is_identical(&hash);
        if stopped(&desk) > before {
            return;
        }
    }
    panic!("no stop was left to the second process");
}

#[test]
fn a_stop_or_target_that_was_reached_while_the_bot_was_dead_is_booked_at_its_start() {
    let venue = lively(&[]);
    let desk = holder(&venue)
        .with("trading.symbols=BTC-USD")
        .with("trading.slippage_tolerance_pct=5");
    // A close of the strategy may be on its way when the bot is killed: then once more.
    for _ in 0..10 {
        let mut bot = desk.start();
        all_guarded(&mut bot, &venue);
        bot.kill();
        let (mut rest, deadline) = (venue.rest(), Instant::now() + PATIENCE);
        while !resting(&mut rest).is_empty() {
            assert!(Instant::now() < deadline, "the market never came there");
            std::thread::sleep(Duration::from_millis(100));
        }
        let mut bot = desk.start();
        bot.until("reconciled", |session| session["reconciled"] == true);
        settle(&mut bot, &desk, &venue);
        let hash = bot.stop();
        let ledger = desk.ledger("venue");
        assert_eq!(differences(&ledger, &mut rest), [""; 0]);
        assert_eq!(books::differing_positions(&ledger), 0);
        desk.replay_is_identical(&hash);
        if books::protective_filled(&ledger) > 0 {
            return;
        }
    }
    panic!("no protective order filled");
}

#[test]
fn a_venue_whose_stops_sleep_is_not_waited_for() {
    // A level that is reached before its order rests is the bot's own matter: then once more.
    for _ in 0..10 {
        let venue = lively(&[&BITCOIN[..], &["--fault", "stops_asleep"]].concat());
        let desk = keeper(nervous(&venue))
            .with("risk.default_stop_loss_pct=1")
            .with("risk.trailing_stop_pct=20");
        let mut bot = desk.start();
        let ledger = desk.ledger("venue");
        bot.until("taken over", |_| {
            books::events(&ledger, "position_adopted") > 0
        });
        bot.until("left again", |session| {
            session["symbols"][0]["position"].is_null()
        });
        let mut rest = venue.rest();
        assert_eq!(resting(&mut rest), [] as [[String; 4]; 0]);
        assert_eq!(books::balances(&mut rest)["BTC"], books::decimal("0"));
        let hash = bot.stop();
        desk.replay_is_identical(&hash);
        if books::events(&ledger, "protection_guard") > 0 {
            return;
        }
    }
    panic!("the guard never closed");
}
