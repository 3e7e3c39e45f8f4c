//! Luck of whole sets of trades.

use super::*;
use crate::core::market::Interval;
use crate::core::records::Record;
use crate::core::units::Side::{Buy, Sell};
use crate::core::units::{Decimal, Price, Timestamp};
use crate::report::tape::SymbolTape;
use crate::report::tests::scene::{Scene, at};
use crate::store::ledger::Row;

/// Trades of one unit of 100, each a minute long, that net these amounts in hundredths after 2 of
/// fees; 100 of margin, so that an amount is a percentage.
fn returns(name: &str, nets: &[i64]) -> TradeReturns {
    let mut scene = Scene::new(name);
    for (number, net) in (0..).zip(nets) {
        scene.round_trip(
            Buy,
            10_000,
            10_000 + net + 200,
            120 * number,
            120 * number + 60,
        );
    }
    let reader = scene.write(None, None);
    let session = reader.latest_session().unwrap().unwrap();
    TradeReturns::read(&reader, &session).unwrap()
}

fn tape(closes: &[i64], closes_stride: u64) -> Tape {
    Tape {
        files: Vec::new(),
        interval: Interval::MINUTE,
        symbols: vec![SymbolTape {
            symbol: "BTC-USD".into(),
            candles_closed: closes.len() as u64 * closes_stride,
            candles: Vec::new(),
            closes: closes.iter().copied().map(Price).collect(),
            close_times: (1..)
                .map(|number: i64| at(60 * number * closes_stride as i64))
                .take(closes.len())
                .collect(),
            closes_stride,
            last_price_at: None,
        }],
        inputs: 0,
        continued: false,
        damages: 0,
    }
}

#[test]
fn under_ten_trades_nothing_is_said() {
    let returns = returns("luck-few", &[100; 9]);
    let luck = Luck::of(&returns, 1, Some(&tape(&[1, 2, 3], 1)));
    assert_eq!((luck.interval, luck.random), (None, None));
    assert_eq!(luck.mean_pct, Some(1.0));
    assert!(luck.verdict.contains("fewer than 10"), "{}", luck.verdict);
    assert!(returns.suffice().unwrap_err().contains("fewer than 10"));
}

#[test]
fn the_interval_is_the_one_that_the_draws_give() {
    let nets = [150, -50, 30, 20, -80, -250, 10, -20, 60, 90, -10];
    let luck = Luck::of(&returns("luck-interval", &nets), 42, None);
    let interval = luck.interval.unwrap();
    assert_eq!((interval.block, interval.resamples), (3, 10_000));
    // The same by the letter: means number 250 and 9,749 of the sorted ones.
    let values: Vec<f64> = nets.iter().map(|net| *net as f64 / 100.0).collect();
    let mut rng = SplitMix64::new(42);
    let index = |draw: u64| ((u128::from(draw) * 11) >> 64) as usize;
    let mut means: Vec<f64> = (0..10_000)
        .map(|_| {
            let mut at = index(rng.draw());
            let mut sum = values[at];
            for _ in 1..11 {
                at = if rng.draw() >> 11 < 3_002_399_751_580_330 {
                    index(rng.draw())
                } else {
                    (at + 1) % 11
                };
                sum += values[at];
            }
            sum / 11.0
        })
        .collect();
    means.sort_by(f64::total_cmp);
    assert_eq!(
        (interval.low_pct, interval.high_pct),
        (means[250], means[9_749])
    );
    assert_eq!(luck.random, None);
    assert!((luck.mean_pct.unwrap() + 50.0 / 1100.0).abs() < 1e-12);
    assert_eq!(luck.verdict, "the mean trade cannot be told from zero");
}

#[test]
fn trades_that_always_gain_are_more_than_luck() {
    // The market stands still: random entries lose their fees, 2 % each.
    let returns = returns("luck-gain", &[100; 12]);
    let luck = Luck::of(&returns, 1, Some(&tape(&[10_000; 100], 1)));
    let interval = luck.interval.unwrap();
    assert_eq!((interval.low_pct, interval.high_pct), (1.0, 1.0));
    let random = luck.random.unwrap();
    assert_eq!((random.runs, random.at_least_as_good), (1000, 0));
    assert!((random.mean_pct + 2.0).abs() < 1e-9, "{random:?}");
    assert!((random.low_pct + 2.0).abs() < 1e-9 && (random.high_pct + 2.0).abs() < 1e-9);
    assert_eq!(
        luck.verdict,
        "the mean trade is above zero by more than luck; before slippage better than random entries \
         by more than luck"
    );
}

