//! Markouts computed by hand, from fills of a ledger and prices given one by one.

use super::*;
use crate::core::units::Side::{Buy, Sell};
use crate::report::tests::scene::{Scene, Stroke, at, d};
use crate::store::ledger::tests::samples;

/// A price of the first symbol at that many milliseconds.
fn price(millis: i64, ticks: i64) -> (Timestamp, i64) {
    (Timestamp(at(0).0 + millis * 1_000_000), ticks)
}

/// Runs the prices past the fills; the recording ends at `end` seconds.
fn marked(
    scene: &Scene,
    prices: &[(Timestamp, i64)],
    candle: Option<i64>,
    end: i64,
) -> Vec<Markout> {
    let reader = scene.write(None, None);
    let session = reader.latest_session().unwrap().unwrap();
    let mut pass = MarkoutPass::new(&reader, &session).unwrap();
    let mut last = vec![None; session.instruments.len()];
    for (time, ticks) in prices {
        pass.advance(*time, &last).unwrap();
        last[0] = Some((Price(*ticks), candle.map(Span::from_secs)));
    }
    pass.finish(at(end), &last).unwrap();
    pass.into_markouts().horizons
}

/// Lot 0.001, tick 0.01: one unit at 100 bought at 10 s and sold at 20 s.
fn one_trip(name: &str) -> Scene {
    let mut scene = Scene::new(name);
    scene.round_trip(Buy, 10_000, 10_100, 10, 20);
    scene
}

#[test]
fn each_horizon_takes_the_last_price_at_or_before_it() {
    let scene = one_trip("markout-hand");
    let prices = [
        price(9_000, 10_000),
        price(10_500, 10_010),
        // Exactly one second after the entry: it counts.
        price(11_000, 10_020),
        price(11_001, 10_030),
        price(20_000, 10_100),
        price(20_900, 10_050),
        price(30_500, 9_900),
        price(100_000, 10_200),
    ];
    let rows = marked(&scene, &prices, None, 400);
    let [second, ten, minute, five] = &rows[..] else {
        panic!("four horizons");
    };
    // Entry: 100.20 - 100 = 0.2; exit, a sale at 101: 101 - 100.50 = 0.5.
    assert_eq!(second.entries.total, d("0.2"));
    assert_eq!(second.exits.total, d("0.5"));
    assert_eq!(second.all.total, d("0.7"));
    assert_eq!((second.all.fills, second.all.favourable), (2, 2));
    assert_eq!(second.all.notional, d("201"));
    let bps = second.all.mean_bps.unwrap();
    assert!((bps - 10_000.0 * 0.7 / 201.0).abs() < 1e-9, "{bps}");
    // At 20 s the price is 101; at 30 s still 100.50.
    assert_eq!((ten.entries.total, ten.exits.total), (d("1"), d("0.5")));
    // At 70 s and 80 s it is 99.
    assert_eq!(
        (minute.entries.total, minute.exits.total),
        (d("-1"), d("2"))
    );
    assert_eq!(minute.all.favourable, 1);
    // At 310 s and 320 s it is 102.
    assert_eq!((five.entries.total, five.exits.total), (d("2"), d("-1")));
    assert!(rows.iter().all(|row| row.left_out == 0));
}

#[test]
fn a_horizon_never_passes_the_end_of_the_recording() {
    let scene = one_trip("markout-end");
    let rows = marked(
        &scene,
        &[price(9_000, 10_000), price(20_000, 10_100)],
        None,
        80,
    );
    let counts: Vec<(u64, u64)> = rows.iter().map(|r| (r.all.fills, r.left_out)).collect();
    // One minute after the exit is the very end: it counts. Five minutes are beyond for both.
    assert_eq!(counts, [(2, 0), (2, 0), (2, 0), (0, 2)]);
    assert_eq!(rows[3].all.mean_bps, None);
}

#[test]
fn a_horizon_shorter_than_the_recorded_candles_is_not_told() {
    let scene = one_trip("markout-candles");
    let prices = [
        price(0, 10_000),
        price(60_000, 10_100),
        price(120_000, 10_200),
    ];
    let rows = marked(&scene, &prices, Some(60), 400);
    let counts: Vec<(u64, u64)> = rows
        .iter()
        .map(|r| (r.all.fills, r.within_candle))
        .collect();
    assert_eq!(counts, [(0, 2), (0, 2), (2, 0), (2, 0)]);
    // 70 s after the start the last finished candle closed at 101.
    assert_eq!(rows[2].entries.total, d("1"));
}

#[test]
fn without_any_price_nothing_is_told() {
    let rows = marked(&one_trip("markout-none"), &[], None, 400);
    assert!(
        rows.iter()
            .all(|row| (row.all.fills, row.left_out) == (0, 2))
    );
}

#[test]
fn every_symbol_has_its_own_price() {
    let other = Instrument {
        symbol: "ETH-USD".into(),
        ..samples::instrument()
    };
    let mut scene = Scene::with("markout-symbols", vec![samples::instrument(), other]);
    for (symbol, side) in [(0, Buy), (1, Sell)] {
        scene.stroke(Stroke {
            symbol,
            side,
            price: 10_000,
            reference: 10_000,
            lots: 1000,
            fee: d("0"),
            seconds: 10,
        });
    }
    let reader = scene.write(None, None);
    let session = reader.latest_session().unwrap().unwrap();
    let mut pass = MarkoutPass::new(&reader, &session).unwrap();
    let last = [Some((Price(10_001), None)), Some((Price(10_007), None))];
    pass.advance(at(12), &last).unwrap();
    pass.finish(at(400), &last).unwrap();
    let markouts = pass.into_markouts();
    assert_eq!(markouts.fills, 2);
    // +0.01 of the long, -0.07 of the short.
    assert_eq!(markouts.horizons[0].all.total, d("-0.06"));
}

#[test]
fn a_crowd_of_fills_is_walked_in_pages_and_none_is_lost() {
    let mut scene = Scene::new("markout-crowd");
    for number in 0..3000 {
        scene.round_trip(Buy, 10_000, 10_001, 2 * number, 2 * number + 1);
    }
    let prices: Vec<_> = (0..6000).map(|n| price(n * 1000, 10_000 + n)).collect();
    let rows = marked(&scene, &prices, None, 6000);
    for (row, seconds) in rows.iter().zip(HORIZONS_SECONDS) {
        // Fills of the seconds 0 to 5999; those later than 6000 - horizon are left out.
        assert_eq!(row.left_out, seconds as u64 - 1, "{seconds} s");
        assert_eq!(row.all.fills, 6000 - row.left_out, "{seconds} s");
    }
    // A buy at second n for 100: the price one second on is 100 + (n + 1) / 100; the last price
    // stands at second 6000 as it did at 5999.
    let expected: i64 = (0..3000).map(|n| 2 * n + 1).sum();
    assert_eq!(rows[0].entries.total, Decimal::new(expected, 2));
}
