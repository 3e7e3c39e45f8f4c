//! A decision in text: what was seen, what fired, what was proposed, checked, and missing.

use super::facts::{
    CheckFacts, ConditionFacts, DecisionFacts, Difference, ProposalFacts, RuleFacts, SizingFacts,
};
use super::text::{number, number_or_dash, short, time};
use crate::core::units::Decimal;
use crate::report::figures::printable;
use crate::report::page::Page;

/// Rules listed of those that fired, and of those that nearly did.
const LISTED: usize = 12;

pub(super) fn decision(page: &mut Page, facts: &DecisionFacts) {
    let head = match facts.id {
        Some(id) => format!("Decision d{id}: {}", facts.action),
        None => "No decision".to_owned(),
    };
    page.section(&format!("{head} ({})", facts.strategy));
    seen(page, facts);
    indicators(page, facts);
    if let Some(rules) = &facts.rules {
        fired_rules(page, rules);
    }
    if let Some(proposed) = &facts.proposal {
        proposal(page, proposed);
    }
    if !facts.reason.is_empty() {
        page.indented("became", &format!("{}: {}", facts.action, facts.reason));
    }
    if let Some(obstacle) = &facts.obstacle {
        page.indented(" ", &obstacle.words);
    }
    checks(page, &facts.checks);
    if let Some(arithmetic) = &facts.sizing {
        sizing(page, arithmetic);
    }
    difference(page, &facts.difference);
}

fn seen(page: &mut Page, facts: &DecisionFacts) {
    let candle = &facts.candle;
    page.entry("candle", time(candle.open_time_ms));
    if let (Some(open), Some(high), Some(low), Some(close)) =
        (candle.open, candle.high, candle.low, candle.close)
    {
        page.entry(
            "",
            format!("open {open}, high {high}, low {low}, close {close}"),
        );
    }
    if let (Some(volume), Some(trades)) = (candle.volume, candle.trades) {
        page.entry("", format!("volume {volume} in {trades} trades"));
    }
    if let (Some(at), Some(price)) = (facts.time_ms, facts.price) {
        page.entry("decided", format!("{}, last price {price}", time(at)));
    }
    if let (Some(position), Some(equity)) = (facts.position, facts.equity) {
        page.entry("position", format!("{position}, equity {equity}"));
    }
    if !facts.also_decided.is_empty() {
        let ids: Vec<String> = facts
            .also_decided
            .iter()
            .map(|id| format!("d{id}"))
            .collect();
        page.entry("also decided", format!("{} on this candle", ids.join(", ")));
    }
}

fn indicators(page: &mut Page, facts: &DecisionFacts) {
    if facts.indicators.is_empty() {
        return;
    }
    let words: Vec<String> = facts
        .indicators
        .iter()
        .map(|(name, value)| format!("{name} {}", number_or_dash(*value)))
        .collect();
    page.wrapped("indicators", &words);
}

fn fired_rules(page: &mut Page, rules: &[RuleFacts]) {
    let fired: Vec<&RuleFacts> = rules.iter().filter(|rule| rule.fired).collect();
    let mut near: Vec<&RuleFacts> = rules.iter().filter(|rule| rule.missing == 1).collect();
    near.sort_by(|a, b| a.nearness().total_cmp(&b.nearness()));
    page.line(format!("  Rules that fired: {}", fired.len()));
    for rule in fired.iter().take(LISTED) {
        named(page, rule);
        for condition in &rule.conditions {
            condition_line(page, condition);
        }
    }
    left_out(page, fired.len());
    page.line(format!("  Rules that missed one condition: {}", near.len()));
    for rule in near.iter().take(LISTED) {
        named(page, rule);
        for condition in rule.conditions.iter().filter(|c| !c.met) {
            condition_line(page, condition);
        }
    }
    left_out(page, near.len());
    let far = rules.len() - fired.len() - near.len();
    page.line(format!("  Rules that missed more: {far}"));
}

fn left_out(page: &mut Page, total: usize) {
    if total > LISTED {
        page.line(format!("    and {} more (all with --json)", total - LISTED));
    }
}

fn named(page: &mut Page, rule: &RuleFacts) {
    let side = rule
        .side
        .map_or_else(String::new, |side| format!(" {side}"));
    let name = printable(&rule.name, 56);
    page.line(format!("    {}{side}: {name}", rule.purpose));
}

/// A condition on a line, or on two where it is wider than the page.
fn condition_line(page: &mut Page, condition: &ConditionFacts) {
    let text = in_words(condition);
    match text.split_once("; ") {
        Some((held, distance)) if text.chars().count() > 74 => {
            page.line(format!("      {held};"));
            page.line(format!("        {distance}"));
        }
        _ => page.line(format!("      {text}")),
    }
}

