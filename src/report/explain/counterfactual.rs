//! What would have had to differ for the other answer.
//!
//! For an order: its tightest condition and its tightest check. For a refusal: what refused. For a
//! quiet candle: the rules that came nearest, by missing conditions and then by distance.

use super::collect::in_position;
use super::conditions::FILTER;
use super::facts::{CheckFacts, ConditionFacts, DecisionFacts, Difference, RuleFacts};
use crate::core::units::Decimal;

/// Rules listed; more are counted.
const RULES: usize = 6;

/// The other answer of this decision.
pub fn difference(facts: &DecisionFacts) -> Difference {
    let proposed = facts.proposal.as_ref().map_or("NONE", |p| &p.action);
    match (proposed, facts.action.as_str()) {
        ("LONG" | "SHORT", "LONG" | "SHORT") => entered(facts, proposed),
        (_, "CLOSE") => left(facts),
        ("LONG" | "SHORT", "HOLD") => not_entered(facts, proposed),
        ("HOLD", "HOLD") if facts.reason.is_empty() => quiet(facts),
        _ => stood_against(facts),
    }
}

/// The side of the open position.
fn held(facts: &DecisionFacts) -> &'static str {
    match facts.position {
        Some(position) if position < Decimal::ZERO => "SHORT",
        _ => "LONG",
    }
}

fn rules<'a>(
    facts: &'a DecisionFacts,
    purpose: &'a str,
    side: &'a str,
) -> impl Iterator<Item = &'a RuleFacts> {
    let all = facts.rules.iter().flatten();
    all.filter(move |rule| rule.purpose == purpose && rule.side == Some(side))
}

/// Without the rule that acted another one that fired would have entered in its place, on the other
/// side too.
fn entered(facts: &DecisionFacts, side: &str) -> Difference {
    let both = rules(facts, "entry", side).chain(rules(facts, "entry", opposite(side)));
    let entries: Vec<&RuleFacts> = both.filter(|rule| rule.fired).collect();
    let filter = rules(facts, FILTER, side).find(|rule| rule.fired);
    let mut without = match entries[..] {
        [] => Vec::new(),
        [_] => vec!["had the tightest condition of the entry not been met"],
        _ => vec!["had none of these entries fired (the tightest condition of each)"],
    };
    without.extend(filter.map(|_| "had the filter of entries held it"));
    without.push("had the tightest check refused");
    let all = entries.into_iter().chain(filter);
    let tightest = all.map(|rule| tightest(facts, rule)).collect();
    let check = tightest_check(&facts.checks);
    Difference {
        checks: check.into_iter().cloned().collect(),
        ..listed(&format!("no entry, {}", without.join(", or ")), tightest)
    }
}

const fn opposite(side: &str) -> &'static str {
    match side.as_bytes() {
        b"LONG" => "SHORT",
        _ => "LONG",
    }
}

/// The rule with the condition that would have kept it from firing first.
fn tightest(facts: &DecisionFacts, rule: &RuleFacts) -> RuleFacts {
    rule.with_tightest(|condition| !only_chooses(facts, rule, condition))
}

/// Whether not meeting it would have fired another entry of the side: it chooses between two of
/// them, and is no reason for an entry.
fn only_chooses(facts: &DecisionFacts, rule: &RuleFacts, condition: &ConditionFacts) -> bool {
    let Some(side) = rule.side.filter(|_| rule.purpose == "entry") else {
        return false;
    };
    let reverse = |other: &ConditionFacts| {
        !other.met && (&other.name, other.threshold) == (&condition.name, condition.threshold)
    };
    let mut others = rules(facts, "entry", side).filter(|other| other.missing == 1);
    others.any(|other| other.conditions.iter().any(reverse))
}

/// Checks that make an entry fit instead of refusing it.
const FITTING: [&str; 7] = [
    "stop_loss_pct",
    "take_profit_pct",
    "max_leverage",
    "max_size_pct",
    "stop_before_liquidation",
    "max_loss_per_trade_pct",
    "quantity_max",
];

/// The check that could have refused and passed with the least margin in % of its limit.
fn tightest_check(checks: &[CheckFacts]) -> Option<&CheckFacts> {
    checks
        .iter()
        .filter(|check| check.outcome == "passed" && !FITTING.contains(&check.name.as_str()))
        .filter_map(|check| Some((check, check.margin_pct?)))
        .min_by(|a, b| a.1.total_cmp(&b.1))
        .map(|(check, _)| check)
}

