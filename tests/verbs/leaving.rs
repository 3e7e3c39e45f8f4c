//! cancel-all and close-all, with a running bot and without one.

use crate::desk::{Desk, holds};
use crate::process::Process;
use crate::venue::Venue;
use serde_json::json;

fn real(venue: &Venue) -> Desk {
    Desk::eager(venue).with("system.dry_run=false")
}

/// What the venue holds of the symbol.
fn positions(desk: &Desk) -> usize {
    let told = desk.run(&["positions", "--json"]).with(0).json();
    told["positions"].as_array().expect("a list").len()
}

#[test]
fn a_running_bot_is_told_to_leave_and_enters_nothing_until_resumed() {
    let venue = Venue::start(&[]);
    let desk = real(&venue);
    let mut bot = desk.trade();
    desk.until("in a position", holds);
    let ended = desk.run(&["close-all", "--yes"]).with(0);
    assert!(ended.stderr.contains("resume"), "{ended:?}");
    assert_eq!(positions(&desk), 0);
    let session = desk.session();
    assert_eq!(
        (&session["mode"], &session["open"]),
        (&json!("paused"), &json!([]))
    );
    let orders = session["orders"].clone();
    desk.until("deciding on", |now| {
        now["decisions"].as_u64() >= session["decisions"].as_u64().map(|n| n + 4)
    });
    assert_eq!(desk.session()["orders"], orders, "nothing is entered");
    // Nor by the next process.
    bot.signal(libc::SIGTERM);
    bot.wait();
    let mut bot = desk.trade();
    desk.until("deciding on", |now| now["decisions"].as_u64() >= Some(4));
    let session = desk.session();
    assert_eq!(
        (&session["mode"], &session["orders"]),
        (&json!("paused"), &json!(0))
    );
    let orders = session["orders"].clone();
    desk.run(&["ctl", "resume"]).with(0);
    desk.until("trading again", |now| now["orders"] != orders);
    bot.signal(libc::SIGTERM);
    let status = bot.wait().code();
    assert!(matches!(status, Some(0 | 3)), "{status:?}");
}

/// Whatever ends the process, what was answered holds for the next one.
#[test]
fn a_command_that_was_answered_outlives_a_kill_at_that_moment() {
    let venue = Venue::start(&[]);
    let desk = real(&venue);
    for (command, arguments) in [
        ("pause", vec!["ctl", "pause"]),
        ("cancel_all", vec!["cancel-all", "--yes"]),
    ] {
        let mut bot = desk.trade();
        desk.until("in a position", holds);
        desk.run(&arguments).with(0);
        bot.signal(libc::SIGKILL);
        bot.wait();
        let mut bot = desk.trade();
        assert_eq!(desk.session()["mode"], "paused", "{command}");
        desk.run(&["ctl", "resume"]).with(0);
        bot.signal(libc::SIGKILL);
        bot.wait();
    }
    // An emergency stop is left with a reason only, and a refusal is no success.
    let mut bot = desk.trade();
    desk.run(&["ctl", "emergency-stop"]).with(0);
    let refused = desk.run(&["ctl", "resume", "--reason", "x"]).with(1);
    assert!(refused.stderr.contains("8 characters"), "{refused:?}");
    desk.run(&["ctl", "resume", "--reason", "looked at it"])
        .with(0);
    bot.signal(libc::SIGKILL);
    bot.wait();
}

#[test]
fn without_a_bot_a_position_of_a_killed_one_is_closed_and_trading_goes_on_later() {
    let venue = Venue::start(&[]);
    let desk = real(&venue);
    // A bot that leaves just before it is killed has nothing left to close: it is started again.
    let held = (0..5).any(|_| {
        let mut bot = desk.trade();
        desk.until("in a position", holds);
        bot.signal(libc::SIGKILL);
        bot.wait();
        positions(&desk) > 0
    });
    assert!(held, "a killed bot leaves its position");
    let ended = desk.run(&["close-all", "--yes", "--json"]).with(0);
    assert_eq!(ended.json(), json!({ "open": [] }));
    assert_eq!(positions(&desk), 0);
    // Nothing is left to do, and a bot that starts now is not held.
    desk.run(&["close-all", "--yes"]).with(0);
    desk.run(&["cancel-all", "--yes"]).with(0);
    let mut bot = desk.trade();
    assert_eq!(desk.session()["mode"], "running");
    bot.signal(libc::SIGKILL);
    bot.wait();
}

