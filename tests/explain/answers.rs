//! What is explained of what there is.

use crate::program::{Run, momentum, momentum_with_holds, vumanchu};
use serde_json::Value;

fn list(value: &Value) -> &Vec<Value> {
    value.as_array().expect("a list")
}

/// Rules with this purpose and outcome.
fn rules<'a>(decision: &'a Value, purpose: &'a str, fired: bool) -> Vec<&'a Value> {
    let all = list(&decision["rules"]).iter();
    all.filter(|r| r["purpose"] == purpose && r["fired"] == fired)
        .collect()
}

#[test]
fn the_run_that_is_explained_is_the_run_of_the_ledger_hash_by_hash() {
    for run in [momentum(), vumanchu()] {
        let source = &run.json(&["t1"])["source"];
        assert_eq!(source["recording_run_again"], true);
        assert_eq!(source["state_hashes_equal"].as_u64(), Some(run.hashes()));
        assert_eq!(source["notes"], serde_json::json!([]));
    }
}

#[test]
fn a_trade_that_the_strategy_left_has_the_rules_of_its_entry_and_of_its_exit() {
    for run in [momentum(), vumanchu()] {
        let trades = run.trades();
        let trade = trades.iter().find(|t| t.reason == "strategy").expect("one");
        let name = format!("t{}", trade.id);
        let told = run.json(&[&name]);
        assert_eq!(told["trade"]["net"], trade.net.to_string());
        let entry = &told["decision"];
        assert_eq!(entry["id"], trade.entry_decision);
        let side = &entry["action"];
        assert!(
            rules(entry, "entry", true)
                .iter()
                .any(|r| r["side"] == *side),
            "{name}: no entry of {side} fired"
        );
        assert_eq!(list(&entry["checks"]).len(), 28);
        let exit = &told["exit"]["decision"];
        assert_eq!(exit["action"], "CLOSE");
        let closing = list(&told["orders"]).iter();
        let mut closing = closing.filter(|o| o["id"] == told["exit"]["order"]);
        assert_eq!(
            closing.next_back().expect("an order")["decision"],
            exit["id"]
        );
        assert!(!list(&exit["difference"]["rules"]).is_empty());
        let text = run.text(&[&name]);
        for fact in [
            format!("Trade {name}"),
            trade.net.to_string(),
            "Rules that fired".to_owned(),
            "Exit: strategy".to_owned(),
            format!("Decision d{}: CLOSE", exit["id"]),
        ] {
            assert!(text.contains(&fact), "{fact}\n{text}");
        }
    }
}

#[test]
fn the_sizing_ends_in_the_quantity_of_the_order() {
    let run = momentum();
    let entries = run.decisions().into_iter();
    let entries = entries.filter(|d| d.action == "LONG" || d.action == "SHORT");
    for decision in entries.take(12) {
        let told = run.json(&[&format!("d{}", decision.id)]);
        let orders = list(&told["orders"]).iter();
        let mut entry = orders.filter(|order| order["leg"] == "entry");
        let order = entry.next().expect("an entry");
        let sizing = &told["decision"]["sizing"];
        assert_eq!(sizing["quantity"], order["quantity"], "d{}", decision.id);
        let caps = list(&sizing["caps"]);
        assert!(!caps.is_empty());
        // The same answer by the order's own name.
        let named = run.json(&[order["client_id"].as_str().expect("a name")]);
        assert_eq!(named["decision"], told["decision"]);
    }
}

#[test]
fn a_trade_that_was_stopped_says_so_and_has_no_decision_to_leave() {
    let run = momentum();
    let trades = run.trades();
    let trade = trades
        .iter()
        .find(|t| t.reason == "stop_loss")
        .expect("one");
    let told = run.json(&[&format!("t{}", trade.id)]);
    let exit = &told["exit"];
    assert_eq!(exit["decision"], Value::Null);
    let words = exit["words"].as_str().expect("words");
    assert!(words.contains("reached the stop at"), "{words}");
    let number = |value: &Value| value.as_str().and_then(|text| text.parse::<f64>().ok());
    let (level, reached) = (number(&exit["level"]), number(&exit["reached"]));
    assert!(level.is_some() && reached.is_some(), "{exit}");
    let is_long = told["trade"]["side"] == "LONG";
    assert!(
        if is_long {
            reached <= level
        } else {
            reached >= level
        },
        "{exit}"
    );
    let otherwise = exit["otherwise"]
        .as_str()
        .expect("what would have differed");
    assert!(otherwise.contains("would have stayed"), "{otherwise}");
    let orders = list(&told["orders"]).iter();
    let closing: Vec<&Value> = orders.filter(|o| o["id"] == exit["order"]).collect();
    assert_eq!(closing[0]["leg"], "stop");
}