/// An exit of the position's side closes it, and so does an entry of the other side.
fn left(facts: &DecisionFacts) -> Difference {
    let side = held(facts);
    let both = rules(facts, "exit", side).chain(rules(facts, "entry", opposite(side)));
    let fired: Vec<&RuleFacts> = both.filter(|rule| rule.fired).collect();
    let answer = if fired.len() > 1 {
        "the position would have stayed, had none of these fired; the tightest condition of each"
    } else {
        "the position would have stayed, had this not fired; its tightest condition"
    };
    let tightest = fired.iter().map(|rule| tightest(facts, rule)).collect();
    listed(answer, tightest)
}

/// First check of the gate: where it stands, the gate was asked.
const GATE_BEGINS: &str = "emergency_stop";

fn refusing(checks: &[CheckFacts]) -> Vec<CheckFacts> {
    let refused = checks.iter().filter(|check| check.outcome == "refused");
    refused.cloned().collect()
}

fn not_entered(facts: &DecisionFacts, side: &str) -> Difference {
    let refused = refusing(&facts.checks);
    if facts.reason.starts_with("cipher_b_filter") {
        let held = rules(facts, FILTER, side).map(RuleFacts::with_unmet);
        let had = format!("had the filter of entries been met ({})", facts.reason);
        let rules = held.collect();
        return before_the_gate(facts, side, &had, rules, refused);
    }
    let asked = facts.checks.iter().any(|check| check.name == GATE_BEGINS);
    if let ([first, ..], false) = (&refused[..], asked) {
        let mut had = format!("had {} of the strategy passed", first.name);
        let rules = unmet_filter(facts, side, &mut had);
        return before_the_gate(facts, side, &had, rules, refused);
    }
    if !refused.is_empty() {
        let answer = match &refused[..] {
            [one] => format!("{side}, had {} passed", one.name),
            [first, ..] => format!(
                "{side}, had all of these passed; {} was the first to refuse",
                first.name
            ),
            [] => String::new(),
        };
        return Difference {
            answer,
            checks: refused,
            ..Difference::default()
        };
    }
    obstructed(facts, side)
}

/// What the filter would have asked of an entry that did not come to it.
fn unmet_filter(facts: &DecisionFacts, side: &str, had: &mut String) -> Vec<RuleFacts> {
    let unmet = rules(facts, FILTER, side).filter(|rule| !rule.fired);
    let unmet: Vec<RuleFacts> = unmet.map(RuleFacts::with_unmet).collect();
    if !unmet.is_empty() {
        had.push_str(" and the filter of entries been met");
    }
    unmet
}

/// Obstacles between a proposal and the gate.
const ON_THE_WAY: [&str; 3] = [
    "already in position",
    "shorts not available",
    "derivatives not enabled",
];

/// A state stood against a proposed entry: what it would have met without that.
fn obstructed(facts: &DecisionFacts, side: &str) -> Difference {
    let unknown = facts.rules.is_none() && ON_THE_WAY.contains(&facts.reason.as_str());
    if facts.unasked_gate.is_none() && !unknown {
        return stood_against(facts);
    }
    let mut had = "had that not stood against it".to_owned();
    // The strategy's own refusal gives way to the obstacle: its rule tells of it.
    let entries: Vec<&RuleFacts> = rules(facts, "entry", side).collect();
    let refused = entries.iter().filter(|rule| rule.missing == 1);
    let mut unmet: Vec<RuleFacts> = refused.map(|rule| rule.with_unmet()).collect();
    if entries.iter().any(|rule| rule.fired) {
        unmet.clear();
    }
    if !unmet.is_empty() {
        had.push_str(" and the strategy itself not refused it");
    }
    unmet.extend(unmet_filter(facts, side, &mut had));
    let beyond = before_the_gate(facts, side, &had, unmet, Vec::new());
    Difference {
        answer: format!("{}. {}", obstacle_words(facts), beyond.answer),
        ..beyond
    }
}

fn obstacle_words(facts: &DecisionFacts) -> &str {
    let obstacle = facts.obstacle.as_ref();
    obstacle.map_or(&facts.reason, |obstacle| &obstacle.words)
}

