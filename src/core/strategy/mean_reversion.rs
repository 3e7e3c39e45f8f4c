//! Mean reversion: a close far from the mean of its window is expected to come back.
//!
//! z = (close - SMA)/sd, sd the population standard deviation of the window. Long from z <= -std_dev,
//! short from z >= std_dev, only where sd/SMA is at least `min_volatility` and ADX14 is below 30: a
//! trend does not revert. Strength = min(1, |z|/3). The target is the way back to the SMA, the stop
//! one standard deviation, at least the least stop of the risk rules; no ATR widens it. A way back
//! that is worth less than the least profit refuses the entry, with that as its reason. A position
//! is left when z is back at 0 or after `max_hold` bars. Without spread there is no z, and nothing
//! happens.

use super::decision::{
    CandleView, Context, LEAST_STRENGTH, OwnRefusal, Reply, Strategy, close, hold, percentage,
    size_pct,
};
use super::mean_reversion_rules::list;
use super::rules::Rule;
use crate::indicators::compare::{PERCENT, above, below, is_zero, round9};
use crate::indicators::{Adx, Reading, StandardDeviation};
use crate::records::{Action, Check, CheckOutcome, Proposal};
use crate::settings::MeanReversionSettings;
use crate::units::{Decimal, Side};
use serde::{Deserialize, Serialize};

/// ADX from which a market counts as trending.
pub(super) const TRENDING_ADX: f64 = 30.0;
const ADX_LENGTH: usize = 14;
/// Distance from the mean in standard deviations that has strength 1.
const FULL_STRENGTH: f64 = 3.0;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MeanReversion {
    settings: MeanReversionSettings,
    spread: StandardDeviation,
    adx: Adx,
    now: Option<Values>,
}

/// What the candle observed last amounts to.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Values {
    pub mean: f64,
    /// Population standard deviation of the window's closes.
    pub deviation: f64,
    /// Distance of the close from the mean in standard deviations; flat where there are none.
    pub z: Reading,
    /// Deviation as a fraction of the mean.
    pub volatility: f64,
    /// 0 to 1.
    pub strength: f64,
    /// Way from the close to the mean in % of the close, half-even to 4 decimals.
    pub target_pct: Option<Decimal>,
    /// The deviation in % of the close, at least the least stop.
    pub stop_pct: Option<Decimal>,
}

/// What refuses a way back that is worth too little; the gate's check of that has the same name.
const MIN_PROFIT: &str = "min_profit";

/// Smallest percentage that a target can have.
const SMALLEST_PCT: Decimal = Decimal::new(1, 4);

/// Closed candles until each value is there.
pub(super) fn warm_up(settings: &MeanReversionSettings) -> usize {
    settings.window.max(2 * ADX_LENGTH)
}

impl MeanReversion {
    pub fn new(settings: MeanReversionSettings) -> Self {
        Self {
            spread: StandardDeviation::new(settings.window),
            adx: Adx::new(ADX_LENGTH),
            now: None,
            settings,
        }
    }

    pub(super) fn settings(&self) -> &MeanReversionSettings {
        &self.settings
    }

    pub(super) fn values(&self) -> Option<&Values> {
        self.now.as_ref()
    }

    pub(super) fn adx(&self) -> Option<f64> {
        self.adx.value()
    }

    fn evaluate(&self, price: f64) -> Option<Values> {
        let spread = self.spread.value()?;
        let z = if is_zero(spread.deviation, price) {
            Reading::flat(0.0)
        } else {
            Reading::of((price - spread.mean) / spread.deviation)
        };
        let strength = (z.value.abs() / FULL_STRENGTH).min(1.0);
        let of_price = |distance: f64| percentage(distance / price * 100.0);
        let least = self.settings.min_stop_loss_pct;
        Some(Values {
            mean: spread.mean,
            deviation: spread.deviation,
            z,
            volatility: spread.deviation / spread.mean,
            strength: round9(strength),
            target_pct: of_price((price - spread.mean).abs()),
            stop_pct: of_price(spread.deviation).map(|stop| stop.max(least)),
        })
    }

    /// The close is far enough from the mean for an entry on this side.
    pub(super) fn is_stretched(&self, side: Side) -> bool {
        let away = self.settings.std_dev;
        self.now
            .and_then(|now| now.z.meaningful())
            .is_some_and(|z| match side {
                Side::Buy => !above(z, -away, 1.0),
                Side::Sell => !below(z, away, 1.0),
            })
    }

    pub(super) fn is_lively(&self) -> bool {
        let least = self.settings.min_volatility;
        self.now
            .is_some_and(|now| !below(now.volatility, least, 1.0))
    }