/// `rsi14 48.2 > 50; missing 1.8 (3.6 %)`.
fn in_words(condition: &ConditionFacts) -> String {
    let mut text = format!(
        "{} {} {} {}",
        printable(&condition.name, 28),
        number_or_dash(condition.value),
        condition.relation,
        number_or_dash(condition.threshold)
    );
    let what = if condition.met { "room" } else { "missing" };
    match (condition.distance, condition.distance_pct) {
        (Some(distance), Some(pct)) => {
            text.push_str(&format!("; {what} {} ({pct:.2} %)", number(distance)));
        }
        (Some(distance), None) => text.push_str(&format!("; {what} {}", number(distance))),
        (None, _) if condition.value.is_none() || condition.threshold.is_none() => {
            text.push_str("; not yet known");
        }
        (None, _) if condition.met && condition.relation != "=" => {
            text.push_str("; met otherwise");
        }
        (None, _) if !condition.met => text.push_str("; does not count now"),
        (None, _) => {}
    }
    text
}

fn proposal(page: &mut Page, facts: &ProposalFacts) {
    page.entry("proposed", &facts.action);
    if facts.action == "HOLD" {
        return;
    }
    let mut parts = vec![
        format!("strength {}", number_or_dash(facts.strength)),
        format!("confidence {}", number_or_dash(facts.confidence)),
    ];
    if facts.action != "CLOSE" {
        parts.push(format!("size {} %", facts.size_pct));
    }
    let percentages = [
        ("target", facts.take_profit_pct),
        ("stop", facts.stop_loss_pct),
    ];
    parts.extend(
        percentages
            .iter()
            .filter_map(|(name, value)| value.map(|value| format!("{name} {value} %"))),
    );
    parts.extend(
        facts
            .leverage
            .map(|leverage| format!("leverage {leverage}")),
    );
    page.wrapped("", &parts);
    if !facts.rationale.is_empty() {
        page.indented(" ", &printable(&facts.rationale, 400));
    }
}

fn checks(page: &mut Page, checks: &[CheckFacts]) {
    if checks.is_empty() {
        return;
    }
    page.line(format!("  Checks of the risk gate: {}", checks.len()));
    page.line(format!(
        "    {:<24} {:<8} {:>12} {:>12} {:>12}",
        "check", "outcome", "value", "limit", "margin"
    ));
    for check in checks {
        page.line(format!(
            "    {:<24} {:<8} {:>12} {:>12} {:>12}",
            printable(&check.name, 24),
            printable(&check.outcome, 8),
            short(check.value, 12),
            short(check.limit, 12),
            short(check.margin, 12)
        ));
    }
}

fn sizing(page: &mut Page, s: &SizingFacts) {
    page.line("  Sizing");
    let mut line = |left: String, name: &str, value: Decimal| {
        page.line(format!("    {left:<40} = {name} {value}"));
    };
    line(
        format!("equity {} x {} %", s.equity, s.size_pct),
        "margin",
        s.margin,
    );
    line(
        format!("margin x leverage {}", s.leverage),
        "notional",
        s.notional,
    );
    let mut leverage = s.leverage;
    for cap in s.caps.iter().filter(|cap| cap.cut) {
        let left = if cap.leverage == leverage {
            format!("cut by {}", cap.name)
        } else {
            format!("{}: leverage {}", cap.name, cap.leverage)
        };
        leverage = cap.leverage;
        line(left, "notional", cap.notional);
    }
    if let Some(exact) = s.exact_quantity {
        let unit = format!("/ (price {} x contract {})", s.price, s.contract_value);
        line(unit, "quantity", exact);
    }
    line(
        format!("rounded down to the lot {}", s.lot),
        "quantity",
        s.quantity,
    );
}

fn difference(page: &mut Page, difference: &Difference) {
    page.line("  What would have had to differ");
    page.indented(" ", &printable(&difference.answer, 600));
    for rule in &difference.rules {
        named(page, rule);
        for condition in &rule.conditions {
            condition_line(page, condition);
        }
    }
    if difference.rules_left_out > 0 {
        page.line(format!("    and {} more", difference.rules_left_out));
    }
    for check in &difference.checks {
        let pct = check
            .margin_pct
            .map_or_else(String::new, |pct| format!(" ({pct:.2} % of the limit)"));
        page.line(format!("    {} {}", check.name, check.outcome));
        page.line(format!(
            "      value {}, limit {}, margin {}{pct}",
            short(check.value, 10),
            short(check.limit, 10),
            short(check.margin, 10)
        ));
    }
}
