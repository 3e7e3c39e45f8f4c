//! What a session records as received: every message where it is wanted, what was refused in any case,
//! and the trades that are read from it anew.

use crate::books::{arm, struck};
use crate::bot::{Desk, is_whole};
use crate::process::count;
use crate::venue::Venue;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The entries of a kind in a recording, as lines.
pub fn entries(desk: &Desk, recording: &str, kind: &str) -> Vec<Value> {
    let out = desk.folder.file(&format!("{kind}.jsonl"));
    let _ = std::fs::remove_file(&out);
    let path = out.display().to_string();
    let arguments = ["export", recording, "--format", "jsonl", "-o", &path];
    let (status, _, stderr) = desk.run(&arguments);
    assert_eq!(status, Some(0), "{stderr}");
    let text = std::fs::read_to_string(&out).expect("it was written");
    let lines = text.lines().map(|line| {
        serde_json::from_str::<Value>(line).unwrap_or_else(|error| panic!("{error}: {line}"))
    });
    lines.filter(|line| line["k"] == kind).collect()
}

/// What tells a trade from any other, numbers as their text says.
fn identities(trades: &[Value]) -> BTreeSet<String> {
    let parts = ["symbol", "id", "price", "quantity", "time"];
    let identity = |trade: &Value| parts.map(|part| trade["d"][part].to_string()).join(" ");
    trades.iter().map(identity).collect()
}

pub fn session_folder(desk: &Desk) -> String {
    let recording = desk.recordings().pop().expect("a session was recorded");
    recording.display().to_string()
}

#[test]
fn the_trades_of_a_session_are_read_anew_from_its_messages() {
    let venue = Venue::start(&[]);
    let desk = Desk::paper(&venue).with("recording.frames=market");
    let mut bot = desk.start();
    bot.until("trades", |session| {
        is_whole(session) && count(&session["trades"]) >= 30
    });
    let session = bot.session();
    assert_eq!(session["frames_not_recorded"], 0, "{session:#}");
    let hash = bot.stop();
    desk.replay_is_identical(&hash);

    let folder = session_folder(&desk);
    let frames = entries(&desk, &folder, "frame");
    let of = |connection: &str| {
        let theirs = |frame: &&Value| frame["d"]["connection"] == connection;
        frames.iter().filter(theirs).count() as u64
    };
    assert!(of("market") >= count(&session["frames"]), "{session:#}");
    assert_eq!(of("book") + of("account"), 0, "no such connections");
    let answers = frames
        .iter()
        .filter(|frame| frame["d"]["connection"] == "rest");
    for answer in answers {
        let call = &answer["d"]["call"];
        let request = call["request"].as_str().expect("what was asked");
        assert!(request.starts_with("GET /api/v3/"), "{answer}");
        // A call that the stop cut off has no answer.
        let cut_off = call["failure"].is_string();
        assert!(call["status"] == 200 || cut_off, "{answer}");
    }
    assert!(of("rest") >= 1, "{session:#}");

    // The messages alone have every trade that the core saw.
    let again = desk.folder.file("again.mrec").display().to_string();
    let segments = std::fs::read_dir(&folder).expect("segments");
    let segments = segments.map(|entry| entry.expect("a segment").path().display().to_string());
    let segments: Vec<String> = segments.filter(|path| path.contains(".jsonl")).collect();
    let mut arguments = vec!["import", "--strict", "--format", "frames", "-o", &again];
    arguments.extend(segments.iter().map(String::as_str));
    let (status, _, stderr) = desk.run(&arguments);
    assert_eq!(status, Some(0), "{stderr}");
    let read = identities(&entries(&desk, &again, "trade"));
    let seen = identities(&entries(&desk, &folder, "trade"));
    assert!(!seen.is_empty());
    let missing: Vec<_> = seen.difference(&read).collect();
    assert!(missing.is_empty(), "{missing:?} of {}", seen.len());
}

#[test]
fn without_being_told_only_what_was_refused_is_recorded() {
    let venue = Venue::start(&[]);
    let desk = Desk::paper(&venue);
    let mut bot = desk.start();
    bot.until("whole", is_whole);
    // The book's answers, so that nothing else suffers.
    let path = "/api/v3/brokerage/market/product_book";
    let fault = json!({"fault": "server_error", "path": path, "count": 1});
    arm(&mut venue.rest(), &fault);
    bot.until("a refusal", |session| {
        struck(&mut venue.rest(), "server_error") > 0 && count(&session["calls"]["failed"]) > 0
    });
    let hash = bot.stop();
    desk.replay_is_identical(&hash);
    let frames = entries(&desk, &session_folder(&desk), "frame");
    let mut answers = 0;
    for frame in &frames {
        assert_eq!(frame["d"]["connection"], "rest", "{frame}");
        let call = &frame["d"]["call"];
        // A call that the stop cut off has no answer, which is recorded too.
        if call["failure"].is_null() {
            let status = call["status"].as_u64();
            assert!(status.is_some_and(|status| status >= 500), "{frame}");
            assert!(frame["d"]["text"].is_string(), "{frame}");
            answers += 1;
        }
    }
    assert!(answers > 0, "{frames:?}");
}
