//! Questions to a model: asked at a close, answered later or not at all.
//!
//! At most one question a symbol is open; it has a deadline before the next close. A late answer
//! is counted and changes nothing. Not here: what a proposal leads to (`cycle`).

use super::decision::{CandleView, Context, PositionView, hold};
use super::outcome::{Outcome, Run};
use crate::effect::{Effect, Effects, ModelRequest};
use crate::input::Answer;
use crate::machine::{Core, Numbers, Timer};
use crate::market::SymbolId;
use crate::records::Action;
use crate::symbol::{PendingRun, Symbol};
use crate::units::stamp::SECOND;
use crate::units::{Price, Span, Stamp};

/// Shortest and longest time a model has to answer after the close.
const MODEL_DEADLINE: (i64, i64) = (5 * SECOND, 40 * SECOND);

impl Core {
    /// Asks a model about the candle; the decision waits for its answer.
    pub(super) fn ask_model(
        &mut self,
        id: SymbolId,
        run: Run,
        view: CandleView,
        prompt: String,
        at: Stamp,
        out: &mut Effects,
    ) {
        let symbol = &self.symbols[id.index()];
        if symbol.pending.is_some() {
            // One question at a time: the open one still has its deadline, this close goes without.
            self.conclude(id, run, hold(), Outcome::hold("superseded"), at, out);
            return;
        }
        let interval = symbol.series.interval().span();
        let patience = (interval.0 / 5 * 4)
            .min(MODEL_DEADLINE.1)
            .max(MODEL_DEADLINE.0);
        let end = run.candle + interval;
        let delay = Span((end + Span(patience)).since(at.wall).0.max(0));
        let asked_at = symbol.last.unwrap_or_default();
        let number = Numbers::next(&mut self.numbers.run);
        let timer = Some(self.arm(Timer::RunDeadline(id), at, delay));
        self.symbols[id.index()].pending = Some(PendingRun {
            run: number,
            decision: run.decision,
            view,
            candle: run.candle,
            asked_at,
            timer,
        });
        out.push(Effect::Ask(ModelRequest {
            run: number,
            prompt,
        }));
    }

    /// A model's answer: decided on if it belongs to the open question, counted if it is late.
    pub(crate) fn answer(&mut self, at: Stamp, number: u64, answer: &Answer, out: &mut Effects) {
        let waiting = self
            .symbols
            .iter()
            .position(|s| s.pending.as_ref().is_some_and(|p| p.run == number));
        let Some(index) = waiting else {
            self.counts.late_answers += 1;
            return;
        };
        let id = self.symbols[index].id;
        let pending = self.symbols[index].pending.take().expect("just found");
        self.disarm(pending.timer);
        let symbol = &mut self.symbols[index];
        let run = Run {
            decision: pending.decision,
            candle: pending.candle,
            strategy: symbol.strategy.name(),
        };
        let mark = symbol.last.unwrap_or(pending.asked_at);
        let context = Context {
            instrument: &symbol.instrument,
            candle: &pending.view,
            mark,
            position: position_view(symbol),
        };
        let proposal = match symbol.strategy.answered(answer, &context) {
            Ok(proposal) => proposal,
            Err(text) => return self.decision_failed(id, run, "decision_error", text, at, out),
        };
        self.note_decision_success(id);
        let outcome = if price_moved(pending.asked_at, mark) && proposal.action != Action::Close {
            Outcome::hold("price moved")
        } else {
            let blocked = self.entry_blocked(id, at);
            self.judge(id, &run, &proposal, blocked, at, out)
        };
        self.conclude(id, run, proposal, outcome, at, out);
        self.settle(id);
    }

    /// The deadline of a question passed without an answer.
    pub(crate) fn answer_missing(&mut self, id: SymbolId, at: Stamp, out: &mut Effects) {
        let symbol = &mut self.symbols[id.index()];
        let Some(pending) = symbol.pending.take() else {
            return;
        };
        let run = Run {
            decision: pending.decision,
            candle: pending.candle,
            strategy: symbol.strategy.name(),
        };
        let reason = "no answer in time";
        self.decision_failed(id, run, reason, reason.to_owned(), at, out);
    }

    /// A HOLD with the error's text.
    fn decision_failed(
        &mut self,
        id: SymbolId,
        run: Run,
        reason: &'static str,
        text: String,
        at: Stamp,
        out: &mut Effects,
    ) {
        self.note_decision_error(id, &text, at, out);
        self.conclude(id, run, hold(), Outcome::failed(reason, text), at, out);
        self.settle(id);
    }
}

pub(super) fn position_view(symbol: &Symbol) -> Option<PositionView> {
    symbol.position.as_ref().map(|position| PositionView {
        side: position.side,
        best_close: position.best_close.map(|price| symbol.scale.price(price)),
        bars_held: position.bars_held,
    })
}

/// More than 0.5 % between the question and its answer.
fn price_moved(asked_at: Price, now: Price) -> bool {
    i128::from((now.0 - asked_at.0).abs()) * 200 > i128::from(asked_at.0)
}
