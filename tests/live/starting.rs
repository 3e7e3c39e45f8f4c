//! A bot that is asked for quiet before its session begins: it is seen, and it is commanded.

use crate::books::arm;
use crate::bot::{Bot, Desk};
use crate::venue::Venue;
use serde_json::{Value, json};

/// A bot whose first question is answered after so many milliseconds.
fn held_up(venue: &Venue, desk: &Desk, ms: u64) -> Bot {
    let path = "/api/v3/brokerage/time";
    let fault = json!({"fault": "too_many_requests", "path": path, "ms": ms, "count": 1});
    arm(&mut venue.rest(), &fault);
    desk.start_to("asks for quiet")
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

#[test]
fn what_a_start_is_told_is_carried_out_first_thing_in_the_session() {
    let venue = Venue::start(&[]);
    let desk = Desk::real(&venue);
    // Longer than any test waits: whoever wants out does not wait for it.
    let mut bot = held_up(&venue, &desk, 600_000);
    let status = bot.status();
    let starting = &status["details"]["starting"];
    assert!(
        text(starting, "waits_for").contains("asks for quiet"),
        "{status}"
    );
    let (_, shown, _) = desk.run(&["status"]);
    assert!(shown.starts_with("starting for"), "{shown}");
    let taken = bot.tell(&json!({"command": "pause"}));
    assert_eq!(
        (&taken["ok"], text(&taken, "text")),
        (&json!(true), "taken: acts when the session begins")
    );
    for refused in [
        json!({"command": "resume", "reason": "all is well again"}),
        json!({"command": "reload"}),
    ] {
        let answer = bot.tell(&refused);
        assert_eq!(answer["ok"], false, "{answer}");
        assert!(text(&answer, "error").contains("starting"), "{answer}");
    }
    let kept = bot.status()["details"]["starting"]["kept"].clone();
    assert_eq!(kept, json!(["pause"]));
    bot.process.signal(libc::SIGUSR2);
    bot.process.wait_for_line("emergency stop by signal");
    bot.process.wait_for_line("no quiet is waited for");
    let session = bot.until("in its session", |session| session["mode"].is_string());
    assert_eq!(
        (&session["mode"], &session["emergency_stop"]),
        (&json!("paused"), &json!("operator"))
    );
    bot.stop_with(4);
}

#[test]
fn a_stop_ends_a_start_as_sigterm_does_and_names_what_is_not_carried_out() {
    let venue = Venue::start(&[]);
    let desk = Desk::paper(&venue);
    let mut bot = held_up(&venue, &desk, 120_000);
    let pause = bot.tell(&json!({"command": "pause"}));
    assert_eq!(pause["ok"], true, "{pause}");
    let (status, _, said) = desk.run(&["ctl", "stop"]);
    assert_eq!(status, Some(0), "{said}");
    assert_eq!(bot.process.wait().code(), Some(0));
    bot.process.wait_for_line("not carried out: pause");
    assert!(!desk.folder.file("data/control.sock").exists());
}

#[test]
fn a_verb_that_waits_says_that_nothing_is_open_only_once_the_session_knows_it() {
    let venue = Venue::start(&[]);
    let desk = Desk::real(&venue);
    // Nor is this waited for.
    let bot = held_up(&venue, &desk, 600_000);
    let (status, _, said) = desk.run(&["close-all", "--yes"]);
    assert_eq!(status, Some(0), "{said}");
    let session = bot.session();
    assert_eq!(
        (&session["mode"], &session["reconciled"], &session["open"]),
        (&json!("paused"), &json!(true), &json!([]))
    );
    bot.stop();
}