#[test]
fn a_refusal_shows_the_check_that_refused_with_value_and_limit() {
    let run = momentum();
    // What the filter holds has no row, and a case of its own.
    let refused = run.decisions().into_iter().find(|d| {
        let mut checks = d.checks.iter();
        checks.any(|check| check.outcome == "refused")
    });
    let refused = refused.expect("a refusal");
    let name = refused.id.to_string();
    let told = run.json(&[&name]);
    let decision = &told["decision"];
    assert_eq!(
        (&decision["action"], &decision["reason"]),
        (&Value::from("HOLD"), &Value::from(refused.reason.clone()))
    );
    let check = refused.checks.iter().find(|c| c.outcome == "refused");
    let check = check.expect("a check");
    let shown = &decision["difference"]["checks"][0];
    assert_eq!(shown["name"], check.name);
    let limit = check.limit.map(|limit| limit.to_string());
    assert_eq!(shown["limit"], Value::from(limit));
    assert!(list(&told["orders"]).is_empty());
    let text = run.text(&[&name]);
    assert!(
        text.contains(&format!("had {} passed", check.name)),
        "{text}"
    );
}

#[test]
fn an_entry_that_the_filter_held_shows_what_it_asked_for() {
    let mut decisions = momentum_with_holds().decisions().into_iter();
    let held = decisions.find(|d| d.reason.starts_with("cipher_b_filter"));
    let held = held.expect("one");
    // A run that only counted it explains it too.
    let told = momentum().json(&[&format!("d{}", held.id)]);
    let shown = list(&told["decision"]["difference"]["rules"]);
    assert_eq!(shown.len(), 1);
    assert_eq!(shown[0]["purpose"], "filter");
    assert_eq!(shown[0]["side"], Value::from(held.proposed));
    assert!(
        list(&shown[0]["conditions"])
            .iter()
            .all(|c| c["met"] == false)
    );
}

#[test]
fn an_entry_that_the_filter_held_is_promised_only_where_the_gate_would_have_let_it_through() {
    let run = momentum();
    let mut held = momentum_with_holds().decisions();
    held.retain(|d| d.reason.starts_with("cipher_b_filter"));
    let mut outcomes = [0, 0];
    for decision in held.iter().take(24) {
        let told = run.json(&[&format!("d{}", decision.id)]);
        let gate = list(&told["decision"]["unasked_gate"]);
        assert_eq!(gate.len(), 28, "every check of the gate");
        let against = gate.iter().filter(|check| check["outcome"] == "refused");
        let against: Vec<&Value> = against.collect();
        let difference = &told["decision"]["difference"];
        let answer = difference["answer"].as_str().expect("words");
        outcomes[usize::from(against.is_empty())] += 1;
        if against.is_empty() {
            assert!(answer.contains("all of its checks passed"), "{answer}");
            continue;
        }
        assert!(answer.contains("only if these of the gate"), "{answer}");
        for check in against {
            assert!(answer.contains(check["name"].as_str().expect("a name")));
            assert!(list(&difference["checks"]).contains(check));
        }
    }
    assert!(outcomes[0] > 0, "the gate had something against none");
}

/// A minute on which nothing is stored, well after the start.
fn quiet_minute(run: &Run) -> String {
    let decided: Vec<String> = run
        .decisions()
        .iter()
        .map(|d| d.candle.to_string())
        .collect();
    let minutes = (0..60).map(|m| format!("2018-01-02T11:{m:02}:"));
    let mut quiet = minutes.filter(|m| !decided.iter().any(|at| at.starts_with(m.as_str())));
    format!("{}30Z", quiet.next().expect("a quiet minute"))
}

#[test]
fn a_quiet_minute_shows_the_rules_that_came_nearest() {
    for run in [momentum(), vumanchu()] {
        let at = quiet_minute(run);
        let told = run.json(&["--at", &at]);
        let decision = &told["decision"];
        assert_eq!(decision["action"], "HOLD");
        assert_eq!(decision["proposal"]["action"], "HOLD");
        let named = list(&decision["difference"]["rules"]);
        let (held, near): (Vec<&Value>, Vec<&Value>) =
            named.iter().partition(|rule| rule["purpose"] == "filter");
        assert!(!near.is_empty());
        let all = list(&decision["rules"]);
        // The filter's unmet conditions are named exactly for the sides that might have entered.
        let flat = decision["position"] == "0";
        for side in ["LONG", "SHORT"] {
            let is =
                |rule: &&Value, purpose: &str| rule["purpose"] == purpose && rule["side"] == side;
            let enters = near.iter().any(|rule| is(rule, "entry"));
            let unmet = all
                .iter()
                .any(|rule| is(&rule, "filter") && rule["fired"] == false);
            let told = held.iter().any(|rule| is(rule, "filter"));
            assert_eq!(told, flat && enters && unmet, "{at} {side}");
        }
        for rule in &near {
            assert_eq!(rule["missing"], near[0]["missing"], "equally near");
            assert!(list(&rule["conditions"]).iter().all(|c| c["met"] == false));
            assert!(all.iter().any(|r| r["name"] == rule["name"]));
        }
        let text = run.text(&["--at", &at]);
        for rule in named {
            assert!(
                text.contains(rule["name"].as_str().expect("a name")),
                "{text}"
            );
        }
        // The same decision by its number, which the ledger does not hold.
        let again = run.json(&[&decision["id"].to_string()]);
        assert_eq!(again["decision"], *decision);
    }
}

