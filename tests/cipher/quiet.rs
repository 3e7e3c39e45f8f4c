//! Markets in which nothing moves, and that no market makes a value that is not a number.

use super::markets::{Kind, candles};
use minnow::core::indicators::cipher::{
    CipherASettings, CipherBSettings, Combined, Sentiment, combine,
};
use minnow::core::indicators::{CipherA, CipherB, Reading};
use minnow::core::market::Interval;
use minnow::core::strategy::decision::CandleView;
use minnow::core::units::Timestamp;
use proptest::prelude::*;

struct Both {
    a: CipherA,
    b: CipherB,
}

impl Both {
    fn new(scalping: bool, interval: Interval) -> Self {
        let (a, b) = if scalping {
            (CipherASettings::scalping(), CipherBSettings::scalping())
        } else {
            (CipherASettings::standard(), CipherBSettings::standard())
        };
        Self {
            a: CipherA::new(&a),
            b: CipherB::new(&b, interval),
        }
    }

    fn update(&mut self, candle: &CandleView) -> Combined {
        self.a.update(candle);
        self.b.update(candle);
        combine(self.a.score(), self.b.score())
    }

    fn values(&self) -> Vec<(&'static str, f64)> {
        let mut values = Vec::new();
        self.a.values(&mut values);
        self.b.values(&mut values);
        values
    }
}

fn flat(index: i64, price: f64) -> CandleView {
    CandleView {
        open_time: Timestamp(index * 3_600_000_000_000),
        open: price,
        high: price,
        low: price,
        close: price,
        volume: 0.0,
    }
}

#[test]
fn a_flat_series_gives_what_is_documented() {
    // Prices whose means are not themselves in doubles.
    for price in [0.1 + 0.2, 1e-6 / 3.0, 1e7 / 3.0] {
        let mut both = Both::new(false, Interval::parse("1h").unwrap());
        for index in 0..1200 {
            let combined = both.update(&flat(index, price));
            assert!(both.a.signals().is_empty() && both.b.signals().is_empty());
            assert_eq!((combined.signal, combined.confidence), (0, 0.0));
            assert_eq!(combined.sentiment, Sentiment::Neutral);
            let inputs = both.a.inputs().unwrap();
            if let Some(lines) = inputs.ribbon {
                for line in lines {
                    assert!((line - price).abs() <= 1e-9 * price);
                }
                assert_eq!(both.a.trend_dot(), Some(0));
            }
            let wave = both.b.inputs().wave;
            assert!(wave.wt1.is_none_or(|wt1| wt1 == 0.0));
            assert!(wave.wt2.is_none_or(|wt2| wt2 == 0.0));
            assert_eq!(wave.flat, index >= 16);
            assert_eq!(inputs.rsi, (index >= 14).then_some(Reading::flat(0.0)));
            let flow = (index >= 59).then_some(Reading::flat(-2.5));
            assert_eq!(both.b.money_flow(), flow);
            assert_eq!(both.a.money_flow(), flow);
        }
        let values = both.values();
        let shown = |name: &str| {
            values
                .iter()
                .find(|(n, _)| *n == name)
                .map(|(_, value)| *value)
        };
        assert_eq!(shown("stc"), Some(0.0));
        // Every flagged value is shown with its flag.
        for name in [
            "stc",
            "vwap_720",
            "cipher_a_rsi",
            "cipher_b_rsi",
            "cipher_b_money_flow",
        ] {
            assert!(shown(name).is_some(), "{name}");
            assert_eq!(shown(&format!("{name}_flat")), Some(1.0), "{name}");
        }
    }
}

#[test]
fn a_score_is_absent_until_what_it_counts_is_warm() {
    let kind = Kind {
        candles: 80,
        ..Kind::USUAL
    };
    let mut both = Both::new(false, kind.interval());
    for (index, candle) in candles(3, kind).iter().enumerate() {
        both.update(candle);
        let values = both.values();
        let has = |name| values.iter().any(|(n, _)| *n == name);
        // The ribbon's lines are there from 33, and a cross of them needs the bar before.
        assert_eq!(has("signal_a"), index >= 34, "{index}");
        assert_eq!(has("confidence_a"), index >= 34, "{index}");
        // The money flow is there from 59.
        assert_eq!(has("signal_b"), index >= 59, "{index}");
        assert_eq!(has("confidence_b"), index >= 59, "{index}");
    }
}

#[test]
fn a_market_that_stops_moving_falls_silent() {
    let kind = Kind {
        candles: 400,
        ..Kind::USUAL
    };
    let mut both = Both::new(false, kind.interval());
    let moving = candles(7, kind);
    for candle in &moving {
        both.update(candle);
    }
    let last = moving.last().unwrap();
    let start = last.open_time.0 / 3_600_000_000_000 + 1;
    let mut silent_for = 0;
    for index in 0..1000 {
        both.update(&flat(start + index, last.close));
        let silent = both.a.signals().is_empty() && both.b.signals().is_empty();
        silent_for = if silent { silent_for + 1 } else { 0 };
    }
    assert!(silent_for > 600, "{silent_for}");
    assert!(both.b.inputs().wave.flat);
}

/// A candle as something strange may bring it: flat, with gaps, tiny, huge, without volume.
fn odd_candle() -> impl Strategy<Value = (u8, f64, f64, f64, f64)> {
    let part = 0.0f64..1.0;
    (0u8..6, part.clone(), part.clone(), part.clone(), part)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn every_value_is_a_number_whatever_the_candles(
        odd in prop::collection::vec(odd_candle(), 1..700),
        scalping in any::<bool>(),
        exponent in -6i32..=7,
        interval in prop::sample::select(vec!["1m", "15m", "1h", "12h", "1d"]),
    ) {
        let interval = Interval::parse(interval).unwrap();
        let mut both = Both::new(scalping, interval);
        let mut price = 10f64.powi(exponent);
        let mut time = 0i64;
        for (kind, a, b, c, d) in odd {
            // Flat, small, or by a factor of up to a thousand.
            let reach = [0.0, 0.0, 1e-9, 0.01, 0.3, 6.9][usize::from(kind)];
            let open = (price * ((a - 0.5) * reach).exp()).clamp(1e-6, 1e7);
            let close = (open * ((b - 0.5) * reach).exp()).clamp(1e-6, 1e7);
            let candle = CandleView {
                open_time: Timestamp(time),
                open,
                high: open.max(close) * (1.0 + c * reach),
                low: open.min(close) * (1.0 - d * reach.min(0.9)),
                close,
                volume: 0.0,
            };
            time += interval.span().0 * if kind == 5 && a > 0.9 { 500 } else { 1 };
            price = close;
            let combined = both.update(&candle);
            for (name, value) in both.values() {
                prop_assert!(value.is_finite(), "{} is {}", name, value);
            }
            prop_assert!((0.0..=1.0).contains(&combined.confidence));
            prop_assert!((-1.0..=1.0).contains(&combined.balance));
            let flow = both.b.money_flow();
            prop_assert!(flow.is_none_or(|f| (-152.5 - 1e-6..=147.5 + 1e-6).contains(&f.value)));
        }
    }
}
