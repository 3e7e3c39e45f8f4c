//! What rule strategies show of their rules is what they do: over random candles, a rule has fired
//! exactly when the strategy acts on it.

use super::decision::{CandleView, Context, Reply, build, hold};
use super::{PositionView, Purpose, Rule};
use crate::market::{Instrument, Interval, ProductKind};
use crate::records::{Action, Proposal};
use crate::settings::{MeanReversionSettings, MomentumSettings, StrategySettings};
use crate::units::{Decimal, Price, Side, Timestamp};
use proptest::prelude::*;
use std::collections::BTreeMap;

fn momentum(lookback: usize, use_volume: bool) -> StrategySettings {
    StrategySettings::Momentum(MomentumSettings {
        lookback,
        entry_threshold: 0.002,
        exit_threshold: 0.01,
        use_volume,
    })
}

fn mean_reversion(window: usize, std_dev: f64) -> StrategySettings {
    StrategySettings::MeanReversion(MeanReversionSettings {
        window,
        std_dev,
        min_volatility: 0.001,
        max_hold: 20,
        min_stop_loss_pct: Decimal::new(1, 1),
        min_profit_pct: Decimal::new(5, 1),
    })
}

fn instrument() -> Instrument {
    Instrument::linear(
        "BTC-PERP",
        ProductKind::Perpetual,
        "USD",
        Decimal::new(1, 2),
        Decimal::new(1, 8),
    )
}

/// A walk with still stretches and loud candles, from a seed.
fn candles(seed: u64, count: usize) -> Vec<CandleView> {
    let mut state = seed;
    let mut signed = move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    };
    let mut price = 1000.0;
    (0..count)
        .map(|index| {
            let open = price;
            let size = match index / 60 % 4 {
                0 => 0.002,
                1 => 0.02,
                2 => 0.0005,
                _ => 0.0,
            };
            price *= 1.0 + size * signed();
            CandleView {
                open_time: Timestamp::default(),
                open,
                high: open.max(price) * (1.0 + size * signed().max(0.0)),
                low: open.min(price) * (1.0 - size * signed().max(0.0)),
                close: price,
                volume: 10.0 + 40.0 * signed().max(0.0),
            }
        })
        .collect()
}

fn positions(close: f64, bars_held: u32) -> [Option<PositionView>; 3] {
    let of = |side, factor: f64| {
        Some(PositionView {
            side,
            best_close: Some(close * factor),
            bars_held,
        })
    };
    [None, of(Side::Buy, 1.005), of(Side::Sell, 0.985)]
}

fn fired(rules: &[Rule], purpose: Purpose, side: Side) -> bool {
    rules
        .iter()
        .any(|r| r.purpose == purpose && r.side == Some(side) && r.fired())
}

fn agrees(proposal: &Proposal, rules: &[Rule], position: Option<PositionView>) -> bool {
    let exit = position.is_some_and(|p| fired(rules, Purpose::Exit, p.side));
    if proposal.action == Action::Close || exit {
        return proposal.action == Action::Close && exit;
    }
    let long = fired(rules, Purpose::Entry, Side::Buy);
    let short = fired(rules, Purpose::Entry, Side::Sell);
    (long, short)
        == (
            proposal.action == Action::Long,
            proposal.action == Action::Short,
        )
}

/// An entry that the strategy refuses itself is a HOLD of its rules.
fn proposed(reply: Reply) -> Proposal {
    match reply {
        Reply::Decide(proposal) => proposal,
        Reply::Refuse(_) => hold(),
        Reply::Ask { .. } => panic!("a rule strategy asks nobody"),
    }
}

/// The rule that the proposal names as its reason, if it is an action at all, has fired.
fn reason_fired(proposal: &Proposal, rules: &[Rule]) -> bool {
    proposal.action == Action::Hold
        || rules
            .iter()
            .any(|r| r.name == proposal.rationale && r.fired())
}

