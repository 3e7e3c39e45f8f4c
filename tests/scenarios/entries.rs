//! From a decision to a position.

use crate::world::*;
use minnow::core::records::*;
use minnow::core::settings::EntryOrderType;
use minnow::core::units::*;

#[test]
fn the_worked_example_of_the_paper_account_comes_out_to_the_cent() {
    // 10,000, LONG 20 % x 5 at 50,000 with fee 0.0015: quantity 0.2, fee 15; closed flat: 9,970.
    let mut world = World::new(settings(), say([(1, long("20", "3", "1")), (2, close())]));
    world.minutes(0, 2, "50000");
    world.trade(90_001, "50000", "10");
    assert_eq!(world.position(), d("0.2"));
    assert_eq!(world.cash(), d("9985"));
    world.minutes(2, 4, "50000");
    world.trade(3 * 60_000 + 40_000, "50000", "10");
    assert_eq!(world.position(), d("0"));
    assert_eq!(world.cash(), d("9970"));
    let trade = &world.trades[0];
    assert_eq!(
        (trade.gross, trade.fees, trade.net),
        (d("0"), d("30"), d("-30"))
    );
    assert_eq!(trade.reason, ExitReason::Strategy);
    assert_eq!(trade.entry_vwap, d("50000"));
}

#[test]
fn an_order_matches_only_trades_after_the_one_that_caused_it() {
    let mut world = World::new(settings(), say([(1, long("20", "3", "1"))]));
    world.trade(30_000, "50000", "10");
    // This trade opens minute 1 before the clock closes minute 0: it causes the decision.
    world.trade(60_500, "50000", "10");
    world.trade(60_500, "50000", "10");
    assert!(world.fills.is_empty(), "same stamp as the cause");
    world.trade(60_501, "50010", "10");
    assert_eq!(world.price(&world.fills[0]), d("50010"));
}

#[test]
fn latency_delays_the_first_match() {
    let mut with_latency = settings();
    with_latency.paper.latency = Span::from_millis(250);
    let mut world = World::new(with_latency, say([(1, long("20", "3", "1"))]));
    world.trade(30_000, "50000", "10");
    world.trade(60_500, "50000", "10");
    world.trade(60_750, "50000", "10");
    assert!(world.fills.is_empty());
    world.trade(60_751, "50000", "0.05");
    assert_eq!(world.fills.len(), 1);
}

#[test]
fn a_market_entry_fills_in_slices_and_is_protected_after_each() {
    let mut world = World::new(settings(), say([(1, long("20", "4", "2"))]));
    world.trade(30_000, "50000", "10");
    world.trade(60_500, "50000", "10");
    world.trade(61_000, "50000", "0.05");
    assert_eq!(world.position(), d("0.05"));
    assert_eq!(world.stop(), d("49000"));
    assert_eq!(world.last_order(Leg::Stop).quantity, Quantity(50));
    world.trade(62_000, "50200", "0.05");
    assert_eq!(
        world.stop(),
        d("49098"),
        "2 % below the average fill of 50,100"
    );
    assert_eq!(world.last_order(Leg::Stop).quantity, Quantity(100));
    assert_eq!(world.last_order(Leg::Target).quantity, Quantity(100));
    // 30 s after the decision the rest is given up; what is filled stays protected.
    world.trade(90_500, "50200", "10");
    assert_eq!(
        world.position(),
        d("0.1"),
        "expiry comes before a trade of the same stamp"
    );
    let entry = world.last_order(Leg::Entry);
    assert_eq!(
        (entry.state, entry.filled),
        (OrderState::Expired, Quantity(100))
    );
    assert_eq!(world.last_order(Leg::Stop).state, OrderState::Open);
}

#[test]
fn slippage_is_in_the_price_once_and_against_the_trader() {
    let mut slipping = settings();
    slipping.paper.slippage_rate = d("0.0005");
    let mut world = World::new(slipping, say([(1, long("20", "3", "1"))]));
    world.trade(30_000, "50000", "10");
    world.trade(60_500, "50000", "10");
    world.trade(60_600, "50000", "10");
    assert_eq!(world.price(&world.fills[0]), d("50025"));
    assert!(!world.fills[0].maker);
}

