//! Candles that were asked for: before live data and of a gap.

use crate::world::*;
use minnow::core::Core;
use minnow::core::indicators::cipher::{CipherASettings, CipherBSettings};
use minnow::core::input::Input;
use minnow::core::market::{Aggressor, Candle, CandleSource, Interval, Quote, SymbolId, Trade};
use minnow::core::modes::Turns;
use minnow::core::records::*;
use minnow::core::settings::{Settings, StrategySettings, VuManChuSettings};
use minnow::core::units::*;

fn past(minute: i64, ohlc: [&str; 4]) -> Candle {
    let grid = instrument("BTC-PERP");
    let [open, high, low, close] = ohlc.map(|p| grid.exact_price(d(p)).expect("on the grid"));
    Candle {
        open_time: Timestamp::from_millis(START + minute * 60_000),
        open,
        high,
        low,
        close,
        volume: 5000,
        quote_volume: 0,
        trades: 0,
        source: CandleSource::Venue,
        complete: true,
    }
}

fn flat(minutes: std::ops::Range<i64>, price: &str) -> Vec<Candle> {
    minutes.map(|minute| past(minute, [price; 4])).collect()
}

fn history(candles: Vec<Candle>) -> Input {
    Input::History {
        symbol: SymbolId(0),
        interval: Interval::MINUTE,
        candles,
    }
}

fn warm_after(candles: usize) -> Settings {
    let mut s = settings();
    s.trading.min_candles = candles;
    s
}

#[test]
fn history_warms_up_decides_nothing_and_leaves_the_feed_free() {
    let mut world = World::new(warm_after(20), say([(21, long("20", "3", "1"))]));
    let at = 20 * 60_000 + 2_000;
    world.input(at, history(flat(0..20, "50000")));
    let symbol = &world.core.symbols()[0];
    assert_eq!(symbol.series.contiguous(), 20);
    assert_eq!(symbol.feed, None);
    assert_eq!(world.core.counts().decisions, 0);
    assert!(world.equity.is_empty());
    // The same again, and a part of it, is known.
    world.input(at, history(flat(3..20, "50000")));
    assert_eq!(world.core.symbols()[0].series.contiguous(), 20);
    // The first live candle is decided on: twenty lie before it.
    world.trade(at + 1_000, "50000", "10");
    world.trade(at + 61_000, "50000", "10");
    assert_eq!(world.decisions[0].action, Action::Long);
}

#[test]
fn a_bucket_joined_midway_is_closed_and_not_decided_on() {
    let mut world = World::new(settings(), say([(2, long("20", "3", "1"))]));
    world.input(80_000, history(flat(0..1, "50000")));
    world.input(
        80_000,
        Input::Partial {
            symbol: SymbolId(0),
            until: Timestamp::from_millis(START + 80_000),
        },
    );
    world.trade(81_000, "50000", "10");
    world.trade(121_500, "50000", "10");
    assert_eq!(world.core.symbols()[0].series.contiguous(), 2);
    assert_eq!(world.core.counts().decisions, 0);
    world.trade(181_500, "50000", "10");
    assert_eq!(world.core.counts().decisions, 1, "the next one is whole");
}

#[test]
fn broken_forming_and_misplaced_candles_are_refused() {
    let mut world = World::new(settings(), say([]));
    let mut broken = past(0, ["50000"; 4]);
    broken.high = Price(1);
    let mut midway = past(0, ["50000"; 4]);
    midway.complete = false;
    let mut between = past(0, ["50000"; 4]);
    between.open_time = between.open_time + Span(1);
    let forming = past(1, ["50000"; 4]);
    world.input(100_000, history(vec![broken, midway, between, forming]));
    assert_eq!(world.core.counts().candles_refused, 4);
    assert_eq!(world.core.symbols()[0].series.contiguous(), 0);
}

