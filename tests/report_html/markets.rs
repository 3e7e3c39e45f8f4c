//! Markets at the edges: none, one trade, flat, huge and tiny prices, gaps.

use crate::document::Document;
use crate::folder::Folder;
use crate::run::{bundled, check, page, replay};
use minnow::core::market::{Aggressor, SymbolId, TimedTrade, Trade};
use minnow::core::units::{Decimal, Price, Quantity, Stamp, Timestamp};
use minnow::store::recording::{BlockWriter, Header, OpenOptions, RecordingWriter, open};
use std::path::Path;

/// 2018-01-01.
const START: i64 = 1_514_764_800_000_000_000;
const SECOND: i64 = 1_000_000_000;

fn header(tick: &str) -> Header {
    let opened = open(&bundled(), &OpenOptions::default()).expect("the bundled recording");
    let mut header = opened.header;
    header.instruments[0].tick = Decimal::parse(tick).expect("a decimal");
    header.instruments[0].lot = Decimal::parse("0.00000001").expect("a decimal");
    header.instruments[0].min_quantity = header.instruments[0].lot;
    header
}

/// One trade a second at these prices in ticks; after ten thousand of them `pause` seconds without.
fn record(path: &Path, header: &Header, prices: impl Iterator<Item = i64>, pause: i64) {
    let mut writer = BlockWriter::create(path, header).expect("a new file");
    let rows: Vec<TimedTrade> = prices
        .zip(0..)
        .map(|(price, number)| {
            let second = if number < 10_000 {
                number
            } else {
                number + pause
            };
            let time = Timestamp(START + second * SECOND);
            TimedTrade {
                stamp: Stamp::of_history(time),
                trade: Trade {
                    symbol: SymbolId(0),
                    aggressor: Aggressor::Unknown,
                    price: Price(price),
                    quantity: Quantity(1_000_000_000),
                    time,
                    id: 0,
                },
            }
        })
        .collect();
    writer.trades(&rows).expect("in order and on the grid");
    writer.finish().expect("room for it");
}

fn of(tick: &str, prices: impl Iterator<Item = i64>) -> Document {
    let folder = Folder::new();
    let recording = folder.file("market.mrec");
    record(&recording, &header(tick), prices, 0);
    replay(&folder, &recording, &[]);
    check(&page(&folder))
}

/// A wave that rises and falls by a tenth, noise on it.
fn wave(middle: i64) -> impl Iterator<Item = i64> {
    (0..30_000i64).map(move |n| {
        let phase = (n % 6_000 - 3_000).abs() - 1_500;
        let noise = (n * 7919 % 101) - 50;
        middle + middle / 15_000 * phase + middle / 20_000 * noise
    })
}

#[test]
fn a_single_trade_makes_a_page() {
    let document = of("0.01", [5_000_000].into_iter());
    assert!(document.text_of("trades").contains("No trade was closed."));
    assert!(document.by_id("by-hour").is_none());
}

#[test]
fn a_window_without_any_trade_makes_a_page() {
    let folder = Folder::new();
    let window = ["--from", "2019-01-01", "--to", "2019-01-02"];
    replay(&folder, &bundled(), &window);
    let document = check(&page(&folder));
    assert!(
        document
            .text_of("refusals")
            .contains("No proposal was refused.")
    );
}

#[test]
fn a_flat_market_is_a_line_in_the_middle() {
    let document = of("0.01", std::iter::repeat_n(5_000_000, 20_000));
    let price = document.inside("price-0");
    let line = price
        .iter()
        .find(|e| e.has_class("s-price") && e.name == "polyline");
    let points = line.and_then(|e| e.attribute("points")).expect("a line");
    assert!(
        points.split(' ').all(|p| p.ends_with(",500000")),
        "{points}"
    );
    assert!(document.text_of("price").contains("No trade was closed."));
}

#[test]
fn huge_prices_have_short_labels() {
    let document = of("100", wave(900_000_000_000_000));
    assert!(document.text_of("price").contains("e16"));
    for label in document.all("text") {
        assert!(label.text.len() <= 16, "{}", label.text);
    }
}

#[test]
fn tiny_prices_have_short_labels_and_all_their_digits() {
    let document = of("0.00000000000001", wave(1_500_000));
    let labels: Vec<&str> = document.all("text").map(|e| e.text.as_str()).collect();
    assert!(
        labels.iter().any(|label| label.ends_with("e-8")),
        "{labels:?}"
    );
    assert!(labels.iter().all(|label| label.len() <= 16), "{labels:?}");
    assert!(document.text_of("price").contains("0.00000001"));
}

#[test]
fn days_without_data_are_bridged_without_a_wrong_number() {
    let folder = Folder::new();
    let recording = folder.file("market.mrec");
    record(&recording, &header("0.01"), wave(5_000_000), 5 * 86_400);
    let report = replay(&folder, &recording, &[]);
    assert!(report["trade_count"].as_u64().expect("a count") > 0);
    let document = check(&page(&folder));
    assert!(document.text_of("price").contains("2018-01-0"));
}

#[test]
fn each_symbol_has_its_price_and_its_indicators() {
    let folder = Folder::new();
    let (first, second) = (folder.file("one.mrec"), folder.file("two.mrec"));
    record(&first, &header("0.01"), wave(5_000_000), 0);
    let mut other = header("0.0001");
    other.instruments[0].symbol = "ETH-PERP".to_owned();
    record(&second, &other, wave(30_000_000), 0);
    let second = second.to_str().expect("a path in UTF-8");
    let symbols = ["--set", "trading.symbols=BTC-PERP,ETH-PERP", second];
    let report = replay(&folder, &first, &symbols);
    let document = check(&page(&folder));
    for id in [
        "price-0",
        "price-1",
        "indicators-0-on-price",
        "indicators-1-on-price",
    ] {
        assert!(document.by_id(id).is_some(), "{id}");
    }
    let text = document.text_of("price");
    assert!(
        text.contains("BTC-PERP from") && text.contains("ETH-PERP from"),
        "{text}"
    );
    let held = &report["metrics"]["buy_and_hold_pct"];
    let end = 10_000.0 * (1.0 + held.as_f64().expect("a number") / 100.0);
    let equity = document.text_of("equity").replace(',', "");
    assert!(
        equity.contains(&format!("ended at {end:.2}.")),
        "{end} in {equity}"
    );
}