#[test]
fn a_run_is_held_against_random_ones_before_its_slippage() {
    // Each trade nets -3 % after 2 % of fees and 1 % of slippage; random ones lose their fees.
    let mut scene = Scene::new("luck-slippage");
    for number in 0..12 {
        scene.round_trip(Buy, 10_000, 9_900, 120 * number, 120 * number + 60);
    }
    for row in &mut scene.rows {
        if let Row::Core(record) = row
            && let Record::Trade(trade) = record.as_mut()
        {
            trade.slippage = Decimal::ONE;
        }
    }
    let reader = scene.write(None, None);
    let session = reader.latest_session().unwrap().unwrap();
    let returns = TradeReturns::read(&reader, &session).unwrap();
    let luck = Luck::of(&returns, 1, Some(&tape(&[10_000; 100], 1)));
    let random = luck.random.unwrap();
    assert_eq!(luck.mean_pct, Some(-3.0));
    assert!(
        (random.before_slippage_pct + 2.0).abs() < 1e-9,
        "{random:?}"
    );
}

#[test]
fn what_random_entries_do_as_well_is_luck() {
    // The market gains 1 % a minute; every long of a minute nets 1 % - 2 %.
    let closes: Vec<i64> = (0..60).map(|n| (1e6 * 1.01f64.powi(n)) as i64).collect();
    let returns = returns("luck-same", &[-100; 12]);
    let luck = Luck::of(&returns, 1, Some(&tape(&closes, 1)));
    let random = luck.random.unwrap();
    assert!((random.mean_pct + 1.0).abs() < 1e-3, "{random:?}");
    assert!(luck.verdict.starts_with("the mean trade is below zero"));
}

#[test]
fn trades_longer_than_the_closes_have_no_random_runs() {
    let returns = returns("luck-short", &[100; 12]);
    let luck = Luck::of(&returns, 1, Some(&tape(&[10_000; 12], 1)));
    assert!(luck.interval.is_some());
    assert_eq!(luck.random, None);
    // 13 closes hold 12 steps.
    assert!(
        Luck::of(&returns, 1, Some(&tape(&[10_000; 13], 1)))
            .random
            .is_some()
    );
}

#[test]
fn holding_times_are_counted_in_steps_of_the_closes() {
    let mut scene = Scene::new("luck-steps");
    for (number, seconds) in (0..).zip([1, 89, 90, 240, 600]) {
        let from = number * 1000;
        scene.round_trip(Sell, 10_000, 9_000, from, from + seconds);
    }
    let reader = scene.write(None, None);
    let session = reader.latest_session().unwrap().unwrap();
    let returns = TradeReturns::read(&reader, &session).unwrap();
    for (stride, expected) in [(1, [1, 1, 2, 4, 10]), (4, [1, 1, 1, 1, 3])] {
        let tape = tape(&[1; 100], stride);
        let courses = returns.courses(&tape);
        let steps: Vec<u64> = courses[0].trades.iter().map(|t| t.steps).collect();
        assert_eq!(steps, expected, "stride {stride}");
        assert!(courses[0].trades.iter().all(|t| t.sign == -1.0));
        assert!(courses[0].trades.iter().all(|t| t.fees_pct == 2.0));
    }
}

#[test]
fn a_gap_without_candles_lasts_no_candle() {
    let mut scene = Scene::new("luck-gap");
    // Two days lie between the fourth and the fifth close.
    let gap = 2 * 86_400;
    for (from, to) in [(150, gap + 330), (240, gap + 241), (30, 90)] {
        scene.round_trip(Buy, 10_000, 9_000, from, to);
    }
    let reader = scene.write(None, None);
    let session = reader.latest_session().unwrap().unwrap();
    let returns = TradeReturns::read(&reader, &session).unwrap();
    let mut tape = tape(&[100; 10], 1);
    for time in &mut tape.symbols[0].close_times[4..] {
        *time = Timestamp(time.0 + gap * 1_000_000_000);
    }
    let courses = returns.courses(&tape);
    let steps: Vec<u64> = courses[0].trades.iter().map(|t| t.steps).collect();
    // In the third candle until the sixth, over the gap alone, half of one and half of another.
    assert_eq!(steps, [3, 1, 1]);
    assert!(returns.fit(&tape));
    tape.symbols[0].closes.truncate(5);
    assert!(
        !returns.fit(&tape),
        "five steps do not fit between five closes"
    );
}

#[test]
fn the_same_trades_and_seed_give_the_same_luck() {
    let nets: Vec<i64> = (0..50).map(|n| (n * 7919) % 301 - 150).collect();
    let (a, b) = (returns("luck-a", &nets), returns("luck-b", &nets));
    let closes: Vec<i64> = (0..500).map(|n| 10_000 + (n * 31) % 97).collect();
    let tape = tape(&closes, 1);
    assert_eq!(Luck::of(&a, 5, Some(&tape)), Luck::of(&b, 5, Some(&tape)));
    assert_ne!(
        Luck::of(&a, 5, Some(&tape)).interval,
        Luck::of(&a, 6, Some(&tape)).interval
    );
}
