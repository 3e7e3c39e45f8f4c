//! doctor: a line for each thing, and status 1 with a problem.

use crate::desk::Desk;
use crate::venue::Venue;
use serde_json::Value;

/// The state and text of the first check of this name.
fn check(found: &Value, name: &str) -> (String, String) {
    let checks = found["checks"].as_array().expect("checks");
    let check = checks.iter().find(|check| check["name"] == name);
    let check = check.unwrap_or_else(|| panic!("{name} in {found:#}"));
    let text = |key: &str| check[key].as_str().expect("a text").to_owned();
    (text("state"), text("text"))
}

#[test]
fn a_sound_setup_has_no_problem_and_every_line_is_there() {
    let venue = Venue::start(&[]);
    let desk = Desk::at(&venue).with("system.dry_run=false");
    let found = desk.run(&["doctor", "--json"]).with(0).json();
    for name in [
        "configuration",
        "data directory",
        "disk",
        "memory",
        "open files",
        "bot",
        "name",
        "stream",
        "calls",
        "clock",
        "key",
        "fees",
        "limits",
        "product",
    ] {
        assert_ne!(check(&found, name).0, "problem", "{name}: {found:#}");
    }
    assert!(check(&found, "key").1.contains("view, trade"), "{found:#}");
    let text = desk.run(&["doctor"]).with(0).stdout;
    assert!(text.contains("nothing stands against trading"), "{text}");
    for secret in ["es256.pem", "ed25519.key"] {
        let key = venue.file(secret);
        let body = key
            .lines()
            .find(|line| !line.starts_with('-'))
            .expect("a key");
        assert!(!text.contains(body), "no part of a key is shown");
    }
}

#[test]
fn a_wrong_clock_a_wrong_key_and_an_unknown_symbol_are_problems() {
    let venue = Venue::start(&["--fault", "wrong_clock,ms=90000"]);
    let found = Desk::at(&venue).run(&["doctor", "--json"]).with(1).json();
    let (state, text) = check(&found, "clock");
    assert_eq!(state, "problem", "{text}");
    assert!(text.contains("set the clock"), "{text}");

    let venue = Venue::start(&[]);
    let desk = Desk::at(&venue);
    let mixed: String = venue
        .file("venue.env")
        .lines()
        .map(|line| match line.strip_prefix("# CDP_API_KEY_NAME=") {
            Some(name) => format!("CDP_API_KEY_NAME={name}\n"),
            None if line.starts_with("CDP_API_KEY_NAME=") => String::new(),
            None => format!("{line}\n"),
        })
        .collect();
    let path = desk.folder.write("mixed.env", mixed);
    let desk = desk
        .with_env_file(path)
        .with("trading.symbols=BTC-USD,DOGE-USD");
    let ended = desk.run(&["doctor", "--json"]).with(1);
    let found = ended.json();
    assert_eq!(check(&found, "key").0, "problem", "{found:#}");
    let (state, text) = check(&found, "product");
    assert!(state == "problem" && text.contains("DOGE-USD"), "{text}");
}

#[test]
fn nobody_at_the_other_end_is_said_for_stream_and_calls() {
    let mut venue = Venue::start(&[]);
    let desk = Desk::at(&venue).with("system.async_timeout=2");
    assert_eq!(venue.stop(), Some(0));
    let found = desk.run(&["doctor", "--json"]).with(1).json();
    assert_eq!(check(&found, "stream").0, "problem");
    assert_eq!(check(&found, "calls").0, "problem");
    assert_eq!(check(&found, "disk").0, "ok");
}

#[test]
fn a_limit_of_requests_is_a_problem_and_not_waited_for() {
    let venue = Venue::start(&["--fault", "too_many_requests,ms=600000"]);
    let found = Desk::at(&venue).run(&["doctor", "--json"]).with(1).json();
    let (state, text) = check(&found, "calls");
    assert_eq!(state, "problem", "{text}");
    assert!(text.contains("limits our requests"), "{text}");
    assert!(text.contains("600 s"), "{text}");
}

#[test]
fn every_connection_that_a_session_opens_is_tried() {
    let venue = Venue::start(&[]);
    let desk = Desk::at(&venue)
        .with("system.dry_run=false")
        .with("orderbook.enabled=true");
    let found = desk.run(&["doctor", "--json"]).with(0).json();
    let (_, text) = check(&found, "stream");
    assert!(text.starts_with("market and book and account,"), "{text}");
    let without = desk.without_key(&venue).with("system.dry_run=true");
    let without = without.with("orderbook.enabled=false");
    let found = without.run(&["doctor", "--json"]).with(0).json();
    let (_, text) = check(&found, "stream");
    assert!(text.starts_with("market,"), "{text}");
}