/// Every candle with each kind of position; how often each rule fired.
fn walk(settings: &StrategySettings, candles: &[CandleView]) -> BTreeMap<String, u32> {
    let (mut strategy, instrument) = (build(settings, Interval::MINUTE), instrument());
    let mut counts = BTreeMap::new();
    for (index, candle) in candles.iter().enumerate() {
        strategy.observe(candle);
        for position in positions(candle.close, index as u32 % 40) {
            let context = Context {
                instrument: &instrument,
                candle,
                mark: Price(1),
                position,
            };
            let mut rules = Vec::new();
            strategy.rules(&context, &mut rules);
            let proposal = proposed(strategy.propose(&context));
            let place = format!("candle {index}, {position:?}: {proposal:?}, {rules:#?}");
            assert!(agrees(&proposal, &rules, position), "{place}");
            assert!(reason_fired(&proposal, &rules), "{place}");
            assert_eq!(
                rules.iter().any(|r| r.purpose == Purpose::Exit),
                position.is_some(),
                "{place}"
            );
            let finite = |v: Option<f64>| v.is_none_or(f64::is_finite);
            let mut conditions = rules.iter().flat_map(|r| &r.conditions);
            assert!(
                conditions.all(|c| finite(c.value) && finite(c.threshold)),
                "{place}"
            );
            for rule in rules.iter().filter(|r| r.fired()) {
                *counts.entry(rule.name.clone()).or_default() += 1;
            }
        }
    }
    counts
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn a_rule_has_fired_exactly_when_the_strategy_acts_on_it(
        seed in any::<u64>(),
        length in 2usize..60,
        use_volume in any::<bool>(),
        std_dev in 0.5f64..3.0,
    ) {
        let candles = candles(seed, 500);
        walk(&momentum(length, use_volume), &candles);
        walk(&mean_reversion(length, std_dev), &candles);
    }
}

#[test]
fn every_rule_fires_some_time() {
    let candles = candles(1, 20_000);
    for (settings, names) in [
        (
            momentum(20, true),
            [
                "EMA cross",
                "RSI",
                "SMA cross",
                "SMA cross against the position",
                "breakout",
                "breakout with volume",
                "close gave back the exit threshold",
                "three signals, volume and trend",
                "two signals unopposed, with volume",
                "two signals unopposed, without volume",
            ]
            .as_slice(),
        ),
        (
            mean_reversion(20, 2.0),
            [
                "close far above its mean",
                "close far below its mean",
                "close is back at its mean",
                "held for max_hold bars",
            ]
            .as_slice(),
        ),
    ] {
        let counts = walk(&settings, &candles);
        assert_eq!(counts.keys().collect::<Vec<_>>(), names);
    }
}

#[test]
fn a_saved_strategy_goes_on_as_before() {
    let candles = candles(3, 600);
    for settings in [momentum(20, true), mean_reversion(20, 2.0)] {
        let mut plain = build(&settings, Interval::MINUTE);
        candles[..333].iter().for_each(|c| plain.observe(c));
        let text = plain.save().to_string();
        let mut loaded = build(&settings, Interval::MINUTE);
        loaded.load(&serde_json::from_str(&text).unwrap()).unwrap();
        candles[333..].iter().for_each(|candle| {
            plain.observe(candle);
            loaded.observe(candle);
        });
        assert_eq!(plain.save(), loaded.save(), "{}", plain.name());
    }
}

#[test]
fn mean_reversion_never_aims_at_the_wrong_side() {
    let mut strategy = build(&mean_reversion(20, 2.0), Interval::MINUTE);
    let instrument = instrument();
    let mut entries = 0;
    for candle in candles(5, 20_000) {
        strategy.observe(&candle);
        let context = Context {
            instrument: &instrument,
            candle: &candle,
            mark: Price(1),
            position: None,
        };
        let proposal = proposed(strategy.propose(&context));
        if proposal.action == Action::Hold {
            continue;
        }
        entries += 1;
        let mut values = Vec::new();
        strategy.indicators(&mut values);
        let mean = values.iter().find(|(name, _)| *name == "sma").unwrap().1;
        let target = proposal.take_profit_pct.unwrap();
        assert!(target.is_positive() && proposal.stop_loss_pct.unwrap().is_positive());
        let towards = match proposal.action {
            Action::Long => 1.0,
            _ => -1.0,
        };
        let aimed = candle.close * (1.0 + towards * target.to_f64() / 100.0);
        assert!(
            (aimed - mean).abs() <= 1e-6 * candle.close,
            "{aimed} {mean}"
        );
    }
    assert!(entries > 20, "{entries} entries");
}
