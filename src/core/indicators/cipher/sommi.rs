//! The Sommi signals: a crossing of the wave that longer frames agree with.
//!
//! The flag asks the wave of 720-minute candles, the diamond the colours of Heikin-Ashi candles of 60
//! and 240 minutes, each of the last closed candle. Longer candles are made from the strategy's own;
//! where these do not add up to a frame, or it is not warm, the signal is absent. Live, where history
//! is much shorter than a frame's warm-up, the venue's own longer candles come first ([`WARM_UP`]).

use super::clause::{Clause, Judge};
use super::presets::SommiLevels;
use super::signal::Signal;
use crate::indicators::CandleView;
use crate::indicators::Relation::{Above, AtLeast, AtMost, Below};
use crate::indicators::heikin_ashi::{Colour, HeikinAshi};
use crate::indicators::higher_frame::{FrameCandle, HigherFrame};
use crate::indicators::wavetrend::{Crossing, Wave, WaveLengths};
use crate::indicators::{Reading, WaveTrend};
use crate::market::Interval;
use crate::units::Span;
use crate::units::stamp::SECOND;
use serde::{Deserialize, Serialize};

/// Lengths of the frames, minutes.
const WAVE_FRAME: i64 = 720;
const SHORT_FRAME: i64 = 60;
const LONG_FRAME: i64 = 240;

/// Lengths of the venue's candles that warm the frames up, the longer first, one after the other: the
/// first in days, the second up to the last hour.
pub const WARM_UP: [Interval; 2] = [Interval::SIX_HOURS, Interval::HOUR];

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
        self.take(candle, HigherFrame::update)
    }

    /// Takes up a closed candle of the venue's that is longer than the strategy's own.
    pub fn warm_up(&mut self, candle: &CandleView, length: Interval) {
        self.take(candle, |frame, candle| frame.warm_up(candle, length.span()));
    }

    /// How much of the past the frames of these lengths want, until each has a value.
    pub fn span(lengths: WaveLengths) -> Span {
        // One more: the first may be covered in part only.
        let candles = lengths.warm_up() as i64 + 1;
        Span(candles.saturating_mul(WAVE_FRAME * 60 * SECOND))
    }

    #[inline]
    fn take(
        &mut self,
        candle: &CandleView,
        closes: impl Fn(&mut HigherFrame, &CandleView) -> Option<FrameCandle>,
    ) -> FrameInputs {
        if let Some((frame, trend)) = &mut self.wave
            && let Some(closed) = closes(frame, candle)
        {
            let wave = trend.update(closed.high, closed.low, closed.close);
            self.now.vwap = wave.difference();
        }
        for (frames, colour) in [
            (&mut self.short, &mut self.now.short),
            (&mut self.long, &mut self.now.long),
        ] {
            if let Some((frame, candles)) = frames
                && let Some(closed) = closes(frame, candle)
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
