//! An order whose outcome is not known stays unknown until the venue has answered for it.

use crate::venue_world::*;
use crate::world::*;
use minnow::core::effect::Effect;
use minnow::core::input::{Input, OrderEvent, OrderNews, VenueState};
use minnow::core::records::*;
use minnow::core::units::*;

fn two_longs() -> Script {
    say((1..9).map(|n| (n, long("20", "3", "1"))))
}

fn never_heard() -> (World, minnow::core::venue::OrderRequest) {
    let (mut world, request) = entering(two_longs());
    // The entry left at 61 s; its answer is given up at 91 s.
    world.news(91_000, &request, OrderNews::Sent);
    world.news(91_000, &request, unknown());
    assert_eq!(world.state(&request), OrderState::Unknown);
    world.wishes.clear();
    (world, request)
}

#[test]
fn it_is_asked_about_after_1_2_5_10_and_30_seconds_then_every_minute_and_never_sent_again() {
    let (mut world, _) = never_heard();
    let mut at = Vec::new();
    for second in 91..300 {
        let before = world.queries();
        world.trade(second * 1000 + 1, "50000", "1");
        if world.queries() > before {
            at.push(second - 91);
        }
    }
    assert_eq!(at, [1, 2, 5, 10, 30, 90, 150]);
    assert!(world.submissions().is_empty());
    assert!(world.held("order_unknown") > Some(1), "no entry meanwhile");
}

#[test]
fn found_filled_it_is_a_position() {
    let (mut world, request) = never_heard();
    world.news(92_500, &request, accepted("v1"));
    world.news(92_500, &request, stands(VenueState::Filled, 40));
    world.news(92_600, &request, fill("f1", "50000", "0.04", "3"));
    assert_eq!(world.state(&request), OrderState::Filled);
    assert_eq!((world.position(), world.cash()), (d("0.04"), d("9997")));
    world.trade(200_000, "50000", "1");
    assert_eq!(world.queries(), 1, "nobody is asked any more");
}

#[test]
fn found_open_it_is_adopted_and_cancelled_as_its_time_is_over() {
    let (mut world, request) = never_heard();
    world.trade(91_500, "50000", "1");
    // The timeout came while nobody knew: it could not be told by the venue's id.
    world.news(92_500, &request, accepted("v1"));
    let cancel = world
        .wishes
        .iter()
        .any(|wish| matches!(wish, Effect::Cancel { venue_id: Some(id), .. } if id == "v1"));
    assert!(cancel);
    assert_eq!(world.state(&request), OrderState::Cancelling);
    world.news(93_000, &request, stands(VenueState::Cancelled, 0));
    assert_eq!(world.state(&request), OrderState::Cancelled);
}

#[test]
fn three_complete_listings_over_a_minute_without_it_prove_that_it_was_never_sent() {
    let (mut world, request) = never_heard();
    // Too early, incomplete, and thrice within a minute: nothing is proved.
    world.listing(nothing_listed(92_000));
    let mut partial = nothing_listed(97_000);
    partial.complete = false;
    world.listing(partial);
    for millis in [100_000, 120_000, 159_000] {
        world.listing(nothing_listed(millis));
        assert_eq!(world.state(&request), OrderState::Unknown, "{millis}");
    }
    world.listing(nothing_listed(160_000));
    assert_eq!(world.state(&request), OrderState::NeverSent);
    assert_eq!(world.told("order_never_sent"), 1);
    assert!(world.submissions().is_empty(), "an entry is not repeated");
    // The next candle may decide anew.
    world.minutes(3, 5, "50000");
    assert_eq!(world.submissions().len(), 1);
}

#[test]
fn one_that_counted_as_never_sent_and_is_at_the_venue_after_all_is_cancelled() {
    let (mut world, request) = never_heard();
    let reason = "gave up".to_owned();
    world.news(95_000, &request, OrderNews::NeverSent { reason });
    assert_eq!(world.state(&request), OrderState::NeverSent);
    world.news(96_000, &request, accepted("v1"));
    assert_eq!(world.state(&request), OrderState::Cancelling);
    assert_eq!((world.cancels(), world.told("inconsistency")), (1, 1));
    world.news(96_500, &request, stands(VenueState::Cancelled, 10));
    world.news(96_600, &request, fill("f1", "50000", "0.01", "1"));
    assert_eq!(world.state(&request), OrderState::Cancelled);
    assert_eq!(world.position(), d("0.01"));
}

#[test]
fn a_stop_leaves_the_position_while_its_entry_is_unknown() {
    let (mut world, request) = never_heard();
    world.news(92_000, &request, fill("f1", "50000", "0.01", "1"));
    world.news(92_100, &request, unknown());
    world.trade(93_000, "49500", "1");
    let stop = world.submitted();
    assert_eq!(
        (stop.order.leg, stop.order.quantity),
        (Leg::Stop, lots("0.01"))
    );
    world.news(93_100, &stop, accepted("v2"));
    world.news(93_200, &stop, fill("f2", "49490", "0.01", "1"));
    assert_eq!(world.position(), Decimal::ZERO);
    // The rest of the entry fills late: the position is back, and so is its guard.
    world.news(93_300, &request, fill("f3", "49400", "0.02", "1"));
    assert_eq!(world.position(), d("0.02"));
    world.trade(94_000, "48000", "1");
    let again = world.submitted();
    assert_eq!(again.order.quantity, lots("0.02"));
    assert_ne!(again.order.client_id, stop.order.client_id);
}

#[test]
fn news_of_an_order_that_nobody_knows_start_a_reconciliation_if_it_is_ours() {
    let mut world = at_venue(venue_settings(), say([]));
    for (client_id, wanted) in [
        ("0e9b1f7a-4a21-4d6e-8f8f-5f0e7a1b2c3d", 0),
        ("mwabc234-aaaab-aaaaaaq-e", 1),
    ] {
        let event = OrderEvent {
            client_id: client_id.to_owned(),
            news: fill("f1", "50000", "0.01", "1"),
        };
        world.input(1000, Input::Order(event));
        assert_eq!(world.reconciliations_wanted(), wanted, "{client_id}");
    }
    assert!(world.fills.is_empty());
}
