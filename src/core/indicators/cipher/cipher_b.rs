//! Cipher B: a wave, the money flow, RSI, stochastic RSI and Schaff trend cycle, their divergences and
//! the longer frames, and the signals that they give on a closed candle.
//!
//! Each rule is a pure function of `Inputs`. A signal is absent until all of its inputs are warm.

use super::clause::{Clause, Deciding, Judge};
use super::divergences::{self, Bar, Divergences, Pairs, Regular};
use super::gold::GoldInputs;
use super::presets::{CipherBSettings, SommiLevels, WaveLevels};
use super::score_b::{ScoreB, score};
use super::signal::{Signal, Signals};
use super::sommi::{self, FrameInputs, Frames};
use crate::indicators::CandleView;
use crate::indicators::Relation::{Above, AtLeast, AtMost, Below};
use crate::indicators::wavetrend::{Crossing, Wave};
use crate::indicators::{MoneyFlow, Reading, Rsi, Stc, StochRsi, WaveTrend};
use crate::market::Interval;
use serde::{Deserialize, Serialize};

/// How much lower than now the wave's last deep bottom must lie for a gold buy.
const GOLD_RISE: f64 = -5.0;
/// RSI at the last deep bottom below which there may be a gold buy.
const GOLD_RSI: f64 = 30.0;

/// What the rules look at, on one bar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Inputs {
    pub wave: Wave,
    pub money_flow: Option<Reading>,
    pub pairs: Pairs,
    pub gold: GoldInputs,
    pub frames: FrameInputs,
}

/// Hands every rule of cipher B to `judge`.
pub fn judge_all(
    i: &Inputs,
    levels: &WaveLevels,
    sommi_levels: &SommiLevels,
    judge: &mut impl Judge,
) {
    let crossed = matches!(i.wave.crossing, Some(Crossing::Up | Crossing::Down));
    if crossed || judge.wants_silent() {
        judge_circles(&i.wave, levels, judge);
        sommi::judge_all(&i.wave, i.money_flow, &i.frames, sommi_levels, judge);
    }
    let regular = divergences::judge_all(&i.pairs, judge);
    if regular.bull || regular.bear || judge.wants_silent() {
        let any = |name, is| [Clause::flag(name, Some(is), true)];
        judge.rule(
            Signal::BuyDivergence,
            any("regular bull divergence", regular.bull),
        );
        judge.rule(
            Signal::SellDivergence,
            any("regular bear divergence", regular.bear),
        );
        judge_gold(i, regular, levels.oversold[2], judge);
    }
}

fn judge_circles(wave: &Wave, levels: &WaveLevels, judge: &mut impl Judge) {
    let up = Clause::wave("wt1", wave, Crossing::Up);
    let down = Clause::wave("wt1", wave, Crossing::Down);
    let wt2 = |relation, level| Clause::oscillator("wt2", wave.slow(), relation, level);
    judge.rule(Signal::SmallBuy, [up]);
    judge.rule(Signal::SmallSell, [down]);
    judge.rule(Signal::BuyCircle, [up, wt2(AtMost, levels.oversold[0])]);
    judge.rule(
        Signal::SellCircle,
        [down, wt2(AtLeast, levels.overbought[0])],
    );
}

/// `deepest` is the third oversold level: the previous bottom reached it, the wave is above it again.
fn judge_gold(i: &Inputs, regular: Regular, deepest: f64, judge: &mut impl Judge) {
    let low = i.gold.previous_low;
    let wt2 = i.wave.slow();
    // Of a flagged wave there is no rise.
    let rise = low.zip(wt2.and_then(Reading::meaningful));
    judge.rule(
        Signal::GoldBuy,
        [
            Clause::flag(
                "regular bull divergence of wt2 or rsi",
                Some(regular.bull_of_wave_or_rsi),
                true,
            ),
            Clause::oscillator(
                "previous bottom of wt2",
                low.map(Reading::of),
                AtMost,
                deepest,
            ),
            Clause::oscillator("wt2", wt2, Above, deepest),
            Clause::values(
                "previous bottom - wt2",
                rise.map(|(low, wt2)| low - wt2),
                AtMost,
                Some(GOLD_RISE),
            ),
            Clause::oscillator("rsi at the last bottom", i.gold.last_rsi, Below, GOLD_RSI),
        ],
    );
}

/// Cipher B over closed candles.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CipherB {
    levels: WaveLevels,
    sommi_levels: SommiLevels,
    wave: WaveTrend,
    money_flow: MoneyFlow,
    rsi: Rsi,
    stoch_rsi: StochRsi,
    stc: Stc,
    divergences: Divergences,
    frames: Frames,
    inputs: Inputs,
    signals: Signals,
    score: ScoreB,
}

