//! The rules of `vumanchu` in the form that can be shown: every named signal, the entries, the exits.

use super::decision::{Context, LEAST_STRENGTH};
use super::rules::{Condition, Purpose, Relation, Rule};
use super::vumanchu::VuManChu;
use crate::indicators::cipher::{Clause, Judge, Signal};
use crate::units::Side;

/// Keeps every rule with all of its conditions.
struct Explaining<'a> {
    out: &'a mut Vec<Rule>,
}

impl Judge for Explaining<'_> {
    fn rule<const N: usize>(&mut self, signal: Signal, clauses: [Clause; N]) -> bool {
        let rule = Rule {
            name: signal.name().to_owned(),
            purpose: Purpose::Signal,
            side: signal.side(),
            conditions: clauses.iter().map(condition).collect(),
        };
        let fired = rule.fired();
        self.out.push(rule);
        fired
    }

    fn wants_silent(&self) -> bool {
        true
    }
}

fn condition(clause: &Clause) -> Condition {
    let flag = if clause.flat { " (flat)" } else { "" };
    Condition::new(
        format!("{}{flag}", clause.name),
        clause.value,
        clause.relation,
        clause.threshold,
        clause.met,
    )
}

/// Every rule on the candle observed last.
pub(super) fn explain(strategy: &VuManChu, context: &Context<'_>, out: &mut Vec<Rule>) {
    let (a, b) = strategy.ciphers();
    a.explain(&mut Explaining { out });
    b.explain(&mut Explaining { out });
    out.push(entry(strategy, Side::Buy));
    out.push(entry(strategy, Side::Sell));
    if let Some(position) = context.position {
        exits(strategy, position.side, out);
    }
}

const fn sign(side: Side) -> f64 {
    match side {
        Side::Buy => 1.0,
        Side::Sell => -1.0,
    }
}

/// The combined signal on one side, with at least a confidence.
fn combined(strategy: &VuManChu, side: Side, least: f64) -> [Condition; 2] {
    let combined = strategy.combined();
    let signal = combined.map(|c| f64::from(c.signal));
    let confidence = combined.map(|c| c.confidence);
    let wanted = sign(side);
    [
        Condition::new(
            "combined",
            signal,
            Relation::Equals,
            Some(wanted),
            signal == Some(wanted),
        ),
        Condition::new(
            "combined_confidence",
            confidence,
            Relation::AtLeast,
            Some(least),
            confidence.is_some_and(|c| c >= least),
        ),
    ]
}

fn entry(strategy: &VuManChu, side: Side) -> Rule {
    let confidence = strategy.combined().map(|c| c.confidence);
    let strength = confidence.map(|c| strategy.strength(side, c));
    let mut conditions = combined(strategy, side, strategy.settings().min_confidence).to_vec();
    conditions.push(Condition::new(
        "strength",
        strength,
        Relation::AtLeast,
        Some(LEAST_STRENGTH),
        strength.is_some_and(|s| s >= LEAST_STRENGTH),
    ));
    Rule {
        name: "combined signal".to_owned(),
        purpose: Purpose::Entry,
        side: Some(side),
        conditions,
    }
}

fn exits(strategy: &VuManChu, position: Side, out: &mut Vec<Rule>) {
    let mut exit = |name: &str, conditions: Vec<Condition>| {
        out.push(Rule {
            name: name.to_owned(),
            purpose: Purpose::Exit,
            side: Some(position),
            conditions,
        });
    };
    let (opposite, ema) = match position {
        Side::Buy => (Side::Sell, Signal::ShortEma),
        Side::Sell => (Side::Buy, Signal::LongEma),
    };
    let least = strategy.settings().exit_confidence;
    exit(
        "combined signal against the position",
        combined(strategy, opposite, least).to_vec(),
    );
    let (a, b) = strategy.ciphers();
    let fired = |signal: Signal, is: bool| {
        let value = f64::from(u8::from(is));
        vec![Condition::new(
            signal.name(),
            Some(value),
            Relation::Equals,
            Some(1.0),
            is,
        )]
    };
    exit(
        "e2 crosses e8 against the position",
        fired(ema, a.signals().has(ema)),
    );
    if position == Side::Sell {
        exit(
            "gold buy against a short",
            fired(Signal::GoldBuy, b.signals().has(Signal::GoldBuy)),
        );
    }
}
