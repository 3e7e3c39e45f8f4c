//! VuManChu: the combined signal of ciphers A and B.
//!
//! Entry where the combined signal has at least `min_confidence`; strength is that confidence C, 0.1
//! more where the ribbon agrees, 0.1 less where it is against. A position is left when the combined
//! signal is opposite with at least `exit_confidence`, when e2 crosses e8 against it, or, a short, on a
//! gold buy. An opposite entry is proposed as such: the position policy makes it a close, which a
//! reversal may follow. Nothing is combined before 100 closed candles.

use super::decision::{CandleView, Context, Reply, Strategy, close, enter, hold};
use super::rules::Rule;
use super::vumanchu_rules;
use crate::indicators::cipher::combined::MIN_CANDLES;
use crate::indicators::cipher::{Combined, Signal, combine, round9};
use crate::indicators::{Atr, CipherA, CipherB};
use crate::market::Interval;
use crate::records::Proposal;
use crate::settings::VuManChuSettings;
use crate::units::Side;
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;

pub(super) const ATR_LENGTH: usize = 14;
/// What the ribbon adds to the strength or takes from it.
const RIBBON: f64 = 0.1;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct VuManChu {
    settings: VuManChuSettings,
    interval: Interval,
    a: CipherA,
    b: CipherB,
    atr: Atr,
    /// Closed candles seen.
    candles: u64,
    combined: Option<Combined>,
}

/// The side that a sign stands for.
fn side_of(sign: i8) -> Option<Side> {
    match sign {
        1 => Some(Side::Buy),
        -1 => Some(Side::Sell),
        _ => None,
    }
}

impl VuManChu {
    pub fn new(settings: VuManChuSettings, interval: Interval) -> Self {
        Self {
            a: CipherA::new(&settings.cipher_a),
            b: CipherB::new(&settings.cipher_b, interval),
            atr: Atr::new(ATR_LENGTH),
            candles: 0,
            combined: None,
            interval,
            settings,
        }
    }

    pub(super) fn settings(&self) -> &VuManChuSettings {
        &self.settings
    }

    pub(super) fn ciphers(&self) -> (&CipherA, &CipherB) {
        (&self.a, &self.b)
    }

    /// Both ciphers weighed; absent before enough candles have closed.
    pub fn combined(&self) -> Option<&Combined> {
        self.combined.as_ref()
    }

    /// Side and confidence of the combined signal, if there is one.
    fn verdict(&self) -> Option<(Side, f64)> {
        let combined = self.combined?;
        side_of(combined.signal).map(|side| (side, combined.confidence))
    }

    /// C, changed by what the ribbon says about the side.
    pub(super) fn strength(&self, side: Side, confidence: f64) -> f64 {
        let change = match self.a.trend_dot().and_then(side_of) {
            Some(trend) if trend == side => RIBBON,
            Some(_) => -RIBBON,
            None => 0.0,
        };
        round9((confidence + change).clamp(0.0, 1.0))
    }

    /// The confidence, and the names of what fired for a side.
    fn rationale(&self, side: Side, confidence: f64) -> String {
        // One allocation for what is seldom longer.
        let mut text = String::with_capacity(160);
        // Writing into a string cannot fail.
        let _ = write!(text, "combined at {confidence}");
        let mut separator = ": ";
        let fired = self.a.signals().iter().chain(self.b.signals().iter());
        for signal in fired.filter(|signal| signal.side() == Some(side)) {
            text.push_str(separator);
            text.push_str(signal.name());
            separator = ", ";
        }
        text
    }

    fn entry(&self, price: f64) -> Option<(Side, Proposal)> {
        let (side, confidence) = self.verdict()?;
        if confidence < self.settings.min_confidence {
            return None;
        }
        let strength = self.strength(side, confidence);
        let why = self.rationale(side, confidence);
        let proposal = Proposal {
            confidence,
            ..enter(side, strength, self.atr.value(), price, why)
        };
        // Too weak for any size.
        (!proposal.size_pct.is_zero()).then_some((side, proposal))
    }

    fn exit(&self, position: Side) -> Option<(f64, &'static str)> {
        let opposite = self.verdict().filter(|(side, confidence)| {
            *side != position && *confidence >= self.settings.exit_confidence
        });
        if let Some((_, confidence)) = opposite {
            return Some((confidence, "combined signal against the position"));
        }
        let ema = match position {
            Side::Buy => Signal::ShortEma,
            Side::Sell => Signal::LongEma,
        };
        if self.a.signals().has(ema) {
            return Some((1.0, "e2 crossed e8 against the position"));
        }
        let gold = position == Side::Sell && self.b.signals().has(Signal::GoldBuy);
        gold.then_some((1.0, "gold buy against a short"))
    }
}

impl Strategy for VuManChu {
    fn name(&self) -> &'static str {
        "vumanchu"
    }

    fn observe(&mut self, candle: &CandleView) {
        self.candles += 1;
        self.a.update(candle);
        self.b.update(candle);
        self.atr.update(candle.high, candle.low, candle.close);
        let enough = self.settings.min_candles.max(MIN_CANDLES) as u64;
        self.combined = (self.candles >= enough).then(|| combine(self.a.score(), self.b.score()));
    }

    fn warm_up(&mut self, candle: &CandleView, length: Interval) {
        self.b.warm_up(candle, length);
    }

    fn reset(&mut self) {
        *self = Self::new(self.settings.clone(), self.interval);
    }

    fn propose(&mut self, context: &Context<'_>) -> Reply {
        let entry = self.entry(context.candle.close);
        let Some(position) = context.position else {
            return Reply::Decide(entry.map_or_else(hold, |(_, proposal)| proposal));
        };
        let exit = self.exit(position.side);
        Reply::Decide(match (entry, exit) {
            (Some((side, proposal)), _) if side != position.side => proposal,
            (_, Some((confidence, why))) => close(confidence, why.to_owned()),
            (Some((_, proposal)), None) => proposal,
            (None, None) => hold(),
        })
    }

    fn save(&self) -> serde_json::Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    fn load(&mut self, state: &serde_json::Value) -> Result<(), String> {
        let loaded = Self::deserialize(state).map_err(|error| format!("vumanchu: {error}"))?;
        if loaded.settings != self.settings || loaded.interval != self.interval {
            return Err("vumanchu: saved with other settings".to_owned());
        }
        *self = loaded;
        Ok(())
    }

    fn indicators(&self, out: &mut Vec<(&'static str, f64)>) {
        self.a.values(out);
        self.b.values(out);
        out.extend(self.atr.value().map(|atr| ("atr14", atr)));
        if let Some(combined) = &self.combined {
            out.push(("combined_balance", combined.balance));
            out.push(("combined", combined.signal.into()));
            out.push(("combined_confidence", combined.confidence));
            out.push(("sentiment", f64::from(combined.sentiment as i8)));
        }
        let fired = self.a.signals().iter().chain(self.b.signals().iter());
        out.extend(fired.map(|signal| (signal.name(), 1.0)));
    }

    fn rules(&self, context: &Context<'_>, out: &mut Vec<Rule>) {
        vumanchu_rules::explain(self, context, out);
    }

    fn cipher_b(&self) -> Option<&CipherB> {
        Some(&self.b)
    }
}
