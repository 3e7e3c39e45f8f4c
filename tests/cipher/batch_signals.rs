//! All signals of whole series, written down a second time, and held against the streaming ciphers
//! bar by bar.

use super::batch::{self, Column, Wave, greater};
use super::batch_frames::{green, vwap};
use super::markets::{Kind, candles, kinds};
use minnow::core::indicators::cipher::{
    CipherASettings, CipherBSettings, Signal, Signals, cipher_a,
};
use minnow::core::indicators::{CipherA, CipherB};
use minnow::core::strategy::decision::CandleView;
use std::collections::BTreeSet;

/// 1 = wt1 crosses over wt2 at `t`, -1 = under, 0 = neither.
fn crossing(wave: &Wave, t: usize) -> i8 {
    let at = |t: usize| wave.wt1[t].zip(wave.wt2[t]);
    let Some(((fast, slow), (fast_before, slow_before))) = at(t).zip(t.checked_sub(1).and_then(at))
    else {
        return 0;
    };
    if wave.flat[t] {
        0
    } else if greater(fast, slow, 100.0) && !greater(fast_before, slow_before, 100.0) {
        1
    } else if greater(slow, fast, 100.0) && !greater(slow_before, fast_before, 100.0) {
        -1
    } else {
        0
    }
}

fn signals_a(candles: &[CandleView]) -> Vec<Signals> {
    use Signal::*;
    let bars: Vec<_> = candles.iter().map(|c| (c.high, c.low, c.close)).collect();
    let wave = batch::wave(&bars, 9, 13, 3);
    let (rsi, rsi_flat) = batch::rsi(&batch::closes(candles), 14, |t| candles[t].close);
    let ribbon = batch::ribbon(candles, [5, 11, 15, 18, 21, 24, 28, 34]);
    let one = |t: usize| {
        let mut fired = Signals::default();
        let c = &candles[t];
        let cross = crossing(&wave, t);
        let (up, down) = (cross == 1, cross == -1);
        fired.note(WtCross, cross != 0);
        fired.note(GreenDiamond, up);
        fired.note(RedDiamond, down);
        if let (Some(wt2), Some(rsi), false) = (wave.wt2[t], rsi[t], rsi_flat[t]) {
            let between = |x, low, high| greater(x, low, 100.0) && greater(high, x, 100.0);
            let washed_out = down && between(wt2, -80.0, 45.0) && between(rsi, 15.0, 30.0);
            fired.note(YellowCrossUp, washed_out);
            let exhausted = up && between(wt2, 55.0, 100.0) && between(rsi, 70.0, 85.0);
            fired.note(YellowCrossDown, exhausted);
        }
        let (Some(now), Some(before)) = (ribbon[t], t.checked_sub(1).and_then(|t| ribbon[t]))
        else {
            return fired;
        };
        let over = |a: usize, b: usize| {
            greater(now[a], now[b], c.close) && !greater(before[a], before[b], c.close)
        };
        for (bull, bear, a, b) in [
            (GreenCross, RedCross, 0, 1),
            (LongEma, ShortEma, 1, 7),
            (BlueTriangleUp, BlueTriangleDown, 1, 2),
        ] {
            fired.note(bull, over(a, b));
            fired.note(bear, over(b, a));
        }
        fired.note(MoonDiamond, up && over(0, 1));
        fired.note(BloodDiamond, down && over(1, 0));
        let more = |a: f64, b: f64| greater(a, b, c.close);
        let last = &candles[t - 1];
        let bull = more(c.open, now[1])
            && more(c.open, now[7])
            && more(last.close, last.open)
            && more(c.close, c.open);
        fired.note(BullCandle, bull && !down && !over(1, 0));
        let bear = more(now[1], c.open)
            && more(now[7], c.open)
            && more(last.open, last.close)
            && more(c.open, c.close);
        fired.note(BearCandle, bear && !up && !over(0, 1));
        fired
    };
    (0..candles.len()).map(one).collect()
}

