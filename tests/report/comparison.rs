//! Two real runs held against each other.

use crate::program::{assert_sound, bundled, json, minnow, printed, replay};
use crate::support::folder::Folder;

#[test]
fn two_runs_of_one_recording_stand_side_by_side() {
    let folder = Folder::new();
    let recording = bundled().display().to_string();
    let settings = ["trading.enable_futures=true", "trading.leverage=3"];
    let slower = [&settings[..], &["trading.interval=5m"]].concat();
    let a = replay(&folder, &recording, "a.sqlite", &settings);
    let b = replay(&folder, &recording, "b.sqlite", &slower);
    let arguments = ["report", "--compare", "a.sqlite", "b.sqlite"];
    let comparison = json(&folder, &[&arguments[..], &["--json"]].concat());
    let pair = |name: &str| {
        let metrics = comparison["metrics"].as_array().expect("metrics");
        let found = metrics.iter().find(|pair| pair["metric"] == name);
        found.unwrap_or_else(|| panic!("{name}")).clone()
    };
    for name in ["sharpe", "trades", "net", "fees", "expectancy_margin_pct"] {
        assert_eq!(pair(name)["a"], a["metrics"][name], "{name}");
        assert_eq!(pair(name)["b"], b["metrics"][name], "{name}");
    }
    // Five days are too few to pair: by trade.
    let found = &comparison["significance"];
    assert_eq!(found["method"], "unpaired_by_trade");
    assert_eq!(found["count_a"], a["metrics"]["trades"]);
    assert_eq!(found["resamples"], 10_000);
    let difference = found["difference_pct"].as_f64().expect("a number");
    let mean = |report: &serde_json::Value| {
        report["metrics"]["expectancy_margin_pct"]
            .as_f64()
            .expect("a number")
    };
    assert!((difference - (mean(&b) - mean(&a))).abs() < 1e-9);
    assert!(
        comparison["notes"]
            .to_string()
            .contains("differ in interval: 1m and 5m")
    );
    let text = printed(&folder, &arguments);
    assert_sound("a comparison", &text);
    assert!(
        text.contains(comparison["verdict"].as_str().expect("words")),
        "{text}"
    );
    assert_eq!(text, printed(&folder, &arguments), "the same bytes again");
    for line in text
        .lines()
        .filter(|line| !line.contains(".mrec") && !line.contains("finger"))
    {
        assert!(line.chars().count() <= 80, "{line}");
    }
}

#[test]
fn a_ledger_that_is_not_there_is_named() {
    let folder = Folder::new();
    let output = minnow(&folder, &["report", "--compare", "a.sqlite", "b.sqlite"]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("a.sqlite"), "{said}");
}
