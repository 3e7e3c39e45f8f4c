//! Comparisons computed by hand, and ledgers that cannot be compared.

use super::significance::Method;
use super::values::Value;
use super::*;
use crate::core::units::Side::Buy;
use crate::core::units::rng::SplitMix64;
use crate::core::units::{Decimal, Timestamp};
use crate::report::luck::bootstrap;
use crate::report::page::Paint;
use crate::report::tests::scene::{Scene, at, d};
use crate::report::{Accumulator, Ending};

const DAY: i64 = 86_400;

fn days(equities: &[i64]) -> Vec<(Timestamp, Decimal)> {
    (0..)
        .zip(equities)
        .map(|(day, equity)| (at(day * DAY), Decimal::from_int(*equity)))
        .collect()
}

fn evidence<'a>(equities: &[i64], trades: &'a [f64]) -> Evidence<'a> {
    Evidence {
        start: Decimal::from_int(1000),
        days: days(equities),
        trades,
    }
}

#[test]
fn the_same_days_are_paired() {
    // A stands still; B gains 1 % on each of ten days.
    let flat = [1_000_000; 10];
    let rising: Vec<i64> = (1..=10).map(|n| (1e6 * 1.01f64.powi(n)) as i64).collect();
    let start = Decimal::from_int(1_000_000);
    let a = Evidence {
        start,
        ..evidence(&flat, &[])
    };
    let b = Evidence {
        start,
        ..evidence(&rising, &[])
    };
    let found = Significance::of(&a, &b, 1).unwrap();
    assert_eq!(found.method, Method::PairedByDay);
    assert_eq!((found.count_a, found.count_b, found.block_a), (10, 10, 3));
    assert!((found.difference_pct - 1.0).abs() < 1e-3, "{found:?}");
    assert!(found.more_than_luck && found.low_pct > 0.99);
    assert_eq!(found.verdict(), "B is better than A by more than luck");
    let back = Significance::of(&b, &a, 1).unwrap();
    assert!((back.difference_pct + found.difference_pct).abs() < 1e-12);
    assert_eq!(back.verdict(), "B is worse than A by more than luck");
    let same = Significance::of(&b, &b, 1).unwrap();
    assert_eq!(
        (same.difference_pct, same.low_pct, same.high_pct),
        (0.0, 0.0, 0.0)
    );
    assert!(!same.more_than_luck);
    assert_eq!(same.verdict(), "the difference of A and B can be luck");
}

#[test]
fn pairing_takes_out_what_the_market_did_to_both() {
    // Both swing by 10 % a day; B gains a thousandth more each day.
    let swing = |extra: f64| -> Vec<i64> {
        let mut equity = 1e9;
        (0..20)
            .map(|n| {
                equity *= if n % 2 == 0 { 1.1 } else { 0.9 } + extra;
                equity as i64
            })
            .collect()
    };
    let start = Decimal::from_int(1_000_000_000);
    let (a, b) = (swing(0.0), swing(0.001));
    let a = Evidence {
        start,
        ..evidence(&a, &[])
    };
    let b = Evidence {
        start,
        ..evidence(&b, &[])
    };
    let found = Significance::of(&a, &b, 1).unwrap();
    assert!(
        (found.difference_pct - 0.1).abs() < 1e-4 && found.more_than_luck,
        "{found:?}"
    );
}

#[test]
fn other_days_are_compared_by_trade() {
    let a = [1.0, -1.0, 0.5, -0.5, 1.0, -1.0, 0.5, -0.5, 1.0, -1.0];
    let b = [3.0, 2.0, 3.0, 2.0, 3.0, 2.0, 3.0, 2.0, 3.0, 2.0, 3.0, 2.0];
    let found =
        Significance::of(&evidence(&[1000; 11], &a), &evidence(&[1000; 10], &b), 9).unwrap();
    assert_eq!(found.method, Method::UnpairedByTrade);
    assert_eq!((found.count_a, found.count_b), (10, 12));
    assert_eq!((found.block_a, found.block_b), (3, 3));
    assert!((found.difference_pct - 2.5).abs() < 1e-12);
    // By the letter: A's resample, then B's, from one generator.
    let mut rng = SplitMix64::new(9);
    let mut means: Vec<f64> = (0..10_000)
        .map(|_| {
            let a = bootstrap::resampled_mean(&a, &mut rng);
            bootstrap::resampled_mean(&b, &mut rng) - a
        })
        .collect();
    means.sort_by(f64::total_cmp);
    assert_eq!((found.low_pct, found.high_pct), (means[250], means[9_749]));
    assert!(found.more_than_luck);
}

