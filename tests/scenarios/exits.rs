//! From a position back to flat.

use crate::world::*;
use minnow::core::input::*;
use minnow::core::market::{Aggressor, SymbolId, Trade};
use minnow::core::records::*;
use minnow::core::settings::Settings;
use minnow::core::units::*;

/// A long of 0.2 from 50,000 with the stop at 49,500 and the target at 51,500, at minute 1.
fn long_position(settings: Settings) -> World {
    let mut world = World::new(settings, say([(1, long("20", "3", "1"))]));
    world.trade(30_000, "50000", "10");
    world.trade(60_500, "50000", "10");
    world.trade(60_600, "50000", "10");
    assert_eq!(world.position(), d("0.2"));
    world
}

fn short_position(settings: Settings) -> World {
    let mut world = World::new(settings, say([(1, short("20", "3", "1"))]));
    world.trade(30_000, "50000", "10");
    world.trade(60_500, "50000", "10");
    world.trade(60_600, "50000", "10");
    assert_eq!(world.position(), d("-0.2"));
    world
}

#[test]
fn a_stop_fills_at_the_gap_not_at_the_level() {
    let mut world = long_position(settings());
    world.trade(61_000, "49500.5", "10");
    assert_eq!(world.position(), d("0.2"));
    world.trade(62_000, "49000", "10");
    assert_eq!(world.position(), d("0"));
    let fill = world.fills.last().unwrap();
    assert_eq!((world.price(fill), fill.maker), (d("49000"), false));
    assert_eq!(world.trades[0].reason, ExitReason::StopLoss);
    assert_eq!(world.last_order(Leg::Target).state, OrderState::Cancelled);
    assert_eq!(world.trades[0].mae, d("-1000"));
    assert_eq!(world.trades[0].mfe, d("0"));
}

#[test]
fn a_stop_that_finds_too_little_goes_on_with_later_trades() {
    let mut world = long_position(settings());
    world.trade(61_000, "49500", "0.15");
    assert_eq!(world.position(), d("0.05"));
    // The price recovered, but a triggered stop is a market order.
    world.trade(62_000, "49800", "10");
    assert_eq!(world.position(), d("0"));
    assert_eq!(world.trades[0].exit_vwap, d("49575"));
}

#[test]
fn a_target_fills_at_its_own_price_as_maker_and_may_be_partial() {
    let mut world = long_position(settings());
    world.trade(61_000, "52000", "0.05");
    assert_eq!(world.position(), d("0.15"));
    let fill = world.fills.last().unwrap();
    assert_eq!((world.price(fill), fill.maker), (d("51500"), true));
    assert_eq!(
        world.last_order(Leg::Stop).quantity,
        Quantity(150),
        "the stop covers the rest"
    );
    world.trade(62_000, "51000", "10");
    assert_eq!(
        world.position(),
        d("0.15"),
        "below the target nothing fills"
    );
    world.trade(63_000, "51500", "10");
    assert_eq!(world.trades[0].reason, ExitReason::TakeProfit);
    assert_eq!(world.trades[0].gross, d("300"));
    assert_eq!(world.last_order(Leg::Stop).state, OrderState::Cancelled);
}

#[test]
fn a_short_is_the_mirror() {
    let mut world = short_position(settings());
    assert_eq!(world.stop(), d("50500"));
    world.trade(61_000, "50600", "10");
    let trade = &world.trades[0];
    assert_eq!(
        (trade.reason, trade.gross),
        (ExitReason::StopLoss, d("-120"))
    );
    let mut world = short_position(settings());
    world.trade(61_000, "48000", "10");
    assert_eq!(world.trades[0].gross, d("300"));
    assert_eq!(world.trades[0].mfe, d("2000"));
}

#[test]
fn lots_are_consumed_first_in_first_out() {
    let mut world = World::new(settings(), say([(1, long("20", "3", "1"))]));
    world.trade(30_000, "50000", "10");
    world.trade(60_500, "50000", "10");
    world.trade(60_600, "50000", "0.1");
    world.trade(60_700, "50100", "10");
    // Average 50,050: target 51,551.5. Half of it leaves against the first lot.
    world.trade(61_000, "51551.5", "0.1");
    assert_eq!(
        world.cash(),
        d("10000") - d("7.5") - d("7.515") - d("7.732725") + d("155.15")
    );
    world.trade(62_000, "51551.5", "0.1");
    assert_eq!(world.trades[0].gross, d("155.15") + d("145.15"));
    assert_eq!(world.trades[0].entry_vwap, d("50050"));
}

