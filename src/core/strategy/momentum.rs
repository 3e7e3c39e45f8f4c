//! Momentum: two kinds of averages crossing, RSI, breakout, confirmed by volume.
//!
//! Signals of a closed candle, each bullish, bearish or silent: the short SMA crosses the long one
//! on this candle; the EMAs likewise; RSI14 above 50 and rising (below 50 and falling); close beyond
//! the extreme of the bars before by `entry_threshold`. Long length = lookback, short = half of it.
//! Three or more on one side with volume and a trend beyond 0.3 %: strength 0.9; two or more
//! unopposed: 0.7 with volume, else 0.5; a breakout with volume: 0.6.

use super::decision::{CandleView, Context, Reply, Strategy, close, enter, hold};
use super::momentum_rules::list;
use super::rules::Rule;
use crate::indicators::compare::{PERCENT, above, below, crosses_over, crosses_under};
use crate::indicators::{Atr, Ema, Reading, RollingMax, RollingMin, Rsi, Sma};
use crate::settings::MomentumSettings;
use crate::units::Side;
use serde::{Deserialize, Serialize};

/// Volume must exceed its average by this factor.
pub(super) const VOLUME_FACTOR: f64 = 1.5;
/// Trend beyond which three signals count as strong.
pub(super) const STRONG_TREND: f64 = 0.003;
const RSI_LENGTH: usize = 14;
const ATR_LENGTH: usize = 14;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Momentum {
    settings: MomentumSettings,
    sma: (Sma, Sma),
    ema: (Ema, Ema),
    rsi: Rsi,
    atr: Atr,
    volume: Sma,
    highest: RollingMax,
    lowest: RollingMin,
    /// Values of this and the previous candle.
    pub(super) now: Values,
    pub(super) before: Values,
    /// Extremes of the bars before this one.
    pub(super) range: Option<(f64, f64)>,
    pub(super) last_volume: f64,
}

/// Averages as (short, long).
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(super) struct Values {
    pub sma: Option<(f64, f64)>,
    pub ema: Option<(f64, f64)>,
    pub rsi: Option<Reading>,
}

/// What each signal says, as (bullish, bearish); never both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Signals {
    pub sma: (bool, bool),
    pub ema: (bool, bool),
    pub rsi: (bool, bool),
    pub breakout: (bool, bool),
}

impl Signals {
    /// How many speak for this side.
    pub fn count(self, side: Side) -> u32 {
        [self.sma, self.ema, self.rsi, self.breakout]
            .into_iter()
            .map(|signal| u32::from(of(side, signal)))
            .sum()
    }
}

/// The side's half of a pair (bullish, bearish).
pub(super) fn of<T>(side: Side, pair: (T, T)) -> T {
    match side {
        Side::Buy => pair.0,
        Side::Sell => pair.1,
    }
}

/// Closed candles until each value is there, and one before it to compare with.
pub(super) fn warm_up(settings: &MomentumSettings) -> usize {
    settings.lookback.max(RSI_LENGTH + 1).max(ATR_LENGTH + 1) + 1
}

impl Momentum {
    pub fn new(settings: MomentumSettings) -> Self {
        let long = settings.lookback;
        let short = (long / 2).max(1);
        Self {
            sma: (Sma::new(short), Sma::new(long)),
            ema: (Ema::new(short), Ema::new(long)),
            rsi: Rsi::new(RSI_LENGTH),
            atr: Atr::new(ATR_LENGTH),
            volume: Sma::new(short),
            highest: RollingMax::new(long),
            lowest: RollingMin::new(long),
            now: Values::default(),
            before: Values::default(),
            range: None,
            last_volume: 0.0,
            settings,
        }
    }

    pub(super) fn settings(&self) -> &MomentumSettings {
        &self.settings
    }

    /// Whether the short average of a pair crossed the long one on this candle, as (over, under).
    fn cross(now: Option<(f64, f64)>, before: Option<(f64, f64)>, scale: f64) -> (bool, bool) {
        match (now, before) {
            (Some((short, long)), Some((short_before, long_before))) => (
                crosses_over(short, long, short_before, long_before, scale),
                crosses_under(short, long, short_before, long_before, scale),
            ),
            _ => (false, false),
        }
    }

