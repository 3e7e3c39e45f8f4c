//! download: whole, resumable, and on the product's grid.

use crate::desk::{Desk, PATIENCE};
use crate::process::Process;
use crate::venue::Venue;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

fn fetching(venue: &Venue) -> Desk {
    Desk::at(venue).with("exchange.rate_limit_requests=1000")
}

/// Hours before now as text, on a whole hour.
fn hours_ago(hours: u64) -> String {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("after 1970");
    let seconds = now.as_secs() / 3600 * 3600 - hours * 3600;
    minnow::core::units::Timestamp(seconds as i64 * 1_000_000_000).to_string()
}

#[test]
fn candles_of_several_pages_come_whole_as_csv_and_as_a_recording() {
    let venue = Venue::start(&["--history", "14"]);
    let desk = fetching(&venue);
    let (from, to) = (hours_ago(12), hours_ago(0));
    let span = ["--from", from.as_str(), "--to", to.as_str()];
    let fetch = |out: &str| {
        let arguments = [&["download", "candles", "BTC-USD", "--out", out], &span[..]].concat();
        desk.run(&arguments).with(0)
    };
    fetch("c.csv");
    let text = std::fs::read_to_string(desk.folder.file("c.csv")).expect("rows");
    assert_eq!(text.lines().count(), 1 + 12 * 60, "each minute once");
    assert!(text.starts_with("symbol,interval,timestamp,open,high,low,close,volume\nBTC-USD,1m,"));
    fetch("c.mrec");
    let inspected = desk.run(&["inspect", "c.mrec", "--json"]).with(0).json();
    assert_eq!(inspected["counts"]["candles"], 720, "{inspected:#}");
    let again = desk.run(&[
        "download", "candles", "BTC-USD", "--from", &from, "--out", "c.csv",
    ]);
    assert!(again.with(2).stderr.contains("c.csv exists"));
    let left: Vec<_> = std::fs::read_dir(desk.folder.path())
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name())
        .filter(|name| name.to_string_lossy().contains(".part"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_stopped_download_says_how_far_it_came_and_goes_on_from_there() {
    let venue = Venue::start(&["--history", "14"]);
    let (from, to) = (hours_ago(12), hours_ago(0));
    let arguments = [
        "download", "candles", "BTC-USD", "--from", &from, "--to", &to, "--out", "c.csv",
    ];
    // Two pages a minute, and it takes three.
    let slow = Desk::at(&venue).with("exchange.rate_limit_requests=2");
    let mut download = Process::start_silent(slow.command(&arguments));
    let part = slow.folder.file("c.csv.rows.part");
    let rows = || {
        let text = std::fs::read_to_string(&part).unwrap_or_default();
        text.lines().count().saturating_sub(2)
    };
    let deadline = Instant::now() + PATIENCE;
    while rows() < 301 {
        assert!(Instant::now() < deadline, "pages are kept as they come");
        std::thread::sleep(Duration::from_millis(10));
    }
    download.signal(libc::SIGINT);
    assert_eq!(download.wait().code(), Some(130));
    let said = download.all_lines().join("\n");
    assert!(said.contains("is complete up to"), "{said}");
    assert!(!slow.folder.file("c.csv").exists());
    let before = rows();
    assert!((301..720).contains(&before), "{before}");
    // Half a row, as a killed process leaves it.
    let mut text = std::fs::read_to_string(&part).expect("rows");
    text.push_str("BTC-USD,1m,17");
    std::fs::write(&part, text).expect("rows");
    let quick = slow.with("exchange.rate_limit_requests=1000");
    quick.run(&arguments).with(0);
    let resumed = std::fs::read_to_string(quick.folder.file("c.csv")).expect("rows");
    let whole = fetching(&venue);
    whole.run(&arguments).with(0);
    let at_once = std::fs::read_to_string(whole.folder.file("c.csv")).expect("rows");
    assert_eq!(resumed, at_once);
    assert!(!part.exists());
}

#[test]
fn trades_come_in_order_and_replay() {
    let venue = Venue::start(&[]);
    let desk = fetching(&venue);
    let from = hours_ago(1);
    let ended = desk
        .run(&[
            "download", "trades", "BTC-USD", "--from", &from, "--out", "t.mrec", "--json",
        ])
        .with(0);
    let rows = ended.json()["rows"].as_u64().expect("rows");
    let inspected = desk.run(&["inspect", "t.mrec", "--json"]).with(0).json();
    assert_eq!(inspected["counts"]["trades"], rows, "{inspected:#}");
    assert!(rows > 0 && ended.json()["bad_rows"] == 0, "{ended:?}");
}

#[test]
fn what_the_exchange_has_not_is_named() {
    let venue = Venue::start(&[]);
    let desk = fetching(&venue);
    let from = hours_ago(1);
    let cases: &[(&[&str], i32, &str)] = &[
        (&["candles", "DOGE-EUR", "--from", &from], 1, "DOGE-EUR"),
        (
            &["candles", "BTC-USD", "--from", &from, "--interval", "3m"],
            2,
            "no candles of 3m",
        ),
        (
            &["candles", "BTC-USD", "--from", "2100-01-01"],
            2,
            "expected a time before the end",
        ),
        (
            &[
                "trades",
                "BTC-USD",
                "--from",
                "2001-01-01",
                "--to",
                "2001-01-02",
            ],
            1,
            "has no trades of that time",
        ),
    ];
    for (arguments, status, text) in cases {
        let ended = desk
            .run(&[&["download"], *arguments].concat())
            .with(*status);
        assert!(ended.stderr.contains(text), "{ended:?}");
    }
}

#[test]
fn trades_that_begin_later_than_asked_for_are_told_with_both_times() {
    let venue = Venue::start(&["--history", "1"]);
    let desk = fetching(&venue);
    let from = hours_ago(5);
    let arguments = ["download", "trades", "BTC-USD", "--from", &from, "--out"];
    let late = desk.run(&[&arguments[..], &["t.csv"]].concat()).with(0);
    assert!(
        late.stderr.contains("trades begin at 20")
            && late.stderr.contains(&format!("asked for from {from}")),
        "{late:?}"
    );
    let text = std::fs::read_to_string(desk.folder.file("t.csv")).expect("rows");
    let first = text.lines().nth(1).and_then(|row| row.split(',').nth(1));
    let second = first.and_then(|ms| ms.split('.').next()?.parse::<i64>().ok());
    let second = second.expect("a time") / 1000;
    let second = minnow::core::units::Timestamp(second * 1_000_000_000).to_string();
    let begun = format!("begin at {}", &second[..19]);
    assert!(late.stderr.contains(&begun), "{late:?}");
}
