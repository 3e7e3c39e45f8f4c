//! A real run: what its report says, and what it says when the recording is not there any more.

use crate::program::{assert_explained, assert_sound, bundled, json, minnow, printed, replay};
use crate::support::folder::Folder;
use serde_json::Value;
use std::sync::OnceLock;

const FUTURES: [&str; 2] = ["trading.enable_futures=true", "trading.leverage=3"];

/// The bundled recording, replayed once for all cases into `run.sqlite`.
fn run() -> &'static (Folder, Value) {
    static RUN: OnceLock<(Folder, Value)> = OnceLock::new();
    RUN.get_or_init(|| {
        let folder = Folder::new();
        let recording = bundled().display().to_string();
        let report = replay(&folder, &recording, "run.sqlite", &FUTURES);
        (folder, report)
    })
}

fn full(folder: &Folder) -> Value {
    json(folder, &["report", "--json", "--ledger", "run.sqlite"])
}

#[test]
fn the_profit_is_split_to_the_last_digit() {
    let report = full(&run().0);
    let split = &report["profit_split"];
    assert_eq!(split["residual"], "0");
    assert_eq!(split["net"], report["metrics"]["net"]);
    assert_eq!(split["trades"], report["metrics"]["trades"]);
    assert_eq!(split["carried_trades"], 0);
    assert_eq!(split["slippage"], report["metrics"]["slippage"]);
    assert_eq!(split["fees"], report["metrics"]["fees"]);
    assert_explained("the bundled run", &report);
}

#[test]
fn every_fill_has_its_markouts_or_is_counted_as_left_out() {
    let report = full(&run().0);
    let markouts = &report["markouts"];
    assert_eq!(markouts["fills"], report["metrics"]["fills"]);
    assert_eq!(markouts["not_followed"], 0);
    let seconds: Vec<i64> = markouts["horizons"]
        .as_array()
        .expect("horizons")
        .iter()
        .map(|row| {
            let count = |part: &Value| part["fills"].as_u64().expect("a count");
            let told = count(&row["all"]) + row["left_out"].as_u64().expect("a count");
            assert_eq!(Some(told), report["metrics"]["fills"].as_u64());
            assert_eq!(
                count(&row["all"]),
                count(&row["entries"]) + count(&row["exits"])
            );
            row["horizon_seconds"].as_i64().expect("seconds")
        })
        .collect();
    assert_eq!(seconds, [1, 10, 60, 300]);
}

#[test]
fn luck_tells_seed_interval_and_random_runs() {
    let report = full(&run().0);
    let luck = &report["luck"];
    assert_eq!(
        luck["seed"].to_string(),
        report["session"]["seed"].as_str().expect("text")
    );
    assert_eq!(luck["interval"]["resamples"], 10_000);
    assert_eq!(luck["random"]["runs"], 1000);
    let number = |value: &Value| value.as_f64().expect("a number");
    let mean = number(&luck["mean_pct"]);
    assert!((mean - number(&report["metrics"]["expectancy_margin_pct"])).abs() < 1e-9);
    let interval = &luck["interval"];
    assert!(number(&interval["low_pct"]) < mean && mean < number(&interval["high_pct"]));
}

#[test]
fn parts_add_up_to_the_whole() {
    let report = full(&run().0);
    for part in ["months", "hours", "exits"] {
        let rows = report["breakdown"][part].as_array().expect("rows");
        let sum =
            |name: &str| -> u64 { rows.iter().map(|row| row[name].as_u64().expect(name)).sum() };
        assert_eq!(
            Some(sum("trades")),
            report["metrics"]["trades"].as_u64(),
            "{part}"
        );
        assert_eq!(
            Some(sum("wins")),
            report["metrics"]["wins"].as_u64(),
            "{part}"
        );
    }
    assert_eq!(report["breakdown"]["months"][0]["month"], "2018-01");
    assert_eq!(
        report["breakdown"]["hours"].as_array().map(Vec::len),
        Some(24)
    );
}

#[test]
fn the_same_ledger_gives_the_same_bytes_and_brief_is_what_the_replay_said() {
    let (folder, replayed) = run();
    let arguments = ["report", "--json", "--ledger", "run.sqlite"];
    assert_eq!(printed(folder, &arguments), printed(folder, &arguments));
    let brief = json(
        folder,
        &["report", "--brief", "--json", "--ledger", "run.sqlite"],
    );
    assert_eq!(&brief, replayed);
    let full = full(folder);
    for (name, value) in brief.as_object().expect("an object") {
        assert_eq!(&full[name], value, "{name}");
    }
}