#[test]
fn too_little_to_tell_is_said_so() {
    let few = [1.0; 9];
    let enough = [1.0; 10];
    for (a, b, name) in [(&few[..], &enough[..], "A"), (&enough[..], &few[..], "B")] {
        // Nine days are too few to pair.
        let error = Significance::of(&evidence(&[1000; 9], a), &evidence(&[1000; 9], b), 1);
        let error = error.unwrap_err();
        assert!(
            error.contains(&format!("{name} has fewer than 10")),
            "{error}"
        );
    }
    // A day that starts with nothing has no return: by trade.
    let ruined = [0; 10];
    let found = Significance::of(
        &evidence(&ruined, &enough),
        &evidence(&[1000; 10], &enough),
        1,
    );
    assert_eq!(found.unwrap().method, Method::UnpairedByTrade);
}

/// A ledger of trades that net these amounts, and a summary that fits them.
fn ledger(name: &str, nets: &[i64], ends: bool) -> Scene {
    ledger_in("USD", name, nets, ends)
}

fn ledger_in(currency: &str, name: &str, nets: &[i64], ends: bool) -> Scene {
    let mut scene = Scene::new(name);
    scene.session.currency = currency.to_owned();
    let mut accumulator = Accumulator::new(d("1000"), scene.session.instruments.clone());
    for (number, net) in (0..).zip(nets) {
        scene.round_trip(
            Buy,
            10_000,
            10_000 + net + 200,
            120 * number,
            120 * number + 60,
        );
    }
    for row in &scene.rows {
        if let crate::store::ledger::Row::Core(record) = row {
            accumulator.record(record);
        }
    }
    let summary = accumulator.summary(&Ending::default());
    let span = ends.then_some((0, 3600));
    scene.write(ends.then_some(&summary), span);
    scene
}

#[test]
fn metrics_stand_side_by_side_with_their_difference() {
    let (a, b) = (
        ledger("compare-a", &[100, -100, 50], true),
        ledger("compare-b", &[100, 100, 100, 100], true),
    );
    let comparison = Comparison::load(&a.path(), &b.path()).unwrap();
    let pair = |name: &str| {
        comparison
            .metrics
            .iter()
            .find(|p| p.metric == name)
            .unwrap()
    };
    assert_eq!(pair("trades").difference, Value::Count(1));
    assert_eq!(pair("net").difference, Value::Money(Some(d("3.5"))));
    assert_eq!(pair("win_rate_pct").b, Value::Percent(Some(100.0)));
    // B has no loss: its factor and the difference are undefined.
    assert_eq!(pair("profit_factor").a, Value::Ratio(Some(1.5)));
    assert_eq!(pair("profit_factor").difference, Value::Ratio(None));
    let text = text::render(&comparison, Paint::Plain);
    for said in [
        "B - A",
        "profit factor",
        "not computed",
        "few observations",
        "3.50",
    ] {
        assert!(text.contains(said), "{said} in\n{text}");
    }
    let long = text.lines().filter(|line| !line.contains("ledger"));
    assert!(
        long.clone().all(|line| line.chars().count() <= 80),
        "{text}"
    );
    let json: serde_json::Value =
        serde_json::from_str(&json::render(&comparison).unwrap()).unwrap();
    assert_eq!(json["significance"], serde_json::Value::Null);
    assert!(
        json["not_computed"]
            .as_str()
            .unwrap()
            .contains("fewer than 10")
    );
    let net = json["metrics"]
        .as_array()
        .unwrap()
        .iter()
        .find(|p| p["metric"] == "net")
        .unwrap();
    assert_eq!(
        (&net["a"], &net["difference"]),
        (&"0.5".into(), &"3.5".into())
    );
}

#[test]
fn a_session_that_has_not_ended_cannot_be_compared() {
    let (a, b) = (
        ledger("compare-ended", &[1], true),
        ledger("compare-open", &[1], false),
    );
    let error = Comparison::load(&a.path(), &b.path())
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("running") && error.contains("has ended"),
        "{error}"
    );
    let error = Comparison::load(&a.path(), &a.file("none.sqlite"))
        .unwrap_err()
        .to_string();
    assert!(error.contains("none.sqlite"), "{error}");
}

#[test]
fn a_run_is_told_to_be_the_same_as_itself() {
    let a = ledger("compare-same", &[50; 12], true);
    let comparison = Comparison::load(&a.path(), &a.path()).unwrap();
    assert!(
        comparison
            .notes
            .iter()
            .any(|note| note.contains("the same run"))
    );
    let found = comparison.significance.unwrap();
    assert!(!found.more_than_luck, "{found:?}");
    assert_eq!(found.difference_pct, 0.0);
}

#[test]
fn amounts_of_two_currencies_have_no_difference() {
    let (a, b) = (
        ledger("compare-usd", &[100, -100, 50], true),
        ledger_in("BTC", "compare-btc", &[100], true),
    );
    let comparison = Comparison::load(&a.path(), &b.path()).unwrap();
    for pair in &comparison.metrics {
        if let Value::Money(difference) = pair.difference {
            assert_eq!(difference, None, "{}", pair.metric);
        }
    }
    let text = text::render(&comparison, Paint::Plain);
    assert!(text.contains("Metrics (USD and BTC,"), "{text}");
}