/// An oscillator with the bars on which it means nothing.
struct Series {
    values: Column,
    flat: Vec<bool>,
}

impl Series {
    /// Whether a turning point becomes known at `t`: a top where `sign` is 1, a bottom where -1.
    fn turns(&self, t: usize, sign: f64, limit: Option<f64>) -> bool {
        let Some(start) = t.checked_sub(4) else {
            return false;
        };
        let five: Option<Vec<f64>> = (start..=t)
            .map(|i| self.values[i].filter(|_| !self.flat[i]).map(|x| x * sign))
            .collect();
        five.is_some_and(|x| {
            let strict = [0, 1, 3, 4].iter().all(|i| greater(x[2], x[*i], 100.0));
            strict && limit.is_none_or(|limit| !greater(limit * sign, x[2], 100.0))
        })
    }

    /// The last turning point known at `known` or before.
    fn last(&self, known: usize, sign: f64, limit: Option<f64>) -> Option<usize> {
        (0..=known).rev().find(|t| self.turns(*t, sign, limit))
    }

    /// How price and oscillator moved since the previous turning point, as signs.
    fn pair(
        &self,
        candles: &[CandleView],
        t: usize,
        sign: f64,
        limit: Option<f64>,
    ) -> Option<(i8, i8)> {
        if !self.turns(t, sign, limit) {
            return None;
        }
        let previous = self.last(t.checked_sub(2)?, sign, limit)? - 2;
        let centre = t - 2;
        if centre - previous > 60 {
            return None;
        }
        let price = |i: usize| {
            if sign > 0.0 {
                candles[i].high
            } else {
                candles[i].low
            }
        };
        let moved = |now, before, scale| {
            i8::from(greater(now, before, scale)) - i8::from(greater(before, now, scale))
        };
        Some((
            moved(price(centre), price(previous), candles[t].close),
            moved(self.values[centre]?, self.values[previous]?, 100.0),
        ))
    }
}

/// Signals of one oscillator's turning points: (bull, bear), limits of (top, bottom).
type Divergence = (Signal, Signal, Option<(f64, f64)>);

fn divergences(
    candles: &[CandleView],
    t: usize,
    series: &Series,
    regular: &[Divergence],
    hidden: (Signal, Signal),
    fired: &mut Signals,
) {
    for (bull, bear, limits) in regular {
        let top = series.pair(candles, t, 1.0, limits.map(|l| l.0));
        let bottom = series.pair(candles, t, -1.0, limits.map(|l| l.1));
        fired.note(*bear, top == Some((1, -1)));
        fired.note(*bull, bottom == Some((-1, 1)));
    }
    let (top, bottom) = (
        series.pair(candles, t, 1.0, None),
        series.pair(candles, t, -1.0, None),
    );
    fired.note(hidden.1, top == Some((-1, 1)));
    fired.note(hidden.0, bottom == Some((1, -1)));
}

struct Columns {
    wave: Wave,
    wt2: Series,
    rsi: Series,
    stoch: Series,
    flow: (Column, Vec<bool>),
    vwap: Vec<Option<(f64, bool)>>,
    short: Vec<Option<bool>>,
    long: Vec<Option<bool>>,
}

fn columns(candles: &[CandleView], kind: Kind) -> Columns {
    let bars: Vec<_> = candles.iter().map(|c| (c.high, c.low, c.close)).collect();
    let wave = batch::wave(&bars, 9, 12, 3);
    let series = |(values, flat)| Series { values, flat };
    let k = batch::stoch_k(candles, 14, 14, 3);
    Columns {
        wt2: series((wave.wt2.clone(), wave.flat.clone())),
        wave,
        rsi: series(batch::rsi(&batch::closes(candles), 14, |t| {
            candles[t].close
        })),
        stoch: series((k, vec![false; candles.len()])),
        flow: batch::money_flow(candles, 60, 2.5),
        vwap: vwap(candles, kind.interval()),
        short: green(candles, kind.interval(), 60),
        long: green(candles, kind.interval(), 240),
    }
}

