//! The Cipher-B filter: entries only where wave and money flow are on their side.
//!
//! LONG needs wt1 above its threshold, or a bullish signal of cipher B on this or the previous two
//! candles, and the money flow above its threshold; SHORT mirrored. Small crosses and hidden
//! divergences are no such signals. On the candle of a gold buy the money flow does not matter. What
//! is not yet warm passes, a flagged money flow too; a flagged wave does not. Exits are never
//! filtered. Not here: when it is asked (`cycle`).

use super::decision::CandleView;
use super::rules::{Condition, Purpose, Relation, Rule};
use crate::indicators::cipher::{Signal, Signals};
use crate::indicators::compare::{PERCENT, above, below};
use crate::indicators::{CipherB, Reading};
use crate::market::Interval;
use crate::records::{Check, CheckOutcome};
use crate::settings::CipherBFilterSettings;
use crate::units::{Decimal, Side};
use serde::{Deserialize, Serialize};

/// Reason of an entry that became a HOLD.
pub const REASON: &str = "cipher_b_filter";

/// Whether the entries of a strategy of this name are filtered.
pub fn filters(strategy: &str) -> bool {
    !EXEMPT.contains(&strategy)
}

/// Strategies whose entries are not filtered: mean reversion buys where wave and flow are negative.
const EXEMPT: &[&str] = &["mean_reversion"];

const BULLISH: Signals = Signals::of(&[
    Signal::BuyCircle,
    Signal::BuyDivergence,
    Signal::GoldBuy,
    Signal::SommiFlagBull,
    Signal::SommiDiamondBull,
]);
const BEARISH: Signals = Signals::of(&[
    Signal::SellCircle,
    Signal::SellDivergence,
    Signal::SommiFlagBear,
    Signal::SommiDiamondBear,
]);

/// Two bits a candle, three candles.
const REMEMBERED: u8 = 0b11_11_11;
const BULLISH_BITS: u8 = 0b01_01_01;
const BEARISH_BITS: u8 = 0b10_10_10;

/// An entry that is not let through.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// What was needed and what there is.
    pub detail: String,
    /// The same in numbers; all under the stable name, so that refusals are counted together.
    pub checks: Vec<Check>,
}

/// The filter of one symbol.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CipherBFilter {
    settings: CipherBFilterSettings,
    interval: Interval,
    /// Cipher B of its own, where the strategy runs none.
    own: Option<Box<CipherB>>,
    /// Which sides had a signal on the last three candles, the newest in the lowest two bits.
    recent: u8,
    wave: Option<Reading>,
    money_flow: Option<Reading>,
    /// A gold buy on the newest candle.
    gold: bool,
}

impl CipherBFilter {
    /// The filter for entries of a strategy, if these are filtered. `shared`: the strategy runs cipher
    /// B itself and shows it on every candle.
    pub fn new(
        settings: &CipherBFilterSettings,
        interval: Interval,
        strategy: &str,
        shared: bool,
    ) -> Option<Self> {
        filters(strategy).then(|| Self {
            own: (!shared).then(|| Box::new(CipherB::new(&settings.cipher_b, interval))),
            settings: settings.clone(),
            interval,
            recent: 0,
            wave: None,
            money_flow: None,
            gold: false,
        })
    }

    /// Takes up a closed candle, with the cipher that the strategy shares.
    pub fn observe(&mut self, candle: &CandleView, shared: Option<&CipherB>) {
        if let Some(own) = &mut self.own {
            own.update(candle);
        }
        let Some(cipher) = self.own.as_deref().or(shared) else {
            return;
        };
        let fired = cipher.signals();
        let sides = u8::from(fired.has_any(BULLISH)) | u8::from(fired.has_any(BEARISH)) << 1;
        self.recent = (self.recent << 2 | sides) & REMEMBERED;
        self.wave = cipher.wave();
        self.money_flow = cipher.money_flow();
        self.gold = fired.has(Signal::GoldBuy);
    }

    /// Takes up a closed candle of the venue's that is longer than the strategy's own, from before
    /// these; a cipher that the strategy shares has seen it already.
    pub fn warm_up(&mut self, candle: &CandleView, length: Interval) {
        if let Some(own) = &mut self.own {
            own.warm_up(candle, length);
        }
    }

    /// Forgets everything: the series restarted after a long gap.
    pub fn reset(&mut self) {
        if let Some(own) = &mut self.own {
            **own = CipherB::new(&self.settings.cipher_b, self.interval);
        }
        self.recent = 0;
        self.wave = None;
        self.money_flow = None;
        self.gold = false;
    }

