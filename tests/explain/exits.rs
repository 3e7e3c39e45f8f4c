//! Exits that nobody decided: limit, value, and what would have kept the position.

use crate::program::Run;
use serde_json::Value;

/// The first trade with this reason of a run of momentum with these settings: as JSON, and as text
/// with its lines joined.
fn exit(reason: &str, settings: &[&str]) -> (Value, String) {
    let mut further = Vec::new();
    for setting in settings {
        further.extend(["--set", setting]);
    }
    let run = Run::new("momentum", &further);
    let trades = run.trades();
    let trade = trades.iter().find(|t| t.reason == reason).expect("one");
    let name = format!("t{}", trade.id);
    let told = run.json(&[&name])["exit"].clone();
    assert_eq!(told["reason"], reason);
    let text = run.text(&[&name]);
    assert!(text.contains("What would have had to differ"), "{text}");
    let words: Vec<&str> = text.split_whitespace().collect();
    (told, words.join(" "))
}

/// That every part is in the words, and these in the text.
fn check(told: &Value, text: &str, parts: &[&str]) {
    let otherwise = told["otherwise"].as_str().expect("words");
    for part in parts {
        assert!(otherwise.contains(part), "{part} in {otherwise}");
    }
    assert!(text.contains(otherwise), "{otherwise}\n{text}");
}

fn number(value: &Value) -> f64 {
    value.as_str().expect("a decimal").parse().expect("one")
}

#[test]
fn what_was_held_too_long_names_the_limit_and_the_time_held() {
    let (told, text) = exit("max_hold", &["risk.max_position_hold_hours=0.25"]);
    let parts = [
        "risk.max_position_hold_hours = 0.25 h",
        "it was held for 15",
    ];
    check(&told, &text, &parts);
    let limit = &told["limit"];
    assert_eq!(limit["key"], "risk.max_position_hold_hours");
    assert_eq!(
        (&limit["limit"], &limit["unit"]),
        (&"0.25".into(), &"h".into())
    );
    assert!((0.25..0.3).contains(&number(&limit["value"])), "{limit}");
}

#[test]
fn an_emergency_stop_of_a_position_names_its_level_and_the_loss() {
    let (told, text) = exit("emergency_stop", &["risk.emergency_stop_loss_pct=1"]);
    let parts = ["risk.emergency_stop_loss_pct = 1 %", "had no trade come to"];
    check(&told, &text, &parts);
    assert_eq!(told["limit"]["limit"], "1");
    assert!(number(&told["limit"]["value"]) > 0.9, "{told}");
    let (level, reached) = (number(&told["level"]), number(&told["reached"]));
    assert!((level / reached - 1.0).abs() < 0.01, "{told}");
}

#[test]
fn an_emergency_stop_of_the_account_names_its_trigger_with_value_and_limit() {
    let (told, text) = exit("emergency_stop", &["risk.emergency_rapid_loss_pct=0.5"]);
    let parts = [
        "(rapid_loss): equity fell 0.",
        "risk.emergency_rapid_loss_pct = 0.5 %",
        "risk.emergency_close = false",
    ];
    check(&told, &text, &parts);
    assert_eq!(told["limit"]["key"], "risk.emergency_rapid_loss_pct");
    assert!(
        (0.5..1.0).contains(&number(&told["limit"]["value"])),
        "{told}"
    );
    assert_eq!(told["level"], Value::Null);
}

#[test]
fn a_loss_limit_that_closes_names_the_loss() {
    let settings = ["risk.close_on_loss_limit=true"];
    let (told, text) = exit("loss_limit", &settings);
    check(
        &told,
        &text,
        &[
            "max_daily_loss_pct hit: lost 5.",
            "risk.max_daily_loss_pct = 5 %",
        ],
    );
    assert!(
        (5.0..6.0).contains(&number(&told["limit"]["value"])),
        "{told}"
    );
}
