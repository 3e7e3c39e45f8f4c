//! Runs that are not quoted in USD are explained like any other.

use crate::program::Run;
use serde_json::json;

/// A price that wanders, the same in every run.
fn wandering(from: f64) -> Vec<[f64; 5]> {
    let mut state = 7u32;
    let mut draw = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f64::from(state >> 8) / f64::from(1u32 << 24)
    };
    let mut open = from;
    (0..600)
        .map(|_| {
            let close = open * (1.0 + 0.01 * (draw() - 0.5));
            let row = [
                open,
                open.max(close) * 1.001,
                open.min(close) * 0.999,
                close,
                1.0 + 9.0 * draw(),
            ];
            open = close;
            row
        })
        .collect()
}

fn run(symbol: &str, from: f64, further: &[&str]) -> Run {
    let mut arguments = vec!["--set", "strategy.type=momentum"];
    arguments.extend(further);
    Run::of_candles(symbol, &wandering(from), &arguments)
}

/// A minute of the run is explained from the recording.
fn check(run: &Run, currency: &str) {
    let told = run.json(&["--at", "2024-01-01T05:00:00Z"]);
    assert_eq!(told["currency"], currency);
    let source = &told["source"];
    assert_eq!(source["recording_run_again"], true, "{source}");
    assert_eq!(source["notes"], json!([]));
    assert_eq!(source["state_hashes_equal"].as_u64(), Some(run.hashes()));
    assert!(told["decision"]["rules"].is_array());
}

#[test]
fn a_run_quoted_in_another_currency_is_run_again_under_the_default_configuration() {
    check(&run("ETH-BTC", 0.05, &[]), "BTC");
    check(&run("ETH-USDT", 2500.0, &[]), "USDT");
}

#[test]
fn a_currency_that_was_stated_is_stated_again() {
    let stated = ["--set", "paper_trading.currency=BTC"];
    check(&run("ETH-BTC", 0.05, &stated), "BTC");
}