    /// RSI above 50, or below it. A flat RSI is neutral.
    pub(super) fn rsi_beyond(&self) -> (bool, bool) {
        let now = self.now.rsi.and_then(Reading::meaningful);
        now.map_or((false, false), |now| {
            (above(now, 50.0, PERCENT), below(now, 50.0, PERCENT))
        })
    }

    /// RSI rising, or falling. A flat RSI is neutral, also as what another is compared with.
    pub(super) fn rsi_moves(&self) -> (bool, bool) {
        let usable = |rsi: Option<Reading>| rsi.and_then(Reading::meaningful);
        let pair = usable(self.now.rsi).zip(usable(self.before.rsi));
        pair.map_or((false, false), |(now, before)| {
            (above(now, before, PERCENT), below(now, before, PERCENT))
        })
    }

    /// RSI above 50 and rising, or below 50 and falling.
    fn rsi_signal(&self) -> (bool, bool) {
        let (beyond, moves) = (self.rsi_beyond(), self.rsi_moves());
        (beyond.0 && moves.0, beyond.1 && moves.1)
    }

    /// What the close must exceed, and what it must fall below, to break out.
    pub(super) fn breakout_levels(&self) -> Option<(f64, f64)> {
        let threshold = self.settings.entry_threshold;
        self.range
            .map(|(high, low)| ((1.0 + threshold) * high, (1.0 - threshold) * low))
    }

    pub(super) fn signals(&self, close: f64) -> Signals {
        Signals {
            sma: Self::cross(self.now.sma, self.before.sma, close),
            ema: Self::cross(self.now.ema, self.before.ema, close),
            rsi: self.rsi_signal(),
            breakout: self
                .breakout_levels()
                .map_or((false, false), |(high, low)| {
                    (above(close, high, close), below(close, low, close))
                }),
        }
    }

    pub(super) fn volume_average(&self) -> Option<f64> {
        self.volume.value()
    }

    pub(super) fn volume_confirms(&self) -> bool {
        !self.settings.use_volume
            || self
                .volume
                .value()
                .is_some_and(|average| above(self.last_volume, VOLUME_FACTOR * average, average))
    }

    /// 0.6 (p - short)/short + 0.4 (short - long)/long.
    pub(super) fn trend(&self, close: f64) -> Option<f64> {
        self.now
            .sma
            .map(|(short, long)| 0.6 * (close - short) / short + 0.4 * (short - long) / long)
    }

    pub(super) fn is_trending(&self, close: f64) -> bool {
        self.trend(close)
            .is_some_and(|trend| above(trend.abs(), STRONG_TREND, 1.0))
    }

    /// The averages crossed on this candle against a position of this side.
    pub(super) fn crosses_against(&self, side: Side, close: f64) -> bool {
        of(
            side.opposite(),
            Self::cross(self.now.sma, self.before.sma, close),
        )
    }

    /// The close at which a position has given back what it may, of its best close.
    pub(super) fn give_back_level(&self, side: Side, best: f64) -> f64 {
        let threshold = self.settings.exit_threshold;
        best * of(side, (1.0 - threshold, 1.0 + threshold))
    }

    pub(super) fn gives_back(&self, side: Side, best_close: Option<f64>, close: f64) -> bool {
        best_close.is_some_and(|best| {
            let level = self.give_back_level(side, best);
            of(
                side,
                (below(close, level, close), above(close, level, close)),
            )
        })
    }

    fn exit(&self, side: Side, best_close: Option<f64>, close: f64) -> Option<&'static str> {
        if self.crosses_against(side, close) {
            return Some("SMA cross against the position");
        }
        self.gives_back(side, best_close, close)
            .then_some("close gave back the exit threshold")
    }

    /// Side and strength of an entry, if there is one.
    fn entry(&self, close: f64) -> Option<(Side, f64, &'static str)> {
        let signals = self.signals(close);
        let volume = self.volume_confirms();
        let (bull, bear) = (signals.count(Side::Buy), signals.count(Side::Sell));
        let (side, same, opposite) = if bull >= bear {
            (Side::Buy, bull, bear)
        } else {
            (Side::Sell, bear, bull)
        };
        if same >= 3 && volume && self.is_trending(close) {
            return Some((side, 0.9, "three signals, volume and trend"));
        }
        if same >= 2 && opposite == 0 {
            return Some(if volume {
                (side, 0.7, "two signals unopposed, with volume")
            } else {
                (side, 0.5, "two signals unopposed, without volume")
            });
        }
        match signals.breakout {
            (true, _) if volume => Some((Side::Buy, 0.6, "breakout with volume")),
            (_, true) if volume => Some((Side::Sell, 0.6, "breakout with volume")),
            _ => None,
        }
    }
}

