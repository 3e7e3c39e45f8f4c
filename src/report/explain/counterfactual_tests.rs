//! What the other answer of a decision claims, on decisions that are made for it.

use super::*;
use crate::report::explain::facts::{CandleFacts, Obstacle, ProposalFacts};
use crate::report::summary::Millis;
use std::collections::BTreeMap;

/// A condition with a distance of the difference between value and threshold.
fn condition(
    name: &str,
    value: f64,
    relation: &'static str,
    threshold: f64,
    met: bool,
) -> ConditionFacts {
    ConditionFacts {
        name: name.to_owned(),
        relation,
        value: Some(value),
        threshold: Some(threshold),
        met,
        distance: Some((value - threshold).abs()),
        distance_pct: Some((value - threshold).abs() / threshold * 100.0),
    }
}

fn rule(
    name: &str,
    purpose: &'static str,
    side: &'static str,
    conditions: Vec<ConditionFacts>,
) -> RuleFacts {
    let missing = conditions.iter().filter(|c| !c.met).count();
    RuleFacts {
        name: name.to_owned(),
        purpose,
        side: Some(side),
        fired: missing == 0,
        missing,
        conditions,
    }
}

fn check(name: &str, outcome: &str, value: i64, limit: i64) -> CheckFacts {
    let (value, limit) = (Decimal::from_int(value), Decimal::from_int(limit));
    CheckFacts {
        name: name.to_owned(),
        outcome: outcome.to_owned(),
        value: Some(value),
        limit: Some(limit),
        margin: Some(value - limit),
        margin_pct: Some((value - limit).to_f64() / limit.to_f64() * 100.0),
    }
}

fn decision(proposed: &str, action: &str, reason: &str) -> DecisionFacts {
    DecisionFacts {
        id: Some(1),
        symbol: "BTC-PERP".to_owned(),
        candle: CandleFacts {
            open_time_ms: Millis::from(crate::core::units::Timestamp(0)),
            open: None,
            high: None,
            low: None,
            close: None,
            volume: None,
            trades: None,
        },
        time_ms: None,
        price: None,
        strategy: "momentum".to_owned(),
        position: Some(Decimal::ZERO),
        equity: None,
        indicators: BTreeMap::new(),
        rules: Some(Vec::new()),
        proposal: Some(ProposalFacts {
            action: proposed.to_owned(),
            strength: None,
            confidence: None,
            size_pct: Decimal::ZERO,
            take_profit_pct: None,
            stop_loss_pct: None,
            leverage: None,
            rationale: String::new(),
        }),
        action: action.to_owned(),
        reason: reason.to_owned(),
        obstacle: None,
        checks: Vec::new(),
        unasked_gate: None,
        sizing: None,
        difference: Difference::default(),
        also_decided: Vec::new(),
    }
}

fn names(rules: &[RuleFacts]) -> Vec<(&str, Vec<&str>)> {
    rules
        .iter()
        .map(|rule| {
            let shown = rule.conditions.iter().map(|c| c.name.as_str());
            (rule.name.as_str(), shown.collect())
        })
        .collect()
}

#[test]
fn a_check_of_the_gate_that_asks_for_more_than_the_strategys_is_named_too() {
    let mut facts = decision("SHORT", "HOLD", "min_profit: 3, limit 4");
    facts.checks = vec![check("min_profit", "refused", 3, 4)];
    facts.unasked_gate = Some(vec![check("min_profit", "refused", 3, 7)]);
    let told = difference(&facts);
    assert_eq!(
        told.answer,
        "SHORT, had min_profit of the strategy passed, and only if these of the gate had passed \
         too: min_profit (limit 7)"
    );
    let limits: Vec<Option<Decimal>> = told.checks.iter().map(|c| c.limit).collect();
    assert_eq!(limits, [4, 7].map(|limit| Some(Decimal::from_int(limit))));
    // The very same question is not asked twice.
    facts.unasked_gate = Some(vec![check("min_profit", "refused", 3, 4)]);
    let told = difference(&facts);
    assert!(told.answer.contains("no other check"), "{}", told.answer);
    assert_eq!(told.checks.len(), 1);
}

