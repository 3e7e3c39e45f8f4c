//! What an operator's commands to cancel and to close do, on paper and at a venue.

use crate::venue_world::*;
use crate::world::*;
use minnow::core::input::{Command, VenueState};
use minnow::core::modes::Mode;
use minnow::core::records::*;
use minnow::core::units::*;

fn one_long() -> Script {
    say([(1, long("20", "3", "1")), (6, long("20", "3", "1"))])
}

#[test]
fn close_all_leaves_at_market_and_nothing_enters_until_resumed() {
    let mut world = World::new(settings(), one_long());
    world.minutes(0, 3, "50000");
    world.command(180_000, Command::CloseAll);
    world.minutes(3, 9, "50000");
    assert_eq!(world.trades[0].reason, ExitReason::Operator);
    assert_eq!((world.trades.len(), world.fills.len()), (1, 2));
    assert!(!world.core.emergency().is_latched());
    assert_eq!(world.core.mode(), Mode::Paused);
    let reason = String::new();
    world.command(600_000, Command::Resume { reason });
    assert_eq!(world.core.mode(), Mode::Running);
}

#[test]
fn cancel_all_takes_the_entry_back_and_leaves_a_position_its_protection() {
    let (mut world, request) = entering(one_long());
    world.news(61_100, &request, accepted("v1"));
    world.news(61_200, &request, fill("f1", "50000", "0.01", "1"));
    world.command(61_300, Command::CancelAll);
    assert_eq!(world.state(&request), OrderState::Cancelling);
    world.news(61_400, &request, stands(VenueState::Cancelled, 10));
    assert_eq!(world.position(), d("0.01"));
    assert_eq!(world.submissions().len(), 1, "nothing is sold");
    world.trade(62_000, "49000", "1");
    assert_eq!(world.submitted().order.leg, Leg::Stop);
}

#[test]
fn close_all_also_closes_what_a_late_fill_opens_and_no_limit_vetoes_it() {
    let (mut world, request) = entering(one_long());
    world.news(61_100, &request, accepted("v1"));
    world.command(61_200, Command::EmergencyStop { close: false });
    world.command(61_300, Command::CloseAll);
    assert_eq!(world.submissions().len(), 1, "nothing is held yet");
    world.news(61_400, &request, fill("f1", "50000", "0.04", "1"));
    let close = world.submitted();
    assert_eq!(
        (close.order.leg, close.order.side),
        (Leg::Guard, Side::Sell)
    );
    assert_eq!(close.order.quantity, lots("0.04"));
    world.news(61_500, &close, fill("f2", "50000", "0.04", "1"));
    assert_eq!(world.position(), Decimal::ZERO);
    assert_eq!(world.trades[0].reason, ExitReason::Operator);
    assert!(world.core.emergency().is_latched(), "a stop stays latched");
}

#[test]
fn a_stopping_bot_stays_stopping() {
    let mut world = World::new(settings(), one_long());
    world.minutes(0, 1, "50000");
    world.input(61_000, minnow::core::input::Input::Stop);
    world.command(62_000, Command::CloseAll);
    assert_eq!(world.core.mode(), Mode::Stopping);
}