impl Columns {
    fn gold(&self, t: usize, fired: Signals) -> bool {
        use Signal::*;
        let regular = Signals::of(&[BullDivergenceWt, BullDivergenceWtSecond, BullDivergenceRsi]);
        let bottom = |known: Option<usize>| Some(self.wt2.last(known?, -1.0, Some(-65.0))? - 2);
        let previous = bottom(t.checked_sub(2)).and_then(|i| self.wt2.values[i]);
        let centre = bottom(Some(t));
        let last_rsi = centre
            .filter(|i| !self.rsi.flat[*i])
            .and_then(|i| self.rsi.values[i]);
        let wt2 = self.wt2.values[t].filter(|_| !self.wt2.flat[t]);
        let (Some(previous), Some(last_rsi), Some(wt2)) = (previous, last_rsi, wt2) else {
            return false;
        };
        fired.has_any(regular)
            && !greater(previous, -75.0, 100.0)
            && greater(wt2, -75.0, 100.0)
            && !greater(previous - wt2, -5.0, 100.0)
            && greater(30.0, last_rsi, 100.0)
    }

    fn crosses(&self, t: usize, fired: &mut Signals) {
        use Signal::*;
        let cross = crossing(&self.wave, t);
        let wt2 = self.wt2.values[t].unwrap_or_default();
        let flow = |sign: f64| {
            self.flow.0[t].is_some_and(|f| self.flow.1[t] || greater(f * sign, 0.0, 100.0))
        };
        let vwap = |sign: f64| {
            self.vwap[t].is_some_and(|(v, flat)| !flat && greater(v * sign, 0.0, 100.0))
        };
        let both = |green| self.short[t] == Some(green) && self.long[t] == Some(green);
        for (sign, small, circle, flag, diamond) in [
            (1.0, SmallBuy, BuyCircle, SommiFlagBull, SommiDiamondBull),
            (-1.0, SmallSell, SellCircle, SommiFlagBear, SommiDiamondBear),
        ] {
            let here = f64::from(cross) == sign;
            fired.note(small, here);
            fired.note(circle, here && !greater(wt2 * sign, -53.0, 100.0));
            fired.note(
                flag,
                here && greater(0.0, wt2 * sign, 100.0) && flow(sign) && vwap(sign),
            );
            fired.note(
                diamond,
                here && !greater(wt2 * sign, 0.0, 100.0) && both(sign > 0.0),
            );
        }
    }
}

fn signals_b(candles: &[CandleView], columns: &Columns) -> Vec<Signals> {
    use Signal::*;
    let one = |t: usize| {
        let mut fired = Signals::default();
        columns.crosses(t, &mut fired);
        let wave = [
            (BullDivergenceWt, BearDivergenceWt, Some((45.0, -65.0))),
            (
                BullDivergenceWtSecond,
                BearDivergenceWtSecond,
                Some((15.0, -40.0)),
            ),
        ];
        let rsi = [(BullDivergenceRsi, BearDivergenceRsi, Some((60.0, 30.0)))];
        let stoch = [(BullDivergenceStoch, BearDivergenceStoch, None)];
        let hidden = (HiddenBullDivergenceWt, HiddenBearDivergenceWt);
        divergences(candles, t, &columns.wt2, &wave, hidden, &mut fired);
        let hidden = (HiddenBullDivergenceRsi, HiddenBearDivergenceRsi);
        divergences(candles, t, &columns.rsi, &rsi, hidden, &mut fired);
        let hidden = (HiddenBullDivergenceStoch, HiddenBearDivergenceStoch);
        divergences(candles, t, &columns.stoch, &stoch, hidden, &mut fired);
        for (any, of) in [
            (
                BuyDivergence,
                [
                    BullDivergenceWt,
                    BullDivergenceWtSecond,
                    BullDivergenceRsi,
                    BullDivergenceStoch,
                ],
            ),
            (
                SellDivergence,
                [
                    BearDivergenceWt,
                    BearDivergenceWtSecond,
                    BearDivergenceRsi,
                    BearDivergenceStoch,
                ],
            ),
        ] {
            fired.note(any, fired.has_any(Signals::of(&of)));
        }
        fired.note(GoldBuy, columns.gold(t, fired));
        fired
    };
    (0..candles.len()).map(one).collect()
}

