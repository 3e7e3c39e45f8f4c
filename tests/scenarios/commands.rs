//! What an operator's commands to cancel and to close do, on paper and at a venue.

use crate::venue_world::*;
use crate::world::*;
use minnow::core::Core;
use minnow::core::input::{Command, Input, VenueState};
use minnow::core::modes::{Mode, Turns};
use minnow::core::records::*;
use minnow::core::settings::OnShutdown;
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

/// A stop that closes adds to one that did not.
#[test]
fn a_second_emergency_stop_closes_what_the_first_one_left() {
    let mut world = World::new(settings(), one_long());
    world.minutes(0, 3, "50000");
    assert!(world.position().is_positive());
    world.command(180_000, Command::EmergencyStop { close: false });
    world.minutes(3, 4, "50000");
    assert!(world.position().is_positive());
    for second in [240, 241] {
        world.command(second * 1_000, Command::EmergencyStop { close: true });
    }
    world.minutes(4, 6, "50000");
    assert_eq!((world.position(), world.trades.len()), (Decimal::ZERO, 1));
    assert_eq!(world.trades[0].reason, ExitReason::Operator);
}

/// The core of the next process.
fn next_process(world: &World, millis: i64) -> Core {
    let at = Stamp::of_history(Timestamp::from_millis(START + millis));
    let text = serde_json::to_string(&world.core.trading_state(at)).unwrap();
    let state = serde_json::from_str(&text).unwrap();
    Core::recover(world.core.settings().clone(), Turns::Session, state).unwrap()
}

#[test]
fn a_pause_outlives_the_stop_and_a_stop_does_not() {
    for (command, expected) in [
        (None, Mode::Running),
        (Some(Command::Pause), Mode::Paused),
        (Some(Command::CancelAll), Mode::Paused),
        (Some(Command::CloseAll), Mode::Paused),
    ] {
        let mut world = entered(one_long());
        if let Some(command) = command {
            world.command(92_000, command);
        }
        world.input(93_000, Input::Stop);
        assert_eq!(world.core.mode(), Mode::Stopping);
        assert_eq!(next_process(&world, 93_000).mode(), expected);
    }
    // Also where the command comes while it stops.
    let mut world = entered(one_long());
    world.input(93_000, Input::Stop);
    world.command(93_100, Command::Pause);
    assert_eq!(world.core.mode(), Mode::Stopping);
    assert_eq!(next_process(&world, 93_100).mode(), Mode::Paused);
}

/// What a stop closes is over with it; the next process keeps what it enters.
#[test]
fn what_a_stop_closes_is_not_closed_by_the_next_process() {
    let mut settings = venue_settings();
    settings.trading.on_shutdown = OnShutdown::Close;
    let mut world = at_venue(settings, one_long());
    world.trade(30_000, "50000", "10");
    world.trade(61_001, "50000", "10");
    world.input(62_000, Input::Stop);
    let mut next = World::of(next_process(&world, 62_000));
    assert_eq!(next.core.mode(), Mode::Running);
    // The entry of before was filled meanwhile: it is a position like any other.
    let request = world.submitted();
    next.news(63_000, &request, accepted("v1"));
    next.news(63_000, &request, fill("f1", "50000", "0.04", "3"));
    assert_eq!(next.position(), d("0.04"));
    assert!(
        next.submissions().iter().all(|r| r.order.leg != Leg::Guard),
        "it is kept"
    );
}

#[test]
fn a_stopping_bot_stays_stopping() {
    let mut world = World::new(settings(), one_long());
    world.minutes(0, 1, "50000");
    world.input(61_000, minnow::core::input::Input::Stop);
    world.command(62_000, Command::CloseAll);
    assert_eq!(world.core.mode(), Mode::Stopping);
}