#[test]
fn every_entry_that_fired_stands_against_no_entry_and_a_choice_of_tiers_does_not() {
    let mut facts = decision("LONG", "LONG", "");
    let volume = |relation: &'static str, met| condition("volume", 10.0, relation, 10.1, met);
    let entry = |name: &str, least: f64, volume| {
        let signals = condition("signals", 3.0, ">=", least, true);
        rule(name, "entry", "LONG", vec![signals, volume])
    };
    facts.rules = Some(vec![
        entry("with volume", 2.0, volume(">", false)),
        entry("without volume", 2.0, volume("<=", true)),
        entry("another", 1.0, condition("trend", 2.0, ">", 1.9, true)),
        rule(
            "the other side",
            "entry",
            "SHORT",
            vec![condition("close", 8.0, "<", 9.0, true)],
        ),
        rule(
            "cipher_b_filter",
            FILTER,
            "LONG",
            vec![condition("wave", 5.0, ">", 4.0, true)],
        ),
    ]);
    facts.checks = vec![check("order_rate", "passed", 1, 10)];
    let told = difference(&facts);
    assert_eq!(
        told.answer,
        "no entry, had none of these entries fired (the tightest condition of each), or had the \
         filter of entries held it, or had the tightest check refused"
    );
    assert_eq!(
        names(&told.rules),
        [
            ("without volume", vec!["signals"]),
            ("another", vec!["trend"]),
            ("the other side", vec!["close"]),
            ("cipher_b_filter", vec!["wave"]),
        ]
    );
    assert_eq!(told.checks, facts.checks);
}

#[test]
fn an_obstacle_is_told_with_what_the_entry_would_have_met_without_it() {
    let mut facts = decision("LONG", "HOLD", "derivatives not enabled");
    facts.obstacle = Some(Obstacle {
        code: facts.reason.clone(),
        words: "a derivative needs trading.enable_futures".to_owned(),
    });
    let signals = vec![condition("signals", 3.0, ">=", 2.0, true)];
    let wave = vec![condition("wave", 3.0, ">", 4.0, false)];
    facts.rules = Some(vec![
        rule("two signals", "entry", "LONG", signals),
        rule("cipher_b_filter", FILTER, "LONG", wave),
    ]);
    facts.unasked_gate = Some(vec![
        check("order_rate", "passed", 1, 10),
        check("min_reward_risk", "refused", 1, 2),
    ]);
    let told = difference(&facts);
    assert_eq!(
        told.answer,
        "a derivative needs trading.enable_futures. LONG, had that not stood against it and the \
         filter of entries been met, and only if these of the gate had passed too: min_reward_risk"
    );
    assert_eq!(names(&told.rules), [("cipher_b_filter", vec!["wave"])]);
    assert_eq!(told.checks.len(), 1);
    // Without the recording nobody knows.
    facts.rules = None;
    facts.unasked_gate = None;
    let told = difference(&facts);
    assert!(told.answer.contains("known with the recording only"));
}

#[test]
fn behind_an_obstacle_a_refusal_of_the_strategys_own_is_told() {
    let mut facts = decision("LONG", "HOLD", "already in position");
    let conditions = vec![
        condition("z", 3.0, ">", 2.0, true),
        condition("target_pct", 0.3, ">=", 0.5, false),
    ];
    facts.rules = Some(vec![rule("far away", "entry", "LONG", conditions)]);
    facts.unasked_gate = Some(Vec::new());
    let told = difference(&facts);
    assert!(
        told.answer
            .contains("and the strategy itself not refused it")
    );
    assert_eq!(names(&told.rules), [("far away", vec!["target_pct"])]);
}
