//! record: market data into segments that inspect well and replay.

use crate::desk::{Desk, PATIENCE};
use crate::process::Process;
use crate::venue::Venue;
use std::path::PathBuf;
use std::time::{Duration, Instant};

fn recorded(desk: &Desk) -> PathBuf {
    let mut found = std::fs::read_dir(desk.folder.file("data/recordings")).expect("recordings");
    found.next().expect("one").expect("an entry").path()
}

#[test]
fn the_market_is_recorded_through_a_reconnect_and_replays() {
    let venue = Venue::start(&["--fault", "disconnect,after=8,count=1"]);
    let desk = Desk::eager(&venue).with("trading.symbols=BTC-USD,ETH-USD");
    let mut record = Process::start(desk.command(&["record"]), "recording begins");
    record.wait_for_line("connection lost");
    record.wait_for_line("subscribed");
    let status = |wanted: u64| {
        let deadline = Instant::now() + PATIENCE;
        move |record: &mut Process| loop {
            let trades = record.dump()["details"]["record"]["trades"].as_u64();
            if trades >= Some(wanted) {
                return;
            }
            assert!(Instant::now() < deadline, "trades come");
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    status(20)(&mut record);
    record.signal(libc::SIGTERM);
    assert_eq!(record.wait().code(), Some(0));
    let path = recorded(&desk).display().to_string();
    let inspected = desk.run(&["inspect", &path, "--json"]).with(0).json();
    assert!(
        inspected["counts"]["trades"].as_u64() >= Some(20),
        "{inspected:#}"
    );
    let replay = desk.run(&["replay", &path]).with(0);
    assert!(replay.stdout.contains("BTC-USD"), "{replay:?}");
}

#[test]
fn a_recording_ends_by_itself_and_needs_no_key() {
    let venue = Venue::start(&[]);
    let desk = Desk::at(&venue).without_key(&venue);
    let ended = desk
        .run(&["record", "--seconds", "4", "--out", "here", "--json"])
        .with(0);
    let told = ended.json();
    assert!(told["trades"].as_u64() > Some(0), "{told}");
    let inspected = desk.run(&["inspect", "here", "--json"]).with(0).json();
    assert_eq!(inspected["counts"]["trades"], told["trades"]);
    let again = desk
        .run(&["record", "--seconds", "60", "--out", "here"])
        .with(1);
    assert!(
        again.stderr.contains("holds a recording already"),
        "{again:?}"
    );
}

/// The time is that of the whole verb: what the start waits for counts.
#[test]
fn a_recording_of_an_exchange_that_does_not_answer_ends_when_its_time_is_over() {
    let venue = Venue::start(&["--fault", "server_error,path=/api/v3/brokerage/time"]);
    let desk = Desk::at(&venue);
    let ended = desk.run(&["record", "--seconds", "2"]).with(1);
    assert!(
        ended.stderr.contains("did not answer within 2 s"),
        "{ended:?}"
    );
    assert!(!desk.folder.file("data/recordings").exists());
}
