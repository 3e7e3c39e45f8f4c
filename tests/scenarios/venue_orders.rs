//! Orders at a venue live by what it says of them.

use crate::venue_world::*;
use crate::world::*;
use minnow::core::effect::Effect;
use minnow::core::input::{Command, OrderNews, VenueState};
use minnow::core::records::*;
use minnow::core::risk::breaker::BreakerState;
use minnow::core::units::*;

fn one_long() -> Script {
    say([(1, long("20", "3", "1"))])
}

#[test]
fn an_entry_goes_from_intended_to_filled_and_pays_the_fee_that_was_told() {
    let (mut world, request) = entering(one_long());
    assert_eq!(request.order.state, OrderState::Intended);
    assert_eq!(request.order.quantity, lots("0.04"));
    // A market order that fills at most 0.1 % above the mark.
    assert_eq!(request.limit, Some(ticks("50050")));
    assert_eq!(request.order.kind, OrderKind::Market);
    for (news, state) in [
        (OrderNews::Durable, OrderState::Durable),
        (OrderNews::Sent, OrderState::Sent),
        (accepted("v1"), OrderState::Open),
        (fill("f1", "50010", "0.03", "2.5"), OrderState::PartlyFilled),
        (fill("f2", "50020", "0.01", "0.5"), OrderState::Filled),
    ] {
        world.news(71_000, &request, news);
        assert_eq!(world.state(&request), state);
    }
    assert_eq!(world.position(), d("0.04"));
    assert_eq!(world.cash(), d("9997"));
    let order = &world.orders[&request.order.id];
    assert_eq!((order.venue_id.as_deref(), order.fee), (Some("v1"), d("3")));
    let told: Vec<_> = world.fills.iter().map(|f| f.venue_id.as_deref()).collect();
    assert_eq!(told, [Some("f1"), Some("f2")]);
    // Stop and target are watched here: nothing rests at the venue.
    assert_eq!(world.submissions().len(), 1);
    assert_eq!(world.queries() + world.cancels(), 0);
}

#[test]
fn prices_of_the_market_fill_nothing_at_a_venue() {
    let (mut world, request) = entering(one_long());
    world.news(71_000, &request, accepted("v1"));
    world.trade(75_000, "49000", "10");
    assert_eq!(world.position(), Decimal::ZERO);
    assert!(world.fills.is_empty());
}

#[test]
fn a_fill_counts_once_and_may_come_before_the_answer() {
    let (mut world, request) = entering(one_long());
    world.news(71_000, &request, OrderNews::Sent);
    world.news(71_100, &request, fill("f1", "50000", "0.03", "2"));
    assert_eq!(world.state(&request), OrderState::PartlyFilled);
    world.news(71_200, &request, fill("f1", "50000", "0.03", "2"));
    world.news(71_300, &request, accepted("v1"));
    // What is told late says nothing new.
    world.news(71_400, &request, OrderNews::Durable);
    world.news(71_400, &request, stands(VenueState::Open, 10));
    assert_eq!(world.state(&request), OrderState::PartlyFilled);
    assert_eq!((world.position(), world.cash()), (d("0.03"), d("9998")));
    assert_eq!(world.told("inconsistency"), 0);
}

#[test]
fn a_final_state_waits_for_the_fills_that_it_counts() {
    let (mut world, request) = entering(one_long());
    world.news(71_000, &request, accepted("v1"));
    world.news(72_000, &request, stands(VenueState::Cancelled, 30));
    assert_eq!(world.state(&request), OrderState::Open);
    world.trade(73_500, "50000", "1");
    assert_eq!(world.queries(), 1, "its fills are asked for");
    world.news(74_000, &request, fill("f2", "50000", "0.01", "1"));
    assert_eq!(world.state(&request), OrderState::PartlyFilled);
    world.news(74_000, &request, fill("f1", "50000", "0.02", "1"));
    assert_eq!(world.state(&request), OrderState::Cancelled);
    assert_eq!(world.position(), d("0.03"));
}

#[test]
fn an_entry_not_filled_in_time_is_cancelled_and_its_part_is_protected() {
    let (mut world, request) = entering(one_long());
    world.news(90_000, &request, accepted("v1"));
    world.news(90_000, &request, fill("f1", "50000", "0.01", "1"));
    world.trade(90_100, "50000", "1");
    let timed_out = 61_000 + 30_000;
    world.trade(timed_out + 500, "50000", "1");
    let cancel = Effect::Cancel {
        symbol: minnow::core::market::SymbolId(0),
        client_id: request.order.client_id.clone(),
        venue_id: Some("v1".to_owned()),
    };
    assert!(world.wishes.contains(&cancel));
    // It is through only when the venue says so; what filled meanwhile counts.
    assert_eq!(world.state(&request), OrderState::Cancelling);
    world.news(93_000, &request, fill("f2", "50000", "0.01", "1"));
    assert_eq!(world.state(&request), OrderState::Cancelling);
    world.news(93_100, &request, stands(VenueState::Cancelled, 20));
    assert_eq!(world.state(&request), OrderState::Cancelled);
    assert_eq!(world.orders[&request.order.id].reason, "order_timeout");
    assert_eq!((world.position(), world.stop()), (d("0.02"), d("49500")));
    // A fill that was on its way counts all the same.
    world.news(94_000, &request, fill("f3", "50000", "0.01", "1"));
    assert_eq!(world.position(), d("0.03"));
    assert_eq!(world.state(&request), OrderState::Cancelled);
}

