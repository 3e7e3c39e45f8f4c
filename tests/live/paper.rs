//! Paper trading on live data: the whole way from the subscription to an identical replay.

use crate::bot::{Desk, connection, is_whole};
use crate::frames::{entries, session_folder};
use crate::process::count;
use crate::venue::Venue;

#[test]
fn a_session_on_paper_ends_complete_and_replays_to_the_same_state() {
    let venue = Venue::start(&[]);
    let desk = Desk::paper(&venue);
    let mut bot = desk.start();
    bot.until("whole", is_whole);
    let session = bot.until_fills(4);
    assert_eq!(session["execution"], "paper");
    assert!(count(&session["frames"]) > 0 && session["frames_refused"] == 0);
    let hash = bot.stop();
    let ledger = desk.ledger("paper");
    let query = "SELECT status || ' ' || mode FROM sessions";
    let told: String = ledger.query_row(query, [], |row| row.get(0)).unwrap();
    assert_eq!(told, "complete paper");
    desk.replay_is_identical(&hash);
    let orders = venue.rest().get("/venue/status")["orders"].clone();
    assert_eq!(orders, 0, "paper orders stay at home");
}

#[test]
fn candles_from_before_are_asked_for_and_count_at_once() {
    let venue = Venue::start(&["--history", "3"]);
    let desk = Desk::paper(&venue)
        .with("trading.interval=1m")
        .with("exchange.rate_limit_requests=100");
    let mut bot = desk.start();
    let session = bot.until("candles of 150 minutes", |session| {
        let symbols = session["symbols"].as_array().expect("symbols");
        symbols
            .iter()
            .all(|s| s["candles"].as_u64().is_some_and(|candles| candles >= 150))
    });
    assert_eq!(count(&connection(&session, "market")["subscribed"]), 1);
    let hash = bot.stop();
    desk.replay_is_identical(&hash);
}

/// What looks at candles of 1, 4 and 12 h is given the venue's own before the session's.
#[test]
fn longer_candles_come_before_the_sessions_own() {
    let venue = Venue::start(&["--history", "480"]);
    let desk = Desk::paper(&venue)
        .with("strategy.type=vumanchu")
        .with("trading.interval=1m")
        .with("exchange.rate_limit_requests=100");
    let mut bot = desk.start();
    bot.until("candles", |session| {
        let symbols = session["symbols"].as_array().expect("symbols");
        symbols.iter().all(|s| count(&s["candles"]) >= 1000)
    });
    let hash = bot.stop();
    desk.replay_is_identical(&hash);
    let told = entries(&desk, &session_folder(&desk), "history");
    let told: Vec<_> = told
        .iter()
        .map(|line| {
            let (interval, candles) = (&line["d"]["interval"], &line["d"]["candles"]);
            let candles = candles.as_array().expect("candles").len();
            (interval.as_str().expect("its name").to_owned(), candles)
        })
        .collect();
    assert_eq!(told.len(), 9, "three of each of three symbols: {told:?}");
    for lengths in told.chunks(3) {
        let names = [&lengths[0].0, &lengths[1].0, &lengths[2].0];
        assert_eq!(names, ["6h", "1h", "1m"]);
        assert!(lengths[0].1 >= 79 && lengths[1].1 == 300, "{lengths:?}");
    }
}

#[test]
fn a_second_session_goes_on_with_the_account_of_the_first() {
    let venue = Venue::start(&[]);
    let desk = Desk::paper(&venue);
    let mut bot = desk.start();
    let session = bot.until_fills(2);
    let fills = count(&session["fills"]) as i64;
    bot.kill();
    let mut bot = desk.start();
    bot.until_fills(2);
    let hash = bot.stop();
    let ledger = desk.ledger("paper");
    // A session that was killed says no more than that it ran.
    let query = "SELECT group_concat(status, ' ') FROM (SELECT status FROM sessions ORDER BY id)";
    let told: String = ledger.query_row(query, [], |row| row.get(0)).unwrap();
    assert_eq!(told, "running complete");
    let all: i64 = ledger
        .query_row("SELECT count(*) FROM fills", [], |row| row.get(0))
        .unwrap();
    assert!(all >= fills, "no fill of the first is lost: {all}");
    assert_eq!(desk.recordings().len(), 2);
    desk.replay_is_identical(&hash);
}
