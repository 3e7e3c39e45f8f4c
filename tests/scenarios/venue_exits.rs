//! Leaving a position at a venue: one order at a time, until nothing is left.

use crate::venue_world::*;
use crate::world::*;
use minnow::core::input::{Command, OrderNews, VenueState};
use minnow::core::records::*;
use minnow::core::units::*;
use std::collections::BTreeSet;

fn in_position() -> World {
    let mut world = entered(say([(1, long("20", "3", "1"))]));
    world.wishes.clear();
    world
}

#[test]
fn a_traded_price_at_the_stop_sells_everything_within_the_collar() {
    let mut world = in_position();
    world.trade(92_000, "49501", "1");
    assert!(world.submissions().is_empty());
    world.trade(93_000, "49490", "1");
    let stop = world.submitted();
    assert_eq!((stop.order.leg, stop.order.side), (Leg::Stop, Side::Sell));
    assert_eq!(stop.order.quantity, lots("0.04"));
    assert!(stop.order.reduce_only);
    assert_eq!(stop.limit, Some(ticks("47015.5")), "5 % below the mark");
    // Further prices add nothing while it works, not even at the target.
    world.trade(93_100, "49000", "1");
    world.trade(93_200, "51500", "1");
    assert_eq!(world.submissions().len(), 1);
    world.news(93_300, &stop, accepted("v2"));
    world.news(93_400, &stop, fill("f2", "49480", "0.04", "3"));
    let trade = &world.trades[0];
    assert_eq!(trade.reason, ExitReason::StopLoss);
    // -520 x 0.04 - 6
    assert_eq!(trade.net, d("-26.8"));
    assert_eq!(world.cash(), d("9973.2"));
}

#[test]
fn a_target_sells_at_its_level_or_not_at_all() {
    let mut world = in_position();
    world.trade(93_000, "51500", "1");
    let target = world.submitted();
    assert_eq!(target.order.kind, OrderKind::TakeProfitLimit);
    assert_eq!(target.limit, Some(ticks("51500")));
    world.news(93_100, &target, accepted("v2"));
    world.news(93_200, &target, stands(VenueState::Cancelled, 0));
    assert_eq!(world.state(&target), OrderState::Cancelled);
    // Not with every trade: the next try a second later.
    world.trade(93_300, "51500", "1");
    assert_eq!(world.submissions().len(), 1);
    world.trade(94_300, "51600", "1");
    let again = world.submitted();
    assert_eq!(again.limit, Some(ticks("51500")));
    assert_ne!(again.order.client_id, target.order.client_id);
    world.news(94_400, &again, accepted("v3"));
    world.news(94_400, &again, fill("f2", "51550", "0.04", "3"));
    assert_eq!(world.trades[0].reason, ExitReason::TakeProfit);
    assert_eq!(world.trades[0].net, d("56"));
}

#[test]
fn a_missed_target_does_not_hold_up_the_stop() {
    let mut world = in_position();
    world.trade(93_000, "51500", "1");
    let target = world.submitted();
    world.news(93_100, &target, stands(VenueState::Expired, 0));
    world.trade(93_200, "49000", "1");
    assert_eq!(world.submitted().order.leg, Leg::Stop);
}

#[test]
fn a_close_that_is_refused_is_decided_anew_with_growing_gaps_without_collar_under_new_ids() {
    let mut world = in_position();
    world.trade(93_000, "49000", "1");
    let mut seen = BTreeSet::new();
    let mut gaps = Vec::new();
    let mut last = 93_000;
    let mut millis = 93_000;
    while seen.len() < 6 {
        let request = world.submitted();
        if seen.insert(request.order.client_id.clone()) {
            assert_eq!(request.limit.is_some(), seen.len() == 1);
            gaps.push((millis - last) / 1000);
            last = millis;
            world.news(millis, &request, rejected("PREVIEW_INVALID_ORDER_CONFIG"));
        }
        millis += 500;
        world.trade(millis, "49000", "1");
    }
    // The second try at once, with the refusal.
    assert_eq!(gaps, [0, 0, 2, 5, 10, 30]);
    let request = world.submitted();
    world.news(millis, &request, fill("f2", "49000", "0.04", "3"));
    assert_eq!(world.trades[0].reason, ExitReason::StopLoss);
    world.trade(millis + 120_000, "49000", "1");
    assert_eq!(world.submissions().len(), 6);
}

