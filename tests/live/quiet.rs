//! What the process takes while it runs: threads, memory, and no wake-up without a reason.

use crate::books::arm;
use crate::bot::{Desk, connection, is_whole};
use crate::process::count;
use crate::venue::Venue;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Resident memory that no session comes near, kB; a build without optimisation included.
const RESIDENT_MAX: u64 = 64 * 1024;

fn resident(process: &crate::process::Process) -> u64 {
    let text = process.status_field("VmRSS").expect("it runs");
    let number = text.trim_end_matches("kB").trim();
    number.parse().expect("a number of kB")
}

#[test]
fn a_session_has_three_threads_and_little_memory() {
    let venue = Venue::start(&[]);
    let desk = Desk::real(&venue);
    let mut bot = desk.start();
    bot.until_fills(4);
    let status = bot.status();
    assert_eq!(status["threads"], 3, "{:?}", bot.process.threads());
    let before = resident(&bot.process);
    let session = bot.session();
    bot.until_fills(count(&session["fills"]) + 10);
    let after = resident(&bot.process);
    assert!(after < RESIDENT_MAX, "{after} kB");
    assert!(after < before + 8 * 1024, "{before} kB, then {after} kB");
    bot.stop();
}

/// Nothing is due and nothing comes: the loop sleeps.
#[test]
fn a_silent_venue_wakes_nobody() {
    let venue = Venue::start(&[]);
    let desk = Desk::paper(&venue)
        .with("trading.interval=1h")
        .with("exchange.rate_limit_requests=1000")
        .with("data.cache_ttl_seconds=1")
        .with("orderbook.snapshot_recovery_interval_ms=1000")
        .with("exchange.websocket_timeout=300")
        .with("data.stale_after_seconds=3600");
    let mut bot = desk.start();
    bot.until("whole, with books", |session| {
        is_whole(session) && count(&session["book_calls"]["taken"]) >= 6
    });
    arm(
        &mut venue.rest(),
        &json!({"fault": "silence", "ms": 600_000}),
    );
    let wake_ups = |status: &Value| count(&status["loop"]["wake_ups"]);
    let frames = |status: &Value| {
        let session = &status["details"]["session"];
        (count(&session["frames"]), count(&session["calls"]["sent"]))
    };
    // Frames already on their way, and what they lead to, are over when two looks agree.
    let deadline = Instant::now() + crate::bot::PATIENCE;
    let mut quiet = bot.status();
    loop {
        std::thread::sleep(Duration::from_secs(2));
        let status = bot.status();
        if frames(&status) == frames(&quiet) {
            quiet = status;
            break;
        }
        assert!(Instant::now() < deadline, "frames keep coming");
        quiet = status;
    }
    // A slow machine comes to the time of a task meanwhile: its deadline, and the end of its job.
    let tasks = |status: &Value| {
        let tasks = status["scheduler"]["tasks"].as_array().expect("tasks");
        tasks.iter().map(|task| count(&task["runs"])).sum::<u64>()
    };
    let sleeps = bot.process.sleeps();
    std::thread::sleep(Duration::from_secs(5));
    let slept = bot.process.sleeps() - sleeps;
    let status = bot.status();
    let due = 2 * (tasks(&status) - tasks(&quiet));
    assert!(slept <= 2 + due, "no thread runs: {slept}");
    assert_eq!(frames(&status), frames(&quiet));
    // The question itself: a client that comes, its line, and that it has gone.
    let woken = wake_ups(&status) - wake_ups(&quiet);
    assert!(woken <= 4 + due, "{woken} wake-ups: {status:#}");
    let session = &status["details"]["session"];
    assert_eq!(connection(session, "market")["stage"], "subscribed");
    bot.stop();
}
