//! History that consists of candles: fills at the open, gaps, and what happens inside a bar.

use crate::world::*;
use minnow::core::records::*;
use minnow::core::settings::{Intrabar, Settings};
use minnow::core::units::*;

/// Long decided on the first candle: filled at the second one's open, 50,000; stop 49,500, target
/// 51,500.
fn entered(settings: Settings, second: [&str; 4]) -> World {
    let mut world = World::new(settings, say([(1, long("20", "3", "1"))]));
    world.candle(0, ["50000", "50000", "50000", "50000"], "10");
    world.candle(1, second, "10");
    world
}

const CALM: [&str; 4] = ["50000", "50100", "49900", "50000"];

#[test]
fn a_market_order_fills_at_the_next_open() {
    let world = entered(settings(), CALM);
    assert_eq!(world.position(), d("0.2"));
    assert_eq!(world.fills[0].time.as_millis(), START + 60_000);
    assert_eq!(world.price(&world.fills[0]), d("50000"));
}

#[test]
fn a_gap_beyond_the_stop_fills_at_the_open() {
    let mut world = entered(settings(), CALM);
    world.candle(2, ["49000", "49200", "48900", "49100"], "0");
    let fill = world.fills.last().unwrap();
    assert_eq!(world.price(fill), d("49000"), "even without volume");
    assert_eq!(world.trades[0].reason, ExitReason::StopLoss);
}

#[test]
fn inside_the_bar_the_stop_fills_at_its_level() {
    let mut world = entered(settings(), CALM);
    world.candle(2, ["49900", "50000", "49400", "49800"], "10");
    assert_eq!(world.price(world.fills.last().unwrap()), d("49500"));
}

#[test]
fn what_a_partly_filled_stop_leaves_is_valued_at_its_level() {
    let mut world = entered(settings(), CALM);
    world.candle(2, ["49900", "50000", "49400", "49800"], "0.15");
    assert_eq!(world.position(), d("0.05"));
    let mut fills = world.equity.iter().filter(|p| p.kind == EquityKind::Fill);
    let point = fills.next_back().expect("a fill");
    assert_eq!(
        point.unrealised,
        d("-25"),
        "0.05 at 49,500, bought at 50,000"
    );
}

#[test]
fn stop_and_target_in_one_bar_are_the_worst_or_the_nearer() {
    let wild = ["51000", "52000", "49000", "50000"];
    let mut world = entered(settings(), CALM);
    world.candle(2, wild, "10");
    assert_eq!(world.trades[0].reason, ExitReason::StopLoss);
    let mut nearer = settings();
    nearer.paper.intrabar = Intrabar::OpenFirst;
    let mut world = entered(nearer, CALM);
    world.candle(2, wild, "10");
    assert_eq!(world.trades[0].reason, ExitReason::TakeProfit);
    assert_eq!(world.price(world.fills.last().unwrap()), d("51500"));
}

#[test]
fn the_entrys_own_bar_can_stop_but_only_its_close_proves_a_target() {
    let world = entered(settings(), ["50000", "50100", "49400", "49800"]);
    assert_eq!(world.trades[0].reason, ExitReason::StopLoss);
    let world = entered(settings(), ["50000", "52000", "49900", "51000"]);
    assert!(
        world.trades.is_empty(),
        "high before or after the entry? nobody knows"
    );
    let world = entered(settings(), ["50000", "52000", "49900", "51600"]);
    assert_eq!(world.trades[0].reason, ExitReason::TakeProfit);
}

#[test]
fn without_volume_nothing_fills() {
    let mut world = World::new(settings(), say([(1, long("20", "3", "1"))]));
    world.candle(0, ["50000", "50000", "50000", "50000"], "10");
    world.candle(1, CALM, "0");
    world.candle(2, CALM, "10");
    assert!(world.fills.is_empty());
    assert_eq!(world.last_order(Leg::Entry).state, OrderState::Expired);
}

#[test]
fn broken_candles_are_refused_and_counted() {
    let mut world = entered(settings(), CALM);
    world.candle(2, ["50000", "49000", "49900", "50000"], "10");
    world.candle(1, CALM, "10");
    assert_eq!(world.core.counts().candles_refused, 2);
}

#[test]
fn smaller_candles_build_the_interval() {
    let mut five = settings();
    five.trading.interval = minnow::core::market::Interval::parse("5m").unwrap();
    let mut world = World::new(five, say([]));
    for minute in 0..10 {
        let high = (50_000 + minute * 10).to_string();
        world.candle(minute, ["50000", &high, "50000", "50000"], "1");
    }
    let history = world.core.symbols()[0].series.history();
    let built: Vec<_> = history
        .iter()
        .map(|c| (c.open_time.as_millis() - START, c.high, c.volume))
        .collect();
    assert_eq!(
        built,
        [(0, Price(100_080), 5000), (300_000, Price(100_180), 5000)]
    );
}

#[test]
fn a_missing_candle_becomes_flat_by_the_clock() {
    let mut world = entered(settings(), CALM);
    world.candle(3, CALM, "10");
    let history = world.core.symbols()[0].series.history();
    let volumes: Vec<i128> = history.iter().map(|c| c.volume).collect();
    assert_eq!(volumes, [10_000, 10_000, 0, 10_000]);
}
