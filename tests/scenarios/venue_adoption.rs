//! What at the venue is not ours is taken over where that is wanted.

use crate::venue_world::*;
use crate::world::*;
use minnow::core::Core;
use minnow::core::effect::Effect;
use minnow::core::input::*;
use minnow::core::market::{ProtectiveForm, SymbolId};
use minnow::core::modes::Turns;
use minnow::core::orders::position::Position;
use minnow::core::records::*;
use minnow::core::units::*;

fn adopting() -> World {
    let mut settings = venue_settings();
    settings.trading.adopt_foreign = true;
    settings.instruments[0].protective = ProtectiveForm::Bracket;
    at_venue(settings, Script::default())
}

fn held(millis: i64, lots: i64) -> VenueListing {
    let mut listing = nothing_listed(millis);
    let symbol = SymbolId(0);
    listing.positions = vec![ListedPosition { symbol, lots }];
    listing
}

fn foreign(id: &str, side: Side, price: &str) -> ListedOrder {
    ListedOrder {
        venue_id: id.to_owned(),
        client_id: String::new(),
        symbol: Some(SymbolId(0)),
        side,
        status: VenueState::Open,
        quantity: lots("0.04"),
        filled: Quantity::ZERO,
        price: Some(ticks(price)),
    }
}

fn cancelled(world: &World, id: &str) -> bool {
    let cancel = |wish: &Effect| matches!(wish, Effect::Cancel { venue_id, .. } if venue_id.as_deref() == Some(id));
    world.wishes.iter().any(cancel)
}

#[test]
fn a_holding_is_taken_over_at_the_first_price_and_protected() {
    let mut world = adopting();
    world.listing(held(10_000, 40));
    assert_eq!(world.position(), Decimal::ZERO, "nobody knows its worth");
    let wanted = world.reconciliations_wanted();
    world.trade(30_000, "50000", "1");
    world.trade(30_100, "50001", "1");
    world.trade(30_200, "50000", "1");
    assert_eq!(world.reconciliations_wanted(), wanted + 1);
    world.listing(held(31_000, 40));
    assert_eq!(world.position(), d("0.04"));
    assert_eq!(world.told("position_adopted"), 1);
    // It is worth 2,000 that were not in the books, and the cash is what it was.
    assert_eq!(world.core.equity(), d("12000"));
    world.input(40_000, cash("10000"));
    assert_eq!(world.told("balance_anomaly"), 0);
    let order = world.submitted();
    assert_eq!(
        (order.order.leg, order.order.quantity),
        (Leg::Protective, lots("0.04"))
    );
    world.listing(held(50_000, 40));
    assert_eq!(world.position(), d("0.04"), "once");
    let held = world.core.symbols()[0].position.as_ref();
    assert_eq!(held.map(Position::quantity), Some(lots("0.04")));
}

#[test]
fn more_of_what_is_held_is_added_and_dust_is_left() {
    let mut settings = venue_settings();
    settings.trading.adopt_foreign = true;
    settings.instruments[0].min_quantity = d("0.01");
    let mut world = at_venue(settings, Script::default());
    world.trade(30_000, "50000", "1");
    world.listing(held(31_000, 9));
    assert_eq!(world.position(), Decimal::ZERO);
    world.listing(held(40_000, 30));
    assert_eq!(world.position(), d("0.03"));
    world.listing(held(50_000, 35));
    assert_eq!(world.position(), d("0.03"));
    world.listing(held(60_000, 45));
    assert_eq!(world.position(), d("0.045"));
    assert_eq!(world.core.equity(), d("12250"));
}

