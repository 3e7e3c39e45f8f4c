//! A core that recovers its trading state after a restart: the money goes on, market data begins
//! anew, and limits are those of the present configuration.

use crate::fast_path::busy_settings;
use crate::snapshots::seeded;
use crate::world::{World, instrument};
use minnow::core::Core;
use minnow::core::modes::Turns;
use minnow::core::recovery::TradingState;
use minnow::core::settings::Settings;
use minnow::core::units::Decimal;

/// A run cut where a position is open: its core and the stamp.
fn holding(settings: &Settings) -> (World, minnow::core::units::Stamp) {
    let rows = seeded(settings, 46);
    let mut world = World::of(Core::new(settings.clone(), Turns::History));
    for row in &rows {
        world.rows(std::slice::from_ref(row));
        if world.core.symbols()[0].position.is_some() {
            return (world, row.stamp);
        }
    }
    panic!("the market opens a position");
}

/// As it stands in a ledger.
fn saved(world: &World, at: minnow::core::units::Stamp) -> TradingState {
    let text = serde_json::to_string(&world.core.trading_state(at)).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn the_account_and_the_position_go_on_and_nothing_else_does() {
    let settings = busy_settings(6);
    let (world, at) = holding(&settings);
    let state = saved(&world, at);
    assert_eq!(state.at, at);
    let core = Core::recover(settings, Turns::Session, state).unwrap();
    assert_eq!(core.account(), world.core.account());
    assert_eq!(core.equity(), world.core.equity());
    assert_eq!(core.state_hash(), world.core.state_hash());
    let (ours, before) = (&core.symbols()[0], &world.core.symbols()[0]);
    let shown = |symbol: &minnow::core::symbol::Symbol| {
        format!(
            "{:?} {:?} {:?}",
            symbol.position, symbol.last, symbol.decided
        )
    };
    assert_eq!(shown(ours), shown(before));
    assert_eq!(
        ours.stop.as_ref().map(|w| &w.order),
        before.stop.as_ref().map(|w| &w.order)
    );
    assert_eq!(ours.series.contiguous(), 0, "candles are asked for anew");
    assert!(before.series.contiguous() > 0);
    // The longest holding time ends when it was to end.
    assert_eq!(ours.max_hold.map(|a| a.due), before.max_hold.map(|a| a.due));
    assert!(core.next_deadline().is_some());
}

#[test]
fn other_limits_hold_from_the_next_candle_on() {
    let mut settings = busy_settings(6);
    let (world, at) = holding(&settings);
    settings.risk.max_daily_loss_pct = Decimal::new(1, 3);
    settings.risk.breaker_failures = 1;
    let core = Core::recover(settings, Turns::Session, saved(&world, at)).unwrap();
    let text = serde_json::to_string(&core.trading_state(at)).unwrap();
    let before = serde_json::to_string(&world.core.trading_state(at)).unwrap();
    assert_ne!(text, before, "the floors of the losses are those of today");
    assert!(text.contains("\"limit\":1"), "and so is the breaker");
}

#[test]
fn symbols_may_be_added_and_moved_but_none_with_a_position_may_go() {
    let settings = busy_settings(6);
    let (world, at) = holding(&settings);
    let mut wider = settings.clone();
    wider.instruments.insert(0, instrument("NEW-PERP"));
    wider.paper.fees.insert(0, wider.paper.fees[0]);
    let core = Core::recover(wider, Turns::Session, saved(&world, at)).unwrap();
    let names: Vec<_> = core
        .symbols()
        .iter()
        .map(|s| (s.instrument.symbol.as_str(), s.position.is_some()))
        .collect();
    assert_eq!(names[..2], [("NEW-PERP", false), ("BTC-PERP", true)]);
    let position = core.symbols()[1].position.as_ref().unwrap();
    assert_eq!(position.symbol, core.symbols()[1].id);
    let mut other = settings.clone();
    other.instruments = vec![instrument("NEW-PERP")];
    other.paper.fees.truncate(1);
    let error = Core::recover(other, Turns::Session, saved(&world, at)).unwrap_err();
    assert_eq!(
        error,
        "BTC-PERP has an open position or order: expected it among trading.symbols until it is closed"
    );
    let mut coarser = settings;
    coarser.instruments[0].tick = Decimal::ONE;
    let error = Core::recover(coarser, Turns::Session, saved(&world, at)).unwrap_err();
    assert!(
        error.starts_with("BTC-PERP: tick 0.5 and lot 0.001"),
        "{error}"
    );
}