/// A long of 0.2 at 50,000, stop 49,500, target 51,500; entered at 90 s.
fn holding() -> World {
    let mut world = World::new(settings(), say([(1, long("20", "3", "1"))]));
    world.minutes(0, 2, "50000");
    world.trade(100_000, "50000", "10");
    assert_eq!(world.position(), d("0.2"));
    world.input(101_000, feed(false));
    world
}

fn feed(fresh: bool) -> Input {
    Input::Feed {
        symbol: SymbolId(0),
        feed: "trades".to_owned(),
        fresh,
    }
}

/// A trade at this time.
fn print(millis: i64, price: &str) -> Trade {
    let grid = instrument("BTC-PERP");
    Trade {
        symbol: SymbolId(0),
        aggressor: Aggressor::Unknown,
        price: grid.exact_price(d(price)).expect("on the grid"),
        quantity: grid.exact_quantity(d("10")).expect("on the lot"),
        time: Timestamp::from_millis(START + millis),
        id: millis as u64,
    }
}

#[test]
fn what_is_held_meets_trades_that_wait_for_candles() {
    let mut world = holding();
    let waiting = [
        print(242_000, "49900"),
        print(243_000, "49400"),
        print(244_000, "49450"),
    ];
    for trade in waiting {
        world.input((trade.time.0 / 1_000_000) - START, Input::Ahead(trade));
    }
    assert_eq!(world.trades.len(), 1, "the stop at 49500 was passed");
    let closed = &world.trades[0];
    assert_eq!(closed.reason, ExitReason::StopLoss);
    assert!(closed.exit_time >= Timestamp::from_millis(START + 243_000));
    let fills = world.fills.len();
    // The candles come, and the trades have their turn: nothing is met twice.
    world.input(245_000, history(flat(1..4, "50000")));
    for trade in waiting {
        world.input(245_000, Input::Trade(trade));
    }
    world.input(245_000, feed(true));
    assert_eq!((world.fills.len(), world.trades.len()), (fills, 1));
    world.trade(301_500, "49500", "10");
    let symbol = &world.core.symbols()[0];
    let built = symbol.series.history().newest().unwrap();
    let price = |text: &str| instrument("BTC-PERP").exact_price(d(text)).unwrap();
    assert_eq!((built.open, built.low), (price("49900"), price("49400")));
    assert_eq!((built.close, built.trades), (price("49450"), 3));
    assert!(symbol.ahead.is_none());
}

/// The connection was lost once more while candles were waited for: what happened then is in them.
#[test]
fn a_candle_of_trades_that_nobody_brought_is_met_though_others_were_met_before() {
    let mut world = holding();
    world.input(242_000, Input::Ahead(print(242_000, "49900")));
    world.input(
        421_000,
        Input::Partial {
            symbol: SymbolId(0),
            until: Timestamp::from_millis(START + 421_000),
        },
    );
    world.input(422_000, Input::Ahead(print(422_000, "49950")));
    assert!(world.trades.is_empty());
    let mut candles = flat(1..7, "50000");
    candles[4] = past(5, ["50000", "50000", "49000", "50000"]);
    world.input(423_000, history(candles));
    assert_eq!(
        world.trades.len(),
        1,
        "the stop at 49500 was passed meanwhile"
    );
    assert_eq!(world.trades[0].reason, ExitReason::StopLoss);
}

#[test]
fn a_print_far_off_is_doubted_ahead_of_its_turn_too() {
    let mut world = holding();
    world.input(242_000, Input::Ahead(print(242_000, "49900")));
    world.input(243_000, Input::Ahead(print(243_000, "20000")));
    world.input(244_000, Input::Ahead(print(244_000, "49910")));
    assert_eq!((world.fills.len(), world.position()), (1, d("0.2")));
}

