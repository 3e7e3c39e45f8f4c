//! Recordings of markets that hardly are markets: too short, flat, one-sided, with holes of days, at
//! prices near nothing and beyond ten millions, without volume.

use crate::program::{assert_explained, assert_sound, json, printed, replay};
use crate::support::folder::Folder;
use serde_json::Value;

/// 2018-01-01T00:00:00Z.
const START: i64 = 1_514_764_800;

/// As quick to trade as the strategy can be made.
const EAGER: [&str; 9] = [
    "trading.enable_futures=true",
    "trading.leverage=2",
    "strategy.type=momentum",
    "trading.min_candles_for_trading=5",
    "strategy.momentum.lookback=2",
    "strategy.momentum.use_volume=false",
    "strategy.momentum.entry_threshold=0",
    "trading.min_trading_interval_seconds=0",
    "paper_trading.starting_balance=10000",
];

/// A line of trades: seconds after the start, price, quantity.
type Print = (i64, String, String);

fn prints(count: i64, step: i64, price: impl Fn(i64) -> String, quantity: &str) -> Vec<Print> {
    (0..count)
        .map(|n| (n * step, price(n), quantity.to_owned()))
        .collect()
}

/// Imports, replays and reports; everything odd markets must not lead to is checked here.
fn reported(what: &str, rows: &[Print], grid: (&str, &str)) -> Value {
    let folder = Folder::new();
    let text: String = rows
        .iter()
        .map(|(second, price, quantity)| format!("{},{price},{quantity},buy\n", START + second))
        .collect();
    folder.write("trades.csv", text);
    let columns = "time=1,price=2,quantity=3,side=4";
    let (tick, lot) = grid;
    let import = [
        "import",
        "--symbol",
        "ODD-PERP",
        "--columns",
        columns,
        "--tick",
        tick,
        "--lot",
        lot,
        "--taker-fee",
        "0.0005",
        "-o",
        "odd.mrec",
        "trades.csv",
    ];
    printed(&folder, &import);
    replay(&folder, "odd.mrec", "run.sqlite", &EAGER);
    checked(what, &folder)
}

fn checked(what: &str, folder: &Folder) -> Value {
    let text = printed(folder, &["report", "--ledger", "run.sqlite"]);
    assert_sound(what, &text);
    let report = json(folder, &["report", "--json", "--ledger", "run.sqlite"]);
    assert_sound(what, &report.to_string());
    assert_explained(what, &report);
    assert_eq!(report["profit_split"]["residual"], "0", "{what}");
    if report["not_computed"]
        .as_array()
        .is_some_and(|list| !list.is_empty())
    {
        assert!(text.contains("Not computed"), "{what}:\n{text}");
    }
    let comparison = printed(folder, &["report", "--compare", "run.sqlite", "run.sqlite"]);
    assert_sound(what, &comparison);
    report
}

fn reason<'a>(report: &'a Value, metric: &str) -> Option<&'a str> {
    let list = report["not_computed"].as_array().expect("a list");
    let found = list.iter().find(|item| item["metric"] == metric);
    found.map(|item| item["reason"].as_str().expect("a reason"))
}

const CENT: (&str, &str) = ("0.01", "0.001");

#[test]
fn a_single_trade_and_a_few_seconds_are_too_short_for_anything() {
    for count in [1, 2, 7] {
        let rows = prints(count, 1, |n| format!("{}.00", 100 + n), "1");
        let report = reported(&format!("{count} trades"), &rows, CENT);
        assert_eq!(report["metrics"]["trades"], 0);
        assert_eq!(
            reason(&report, "cagr_pct"),
            Some("the run is shorter than a day")
        );
        assert_eq!(reason(&report, "expectancy"), Some("no closed trade"));
        assert_eq!(reason(&report, "markouts"), Some("no fill"));
        assert!(reason(&report, "luck.interval").is_some_and(|r| r.contains("fewer than 10")));
    }
}

#[test]
fn a_market_that_never_moves_has_no_trade_and_no_deviation() {
    let rows = prints(3000, 60, |_| "100.00".to_owned(), "1");
    let report = reported("flat", &rows, CENT);
    assert_eq!(report["metrics"]["trades"], 0);
    assert_eq!(report["metrics"]["max_drawdown_pct"], 0.0);
    assert_eq!(
        reason(&report, "sharpe"),
        Some("the daily returns do not differ")
    );
    assert_eq!(reason(&report, "calmar"), Some("equity never fell"));
}

#[test]
fn a_market_that_only_rises_or_only_falls_is_reported() {
    let rising = prints(
        2000,
        10,
        |n| format!("{}.{:02}", 100 + n / 20, n % 20),
        "50",
    );
    let report = reported("rising", &rising, CENT);
    assert!(
        report["metrics"]["fills"].as_u64().is_some_and(|n| n > 0),
        "it trades"
    );
    let falling = prints(
        2000,
        10,
        |n| format!("{}.{:02}", 300 - n / 20, 99 - n % 20),
        "50",
    );
    reported("falling", &falling, CENT);
}

