//! Each rule of mean reversion, just on either side of its threshold.

use super::*;
use crate::market::{Instrument, ProductKind};
use crate::strategy::PositionView;
use crate::units::{Price, Timestamp};

fn d(text: &str) -> Decimal {
    Decimal::parse(text).unwrap()
}

fn settings() -> MeanReversionSettings {
    MeanReversionSettings {
        window: 5,
        std_dev: 2.0,
        min_volatility: 0.001,
        max_hold: 100,
        min_stop_loss_pct: d("0.1"),
        min_profit_pct: d("0.5"),
    }
}

/// 40 closes of 100 and then these; without movement before them ADX is low.
fn after(settings: MeanReversionSettings, last: &[f64]) -> MeanReversion {
    let mut strategy = MeanReversion::new(settings);
    for close in [100.0; 40].iter().chain(last) {
        strategy.observe(&candle(*close));
    }
    strategy
}

fn candle(close: f64) -> CandleView {
    CandleView {
        open_time: Timestamp::default(),
        open: close,
        high: close,
        low: close,
        close,
        volume: 1.0,
    }
}

/// What is proposed; HOLD where the strategy refuses its own entry.
fn ask(strategy: &mut MeanReversion, position: Option<PositionView>) -> Proposal {
    match reply(strategy, position) {
        Reply::Decide(proposal) => proposal,
        Reply::Refuse(_) => hold(),
        Reply::Ask { .. } => panic!("mean reversion asks nobody"),
    }
}

fn reply(strategy: &mut MeanReversion, position: Option<PositionView>) -> Reply {
    let instrument = Instrument::linear(
        "BTC-PERP",
        ProductKind::Perpetual,
        "USD",
        Decimal::new(1, 2),
        Decimal::new(1, 8),
    );
    strategy.propose(&Context {
        instrument: &instrument,
        candle: &candle(100.0),
        mark: Price(1),
        position,
    })
}

fn held(side: Side, bars_held: u32) -> Option<PositionView> {
    Some(PositionView {
        side,
        best_close: None,
        bars_held,
    })
}

/// The strategy after a close of 90, with one value of its own changed.
fn with(change: impl FnOnce(&mut Values)) -> Action {
    let mut strategy = after(settings(), &[90.0]);
    change(strategy.now.as_mut().unwrap());
    ask(&mut strategy, None).action
}

#[test]
fn a_close_two_deviations_below_the_mean_is_bought_with_the_mean_as_target() {
    // Mean 98, deviation 4: 8 and 4 in % of 90.
    let low = ask(&mut after(settings(), &[90.0]), None);
    assert_eq!(low.action, Action::Long);
    assert_eq!(
        (low.strength, low.confidence),
        (0.666_666_667, 0.666_666_667)
    );
    assert_eq!(low.size_pct, d("15"));
    assert_eq!(low.take_profit_pct, Some(d("8.8889")));
    assert_eq!(low.stop_loss_pct, Some(d("4.4444")));
    let high = ask(&mut after(settings(), &[110.0]), None);
    assert_eq!(high.action, Action::Short);
    assert_eq!(high.take_profit_pct, Some(d("7.2727")));
    assert_eq!(high.stop_loss_pct, Some(d("3.6364")));
}

#[test]
fn the_distance_must_reach_std_dev() {
    // One of five values away from four equal ones is exactly 2 deviations away.
    let at = |std_dev, close| {
        let mut strategy = after(
            MeanReversionSettings {
                std_dev,
                ..settings()
            },
            &[close],
        );
        ask(&mut strategy, None).action
    };
    assert_eq!(
        (at(2.0, 90.0), at(2.0, 110.0)),
        (Action::Long, Action::Short)
    );
    assert_eq!(
        (at(2.000_001, 90.0), at(2.000_001, 110.0)),
        (Action::Hold, Action::Hold)
    );
    assert_eq!(with(|now| now.z = Reading::of(-1.999_999)), Action::Hold);
    assert_eq!(with(|now| now.z = Reading::of(2.0)), Action::Short);
}

#[test]
fn a_market_without_spread_has_no_distance() {
    let mut still = after(settings(), &[]);
    assert_eq!(still.now.map(|now| now.z), Some(Reading::flat(0.0)));
    let mut shown = Vec::new();
    still.indicators(&mut shown);
    assert!(shown.contains(&("z", 0.0)) && shown.contains(&("z_flat", 1.0)));
    assert_eq!(ask(&mut still, None).action, Action::Hold);
    assert_eq!(ask(&mut still, held(Side::Buy, 1)).action, Action::Hold);
    assert_eq!(with(|now| now.z.flat = true), Action::Hold);
}

#[test]
fn the_market_must_move_by_min_volatility() {
    assert_eq!(with(|now| now.volatility = 0.001), Action::Long);
    assert_eq!(with(|now| now.volatility = 0.000_999_9), Action::Hold);
    // Deviation 0.12 of a mean of 99.94, then 0.04 of 99.98.
    let least = MeanReversionSettings {
        min_profit_pct: Decimal::ZERO,
        ..settings()
    };
    let action = |close| ask(&mut after(least.clone(), &[close]), None).action;
    assert_eq!(action(99.7), Action::Long);
    assert_eq!(action(99.9), Action::Hold);
}