#[test]
fn a_minute_of_the_warm_up_says_how_many_candles_are_missing() {
    let told = momentum().json(&["--at", "2018-01-01T00:30:00Z"]);
    let obstacle = &told["decision"]["obstacle"];
    assert_eq!(obstacle["code"], "warm_up");
    let words = obstacle["words"].as_str().expect("words");
    assert!(words.contains("of 100 candles"), "{words}");
}

#[test]
fn a_part_of_the_recording_is_run_again_as_it_was() {
    let window = ["--from", "2018-01-02T06:00:00Z", "--to", "2018-01-03"];
    let run = Run::new("momentum", &window);
    let told = run.json(&["t1"]);
    assert_eq!(
        told["source"]["state_hashes_equal"].as_u64(),
        Some(run.hashes())
    );
    assert_eq!(told["source"]["notes"], serde_json::json!([]));
    assert!(!rules(&told["decision"], "entry", true).is_empty());
}

#[test]
fn text_keeps_to_80_columns() {
    for run in [momentum(), vumanchu()] {
        for trade in run.trades().iter().step_by(9) {
            let text = run.text(&[&format!("t{}", trade.id)]);
            for line in text.lines() {
                assert!(line.chars().count() <= 80, "t{}: {line}", trade.id);
            }
        }
    }
}

#[test]
fn an_entry_has_every_entry_that_fired_against_it_by_a_condition_that_would_have_kept_it() {
    let run = momentum();
    let mut entries = run.decisions();
    entries.retain(|d| d.action == "LONG" || d.action == "SHORT");
    let mut several = 0;
    for decision in entries.iter().take(24) {
        let told = run.json(&[&format!("d{}", decision.id)]);
        let told = &told["decision"];
        let mut fired = rules(told, "entry", true);
        // Those of the proposed side come first.
        fired.sort_by_key(|rule| rule["side"] != told["action"]);
        let mut shown = list(&told["difference"]["rules"]).clone();
        shown.retain(|rule| rule["purpose"] == "entry");
        let names = |rules: &mut dyn Iterator<Item = &Value>| -> Vec<String> {
            rules.map(|rule| rule["name"].to_string()).collect()
        };
        assert_eq!(
            names(&mut shown.iter()),
            names(&mut fired.iter().copied()),
            "d{}",
            decision.id
        );
        several += u32::from(fired.len() > 1);
        // Another volume makes it an entry of another strength: it is none against the entry.
        let tiers = fired
            .iter()
            .any(|rule| rule["name"] == "two signals unopposed, without volume");
        let by_volume = shown
            .iter()
            .any(|rule| rule["conditions"][0]["name"] == "volume");
        assert!(!(tiers && by_volume), "d{}", decision.id);
    }
    assert!(several > 0, "no entry had several");
}

#[test]
fn behind_an_obstacle_filter_and_gate_are_told_too() {
    // The later setting wins; every entry is held.
    let mut further = vec!["--keep-all", "--set", "trading.enable_futures=false"];
    further.extend(["--set", "trading.min_profit_pct=3"]);
    let run = Run::new("momentum", &further);
    let held = run
        .decisions()
        .into_iter()
        .filter(|d| d.reason == "derivatives not enabled" || d.reason == "shorts not available");
    let mut filtered = 0;
    let mut refused = 0;
    for decision in held.take(24) {
        let told = run.json(&[&format!("d{}", decision.id)]);
        let told = &told["decision"];
        let gate = list(&told["unasked_gate"]);
        assert_eq!(gate.len(), 28, "every check of the gate");
        let difference = &told["difference"];
        let answer = difference["answer"].as_str().expect("words");
        assert!(answer.contains("trading.enable_futures. "), "{answer}");
        let unmet = rules(told, "filter", false).into_iter();
        let unmet = unmet.filter(|rule| rule["side"] == told["proposal"]["action"]);
        assert_eq!(answer.contains("filter of entries"), unmet.count() == 1);
        filtered += u32::from(answer.contains("filter of entries"));
        for check in gate.iter().filter(|check| check["outcome"] == "refused") {
            refused += 1;
            assert!(answer.contains(check["name"].as_str().expect("a name")));
            assert!(list(&difference["checks"]).contains(check));
        }
    }
    assert!(filtered > 0 && refused > 0, "{filtered} {refused}");
    // Asking changes nothing.
    let source = &run.json(&["d1"])["source"];
    assert_eq!(source["state_hashes_equal"].as_u64(), Some(run.hashes()));
}

#[test]
fn an_entry_beside_its_own_position_is_held_against_the_account_without_it() {
    let run = momentum_with_holds();
    let mut held = run.decisions();
    held.retain(|d| d.reason == "already in position");
    let told = run.json(&[&format!("d{}", held[0].id)]);
    let gate = list(&told["decision"]["unasked_gate"]);
    let of = |name: &str| gate.iter().find(|check| check["name"] == name).expect(name);
    assert_eq!(of("max_concurrent_trades")["value"], "0");
    assert_eq!(gate.len(), 28);
}