#[test]
fn an_order_that_opens_is_an_entry_from_then_on_and_one_that_sells_is_cancelled() {
    let mut world = adopting();
    world.trade(30_000, "50000", "1");
    let mut listing = held(31_000, 0);
    listing.open = vec![
        foreign("a", Side::Buy, "49900"),
        foreign("b", Side::Sell, "52000"),
        foreign("c", Side::Buy, "49000"),
    ];
    world.listing(listing);
    assert_eq!(world.told("foreign_order_adopted"), 1);
    assert_eq!(world.told("foreign_order_cancelled"), 2);
    assert!(!cancelled(&world, "a") && cancelled(&world, "b") && cancelled(&world, "c"));
    let mut listing = held(40_000, 40);
    let mut bought = foreign("a", Side::Buy, "49900");
    (bought.status, bought.filled) = (VenueState::Filled, lots("0.04"));
    listing.recent = vec![bought];
    listing.fills = vec![ListedFill {
        fill_id: "f1".to_owned(),
        venue_id: "a".to_owned(),
        symbol: SymbolId(0),
        side: Side::Buy,
        price: ticks("49900"),
        quantity: lots("0.04"),
        fee: Decimal::ONE,
        maker: true,
        time: Timestamp::from_millis(START + 39_000),
    }];
    world.listing(listing);
    assert_eq!(world.position(), d("0.04"));
    assert_eq!(
        world.told("position_adopted") + world.told("position_differs"),
        0
    );
    assert_eq!(world.cash(), d("9999"));
}

#[test]
fn an_order_taken_over_has_the_time_of_an_entry() {
    let mut world = adopting();
    world.trade(30_000, "50000", "1");
    let mut listing = held(31_000, 0);
    listing.open = vec![foreign("a", Side::Buy, "49900")];
    world.listing(listing);
    assert!(!cancelled(&world, "a"));
    world.trade(61_500, "50000", "1");
    assert!(cancelled(&world, "a"));
}

/// The order may have filled since it was listed: its fill is in the holding then, and comes once more.
#[test]
fn a_holding_beside_an_order_taken_over_waits_until_that_has_settled() {
    let mut world = adopting();
    world.trade(30_000, "50000", "1");
    let listing = |millis| {
        let mut listing = held(millis, 40);
        listing.open = vec![foreign("a", Side::Buy, "49900")];
        listing
    };
    world.listing(listing(31_000));
    assert_eq!(world.told("foreign_order_adopted"), 1);
    assert_eq!(world.position(), Decimal::ZERO);
    let wanted = world.reconciliations_wanted();
    world.trade(33_000, "50000", "1");
    assert_eq!(world.reconciliations_wanted(), wanted);
    world.trade(36_500, "50000", "1");
    assert_eq!(world.reconciliations_wanted(), wanted + 1);
    world.listing(listing(37_000));
    assert_eq!(world.told("position_adopted"), 0, "seen once");
    world.listing(listing(47_000));
    assert_eq!(world.told("position_adopted"), 1);
    assert_eq!(world.position(), d("0.04"));
}

/// Of a holding that is worth more than the configured balance, before the venue's is known, the
/// margin would look far too large, and it would be sold.
#[test]
fn nothing_is_taken_over_before_the_account_is_known() {
    let mut settings = venue_settings();
    settings.trading.adopt_foreign = true;
    let mut world = World::of(Core::new(settings, Turns::Session));
    world.trade(1_000, "50000", "1");
    world.listing(held(2_000, 1_000));
    assert_eq!(world.position(), Decimal::ZERO);
    let wanted = world.reconciliations_wanted();
    world.input(2_001, cash("5000"));
    assert_eq!(world.reconciliations_wanted(), wanted + 1);
    world.listing(held(3_000, 1_000));
    assert_eq!(world.position(), d("1"));
    assert_eq!(world.core.equity(), d("55000"));
    assert!(!world.core.emergency().is_latched());
    world.input(9_000, cash("5000"));
    assert_eq!(world.told("balance_anomaly"), 0);
}

/// It would be sold at once, by the emergency stop that its margin sets off.
#[test]
fn what_would_set_off_the_emergency_stop_is_left_where_it_is() {
    let mut world = adopting();
    world.trade(30_000, "50000", "1");
    world.input(30_500, cash("1000"));
    for round in 0..3 {
        world.listing(held(31_000 + round * 10_000, 1_000));
    }
    assert_eq!(world.position(), Decimal::ZERO);
    assert_eq!(world.told("foreign_position"), 1);
    assert_eq!(world.told("position_adopted"), 0);
    assert!(!world.core.emergency().is_latched());
    assert!(world.submissions().is_empty());
}