/// Something refused before the gate was asked: without it there is an entry only where the gate
/// has nothing against it either.
fn before_the_gate(
    facts: &DecisionFacts,
    side: &str,
    had: &str,
    rules: Vec<RuleFacts>,
    mut refused: Vec<CheckFacts>,
) -> Difference {
    let answer = match facts.unasked_gate.as_deref().map(refusing) {
        None => format!(
            "{side}, {had}, and only if the gate had passed it; what it would have said is known \
             with the recording only"
        ),
        Some(against) if against.is_empty() => {
            format!("{side}, {had}: the gate would have been asked, and all of its checks passed")
        }
        Some(mut against) => {
            // A check of the strategy's name may ask for more than the strategy did.
            let same = |a: &CheckFacts, b: &CheckFacts| {
                (&a.name, a.value, a.limit) == (&b.name, b.value, b.limit)
            };
            against.retain(|check| !refused.iter().any(|known| same(known, check)));
            let names: Vec<String> = against.iter().map(|c| named(c, &refused)).collect();
            let answer = if names.is_empty() {
                format!("{side}, {had}: no other check of the gate stood against it")
            } else {
                format!(
                    "{side}, {had}, and only if these of the gate had passed too: {}",
                    names.join(", ")
                )
            };
            refused.append(&mut against);
            answer
        }
    };
    Difference {
        answer,
        rules,
        rules_left_out: 0,
        checks: refused,
    }
}

/// The check's name, with its limit where another one has the same name.
fn named(check: &CheckFacts, others: &[CheckFacts]) -> String {
    match check.limit {
        Some(limit) if others.iter().any(|other| other.name == check.name) => {
            format!("{} (limit {limit})", check.name)
        }
        _ => check.name.clone(),
    }
}

/// A state stood against it; what the strategy saw is told beside it.
fn stood_against(facts: &DecisionFacts) -> Difference {
    let obstacle = obstacle_words(facts).to_owned();
    let proposes = facts.proposal.as_ref().is_some_and(|p| p.action != "HOLD");
    if proposes {
        return Difference {
            answer: obstacle,
            ..Difference::default()
        };
    }
    let near = quiet(facts);
    Difference {
        answer: format!("{obstacle}. Beside that: {}", near.answer),
        ..near
    }
}

/// Nothing was proposed: the rules that came nearest.
fn quiet(facts: &DecisionFacts) -> Difference {
    let Some(all) = &facts.rules else {
        return Difference {
            answer: "which rules came near is known with the recording only".to_owned(),
            ..Difference::default()
        };
    };
    let open = in_position(facts);
    let counts = |rule: &&RuleFacts| match rule.purpose {
        "exit" => open,
        "entry" => !open || rule.side != Some(held(facts)),
        _ => false,
    };
    let candidates: Vec<&RuleFacts> = all.iter().filter(counts).collect();
    let fired = candidates.iter().filter(|r| r.fired);
    let fired: Vec<RuleFacts> = fired.map(|r| (*r).clone()).collect();
    if !fired.is_empty() {
        return with_filter(
            facts,
            listed("these fired, and no proposal came of them", fired),
        );
    }
    let Some(least) = candidates.iter().map(|rule| rule.missing).min() else {
        return Difference {
            answer: "the strategy shows no rules".to_owned(),
            ..Difference::default()
        };
    };
    let mut nearest: Vec<RuleFacts> = candidates
        .iter()
        .filter(|rule| rule.missing == least)
        .map(|rule| rule.with_unmet())
        .collect();
    nearest.sort_by(|a, b| a.nearness().total_cmp(&b.nearness()));
    let answer = if least == 1 {
        "one condition was missing of these, the nearest first".to_owned()
    } else {
        format!("no rule came nearer than {least} missing conditions, the nearest first")
    };
    with_filter(facts, listed(&answer, nearest))
}

/// An entry of the listed rules would have met the filter next: where it would have been held, the
/// filter's unmet conditions are named too. Without a position only, for no filter holds a close.
fn with_filter(facts: &DecisionFacts, mut difference: Difference) -> Difference {
    if in_position(facts) {
        return difference;
    }
    for side in ["LONG", "SHORT"] {
        let mut entries = difference.rules.iter();
        let enters = entries.any(|rule| rule.purpose == "entry" && rule.side == Some(side));
        let unmet = rules(facts, FILTER, side).find(|rule| !rule.fired);
        if let (true, Some(unmet)) = (enters, unmet) {
            let text = format!("; the filter of entries would have held a {side} too");
            difference.answer.push_str(&text);
            difference.rules.push(unmet.with_unmet());
        }
    }
    difference
}

fn listed(answer: &str, mut rules: Vec<RuleFacts>) -> Difference {
    let rules_left_out = rules.len().saturating_sub(RULES);
    rules.truncate(RULES);
    Difference {
        answer: answer.to_owned(),
        rules,
        rules_left_out,
        checks: Vec::new(),
    }
}

#[cfg(test)]
#[path = "counterfactual_tests.rs"]
mod tests;