/// What is meant for one account is never told to the bot of another, and not silently left undone.
#[test]
fn a_bot_of_another_account_is_not_told_to_leave() {
    let venue = Venue::start(&[]);
    let desk = real(&venue);
    let mut bot = desk.trade();
    desk.until("in a position", holds);
    let refused = desk.run(&["close-all", "--yes", "--dry-run"]).with(1);
    assert!(refused.stderr.contains("real orders"), "{refused:?}");
    assert_eq!(desk.session()["mode"], "running");
    // Nor does a second bot take its place in the data directory.
    let second = desk.run(&["trade", "--dry-run"]).with(1);
    assert!(second.stderr.contains("another minnow"), "{second:?}");
    assert_eq!(desk.session()["mode"], "running", "it is still reached");
    desk.until("in a position", holds);
    bot.signal(libc::SIGKILL);
    bot.wait();
    // One on paper goes on, and the real positions are left without it.
    let mut paper = Process::start(desk.command(&["trade", "--dry-run"]), "session begins");
    let ended = desk.run(&["close-all", "--yes"]).with(0);
    assert!(ended.stderr.contains("on paper"), "{ended:?}");
    assert_eq!(positions(&desk), 0);
    let session = desk.session();
    assert_eq!(
        (&session["mode"], &session["ledger"]),
        (&json!("running"), &json!("paper"))
    );
    paper.signal(libc::SIGTERM);
    assert_eq!(paper.wait().code(), Some(0));
}

#[test]
fn an_order_that_cannot_be_cancelled_is_named_with_status_3() {
    let venue = Venue::start(&["--fault", "frozen_order"]);
    let desk = real(&venue);
    let mut bot = desk.trade();
    desk.until("with an order at work", |session| {
        session["open"] != json!([])
    });
    let ended = desk.run(&["cancel-all", "--yes", "--timeout", "2"]).with(3);
    assert!(ended.stderr.contains("BTC-USD: order mw"), "{ended:?}");
    bot.signal(libc::SIGKILL);
    bot.wait();
    let ended = desk.run(&["cancel-all", "--yes", "--timeout", "4"]).with(3);
    assert!(ended.stderr.contains("BTC-USD: order mw"), "{ended:?}");
    let mut rest = venue.rest();
    let (status, body) = rest.call("DELETE", "/venue/faults", "");
    assert_eq!(status, 200, "{body}");
    desk.run(&["cancel-all", "--yes"]).with(0);
    let open = desk.run(&["orders", "--json"]).with(0).json();
    assert_eq!(open, json!({ "orders": [] }));
}

#[test]
fn nothing_is_done_without_a_word_of_confirmation() {
    let venue = Venue::start(&[]);
    let desk = real(&venue);
    for verb in ["cancel-all", "close-all"] {
        let ended = desk.run(&[verb]).with(2);
        assert!(ended.stderr.contains("--yes"), "{ended:?}");
    }
    assert!(!desk.folder.file("data").exists());
}

/// Without a bot and without an answer the time that was given is kept to.
#[test]
fn an_exchange_that_does_not_answer_is_waited_for_as_long_as_was_said() {
    let venue = Venue::start(&["--fault", "server_error,path=/api/v3/brokerage/time"]);
    let desk = real(&venue);
    let ended = desk.run(&["close-all", "--yes", "--timeout", "2"]).with(3);
    assert!(ended.stderr.contains("did not answer in time"), "{ended:?}");
}
