//! Cipher A: a wave, the RSI and the ribbon, and the signals that they give on a closed candle.
//!
//! Each rule is a pure function of `Inputs`. A signal is absent until all of its inputs are warm: with
//! the documented lengths wt2 at index 30, the ribbon at 33, the RSI at 14, the money flow at 59.

use super::clause::{Clause, Deciding, Judge};
use super::presets::{CipherASettings, WaveLevels};
use super::ribbon::{Lines, Ribbon, strength, trend_dot};
use super::score_a::score;
use super::signal::{Signal, Signals};
use super::{Score, ribbon};
use crate::indicators::CandleView;
use crate::indicators::Relation::{Above, Below, CrossesOver, CrossesUnder};
use crate::indicators::wavetrend::{Crossing, Wave};
use crate::indicators::{MoneyFlow, Reading, Rsi, WaveTrend};
use serde::{Deserialize, Serialize};

/// Levels of wt2 between which the yellow crosses look; their outer ends are the third levels.
const YELLOW_UP_BELOW: f64 = 45.0;
const YELLOW_DOWN_ABOVE: f64 = 55.0;
/// Ranges of the RSI that the yellow crosses need.
const RSI_WASHED_OUT: (f64, f64) = (15.0, 30.0);
const RSI_EXHAUSTED: (f64, f64) = (70.0, 85.0);

/// What the rules look at, on one bar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Inputs {
    pub open: f64,
    pub close: f64,
    /// Open and close of the bar before.
    pub previous: Option<(f64, f64)>,
    pub wave: Wave,
    pub rsi: Option<Reading>,
    pub ribbon: Option<Lines>,
    pub ribbon_before: Option<Lines>,
}

/// Hands every rule of cipher A to `judge`.
pub fn judge_all(i: &Inputs, levels: &WaveLevels, judge: &mut impl Judge) {
    let up = Clause::wave("wt1", &i.wave, Crossing::Up);
    let down = Clause::wave("wt1", &i.wave, Crossing::Down);
    if up.met || down.met || judge.wants_silent() {
        judge_waves(i, levels, judge);
    }
    let crossing = |name, a: usize, b: usize, relation| {
        let pair = |lines: Option<Lines>| lines.map(|l| (l[a], l[b]));
        Clause::cross(
            name,
            pair(i.ribbon),
            pair(i.ribbon_before),
            relation,
            i.close,
        )
    };
    let green = crossing("e1", 0, 1, CrossesOver);
    let red = crossing("e1", 0, 1, CrossesUnder);
    judge.rule(Signal::GreenCross, [green]);
    judge.rule(Signal::RedCross, [red]);
    judge.rule(Signal::MoonDiamond, [up, green]);
    judge.rule(Signal::BloodDiamond, [down, red]);
    judge.rule(Signal::LongEma, [crossing("e2", 1, 7, CrossesOver)]);
    judge.rule(Signal::ShortEma, [crossing("e2", 1, 7, CrossesUnder)]);
    judge.rule(Signal::BlueTriangleUp, [crossing("e2", 1, 2, CrossesOver)]);
    judge.rule(
        Signal::BlueTriangleDown,
        [crossing("e2", 1, 2, CrossesUnder)],
    );
    judge_candles(i, [(&up, &green), (&down, &red)], judge);
}

fn judge_waves(i: &Inputs, levels: &WaveLevels, judge: &mut impl Judge) {
    let up = Clause::wave("wt1", &i.wave, Crossing::Up);
    let down = Clause::wave("wt1", &i.wave, Crossing::Down);
    let crossed = i.wave.crossing.map(|c| c != Crossing::Neither);
    judge.rule(
        Signal::WtCross,
        [Clause::flag("wt1 crosses wt2", crossed, true)],
    );
    judge.rule(Signal::GreenDiamond, [up]);
    judge.rule(Signal::RedDiamond, [down]);
    let wt2 = |relation, level| Clause::oscillator("wt2", i.wave.slow(), relation, level);
    let rsi = |relation, level| Clause::oscillator("rsi", i.rsi, relation, level);
    judge.rule(
        Signal::YellowCrossUp,
        [
            down,
            wt2(Below, YELLOW_UP_BELOW),
            wt2(Above, levels.oversold[2]),
            rsi(Above, RSI_WASHED_OUT.0),
            rsi(Below, RSI_WASHED_OUT.1),
        ],
    );
    judge.rule(
        Signal::YellowCrossDown,
        [
            up,
            wt2(Above, YELLOW_DOWN_ABOVE),
            wt2(Below, levels.overbought[2]),
            rsi(Above, RSI_EXHAUSTED.0),
            rsi(Below, RSI_EXHAUSTED.1),
        ],
    );
}

