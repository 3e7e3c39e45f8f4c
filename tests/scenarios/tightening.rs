//! Limits of a configuration that was read again: the tighter ones act, the others stay.

use crate::world::*;
use minnow::core::Core;
use minnow::core::input::Command;
use minnow::core::modes::Turns;
use minnow::core::records::*;
use minnow::core::snapshot::Snapshot;
use minnow::core::units::*;

fn tighten(limits: &[(&str, &str)]) -> Command {
    let limits = limits
        .iter()
        .map(|(key, value)| ((*key).to_owned(), d(value)));
    Command::TightenLimits {
        limits: limits.collect(),
    }
}

/// Long at 50,000 from minute 1 on.
fn long_world() -> World {
    let mut world = World::new(settings(), say([(1, long("20", "20", "9"))]));
    world.minutes(0, 3, "50000");
    assert!(world.position().is_positive());
    world
}

/// What was told of limits.
fn told(world: &World) -> Vec<String> {
    let events = world.events.iter().filter(|event| event.code == "limits");
    events.map(|event| event.text.clone()).collect()
}

/// The check that refused the last decision.
fn last_refusal(world: &World) -> Option<&'static str> {
    let checks = &world.decisions.last().expect("a decision").checks;
    let refused = checks.iter().find(|c| c.outcome == CheckOutcome::Refused);
    refused.map(|check| check.name)
}

#[test]
fn an_emergency_level_that_moves_closer_closes_what_is_held() {
    let mut world = long_world();
    world.command(180_500, tighten(&[("risk.emergency_stop_loss_pct", "2")]));
    world.trade(181_000, "49001", "1");
    assert!(world.trades.is_empty());
    world.trade(182_000, "49000", "1");
    world.trade(183_000, "49000", "1");
    assert_eq!(world.trades[0].reason, ExitReason::EmergencyStop);
}

#[test]
fn a_shorter_hold_counts_from_the_entry_also_when_it_has_passed() {
    let mut world = long_world();
    world.minutes(3, 20, "50000");
    world.command(
        20 * 60_000 + 500,
        tighten(&[("risk.max_position_hold_hours", "0.25")]),
    );
    world.minutes(20, 22, "50000");
    assert_eq!(world.trades[0].reason, ExitReason::MaxHold);

    let mut world = long_world();
    world.command(
        180_500,
        tighten(&[("risk.max_position_hold_hours", "0.25")]),
    );
    world.minutes(3, 15, "50000");
    assert!(world.trades.is_empty());
    world.minutes(15, 18, "50000");
    assert_eq!(world.trades[0].reason, ExitReason::MaxHold);
}

#[test]
fn what_is_not_tighter_is_told_and_stays() {
    let mut world = long_world();
    let before = world.core.settings().clone();
    world.command(
        180_500,
        tighten(&[
            // Equal: nothing to say.
            ("risk.max_daily_loss_pct", "5"),
            ("risk.max_weekly_loss_pct", "15.1"),
            ("risk.min_account_balance", "99"),
            // None of these is a value of its key.
            ("risk.max_leverage", "0"),
            ("risk.order_rate", "2.5"),
            ("risk.min_reward_risk", "11"),
            ("risk.max_position_hold_hours", "-1"),
            // No limit that a session takes over.
            ("risk.emergency_close", "1"),
            ("trading.leverage", "1"),
        ]),
    );
    assert_eq!(*world.core.settings(), before);
    let text = "limits not tighter than those in force, they stay: risk.emergency_close, \
                risk.max_leverage, risk.max_position_hold_hours, risk.max_weekly_loss_pct, \
                risk.min_account_balance, risk.min_reward_risk, risk.order_rate, trading.leverage";
    assert_eq!(told(&world), [text]);
}

#[test]
fn a_tighter_daily_loss_keeps_entries_off() {
    let proposals = [
        (1, long("20", "20", "9")),
        (4, close()),
        (6, long("20", "20", "9")),
    ];
    let refused = |tightened: bool| {
        let mut world = World::new(settings(), say(proposals.clone()));
        world.minutes(0, 3, "50000");
        if tightened {
            world.command(180_500, tighten(&[("risk.max_daily_loss_pct", "0.1")]));
            assert_eq!(
                told(&world),
                ["limits tightened: risk.max_daily_loss_pct = 0.1"]
            );
        }
        world.minutes(3, 8, "49500");
        last_refusal(&world)
    };
    assert_eq!(refused(true), Some("max_daily_loss_pct"));
    assert_eq!(refused(false), None);
}

