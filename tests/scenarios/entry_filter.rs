//! Entries are held against cipher B; exits are not.

use crate::fast_path::busy_settings;
use crate::snapshots::seeded;
use crate::world::*;
use minnow::core::Core;
use minnow::core::indicators::cipher::{CipherASettings, CipherBSettings};
use minnow::core::modes::Turns;
use minnow::core::records::*;
use minnow::core::settings::{CipherBFilterSettings, Settings, StrategySettings, VuManChuSettings};
use minnow::core::snapshot::Snapshot;
use minnow::core::units::*;

fn filtered() -> Settings {
    let mut settings = settings();
    settings.trading.cipher_b_filter = Some(Box::new(CipherBFilterSettings {
        cipher_b: CipherBSettings::standard(),
        wave_bullish: 0.0,
        wave_bearish: 0.0,
        money_flow_bullish: 0.0,
        money_flow_bearish: 0.0,
    }));
    settings
}

/// Price of a minute: so many ticks of 0.5 around 50,000 on the way.
fn price(ticks: i64) -> String {
    Decimal::new(500_000 + 5 * ticks, 1).to_string()
}

/// A minute of trades that moves by `ticks` from where `from` ticks were.
fn minute(world: &mut World, minute: i64, from: i64, ticks: i64) {
    let at = |second: i64| minute * 60_000 + second * 1000;
    world.trade(at(5), &price(from), "10");
    world.trade(at(30), &price(from + ticks + ticks.signum() * 2), "10");
    world.trade(at(50), &price(from + ticks), "10");
}

/// Minutes that rise (or fall) by ever more, so that the wave has a side, up to `until`.
fn march(world: &mut World, from: i64, until: i64, sign: i64) -> i64 {
    let mut ticks = 0;
    for number in from..until {
        let step = sign * (1 + (number - from) / 10);
        minute(world, number, ticks, step);
        ticks += step;
    }
    ticks
}

const DECIDED: i64 = 90;

#[test]
fn a_long_against_wave_and_flow_is_held_and_says_why() {
    let script = say([(DECIDED as usize, long("20", "3", "1"))]);
    let mut world = World::new(filtered(), script);
    march(&mut world, 0, DECIDED + 2, -1);
    assert_eq!(world.held("cipher_b_filter"), Some(1));
    assert!(world.orders.is_empty());
    let decision = &world.decisions[0];
    assert_eq!(decision.proposal.action, Action::Long);
    assert_eq!(decision.action, Action::Hold);
    let reason = &decision.reason;
    // A falling market has bullish circles of the wave; the flow stays against the entry.
    assert!(
        reason.starts_with("cipher_b_filter: LONG needs money_flow > 0.0, is -1"),
        "{reason}"
    );
    // The gate was not asked.
    let names: Vec<_> = decision.checks.iter().map(|check| check.name).collect();
    assert_eq!(names, ["cipher_b_filter"]);
    let shown = |name| decision.indicators.iter().find(|(n, _)| *n == name);
    assert!(shown("filter_wave").is_some_and(|(_, wave)| *wave < 0.0));
    assert!(shown("filter_money_flow").is_some_and(|(_, flow)| *flow < 0.0));
}

#[test]
fn a_long_with_wave_and_flow_passes() {
    let script = say([(DECIDED as usize, long("20", "3", "1"))]);
    let mut world = World::new(filtered(), script);
    march(&mut world, 0, DECIDED + 2, 1);
    assert_eq!(world.held("cipher_b_filter"), None);
    assert!(world.position() > d("0"));
}

#[test]
fn what_is_not_warm_holds_nothing_back() {
    let mut world = World::new(filtered(), say([(10, long("20", "3", "1"))]));
    march(&mut world, 0, 12, -1);
    assert!(world.position() > d("0"));
}

