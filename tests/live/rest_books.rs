//! Books by REST: asked for where level 2 is off, seen in the status, recorded by what they say, and
//! never mistaken for empty ones.

use crate::books::{arm, clear, struck};
use crate::bot::{Bot, Desk, connection, is_whole};
use crate::process::count;
use crate::venue::Venue;
use serde_json::{Value, json};

const PATH: &str = "/api/v3/brokerage/market/product_book";
/// Counts the calls for books at the venue and does no harm.
const COUNTER: &str = "slow_answer,ms=1,path=/api/v3/brokerage/market/product_book";

/// Books are wanted each second.
fn hasty(venue: &Venue) -> Desk {
    Desk::paper(venue)
        .with("exchange.rate_limit_requests=1000")
        .with("data.cache_ttl_seconds=1")
        .with("orderbook.snapshot_recovery_interval_ms=1000")
}

fn taken(session: &Value) -> u64 {
    count(&session["book_calls"]["taken"])
}

fn asked_at(venue: &Venue) -> u64 {
    struck(&mut venue.rest(), "slow_answer")
}

fn symbols(session: &Value) -> &Vec<Value> {
    session["symbols"].as_array().expect("symbols")
}

/// How often an entry was held for this reason.
fn held(desk: &Desk, reason: &str) -> i64 {
    let query = "SELECT coalesce(sum(count), 0) FROM hold_counts WHERE reason = ?1";
    let ledger = desk.ledger("paper");
    ledger.query_row(query, [reason], |row| row.get(0)).unwrap()
}

#[test]
fn a_book_of_fifty_levels_a_symbol_is_used_and_the_session_replays_to_the_same_state() {
    let venue = Venue::start(&["--history", "0", "--fault", COUNTER]);
    // The spread of BTC-USD at the price it begins with: each move across it is news for the core.
    let desk = hasty(&venue).with("orderbook.max_spread_bps=1.0");
    let mut bot = desk.start();
    let session = bot.until("books", |session| {
        let whole = |symbol: &Value| {
            let book = &symbol["book_levels"];
            book["bids"] == 50 && book["asks"] == 50
        };
        is_whole(session)
            && symbols(session).iter().all(whole)
            && taken(session) >= 9
            && count(&session["books"]["quotes"]) >= 1
    });
    assert_eq!(session["books"]["levels_refused"], 0, "{session:#}");
    assert_eq!(session["books"]["problems"], 0, "{session:#}");
    let connections = session["connections"].as_array().expect("connections");
    assert_eq!(connections.len(), 1, "none for books");
    assert_eq!(connection(&session, "market")["lost"], 0);
    assert!(asked_at(&venue) >= count(&session["book_calls"]["asked"]) - 1);
    let hash = bot.stop();
    desk.replay_is_identical(&hash);
}

/// Until books have come, and others after them.
fn until_answered(bot: &mut Bot, more: u64) -> Value {
    let before = taken(&bot.session());
    bot.until("books", |session| taken(session) >= before + more)
}

#[test]
fn failed_and_old_answers_are_counted_and_the_book_that_is_known_stays() {
    let venue = Venue::start(&[]);
    let desk = hasty(&venue);
    let mut bot = desk.start();
    until_answered(&mut bot, 6);
    let mut rest = venue.rest();
    for (fault, counted) in [
        (json!({"fault": "server_error", "path": PATH}), "failed"),
        (json!({"fault": "answer_lost", "path": PATH}), "failed"),
        // Its books are of yesterday.
        (json!({"fault": "wrong_clock", "ms": -86_400_000}), "stale"),
    ] {
        let before = count(&bot.session()["book_calls"][counted]);
        arm(&mut rest, &fault);
        let session = bot.until(counted, |session| {
            count(&session["book_calls"][counted]) > before
        });
        clear(&mut rest);
        for symbol in symbols(&session) {
            assert_eq!(symbol["book_levels"]["bids"], 50, "{session:#}");
        }
        until_answered(&mut bot, 3);
    }
    let session = bot.session();
    assert_eq!(session["books"]["problems"], 0, "none was taken as empty");
    assert_eq!(session["calls"]["retried"], 0, "a later one is asked for");
    let hash = bot.stop();
    assert_eq!(held(&desk, "stale:book"), 0, "nothing was held for it");
    desk.replay_is_identical(&hash);
}

#[test]
fn with_level_2_no_book_is_asked_for_and_the_stream_has_it() {
    let venue = Venue::start(&["--fault", COUNTER]);
    let desk = hasty(&venue).with("orderbook.enabled=true");
    let mut bot = desk.start();
    bot.until("books by stream", |session| {
        let has_price = |symbol: &Value| symbol["book"] == Value::Null;
        is_whole(session)
            && count(&session["books"]["snapshots"]) >= 3
            && symbols(session).iter().all(has_price)
    });
    let session = bot.until_fills(2);
    assert_eq!(connection(&session, "book")["stage"], "subscribed");
    assert_eq!(session["book_calls"], Value::Null);
    let hash = bot.stop();
    assert_eq!(asked_at(&venue), 0);
    desk.replay_is_identical(&hash);
}

#[test]
fn where_no_book_is_wanted_none_is_asked_for() {
    let venue = Venue::start(&["--fault", COUNTER]);
    let desk = hasty(&venue).with("orderbook.rest_levels=0");
    let mut bot = desk.start();
    bot.until("whole", is_whole);
    let session = bot.until_fills(2);
    assert_eq!(session["books"], Value::Null);
    assert_eq!(session["book_calls"], Value::Null);
    bot.stop();
    assert_eq!(asked_at(&venue), 0);
}
