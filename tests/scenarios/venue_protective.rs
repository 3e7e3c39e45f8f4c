//! The protective order at the venue: it follows the position, acts before the bot does, and is out of
//! the way before anything else sells.

use crate::venue_world::*;
use crate::world::*;
use minnow::core::input::{Command, OrderNews, VenueState};
use minnow::core::market::ProtectiveForm;
use minnow::core::records::*;
use minnow::core::units::*;
use minnow::core::venue::OrderRequest;

/// A position of 0.04 at 50,000 since 91 s: stop at 49,500, target at 51,500.
fn holding(form: ProtectiveForm, script: Script) -> World {
    let mut settings = venue_settings();
    settings.instruments[0].protective = form;
    let mut world = at_venue(settings, script);
    world.trade(30_000, "50000", "10");
    world.trade(61_001, "50000", "10");
    let entry = world.submitted();
    world.news(91_000, &entry, accepted("v1"));
    world.news(91_000, &entry, fill("f1", "50000", "0.04", "3"));
    world.wishes.clear();
    world
}

fn script() -> Script {
    say([(1, long("20", "3", "1"))])
}

/// The same with its protective order resting as `p1`.
fn protected(form: ProtectiveForm, script: Script) -> (World, OrderRequest) {
    let mut world = holding(form, script);
    world.trade(91_600, "50000", "1");
    let order = world.submitted();
    world.news(91_700, &order, accepted("p1"));
    assert_eq!(world.state(&order), OrderState::Open);
    world.wishes.clear();
    (world, order)
}

#[test]
fn a_position_gets_one_order_for_stop_and_target() {
    let mut world = holding(ProtectiveForm::Bracket, script());
    world.trade(91_400, "50000", "1");
    assert!(world.submissions().is_empty(), "slices come closely");
    world.trade(91_600, "50000", "1");
    let order = world.submitted();
    let record = &order.order;
    assert_eq!(
        (record.leg, record.kind),
        (Leg::Protective, OrderKind::Bracket)
    );
    assert_eq!((record.side, record.quantity), (Side::Sell, lots("0.04")));
    assert_eq!(record.price, Some(ticks("49500")));
    assert_eq!(order.target, Some(ticks("51500")));
    assert_eq!(order.expires, None);
    assert!(record.reduce_only && record.client_id.ends_with("-p"));
    assert_eq!(world.submissions().len(), 1);
}

#[test]
fn a_stop_limit_has_room_below_its_stop_and_leaves_the_target_to_the_bot() {
    let (mut world, order) = protected(ProtectiveForm::StopLimit, script());
    assert_eq!(order.order.kind, OrderKind::StopLimit);
    assert_eq!(order.limit, Some(ticks("47025")), "5 % below the stop");
    assert_eq!(order.target, None);
    world.trade(93_000, "51500", "1");
    assert_eq!(world.cancels(), 1, "never two sells for one holding");
    assert!(world.submissions().is_empty());
    world.news(93_100, &order, stands(VenueState::Cancelled, 0));
    let target = world.submitted();
    assert_eq!(target.order.kind, OrderKind::TakeProfitLimit);
    assert_eq!(target.limit, Some(ticks("51500")));
    // Not filled: the stop comes back.
    world.news(93_200, &target, stands(VenueState::Cancelled, 0));
    world.trade(93_800, "51400", "1");
    let again = world.submitted();
    assert_eq!(again.order.leg, Leg::Protective);
    assert_ne!(again.order.client_id, order.order.client_id);
}

#[test]
fn the_venue_acts_first_and_its_fill_is_the_stop() {
    let (mut world, order) = protected(ProtectiveForm::Bracket, script());
    world.trade(93_000, "49500", "1");
    assert!(world.wishes.is_empty());
    world.news(93_900, &order, fill("f2", "49480", "0.04", "3"));
    let trade = &world.trades[0];
    assert_eq!(trade.reason, ExitReason::StopLoss);
    assert_eq!(trade.net, d("-26.8"));
    assert_eq!(world.cash(), d("9973.2"));
    world.trade(99_000, "49000", "1");
    assert!(world.submissions().is_empty() && world.cancels() == 0);
}

#[test]
fn a_bracket_that_fills_at_its_target_took_profit() {
    let (mut world, order) = protected(ProtectiveForm::Bracket, script());
    // At the level it may stand behind others.
    world.trade(93_000, "51500", "1");
    world.trade(96_000, "51490", "1");
    assert!(world.wishes.is_empty());
    world.news(97_000, &order, fill("f2", "51500", "0.04", "3"));
    assert_eq!(world.trades[0].reason, ExitReason::TakeProfit);
    assert_eq!(world.trades[0].net, d("54"));
}

