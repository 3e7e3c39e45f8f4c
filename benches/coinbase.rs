//! What it costs to decode frames of Coinbase, beside the floor: `serde_json` reading the same frame
//! into structs of borrowed text, without any number, time or event being made of it.
//!
//! `cargo bench --bench coinbase`. Frames are like recorded ones in size and fields.

use minnow::core::units::Timestamp;
use minnow::exchange::ExchangeCodec;
use minnow::exchange::coinbase::{Addresses, Coinbase};
use minnow::exchange::stream::{StreamEvent, StreamRole};
use serde::Deserialize;

fn main() {
    divan::main();
}

#[derive(Deserialize)]
#[allow(dead_code)] // What is read and not used is the floor.
struct Frame<'a, E> {
    channel: &'a str,
    timestamp: &'a str,
    sequence_num: u64,
    events: Vec<E>,
}

#[derive(Deserialize)]
#[allow(dead_code)]
struct TickerEvent<'a> {
    #[serde(borrow)]
    tickers: Vec<Ticker<'a>>,
}

#[derive(Deserialize)]
#[allow(dead_code)]
struct Ticker<'a> {
    product_id: &'a str,
    price: &'a str,
    best_bid: &'a str,
    best_bid_quantity: &'a str,
    best_ask: &'a str,
    best_ask_quantity: &'a str,
}

#[derive(Deserialize)]
#[allow(dead_code)]
struct TradesEvent<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(borrow)]
    trades: Vec<Trade<'a>>,
}

#[derive(Deserialize)]
#[allow(dead_code)]
struct Trade<'a> {
    product_id: &'a str,
    trade_id: &'a str,
    price: &'a str,
    size: &'a str,
    time: &'a str,
    side: &'a str,
}

#[derive(Deserialize)]
#[allow(dead_code)]
struct BookEvent<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    product_id: &'a str,
    #[serde(borrow)]
    updates: Vec<Level<'a>>,
}

#[derive(Deserialize)]
#[allow(dead_code)]
struct Level<'a> {
    side: &'a str,
    event_time: &'a str,
    price_level: &'a str,
    new_quantity: &'a str,
}

fn ticker(number: u64) -> String {
    format!(
        r#"{{"channel":"ticker","client_id":"","timestamp":"2026-09-30T02:39:53.813568298Z","sequence_num":{number},"events":[{{"type":"update","tickers":[{{"type":"ticker","product_id":"BTC-USD","price":"83277.25","volume_24_h":"15328.12345678","low_24_h":"81500.01","high_24_h":"84200.99","low_52_w":"25000.00","high_52_w":"103800.00","price_percent_chg_24_h":"1.85","best_bid":"83277.24","best_bid_quantity":"0.00715626","best_ask":"83277.25","best_ask_quantity":"0.24000001"}}]}}]}}"#
    )
}

