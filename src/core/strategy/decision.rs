//! The seam between a strategy and the decision cycle.

use super::mean_reversion::MeanReversion;
use super::momentum::Momentum;
use super::rules::Rule;
use super::vumanchu::VuManChu;
pub use crate::indicators::CandleView;
use crate::indicators::CipherB;
use crate::input::Answer;
use crate::market::{Instrument, Interval};
use crate::records::{Action, Check, Proposal};
use crate::settings::StrategySettings;
use crate::units::{Decimal, Price, Side};

/// The open position, as far as a strategy may know it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PositionView {
    /// Buy = long.
    pub side: Side,
    /// Best close of the candles closed after the first entry fill, if any.
    pub best_close: Option<f64>,
    /// Candles closed after the first entry fill.
    pub bars_held: u32,
}

/// What a strategy may look at when it is asked.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    pub instrument: &'a Instrument,
    pub candle: &'a CandleView,
    /// Last traded price.
    pub mark: Price,
    pub position: Option<PositionView>,
}

/// An entry that the strategy's own rules stand against.
#[derive(Clone, Debug, PartialEq)]
pub struct OwnRefusal {
    /// The entry as it would have been.
    pub proposal: Proposal,
    /// What it fails, with value and limit.
    pub check: Check,
}

/// What a strategy says when it is asked about a closed candle.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    Decide(Proposal),
    /// An entry that it saw and does not want itself, for one of the stable reasons of the gate's
    /// checks: recorded and counted like an entry that the gate refused. Without a position only.
    Refuse(Box<OwnRefusal>),
    /// Ask a model; its answer comes to `answered`, seconds later or never.
    Ask {
        prompt: String,
    },
}

/// One strategy of one symbol. Deterministic: the same candles give the same replies.
pub trait Strategy: std::fmt::Debug + Send {
    fn name(&self) -> &'static str;

    /// Every closed candle, in order, whether or not anything will be decided on it.
    fn observe(&mut self, candle: &CandleView);

    /// A closed candle of the venue's that is longer than the strategy's own, from before these:
    /// for what looks at longer frames.
    fn warm_up(&mut self, candle: &CandleView, length: Interval) {
        let _ = (candle, length);
    }

    /// Forget everything: the series restarted after a long gap.
    fn reset(&mut self);

