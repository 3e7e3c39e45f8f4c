//! Leaving a position at a venue: the guard on every traded price, and closes that failed.
//!
//! Stop and target are watched here; one order at most sells a holding at a time. A stop leaves at
//! market within the price collar, a target at its level or not at all. Where the venue's own order
//! guards the level, that has a while to act. A close that ended without closing everything is decided
//! anew, the first time at once, then with growing gaps.

use super::track::retry_gap;
use crate::effect::{AlertLevel, Effects};
use crate::machine::{Core, Timer};
use crate::market::{Candle, ProductKind, SymbolId};
use crate::orders::protection::reached;
use crate::records::{ExitReason, Leg, OrderKind};
use crate::symbol::Slot;
use crate::units::{Decimal, Price, Stamp};

impl Core {
    /// A traded price: stop, target, then the position's other rules.
    pub(crate) fn guard_price(&mut self, id: SymbolId, price: Price, at: Stamp, out: &mut Effects) {
        let symbol = &self.symbols[id.index()];
        let Some(position) = &symbol.position else {
            return;
        };
        let idle = symbol.exit.is_none() && symbol.desk.wanted.is_none();
        let target = position.protection.target.is_some_and(|level| {
            at.mono > level.armed_after && reached(position.side, price, level.price)
        });
        let decision = position.decision;
        let tried = at.mono < symbol.desk.target_after;
        if idle && self.breaks(id, at.mono, price, |p| p.stop) {
            if self.symbols[id.index()].venue_stops_at(price) {
                self.guard_later(id, Leg::Stop, at);
            } else {
                self.close_position(id, decision, Leg::Stop, ExitReason::StopLoss, at, out);
            }
        } else if idle && target && !tried {
            match self.symbols[id.index()].venue_takes_at(price) {
                Some(true) => self.guard_later(id, Leg::Target, at),
                Some(false) => {}
                None => {
                    let reason = ExitReason::TakeProfit;
                    self.close_position(id, decision, Leg::Target, reason, at, out);
                }
            }
        }
        self.position_rules(id, price, at, out);
    }

    /// A finished candle where no trades are known: its worst first.
    pub(crate) fn guard_candle(
        &mut self,
        id: SymbolId,
        candle: &Candle,
        at: Stamp,
        out: &mut Effects,
    ) {
        let side = self.symbols[id.index()].position.as_ref().map(|p| p.side);
        let (against, favourable) = match side {
            Some(crate::units::Side::Sell) => (candle.high, candle.low),
            _ => (candle.low, candle.high),
        };
        self.symbols[id.index()].note_range(candle.low, candle.high);
        self.symbols[id.index()].note_price(candle.close);
        self.guard_price(id, against, at, out);
        self.guard_price(id, favourable, at, out);
    }

    /// Kind and price of an order that leaves a position.
    pub(crate) fn exit_terms(&self, id: SymbolId, leg: Leg) -> (OrderKind, Option<Price>) {
        let position = self.symbols[id.index()].position.as_ref();
        let target = position.and_then(|p| p.protection.target);
        match (leg, target) {
            (Leg::Target, Some(level)) => (OrderKind::TakeProfitLimit, Some(level.price)),
            (Leg::Stop, _) => (OrderKind::StopMarket, None),
            _ => (OrderKind::Market, None),
        }
    }

    /// Whether a close has to wait: for the exit at work, or for the time of the next try. A reason
    /// that comes once is remembered then.
    pub(crate) fn exit_must_wait(&mut self, id: SymbolId, reason: ExitReason) -> bool {
        let symbol = &mut self.symbols[id.index()];
        let asked = matches!(
            reason,
            ExitReason::Strategy | ExitReason::Operator | ExitReason::Shutdown
        );
        let waits = symbol.exit.is_some()
            || symbol.desk.protective.closing.is_some()
            || symbol.desk.retry.is_some() && !asked;
        if waits && reason != ExitReason::Strategy {
            symbol.desk.wanted.get_or_insert(reason);
        }
        waits
    }