#[test]
fn a_bracket_whose_target_is_passed_waits_until_the_price_has_fallen_back() {
    let mut world = holding(ProtectiveForm::Bracket, script());
    world.trade(91_300, "51500", "1");
    let target = world.submitted();
    assert_eq!(target.order.kind, OrderKind::TakeProfitLimit);
    world.news(91_400, &target, stands(VenueState::Cancelled, 0));
    world.wishes.clear();
    world.trade(92_100, "51400", "1");
    assert!(world.submissions().is_empty(), "the venue would refuse it");
    world.trade(93_500, "51400", "1");
    assert_eq!(world.submitted().order.kind, OrderKind::Bracket);
}

#[test]
fn the_guard_closes_what_the_venue_did_not_after_two_seconds() {
    let (mut world, order) = protected(ProtectiveForm::Bracket, script());
    world.trade(93_000, "49500", "1");
    world.trade(94_900, "49490", "1");
    assert!(world.wishes.is_empty());
    world.trade(95_100, "49600", "1");
    assert_eq!(world.cancels(), 1);
    assert!(world.submissions().is_empty(), "the cancel comes first");
    assert_eq!(world.told("protection_guard"), 1);
    world.news(95_300, &order, stands(VenueState::Cancelled, 0));
    let stop = world.submitted();
    assert_eq!(
        (stop.order.leg, stop.order.quantity),
        (Leg::Stop, lots("0.04"))
    );
    world.news(95_400, &stop, fill("f2", "49590", "0.04", "3"));
    assert_eq!(world.trades[0].reason, ExitReason::StopLoss);
}

#[test]
fn what_filled_before_its_cancel_is_not_sold_again() {
    let (mut world, order) = protected(ProtectiveForm::Bracket, script());
    world.command(93_000, Command::EmergencyStop { close: true });
    assert_eq!(world.cancels(), 1);
    world.news(93_100, &order, fill("f2", "49600", "0.03", "2"));
    world.news(93_200, &order, stands(VenueState::Cancelled, 30));
    let close = world.submitted();
    assert_eq!(close.order.quantity, lots("0.01"));
    world.news(93_300, &close, fill("f3", "49600", "0.01", "1"));
    assert_eq!(world.trades[0].reason, ExitReason::Operator);
    assert_eq!(world.told("inconsistency"), 0);
}

#[test]
fn all_of_it_filled_and_not_yet_told_is_waited_for() {
    let (mut world, order) = protected(ProtectiveForm::Bracket, script());
    world.command(93_000, Command::EmergencyStop { close: true });
    world.news(93_100, &order, stands(VenueState::Filled, 40));
    world.trade(105_000, "49400", "1");
    assert!(world.submissions().is_empty());
    world.news(106_000, &order, fill("f2", "49480", "0.04", "3"));
    assert_eq!(world.position(), Decimal::ZERO);
    world.trade(120_000, "49400", "1");
    assert!(world.submissions().is_empty());
}

#[test]
fn a_close_waits_five_seconds_for_the_end_and_no_longer() {
    let (mut world, _) = protected(ProtectiveForm::Bracket, script());
    world.command(93_000, Command::EmergencyStop { close: true });
    world.trade(97_900, "50000", "1");
    assert!(world.submissions().is_empty());
    world.trade(98_100, "50000", "1");
    let close = world.submitted();
    assert_eq!(
        (close.order.leg, close.order.quantity),
        (Leg::Guard, lots("0.04"))
    );
}

#[test]
fn a_strategys_close_keeps_its_decision() {
    let script = say([(1, long("20", "3", "1")), (2, close())]);
    let (mut world, order) = protected(ProtectiveForm::Bracket, script);
    world.trade(121_001, "50000", "10");
    assert_eq!(world.cancels(), 1);
    world.news(121_100, &order, stands(VenueState::Cancelled, 0));
    let close = world.submitted();
    let decided = world.decisions.last().expect("it decided");
    assert_eq!(
        (close.order.leg, close.order.decision),
        (Leg::Close, decided.id)
    );
    world.news(121_200, &close, fill("f2", "50000", "0.04", "3"));
    assert_eq!(world.trades[0].reason, ExitReason::Strategy);
}