/// The candles need the absence of the diamond and the cross of their own side's opposite: `signs`
/// are (diamond, cross) of the bullish and of the bearish side.
fn judge_candles(i: &Inputs, signs: [(&Clause, &Clause); 2], judge: &mut impl Judge) {
    let line = |index: usize| i.ribbon.map(|lines| lines[index]);
    let price =
        |name, value, relation, threshold| Clause::price(name, value, relation, threshold, i.close);
    let [(up, green), (down, red)] = signs;
    let absent =
        |name, clause: &Clause, warm: bool| Clause::flag(name, warm.then_some(clause.met), false);
    let wave_warm = i.wave.crossing.is_some();
    let ribbon_warm = i.ribbon.is_some() && i.ribbon_before.is_some();
    let previous = (i.previous.map(|p| p.0), i.previous.map(|p| p.1));
    for (signal, relation, diamond, cross) in [
        (
            Signal::BullCandle,
            Above,
            absent("red_diamond", down, wave_warm),
            absent("red_cross", red, ribbon_warm),
        ),
        (
            Signal::BearCandle,
            Below,
            absent("green_diamond", up, wave_warm),
            absent("green_cross", green, ribbon_warm),
        ),
    ] {
        judge.rule(
            signal,
            [
                price("open against e2", Some(i.open), relation, line(1)),
                price("open against e8", Some(i.open), relation, line(7)),
                price("previous close", previous.1, relation, previous.0),
                price("close", Some(i.close), relation, Some(i.open)),
                diamond,
                cross,
            ],
        );
    }
}

/// Cipher A over closed candles.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CipherA {
    levels: WaveLevels,
    wave: WaveTrend,
    rsi: Rsi,
    money_flow: MoneyFlow,
    ribbon: Ribbon,
    inputs: Option<Inputs>,
    signals: Signals,
    score: Score,
}

impl CipherA {
    /// # Panics
    /// If a length is 0 (a programming error; configuration allows at least 1).
    pub fn new(settings: &CipherASettings) -> Self {
        Self {
            levels: settings.levels,
            wave: WaveTrend::new(settings.wave),
            rsi: Rsi::new(settings.rsi_length),
            money_flow: MoneyFlow::new(settings.money_flow_length, settings.money_flow_offset),
            ribbon: Ribbon::new(settings.ribbon_lengths),
            inputs: None,
            signals: Signals::default(),
            score: Score::default(),
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
        self.money_flow.update(open, high, low, close);
        let previous = self
            .inputs
            .as_ref()
            .map(|before| (before.open, before.close));
        let inputs = self.inputs.get_or_insert_default();
        inputs.previous = previous;
        inputs.open = open;
        inputs.close = close;
        inputs.wave = self.wave.update(high, low, close);
        inputs.rsi = self.rsi.update(close);
        inputs.ribbon_before = inputs.ribbon;
        inputs.ribbon = self.ribbon.update(close);
        let mut deciding = Deciding::default();
        judge_all(inputs, &self.levels, &mut deciding);
        self.signals = deciding.0;
        self.score = score(self.signals, inputs.wave.slow(), &self.levels);
    }

    /// What the rules looked at; absent before the first candle.
    pub fn inputs(&self) -> Option<&Inputs> {
        self.inputs.as_ref()
    }

    /// Hands every rule on the candle taken up last to `judge`.
    pub fn explain(&self, judge: &mut impl Judge) {
        if let Some(inputs) = &self.inputs {
            judge_all(inputs, &self.levels, judge);
        }
    }

    pub fn signals(&self) -> Signals {
        self.signals
    }

    pub fn score(&self) -> Score {
        self.score
    }

    pub fn money_flow(&self) -> Option<Reading> {
        self.money_flow.value()
    }

    /// 1 where the ribbon is bullish, -1 where bearish; absent until it is warm.
    pub fn trend_dot(&self) -> Option<i8> {
        let inputs = self.inputs.as_ref()?;
        inputs.ribbon.map(|lines| trend_dot(&lines, inputs.close))
    }

    /// Whether every input of its score is warm.
    pub fn is_warm(&self) -> bool {
        self.inputs.as_ref().is_some_and(|inputs| {
            inputs.wave.crossing.is_some()
                && inputs.rsi.is_some()
                && inputs.ribbon.is_some()
                && inputs.ribbon_before.is_some()
        })
    }

    /// Current values by name, for the record.
    pub fn values(&self, out: &mut Vec<(&'static str, f64)>) {
        let Some(inputs) = &self.inputs else {
            return;
        };
        let wave = &inputs.wave;
        let mut add = |name, value: Option<f64>| out.extend(value.map(|value| (name, value)));
        add("cipher_a_wt1", wave.wt1);
        add("cipher_a_wt2", wave.wt2);
        add(
            "cipher_a_zone",
            wave.wt2.map(|w| self.levels.zone(w).into()),
        );
        add("cipher_a_wave_flat", wave.flat.then_some(1.0));
        let flag = |reading: Option<Reading>| reading.and_then(Reading::flag);
        add("cipher_a_rsi", inputs.rsi.map(|r| r.value));
        add("cipher_a_rsi_flat", flag(inputs.rsi));
        add("cipher_a_money_flow", self.money_flow().map(|r| r.value));
        add("cipher_a_money_flow_flat", flag(self.money_flow()));
        const NAMES: [&str; ribbon::LINES] = ["e1", "e2", "e3", "e4", "e5", "e6", "e7", "e8"];
        if let Some(lines) = &inputs.ribbon {
            out.extend(NAMES.into_iter().zip(*lines));
            out.push(("trend_dot", trend_dot(lines, inputs.close).into()));
            out.push(("ribbon_strength", strength(lines, inputs.close)));
        }
        if self.is_warm() {
            out.push(("signal_a", self.score.signal.into()));
            out.push(("confidence_a", self.score.confidence));
        }
    }
}