#[test]
fn a_stop_that_a_gap_passed_fills_at_its_worst() {
    let mut world = holding();
    let gap = vec![
        past(1, ["50000", "50010", "49990", "50000"]),
        past(2, ["50000", "52000", "49000", "50000"]),
        past(3, ["50000"; 4]),
    ];
    world.input(241_000, history(gap));
    assert_eq!(world.position(), Decimal::ZERO);
    let trade = &world.trades[0];
    assert_eq!(trade.reason, ExitReason::StopLoss, "stop before target");
    assert_eq!(trade.exit_vwap, d("49500"));
    assert_eq!(
        world.core.counts().decisions,
        1,
        "none of them is decided on"
    );
}

#[test]
fn a_gap_beyond_the_stop_fills_at_its_open() {
    let mut world = holding();
    let gap = vec![
        past(1, ["50000"; 4]),
        past(2, ["48000", "48100", "47900", "48000"]),
    ];
    world.input(241_000, history(gap));
    assert_eq!(world.trades[0].exit_vwap, d("48000"));
}

#[test]
fn a_position_goes_on_through_a_gap_and_counts_its_candles() {
    let mut world = holding();
    world.input(301_000, history(flat(1..5, "50100")));
    world.input(301_500, feed(true));
    let position = world.core.symbols()[0].position.as_ref().unwrap();
    assert_eq!(position.bars_held, 4);
    assert_eq!(world.core.symbols()[0].series.contiguous(), 5);
    world.trade(302_000, "50100", "10");
    world.trade(361_500, "50100", "10");
    // Candle 5 was under way when the trades came back.
    assert_eq!(world.core.counts().decisions, 1);
    world.trade(421_500, "50100", "10");
    assert_eq!(world.core.counts().decisions, 2);
}

#[test]
fn the_venues_candle_replaces_what_trades_had_built_of_the_bucket() {
    let mut world = World::new(settings(), say([]));
    world.trade(30_000, "50000", "10");
    world.input(31_000, feed(false));
    world.input(
        121_000,
        history(vec![past(0, ["50000", "50500", "49900", "50200"])]),
    );
    let closed = *world.core.symbols()[0].series.history().newest().unwrap();
    assert_eq!((closed.volume, closed.complete), (5000, true));
}

#[test]
fn five_minutes_are_built_from_one_minute_candles() {
    let mut s = settings();
    s.trading.interval = Interval::parse("5m").unwrap();
    let mut world = World::new(s, say([]));
    let mut candles = flat(0..10, "50000");
    candles[3].high = Price(candles[3].high.0 + 7);
    world.input(500_000, history(candles[..7].to_vec()));
    assert_eq!(world.core.symbols()[0].series.contiguous(), 1);
    world.input(600_500, history(candles.clone()));
    let series = &world.core.symbols()[0].series;
    assert_eq!(series.contiguous(), 2);
    let first = *series.history().oldest().unwrap();
    assert_eq!((first.volume, first.high), (25_000, candles[3].high));
    assert_eq!(series.history().newest().unwrap().volume, 25_000);
}

#[test]
fn an_outage_without_a_missing_trade_leaves_the_bucket_whole() {
    for whole in [true, false] {
        let mut world = World::new(settings(), say([]));
        world.input(60_000, history(flat(0..1, "50000")));
        world.trade(61_000, "50000", "10");
        world.input(80_000, feed(false));
        world.input(100_000, feed(true));
        if whole {
            let symbol = SymbolId(0);
            world.input(100_000, Input::Whole { symbol });
        }
        world.trade(101_000, "50000", "10");
        world.trade(121_500, "50000", "10");
        assert_eq!(world.core.counts().decisions, u64::from(whole));
    }
}

#[test]
fn a_spread_beyond_its_limit_stands_against_entries_only_where_quotes_come() {
    let quote = |ask| Input::Quote {
        symbol: SymbolId(0),
        quote: Quote {
            bid: Price(100_000),
            ask: Price(ask),
        },
        max_spread_bps: Decimal::from_int(200),
    };
    for (ask, entered) in [(None, 1), (Some(102_000), 1), (Some(102_100), 0)] {
        let mut world = World::new(settings(), say([(1, long("20", "3", "1"))]));
        if let Some(ask) = ask {
            world.input(500, quote(ask));
        }
        world.trade(1_000, "50000", "10");
        world.trade(61_500, "50000", "10");
        assert_eq!(world.core.counts().orders.min(1), entered, "ask {ask:?}");
    }
}