#[test]
fn a_close_that_was_never_sent_is_decided_anew_at_once() {
    let mut world = in_position();
    world.trade(93_000, "49000", "1");
    let stop = world.submitted();
    let reason = "the ledger could not be written".to_owned();
    world.news(93_100, &stop, OrderNews::NeverSent { reason });
    assert_eq!(world.state(&stop), OrderState::NeverSent);
    let again = world.submitted();
    assert_eq!(again.order.quantity, lots("0.04"));
    assert_ne!(again.order.client_id, stop.order.client_id);
}

#[test]
fn what_a_close_left_over_is_closed_too() {
    let mut world = in_position();
    world.trade(93_000, "49000", "1");
    let stop = world.submitted();
    world.news(93_100, &stop, fill("f2", "49000", "0.03", "2"));
    world.news(93_200, &stop, stands(VenueState::Cancelled, 30));
    let rest = world.submitted();
    assert_eq!(rest.order.quantity, lots("0.01"));
    world.news(93_300, &rest, fill("f3", "48900", "0.01", "1"));
    assert_eq!(world.position(), Decimal::ZERO);
    assert_eq!(world.trades.len(), 1);
}

#[test]
fn an_exit_whose_outcome_is_unknown_is_not_doubled_and_other_wishes_wait_for_it() {
    let mut world = in_position();
    world.trade(93_000, "49000", "1");
    let stop = world.submitted();
    world.news(93_100, &stop, unknown());
    world.command(93_200, Command::EmergencyStop { close: true });
    world.trade(94_000, "40000", "1");
    assert_eq!(world.submissions().len(), 1);
    let reason = "in no list".to_owned();
    world.news(160_000, &stop, OrderNews::NeverSent { reason });
    let close = world.submitted();
    assert_ne!(close.order.client_id, stop.order.client_id);
    world.news(160_100, &close, fill("f2", "40000", "0.04", "2"));
    assert_eq!(world.trades[0].reason, ExitReason::Operator);
}

#[test]
fn an_exit_that_is_stuck_is_cancelled_and_decided_anew() {
    let mut world = in_position();
    world.trade(93_000, "49000", "1");
    let stop = world.submitted();
    world.news(93_100, &stop, accepted("v2"));
    world.trade(123_100, "49000", "1");
    assert_eq!(world.state(&stop), OrderState::Cancelling);
    assert_eq!((world.cancels(), world.submissions().len()), (1, 1));
    world.news(123_200, &stop, stands(VenueState::Cancelled, 0));
    assert_eq!(world.submissions().len(), 2);
}

#[test]
fn a_strategys_close_becomes_an_order_and_a_reversal_waits_for_its_fill() {
    let script = say([(1, long("20", "3", "1")), (2, close())]);
    let mut world = entered(script);
    world.minutes(2, 3, "50000");
    let exit = world.submitted();
    assert_eq!(
        (exit.order.leg, exit.order.kind),
        (Leg::Close, OrderKind::Market)
    );
    world.news(151_000, &exit, fill("f2", "50100", "0.04", "3"));
    assert_eq!(world.trades[0].reason, ExitReason::Strategy);
    assert_eq!(world.cash(), d("9998"));
}

#[test]
fn the_longest_holding_time_is_kept_although_an_exit_works_at_its_end() {
    let mut settings = venue_settings();
    settings.risk.max_position_hold = Span::from_secs(120);
    let mut world = at_venue(settings, say([(1, long("20", "3", "1"))]));
    world.minutes(0, 2, "50000");
    let request = world.submitted();
    world.news(91_000, &request, fill("f1", "50000", "0.04", "3"));
    world.trade(210_900, "51500", "1");
    let target = world.submitted();
    assert_eq!(target.order.leg, Leg::Target);
    world.trade(211_100, "51400", "1");
    world.news(211_200, &target, stands(VenueState::Cancelled, 0));
    let close = world.submitted();
    assert_eq!(close.order.leg, Leg::Guard);
    world.news(211_300, &close, fill("f2", "51400", "0.04", "3"));
    assert_eq!(world.trades[0].reason, ExitReason::MaxHold);
}