    /// Why an entry is not let through, or `None` where it is.
    pub fn refusal(&self, side: Side) -> Option<Refusal> {
        let conditions = self.conditions(side);
        let unmet: Vec<&Condition> = conditions.iter().filter(|c| !c.met).collect();
        if unmet.is_empty() {
            return None;
        }
        let action = side.position();
        let words: Vec<String> = unmet.iter().map(|condition| in_words(condition)).collect();
        Some(Refusal {
            detail: format!("{REASON}: {action} needs {}", words.join(" and ")),
            checks: unmet.iter().map(|condition| check(condition)).collect(),
        })
    }

    /// What it asks of an entry, in the form that can be shown.
    pub fn rule(&self, side: Side) -> Rule {
        Rule {
            name: REASON.to_owned(),
            purpose: Purpose::Entry,
            side: Some(side),
            conditions: self.conditions(side).to_vec(),
        }
    }

    fn conditions(&self, side: Side) -> [Condition; 2] {
        let s = &self.settings;
        let (relation, wave_level, flow_level, bits) = match side {
            Side::Buy => (
                Relation::Above,
                s.wave_bullish,
                s.money_flow_bullish,
                BULLISH_BITS,
            ),
            Side::Sell => (
                Relation::Below,
                s.wave_bearish,
                s.money_flow_bearish,
                BEARISH_BITS,
            ),
        };
        let holds = |value: f64, level: f64| match side {
            Side::Buy => above(value, level, PERCENT),
            Side::Sell => below(value, level, PERCENT),
        };
        let signal = self.recent & bits != 0;
        let wave = self
            .wave
            .is_none_or(|w| !w.flat && holds(w.value, wave_level));
        let gold = side == Side::Buy && self.gold;
        let flow = self
            .money_flow
            .is_none_or(|f| f.flat || holds(f.value, flow_level));
        let condition = |name: &str, reading: Option<Reading>, level: f64, met: bool| {
            let flag = match reading {
                Some(Reading { flat: true, .. }) => " (flat)",
                _ => "",
            };
            let value = reading.map(|r| r.value);
            Condition::new(format!("{name}{flag}"), value, relation, Some(level), met)
        };
        [
            condition("wave", self.wave, wave_level, wave || signal),
            condition("money_flow", self.money_flow, flow_level, flow || gold),
        ]
    }

    /// What it looks at, for the record of a strategy that does not show it itself.
    pub fn values(&self, out: &mut Vec<(&'static str, f64)>) {
        if self.own.is_some() {
            let mut add = |name, value: Option<f64>| out.extend(value.map(|value| (name, value)));
            let (wave, flow) = (self.wave, self.money_flow);
            add("filter_wave", wave.map(|wave| wave.value));
            add("filter_wave_flat", wave.and_then(Reading::flag));
            add("filter_money_flow", flow.map(|flow| flow.value));
            add("filter_money_flow_flat", flow.and_then(Reading::flag));
        }
    }

    /// Whether state saved by `saved` can go on here.
    pub fn accepts(&self, saved: &Self) -> bool {
        self.settings == saved.settings
            && self.interval == saved.interval
            && self.own.is_some() == saved.own.is_some()
    }
}

/// An unmet condition as a refused check, 9 decimals.
fn check(condition: &Condition) -> Check {
    let exact = |value: Option<f64>| value.and_then(|value| Decimal::from_f64(value, 9));
    let beyond = condition
        .value
        .zip(condition.threshold)
        .map(|(value, threshold)| match condition.relation {
            Relation::Above => value - threshold,
            _ => threshold - value,
        });
    Check {
        name: REASON,
        outcome: CheckOutcome::Refused,
        value: exact(condition.value),
        limit: exact(condition.threshold),
        margin: exact(beyond),
    }
}

/// `money_flow > 0.0, is -12.4`: one decimal, or as many as tell the value from its threshold.
fn in_words(condition: &Condition) -> String {
    let value = condition.value.unwrap_or_default();
    let threshold = condition.threshold.unwrap_or_default();
    let shown = (1..=9)
        .map(|places| format!("{value:.places$}"))
        .find(|text| text.parse() != Ok(threshold))
        .unwrap_or_else(|| format!("{value:?}"));
    format!(
        "{} {} {threshold:?}, is {shown}",
        condition.name,
        condition.relation.sign()
    )
}

#[cfg(test)]
#[path = "cipher_b_filter_tests.rs"]
mod tests;
