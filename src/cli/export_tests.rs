//! `export` of ledgers and of folded candles, from the command line to what is written.

use super::{CommandLine, Exit, Failure, Verb, export};
use crate::core::records::{Action, Record};
use crate::core::units::Decimal;
use crate::store::ledger::tests::samples::{self, Scratch};
use crate::store::ledger::{Ledger, Mode, Row};
use clap::Parser;
use std::path::Path;

fn run(arguments: &[&str]) -> Result<Exit, Failure> {
    let line = CommandLine::try_parse_from([&["minnow", "export"], arguments].concat()).unwrap();
    match &line.verb {
        Verb::Export(arguments) => export::run(&line.common, arguments),
        _ => panic!("export"),
    }
}

fn ledger(scratch: &Scratch) -> String {
    let path = scratch.file("a.sqlite");
    let mut ledger = Ledger::create_replay(&path, &samples::session(Mode::Replay)).unwrap();
    ledger
        .write(&[
            samples::core(Record::Decision(samples::decision(
                1,
                Action::Long,
                Action::Hold,
            ))),
            samples::core(Record::Order(samples::order(1))),
            samples::core(Record::Fill(samples::fill(1))),
            samples::core(Record::Trade(samples::trade(1, Decimal::new(-125, 2)))),
            Row::Equity(samples::equity(60, 10_000)),
        ])
        .unwrap();
    path.display().to_string()
}

fn exported(ledger: &str, scratch: &Scratch, table: &str, format: &str) -> String {
    let out = scratch
        .file(&format!("{table}.{format}"))
        .display()
        .to_string();
    // Nothing that exists is written over.
    let _ = std::fs::remove_file(&out);
    let wanted = ["--table", table, "--format", format, "-o", &out];
    assert_eq!(
        run(&[&[ledger], &wanted[..]].concat()).unwrap(),
        Exit::Success
    );
    std::fs::read_to_string(&out).unwrap()
}

#[test]
fn a_trade_comes_out_with_every_digit() {
    let scratch = Scratch::new("export-trades");
    let ledger = ledger(&scratch);
    let text = exported(&ledger, &scratch, "trades", "csv");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 2);
    let names: Vec<&str> = lines[0].split(',').collect();
    let cells: Vec<&str> = lines[1].split(',').collect();
    assert_eq!(names.len(), cells.len());
    let cell = |name: &str| cells[names.iter().position(|n| *n == name).unwrap()];
    assert_eq!(cell("side"), "LONG");
    assert_eq!(cell("net"), "-1.25");
    assert_eq!(cell("exit_vwap"), "50000.123456789012345678");
    assert_eq!(
        cell("entry_time_ms"),
        samples::time(2).as_millis().to_string()
    );
}

#[test]
fn every_table_is_lines_of_json_with_the_same_fields_as_its_csv() {
    let scratch = Scratch::new("export-lines");
    let ledger = ledger(&scratch);
    for table in ["trades", "fills", "orders", "decisions", "equity"] {
        let csv = exported(&ledger, &scratch, table, "csv");
        let lines = exported(&ledger, &scratch, table, "jsonl");
        assert_eq!(lines.lines().count(), 1, "{table}");
        let row: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&lines).unwrap();
        let mut names: Vec<&str> = csv.lines().next().unwrap().split(',').collect();
        let mut fields: Vec<&str> = row.keys().map(String::as_str).collect();
        names.sort_unstable();
        fields.sort_unstable();
        assert_eq!(names, fields, "{table}");
    }
    let lines = exported(&ledger, &scratch, "decisions", "jsonl");
    let row: serde_json::Value = serde_json::from_str(&lines).unwrap();
    assert_eq!(row["indicators"]["rsi"], 61.25);
    assert_eq!(row["checks"][1][1], "refused");
    assert_eq!(row["size_pct"], "20");
    assert_eq!(row["stop_loss_pct"], serde_json::Value::Null);
}

#[test]
fn formats_that_do_not_fit_are_usage_errors_and_leave_nothing() {
    let scratch = Scratch::new("export-usage");
    let ledger = ledger(&scratch);
    let out = scratch.file("out").display().to_string();
    for wrong in [
        &["--table", "fills", "--format", "candles-csv"][..],
        &["--format", "csv"],
        &["--interval", "1m"],
    ] {
        let failure = run(&[&[&ledger, "-o", &out], wrong].concat()).unwrap_err();
        assert_eq!(failure.exit, Exit::Usage, "{wrong:?}: {failure}");
        assert!(!Path::new(&out).exists());
    }
    let missing = scratch.file("none.sqlite").display().to_string();
    let failure = run(&[&missing, "--table", "fills", "-o", &out]).unwrap_err();
    assert_eq!(failure.exit, Exit::Failure);
    assert!(failure.message.contains("none.sqlite"), "{failure}");
    assert!(!Path::new(&out).exists());
}

#[test]
fn trades_become_candles_with_indicators_once_they_are_warm() {
    let scratch = Scratch::new("export-candles");
    let [csv, recording, out] =
        ["in.csv", "a.mrec", "out.csv"].map(|name| scratch.file(name).display().to_string());
    // A trade each half minute, one minute left out, for 25 minutes.
    let mut text = "timestamp,price,size\n".to_owned();
    for half in (0..50).filter(|half| half / 2 != 10) {
        let time = 1_514_764_800_000i64 + half * 30_000;
        text.push_str(&format!("{time},{},1\n", 100 + half % 7));
    }
    std::fs::write(&csv, text).unwrap();
    let import = [
        "minnow", "import", &csv, "-o", &recording, "--symbol", "X-USD",
    ];
    let line = CommandLine::try_parse_from(import).unwrap();
    let Verb::Import(arguments) = &line.verb else {
        panic!("import");
    };
    super::import::run(&line.common, arguments).unwrap();
    run(&[&recording, "--format", "indicators-csv", "-o", &out]).unwrap();
    let text = std::fs::read_to_string(&out).unwrap();
    let rows: Vec<Vec<&str>> = text.lines().map(|row| row.split(',').collect()).collect();
    // 24 candles: nothing closes the last one.
    assert_eq!(rows.len(), 1 + 24);
    assert!(rows.iter().all(|row| row.len() == rows[0].len()));
    assert_eq!(
        rows[1][2..10],
        [
            "1514764800000",
            "100",
            "101",
            "100",
            "101",
            "2",
            "2",
            "trades"
        ]
    );
    assert_eq!(rows[11][9], "flat");
    let sma = rows[0].iter().position(|name| *name == "sma20").unwrap();
    assert_eq!(rows[19][sma], "");
    let closes: f64 = rows[1..=20]
        .iter()
        .map(|row| row[6].parse::<f64>().unwrap())
        .sum();
    let shown: f64 = rows[20][sma].parse().unwrap();
    assert!((shown - closes / 20.0).abs() < 1e-9, "{shown}");
}
