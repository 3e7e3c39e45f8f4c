//! The strategy mean_reversion in the whole core.

use crate::world::*;
use minnow::core::Core;
use minnow::core::modes::Turns;
use minnow::core::records::*;
use minnow::core::settings::{MeanReversionSettings, Settings, StrategySettings};

fn with(max_hold: u32) -> Settings {
    Settings {
        strategy: StrategySettings::MeanReversion(MeanReversionSettings {
            window: 5,
            std_dev: 2.0,
            min_volatility: 0.001,
            max_hold,
            min_stop_loss_pct: d("0.1"),
            min_profit_pct: d("0.5"),
        }),
        ..settings()
    }
}

/// 30 minutes at 50,000, then a candle at 49,000: bought in minute 31.
fn bought(max_hold: u32) -> World {
    let mut world = World::of(Core::new(with(max_hold), Turns::History));
    world.minutes(0, 30, "50000");
    world.minutes(30, 31, "49000");
    world.trade(31 * 60_000 + 500, "49000", "10");
    world.trade(31 * 60_000 + 600, "49000", "10");
    assert!(world.position().is_positive());
    world
}

#[test]
fn a_drop_is_bought_with_the_mean_as_target_and_a_deviation_as_stop() {
    let world = bought(100);
    let decision = world.decisions.last().unwrap();
    assert_eq!(decision.strategy, "mean_reversion");
    assert_eq!(decision.action, Action::Long);
    // Mean 49,800 and deviation 400 of 49,000, on the grid of 0.5.
    assert_eq!(world.stop(), d("48600"));
    let symbol = &world.core.symbols()[0];
    let target = symbol.position.as_ref().unwrap().protection.target.unwrap();
    assert_eq!(symbol.instrument.price(target.price), d("49800"));
}

#[test]
fn a_way_back_below_the_least_profit_is_a_refusal_with_its_reason() {
    let mut world = World::of(Core::new(with(100), Turns::History));
    world.minutes(0, 30, "50000");
    // Mean 49,960, deviation 80: two deviations, and 0.3213 % of the close to come back.
    world.minutes(30, 31, "49800");
    world.trade(31 * 60_000 + 500, "49800", "10");
    assert!(world.position().is_zero());
    assert_eq!(world.held("refused"), Some(1));
    let decision = world.decisions.last().unwrap();
    assert_eq!(decision.proposal.action, Action::Long);
    assert_eq!(decision.action, Action::Hold);
    assert_eq!(decision.reason, "min_profit: 0.3213, limit 0.5");
    let names: Vec<_> = decision
        .checks
        .iter()
        .map(|c| (c.name, c.outcome))
        .collect();
    assert_eq!(names, [("min_profit", CheckOutcome::Refused)]);
}

#[test]
fn max_hold_counts_the_candles_closed_after_the_entry() {
    for max_hold in [2, 3] {
        let mut world = bought(max_hold);
        // The candles of minutes 31, 32, 33 are bars 1, 2, 3 after the entry.
        let last = 31 + i64::from(max_hold);
        world.minutes(32, last, "49000");
        assert!(world.position().is_positive(), "{max_hold}");
        world.trade(last * 60_000 + 500, "49000", "10");
        world.trade(last * 60_000 + 600, "49000", "10");
        assert!(world.position().is_zero(), "{max_hold}");
        assert_eq!(world.trades[0].reason, ExitReason::Strategy);
        let closing = world.decisions.last().unwrap();
        assert_eq!(closing.proposal.rationale, "held for max_hold bars");
    }
}

#[test]
fn a_close_at_the_mean_ends_the_trade_before_the_target_does() {
    let mut world = bought(100);
    // 50,000 x 2, 49,000 x 2, 49,550: the mean is 49,510.
    world.minutes(32, 33, "49550");
    world.trade(33 * 60_000 + 500, "49550", "10");
    world.trade(33 * 60_000 + 600, "49550", "10");
    assert!(world.position().is_zero());
    assert_eq!(world.trades[0].reason, ExitReason::Strategy);
    let closing = world.decisions.last().unwrap();
    assert_eq!(closing.proposal.rationale, "close is back at its mean");
}