#[test]
fn the_hold_time_ends_a_position_at_its_deadline() {
    let mut short_hold = settings();
    short_hold.risk.max_position_hold = Span::from_secs(300);
    let mut world = long_position(short_hold);
    world.minutes(2, 6, "50000");
    assert_eq!(world.position(), d("0.2"));
    world.minutes(6, 7, "50000");
    assert_eq!(world.trades[0].reason, ExitReason::MaxHold);
    let guard = world.last_order(Leg::Guard);
    assert_eq!(
        guard.created.as_millis(),
        START + 60_600 + 300_000,
        "to the millisecond"
    );
}

#[test]
fn a_trailing_stop_follows_the_best_price() {
    let mut trailing = settings();
    trailing.risk.trailing_stop_pct = Some(d("1"));
    let mut world = long_position(trailing);
    world.trade(61_000, "51000", "1");
    assert_eq!(world.stop(), d("50490"));
    world.trade(62_000, "50600", "1");
    assert_eq!(world.stop(), d("50490"), "it never moves back");
    world.trade(63_000, "50490", "10");
    assert_eq!(world.trades[0].reason, ExitReason::StopLoss);
    assert!(world.trades[0].gross.is_positive());
}

#[test]
fn break_even_moves_the_stop_to_the_cost_of_the_round_trip() {
    let mut even = settings();
    even.risk.break_even_after_pct = Some(d("1"));
    let mut world = long_position(even);
    world.trade(61_000, "50499.5", "1");
    assert_eq!(world.stop(), d("49500"));
    world.trade(62_000, "50500", "1");
    assert_eq!(world.stop(), d("50150"), "0.3 % round trip above the entry");
}

#[test]
fn liquidation_takes_over_when_the_stop_is_not_armed() {
    // The stop was moved by the very same stamp and is not armed yet; the price falls through it
    // to the liquidation level at leverage 20 (4.5 %).
    let mut extreme = settings();
    extreme.trading.leverage = 20;
    extreme.trading.max_futures_leverage = 20;
    extreme.risk.max_position_pct = d("1000");
    extreme.risk.max_total_exposure_pct = d("1000");
    extreme.risk.trailing_stop_pct = Some(d("1"));
    extreme.risk.max_loss_per_trade_pct = d("5");
    extreme.risk.emergency_rapid_loss_pct = d("50");
    let mut world = World::new(extreme, say([(1, long("10", "3", "1"))]));
    world.trade(30_000, "50000", "10");
    world.trade(60_500, "50000", "10");
    world.trade(60_600, "50000", "10");
    let held = world.position();
    assert!(held.is_positive());
    world.trade(61_000, "50100", "0.001");
    world.trade(61_000, "45000", "10");
    let trade = &world.trades[0];
    assert_eq!(trade.reason, ExitReason::Liquidation);
    assert_eq!(
        trade.insurance,
        -trade.gross - trade.margin,
        "a loss beyond the margin comes back"
    );
    assert!(trade.insurance.is_positive());
    assert!(world.core.account().adds_up());
}

#[test]
fn an_emergency_loss_closes_at_market() {
    let mut wide = settings();
    wide.trading.leverage = 1;
    wide.risk.emergency_stop_loss_pct = d("1");
    wide.risk.max_loss_per_trade_pct = d("8");
    let mut world = World::new(wide, say([(1, long("20", "12", "9"))]));
    world.trade(30_000, "50000", "10");
    world.trade(60_500, "50000", "10");
    world.trade(60_600, "50000", "10");
    world.trade(61_000, "49500", "10");
    assert!(
        !world.position().is_zero(),
        "the close matches later trades"
    );
    world.trade(61_001, "49400", "10");
    assert_eq!(world.trades[0].reason, ExitReason::EmergencyStop);
}

/// A trade that comes after its candle has closed is a price all the same, as long as no newer one has come.
#[test]
fn a_stop_is_met_by_a_trade_of_a_candle_that_has_closed() {
    for newer in [false, true] {
        let mut world = World::new(settings(), say([(1, long("20", "3", "1"))]));
        world.minutes(0, 2, "50000");
        world.trade(100_000, "50000", "10");
        assert_eq!(world.position(), d("0.2"));
        // The candle of the second minute closes by the clock, a second after its end.
        if newer {
            world.trade(120_500, "50000", "1");
        }
        let price = world.core.symbols()[0]
            .instrument
            .exact_price(d("49400"))
            .expect("on the grid");
        let late = Trade {
            symbol: SymbolId(0),
            aggressor: Aggressor::Unknown,
            price,
            quantity: Quantity(100),
            time: Timestamp::from_millis(START + 119_900),
            id: 0,
        };
        world.input(121_600, Input::Trade(late));
        assert_eq!(world.core.symbols()[0].series.late_trades, 1);
        world.trade(122_500, "50000", "10");
        assert_eq!(world.position().is_zero(), !newer, "newer: {newer}");
    }
}