/// Equal within 1e-9 of the scale, or both absent.
fn agree(what: &str, t: usize, got: Option<f64>, expected: Option<f64>, scale: f64) {
    let fits = match (got, expected) {
        (Some(got), Some(expected)) => (got - expected).abs() <= 1e-9 * expected.abs().max(scale),
        (got, expected) => got.is_none() && expected.is_none(),
    };
    assert!(fits, "{what} at {t}: {got:?}, formula {expected:?}");
}

fn names(signals: Signals) -> Vec<&'static str> {
    signals.iter().map(Signal::name).collect()
}

/// Compares a market bar by bar; returns which signals fired in it.
fn compare(seed: u64, kind: Kind) -> BTreeSet<Signal> {
    let candles = candles(seed, kind);
    let (expected_a, columns) = (signals_a(&candles), columns(&candles, kind));
    let expected_b = signals_b(&candles, &columns);
    let ribbon = batch::ribbon(&candles, CipherASettings::standard().ribbon_lengths);
    let mut a = CipherA::new(&CipherASettings::standard());
    let mut b = CipherB::new(&CipherBSettings::standard(), kind.interval());
    let mut fired = BTreeSet::new();
    for (t, candle) in candles.iter().enumerate() {
        a.update(candle);
        b.update(candle);
        let seen = b.inputs();
        agree("wt1", t, seen.wave.wt1, columns.wave.wt1[t], 100.0);
        agree("wt2", t, seen.wave.wt2, columns.wave.wt2[t], 100.0);
        let flow = seen.money_flow.map(|f| f.value);
        agree("money flow", t, flow, columns.flow.0[t], 100.0);
        let vwap = seen.frames.vwap.map(|v| v.value);
        agree("vwap", t, vwap, columns.vwap[t].map(|v| v.0), 100.0);
        let inputs: &cipher_a::Inputs = a.inputs().unwrap();
        let rsi = inputs.rsi.map(|r| r.value);
        agree("rsi", t, rsi, columns.rsi.values[t], 100.0);
        for line in 0..8 {
            let (got, formula) = (inputs.ribbon, ribbon[t]);
            let of = |lines: Option<[f64; 8]>| lines.map(|l| l[line]);
            agree("ribbon", t, of(got), of(formula), candle.close);
        }
        for (got, expected) in [(a.signals(), expected_a[t]), (b.signals(), expected_b[t])] {
            assert_eq!(names(got), names(expected), "seed {seed} {kind:?} at {t}");
            fired.extend(got.iter());
        }
    }
    fired
}

#[test]
fn streaming_equals_the_formulas_in_every_kind_of_market() {
    for (number, kind) in kinds().into_iter().enumerate() {
        let fired = compare(1000 + number as u64, kind);
        assert!(fired.len() >= 25, "{kind:?}: {fired:?}");
    }
}

/// Most markets that are looked through for the rarest signal.
const MARKETS: u64 = 40;

#[test]
fn every_signal_comes_of_some_series_of_candles() {
    let mut missing: BTreeSet<Signal> = Signal::all().collect();
    for seed in 0..MARKETS {
        for signal in compare(seed, Kind::USUAL) {
            missing.remove(&signal);
        }
        if missing.is_empty() {
            return;
        }
    }
    panic!("no candles for {missing:?} in {MARKETS} markets");
}