#[test]
fn a_form_that_is_refused_gives_way_to_the_next_and_at_last_to_the_bot() {
    let mut world = holding(ProtectiveForm::Bracket, script());
    let mut kinds = Vec::new();
    for millis in [91_600, 93_000, 95_000] {
        world.trade(millis, "50000", "1");
        if world.submissions().len() > kinds.len() {
            let order = world.submitted();
            kinds.push(order.order.kind);
            let reason = "UNSUPPORTED_ORDER_CONFIGURATION: source is not enabled";
            world.news(millis + 100, &order, rejected(reason));
        }
    }
    assert_eq!(kinds, [OrderKind::Bracket, OrderKind::StopLimit]);
    assert_eq!(world.told("protection_form"), 2);
    world.trade(99_000, "49490", "1");
    assert_eq!(world.submitted().order.leg, Leg::Stop);
}

#[test]
fn a_position_that_no_order_can_protect_is_closed_within_five_seconds() {
    let mut world = holding(ProtectiveForm::Bracket, script());
    let mut tries = 0;
    for step in 0..50 {
        world.trade(91_600 + 100 * step, "50000", "1");
        let last = world.submissions().last().map(|order| (*order).clone());
        let fresh = |order: &OrderRequest| {
            order.order.leg == Leg::Protective && world.state(order) == OrderState::Intended
        };
        if let Some(order) = last.filter(fresh) {
            tries += 1;
            world.news(91_650 + 100 * step, &order, rejected("COMMANDER_REJECTED"));
        }
    }
    assert_eq!(tries, 3);
    let close = world.submitted();
    assert_eq!(close.order.leg, Leg::Guard);
    assert_eq!(world.told("unprotected"), 1);
    world.news(97_000, &close, fill("f2", "50000", "0.04", "3"));
    assert_eq!(world.trades[0].reason, ExitReason::Unprotected);
}

#[test]
fn one_that_somebody_cancelled_comes_back_within_five_seconds() {
    let (mut world, order) = protected(ProtectiveForm::Bracket, script());
    world.news(100_000, &order, stands(VenueState::Cancelled, 0));
    world.trade(101_100, "50000", "1");
    let again = world.submitted();
    assert_eq!(again.order.leg, Leg::Protective);
    assert_ne!(again.order.client_id, order.order.client_id);
}

#[test]
fn it_is_made_anew_when_the_position_grows() {
    let mut settings = venue_settings();
    settings.instruments[0].protective = ProtectiveForm::Bracket;
    let mut world = at_venue(settings, script());
    world.trade(30_000, "50000", "10");
    world.trade(61_001, "50000", "10");
    let entry = world.submitted();
    world.news(62_000, &entry, accepted("v1"));
    world.news(62_000, &entry, fill("f1", "50000", "0.01", "1"));
    world.trade(62_600, "50000", "1");
    let first = world.submitted();
    assert_eq!(first.order.quantity, lots("0.01"));
    world.news(62_700, &first, accepted("p1"));
    world.news(63_000, &entry, fill("f2", "50000", "0.03", "2"));
    world.trade(63_600, "50000", "1");
    assert_eq!(world.cancels(), 1);
    world.news(63_700, &first, stands(VenueState::Cancelled, 0));
    world.trade(64_300, "50000", "1");
    assert_eq!(world.submitted().order.quantity, lots("0.04"));
}

#[test]
fn nothing_is_placed_before_the_venue_was_reconciled() {
    let mut world = holding(ProtectiveForm::Bracket, script());
    world.input(91_100, feed("orders", false));
    world.trade(92_000, "50000", "1");
    assert!(world.submissions().is_empty());
    world.input(93_000, reconciled());
    world.trade(93_600, "50000", "1");
    assert_eq!(world.submitted().order.leg, Leg::Protective);
}

#[test]
fn an_unknown_outcome_is_never_doubled() {
    let mut world = holding(ProtectiveForm::Bracket, script());
    world.trade(91_600, "50000", "1");
    let order = world.submitted();
    world.news(91_700, &order, unknown());
    world.trade(150_000, "50000", "1");
    assert_eq!(world.submissions().len(), 1);
    let reason = "in no list".to_owned();
    world.news(160_000, &order, OrderNews::NeverSent { reason });
    world.trade(161_100, "50000", "1");
    assert_eq!(world.submissions().len(), 2);
    assert_eq!(world.submitted().order.leg, Leg::Protective);
}
