//! What cannot be explained, or not wholly, is said in words.

use crate::program::{Run, momentum};
use serde_json::Value;

#[test]
fn without_the_recording_the_ledger_speaks_alone_and_says_so() {
    let run = momentum();
    let trade = format!("t{}", run.trades()[0].id);
    let whole = run.json(&[&trade]);
    let told = run.json(&[&trade, "--recording", "gone.mrec"]);
    assert_eq!(told["source"]["recording_run_again"], false);
    let note = told["source"]["notes"][0].as_str().expect("a note");
    assert!(
        note.contains("gone.mrec") && note.contains("--recording"),
        "{note}"
    );
    assert_eq!(told["decision"]["rules"], Value::Null);
    assert_eq!(told["decision"]["sizing"], Value::Null);
    assert_eq!(told["decision"]["candle"]["close"], Value::Null);
    for same in ["trade", "orders"] {
        assert_eq!(told[same], whole[same], "{same}");
    }
    for same in ["checks", "proposal", "price", "equity", "action"] {
        assert_eq!(told["decision"][same], whole["decision"][same], "{same}");
    }
    let text = run.text(&[&trade, "--recording", "gone.mrec"]);
    assert!(text.contains("the ledger alone"), "{text}");
}

#[test]
fn a_quiet_minute_needs_the_recording() {
    let run = momentum();
    let quiet = ["--at", "2018-01-01T00:30:00Z", "--recording", "gone.mrec"];
    let said = run.refusal(&quiet, 1);
    assert!(
        said.contains("gone.mrec") && said.contains("no row"),
        "{said}"
    );
}

#[test]
fn a_recording_of_something_else_is_told_to_be_none_of_the_session() {
    let rows = [[1.0, 1.1, 0.9, 1.0, 5.0]; 200];
    let other = Run::of_candles("ETH-USD", &rows, &[]);
    let recording = other.recording();
    let at = ["--at", "2018-01-02T11:30:00Z", "--recording", &recording];
    let said = momentum().refusal(&at, 1);
    assert!(
        said.contains("candles.mrec: not the recording of this session"),
        "{said}"
    );
}

#[test]
fn what_does_not_exist_is_named_with_what_there_is() {
    let run = momentum();
    let said = run.refusal(&["d9999999"], 1);
    assert!(
        said.contains("d9999999") && said.contains("decisions"),
        "{said}"
    );
    let said = run.refusal(&["t9999999"], 1);
    let last = run.trades().iter().map(|t| t.id).max().expect("trades");
    assert!(said.contains(&format!("number {last}")), "{said}");
    let said = run.refusal(&["mwabc234-q7xyz-aaaaaar-e"], 1);
    assert!(said.contains("no order mwabc234"), "{said}");
    let said = run.refusal(&["--at", "2019-01-01"], 1);
    assert!(said.contains("2018-01-01T00:00"), "{said}");
    let said = run.refusal(&["--at", "2018-01-02", "--symbol", "ETH-USD"], 1);
    assert!(
        said.contains("ETH-USD") && said.contains("BTC-PERP"),
        "{said}"
    );
}

#[test]
fn a_question_that_is_none_is_a_mistake_of_usage() {
    let run = momentum();
    assert!(run.refusal(&["x1"], 2).contains("d17"));
    assert!(run.refusal(&[], 2).contains("DECISION|ORDER|TRADE"));
    run.refusal(&["d1", "--at", "2018-01-02"], 2);
}