/// Nothing is held and equity stands still: no candle looks at it again.
#[test]
fn what_was_lost_already_counts_against_the_tighter_limit() {
    let proposals = [
        (1, long("20", "20", "9")),
        (4, close()),
        (14, long("20", "20", "9")),
    ];
    let mut world = World::new(settings(), say(proposals));
    world.minutes(0, 3, "50000");
    world.minutes(3, 13, "49500");
    assert!(world.position().is_zero() && world.trades.len() == 1);
    let at = 13 * 60_000 + 500;
    world.command(at, tighten(&[("risk.max_daily_loss_pct", "0.1")]));
    world.minutes(13, 16, "49500");
    assert_eq!(last_refusal(&world), Some("max_daily_loss_pct"));
}

#[test]
fn a_losing_run_that_is_long_enough_for_the_tighter_limit_pauses() {
    let mut settings = settings();
    settings.risk.consecutive_losses = 5;
    let proposals = [
        (1, long("5", "20", "9")),
        (3, close()),
        (5, long("5", "20", "9")),
        (7, close()),
        (10, long("5", "20", "9")),
    ];
    let mut world = World::new(settings, say(proposals));
    for (minute, price) in [(0, "50000"), (2, "49900"), (4, "49800"), (6, "49700")] {
        world.minutes(minute, minute + 2, price);
    }
    assert_eq!(world.trades.len(), 2);
    world.command(480_500, tighten(&[("risk.consecutive_losses", "2")]));
    world.minutes(8, 12, "49700");
    assert_eq!(last_refusal(&world), Some("consecutive_losses"));
}

#[test]
fn an_unrelated_limit_moves_no_level() {
    let mut world = long_world();
    let level = |world: &World| {
        let position = world.core.symbols()[0].position.as_ref();
        position.expect("held").protection.emergency
    };
    let before = level(&world);
    world.command(180_500, tighten(&[("risk.order_rate", "2")]));
    assert_eq!(level(&world), before);
}

#[test]
fn what_a_snapshot_calls_tightened_is_checked_too() {
    let mut world = World::of(Core::new(settings(), Turns::History));
    world.minutes(0, 3, "50000");
    world.command(180_500, tighten(&[("risk.max_daily_loss_pct", "3")]));
    let stamp = Stamp::of_history(Timestamp(180_500_000_000));
    let text = serde_json::to_string(&world.core.snapshot(stamp)).unwrap();
    let sound = r#""risk.max_daily_loss_pct":"3""#;
    assert!(text.contains(sound), "{text}");
    let absurd = text.replace(
        sound,
        r#""risk.max_daily_loss_pct":"100000000000000000000""#,
    );
    let snapshot: Snapshot = serde_json::from_str(&absurd).unwrap();
    let core = Core::restore(settings(), Turns::History, snapshot).unwrap();
    assert_eq!(*core.settings(), settings());
}

#[test]
fn a_restored_core_knows_what_was_tightened() {
    let mut world = World::of(Core::new(settings(), Turns::History));
    world.minutes(0, 3, "50000");
    world.command(180_500, tighten(&[("risk.max_leverage", "2")]));
    let stamp = Stamp::of_history(Timestamp(180_500_000_000));
    let text = serde_json::to_string(&world.core.snapshot(stamp)).unwrap();
    let snapshot: Snapshot = serde_json::from_str(&text).unwrap();
    let core = Core::restore(settings(), Turns::History, snapshot).unwrap();
    assert_eq!(core.settings().risk.max_leverage, 2);
    assert_eq!(core.settings(), world.core.settings());
    let again = serde_json::to_string(&core.snapshot(stamp)).unwrap();
    assert_eq!(text, again);
}

#[test]
fn the_next_process_begins_with_its_own_limits() {
    let mut world = long_world();
    world.command(180_500, tighten(&[("risk.max_leverage", "1")]));
    let stamp = Stamp::of_history(Timestamp(180_500_000_000));
    let core = Core::recover(settings(), Turns::History, world.core.trading_state(stamp));
    assert_eq!(*core.unwrap().settings(), settings());
}
