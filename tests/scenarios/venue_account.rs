//! Feeds, cash and listings: when a venue may be traded with, and what of it is ours.

use crate::venue_world::*;
use crate::world::*;
use minnow::core::Core;
use minnow::core::effect::Effect;
use minnow::core::input::*;
use minnow::core::market::SymbolId;
use minnow::core::modes::Turns;
use minnow::core::records::*;
use minnow::core::risk::limits::Period;
use minnow::core::settings::FeeRates;
use minnow::core::units::*;

fn longs() -> Script {
    say((1..30).map(|n| (n, long("20", "3", "1"))))
}

#[test]
fn nothing_is_sent_before_the_first_reconciliation() {
    let settings = venue_settings();
    let core = Core::with_strategies(settings, Turns::History, |_| Box::new(longs()));
    let mut world = World::of(core);
    world.input(0, cash("10000"));
    world.minutes(0, 3, "50000");
    assert!(world.submissions().is_empty());
    assert_eq!(world.held("not_reconciled"), Some(2));
    let failed = Input::Reconciled {
        ok: false,
        text: "orders: status 503".to_owned(),
    };
    for _ in 0..3 {
        world.input(151_000, failed.clone());
    }
    assert_eq!(world.told("reconciliation_failed"), 1);
    world.listing(nothing_listed(152_000));
    world.minutes(3, 4, "50000");
    assert_eq!(world.submissions().len(), 1);
}

#[test]
fn a_silent_feed_blocks_entries_by_its_name_and_exits_go_on() {
    let mut world = entered(longs());
    world.input(92_000, feed("book", false));
    world.trade(93_000, "49000", "1");
    let stop = world.submitted();
    assert_eq!(stop.order.leg, Leg::Stop);
    world.news(93_100, &stop, fill("f2", "49000", "0.04", "3"));
    world.minutes(2, 4, "49000");
    assert_eq!(world.held("stale:book"), Some(2));
    world.input(211_000, feed("book", true));
    world.minutes(4, 5, "49000");
    assert_eq!(world.submissions().len(), 3);
}

#[test]
fn a_silent_account_wants_a_reconciliation_once_it_speaks_again() {
    let mut world = at_venue(venue_settings(), longs());
    world.input(1_000, feed("account", false));
    world.input(2_000, feed("orders", false));
    world.input(3_000, feed("account", true));
    assert_eq!(world.reconciliations_wanted(), 0);
    world.input(4_000, feed("orders", true));
    assert_eq!(world.reconciliations_wanted(), 1);
    world.minutes(0, 2, "50000");
    assert_eq!(world.held("not_reconciled"), Some(1));
    world.listing(nothing_listed(91_000));
    world.minutes(2, 3, "50000");
    assert_eq!(world.submissions().len(), 1);
}

#[test]
fn while_prices_are_hidden_no_candle_closes_by_the_clock() {
    let mut world = at_venue(venue_settings(), say([]));
    world.minutes(0, 2, "50000");
    assert_eq!(world.core.counts().decisions, 1);
    world.input(95_000, feed("trades", false));
    world.input(400_000, feed("trades", true));
    assert_eq!(world.core.symbols()[0].series.contiguous(), 1);
    world.trade(401_000, "50000", "1");
    // The buckets in between were not seen: they close, and nothing is decided on them.
    assert_eq!(world.core.symbols()[0].series.contiguous(), 6);
    assert_eq!(world.core.counts().decisions, 1);
}

#[test]
fn fee_rates_come_from_the_account_and_outlive_a_restart() {
    let mut world = at_venue(venue_settings(), say([]));
    let rates = FeeRates {
        maker: d("0.006"),
        taker: d("0.012"),
    };
    let news = AccountNews {
        cash: d("10000"),
        fees: vec![(SymbolId(0), rates), (SymbolId(9), rates)],
    };
    world.input(1_000, Input::Account(news));
    assert_eq!(world.core.symbols()[0].fees, rates);
    assert_eq!(world.core.counts().inputs_refused, 1, "an unknown symbol");
    let snapshot = world.core.snapshot(Default::default());
    let core = Core::with_strategies(venue_settings(), Turns::History, |_| Box::new(say([])));
    let restored = core.take_up(snapshot).unwrap();
    assert_eq!(restored.symbols()[0].fees, rates);
}

#[test]
fn what_was_paid_for_lots_counts_as_cash() {
    let mut world = entered(longs());
    assert_eq!(world.cash(), d("9997"));
    // 10,000 - 2,000 - 3: exactly what was traded, told once things have settled.
    world.input(97_000, cash("7997"));
    assert_eq!(
        (world.cash(), world.told("balance_anomaly")),
        (d("9997"), 0)
    );
    assert_eq!(world.core.equity(), d("9997"));
}

