//! Momentum: two kinds of averages crossing, RSI, breakout, confirmed by volume.
//!
//! Signals of a closed candle, each bullish, bearish or silent: the short SMA crosses the long one
//! on this candle; the EMAs likewise; RSI14 above 50 and rising (below 50 and falling); close beyond
//! the extreme of the bars before by `entry_threshold`. Long length = lookback, short = half of it.
//! Three or more on one side with volume and a trend beyond 0.3 %: strength 0.9; two or more
//! unopposed: 0.7 with volume, else 0.5; a breakout with volume: 0.6.

use super::decision::{CandleView, Context, Reply, Strategy, close, enter, hold};
use crate::core::indicators::compare::{PERCENT, above, below, crosses_over, crosses_under};
use crate::core::indicators::{Atr, Ema, Reading, RollingMax, RollingMin, Rsi, Sma};
use crate::core::settings::MomentumSettings;
use crate::core::units::Side;
use serde::{Deserialize, Serialize};

/// Volume must exceed its average by this factor.
const VOLUME_FACTOR: f64 = 1.5;
/// Trend beyond which three signals count as strong.
const STRONG_TREND: f64 = 0.003;
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
    now: Values,
    before: Values,
    /// Extremes of the bars before this one.
    range: Option<(f64, f64)>,
    last_volume: f64,
}

#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Values {
    sma: Option<(f64, f64)>,
    ema: Option<(f64, f64)>,
    rsi: Option<Reading>,
}

/// Bullish, bearish or silent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Votes {
    bull: u32,
    bear: u32,
}

impl Votes {
    fn add(&mut self, bull: bool, bear: bool) {
        self.bull += u32::from(bull);
        self.bear += u32::from(bear);
    }
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

    fn volume_confirms(&self) -> bool {
        if !self.settings.use_volume {
            return true;
        }
        self.volume
            .value()
            .is_some_and(|average| above(self.last_volume, VOLUME_FACTOR * average, average))
    }

    /// Close beyond the extremes of the bars before, as (up, down).
    fn breakout(&self, close: f64) -> (bool, bool) {
        let threshold = self.settings.entry_threshold;
        self.range.map_or((false, false), |(high, low)| {
            (
                above(close, (1.0 + threshold) * high, close),
                below(close, (1.0 - threshold) * low, close),
            )
        })
    }

    /// 0.6 (p - short)/short + 0.4 (short - long)/long.
    fn trend(&self, close: f64) -> Option<f64> {
        self.now
            .sma
            .map(|(short, long)| 0.6 * (close - short) / short + 0.4 * (short - long) / long)
    }

    fn exit(&self, side: Side, best_close: Option<f64>, close_price: f64) -> Option<&'static str> {
        let (over, under) = Self::cross(self.now.sma, self.before.sma, close_price);
        let against = match side {
            Side::Buy => under,
            Side::Sell => over,
        };
        if against {
            return Some("SMA cross against the position");
        }
        let threshold = self.settings.exit_threshold;
        let given_back = best_close.is_some_and(|best| match side {
            Side::Buy => below(close_price, (1.0 - threshold) * best, close_price),
            Side::Sell => above(close_price, (1.0 + threshold) * best, close_price),
        });
        given_back.then_some("close gave back the exit threshold")
    }

    fn votes(&self, close: f64) -> Votes {
        let mut votes = Votes::default();
        let (over, under) = Self::cross(self.now.sma, self.before.sma, close);
        votes.add(over, under);
        let (over, under) = Self::cross(self.now.ema, self.before.ema, close);
        votes.add(over, under);
        // A flat RSI is neutral, also as what another is compared with.
        let usable = |rsi: Option<Reading>| rsi.and_then(Reading::meaningful);
        if let Some((now, before)) = usable(self.now.rsi).zip(usable(self.before.rsi)) {
            votes.add(
                above(now, 50.0, PERCENT) && above(now, before, PERCENT),
                below(now, 50.0, PERCENT) && below(now, before, PERCENT),
            );
        }
        let (up, down) = self.breakout(close);
        votes.add(up, down);
        votes
    }

    /// Side and strength of an entry, if there is one.
    fn entry(&self, close: f64) -> Option<(Side, f64, &'static str)> {
        let votes = self.votes(close);
        let volume = self.volume_confirms();
        let strong = self
            .trend(close)
            .is_some_and(|trend| above(trend.abs(), STRONG_TREND, 1.0));
        let (side, same, opposite) = if votes.bull >= votes.bear {
            (Side::Buy, votes.bull, votes.bear)
        } else {
            (Side::Sell, votes.bear, votes.bull)
        };
        if same >= 3 && volume && strong {
            return Some((side, 0.9, "three signals, volume and trend"));
        }
        if same >= 2 && opposite == 0 {
            return Some(if volume {
                (side, 0.7, "two signals unopposed, with volume")
            } else {
                (side, 0.5, "two signals unopposed, without volume")
            });
        }
        match self.breakout(close) {
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
        add("atr14", self.atr.value());
        add("volume", Some(self.last_volume));
        add("volume_average", self.volume.value());
        add("highest_before", self.range.map(|r| r.0));
        add("lowest_before", self.range.map(|r| r.1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::market::{Instrument, ProductKind};
    use crate::core::records::{Action, Proposal};
    use crate::core::strategy::PositionView;
    use crate::core::units::{Decimal, Price, Timestamp};

    fn settings() -> MomentumSettings {
        MomentumSettings {
            lookback: 20,
            entry_threshold: 0.002,
            exit_threshold: 0.01,
            use_volume: true,
        }
    }

    fn instrument() -> Instrument {
        Instrument {
            symbol: "BTC-USD".into(),
            kind: ProductKind::Spot,
            currency: "USD".into(),
            tick: Decimal::new(1, 2),
            lot: Decimal::new(1, 8),
            contract_value: Decimal::ONE,
            min_quantity: Decimal::ZERO,
            min_notional: Decimal::ZERO,
            maker_fee: None,
            taker_fee: None,
            origin: String::new(),
        }
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
            Reply::Ask { .. } => panic!("momentum asks nobody"),
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
            })
        };
        let flat = vec![100.0; 60];
        assert_eq!(run(&flat, 10.0, long(101.0)).action, Action::Hold);
        assert_eq!(run(&flat, 10.0, long(101.1)).action, Action::Close);
        let short = Some(PositionView {
            side: Side::Sell,
            best_close: Some(98.9),
        });
        assert_eq!(run(&flat, 10.0, short).action, Action::Close);
    }

    #[test]
    fn a_cross_against_the_position_closes_it() {
        let long = Some(PositionView {
            side: Side::Buy,
            best_close: None,
        });
        let rising: Vec<f64> = (0..40)
            .map(|i| 100.0 + 0.01 * f64::from(i))
            .chain([98.0])
            .collect();
        assert_eq!(run(&rising, 10.0, long).action, Action::Close);
    }
}
