//! Divergences of cipher B: turning points of three oscillators, each paired under its limits.
//!
//! wt2 under two pairs of limits and under none, the RSI under its limits and under none, K of the
//! stochastic RSI under none. Regular divergences take the limited pairs (K has only the other),
//! hidden ones those without limits.

use super::clause::{Clause, Judge};
use super::gold::{DeepBottom, DeepBottoms, GoldInputs};
use super::presets::CipherBSettings;
use super::signal::Signal;
use crate::indicators::Reading;
use crate::indicators::Relation::{self, Above, AtMost, Below};
use crate::indicators::fractals::{Centre, Fractals, PAIR_MAX_BARS, Pair, Pairing, Turn};
use serde::{Deserialize, Serialize};

/// The pairs that became known on one bar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Pairs {
    /// wt2 under the first limits.
    pub wave_first: Option<Pair>,
    /// wt2 under the second limits.
    pub wave_second: Option<Pair>,
    /// wt2 without limits.
    pub wave_any: Option<Pair>,
    /// RSI under its limits.
    pub rsi_limited: Option<Pair>,
    /// RSI without limits.
    pub rsi_any: Option<Pair>,
    /// K without limits.
    pub stoch_any: Option<Pair>,
}

impl Pairs {
    fn is_empty(&self) -> bool {
        let all = [
            self.wave_first,
            self.wave_second,
            self.wave_any,
            self.rsi_limited,
            self.rsi_any,
            self.stoch_any,
        ];
        all.iter().all(Option::is_none)
    }
}

/// Which regular divergences there are, as far as other rules ask.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Regular {
    /// Of wt2, under either limits, or of the RSI.
    pub bull_of_wave_or_rsi: bool,
    pub bull: bool,
    pub bear: bool,
}

/// What distinguishes the four kinds.
struct Kind {
    turn: Turn,
    /// How the price and the oscillator at the centre stand to those at the previous one.
    price: Relation,
    value: Relation,
}

const REGULAR_BULL: Kind = Kind {
    turn: Turn::Bottom,
    price: Below,
    value: Above,
};
const REGULAR_BEAR: Kind = Kind {
    turn: Turn::Top,
    price: Above,
    value: Below,
};
const HIDDEN_BULL: Kind = Kind {
    turn: Turn::Bottom,
    price: Above,
    value: Below,
};
const HIDDEN_BEAR: Kind = Kind {
    turn: Turn::Top,
    price: Below,
    value: Above,
};

fn clauses(pair: Option<Pair>, kind: &Kind, oscillator: &'static str) -> [Clause; 4] {
    let pair = pair.filter(|pair| pair.turn == kind.turn);
    let (turn, price) = match kind.turn {
        Turn::Top => ("pair of tops", "high"),
        Turn::Bottom => ("pair of bottoms", "low"),
    };
    let prices = (pair.map(|p| p.price), pair.map(|p| p.previous_price));
    let values = (pair.map(|p| p.value), pair.map(|p| p.previous_value));
    [
        Clause::flag(turn, Some(pair.is_some()), true),
        Clause::price(
            price,
            prices.0,
            kind.price,
            prices.1,
            pair.map_or(1.0, |p| p.close),
        ),
        Clause::values(oscillator, values.0, kind.value, values.1),
        Clause::values(
            "bars between",
            pair.map(|p| p.bars as f64),
            AtMost,
            Some(PAIR_MAX_BARS as f64),
        ),
    ]
}