#[test]
fn a_trending_market_is_left_alone() {
    let at = |adx: f64| {
        let mut strategy = after(settings(), &[90.0]);
        let mut state = strategy.save();
        state["adx"]["average"]["state"] = adx.into();
        strategy.load(&state).unwrap();
        assert_eq!(strategy.adx(), Some(adx));
        ask(&mut strategy, None).action
    };
    assert_eq!(at(29.999_999), Action::Long);
    assert_eq!(at(30.0), Action::Hold);
    // The window is warm before ADX is.
    let mut young = MeanReversion::new(settings());
    for close in [100.0, 100.0, 100.0, 100.0, 90.0] {
        young.observe(&candle(close));
    }
    assert_eq!(young.adx(), None);
    assert_eq!(ask(&mut young, None).action, Action::Hold);
}

#[test]
fn strength_decides_size_and_too_little_of_it_is_no_entry() {
    let wide = |z: f64| {
        let strength = ((z.abs() / 3.0) * 1e9).round_ties_even() / 1e9;
        let mut strategy = after(
            MeanReversionSettings {
                std_dev: 1.0,
                ..settings()
            },
            &[90.0],
        );
        let now = strategy.now.as_mut().unwrap();
        (now.z, now.strength) = (Reading::of(z), strength);
        ask(&mut strategy, None).size_pct
    };
    assert_eq!(wide(-1.199_999), Decimal::ZERO);
    assert_eq!(wide(-1.2), d("10"));
    assert_eq!(wide(-1.8), d("15"));
    assert_eq!(wide(-2.4), d("20"));
    // 24 of 25 at 100, one at 50: z = -sqrt(24), beyond 3.
    let settings = MeanReversionSettings {
        window: 25,
        ..settings()
    };
    let far = ask(&mut after(settings, &[50.0]), None);
    assert_eq!((far.action, far.strength), (Action::Long, 1.0));
}

#[test]
fn the_way_back_must_be_worth_the_least_profit() {
    assert_eq!(with(|now| now.target_pct = Some(d("0.5"))), Action::Long);
    assert_eq!(with(|now| now.target_pct = Some(d("0.4999"))), Action::Hold);
    let free = MeanReversionSettings {
        min_profit_pct: Decimal::ZERO,
        ..settings()
    };
    let mut strategy = after(free, &[90.0]);
    strategy.now.as_mut().unwrap().target_pct = Some(Decimal::ZERO);
    assert_eq!(
        ask(&mut strategy, None).action,
        Action::Hold,
        "a target at the entry is on its wrong side"
    );
}

#[test]
fn an_entry_that_is_worth_too_little_is_refused_with_value_and_limit() {
    let mut strategy = after(settings(), &[90.0]);
    strategy.now.as_mut().unwrap().target_pct = Some(d("0.4999"));
    let Reply::Refuse(refusal) = reply(&mut strategy, None) else {
        panic!("not refused");
    };
    assert_eq!(refusal.proposal.action, Action::Long);
    let check = &refusal.check;
    assert_eq!(
        (check.name, check.outcome),
        ("min_profit", CheckOutcome::Refused)
    );
    assert_eq!(
        (check.value, check.limit, check.margin),
        (Some(d("0.4999")), Some(d("0.5")), Some(d("-0.0001")))
    );
    // What it would not have entered anyway is not refused, and a position waits for its exit.
    strategy.now.as_mut().unwrap().volatility = 0.0;
    assert_eq!(reply(&mut strategy, None), Reply::Decide(hold()));
    strategy.now.as_mut().unwrap().volatility = 0.1;
    let held = held(Side::Buy, 1);
    assert_eq!(reply(&mut strategy, held), Reply::Decide(hold()));
}

#[test]
fn the_stop_is_one_deviation_but_at_least_the_least_stop() {
    let stop = |least: &str| {
        let settings = MeanReversionSettings {
            min_stop_loss_pct: d(least),
            ..settings()
        };
        ask(&mut after(settings, &[90.0]), None).stop_loss_pct
    };
    assert_eq!(stop("4.4443"), Some(d("4.4444")));
    assert_eq!(stop("4.4445"), Some(d("4.4445")));
}

#[test]
fn a_position_is_left_when_the_close_is_back_at_the_mean() {
    let action = |z: f64, side| {
        let mut strategy = after(settings(), &[90.0]);
        strategy.now.as_mut().unwrap().z = Reading::of(z);
        ask(&mut strategy, held(side, 1)).action
    };
    assert_eq!(action(0.0, Side::Buy), Action::Close);
    assert_eq!(action(-0.000_001, Side::Buy), Action::Hold);
    assert_eq!(action(0.0, Side::Sell), Action::Close);
    assert_eq!(action(0.000_001, Side::Sell), Action::Hold);
}

#[test]
fn a_position_is_left_after_max_hold_bars() {
    let mut strategy = after(settings(), &[90.0, 95.0]);
    assert_eq!(ask(&mut strategy, held(Side::Buy, 99)).action, Action::Hold);
    assert_eq!(
        ask(&mut strategy, held(Side::Buy, 100)).action,
        Action::Close
    );
}

#[test]
fn a_saved_state_of_other_settings_is_refused() {
    let saved = after(settings(), &[90.0]).save();
    let mut other = MeanReversion::new(MeanReversionSettings {
        max_hold: 99,
        ..settings()
    });
    assert!(other.load(&saved).unwrap_err().contains("other settings"));
    assert!(
        other
            .load(&"nonsense".into())
            .unwrap_err()
            .starts_with("mean_reversion: ")
    );
}
