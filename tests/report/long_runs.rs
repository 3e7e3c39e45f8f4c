//! A run over the turn of a year.

use crate::program::{printed, replay};
use crate::support::folder::Folder;

/// Hourly candles of a price that swings every two days, from 2023-12-20 to 2024-01-09.
fn candles() -> String {
    let mut text = "time,open,high,low,close,volume\n".to_owned();
    let price = |hour: i64| 100.0 + 5.0 * (hour as f64 / 7.6).sin();
    for hour in 0..500 {
        let (open, close) = (price(hour - 1), price(hour));
        let (high, low) = (open.max(close) + 0.1, open.min(close) - 0.1);
        let volume = if hour % 5 == 0 { 40 } else { 10 };
        let time = 1_703_030_400 + 3_600 * hour;
        text.push_str(&format!(
            "{time},{open:.2},{high:.2},{low:.2},{close:.2},{volume}\n"
        ));
    }
    text
}

#[test]
fn trades_of_several_years_have_their_year_and_the_day_left_out_is_told() {
    let folder = Folder::new();
    folder.write("candles.csv", candles());
    let mut import = vec!["import", "candles.csv", "-o", "candles.mrec"];
    import.extend(["--format", "candles-csv", "--symbol", "ETH-USD"]);
    printed(&folder, &import);
    let settings = [
        "strategy.type=momentum",
        "trading.interval=1h",
        "trading.min_candles_for_trading=60",
        "data.enable_cipher_b_filter=false",
    ];
    replay(&folder, "candles.mrec", "run.sqlite", &settings);
    let report = ["report", "--ledger", "run.sqlite", "--trades", "all"];
    let text = printed(&folder, &report);
    let table = text.split("\nTrades (").nth(1).expect("trades");
    let years: Vec<&str> = table
        .lines()
        .map(str::trim)
        .filter(|line| ["2023", "2024"].contains(line))
        .collect();
    assert_eq!(years, ["2023", "2024"], "{text}");
    assert!(text.contains("Daily reports ("), "{text}");
    assert!(
        text.contains("The last day was not over and is not listed."),
        "{text}"
    );
    for line in table.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
}