#[test]
fn a_deposit_moves_every_baseline_and_is_no_gain() {
    let mut world = at_venue(venue_settings(), say([]));
    world.minutes(0, 2, "50000");
    world.input(100_000, cash("10000.5"));
    assert_eq!(world.cash(), d("10000"), "within tolerance");
    world.input(101_000, cash("12000"));
    assert_eq!(world.told("balance_anomaly"), 1);
    assert_eq!(world.cash(), d("12000"));
    let losses = world.core.losses();
    assert_eq!(losses.baseline(Period::Day), d("12000"));
    assert_eq!(losses.loss_pct(Period::Day, d("12000")), Decimal::ZERO);
    assert_eq!(world.reconciliations_wanted(), 1);
    // A withdrawal is no loss either: no limit is hit.
    world.input(102_000, cash("10500"));
    world.minutes(2, 4, "50000");
    assert_eq!(world.told("rapid_loss") + world.told("emergency_stop"), 0);
}

#[test]
fn a_large_change_wants_two_reconciliations_ten_seconds_apart() {
    let mut world = at_venue(venue_settings(), longs());
    world.input(1_000, cash("20000"));
    world.listing(nothing_listed(2_000));
    world.listing(nothing_listed(11_000));
    world.minutes(0, 2, "50000");
    assert_eq!(world.held("not_reconciled"), Some(1));
    world.listing(nothing_listed(100_000));
    world.minutes(2, 3, "50000");
    assert_eq!(world.submissions().len(), 1);
}

#[test]
fn balances_are_not_compared_while_an_order_is_on_its_way() {
    let (mut world, request) = entering(longs());
    // The venue has filled it, its news are still on the way.
    world.input(62_000, cash("7997"));
    world.news(62_500, &request, fill("f1", "50000", "0.04", "3"));
    world.input(63_000, cash("7997"));
    world.input(70_000, cash("7997"));
    assert_eq!(
        (world.told("balance_anomaly"), world.cash()),
        (0, d("9997"))
    );
}

#[test]
fn a_fill_that_only_the_listing_has_is_applied_once() {
    let (mut world, request) = entering(longs());
    world.news(91_000, &request, unknown());
    let mut listing = nothing_listed(97_000);
    listing.recent = vec![listed(&request, "v1", VenueState::Filled, 40)];
    listing.fills = vec![listed_fill("f2", 2, "0.01"), listed_fill("f1", 1, "0.03")];
    listing.positions = vec![holding(40)];
    world.listing(listing.clone());
    assert_eq!(world.state(&request), OrderState::Filled);
    assert_eq!((world.position(), world.cash()), (d("0.04"), d("9998")));
    let told: Vec<_> = world.fills.iter().map(|f| f.venue_id.as_deref()).collect();
    assert_eq!(told, [Some("f1"), Some("f2")], "by the time of the fill");
    let (hash, rows) = (world.core.account().clone(), world.fills.len());
    listing.at = Timestamp::from_millis(START + 110_000);
    world.listing(listing);
    assert_eq!((world.core.account(), world.fills.len()), (&hash, rows));
    assert_eq!(world.told("position_differs"), 0);
}

fn listed_fill(id: &str, second: i64, quantity: &str) -> ListedFill {
    ListedFill {
        fill_id: id.to_owned(),
        venue_id: "v1".to_owned(),
        symbol: SymbolId(0),
        side: Side::Buy,
        price: ticks("50000"),
        quantity: lots(quantity),
        fee: Decimal::ONE,
        maker: false,
        time: Timestamp::from_millis(START + 61_000 + second * 1000),
    }
}

fn holding(lots: i64) -> ListedPosition {
    ListedPosition {
        symbol: SymbolId(0),
        lots,
    }
}

#[test]
fn an_order_of_ours_that_we_forgot_is_taken_over_and_a_foreign_one_is_told_once() {
    let (forgotten, request) = entering(longs());
    drop(forgotten);
    // The same bot from a state before that order.
    let mut world = at_venue(venue_settings(), longs());
    world.trade(30_000, "50000", "1");
    let mut listing = nothing_listed(40_000);
    let mut foreign = listed(&request, "v9", VenueState::Open, 0);
    foreign.client_id = "somebody".to_owned();
    listing.open = vec![listed(&request, "v1", VenueState::Open, 10), foreign];
    listing.fills = vec![listed_fill("f1", -30, "0.01")];
    world.listing(listing.clone());
    assert_eq!(world.told("order_adopted"), 1);
    assert_eq!(world.told("foreign_order"), 1);
    assert_eq!(world.position(), d("0.01"));
    listing.at = Timestamp::from_millis(START + 50_000);
    world.listing(listing);
    assert_eq!(world.told("order_adopted") + world.told("foreign_order"), 2);
    // It has its time like any entry, and its id is not used again.
    world.trade(75_000, "50000", "1");
    let cancel = |wish: &Effect| matches!(wish, Effect::Cancel { client_id, .. } if *client_id == request.order.client_id);
    assert!(world.wishes.iter().any(cancel));
    world.news(75_500, &request, stands(VenueState::Cancelled, 10));
    world.trade(76_000, "49000", "1");
    let stop = world.submitted();
    assert_eq!(stop.order.quantity, lots("0.01"));
    assert!(
        world
            .orders
            .values()
            .all(|o| o.leg == Leg::Entry || o.client_id == stop.order.client_id)
    );
}

