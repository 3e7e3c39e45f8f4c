//! An entry on its way: the filter, the gate, the order; and the entry that follows a reversal's close.
//!
//! Not here: what comes before it, and the record of what became of it (`cycle`).

use super::cipher_b_filter;
use super::outcome::{Outcome, Run};
use crate::effect::Effects;
use crate::machine::{Core, Numbers};
use crate::market::SymbolId;
use crate::records::{Action, Proposal};
use crate::risk::gate::{Origin, Standing, Verdict};
use crate::risk::size_steps::{SizeArithmetic, size_arithmetic};
use crate::risk::{EntryRequest, approve_entry};
use crate::units::{Price, Side, Stamp};

impl Core {
    /// Filter and gate; submits what passes.
    pub(super) fn enter(
        &mut self,
        id: SymbolId,
        run: &Run,
        side: Side,
        proposal: &Proposal,
        at: Stamp,
        out: &mut Effects,
    ) -> Outcome {
        let symbol = &self.symbols[id.index()];
        let filter = symbol.entry_filter.as_ref();
        if let Some(refusal) = filter.and_then(|filter| filter.refusal(side)) {
            self.note_unasked_gate(id, run, side, proposal, at);
            return Outcome {
                detail: refusal.detail,
                checks: refusal.checks,
                ..Outcome::hold(cipher_b_filter::REASON)
            };
        }
        let Some(mark) = symbol.last else {
            return Outcome::hold("no price");
        };
        let verdict = self.pass_gate(id, run, side, proposal, mark, at);
        match verdict.result {
            Ok(approved) => {
                let rate = self.settings.risk.order_rate;
                self.guard.entries.note(at.wall, at.mono, rate);
                self.symbols[id.index()].last_entry = Some((run.candle, side));
                self.submit(approved, at, out);
                self.after_order(at, out);
                Outcome::of(proposal.action, verdict.checks)
            }
            Err(detail) => Outcome {
                action: Action::Hold,
                reason: "refused",
                detail,
                checks: verdict.checks,
                weighty: true,
            },
        }
    }

    fn pass_gate(
        &mut self,
        id: SymbolId,
        run: &Run,
        side: Side,
        proposal: &Proposal,
        mark: Price,
        at: Stamp,
    ) -> Verdict {
        let standing = self.standing(id, at);
        let (verdict, sizing) = self.gate_answer(id, run, side, proposal, mark, &standing);
        if let Some(sizing) = sizing {
            self.explanations
                .sizing(id, run.candle, run.decision, &sizing);
        }
        verdict
    }

    /// What the gate would have said to an entry that did not come to it; where it is explained.
    pub(super) fn note_unasked_gate(
        &mut self,
        id: SymbolId,
        run: &Run,
        side: Side,
        proposal: &Proposal,
        at: Stamp,
    ) {
        if !self.explanations.wants(id, run.candle) {
            return;
        }
        let Some(mark) = self.symbols[id.index()].last else {
            return;
        };
        let standing = self.standing_if_flat(id, at);
        let (verdict, _) = self.gate_answer(id, run, side, proposal, mark, &standing);
        self.explanations
            .unasked_gate(id, run.candle, run.decision, verdict.checks);
    }

    /// How the account would stand without the symbol's position: an entry in its place would not be
    /// held against it.
    fn standing_if_flat(&self, id: SymbolId, at: Stamp) -> Standing<'_> {
        let mut standing = self.standing(id, at);
        let symbol = &self.symbols[id.index()];
        let Some(position) = &symbol.position else {
            return standing;
        };
        let held = symbol.last.map(|mark| {
            let lots = position.quantity();
            symbol.instrument.notional(mark, lots)
        });
        let (held, margin) = (held.unwrap_or_default(), position.margin());
        let budget = &mut standing.budget;
        budget.free_margin += margin;
        budget.margin_used -= margin;
        budget.symbol_notional -= held;
        budget.total_notional -= held;
        if symbol.entry.is_none() {
            standing.concurrent_trades = standing.concurrent_trades.saturating_sub(1);
        }
        standing
    }

    /// The gate's answer to an entry, with the sizing where it is explained; changes nothing.
    fn gate_answer(
        &self,
        id: SymbolId,
        run: &Run,
        side: Side,
        proposal: &Proposal,
        mark: Price,
        standing: &Standing<'_>,
    ) -> (Verdict, Option<SizeArithmetic>) {
        let symbol = &self.symbols[id.index()];
        let request = EntryRequest {
            symbol: id,
            instrument: &symbol.instrument,
            side,
            proposal,
            origin: Origin::Strategy,
            decision: run.decision,
            candle: run.candle,
            mark,
            fees: symbol.fees,
            slippage_rate: self.settings.paper.slippage_rate,
        };
        let (trading, risk) = (&self.settings.trading, &self.settings.risk);
        let verdict = approve_entry(&request, standing, trading, risk);
        let explained = self.explanations.wants(id, run.candle);
        let sizing = explained.then(|| size_arithmetic(&request, standing, trading, risk));
        (verdict, sizing)
    }

    /// An opposite entry follows its close, through the gate anew.
    pub(crate) fn reverse_if_wanted(&mut self, id: SymbolId, at: Stamp, out: &mut Effects) {
        let Some(reversal) = self.symbols[id.index()].reversal.take() else {
            return;
        };
        let run = Run {
            decision: Numbers::next(&mut self.numbers.decision),
            candle: reversal.candle,
            strategy: self.symbols[id.index()].strategy.name(),
        };
        self.counts.decisions += 1;
        let side = match reversal.proposal.action {
            Action::Short => Side::Sell,
            _ => Side::Buy,
        };
        let outcome = match self.entry_blocked(id, at) {
            Some(reason) => Outcome::hold(reason),
            None => self.enter(id, &run, side, &reversal.proposal, at, out),
        };
        self.conclude(id, run, reversal.proposal, outcome, at, out);
    }
}