    /// An exit is on its way: nothing else is wanted.
    pub(crate) fn exit_begins(&mut self, id: SymbolId) {
        let desk = &mut self.symbols[id.index()].desk;
        desk.wanted = None;
        let retry = desk.retry.take();
        self.disarm(retry);
    }

    /// What is left of a position is too small for the venue to sell: a close of it could only be
    /// refused, again and again. It goes out of the books at the mark and stays in the account, where
    /// it counts as somebody else's. Returns whether it did.
    pub(crate) fn write_off_dust(&mut self, id: SymbolId, at: Stamp, out: &mut Effects) -> bool {
        let symbol = &self.symbols[id.index()];
        let (instrument, last) = (&symbol.instrument, symbol.last);
        let (Some(position), None, None) = (&symbol.position, &symbol.entry, &symbol.exit) else {
            return false;
        };
        let price = last.unwrap_or_else(|| position.level_at_pct(Decimal::ZERO));
        let held = position.quantity();
        let size = instrument.quantity(held);
        let is_dust = instrument.is_below_minimum(price, held);
        if instrument.kind != ProductKind::Spot || !is_dust {
            return false;
        }
        let text = format!(
            "{}: {size} is less than the venue sells: written off, it stays in the account",
            instrument.symbol
        );
        self.report(AlertLevel::Warning, "dust", text, at, out);
        self.exit_begins(id);
        self.correct_position(id, 0, at, out);
        self.symbols[id.index()].desk.misses = 0;
        true
    }

    /// An exit neither fills nor ends: its rest is cancelled, so that it can be decided anew.
    pub(crate) fn exit_timed_out(&mut self, id: SymbolId, at: Stamp, out: &mut Effects) {
        if let Some(working) = &mut self.symbols[id.index()].exit {
            working.timeout = None;
        }
        self.cancel_at_venue(id, Slot::Exit, "order_timeout", at, out);
    }

    /// An exit is through. What it did not close is closed anew; a target waits for its next trade.
    pub(super) fn exit_ended(
        &mut self,
        id: SymbolId,
        leg: Leg,
        reason: ExitReason,
        filled: bool,
        at: Stamp,
        out: &mut Effects,
    ) {
        let symbol = &mut self.symbols[id.index()];
        if symbol.position.is_none() {
            symbol.desk.misses = 0;
            self.exit_begins(id);
            return;
        }
        let desk = &mut symbol.desk;
        desk.misses = if filled { 0 } else { desk.misses + 1 };
        let gap = retry_gap(desk.misses);
        if leg == Leg::Target && desk.wanted.is_none() {
            desk.target_after = at.mono.saturating_add(gap.0);
            return self.protect_at_venue(id, at);
        }
        let first_wanted = leg != Leg::Target;
        if first_wanted {
            desk.wanted.get_or_insert(reason);
        }
        if desk.misses <= 1 {
            self.close_wanted(id, at, out);
        } else if desk.retry.is_none() {
            let armed = self.arm(Timer::ExitRetry(id), at, gap);
            self.symbols[id.index()].desk.retry = Some(armed);
        }
    }

    /// The time of the next try came.
    pub(crate) fn retry_exit(&mut self, id: SymbolId, at: Stamp, out: &mut Effects) {
        self.symbols[id.index()].desk.retry = None;
        self.close_wanted(id, at, out);
    }

    /// Closes a position whose close is wanted.
    fn close_wanted(&mut self, id: SymbolId, at: Stamp, out: &mut Effects) {
        let symbol = &self.symbols[id.index()];
        if symbol.exit.is_none()
            && let Some(reason) = symbol.desk.wanted
            && let Some(position) = &symbol.position
        {
            let decision = position.decision;
            self.close_position(id, decision, Leg::Guard, reason, at, out);
        }
    }
}
