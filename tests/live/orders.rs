//! Real orders at the local venue: both books say the same, and the session replays.

use crate::books::{self, differences, settle};
use crate::bot::Desk;
use crate::process::count;
use crate::venue::Venue;
use serde_json::json;

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
    assert_eq!(books::events(&desk.ledger("venue"), "position_differs"), 0);
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

#[test]
fn an_emergency_stop_sells_everything_at_the_venue() {
    let venue = Venue::start(&[]);
    let desk = Desk::real(&venue);
    let mut bot = desk.start();
    bot.until("a position", |session| {
        let symbols = session["symbols"].as_array().expect("symbols");
        symbols.iter().any(|symbol| !symbol["position"].is_null())
    });
    let answer = bot.tell(&json!({"command": "emergency_stop", "close": true}));
    assert_eq!(answer["emergency_stop"], "operator", "{answer}");
    bot.until("flat", |session| {
        let symbols = session["symbols"].as_array().expect("symbols");
        symbols.iter().all(|symbol| symbol["position"].is_null())
    });
    settle(&mut bot, &desk, &venue);
    let held: Vec<_> = books::balances(&mut venue.rest())
        .into_iter()
        .filter(|(currency, total)| currency != "USD" && !total.is_zero())
        .collect();
    assert_eq!(held, []);
    // Halted.
    bot.stop_with(4);
}
