//! After the warm-up that is promised, every value is there; and longer candles lead the longer frames
//! to where the whole past would have led them.

use super::*;
use crate::indicators::CandleView;
use crate::indicators::cipher::{CipherASettings, Signal};
use crate::indicators::higher_frame::HigherFrame;
use crate::settings::{MeanReversionSettings, MomentumSettings, VuManChuSettings};
use crate::strategy::build;
use crate::units::rng::SplitMix64;
use crate::units::stamp::SECOND;
use crate::units::{Decimal, Timestamp};
use std::collections::BTreeSet;

/// A random walk of candles of so many seconds, from midnight on.
fn walk(seed: u64, seconds: i64, count: i64) -> Vec<CandleView> {
    let random = &mut SplitMix64::new(seed);
    let mut last = 100.0f64;
    let step = |random: &mut SplitMix64| random.below(2001) as f64 / 1000.0 - 1.0;
    (0..count)
        .map(|n| {
            let open = last;
            last = (last * (1.0 + 0.002 * step(random))).max(1.0);
            CandleView {
                open_time: Timestamp(n * seconds * SECOND),
                open,
                high: open.max(last) + 0.01,
                low: open.min(last) - 0.01,
                close: last,
                volume: 1.0 + random.below(100) as f64,
            }
        })
        .collect()
}

fn vumanchu(cipher_a: CipherASettings, cipher_b: CipherBSettings) -> StrategySettings {
    StrategySettings::VuManChu(Box::new(VuManChuSettings {
        cipher_a,
        cipher_b,
        min_confidence: 0.5,
        exit_confidence: 0.5,
        min_candles: 100,
    }))
}

fn momentum(lookback: usize) -> StrategySettings {
    StrategySettings::Momentum(MomentumSettings {
        lookback,
        entry_threshold: 0.002,
        exit_threshold: 0.01,
        use_volume: true,
    })
}

fn mean_reversion(window: usize) -> StrategySettings {
    StrategySettings::MeanReversion(MeanReversionSettings {
        window,
        std_dev: 2.0,
        min_volatility: 0.001,
        max_hold: 100,
        min_stop_loss_pct: Decimal::new(1, 1),
        min_profit_pct: Decimal::new(5, 1),
    })
}

#[test]
fn after_the_warm_up_every_value_is_there() {
    let mut long = CipherBSettings::standard();
    (long.stc_slow, long.stc_length) = (150, 30);
    let mut wide = CipherASettings::standard();
    wide.ribbon_lengths[7] = 233;
    for settings in [
        momentum(2),
        momentum(20),
        momentum(200),
        mean_reversion(5),
        mean_reversion(120),
        vumanchu(CipherASettings::standard(), CipherBSettings::standard()),
        vumanchu(CipherASettings::scalping(), CipherBSettings::scalping()),
        vumanchu(CipherASettings::standard(), long),
        vumanchu(wide, CipherBSettings::standard()),
    ] {
        let wanted = settings.warm_up_candles();
        // Days have no longer frames.
        let mut strategy = build(&settings, Interval::parse("1d").unwrap());
        let (mut warm, mut late) = (BTreeSet::new(), BTreeSet::new());
        let mut seen = Vec::new();
        for (number, candle) in (1..).zip(walk(7, 86_400, wanted as i64 + 500)) {
            strategy.observe(&candle);
            seen.clear();
            strategy.indicators(&mut seen);
            let names = seen.iter().map(|(name, _)| *name);
            // Signals come and go.
            let values = names.filter(|name| Signal::all().all(|s| s.name() != *name));
            if number == wanted {
                warm.extend(values);
            } else if number > wanted {
                late.extend(values);
            }
        }
        assert!(!late.is_empty());
        let missing: Vec<_> = late.difference(&warm).collect();
        assert!(missing.is_empty(), "{wanted}: {missing:?} of {settings:?}");
    }
}

/// Candles of `seconds` each, put together from shorter ones.
fn longer(candles: &[CandleView], minutes: i64) -> Vec<CandleView> {
    let mut frame = HigherFrame::new(minutes, Interval::MINUTE).expect("whole minutes");
    let closed = candles
        .iter()
        .filter_map(|candle| Some((candle.open_time, frame.update(candle)?)));
    let span = minutes * 60 * SECOND;
    closed
        .map(|(time, c)| CandleView {
            open_time: Timestamp(time.0 - time.0.rem_euclid(span)),
            open: c.open,
            high: c.high,
            low: c.low,
            close: c.close,
            volume: 1.0,
        })
        .collect()
}

#[test]
fn longer_candles_lead_to_what_the_whole_past_leads_to() {
    let settings = CipherBSettings::standard();
    let days = Frames::span(settings.wave).0 / (86_400 * SECOND) + 20;
    let minutes = walk(3, 60, days * 1440 + 400);
    // The session begins at an odd minute and knows 1,000 candles of its own.
    let (past, live) = minutes.split_at(minutes.len() - 391);
    let mut whole = Frames::new(settings.wave, Interval::MINUTE);
    for candle in past {
        whole.update(candle);
    }
    let mut warmed = Frames::new(settings.wave, Interval::MINUTE);
    for length in WARM_UP {
        let all = longer(past, length.seconds() / 60);
        for candle in &all[all.len().saturating_sub(300)..] {
            warmed.warm_up(candle, length);
        }
    }
    let mut cold = Frames::new(settings.wave, Interval::MINUTE);
    for candle in &past[past.len() - 1000..] {
        warmed.update(candle);
        cold.update(candle);
    }
    let mut differed = 0;
    for candle in live {
        let (expected, found) = (whole.update(candle), warmed.update(candle));
        let vwap = |inputs: &crate::indicators::cipher::sommi::FrameInputs| {
            inputs.vwap.map(|reading| reading.value)
        };
        let apart = vwap(&expected)
            .zip(vwap(&found))
            .map(|(a, b)| (a - b).abs());
        assert!(apart.is_some_and(|apart| apart < 1e-3), "{apart:?}");
        assert_eq!((expected.short, expected.long), (found.short, found.long));
        differed += usize::from(cold.update(candle) != expected);
    }
    assert!(differed > 0, "without them it is another strategy");
}