#[test]
fn the_text_has_its_sections_in_eighty_columns() {
    let text = printed(&run().0, &["report", "--ledger", "run.sqlite"]);
    assert_sound("the bundled run", &text);
    for section in [
        "Profit split of the closed trades",
        "  residual                              0.00",
        "Luck (net return a trade, percent of margin)",
        "seed 1",
        "Markouts of the fills",
        "By month of exit",
        "By UTC hour of entry",
        "By reason of exit",
        "Refusals",
    ] {
        assert!(text.contains(section), "{section} in\n{text}");
    }
    for line in text
        .lines()
        .filter(|line| !line.contains(".mrec") && !line.contains("finger"))
    {
        assert!(line.chars().count() <= 80, "{line}");
    }
}

#[test]
fn without_its_recording_the_rest_is_reported_with_the_reason() {
    let folder = Folder::new();
    let recording = folder.file("here.mrec");
    std::fs::copy(bundled(), &recording).expect("room for it");
    let settings = [&FUTURES[..], &["trading.interval=15m"]].concat();
    replay(&folder, "here.mrec", "run.sqlite", &settings);
    let before = full(&folder);
    assert!(before["markouts"].is_object());
    std::fs::rename(&recording, folder.file("there.mrec")).expect("the same folder");
    let gone = full(&folder);
    assert!(gone["markouts"].is_null() && gone["luck"]["random"].is_null());
    assert_eq!(gone["profit_split"], before["profit_split"]);
    assert_eq!(gone["luck"]["interval"], before["luck"]["interval"]);
    let reasons = gone["not_computed"].to_string();
    assert!(reasons.contains("here.mrec"), "{reasons}");
    assert_explained("a run without its recording", &gone);
    let arguments = [
        "report",
        "--json",
        "--ledger",
        "run.sqlite",
        "--recording",
        "there.mrec",
    ];
    let found = json(&folder, &arguments);
    assert_eq!(found["markouts"], before["markouts"]);
    assert_eq!(found["luck"], before["luck"]);
}

#[test]
fn a_window_of_a_recording_is_read_as_it_was_replayed() {
    let folder = Folder::new();
    let recording = bundled().display().to_string();
    let window = [
        "--from",
        "2018-01-02T06:00:00Z",
        "--to",
        "2018-01-03T18:30:00Z",
    ];
    let mut arguments = vec![
        "replay",
        &recording,
        "--dry-run",
        "--json",
        "--ledger",
        "run.sqlite",
    ];
    arguments.extend(window);
    for setting in FUTURES {
        arguments.extend(["--set", setting]);
    }
    let replayed = json(&folder, &arguments);
    let full = full(&folder);
    assert!(full["markouts"].is_object(), "{}", full["not_computed"]);
    assert_eq!(full["markouts"]["fills"], replayed["metrics"]["fills"]);
    let notes = full["notes"].to_string();
    assert!(!notes.contains("inputs"), "{notes}");
}

#[test]
fn another_recording_in_its_place_is_refused() {
    let (folder, _) = run();
    std::fs::write(
        folder.file("empty.csv"),
        "1514764800,100,1,buy\n1514764900,101,1,sell\n",
    )
    .expect("room for it");
    let columns = "time=1,price=2,quantity=3,side=4";
    let import = [
        "import",
        "--symbol",
        "BTC-PERP",
        "--columns",
        columns,
        "--tick",
        "0.5",
        "--lot",
        "0.00001",
        "-o",
        "other.mrec",
        "empty.csv",
    ];
    printed(folder, &import);
    let report = json(
        folder,
        &[
            "report",
            "--json",
            "--ledger",
            "run.sqlite",
            "--recording",
            "other.mrec",
        ],
    );
    assert!(report["markouts"].is_null());
    let reasons = report["not_computed"].to_string();
    assert!(
        reasons.contains("another recording than the session's"),
        "{reasons}"
    );
}

#[test]
fn options_that_contradict_each_other_are_refused() {
    let folder = Folder::new();
    for arguments in [
        &["report", "--brief", "--recording", "a.mrec"][..],
        &["report", "--compare", "a.sqlite"],
        &[
            "report",
            "--compare",
            "a.sqlite",
            "b.sqlite",
            "--ledger",
            "c.sqlite",
        ],
    ] {
        let output = minnow(&folder, arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    }
}
