//! Donchian's channel: a close outside the range of the bars before it begins a trend.
//!
//! Long when the close is above the highest high of the `entry` bars before, short when it is below
//! their lowest low. A long is left when the close falls below the lowest low of the `exit` bars
//! before, a short when it rises above their highest high. Stop and target come from the common
//! distances, widened by ATR14. A channel without height means nothing, and nothing happens in it.

use minnow::core::indicators::compare::{above, below, is_zero};
use minnow::core::indicators::{Atr, RollingMax, RollingMin};
use minnow::core::records::Proposal;
use minnow::core::strategy::decision::{CandleView, close, enter, hold};
use minnow::core::strategy::{Condition, Context, Purpose, Relation, Reply, Rule, Strategy};
use minnow::core::units::Side;
use serde::{Deserialize, Serialize};

/// Strength of every entry: 15 % of equity as margin, target 2 %, stop 1.5 %.
const STRENGTH: f64 = 0.7;
const ATR_LENGTH: usize = 14;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DonchianSettings {
    /// Bars of the channel that an entry leaves; at least 1.
    pub entry: usize,
    /// Bars of the channel that an exit leaves; at least 1.
    pub exit: usize,
}

/// Highest high and lowest low of some bars.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Range {
    high: f64,
    low: f64,
}

/// A channel that knows its range before the newest bar.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Channel {
    high: RollingMax,
    low: RollingMin,
    /// Range of the bars before the one taken last; absent until warm.
    before: Option<Range>,
}

impl Channel {
    fn new(length: usize) -> Self {
        Self {
            high: RollingMax::new(length),
            low: RollingMin::new(length),
            before: None,
        }
    }

    fn update(&mut self, candle: &CandleView) {
        let range = |(high, low)| Range { high, low };
        self.before = self.high.value().zip(self.low.value()).map(range);
        self.high.update(candle.high);
        self.low.update(candle.low);
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Donchian {
    settings: DonchianSettings,
    entry: Channel,
    exit: Channel,
    atr: Atr,
    /// Close of the candle observed last.
    close: Option<f64>,
}

impl Donchian {
    pub fn new(settings: DonchianSettings) -> Self {
        Self {
            entry: Channel::new(settings.entry),
            exit: Channel::new(settings.exit),
            atr: Atr::new(ATR_LENGTH),
            close: None,
            settings,
        }
    }

    /// The entry channel, if it has a height.
    fn channel(&self) -> Option<Range> {
        let range = self.entry.before?;
        (!is_zero(range.high - range.low, range.high)).then_some(range)
    }

    /// The close lies outside the entry channel, on this side of it.
    fn breaks_out(&self, side: Side) -> bool {
        let Some((range, close)) = self.channel().zip(self.close) else {
            return false;
        };
        match side {
            Side::Buy => above(close, range.high, close),
            Side::Sell => below(close, range.low, close),
        }
    }

    /// The close lies outside the exit channel, against a position of this side.
    fn falls_back(&self, side: Side) -> bool {
        let Some((range, close)) = self.exit.before.zip(self.close) else {
            return false;
        };
        match side {
            Side::Buy => below(close, range.low, close),
            Side::Sell => above(close, range.high, close),
        }
    }

    fn proposal(&self, context: &Context<'_>) -> Proposal {
        if let Some(position) = context.position {
            if self.falls_back(position.side) {
                return close(1.0, "close behind the exit channel".to_owned());
            }
            return hold();
        }
        let mut sides = [Side::Buy, Side::Sell].into_iter();
        let side = sides.find(|side| self.breaks_out(*side));
        match (side, self.close) {
            (Some(side), Some(price)) => {
                let why = "close outside the entry channel".to_owned();
                enter(side, STRENGTH, self.atr.value(), price, why)
            }
            _ => hold(),
        }
    }
}

impl Strategy for Donchian {
    fn name(&self) -> &'static str {
        "donchian"
    }

    fn observe(&mut self, candle: &CandleView) {
        self.entry.update(candle);
        self.exit.update(candle);
        self.atr.update(candle.high, candle.low, candle.close);
        self.close = Some(candle.close);
    }

    fn reset(&mut self) {
        *self = Self::new(self.settings.clone());
    }

    fn propose(&mut self, context: &Context<'_>) -> Reply {
        Reply::Decide(self.proposal(context))
    }

    fn save(&self) -> serde_json::Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    fn load(&mut self, state: &serde_json::Value) -> Result<(), String> {
        let loaded = Self::deserialize(state).map_err(|error| format!("donchian: {error}"))?;
        if loaded.settings != self.settings {
            return Err("donchian: saved with other settings".to_owned());
        }
        *self = loaded;
        Ok(())
    }

    fn indicators(&self, out: &mut Vec<(&'static str, f64)>) {
        if let Some(range) = self.entry.before {
            out.push(("entry_high", range.high));
            out.push(("entry_low", range.low));
        }
        if let Some(range) = self.exit.before {
            out.push(("exit_high", range.high));
            out.push(("exit_low", range.low));
        }
        out.extend(self.atr.value().map(|atr| ("atr14", atr)));
    }

    fn rules(&self, context: &Context<'_>, out: &mut Vec<Rule>) {
        let rule = |name: &str, purpose, side, condition| Rule {
            name: name.to_owned(),
            purpose,
            side: Some(side),
            conditions: vec![condition],
        };
        let held = |relation, threshold, met| {
            Condition::new("close", self.close, relation, threshold, met)
        };
        for side in [Side::Buy, Side::Sell] {
            let (relation, threshold) = match side {
                Side::Buy => (Relation::Above, self.channel().map(|range| range.high)),
                Side::Sell => (Relation::Below, self.channel().map(|range| range.low)),
            };
            let condition = held(relation, threshold, self.breaks_out(side));
            let name = "close outside the entry channel";
            out.push(rule(name, Purpose::Entry, side, condition));
        }
        if let Some(position) = context.position {
            let range = self.exit.before;
            let (relation, threshold) = match position.side {
                Side::Buy => (Relation::Below, range.map(|range| range.low)),
                Side::Sell => (Relation::Above, range.map(|range| range.high)),
            };
            let condition = held(relation, threshold, self.falls_back(position.side));
            let name = "close behind the exit channel";
            out.push(rule(name, Purpose::Exit, position.side, condition));
        }
    }
}
