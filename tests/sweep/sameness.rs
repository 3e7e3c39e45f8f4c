//! Any row can be run again and is found equal.

use crate::desk::{Desk, FUTURES, MOMENTUM, bundled};
use serde_json::Value;

/// The row and the real replay agree in everything that both tell.
fn assert_equal(part: &Value, report: &Value) {
    assert_eq!(
        part["state_hash"], report["session"]["state_hash"],
        "{part:#}"
    );
    assert_eq!(part["fingerprint"], report["session"]["fingerprint"]);
    assert_eq!(part["inputs"], report["session"]["inputs"]);
    let metrics = &report["metrics"];
    for (ours, theirs) in [
        ("trades", "trades"),
        ("wins", "wins"),
        ("net", "net"),
        ("fees", "fees"),
        ("slippage", "slippage"),
        ("return_pct", "total_return_pct"),
        ("win_rate_pct", "win_rate_pct"),
        ("profit_factor", "profit_factor"),
        ("sharpe_daily", "sharpe"),
        ("max_drawdown_pct", "max_drawdown_pct"),
        ("exposure_pct", "exposure_pct"),
    ] {
        assert_eq!(part[ours], metrics[theirs], "{ours} of {part:#}");
    }
}

#[test]
fn rows_of_every_kind_of_window_are_what_the_real_verb_gives() {
    let desk = Desk::new();
    desk.run(&[
        "sweep",
        &bundled(),
        "--set",
        FUTURES,
        "--set",
        MOMENTUM,
        "--set",
        "trading.leverage=3",
        // Its longer frames would have every part begin where the recording does.
        "--set",
        "data.enable_cipher_b_filter=false",
        "--grid",
        "strategy.momentum.lookback=15,30",
        "--grid",
        "trading.interval=1m,5m",
        "--walk-forward",
        "train=1d,test=12h",
        "-o",
        "w.json",
    ])
    .expect(0);
    let shown = desk.shown("w.sqlite");
    assert_eq!(shown["done"], 4 * 6 * 2);
    assert_eq!(shown["period_ns"], 300_000_000_000i64, "the longest candle");
    // The start of the recording, its middle, its end; both intervals.
    for window in [0, 2, 5] {
        let best = &shown["windows"][window]["best"];
        for place in [0, 3] {
            for name in ["in_sample", "out_of_sample"] {
                let part = &best[place][name];
                assert_equal(part, &desk.replay_of(part));
                let command = part["command"].as_str().expect("a command line");
                // The very first part begins with the recording.
                let within = (window, name) != (0, "in_sample");
                assert_eq!(
                    command.contains("trading.entries_from="),
                    within,
                    "{command}"
                );
            }
        }
    }
    let hashes: std::collections::BTreeSet<String> = desk
        .rows("w.sqlite")
        .into_iter()
        .map(|row| row.outcome.expect("done").state_hash)
        .collect();
    assert_eq!(hashes.len(), 48, "every task is another run");
}

#[test]
fn a_plan_carries_what_files_and_environment_stated_to_where_neither_is() {
    let desk = Desk::new();
    desk.folder.write(
        "own.json",
        r#"{"trading": {"leverage": 3, "futures_fee_rate": "0.0004"}}"#,
    );
    let file = bundled();
    let arguments = [
        "sweep",
        "plan",
        &file,
        "--config",
        "own.json",
        "--set",
        MOMENTUM,
        "--grid",
        // An alias, a flat name: the same key in the plan.
        "STRATEGY__MOMENTUM__LOOKBACK=20",
        "-o",
        "p.json",
    ];
    let mut command = desk.command(&arguments);
    command.env("TRADING__ENABLE_FUTURES", "true");
    desk.finish(command).expect(0);
    std::fs::remove_file(desk.file("own.json")).expect("it is there");
    desk.run(&["sweep", "run", "p.json"]).expect(0);
    let shown = desk.shown("p.sqlite");
    let part = &shown["windows"][0]["best"][0]["in_sample"];
    assert!(part["trades"].as_u64() > Some(20), "{part:#}");
    let command = part["command"].as_str().expect("a command line");
    for pair in [
        "trading.leverage=3",
        "trading.futures_fee_rate=0.0004",
        FUTURES,
        "strategy.momentum.lookback=20",
    ] {
        assert!(command.contains(pair), "{command}");
    }
    assert_equal(part, &desk.replay_of(part));
}