/// Up and down in waves, so that there are trades.
fn wave(n: i64, base: i64) -> i64 {
    let phase = n % 40;
    base + base * if phase < 20 { phase } else { 40 - phase } / 400
}

#[test]
fn holes_of_days_are_no_days_of_trading() {
    let mut rows = Vec::new();
    for block in 0..4 {
        for (second, price, quantity) in prints(400, 10, |n| wave(n, 1000).to_string(), "5") {
            rows.push((second + block * 3 * 86_400, price, quantity));
        }
    }
    let report = reported("holes", &rows, CENT);
    assert!(
        report["metrics"]["trades"].as_u64().is_some_and(|n| n > 0),
        "it trades"
    );
    assert!(report["markouts"]["fills"].as_u64().is_some_and(|n| n > 0));
    assert_eq!(report["daily_equity"].as_array().map(Vec::len), Some(4));
}

#[test]
fn prices_near_nothing_and_beyond_ten_millions_are_only_numbers() {
    let tiny = prints(1500, 10, |n| format!("0.{:018}", wave(n, 1000)), "100000");
    reported("tiny", &tiny, ("0.000000000000000001", "1"));
    let small = prints(
        1500,
        10,
        |n| format!("0.0000{:04}", wave(n, 1000)),
        "5000000",
    );
    let report = reported("small", &small, ("0.00000001", "1"));
    assert!(
        report["metrics"]["fills"].as_u64().is_some_and(|n| n > 0),
        "it trades"
    );
    let huge = prints(1500, 10, |n| format!("{}.5", wave(n, 123_456_780)), "0.01");
    let report = reported("huge", &huge, ("0.5", "0.00000001"));
    assert!(
        report["metrics"]["fills"].as_u64().is_some_and(|n| n > 0),
        "it trades"
    );
}

#[test]
fn candles_without_volume_fill_nothing_and_are_reported() {
    for volume in ["0", "3"] {
        let folder = Folder::new();
        let mut text = "ts,open,high,low,close,volume\n".to_owned();
        for n in 0..2000 {
            let (open, close) = (wave(n, 1000), wave(n + 1, 1000));
            let (high, low) = (open.max(close), open.min(close));
            let time = (START + 60 * n) * 1000;
            text.push_str(&format!("{time},{open},{high},{low},{close},{volume}\n"));
        }
        folder.write("candles.csv", text);
        let import = [
            "import",
            "--format",
            "candles-csv",
            "--symbol",
            "ODD-PERP",
            "--tick",
            "0.01",
            "--lot",
            "0.001",
            "-o",
            "odd.mrec",
            "candles.csv",
        ];
        printed(&folder, &import);
        replay(&folder, "odd.mrec", "run.sqlite", &EAGER);
        let report = checked(&format!("volume {volume}"), &folder);
        let fills = report["metrics"]["fills"].as_u64().expect("a count");
        if fills > 0 {
            let short = reason(&report, "markouts.1s");
            assert_eq!(short, Some("shorter than the recorded candles"));
        }
        assert!(
            volume == "3" || report["metrics"]["trades"] == 0,
            "nothing fills"
        );
        assert!(volume == "0" || fills > 0, "it trades");
    }
}

/// Longer candles than decisions are wanted of: nothing can be decided, and the report says why.
#[test]
fn candles_longer_than_the_decision_interval_are_told_of() {
    let folder = Folder::new();
    let row = |n: i64| format!("{},100,101,99,100.{},5\n", START + n * 300, n % 10);
    let rows: String = (0..1_000).map(row).collect();
    folder.write(
        "candles.csv",
        format!("time,open,high,low,close,volume\n{rows}"),
    );
    let import = [
        "import",
        "--format",
        "candles-csv",
        "--symbol",
        "ODD-PERP",
        "-o",
        "long.mrec",
        "candles.csv",
    ];
    printed(&folder, &import);
    replay(&folder, "long.mrec", "run.sqlite", &[]);
    let report = checked("longer candles", &folder);
    let notes = report["notes"].to_string();
    assert!(
        notes.contains("1000 candles of 5m were left out") && notes.contains("trading.interval"),
        "{notes}"
    );
    let why = reason(&report, "sharpe").expect("it is not computed");
    assert!(why.contains("candles closed"), "{why}");
    replay(
        &folder,
        "long.mrec",
        "fits.sqlite",
        &["trading.interval=15m"],
    );
    let fits = json(&folder, &["report", "--json", "--ledger", "fits.sqlite"]);
    assert!(!fits["notes"].to_string().contains("left out"), "{fits}");
}

/// A lot that is tiny beside the price of one: the entry is cut to what is counted and fills.
#[test]
fn a_price_near_nothing_with_a_fine_lot_is_traded() {
    let price = |n: i64| format!("0.{:08}", 3_000 + (n / 40 % 2) * 300 + n % 7);
    let rows = prints(4_000, 20, price, "1000");
    let report = reported("a fine lot", &rows, ("0.00000001", "0.00000001"));
    let trades = report["metrics"]["trades"].as_u64();
    assert!(trades.is_some_and(|trades| trades > 0), "{trades:?}");
}
