//! Starts that are refused, and how they say so.

use crate::books::arm;
use crate::bot::{Desk, PATIENCE, is_whole};
use crate::process::Process;
use crate::venue::Venue;
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

/// The venue's settings for a client, with its lines changed.
fn client(venue: &Venue, desk: &Desk, change: impl Fn(&str) -> String) -> std::path::PathBuf {
    let text = std::fs::read_to_string(venue.settings_file()).expect("it can be read");
    let lines: Vec<String> = text.lines().map(change).collect();
    let path = desk.folder.write("client.env", lines.join("\n"));
    let private = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(&path, private).expect("it is ours");
    path
}

#[test]
fn without_a_key_nothing_is_opened() {
    let venue = Venue::start(&[]);
    let desk = Desk::real(&venue);
    let file = client(&venue, &desk, |line| match line.starts_with("CDP_") {
        true => String::new(),
        false => line.to_owned(),
    });
    let desk = desk.client(file);
    let (status, _, stderr) = desk.run(&["trade"]);
    assert_eq!(status, Some(78), "{stderr}");
    assert!(stderr.contains("cdp_api_key_name"), "{stderr}");
    assert!(!desk.folder.file("data").exists());
}

#[test]
fn a_key_file_that_is_none_is_named_without_its_content() {
    let venue = Venue::start(&[]);
    let desk = Desk::real(&venue);
    let wrong = desk.folder.write("wrong.pem", "no-key-but-a-secret\n");
    let private = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(&wrong, private).expect("it is ours");
    let file = client(&venue, &desk, |line| {
        match line.starts_with("CDP_PRIVATE_KEY_FILE=") {
            true => format!("CDP_PRIVATE_KEY_FILE={}", wrong.display()),
            false => line.to_owned(),
        }
    });
    let desk = desk.client(file);
    let (status, _, stderr) = desk.run(&["trade"]);
    assert_eq!(status, Some(78), "{stderr}");
    assert!(stderr.contains("cdp_private_key"), "{stderr}");
    assert!(!stderr.contains("no-key-but-a-secret"), "{stderr}");
    assert!(!desk.folder.file("data").exists());
}

#[test]
fn a_key_that_the_venue_does_not_know_ends_the_start() {
    let (venue, other) = (Venue::start(&[]), Venue::start(&[]));
    let desk = Desk::real(&venue);
    let key = std::fs::read_to_string(other.settings_file()).expect("it can be read");
    let key = key
        .lines()
        .find(|line| line.starts_with("CDP_PRIVATE_KEY_FILE="))
        .expect("a key");
    let file = client(&venue, &desk, |line| {
        match line.starts_with("CDP_PRIVATE_KEY_FILE=") {
            true => key.to_owned(),
            false => line.to_owned(),
        }
    });
    let desk = desk.client(file);
    let (status, _, stderr) = desk.run(&["trade"]);
    assert_eq!(status, Some(1), "{stderr}");
    assert!(stderr.contains("refuses the key"), "{stderr}");
}

#[test]
fn a_second_bot_of_the_same_ledger_names_the_first() {
    let venue = Venue::start(&[]);
    let desk = Desk::real(&venue);
    let bot = desk.start();
    let (status, _, stderr) = desk.run(&["trade"]);
    assert_eq!(status, Some(1), "{stderr}");
    let pid = bot.process.id().to_string();
    assert!(stderr.contains(&pid), "{pid} in {stderr}");
    assert_eq!(bot.status()["pid"], bot.process.id(), "it still answers");
    bot.stop();
}

/// What the exchange asked an earlier process for holds for the questions of the next start too.
#[test]
fn a_start_keeps_the_quiet_that_an_earlier_process_was_asked_for() {
    let venue = Venue::start(&[]);
    let desk = Desk::paper(&venue)
        .with("exchange.rate_limit_requests=1000")
        .with("data.cache_ttl_seconds=1")
        .with("orderbook.snapshot_recovery_interval_ms=1000");
    let mut bot = desk.start();
    bot.until("whole", is_whole);
    let path = "/api/v3/brokerage/market/product_book";
    let fault = json!({"fault": "too_many_requests", "path": path, "ms": 60_000, "count": 1});
    arm(&mut venue.rest(), &fault);
    bot.until("asked for quiet", |session| {
        session["calls"]["rate_limited"].as_u64() > Some(0)
    });
    bot.stop();
    let mut process = Process::start(desk.minnow(&["trade"]), "asked for quiet");
    std::thread::sleep(Duration::from_millis(500));
    assert!(process.lines_with("session begins").is_empty());
    process.signal(libc::SIGTERM);
    assert_eq!(process.wait().code(), Some(0));
}

/// The same where the one before was killed before its session began.
#[test]
fn a_start_that_is_killed_while_it_is_asked_for_quiet_leaves_word_of_it() {
    let venue = Venue::start(&[]);
    let path = "/api/v3/brokerage/orders/preview";
    let fault = json!({"fault": "too_many_requests", "path": path, "ms": 60_000, "count": 1});
    arm(&mut venue.rest(), &fault);
    let desk = Desk::real(&venue);
    let killed = Process::start(desk.minnow(&["trade"]), "asks for quiet");
    let deadline = Instant::now() + PATIENCE;
    let known = "SELECT count(*) FROM limits WHERE name = 'exchange_quiet'";
    let known = || desk.ledger("venue").query_row(known, [], |row| row.get(0));
    while known() != Ok(1) {
        assert!(Instant::now() < deadline, "the ledger does not know of it");
        std::thread::sleep(Duration::from_millis(20));
    }
    killed.signal(libc::SIGKILL);
    drop(killed);
    for (verb, status) in [("trade", 0), ("balance", 130), ("orders", 130)] {
        let mut process = Process::start(desk.minnow(&[verb]), "asked for quiet");
        process.signal(libc::SIGTERM);
        assert_eq!(process.wait().code(), Some(status), "{verb}");
    }
}

/// Too many requests say nothing about the question: the product's protective orders are asked for again.
#[test]
fn a_start_that_is_told_to_wait_asks_again_and_loses_no_protection() {
    let venue = Venue::start(&[]);
    let path = "/api/v3/brokerage/orders/preview";
    let fault = json!({"fault": "too_many_requests", "path": path, "ms": 1_000, "count": 5});
    arm(&mut venue.rest(), &fault);
    let desk = Desk::real(&venue);
    let mut bot = desk.start();
    let forms = bot.process.lines_with("rest at the exchange in one order");
    assert_eq!(forms.len(), 3, "{:#?}", bot.process.lines_with(""));
    bot.kill();
}

/// The file stands above a resume until it is removed.
#[test]
fn a_resume_beside_the_halt_file_is_refused() {
    let venue = Venue::start(&[]);
    let desk = Desk::paper(&venue);
    let mut bot = desk.start();
    bot.until("whole", is_whole);
    desk.folder.write("data/HALT", "");
    let stop = bot.tell(&json!({"command": "emergency_stop"}));
    assert_eq!(stop["ok"], true, "{stop}");
    let resume = json!({"command": "resume", "reason": "it is over, I think"});
    let refused = bot.tell(&resume);
    assert_eq!(refused["ok"], false, "{refused}");
    assert!(
        refused["error"]
            .as_str()
            .is_some_and(|text| text.contains("HALT")),
        "{refused}"
    );
    std::fs::remove_file(desk.folder.file("data/HALT")).expect("it is there");
    let resumed = bot.tell(&resume);
    assert_eq!(
        (&resumed["ok"], &resumed["emergency_stop"]),
        (&json!(true), &Value::Null)
    );
    bot.kill();
}