#[test]
fn a_cancel_that_was_refused_is_asked_about_and_sent_again_while_the_order_is_open() {
    let (mut world, request) = entering(one_long());
    world.news(61_500, &request, accepted("v1"));
    world.trade(91_500, "50000", "1");
    assert_eq!(world.cancels(), 1);
    let refused = OrderNews::CancelRefused {
        reason: "UNKNOWN_CANCEL_FAILURE_REASON".to_owned(),
    };
    world.news(91_600, &request, refused);
    world.trade(92_700, "50000", "1");
    assert_eq!(world.queries(), 1);
    world.news(92_800, &request, stands(VenueState::Open, 0));
    assert_eq!(world.cancels(), 2);
    world.news(93_000, &request, stands(VenueState::Cancelled, 0));
    assert_eq!(world.state(&request), OrderState::Cancelled);
}

#[test]
fn a_cancel_wanted_before_the_answer_follows_it() {
    let (mut world, request) = entering(one_long());
    world.news(61_100, &request, OrderNews::Sent);
    world.command(61_200, Command::EmergencyStop { close: true });
    assert_eq!(world.state(&request), OrderState::Sent);
    world.news(61_300, &request, accepted("v1"));
    assert_eq!(world.state(&request), OrderState::Cancelling);
    assert_eq!(world.cancels(), 2, "once without the id, once with it");
    // What filled before the cancel arrived is closed: everything was to be left.
    world.news(61_400, &request, fill("f1", "50000", "0.01", "1"));
    let close = world.submitted();
    assert_eq!(
        (close.order.leg, close.order.side),
        (Leg::Guard, Side::Sell)
    );
    assert_eq!(close.order.quantity, lots("0.01"));
}

#[test]
fn technical_refusals_open_the_breaker_and_a_lack_of_funds_does_not() {
    let script = say((1..12).map(|n| (n, long("20", "3", "1"))));
    for (reason, expected) in [
        ("UNKNOWN_FAILURE_REASON", BreakerState::Open),
        ("INSUFFICIENT_FUND", BreakerState::Closed),
    ] {
        let mut world = at_venue(venue_settings(), script.clone());
        for minute in 0..8 {
            world.minutes(minute, minute + 1, "50000");
            let open = world.orders.values().find(|o| !o.state.is_final()).cloned();
            if open.is_some() {
                let request = world.submitted();
                let millis = minute * 60_000 + 31_000;
                world.news(millis, &request, rejected(reason));
                assert_eq!(world.state(&request), OrderState::Rejected);
            }
        }
        let told = world.told("circuit_breaker");
        assert_eq!(
            told,
            usize::from(expected == BreakerState::Open),
            "{reason}"
        );
        assert_eq!(world.held("circuit_breaker").is_some(), told == 1);
        assert_eq!(world.position(), Decimal::ZERO);
    }
}

#[test]
fn what_contradicts_the_venue_is_told_and_not_believed() {
    let (mut world, request) = entering(one_long());
    world.news(61_200, &request, accepted("v1"));
    world.news(61_300, &request, rejected("no such thing"));
    assert_eq!(world.state(&request), OrderState::Open);
    world.news(61_400, &request, accepted("v2"));
    assert_eq!(world.told("inconsistency"), 2);
    assert_eq!(world.reconciliations_wanted(), 1, "one until it has ended");
    // More than was ordered, absurd prices and fees: refused by name, nothing booked.
    for (id, price, quantity, fee) in [("a", "50000", "0.05", "1"), ("b", "50000", "0.01", "600")] {
        world.news(61_500, &request, fill(id, price, quantity, fee));
    }
    assert_eq!(world.told("inconsistency"), 4);
    assert!(world.fills.is_empty());
    let lost = OrderNews::Filled {
        fill_id: "c".to_owned(),
        price: Price(i64::MAX),
        quantity: Quantity(-1),
        fee: Decimal::ZERO,
        maker: false,
        time: Timestamp(0),
    };
    world.news(61_600, &request, lost);
    assert_eq!(world.told("inconsistency"), 5);
    assert_eq!(world.cash(), d("10000"));
    // Three of them were about the position: entries are off for good.
    assert_eq!(world.told("emergency_stop"), 1);
}