/// Hands every divergence to `judge`; returns what other rules ask about them.
pub fn judge_all(pairs: &Pairs, judge: &mut impl Judge) -> Regular {
    if pairs.is_empty() && !judge.wants_silent() {
        return Regular::default();
    }
    let mut rule = |signal, pair: Option<Pair>, kind, name| {
        (pair.is_some() || judge.wants_silent()) && judge.rule(signal, clauses(pair, kind, name))
    };
    let (first, second) = (pairs.wave_first, pairs.wave_second);
    let (rsi, stoch) = (pairs.rsi_limited, pairs.stoch_any);
    let bull_of_wave_or_rsi = [
        rule(Signal::BullDivergenceWt, first, &REGULAR_BULL, "wt2"),
        rule(Signal::BullDivergenceWtSecond, second, &REGULAR_BULL, "wt2"),
        rule(Signal::BullDivergenceRsi, rsi, &REGULAR_BULL, "rsi"),
    ]
    .contains(&true);
    let bull = rule(Signal::BullDivergenceStoch, stoch, &REGULAR_BULL, "stoch_k");
    let bear = [
        rule(Signal::BearDivergenceWt, first, &REGULAR_BEAR, "wt2"),
        rule(Signal::BearDivergenceWtSecond, second, &REGULAR_BEAR, "wt2"),
        rule(Signal::BearDivergenceRsi, rsi, &REGULAR_BEAR, "rsi"),
        rule(Signal::BearDivergenceStoch, stoch, &REGULAR_BEAR, "stoch_k"),
    ]
    .contains(&true);
    let (wave, rsi) = (pairs.wave_any, pairs.rsi_any);
    rule(Signal::HiddenBullDivergenceWt, wave, &HIDDEN_BULL, "wt2");
    rule(Signal::HiddenBearDivergenceWt, wave, &HIDDEN_BEAR, "wt2");
    rule(Signal::HiddenBullDivergenceRsi, rsi, &HIDDEN_BULL, "rsi");
    rule(Signal::HiddenBearDivergenceRsi, rsi, &HIDDEN_BEAR, "rsi");
    rule(
        Signal::HiddenBullDivergenceStoch,
        stoch,
        &HIDDEN_BULL,
        "stoch_k",
    );
    rule(
        Signal::HiddenBearDivergenceStoch,
        stoch,
        &HIDDEN_BEAR,
        "stoch_k",
    );
    Regular {
        bull_of_wave_or_rsi,
        bull: bull_of_wave_or_rsi || bull,
        bear,
    }
}

/// What of a closed candle the divergences look at.
#[derive(Clone, Copy, Debug)]
pub struct Bar {
    pub high: f64,
    pub low: f64,
    pub close: f64,
    pub wt2: Option<Reading>,
    pub rsi: Option<Reading>,
    /// K of the stochastic RSI.
    pub stoch_k: Option<f64>,
}

/// Turning points and their pairs over closed candles.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Divergences {
    /// Candles taken up.
    bars: u64,
    /// High, low and RSI of the last three candles, newest last.
    recent: [(f64, f64, Option<Reading>); 3],
    wave: Fractals,
    rsi: Fractals,
    stoch: Fractals,
    wave_pairs: [Pairing; 3],
    rsi_pairs: [Pairing; 2],
    stoch_pairs: Pairing,
    bottoms: DeepBottoms,
}

impl Divergences {
    pub fn new(settings: &CipherBSettings) -> Self {
        Self {
            bars: 0,
            recent: [(0.0, 0.0, None); 3],
            wave: Fractals::default(),
            rsi: Fractals::default(),
            stoch: Fractals::default(),
            wave_pairs: [
                Some(settings.divergence),
                Some(settings.second_divergence),
                None,
            ]
            .map(Pairing::new),
            rsi_pairs: [Some(settings.rsi_divergence), None].map(Pairing::new),
            stoch_pairs: Pairing::new(None),
            bottoms: DeepBottoms::default(),
        }
    }

    /// Takes up a closed candle: puts its pairs in the place of the last candle's.
    pub fn update(&mut self, bar: &Bar, pairs: &mut Pairs) -> GoldInputs {
        let number = self.bars;
        self.bars += 1;
        self.recent.rotate_left(1);
        self.recent[2] = (bar.high, bar.low, bar.rsi);
        let (high, low, rsi_there) = self.recent[0];
        let centre = |value| Centre {
            bar: number.saturating_sub(2),
            high,
            low,
            value,
        };
        if !pairs.is_empty() {
            *pairs = Pairs::default();
        }
        if let Some(turn) = self.wave.update(bar.wt2) {
            let at = centre(self.wave.centre());
            let [first, second, any] = &mut self.wave_pairs;
            pairs.wave_first = first.update(turn, &at, bar.close);
            pairs.wave_second = second.update(turn, &at, bar.close);
            pairs.wave_any = any.update(turn, &at, bar.close);
            if turn == Turn::Bottom && first.counts(turn, at.value) {
                self.bottoms.note(DeepBottom {
                    known: number,
                    wave: at.value,
                    rsi: rsi_there,
                });
            }
        }
        if let Some(turn) = self.rsi.update(bar.rsi) {
            let at = centre(self.rsi.centre());
            let [limited, any] = &mut self.rsi_pairs;
            pairs.rsi_limited = limited.update(turn, &at, bar.close);
            pairs.rsi_any = any.update(turn, &at, bar.close);
        }
        if let Some(turn) = self.stoch.update(bar.stoch_k.map(Reading::of)) {
            let at = centre(self.stoch.centre());
            pairs.stoch_any = self.stoch_pairs.update(turn, &at, bar.close);
        }
        self.bottoms.inputs(number)
    }
}
