//! Each named signal on candles that fire it, and on the same candles with one of them changed a
//! little, where it stays silent.
//!
//! The candles are those of a seed (`markets`); a row says which one the signal fires on and which
//! close moves by how much. The rules on constructed inputs are in `rules_a` and `rules_b`.

use crate::markets::{Kind, candles};
use minnow::core::indicators::cipher::{CipherASettings, CipherBSettings, Signal};
use minnow::core::indicators::{CipherA, CipherB};
use minnow::core::strategy::decision::CandleView;

/// A signal, the seed of its candles, the candle it fires on, the candle that is changed, and by how
/// many millionths its close moves.
type Row = (&'static str, u64, usize, usize, i32);

const ROWS: &[Row] = &[
    ("hidden_bull_divergence_rsi", 1, 26, 24, 1000),
    ("bear_divergence_rsi", 1, 29, 27, -2000),
    ("sell_divergence", 1, 29, 27, -2000),
    ("wt_cross", 1, 34, 33, 5000),
    ("green_diamond", 1, 34, 33, 5000),
    ("bull_candle", 1, 34, 34, -5000),
    ("small_buy", 1, 34, 33, 2000),
    ("red_diamond", 1, 42, 42, 2000),
    ("small_sell", 1, 42, 42, 2000),
    ("sell_circle", 1, 42, 42, 2000),
    ("red_cross", 1, 46, 46, 5000),
    ("blue_triangle_down", 1, 49, 49, 10_000),
    ("bear_candle", 1, 50, 50, 10_000),
    ("short_ema", 1, 53, 53, 20_000),
    ("buy_circle", 1, 60, 60, -5000),
    ("bull_divergence_wt", 1, 72, 68, 2000),
    ("bull_divergence_wt_second", 1, 72, 68, 2000),
    ("buy_divergence", 1, 72, 68, 2000),
    ("yellow_cross_up", 1, 84, 81, 1000),
    ("bull_divergence_rsi", 1, 86, 82, -5000),
    ("hidden_bear_divergence_rsi", 1, 88, 85, 2000),
    ("hidden_bear_divergence_wt", 1, 89, 86, -2000),
    ("green_cross", 1, 92, 91, 5000),
    ("blood_diamond", 1, 95, 95, 5000),
    ("blue_triangle_up", 1, 113, 112, 10_000),
    ("long_ema", 1, 116, 116, -100),
    ("bear_divergence_wt", 1, 134, 132, 500),
    ("bear_divergence_wt_second", 1, 134, 132, 500),
    ("hidden_bull_divergence_wt", 1, 140, 136, 2000),
    ("bull_divergence_stoch", 1, 196, 195, -1000),
    ("hidden_bull_divergence_stoch", 1, 312, 310, 1000),
    ("hidden_bear_divergence_stoch", 1, 409, 405, -1000),
    ("sommi_flag_bear", 1, 439, 439, 500),
    ("moon_diamond", 1, 471, 470, 2000),
    ("bear_divergence_stoch", 1, 474, 470, -200),
    ("sommi_flag_bull", 1, 582, 581, 10_000),
    ("gold_buy", 1, 625, 623, 5000),
    ("yellow_cross_down", 1, 1058, 1057, 2000),
    ("sommi_diamond_bull", 1, 1327, 1326, 2000),
    ("sommi_diamond_bear", 2, 713, 713, 5000),
];

/// Most that a close may move, in millionths.
const SLIGHTLY: i32 = 20_000;
/// How far before the signal the changed candle may lie: as long as a fractal.
const BACK: usize = 4;

#[derive(Clone, Debug)]
struct Ciphers {
    a: CipherA,
    b: CipherB,
}

impl Ciphers {
    fn new() -> Self {
        Self {
            a: CipherA::new(&CipherASettings::standard()),
            b: CipherB::new(&CipherBSettings::standard(), Kind::USUAL.interval()),
        }
    }

    fn update(&mut self, candle: &CandleView) {
        self.a.update(candle);
        self.b.update(candle);
    }

    fn fire(&self, signal: Signal) -> bool {
        self.a.signals().has(signal) || self.b.signals().has(signal)
    }
}

/// The candle with its close moved; high and low go along where they must.
fn moved(candle: &CandleView, millionths: i32) -> CandleView {
    let close = candle.close * (1.0 + f64::from(millionths) / 1e6);
    CandleView {
        close,
        high: candle.high.max(close),
        low: candle.low.min(close),
        ..*candle
    }
}

fn fires_at(candles: &[CandleView], at: usize, signal: Signal) -> bool {
    let mut ciphers = Ciphers::new();
    for candle in &candles[..=at] {
        ciphers.update(candle);
    }
    ciphers.fire(signal)
}

fn named(name: &str) -> Signal {
    let mut all = Signal::all();
    let found = all.find(|signal| signal.name() == name);
    found.unwrap_or_else(|| panic!("no signal {name}"))
}

#[test]
fn each_signal_fires_on_its_candles_and_not_with_one_close_a_little_elsewhere() {
    for &(name, seed, at, changed, millionths) in ROWS {
        let signal = named(name);
        let mut market = candles(seed, Kind::USUAL);
        assert!(fires_at(&market, at, signal), "{name} is silent");
        assert!(millionths != 0 && millionths.abs() <= SLIGHTLY, "{name}");
        assert!(changed <= at && at - changed <= BACK, "{name}");
        market[changed] = moved(&market[changed], millionths);
        assert!(!fires_at(&market, at, signal), "{name} fires still");
    }
}

#[test]
fn no_signal_is_left_out() {
    let rows: Vec<&str> = ROWS.iter().map(|row| row.0).collect();
    for signal in Signal::all() {
        let name = signal.name();
        assert!(rows.contains(&name), "{name}");
    }
    assert_eq!(rows.len(), Signal::all().count());
}

/// The smallest of some moves of one close that silence a signal which fires on the last candle:
/// index and millionths. `before` are the ciphers before each of the last candles.
fn silencing(before: &[Ciphers], last: &[CandleView], signal: Signal) -> Option<(usize, i32)> {
    let steps = [20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, SLIGHTLY];
    let signed = steps.iter().flat_map(|step| [*step, -step]);
    signed
        .flat_map(|step| (0..last.len()).rev().map(move |index| (index, step)))
        .find(|(index, step)| {
            let mut ciphers = before[*index].clone();
            ciphers.update(&moved(&last[*index], *step));
            for candle in &last[index + 1..] {
                ciphers.update(candle);
            }
            !ciphers.fire(signal)
        })
}

#[test]
#[ignore = "searches for the rows above and prints them"]
fn rows() {
    let mut wanted: Vec<Signal> = Signal::all().collect();
    for seed in 1..2000 {
        if wanted.is_empty() {
            break;
        }
        let market = candles(seed, Kind::USUAL);
        let mut ciphers = Ciphers::new();
        let mut before: Vec<Ciphers> = Vec::new();
        for at in 0..market.len() {
            if before.len() > BACK {
                before.remove(0);
            }
            before.push(ciphers.clone());
            ciphers.update(&market[at]);
            let first = at + 1 - before.len();
            wanted.retain(|signal| {
                if !ciphers.fire(*signal) {
                    return true;
                }
                let found = silencing(&before, &market[first..=at], *signal);
                let Some((index, step)) = found else {
                    return true;
                };
                let name = signal.name();
                println!("    (\"{name}\", {seed}, {at}, {}, {step}),", first + index);
                false
            });
        }
    }
    assert!(wanted.is_empty(), "{wanted:?}");
}
