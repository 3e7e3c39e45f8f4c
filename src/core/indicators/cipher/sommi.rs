//! The Sommi signals: a crossing of the wave that longer frames agree with.
//!
//! The flag asks the wave of 720-minute candles, the diamond the colours of Heikin-Ashi candles of 60
//! and 240 minutes, each of the last closed candle. Longer candles are made from the strategy's own;
//! where these do not add up to a frame, or it is not warm, the signal is absent.

use super::clause::{Clause, Judge};
use super::presets::SommiLevels;
use super::signal::Signal;
use crate::indicators::CandleView;
use crate::indicators::Relation::{Above, AtLeast, AtMost, Below};
use crate::indicators::heikin_ashi::{Colour, HeikinAshi};
use crate::indicators::higher_frame::HigherFrame;
use crate::indicators::wavetrend::{Crossing, Wave, WaveLengths};
use crate::indicators::{Reading, WaveTrend};
use crate::market::Interval;
use serde::{Deserialize, Serialize};

/// Lengths of the frames, minutes.
const WAVE_FRAME: i64 = 720;
const SHORT_FRAME: i64 = 60;
const LONG_FRAME: i64 = 240;

/// What the longer frames say, each of its last closed candle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FrameInputs {
    /// wt1 - wt2 of 720-minute candles.
    pub vwap: Option<Reading>,
    /// Of 60-minute Heikin-Ashi candles.
    pub short: Option<Colour>,
    /// Of 240-minute Heikin-Ashi candles.
    pub long: Option<Colour>,
}

/// The longer frames over closed candles.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Frames {
    wave: Option<(HigherFrame, WaveTrend)>,
    short: Option<(HigherFrame, HeikinAshi)>,
    long: Option<(HigherFrame, HeikinAshi)>,
    now: FrameInputs,
}

impl Frames {
    pub fn new(lengths: WaveLengths, interval: Interval) -> Self {
        let colours = |minutes| {
            HigherFrame::new(minutes, interval).map(|frame| (frame, HeikinAshi::default()))
        };
        Self {
            wave: HigherFrame::new(WAVE_FRAME, interval)
                .map(|frame| (frame, WaveTrend::new(lengths))),
            short: colours(SHORT_FRAME),
            long: colours(LONG_FRAME),
            now: FrameInputs::default(),
        }
    }

    /// Takes up a closed candle; a longer one that ends with it counts as closed.
    pub fn update(&mut self, candle: &CandleView) -> FrameInputs {
        if let Some((frame, trend)) = &mut self.wave
            && let Some(closed) = frame.update(candle)
        {
            let wave = trend.update(closed.high, closed.low, closed.close);
            self.now.vwap = wave.difference();
        }
        for (frames, colour) in [
            (&mut self.short, &mut self.now.short),
            (&mut self.long, &mut self.now.long),
        ] {
            if let Some((frame, candles)) = frames
                && let Some(closed) = frame.update(candle)
            {
                let next = candles.update(closed.open, closed.high, closed.low, closed.close);
                *colour = Some(next);
            }
        }
        self.now
    }
}

/// Hands the Sommi rules to `judge`.
pub fn judge_all(
    wave: &Wave,
    money_flow: Option<Reading>,
    frames: &FrameInputs,
    levels: &SommiLevels,
    judge: &mut impl Judge,
) {
    let up = Clause::wave("wt1", wave, Crossing::Up);
    let down = Clause::wave("wt1", wave, Crossing::Down);
    let wt2 = |relation, level| Clause::oscillator("wt2", wave.slow(), relation, level);
    let flow = |relation, level| Clause::flow("money_flow", money_flow, relation, level);
    let vwap = |relation, level| Clause::oscillator("vwap of 12h", frames.vwap, relation, level);
    let colours = |wanted| {
        let short = Clause::colour("green candle of 1h", frames.short, wanted);
        (
            short,
            Clause::colour("green candle of 4h", frames.long, wanted),
        )
    };
    judge.rule(
        Signal::SommiFlagBear,
        [
            flow(Below, levels.flag_money_flow_bear),
            wt2(Above, levels.flag_wave_bear),
            down,
            vwap(Below, levels.flag_vwap_bear),
        ],
    );
    judge.rule(
        Signal::SommiFlagBull,
        [
            flow(Above, levels.flag_money_flow_bull),
            wt2(Below, levels.flag_wave_bull),
            up,
            vwap(Above, levels.flag_vwap_bull),
        ],
    );
    let (short, long) = colours(Colour::Red);
    judge.rule(
        Signal::SommiDiamondBear,
        [wt2(AtLeast, levels.diamond_wave_bear), down, short, long],
    );
    let (short, long) = colours(Colour::Green);
    judge.rule(
        Signal::SommiDiamondBull,
        [wt2(AtMost, levels.diamond_wave_bull), up, short, long],
    );
}