/// A new process asks for candles of hours that the earlier one has lived through: what it holds met
/// those prices then, or did not exist yet.
#[test]
fn what_is_held_over_a_restart_meets_only_what_came_meanwhile() {
    let world = holding();
    let saved_at = 100 * 60_000;
    let at = Stamp::of_history(Timestamp::from_millis(START + saved_at));
    let text = serde_json::to_string(&world.core.trading_state(at)).unwrap();
    let state = serde_json::from_str(&text).unwrap();
    let settings = world.core.settings().clone();
    let core = Core::recover(settings, Turns::Session, state).unwrap();
    let mut next = World::of(core);
    let last = next.core.symbols()[0].last;
    assert!(next.position().is_positive());
    // Each of these crosses stop and target.
    let wild = |minutes: std::ops::Range<i64>| {
        let candle = |minute| past(minute, ["50000", "90000", "10000", "50000"]);
        minutes.map(candle).collect::<Vec<_>>()
    };
    next.input(saved_at + 60_000, history(wild(0..100)));
    assert_eq!((next.fills.len(), next.trades.len()), (0, 0));
    assert_eq!(
        next.core.symbols()[0].last,
        last,
        "nor is it valued by them"
    );
    next.input(saved_at + 120_000, history(wild(100..101)));
    assert_eq!(
        next.trades.len(),
        1,
        "this one came after the state was saved"
    );
    assert!(next.trades[0].exit_time > next.trades[0].entry_time);
}

/// Longer candles lead what looks at longer frames and begin the series anew; the series' own follow.
#[test]
fn longer_candles_warm_up_longer_frames_only() {
    let mut settings = settings();
    settings.strategy = StrategySettings::VuManChu(Box::new(VuManChuSettings {
        cipher_a: CipherASettings::standard(),
        cipher_b: CipherBSettings::standard(),
        min_confidence: 0.4,
        exit_confidence: 0.3,
        min_candles: 100,
    }));
    let mut world = World::of(Core::new(settings, Turns::Session));
    let longer = |interval: Interval, count: i64| {
        // To the beginning of the first minute, which begins a day.
        let span = interval.seconds() / 60;
        let price = |n: i64| (50_000 + n % 7).to_string();
        let candle = |n: i64| past((n - count) * span, [&price(n); 4]);
        Input::History {
            symbol: SymbolId(0),
            interval,
            candles: (0..count).map(candle).collect(),
        }
    };
    let vwap = |world: &World| {
        let cipher = world.core.symbols()[0].strategy.cipher_b().unwrap();
        cipher.inputs().frames.vwap
    };
    let begin = |world: &mut World, at: i64| {
        world.input(at, longer(Interval::SIX_HOURS, 80));
        world.input(at, longer(Interval::HOUR, 300));
        assert_eq!(world.core.symbols()[0].series.contiguous(), 0);
        world.input(at, history(flat(0..20, "50000")));
        assert_eq!(world.core.symbols()[0].series.contiguous(), 20);
    };
    let at = 20 * 60_000 + 2_000;
    begin(&mut world, at);
    let found = vwap(&world);
    assert!(found.is_some());
    assert_eq!(world.core.counts().candles_refused, 0);
    // Once more from the beginning, as after an outage of days: to the same values.
    begin(&mut world, at + 1_000);
    assert_eq!(vwap(&world), found);
    // One that has not ended, and one of no whole bucket.
    let odd = Input::History {
        symbol: SymbolId(0),
        interval: Interval::HOUR,
        candles: flat(-30..-29, "50000")
            .into_iter()
            .chain(flat(0..1, "50000"))
            .collect(),
    };
    world.input(at, odd);
    assert_eq!(world.core.counts().candles_refused, 2);
}