fn trades(number: u64, count: u64) -> String {
    let trades: Vec<String> = (0..count)
        .map(|i| format!(r#"{{"product_id":"ETH-USD","trade_id":"{}","price":"2666.{:02}","size":"0.{:08}","time":"2026-09-30T02:39:53.{:06}Z","side":"SELL"}}"#, 846_155_105 - i, i % 100, 11_139_825 + i, 999_999 - i))
        .collect();
    format!(
        r#"{{"channel":"market_trades","client_id":"","timestamp":"2026-09-30T02:39:53.813568298Z","sequence_num":{number},"events":[{{"type":"update","trades":[{}]}}]}}"#,
        trades.join(",")
    )
}

fn book(number: u64, kind: &str, count: u64) -> String {
    let levels: Vec<String> = (0..count)
        .map(|i| {
            let side = if i % 2 == 0 { "bid" } else { "offer" };
            format!(r#"{{"side":"{side}","event_time":"2026-09-30T02:39:53.751818Z","price_level":"{}.{:02}","new_quantity":"0.{:08}"}}"#, 83_242 + i / 100, i % 100, 2_401_664 + i)
        })
        .collect();
    format!(
        r#"{{"channel":"l2_data","client_id":"","timestamp":"2026-09-30T02:39:53.798423713Z","sequence_num":{number},"events":[{{"type":"{kind}","product_id":"BTC-USD","updates":[{}]}}]}}"#,
        levels.join(",")
    )
}

/// Decodes frames whose numbers follow each other, as those of a connection do.
fn codec(bencher: divan::Bencher<'_, '_>, role: StreamRole, frame: fn(u64) -> String) {
    let mut codec = Coinbase::new(Addresses::default(), None).expect("the venue's own addresses");
    let mut number = 0;
    bencher
        .with_inputs(|| {
            number += 1;
            frame(number - 1)
        })
        .bench_local_refs(|frame| {
            let mut events = 0u64;
            let decoded = codec.decode(role, frame, &mut |event: StreamEvent<'_>| {
                events += 1;
                divan::black_box(&event);
            });
            decoded.expect("the frame is one of the venue's");
            assert!(events > 0, "a frame that was taken for an old one");
            events
        });
}

/// Reads frames into borrowed text and drops them.
fn floor(bencher: divan::Bencher<'_, '_>, frame: fn(u64) -> String, read: fn(&str)) {
    let mut number = 0;
    bencher
        .with_inputs(|| {
            number += 1;
            frame(number - 1)
        })
        .bench_local_refs(|frame| read(frame));
}

fn read<'a, E: Deserialize<'a>>(frame: &'a str) {
    let frame: Frame<'a, E> = serde_json::from_str(frame).expect("the frame is one of the venue's");
    divan::black_box(&frame);
}

const SNAPSHOT_LEVELS: u64 = 30_000;

#[divan::bench]
fn ticker_decoded(bencher: divan::Bencher<'_, '_>) {
    codec(bencher, StreamRole::Market, ticker);
}

#[divan::bench]
fn ticker_floor(bencher: divan::Bencher<'_, '_>) {
    floor(bencher, ticker, |frame| {
        read::<TickerEvent<'_>>(frame);
    });
}

#[divan::bench]
fn trades_of_5_decoded(bencher: divan::Bencher<'_, '_>) {
    codec(bencher, StreamRole::Market, |number| trades(number, 5));
}

#[divan::bench]
fn trades_of_5_floor(bencher: divan::Bencher<'_, '_>) {
    floor(
        bencher,
        |number| trades(number, 5),
        |frame| {
            read::<TradesEvent<'_>>(frame);
        },
    );
}

#[divan::bench]
fn book_update_of_12_decoded(bencher: divan::Bencher<'_, '_>) {
    codec(bencher, StreamRole::Book, |number| {
        book(number, "update", 12)
    });
}

#[divan::bench]
fn book_update_of_12_floor(bencher: divan::Bencher<'_, '_>) {
    floor(
        bencher,
        |number| book(number, "update", 12),
        |frame| {
            read::<BookEvent<'_>>(frame);
        },
    );
}

#[divan::bench(items_count = SNAPSHOT_LEVELS)]
fn book_snapshot_decoded(bencher: divan::Bencher<'_, '_>) {
    codec(bencher, StreamRole::Book, |number| {
        book(number, "snapshot", SNAPSHOT_LEVELS)
    });
}

#[divan::bench(items_count = SNAPSHOT_LEVELS)]
fn book_snapshot_floor(bencher: divan::Bencher<'_, '_>) {
    floor(
        bencher,
        |number| book(number, "snapshot", SNAPSHOT_LEVELS),
        |frame| {
            read::<BookEvent<'_>>(frame);
        },
    );
}

/// What a subscription to a product under its other name adds: every event is told again.
#[divan::bench]
fn ticker_decoded_under_an_alias(bencher: divan::Bencher<'_, '_>) {
    let mut codec = Coinbase::new(Addresses::default(), None).expect("the venue's own addresses");
    let products = ["BTC-USDC".to_owned()];
    codec
        .subscribe(StreamRole::Market, &products, Timestamp(0), &mut || 0)
        .expect("market data needs no key");
    let mut number = 0;
    bencher
        .with_inputs(|| {
            number += 1;
            ticker(number - 1)
        })
        .bench_local_refs(|frame| {
            codec.decode(StreamRole::Market, frame, &mut |event: StreamEvent<'_>| {
                divan::black_box(&event);
            })
        });
}