    /// Decide about the candle observed last.
    fn propose(&mut self, context: &Context<'_>) -> Reply;

    /// The answer to `Reply::Ask`, if it came in time. Strategies that never ask never get one.
    ///
    /// # Errors
    /// What kept it from deciding, in words: the decision is a HOLD with this text.
    fn answered(&mut self, answer: &Answer, context: &Context<'_>) -> Result<Proposal, String> {
        let _ = context;
        Err(match answer {
            Answer::Failed { text } => text.clone(),
            Answer::Text { .. } => format!("{} asked nothing", self.name()),
        })
    }

    /// Everything it remembers, for a snapshot; `load` of it must lead to the same replies.
    fn save(&self) -> serde_json::Value;

    /// Takes up what `save` gave.
    ///
    /// # Errors
    /// What does not fit, in words.
    fn load(&mut self, state: &serde_json::Value) -> Result<(), String>;

    /// Current indicator values by name, for the record.
    fn indicators(&self, out: &mut Vec<(&'static str, f64)>);

    /// Every rule of it on the candle observed last, with the values that each was held against.
    /// Asked only where a decision is to be explained; changes nothing.
    /// Strategies without fixed rules (a model's) have none.
    fn rules(&self, context: &Context<'_>, out: &mut Vec<Rule>) {
        let _ = (context, out);
    }

    /// The cipher B that it runs on every candle, so that the filter of entries need not run another.
    fn cipher_b(&self) -> Option<&CipherB> {
        None
    }
}

/// The strategy that the settings name, for candles of this length.
pub fn build(settings: &StrategySettings, interval: Interval) -> Box<dyn Strategy> {
    match settings {
        StrategySettings::Momentum(settings) => Box::new(Momentum::new(settings.clone())),
        StrategySettings::MeanReversion(settings) => Box::new(MeanReversion::new(settings.clone())),
        StrategySettings::VuManChu(settings) => {
            Box::new(VuManChu::new((**settings).clone(), interval))
        }
    }
}

/// Nothing to do. Allocates nothing.
pub fn hold() -> Proposal {
    Proposal {
        action: Action::Hold,
        strength: 0.0,
        confidence: 0.0,
        size_pct: Decimal::ZERO,
        take_profit_pct: None,
        stop_loss_pct: None,
        leverage: None,
        rationale: String::new(),
    }
}

/// Leave the position.
pub fn close(confidence: f64, rationale: String) -> Proposal {
    Proposal {
        action: Action::Close,
        strength: confidence,
        confidence,
        rationale,
        ..hold()
    }
}

/// Strength below which there is no entry.
pub const LEAST_STRENGTH: f64 = 0.4;

/// Common margins of rule strategies in % of equity: strength from 0.8 20, from 0.6 15, from 0.4 10,
/// below none.
pub fn size_pct(strength: f64) -> Option<Decimal> {
    let size = match strength {
        s if s >= 0.8 => 20,
        s if s >= 0.6 => 15,
        s if s >= LEAST_STRENGTH => 10,
        _ => return None,
    };
    Some(Decimal::from_int(size))
}

/// An entry with the common sizes and distances of rule strategies.
///
/// HOLD where the strength has no size. Take-profit and
/// stop-loss %: strong 3.0/1.0, normal 2.0/1.5, weak (below 0.6) 1.5/1.0; the stop is at least
/// 1.5 ATR and the target keeps the ratio. Percentages are rounded half-even to 4 decimals.
pub fn enter(
    side: Side,
    strength: f64,
    atr: Option<f64>,
    close: f64,
    rationale: String,
) -> Proposal {
    let Some(size) = size_pct(strength) else {
        return hold();
    };
    let (target, stop) = match strength {
        s if s >= 0.8 => (3.0, 1.0),
        s if s < 0.6 => (1.5, 1.0),
        _ => (2.0, 1.5),
    };
    let wide = atr.map_or(0.0, |atr| 1.5 * atr / close * 100.0);
    let (target, stop) = if wide > stop {
        (target * (wide / stop), wide)
    } else {
        (target, stop)
    };
    Proposal {
        action: match side {
            Side::Buy => Action::Long,
            Side::Sell => Action::Short,
        },
        strength,
        confidence: strength,
        size_pct: size,
        take_profit_pct: percentage(target),
        stop_loss_pct: percentage(stop),
        leverage: None,
        rationale,
    }
}

/// Half-even to 4 decimals; `None` for what is no percentage.
pub(super) fn percentage(value: f64) -> Option<Decimal> {
    Decimal::from_f64(value, 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_distances_follow_the_strength() {
        let entry = |strength| enter(Side::Buy, strength, None, 100.0, String::new());
        let d = |t: &str| Decimal::parse(t).unwrap();
        let strong = entry(0.9);
        assert_eq!(strong.size_pct, d("20"));
        assert_eq!(
            (strong.take_profit_pct, strong.stop_loss_pct),
            (Some(d("3")), Some(d("1")))
        );
        let normal = entry(0.7);
        assert_eq!(normal.size_pct, d("15"));
        assert_eq!(
            (normal.take_profit_pct, normal.stop_loss_pct),
            (Some(d("2")), Some(d("1.5")))
        );
        let weak = entry(0.5);
        assert_eq!(weak.size_pct, d("10"));
        assert_eq!(
            (weak.take_profit_pct, weak.stop_loss_pct),
            (Some(d("1.5")), Some(d("1")))
        );
        assert_eq!(entry(0.39).action, Action::Hold);
    }

    #[test]
    fn a_wide_range_widens_stop_and_target_alike() {
        let entry = enter(Side::Sell, 0.9, Some(2.0), 100.0, String::new());
        let d = |t: &str| Decimal::parse(t).unwrap();
        assert_eq!(entry.action, Action::Short);
        assert_eq!(entry.stop_loss_pct, Some(d("3")));
        assert_eq!(entry.take_profit_pct, Some(d("9")));
    }
}
