//! The rules of `mean_reversion` in the form that can be shown.
//!
//! Each condition is the strategy's own verdict with the values beside it, so that what is shown and
//! what is done cannot differ.

use super::decision::{Context, LEAST_STRENGTH};
use super::mean_reversion::{MeanReversion, TRENDING_ADX};
use super::rules::{Condition, Purpose, Relation, Rule};
use crate::units::Side;

/// Both entries, and the exits of the position there is.
pub(super) fn list(strategy: &MeanReversion, context: &Context<'_>, out: &mut Vec<Rule>) {
    for side in [Side::Buy, Side::Sell] {
        out.push(entry(strategy, side));
    }
    let Some(position) = context.position else {
        return;
    };
    let z = strategy.values().map(|now| now.z.value);
    let back = match position.side {
        Side::Buy => Relation::AtLeast,
        Side::Sell => Relation::AtMost,
    };
    let bars = f64::from(position.bars_held);
    let most = f64::from(strategy.settings().max_hold);
    let held = strategy.is_held_too_long(position.bars_held);
    for (name, condition) in [
        (
            "close is back at its mean",
            Condition::new("z", z, back, Some(0.0), strategy.is_back(position.side)),
        ),
        (
            "held for max_hold bars",
            Condition::new("bars_held", Some(bars), Relation::AtLeast, Some(most), held),
        ),
    ] {
        out.push(Rule {
            name: name.to_owned(),
            purpose: Purpose::Exit,
            side: Some(position.side),
            conditions: vec![condition],
        });
    }
}

fn entry(strategy: &MeanReversion, side: Side) -> Rule {
    let (settings, now) = (strategy.settings(), strategy.values());
    let (name, relation, away) = match side {
        Side::Buy => (
            "close far below its mean",
            Relation::AtMost,
            -settings.std_dev,
        ),
        Side::Sell => (
            "close far above its mean",
            Relation::AtLeast,
            settings.std_dev,
        ),
    };
    let at_least = |name: &str, value: Option<f64>, threshold: f64, met: bool| {
        Condition::new(name, value, Relation::AtLeast, Some(threshold), met)
    };
    let conditions = vec![
        Condition::new(
            "z",
            now.map(|now| now.z.value),
            relation,
            Some(away),
            strategy.is_stretched(side),
        ),
        at_least(
            "volatility",
            now.map(|now| now.volatility),
            settings.min_volatility,
            strategy.is_lively(),
        ),
        Condition::new(
            "adx14",
            strategy.adx(),
            Relation::Below,
            Some(TRENDING_ADX),
            strategy.is_without_trend(),
        ),
        at_least(
            "strength",
            now.map(|now| now.strength),
            LEAST_STRENGTH,
            strategy.is_strong_enough(),
        ),
        at_least(
            "target_pct",
            now.and_then(|now| now.target_pct).map(|pct| pct.to_f64()),
            strategy.least_target_pct().to_f64(),
            strategy.is_worthwhile(),
        ),
    ];
    Rule {
        name: name.to_owned(),
        purpose: Purpose::Entry,
        side: Some(side),
        conditions,
    }
}
