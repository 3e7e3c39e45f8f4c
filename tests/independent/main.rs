//! An account of a run by another hand: a Python program starts from what `minnow export` writes and
//! recomputes candles, indicators, fees, profit, equity and metrics; nothing may differ.
//!
//! `check.py` beside this file says what is compared and how. Without `python3` the tests say so and
//! pass; so do those of recorded candles without the folder of recorded data.

#[path = "../support/program.rs"]
mod program;

use program::{Folder, Outcome, minnow};
use std::path::{Path, PathBuf};
use std::process::Command;

fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/independent")
}

fn has_python() -> bool {
    let found = Command::new("python3").arg("--version").output();
    let found = found.is_ok_and(|output| output.status.success());
    if !found {
        eprintln!("no python3: the independent check is skipped");
    }
    found
}

/// A file of the recorded data, or a message that there is none.
fn recorded(name: &str) -> Option<String> {
    let root = std::env::var_os("MINNOW_SHARED_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"),
        PathBuf::from,
    );
    let path = root.join("candles").join(name);
    if path.is_file() {
        return Some(path.display().to_string());
    }
    eprintln!("no {}: skipped", path.display());
    None
}

/// One run to be checked.
struct Run<'a> {
    recording: &'a str,
    /// What of the recording is its market.
    market: &'a str,
    interval: &'a str,
    strategy: &'a str,
    settings: &'a [&'a str],
}

impl Run<'_> {
    /// Replays the recording and writes everything that the check reads.
    fn export(&self, folder: &Folder) {
        let interval = format!("trading.interval={}", self.interval);
        let strategy = format!("strategy.type={}", self.strategy);
        let mut replay = vec!["replay", self.recording, "--ledger", "run.sqlite"];
        let fixed = ["trading.enable_futures=true", &interval, &strategy];
        for setting in fixed.iter().chain(self.settings) {
            replay.extend(["--set", setting]);
        }
        let run = |arguments: &[&str]| minnow(folder, arguments).expect(0).stdout;
        run(&replay);
        let recording = ["export", self.recording, "--format"];
        run(&[&recording[..], &[self.market, "-o", "market.csv"]].concat());
        let table = ["indicators-csv", "--interval", self.interval];
        run(&[&recording[..], &table, &["-o", "indicators.csv"]].concat());
        for table in ["fills", "orders", "trades", "equity"] {
            let file = format!("{table}.csv");
            run(&["export", "run.sqlite", "--table", table, "-o", &file]);
        }
        let lines = ["--format", "jsonl", "-o", "decisions.jsonl"];
        run(&[
            &["export", "run.sqlite", "--table", "decisions"],
            &lines[..],
        ]
        .concat());
        let report = ["report", "--ledger", "run.sqlite"];
        for (name, more) in [("report.json", &["--json"][..]), ("report.txt", &[])] {
            let text = run(&[&report[..], more].concat());
            std::fs::write(folder.path().join(name), text).expect("the test's folder");
        }
    }

    /// Exports the run and lets the check look at it; `spoil` may change the files in between.
    fn check(&self, name: &str, spoil: impl FnOnce(&Path)) -> Outcome {
        let folder = Folder::new(name);
        self.export(&folder);
        spoil(folder.path());
        // No folder of compiled modules in the source tree.
        let mut python = Command::new("python3");
        python
            .arg("-B")
            .arg(here().join("check.py"))
            .arg(folder.path());
        Outcome::run(
            python,
            &[("HOME", &std::env::var("HOME").unwrap_or_default())],
        )
    }

    fn agrees(&self, name: &str) {
        let outcome = self.check(name, |_| {});
        assert_eq!(outcome.status, Some(0), "{outcome:#?}");
        assert!(outcome.stdout.contains("; 0 differences"), "{outcome:#?}");
        eprintln!("{name}: {}", outcome.stdout.trim_end());
    }
}