#[test]
fn what_ended_before_the_bot_came_is_nobodys_business() {
    let (_, request) = entering(longs());
    let mut world = at_venue(venue_settings(), longs());
    let mut listing = nothing_listed(40_000);
    listing.recent = vec![listed(&request, "v1", VenueState::Filled, 40)];
    listing.fills = vec![listed_fill("f1", -100, "0.04")];
    world.listing(listing);
    assert_eq!(
        (world.position(), world.told("order_adopted")),
        (Decimal::ZERO, 0)
    );
}

#[test]
fn the_venue_wins_where_a_holding_differs_and_more_of_it_is_somebody_elses() {
    let mut world = entered(longs());
    let mut listing = nothing_listed(97_000);
    listing.positions = vec![holding(75)];
    world.listing(listing.clone());
    assert_eq!(
        world.told("position_differs") + world.told("inconsistency"),
        0
    );
    // Once it may be a fill of the stop that is told late: it is looked at again before it counts.
    listing.positions = vec![holding(25)];
    for second in [107, 112, 117] {
        assert_eq!(world.position(), d("0.04"));
        listing.at = Timestamp::from_millis(START + second * 1000);
        world.listing(listing.clone());
    }
    assert_eq!(world.told("position_in_doubt"), 1);
    assert_eq!(world.position(), d("0.025"));
    assert_eq!(world.told("inconsistency"), 1);
    assert_eq!(world.told("circuit_breaker"), 1, "a mismatch opens at once");
    let correction = world.orders.values().last().unwrap();
    assert_eq!(correction.state, OrderState::Filled);
    assert_eq!(correction.reason, "reconciled");
    listing.at = Timestamp::from_millis(START + 127_000);
    world.listing(listing.clone());
    assert_eq!(world.told("inconsistency"), 1, "a second time adds nothing");
    // Gone altogether: the trade ends by the correction.
    listing.positions = vec![holding(0)];
    for second in [137, 147] {
        listing.at = Timestamp::from_millis(START + second * 1000);
        world.listing(listing.clone());
    }
    assert_eq!(world.trades[0].reason, ExitReason::Reconciled);
}

#[test]
fn a_foreign_derivative_position_is_exposure_and_not_touched() {
    let mut settings = settings();
    settings.execution = minnow::core::settings::Execution::Venue;
    settings.risk.max_total_exposure_pct = d("50");
    let mut world = at_venue(settings, longs());
    world.trade(1_000, "50000", "1");
    let mut listing = nothing_listed(10_000);
    listing.positions = vec![holding(-100)];
    world.listing(listing.clone());
    listing.at = Timestamp::from_millis(START + 20_000);
    world.listing(listing);
    assert_eq!(world.told("foreign_position"), 1);
    assert_eq!(world.position(), Decimal::ZERO);
    // 0.1 at 50,000 are 50 % of the equity: no room is left.
    world.minutes(1, 2, "50000");
    assert!(world.submissions().is_empty());
    let checks = &world.decisions[0].checks;
    let exposure = checks.iter().find(|c| c.name == "max_total_exposure_pct");
    assert_ne!(exposure.unwrap().outcome, CheckOutcome::Passed);
}

/// Spot: what the account holds beyond ours is told once, and crumbs are not.
#[test]
fn a_foreign_holding_is_told_once_and_counts_for_nothing() {
    let mut settings = venue_settings();
    settings.instruments[0].min_quantity = d("0.005");
    let mut world = at_venue(settings, longs());
    world.trade(30_000, "50000", "10");
    world.trade(61_001, "50000", "10");
    let request = world.submitted();
    world.news(91_000, &request, accepted("v1"));
    world.news(91_000, &request, fill("f1", "50000", "0.04", "3"));
    let mut listing = nothing_listed(150_000);
    // Ours are 40 lots; four more could not be sold by anybody.
    listing.positions = vec![holding(44)];
    world.listing(listing.clone());
    assert_eq!(world.told("foreign_holding"), 0);
    for (second, lots) in [(160, 140), (170, 140), (180, 150)] {
        listing.at = Timestamp::from_millis(START + second * 1000);
        listing.positions = vec![holding(lots)];
        world.listing(listing.clone());
    }
    assert_eq!(world.told("foreign_holding"), 1);
    assert_eq!(
        (world.position(), world.told("position_differs")),
        (d("0.04"), 0)
    );
}
