//! What is held at a venue and whose it is: contracts that one account nets, fills told later than the
//! holding they made, positions of which only the protective order is known.

use crate::venue_world::*;
use crate::world::*;
use minnow::core::Core;
use minnow::core::input::*;
use minnow::core::market::{ProtectiveForm, SymbolId};
use minnow::core::modes::Turns;
use minnow::core::records::*;
use minnow::core::settings::Execution;
use minnow::core::units::*;
use minnow::core::venue::OrderRequest;

fn longs() -> Script {
    say((1..2).map(|n| (n, long("20", "3", "1"))))
}

/// A contract at a venue, with what its product takes as protection.
fn contract(form: ProtectiveForm) -> World {
    let mut settings = settings();
    settings.execution = Execution::Venue;
    settings.instruments[0].protective = form;
    let mut world = at_venue(settings, longs());
    world.trade(30_000, "50000", "10");
    world
}

fn entry(world: &mut World) -> OrderRequest {
    world.trade(61_001, "50000", "10");
    let entry = world.submitted();
    world.news(61_500, &entry, accepted("v1"));
    entry
}

/// 40 lots long at 91 s.
fn fills(world: &mut World, entry: &OrderRequest) {
    world.news(91_000, entry, fill("f1", "50000", "0.04", "3"));
    let quantity = entry.order.quantity;
    world.news(91_000, entry, stands(VenueState::Cancelled, 40));
    assert_eq!(world.position(), d("0.04"), "{quantity:?}");
}

/// The venue's net of the contract, twice, ten seconds apart.
fn net(world: &mut World, second: i64, lots: i64) {
    for second in [second, second + 10] {
        world.listing(held(second * 1000, lots));
    }
}

fn held(millis: i64, lots: i64) -> VenueListing {
    let mut listing = nothing_listed(millis);
    let symbol = SymbolId(0);
    listing.positions = vec![ListedPosition { symbol, lots }];
    listing
}

fn foreign(world: &World) -> i64 {
    world.core.symbols()[0].desk.foreign
}

#[test]
fn what_somebody_else_adds_and_takes_away_beside_a_contract_of_ours_changes_nothing_of_ours() {
    for theirs in [17, -17] {
        let mut world = contract(ProtectiveForm::None);
        // His was there first.
        net(&mut world, 40, theirs);
        assert_eq!((foreign(&world), world.position()), (theirs, Decimal::ZERO));
        let order = entry(&mut world);
        fills(&mut world, &order);
        net(&mut world, 160, 40 + theirs);
        assert_eq!((foreign(&world), world.position()), (theirs, d("0.04")));
        // He adds to it, on his side, and then leaves.
        net(&mut world, 200, 40 + 5 * theirs);
        assert_eq!((foreign(&world), world.position()), (5 * theirs, d("0.04")));
        net(&mut world, 240, 40);
        assert_eq!((foreign(&world), world.position()), (0, d("0.04")));
        assert_eq!(
            world.told("position_differs") + world.told("inconsistency"),
            0
        );
    }
}

#[test]
fn what_somebody_else_adds_to_a_contract_of_ours_is_his_and_what_he_closes_is_closed() {
    let mut world = contract(ProtectiveForm::None);
    let order = entry(&mut world);
    fills(&mut world, &order);
    net(&mut world, 160, 100);
    assert_eq!((foreign(&world), world.position()), (60, d("0.04")));
    // Less than ours is left of both.
    net(&mut world, 200, 15);
    assert_eq!((foreign(&world), world.position()), (0, d("0.015")));
    assert_eq!(world.told("inconsistency"), 1);
    // Beyond flat it is his.
    net(&mut world, 240, -20);
    assert_eq!((foreign(&world), world.position()), (-20, Decimal::ZERO));
    assert_eq!(world.trades[0].reason, ExitReason::Reconciled);
}

/// The venue's list of positions has a fill that its list of fills does not have yet.
#[test]
fn a_holding_told_before_its_fill_is_not_taken_for_somebody_elses() {
    for adopts in [false, true] {
        let mut settings = settings();
        settings.execution = Execution::Venue;
        settings.trading.adopt_foreign = adopts;
        let mut world = at_venue(settings, longs());
        world.trade(30_000, "50000", "10");
        let order = entry(&mut world);
        let mut listing = held(75_000, 40);
        listing.complete = false;
        world.listing(listing);
        assert_eq!(world.told("position_in_doubt"), 1);
        assert_eq!((foreign(&world), world.position()), (0, Decimal::ZERO));
        // It comes, and both agree.
        fills(&mut world, &order);
        world.listing(held(150_000, 40));
        assert_eq!((foreign(&world), world.position()), (0, d("0.04")));
        let told = ["foreign_position", "position_differs", "position_adopted"];
        assert_eq!(told.map(|code| world.told(code)), [0, 0, 0]);
    }
}

/// A fill that came while the venue was asked is not in what it said first.
#[test]
fn a_listing_that_took_long_says_nothing_of_what_moved_meanwhile() {
    let mut world = contract(ProtectiveForm::None);
    let order = entry(&mut world);
    fills(&mut world, &order);
    // Begun before the fill at 91 s, and there 20 s after it.
    for second in [111_000, 131_000] {
        let mut listing = held(second, 0);
        listing.at = Timestamp::from_millis(START + 80_000);
        world.input(second, Input::Listing(Box::new(listing)));
    }
    assert_eq!(world.position(), d("0.04"));
    assert_eq!(world.told("position_in_doubt"), 0);
}

/// A ledger that is lost, or older than the position.
#[test]
fn a_protective_order_of_ours_brings_its_position_with_it() {
    let mut before = contract(ProtectiveForm::StopLimit);
    let order = entry(&mut before);
    fills(&mut before, &order);
    before.trade(92_000, "50000", "1");
    let stop = before.submitted();
    assert_eq!(stop.order.leg, Leg::Protective);
    let listing = |second: i64, lots: i64| {
        let mut listing = held(second * 1000, lots);
        listing.open = vec![listed(&stop, "v2", VenueState::Open, 0)];
        listing
    };
    let cancelled = |world: &World| world.cancels() > 0;
    let fresh = || {
        let mut settings = settings();
        settings.execution = Execution::Venue;
        settings.instruments[0].protective = ProtectiveForm::StopLimit;
        World::of(Core::with_strategies(settings, Turns::History, |_| {
            Box::new(say([]))
        }))
    };
    // No price is known, and no cash: the order rests.
    let mut world = fresh();
    world.listing(listing(200, 40));
    world.input(200_001, cash("10000"));
    assert_eq!(world.told("order_adopted"), 1);
    world.trade(206_000, "50000", "1");
    assert!(!cancelled(&world));
    assert!(world.reconciliations_wanted() > 0);
    world.listing(listing(210, 40));
    assert_eq!(
        (world.position(), world.told("position_found")),
        (d("0.04"), 1)
    );
    assert_eq!(world.told("foreign_position"), 0);
    // What the venue does not hold needs no protection.
    let mut world = fresh();
    world.listing(listing(200, 0));
    world.input(200_001, cash("10000"));
    world.trade(206_000, "50000", "1");
    assert!(cancelled(&world));
    assert_eq!(world.position(), Decimal::ZERO);
}