/// Minute candles of a wave, so that it trades.
fn candles() -> String {
    let mut text = "time,open,high,low,close,volume\n".to_owned();
    let mut open = 1000.0f64;
    for minute in 0..3000i64 {
        let close = 1000.0 + 50.0 * (minute as f64 / 90.0).sin() + (minute % 7) as f64;
        let (low, high) = (open.min(close) - 0.5, open.max(close) + 0.5);
        let time = 1_600_000_020 + 60 * minute;
        text += &format!("{time},{open:.1},{high:.1},{low:.1},{close:.1},12.5\n");
        open = close;
    }
    text
}

#[test]
fn candles_and_several_recordings_are_swept_as_they_are_replayed() {
    let desk = Desk::new();
    let csv = desk.folder.write("wave.csv", candles());
    let csv = csv.to_str().expect("a path in UTF-8");
    for (symbol, output) in [("BTC-USD", "a.mrec"), ("ETH-USD", "b.jsonl.gz")] {
        import_candles(&desk, csv, symbol, output);
    }
    desk.run(&[
        "sweep",
        "a.mrec",
        "b.jsonl.gz",
        "--set",
        MOMENTUM,
        "--grid",
        "trading.symbols=BTC-USD,ETH-USD|ETH-USD",
        "--split",
        "0.5",
        "-o",
        "c.json",
    ])
    .expect(0);
    let shown = desk.shown("c.sqlite");
    let best = shown["windows"][0]["best"].as_array().expect("a list");
    assert_eq!(best.len(), 2);
    for ranked in best {
        for part in ["in_sample", "out_of_sample"] {
            let part = &ranked[part];
            assert!(part["inputs"].as_u64() > Some(1000), "{part:#}");
            assert_equal(part, &desk.replay_of(part));
        }
    }
}

/// Candles of a symbol, with fees, as a recording.
fn import_candles(desk: &Desk, csv: &str, symbol: &str, output: &str) {
    let mut import = vec!["import", "--format", "candles-csv", "--symbol", symbol];
    import.extend(["--maker-fee", "0.001", "--taker-fee", "0.002"]);
    import.extend([csv, "-o", output]);
    desk.run(&import).expect(0);
}

#[test]
fn what_replay_notes_and_a_short_warm_up_stand_beside_the_figures() {
    let desk = Desk::new();
    // A candle of a minute becomes one of five.
    let longer: Vec<String> = candles()
        .lines()
        .zip(0i64..)
        .map(|(line, number)| match line.split_once(',') {
            Some((_, rest)) if number > 0 => format!("{},{rest}", 1_600_000_200 + 300 * number),
            _ => line.to_owned(),
        })
        .collect();
    let csv = desk.folder.write("longer.csv", longer.join("\n"));
    let csv = csv.to_str().expect("a path in UTF-8");
    import_candles(&desk, csv, "BTC-USD", "a.mrec");
    let grid = "trading.interval=1m,5m,1h";
    let plain = "data.enable_cipher_b_filter=false";
    let mut sweep = vec!["sweep", "a.mrec", "--set", MOMENTUM, "--set", plain];
    sweep.extend(["--grid", grid]);
    sweep.extend(["--split", "0.1", "-o", "n.json", "--csv", "n.csv"]);
    let ended = desk.run(&sweep).expect(0);
    let shown = desk.shown("n.sqlite");
    let notes = |configuration: u64, part: &str| -> Vec<String> {
        let best = shown["windows"][0]["best"].as_array().expect("a list");
        let mut of = best
            .iter()
            .filter(|ranked| ranked["configuration"] == configuration);
        let notes = of.next().expect("it")[part]["notes"].as_array().cloned();
        let notes = notes.expect("a list").into_iter();
        notes
            .map(|note| note.as_str().expect("words").to_owned())
            .collect()
    };
    for part in ["in_sample", "out_of_sample"] {
        let unfit = notes(1, part);
        assert!(
            unfit[0].contains("candles of 5m were left out"),
            "{unfit:?}"
        );
        assert!(notes(2, part).is_empty(), "{part}");
    }
    // A hundred hours are wanted, a tenth of ten days and a half is there.
    assert!(notes(3, "in_sample").is_empty());
    let short = notes(3, "out_of_sample");
    assert!(short[0].contains("where 4.2 d are wanted"), "{short:?}");
    let text: Vec<&str> = ended.stdout.split_whitespace().collect();
    let text = text.join(" ");
    for note in ["candles of 5m were left out", "where 4.2 d are wanted"] {
        assert!(text.contains(note), "{note} in {text}");
        let table = std::fs::read_to_string(desk.file("n.csv")).expect("a table");
        assert!(table.contains(note), "{note} in {table}");
    }
}