#[test]
fn a_limit_entry_fills_at_its_price_as_a_maker() {
    let mut resting = settings();
    resting.trading.order_type = EntryOrderType::Limit;
    resting.paper.fees[0].maker = d("-0.0002");
    let mut world = World::new(resting, say([(1, long("20", "3", "1"))]));
    world.trade(30_000, "50000", "10");
    world.trade(60_500, "50000", "10");
    world.trade(61_000, "50001", "10");
    assert!(world.fills.is_empty(), "the market is above the limit");
    world.trade(62_000, "49990", "0.1");
    let fill = &world.fills[0];
    assert_eq!((world.price(fill), fill.maker), (d("50000"), true));
    assert!(fill.fee.is_negative(), "a rebate is a negative fee");
}

#[test]
fn only_a_fraction_of_the_volume_is_ours() {
    let mut thin = settings();
    thin.paper.fill_volume_fraction = d("0.1");
    let mut world = World::new(thin, say([(1, long("20", "3", "1"))]));
    world.trade(30_000, "50000", "10");
    world.trade(60_500, "50000", "10");
    world.trade(61_000, "50000", "0.555");
    assert_eq!(world.position(), d("0.055"), "floored to the lot");
}

#[test]
fn no_pyramiding_and_no_short_on_spot() {
    let script = say([(1, long("20", "3", "1")), (2, long("20", "3", "1"))]);
    let mut world = World::new(settings(), script);
    world.minutes(0, 4, "50000");
    assert_eq!(world.decisions[1].reason, "already in position");
    let mut spot = settings();
    spot.instruments[0].kind = minnow::core::market::ProductKind::Spot;
    let mut world = World::new(spot, say([(1, short("20", "3", "1"))]));
    world.minutes(0, 3, "50000");
    assert_eq!(world.decisions[0].reason, "shorts not available");
    assert!(world.orders.is_empty());
}

#[test]
fn a_reversal_enters_after_the_close_has_filled() {
    let mut reversing = settings();
    reversing.trading.reversal = true;
    let script = say([(1, long("20", "3", "1")), (3, short("20", "3", "1"))]);
    let mut world = World::new(reversing, script);
    world.minutes(0, 4, "50000");
    world.trade(3 * 60_000 + 40_000, "50000", "10");
    assert!(world.position().is_negative());
    assert_eq!(world.trades.len(), 1);
    let legs: Vec<Leg> = world.orders.values().map(|o| o.leg).collect();
    assert_eq!(legs[3..5], [Leg::Close, Leg::Entry]);
}

#[test]
fn client_order_ids_are_unique_and_pure() {
    let run = || {
        let script = say([
            (1, long("20", "3", "1")),
            (3, close()),
            (5, short("20", "3", "1")),
        ]);
        let mut world = World::new(settings(), script);
        world.minutes(0, 9, "50000");
        world
            .orders
            .values()
            .map(|o| o.client_id.clone())
            .collect::<Vec<_>>()
    };
    let ids = run();
    assert_eq!(ids, run());
    let mut unique = ids.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), ids.len());
    assert!(ids.iter().all(|id| id.starts_with("mwabc234-q7xyz-")));
}

#[test]
fn before_a_wanted_time_there_is_no_entry() {
    let mut s = settings();
    s.trading.entries_from = Some(Timestamp::from_millis(START + 3 * 60_000));
    let always = (1..6).map(|minute| (minute, long("20", "3", "1")));
    let mut world = World::new(s, say(always.collect::<Vec<_>>()));
    world.minutes(0, 3, "50000");
    assert_eq!((world.orders.len(), world.held("warm_up")), (0, Some(2)));
    world.minutes(3, 6, "50000");
    assert_eq!(world.fills.len(), 1);
    let from = Timestamp::from_millis(START + 3 * 60_000);
    assert!(world.fills[0].time >= from);
}