    pub(super) fn is_without_trend(&self) -> bool {
        self.adx()
            .is_some_and(|adx| below(adx, TRENDING_ADX, PERCENT))
    }

    pub(super) fn is_strong_enough(&self) -> bool {
        self.now.is_some_and(|now| now.strength >= LEAST_STRENGTH)
    }

    /// What the way back must be worth, in %.
    pub(super) fn least_target_pct(&self) -> Decimal {
        self.settings.min_profit_pct.max(SMALLEST_PCT)
    }

    pub(super) fn is_worthwhile(&self) -> bool {
        self.now
            .and_then(|now| now.target_pct)
            .is_some_and(|target| target >= self.least_target_pct())
    }

    /// The close is back at the mean, for a position of this side.
    pub(super) fn is_back(&self, side: Side) -> bool {
        self.now
            .and_then(|now| now.z.meaningful())
            .is_some_and(|z| match side {
                Side::Buy => !below(z, 0.0, 1.0),
                Side::Sell => !above(z, 0.0, 1.0),
            })
    }

    pub(super) fn is_held_too_long(&self, bars: u32) -> bool {
        bars >= self.settings.max_hold
    }

    /// The entry that z asks for, whatever its target is worth.
    fn entry(&self) -> Option<Proposal> {
        let now = self.now?;
        let mut sides = [Side::Buy, Side::Sell].into_iter();
        let side = sides.find(|side| self.is_stretched(*side))?;
        let wanted = self.is_lively() && self.is_without_trend();
        let size = size_pct(now.strength).filter(|_| wanted)?;
        let (action, rationale) = match side {
            Side::Buy => (Action::Long, "close far below its mean"),
            Side::Sell => (Action::Short, "close far above its mean"),
        };
        Some(Proposal {
            action,
            strength: now.strength,
            confidence: now.strength,
            size_pct: size,
            take_profit_pct: now.target_pct,
            stop_loss_pct: now.stop_pct,
            leverage: None,
            rationale: rationale.to_owned(),
        })
    }

    /// Why the entry is not worth its way.
    fn too_little(&self, proposal: Proposal) -> OwnRefusal {
        let least = self.least_target_pct();
        let target = proposal.take_profit_pct.unwrap_or_default();
        OwnRefusal {
            proposal,
            check: Check {
                name: MIN_PROFIT,
                outcome: CheckOutcome::Refused,
                value: Some(target),
                limit: Some(least),
                margin: Some(target - least),
            },
        }
    }
}

impl Strategy for MeanReversion {
    fn name(&self) -> &'static str {
        "mean_reversion"
    }

    fn observe(&mut self, candle: &CandleView) {
        self.spread.update(candle.close);
        self.adx.update(candle.high, candle.low, candle.close);
        self.now = self.evaluate(candle.close);
    }

    fn reset(&mut self) {
        *self = Self::new(self.settings.clone());
    }

    fn propose(&mut self, context: &Context<'_>) -> Reply {
        if let Some(position) = context.position {
            if self.is_back(position.side) {
                return Reply::Decide(close(1.0, "close is back at its mean".to_owned()));
            }
            if self.is_held_too_long(position.bars_held) {
                return Reply::Decide(close(1.0, "held for max_hold bars".to_owned()));
            }
        }
        match self.entry() {
            Some(entry) if self.is_worthwhile() => Reply::Decide(entry),
            Some(entry) if context.position.is_none() => {
                Reply::Refuse(Box::new(self.too_little(entry)))
            }
            _ => Reply::Decide(hold()),
        }
    }

    fn save(&self) -> serde_json::Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    fn load(&mut self, state: &serde_json::Value) -> Result<(), String> {
        let loaded =
            Self::deserialize(state).map_err(|error| format!("mean_reversion: {error}"))?;
        if loaded.settings != self.settings {
            return Err("mean_reversion: saved with other settings".to_owned());
        }
        *self = loaded;
        Ok(())
    }

    fn indicators(&self, out: &mut Vec<(&'static str, f64)>) {
        if let Some(now) = &self.now {
            out.push(("sma", now.mean));
            out.push(("deviation", now.deviation));
            out.push(("z", now.z.value));
            out.extend(now.z.flag().map(|flag| ("z_flat", flag)));
            out.push(("volatility", now.volatility));
        }
        if let Some(adx) = self.adx() {
            out.push(("adx14", adx));
        }
    }

    fn rules(&self, context: &Context<'_>, out: &mut Vec<Rule>) {
        list(self, context, out);
    }
}

#[cfg(test)]
#[path = "mean_reversion_tests.rs"]
mod tests;