#[test]
fn a_close_is_never_filtered_and_a_reversal_is() {
    let mut settings = filtered();
    settings.trading.reversal = true;
    let first = DECIDED as usize;
    // The opposite entry closes; what would follow it is an entry like any other.
    let script = say([
        (first, long("20", "15", "9")),
        (first + 2, short("20", "3", "1")),
    ]);
    let mut world = World::new(settings, script);
    march(&mut world, 0, DECIDED + 5, 1);
    assert_eq!(world.position(), d("0"));
    assert_eq!(world.trades.len(), 1);
    assert_eq!(world.trades[0].reason, ExitReason::Strategy);
    assert_eq!(world.held("cipher_b_filter"), Some(1));
    let refused = world.decisions.last().unwrap();
    assert!(refused.reason.starts_with("cipher_b_filter: SHORT needs"));
}

fn vumanchu() -> StrategySettings {
    StrategySettings::VuManChu(Box::new(VuManChuSettings {
        cipher_a: CipherASettings::standard(),
        cipher_b: CipherBSettings::standard(),
        min_confidence: 0.4,
        exit_confidence: 0.3,
        min_candles: 100,
    }))
}

/// A market of 5-second candles under the filter, for a strategy of the product.
fn busy(strategy: Option<StrategySettings>) -> Settings {
    let mut settings = busy_settings(1);
    settings.trading.cipher_b_filter = filtered().trading.cipher_b_filter;
    settings.strategy = strategy.unwrap_or(settings.strategy);
    settings
}

#[test]
fn the_filter_goes_on_from_a_snapshot() {
    for settings in [busy(None), busy(Some(vumanchu()))] {
        let rows = seeded(&settings, 41);
        let mut whole = World::of(Core::new(settings.clone(), Turns::History));
        whole.rows(&rows);
        let held = whole.held("cipher_b_filter");
        assert!(held.is_some_and(|count| count > 3), "{held:?}");
        assert!(whole.fills.len() > 3, "{} fills", whole.fills.len());
        for cut in (1..12).map(|part| rows.len() * part / 12) {
            let mut first = World::of(Core::new(settings.clone(), Turns::History));
            first.rows(&rows[..cut]);
            let snapshot = first.core.snapshot(rows[cut - 1].stamp);
            let text = serde_json::to_string(&snapshot).unwrap();
            let snapshot: Snapshot = serde_json::from_str(&text).unwrap();
            let core = Core::restore(settings.clone(), Turns::History, snapshot).unwrap();
            let mut second = World::of(core);
            second.rows(&rows[cut..]);
            assert_eq!(second.core.state_hash(), whole.core.state_hash(), "{cut}");
            let fills = first.fills.len();
            assert_eq!(second.fills, whole.fills[fills..]);
        }
    }
}

#[test]
fn a_filter_saved_with_other_settings_is_refused() {
    let saved = || Core::new(filtered(), Turns::History).snapshot(Stamp::default());
    assert!(Core::restore(filtered(), Turns::History, saved()).is_ok());
    let mut other = filtered();
    if let Some(filter) = &mut other.trading.cipher_b_filter {
        filter.wave_bullish = 1.0;
    }
    for others in [other, settings()] {
        let refused = Core::restore(others, Turns::History, saved()).unwrap_err();
        assert_eq!(refused, "entry filter: saved with other settings");
    }
}

#[test]
fn what_entries_are_held_for_does_not_depend_on_the_path_through_quiet_trades() {
    let settings = busy(Some(vumanchu()));
    let rows = seeded(&settings, 42);
    let [fast, plain] = [false, true].map(|plain| {
        let mut core = Core::new(settings.clone(), Turns::History);
        core.use_plain_path(plain);
        let mut world = World::of(core);
        world.rows(&rows);
        world
    });
    assert_eq!(fast.core.state_hash(), plain.core.state_hash());
    assert_eq!(fast.decisions, plain.decisions);
    assert!(fast.decisions.iter().any(|d| d.strategy == "vumanchu"));
}
