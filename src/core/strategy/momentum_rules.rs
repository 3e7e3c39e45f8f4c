//! The rules of `momentum` in the form that can be shown.
//!
//! Each condition is the strategy's own verdict with the values beside it, so that what is shown and
//! what is done cannot differ. Where several entries of a side fire, the first listed one acts.

use super::decision::Context;
use super::momentum::{Momentum, STRONG_TREND, VOLUME_FACTOR, of};
use super::rules::{Condition, Purpose, Relation, Rule};
use crate::units::Side;

/// Signals and entries of both sides, and the exits of the position there is.
pub(super) fn list(strategy: &Momentum, context: &Context<'_>, out: &mut Vec<Rule>) {
    let close = context.candle.close;
    for side in [Side::Buy, Side::Sell] {
        signals(strategy, side, close, out);
        entries(strategy, side, close, out);
    }
    let Some(position) = context.position else {
        return;
    };
    let side = position.side;
    let mut exit = |name: &str, condition: Condition| {
        out.push(rule(name, Purpose::Exit, side, vec![condition]));
    };
    exit(
        "SMA cross against the position",
        cross(
            "sma_short",
            side.opposite(),
            strategy.now.sma,
            strategy.crosses_against(side, close),
        ),
    );
    let level = position.best_close;
    exit(
        "close gave back the exit threshold",
        Condition::new(
            "close",
            Some(close),
            of(side, (Relation::Below, Relation::Above)),
            level.map(|best| strategy.give_back_level(side, best)),
            strategy.gives_back(side, position.best_close, close),
        ),
    );
}

fn rule(name: &str, purpose: Purpose, side: Side, conditions: Vec<Condition>) -> Rule {
    Rule {
        name: name.to_owned(),
        purpose,
        side: Some(side),
        conditions,
    }
}

/// The short average of a pair crossing the long one towards a side.
fn cross(name: &str, side: Side, pair: Option<(f64, f64)>, met: bool) -> Condition {
    Condition::new(
        name,
        pair.map(|(short, _)| short),
        of(side, (Relation::CrossesOver, Relation::CrossesUnder)),
        pair.map(|(_, long)| long),
        met,
    )
}

fn breakout(strategy: &Momentum, side: Side, close: f64) -> Condition {
    Condition::new(
        "close",
        Some(close),
        of(side, (Relation::Above, Relation::Below)),
        strategy.breakout_levels().map(|levels| of(side, levels)),
        of(side, strategy.signals(close).breakout),
    )
}

fn signals(strategy: &Momentum, side: Side, close: f64, out: &mut Vec<Rule>) {
    let (now, all) = (&strategy.now, strategy.signals(close));
    let mut signal = |name: &str, conditions: Vec<Condition>| {
        out.push(rule(name, Purpose::Signal, side, conditions));
    };
    let crossed = cross("sma_short", side, now.sma, of(side, all.sma));
    signal("SMA cross", vec![crossed]);
    let crossed = cross("ema_short", side, now.ema, of(side, all.ema));
    signal("EMA cross", vec![crossed]);
    let relation = of(side, (Relation::Above, Relation::Below));
    let shown = now.rsi.map(|rsi| rsi.value);
    signal(
        "RSI",
        vec![
            Condition::new(
                "rsi14",
                shown,
                relation,
                Some(50.0),
                of(side, strategy.rsi_beyond()),
            ),
            Condition::new(
                "rsi14 against the candle before",
                shown,
                relation,
                strategy.before.rsi.map(|rsi| rsi.value),
                of(side, strategy.rsi_moves()),
            ),
        ],
    );
    signal("breakout", vec![breakout(strategy, side, close)]);
}

fn entries(strategy: &Momentum, side: Side, close: f64, out: &mut Vec<Rule>) {
    let signals = strategy.signals(close);
    let (same, against) = (signals.count(side), signals.count(side.opposite()));
    let same_at_least = |least: u32| {
        let (value, threshold) = (f64::from(same), f64::from(least));
        let met = same >= least;
        Condition::new(
            "signals",
            Some(value),
            Relation::AtLeast,
            Some(threshold),
            met,
        )
    };
    let unopposed = || {
        let value = Some(f64::from(against));
        Condition::new(
            "signals_against",
            value,
            Relation::Equals,
            Some(0.0),
            against == 0,
        )
    };
    let trend = strategy.trend(close).map(f64::abs);
    let trending = Condition::new(
        "trend",
        trend,
        Relation::Above,
        Some(STRONG_TREND),
        strategy.is_trending(close),
    );
    // Without use_volume every candle counts as confirmed, and there is nothing to show.
    let shows_volume = strategy.settings().use_volume;
    let mut entry = |name: &str, mut conditions: Vec<Condition>, confirmed: bool| {
        if shows_volume {
            conditions.push(volume(strategy, confirmed));
        }
        out.push(rule(name, Purpose::Entry, side, conditions));
    };
    entry(
        "three signals, volume and trend",
        vec![same_at_least(3), trending],
        true,
    );
    let two_unopposed = || vec![same_at_least(2), unopposed()];
    entry("two signals unopposed, with volume", two_unopposed(), true);
    if shows_volume {
        entry(
            "two signals unopposed, without volume",
            two_unopposed(),
            false,
        );
    }
    entry(
        "breakout with volume",
        vec![breakout(strategy, side, close)],
        true,
    );
}

/// Volume above its average by the factor, or not.
fn volume(strategy: &Momentum, wanted: bool) -> Condition {
    let relation = if wanted {
        Relation::Above
    } else {
        Relation::AtMost
    };
    Condition::new(
        "volume",
        Some(strategy.last_volume),
        relation,
        strategy
            .volume_average()
            .map(|average| VOLUME_FACTOR * average),
        strategy.volume_confirms() == wanted,
    )
}
