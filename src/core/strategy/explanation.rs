//! What is kept of a decision that is to be explained: its rules, values, obstacles, arithmetic.
//!
//! Only the candles that were asked for are kept, before the run begins; nothing is built for any
//! other. Asking changes no decision, no effect and no state hash. Snapshots do not carry it.

use super::decision::{CandleView, Context, PositionView};
use super::questions::position_view;
use super::rules::Rule;
use crate::machine::Core;
use crate::market::{Candle, SymbolId};
use crate::records::{Check, Decision};
use crate::risk::size_steps::SizeArithmetic;
use crate::units::{Price, Side, Stamp, Timestamp};

/// Which decision is to be explained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Those on the candle of a symbol with this open time.
    Candle {
        symbol: SymbolId,
        open_time: Timestamp,
    },
    /// The one with this number, where it follows from a candle's close (a reversal's second
    /// decision does not; it is found by its candle).
    Decision(u64),
}

/// One candle's close with everything that was looked at.
#[derive(Clone, Debug)]
pub struct Explained {
    pub symbol: SymbolId,
    pub candle: Candle,
    /// When it closed, by the clock of the inputs.
    pub closed: Timestamp,
    /// Last traded price.
    pub mark: Option<Price>,
    /// The position as the strategy knew it.
    pub position: Option<PositionView>,
    /// Why no entry was possible, whatever the strategy thought.
    pub blocked: Option<&'static str>,
    /// Candles without a gap so far, and how many an entry needs.
    pub candles: (u64, u64),
    /// Every rule of the strategy.
    pub rules: Vec<Rule>,
    /// What the filter of entries asked for, LONG and SHORT; empty without one.
    pub filter: Vec<Rule>,
    pub indicators: Vec<(&'static str, f64)>,
    /// What was decided on it: none, one, or a close and the entry that followed.
    pub decisions: Vec<Decision>,
    /// The sizing of each decision that reached the gate.
    pub sizings: Vec<(u64, SizeArithmetic)>,
    /// Every check of the gate as it would have answered each decision to enter that a filter, a
    /// state or the strategy itself kept from it.
    pub unasked_gate: Vec<(u64, Vec<Check>)>,
}

/// Wishes and what came of them.
#[derive(Debug, Default)]
pub(crate) struct Explanations {
    kept: Vec<(Wanted, Option<Explained>)>,
}

impl Explanations {
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    fn of(&mut self, id: SymbolId, candle: Timestamp) -> impl Iterator<Item = &mut Explained> {
        self.kept
            .iter_mut()
            .filter_map(|(_, kept)| kept.as_mut())
            .filter(move |kept| kept.symbol == id && kept.candle.open_time == candle)
    }

    /// Whether decisions on this candle are to be kept.
    pub fn wants(&self, id: SymbolId, candle: Timestamp) -> bool {
        self.kept
            .iter()
            .filter_map(|(_, kept)| kept.as_ref())
            .any(|kept| kept.symbol == id && kept.candle.open_time == candle)
    }

    pub fn decision(&mut self, decision: &Decision) {
        for kept in self.of(decision.symbol, decision.candle) {
            kept.decisions.push(decision.clone());
        }
    }

    pub fn sizing(&mut self, id: SymbolId, candle: Timestamp, of: u64, sizing: &SizeArithmetic) {
        for kept in self.of(id, candle) {
            kept.sizings.push((of, sizing.clone()));
        }
    }

    /// The gate was not asked; this is what it would have said.
    pub fn unasked_gate(&mut self, id: SymbolId, candle: Timestamp, of: u64, checks: Vec<Check>) {
        for kept in self.of(id, candle) {
            kept.unasked_gate.push((of, checks.clone()));
        }
    }
}

impl Core {
    /// Keeps what belongs to a decision, once it comes to it.
    pub fn explain(&mut self, wanted: Wanted) {
        self.explanations.kept.push((wanted, None));
    }

    /// What was kept, in the order of the wishes; `None` for what the run did not come to.
    pub fn take_explained(&mut self) -> Vec<Option<Explained>> {
        let kept = std::mem::take(&mut self.explanations.kept);
        kept.into_iter().map(|(_, explained)| explained).collect()
    }

    /// A candle has closed and is about to be decided on.
    pub(super) fn explain_candle(
        &mut self,
        id: SymbolId,
        candle: &Candle,
        view: &CandleView,
        at: Stamp,
    ) {
        if self.explanations.is_empty() {
            return;
        }
        let next = self.numbers.decision + 1;
        for index in 0..self.explanations.kept.len() {
            let due = match self.explanations.kept[index].0 {
                Wanted::Candle { symbol, open_time } => {
                    (symbol, open_time) == (id, candle.open_time)
                }
                // Should this candle not be decided on, the next one takes its place.
                Wanted::Decision(number) => number == next,
            };
            if due {
                let explained = self.explained_now(id, candle, view, at);
                self.explanations.kept[index].1 = Some(explained);
            }
        }
    }

    fn explained_now(
        &self,
        id: SymbolId,
        candle: &Candle,
        view: &CandleView,
        at: Stamp,
    ) -> Explained {
        let symbol = &self.symbols[id.index()];
        let position = position_view(symbol);
        let mut rules = Vec::new();
        if let Some(mark) = symbol.last {
            let context = Context {
                instrument: &symbol.instrument,
                candle: view,
                mark,
                position,
            };
            symbol.strategy.rules(&context, &mut rules);
        }
        let filter = symbol.entry_filter.as_ref();
        let filter_rules = filter.map(|filter| [Side::Buy, Side::Sell].map(|s| filter.rule(s)));
        let mut indicators = Vec::new();
        symbol.strategy.indicators(&mut indicators);
        if let Some(filter) = filter {
            filter.values(&mut indicators);
        }
        Explained {
            symbol: id,
            candle: *candle,
            closed: at.wall,
            mark: symbol.last,
            position,
            blocked: self.entry_blocked(id, at),
            candles: (symbol.series.contiguous(), self.candles_needed()),
            rules,
            filter: filter_rules.map(Vec::from).unwrap_or_default(),
            indicators,
            decisions: Vec::new(),
            sizings: Vec::new(),
            unasked_gate: Vec::new(),
        }
    }
}