impl Strategy for Momentum {
    fn name(&self) -> &'static str {
        "momentum"
    }

    fn observe(&mut self, candle: &CandleView) {
        self.before = self.now;
        self.range = self.highest.value().zip(self.lowest.value());
        self.highest.update(candle.high);
        self.lowest.update(candle.low);
        let close = candle.close;
        self.now = Values {
            sma: self.sma.0.update(close).zip(self.sma.1.update(close)),
            ema: self.ema.0.update(close).zip(self.ema.1.update(close)),
            rsi: self.rsi.update(close),
        };
        self.atr.update(candle.high, candle.low, close);
        self.volume.update(candle.volume);
        self.last_volume = candle.volume;
    }

    fn reset(&mut self) {
        *self = Self::new(self.settings.clone());
    }

    fn propose(&mut self, context: &Context<'_>) -> Reply {
        let price = context.candle.close;
        if let Some(position) = context.position
            && let Some(reason) = self.exit(position.side, position.best_close, price)
        {
            return Reply::Decide(close(1.0, reason.to_owned()));
        }
        Reply::Decide(match self.entry(price) {
            Some((side, strength, why)) => {
                enter(side, strength, self.atr.value(), price, why.to_owned())
            }
            None => hold(),
        })
    }

    fn save(&self) -> serde_json::Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    fn load(&mut self, state: &serde_json::Value) -> Result<(), String> {
        let loaded = Self::deserialize(state).map_err(|error| format!("momentum: {error}"))?;
        if loaded.settings != self.settings {
            return Err("momentum: saved with other settings".to_owned());
        }
        *self = loaded;
        Ok(())
    }

    fn indicators(&self, out: &mut Vec<(&'static str, f64)>) {
        let mut add = |name, value: Option<f64>| {
            if let Some(value) = value {
                out.push((name, value));
            }
        };
        add("sma_short", self.now.sma.map(|s| s.0));
        add("sma_long", self.now.sma.map(|s| s.1));
        add("ema_short", self.now.ema.map(|s| s.0));
        add("ema_long", self.now.ema.map(|s| s.1));
        add("rsi14", self.now.rsi.map(|r| r.value));
        add("rsi14_flat", self.now.rsi.and_then(Reading::flag));
        add("atr14", self.atr.value());
        add("volume", Some(self.last_volume));
        add("volume_average", self.volume.value());
        add("highest_before", self.range.map(|r| r.0));
        add("lowest_before", self.range.map(|r| r.1));
    }

    fn rules(&self, context: &Context<'_>, out: &mut Vec<Rule>) {
        list(self, context, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::market::{Instrument, ProductKind};
    use crate::records::{Action, Proposal};
    use crate::strategy::PositionView;
    use crate::units::{Decimal, Price, Timestamp};

    fn settings() -> MomentumSettings {
        MomentumSettings {
            lookback: 20,
            entry_threshold: 0.002,
            exit_threshold: 0.01,
            use_volume: true,
        }
    }

    fn instrument() -> Instrument {
        Instrument::linear(
            "BTC-USD",
            ProductKind::Spot,
            "USD",
            Decimal::new(1, 2),
            Decimal::new(1, 8),
        )
    }

    /// Feeds closes with the given volume of the last bar and returns what is proposed there.
    fn run(closes: &[f64], last_volume: f64, position: Option<PositionView>) -> Proposal {
        let mut momentum = Momentum::new(settings());
        let mut view = None;
        for (index, close) in closes.iter().enumerate() {
            let candle = CandleView {
                open_time: Timestamp::default(),
                open: *close,
                high: *close,
                low: *close,
                close: *close,
                volume: if index + 1 == closes.len() {
                    last_volume
                } else {
                    10.0
                },
            };
            momentum.observe(&candle);
            view = Some(candle);
        }
        let instrument = instrument();
        let candle = view.unwrap();
        match momentum.propose(&Context {
            instrument: &instrument,
            candle: &candle,
            mark: Price(1),
            position,
        }) {
            Reply::Decide(proposal) => proposal,
            Reply::Ask { .. } | Reply::Refuse(_) => panic!("momentum asks nobody"),
        }
    }

    fn falling_then(last: &[f64]) -> Vec<f64> {
        let mut closes: Vec<f64> = (0..40).map(|i| 100.0 - 0.01 * f64::from(i)).collect();
        closes.extend(last);
        closes
    }

    #[test]
    fn a_flat_market_is_left_alone() {
        assert_eq!(run(&[100.0; 200], 1000.0, None).action, Action::Hold);
    }

    #[test]
    fn an_rsi_that_becomes_flat_is_no_fall() {
        let mut momentum = Momentum::new(settings());
        let rising = (0..30).map(|i| 100.0 + f64::from(i));
        let mut flagged = 0;
        for close in rising.chain([129.0; 500]).chain([129.5]) {
            momentum.observe(&CandleView {
                open_time: Timestamp::default(),
                open: close,
                high: close,
                low: close,
                close,
                volume: 10.0,
            });
            let flat = momentum.now.rsi.is_some_and(|rsi| rsi.flat);
            flagged += u32::from(flat);
            let mut shown = Vec::new();
            momentum.indicators(&mut shown);
            assert_eq!(shown.contains(&("rsi14_flat", 1.0)), flat);
            assert!(!momentum.signals(close).rsi.1, "RSI {:?}", momentum.now.rsi);
        }
        // From 100 it drops to a flagged 0; what comes next has nothing to be compared with.
        assert!(flagged > 100, "{flagged}");
        assert_eq!(momentum.signals(129.5).rsi, (false, false));
    }

    #[test]
    fn a_jump_with_volume_is_a_strong_entry_and_its_mirror_too() {
        // One bar up 2 %: both averages cross, RSI rises over 50, breakout.
        let up = run(&falling_then(&[102.0]), 100.0, None);
        assert_eq!((up.action, up.strength), (Action::Long, 0.9));
        let down: Vec<f64> = falling_then(&[102.0]).iter().map(|c| 200.0 - c).collect();
        let down = run(&down, 100.0, None);
        assert_eq!((down.action, down.strength), (Action::Short, 0.9));
    }

    #[test]
    fn without_volume_the_same_jump_is_weak() {
        let up = run(&falling_then(&[102.0]), 10.0, None);
        assert_eq!((up.action, up.strength), (Action::Long, 0.5));
    }

    #[test]
    fn the_second_bar_above_is_no_cross_any_more() {
        let next = run(&falling_then(&[102.0, 102.0]), 100.0, None);
        assert_eq!(next.action, Action::Hold);
    }

    #[test]
    fn volume_exactly_at_the_factor_does_not_confirm() {
        // Nine bars of 10 and one of v: v > 1.5 x (90 + v)/10 needs v above 15.88...
        let at = |v| run(&falling_then(&[102.0]), v, None).strength;
        assert_eq!(at(15.88), 0.5);
        assert_eq!(at(15.89), 0.9);
    }

    #[test]
    fn giving_back_the_threshold_closes_a_position() {
        let long = |best| {
            Some(PositionView {
                side: Side::Buy,
                best_close: Some(best),
                bars_held: 1,
            })
        };
        let flat = vec![100.0; 60];
        assert_eq!(run(&flat, 10.0, long(101.0)).action, Action::Hold);
        assert_eq!(run(&flat, 10.0, long(101.1)).action, Action::Close);
        let short = Some(PositionView {
            side: Side::Sell,
            best_close: Some(98.9),
            bars_held: 1,
        });
        assert_eq!(run(&flat, 10.0, short).action, Action::Close);
    }

    #[test]
    fn a_cross_against_the_position_closes_it() {
        let long = Some(PositionView {
            side: Side::Buy,
            best_close: None,
            bars_held: 0,
        });
        let rising: Vec<f64> = (0..40)
            .map(|i| 100.0 + 0.01 * f64::from(i))
            .chain([98.0])
            .collect();
        assert_eq!(run(&rising, 10.0, long).action, Action::Close);
    }
}