impl CipherB {
    /// For candles of this length.
    ///
    /// # Panics
    /// If a length is 0 (a programming error; configuration allows at least 1).
    pub fn new(settings: &CipherBSettings, interval: Interval) -> Self {
        let s = settings;
        Self {
            levels: s.levels,
            sommi_levels: s.sommi,
            wave: WaveTrend::new(s.wave),
            money_flow: MoneyFlow::new(s.money_flow_length, s.money_flow_offset),
            rsi: Rsi::new(s.rsi_length),
            stoch_rsi: StochRsi::new(s.stoch_rsi_length, s.stoch_length, s.stoch_k, s.stoch_d),
            stc: Stc::new(s.stc_length, s.stc_fast, s.stc_slow, s.stc_factor),
            divergences: Divergences::new(s),
            frames: Frames::new(s.wave, interval),
            inputs: Inputs::default(),
            signals: Signals::default(),
            score: ScoreB::default(),
        }
    }

    /// Takes up a closed candle.
    pub fn update(&mut self, candle: &CandleView) {
        let CandleView {
            open,
            high,
            low,
            close,
            ..
        } = *candle;
        let wave = self.wave.update(high, low, close);
        let money_flow = self.money_flow.update(open, high, low, close);
        let rsi = self.rsi.update(close);
        self.stoch_rsi.update_log(close);
        self.stc.update(close);
        let bar = Bar {
            high,
            low,
            close,
            wt2: wave.slow(),
            rsi,
            stoch_k: self.stoch_rsi.k(),
        };
        self.inputs.gold = self.divergences.update(&bar, &mut self.inputs.pairs);
        self.inputs.wave = wave;
        self.inputs.money_flow = money_flow;
        self.inputs.frames = self.frames.update(candle);
        let mut deciding = Deciding::default();
        self.explain(&mut deciding);
        self.signals = deciding.0;
        self.score = score(self.signals, money_flow);
    }

    /// Takes up a closed candle of the venue's that is longer than the strategy's own: for the longer
    /// frames alone, and before the own candles.
    pub fn warm_up(&mut self, candle: &CandleView, length: Interval) {
        self.frames.warm_up(candle, length);
    }

    /// What the rules looked at.
    pub fn inputs(&self) -> &Inputs {
        &self.inputs
    }

    /// Hands every rule on the candle taken up last to `judge`.
    pub fn explain(&self, judge: &mut impl Judge) {
        judge_all(&self.inputs, &self.levels, &self.sommi_levels, judge);
    }

    pub fn signals(&self) -> Signals {
        self.signals
    }

    pub fn score(&self) -> ScoreB {
        self.score
    }

    /// wt1 with its flag.
    pub fn wave(&self) -> Option<Reading> {
        self.inputs.wave.fast()
    }

    pub fn money_flow(&self) -> Option<Reading> {
        self.inputs.money_flow
    }

    /// Whether every input of its score is warm. The longer frames are not waited for: a recording
    /// too short for them has their signals absent, and the others all the same.
    pub fn is_warm(&self) -> bool {
        self.inputs.wave.crossing.is_some()
            && self.inputs.money_flow.is_some()
            && self.rsi.value().is_some()
            && self.stoch_rsi.k().is_some()
    }

    /// Current values by name, for the record.
    pub fn values(&self, out: &mut Vec<(&'static str, f64)>) {
        let wave = &self.inputs.wave;
        let flow = self.inputs.money_flow;
        let flag = |reading: Option<Reading>| reading.and_then(Reading::flag);
        let mut add = |name, value: Option<f64>| out.extend(value.map(|value| (name, value)));
        add("cipher_b_wt1", wave.wt1);
        add("cipher_b_wt2", wave.wt2);
        add(
            "cipher_b_zone",
            wave.wt2.map(|w| self.levels.zone(w).into()),
        );
        add("cipher_b_wave_flat", wave.flat.then_some(1.0));
        add("cipher_b_money_flow", flow.map(|r| r.value));
        add("cipher_b_money_flow_flat", flag(flow));
        let rsi = self.rsi.value();
        add("cipher_b_rsi", rsi.map(|r| r.value));
        add("cipher_b_rsi_flat", flag(rsi));
        add("stoch_k", self.stoch_rsi.k());
        add("stoch_d", self.stoch_rsi.d());
        add("stc", self.stc.value().map(|r| r.value));
        add("stc_flat", flag(self.stc.value()));
        let vwap = self.inputs.frames.vwap;
        add("vwap_720", vwap.map(|r| r.value));
        add("vwap_720_flat", flag(vwap));
        let score = self.is_warm().then_some(self.score.score);
        add("signal_b", score.map(|score| score.signal.into()));
        add("confidence_b", score.map(|score| score.confidence));
    }
}