fn bundled() -> String {
    let recordings = Path::new(env!("CARGO_MANIFEST_DIR")).join("recordings");
    let file = recordings.join("btc-perp-2018-01-01.mrec");
    file.display().to_string()
}

/// Imports recorded candles into a folder; the recording's path.
fn imported(folder: &Folder, source: &str, symbol: &str, fees: [&str; 2]) -> String {
    let output = folder.path().join("market.mrec").display().to_string();
    let [maker, taker] = fees;
    let import = ["import", source, "-o", &output, "--format", "candles-csv"];
    let product = ["--symbol", symbol, "--kind", "perpetual"];
    let fees = ["--maker-fee", maker, "--taker-fee", taker];
    minnow(folder, &[&import[..], &product, &fees].concat()).expect(0);
    output
}

#[test]
fn python_and_the_report_agree_on_a_million_trades() {
    if !has_python() {
        return;
    }
    Run {
        recording: &bundled(),
        market: "trades-csv",
        interval: "1m",
        strategy: "momentum",
        settings: &[],
    }
    .agrees("independent-trades");
}

#[test]
fn they_agree_where_orders_fill_in_slices_and_with_leverage() {
    if !has_python() {
        return;
    }
    Run {
        recording: &bundled(),
        market: "trades-csv",
        interval: "5m",
        strategy: "mean_reversion",
        settings: &[
            "trading.leverage=3",
            "paper_trading.fill_volume_fraction=0.2",
            "strategy.mean_reversion.std_dev=1.2",
            "strategy.mean_reversion.window=50",
        ],
    }
    .agrees("independent-slices");
}

#[test]
fn they_agree_on_recorded_candles_of_five_minutes() {
    candles("ft_eth_btc-5m.csv.gz", "ETH-PERP", "5m", "momentum");
}

#[test]
fn they_agree_on_recorded_candles_of_a_minute() {
    let file = "btcperp_ftx_1m_2022-01_first20d.csv.gz";
    candles(file, "BTC-PERP", "1m", "mean_reversion");
}

#[test]
fn they_agree_on_recorded_candles_of_a_day_with_weekends() {
    candles("backtesting_goog.csv.gz", "GOOG-USD", "1d", "momentum");
}

fn candles(file: &str, symbol: &str, interval: &str, strategy: &str) {
    let Some(source) = recorded(file).filter(|_| has_python()) else {
        return;
    };
    let folder = Folder::new(&format!("independent-import-{interval}"));
    let recording = imported(&folder, &source, symbol, ["0.0002", "0.0005"]);
    Run {
        recording: &recording,
        market: "candles-csv",
        interval,
        strategy,
        settings: &[],
    }
    .agrees(&format!("independent-{interval}"));
}

#[test]
fn a_single_digit_that_differs_is_found() {
    if !has_python() {
        return;
    }
    let bundled = bundled();
    let run = Run {
        recording: &bundled,
        market: "trades-csv",
        interval: "15m",
        strategy: "mean_reversion",
        settings: &["strategy.mean_reversion.std_dev=1.2"],
    };
    let outcome = run.check("independent-spoilt", |folder| {
        let file = folder.join("fills.csv");
        let text = std::fs::read_to_string(&file).expect("the fills");
        let row = text.lines().nth(1).expect("a fill");
        let mut cells: Vec<String> = row.split(',').map(str::to_owned).collect();
        // The last digit of the fee.
        let last = cells[7].pop().expect("a fee");
        cells[7].push(if last == '1' { '2' } else { '1' });
        std::fs::write(&file, text.replacen(row, &cells.join(","), 1)).expect("the fills");
    });
    assert_eq!(outcome.status, Some(1), "{outcome:#?}");
    assert!(
        outcome.stdout.contains("fees: fee of fill 1: "),
        "{outcome:#?}"
    );
    assert!(outcome.stdout.contains("report: end: "), "{outcome:#?}");
}
