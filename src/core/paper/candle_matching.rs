//! Paper matching against finished candles, where no trades are known.
//!
//! Market rests fill at the open. A level beyond which the candle opens (a gap) fills at the open,
//! whatever the volume; then the range of the candle decides: stop before target unless
//! `open_first` says the nearer one. A candle in which the entry happened can hit the stop, but its
//! target counts only if the close is beyond it.

use super::account::taker_price;
use crate::effect::Effects;
use crate::machine::Core;
use crate::market::{Candle, SymbolId};
use crate::orders::execution::PaperFill;
use crate::orders::protection::{Protection, breached, reached};
use crate::records::{ExitReason, OrderKind};
use crate::settings::Intrabar;
use crate::symbol::Slot;
use crate::units::{Price, Quantity, Side, Span, Stamp};

/// Enough for any order: what a gap at the open offers.
const UNBOUNDED: Quantity = Quantity(i64::MAX);

/// What the range of a candle reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    Loss(ExitReason, Price),
    Target,
    Nothing,
}

impl Core {
    /// Lets a finished candle fill and trigger what it reaches. `at` is the candle's end.
    pub(crate) fn match_candle(
        &mut self,
        id: SymbolId,
        candle: &Candle,
        at: Stamp,
        out: &mut Effects,
    ) {
        self.match_candle_after(id, candle, at, i64::MAX, out);
    }

    /// The same for a candle of a gap: a position that was opened in it did not see all of it.
    pub(crate) fn match_past_candle(
        &mut self,
        id: SymbolId,
        candle: &Candle,
        at: Stamp,
        out: &mut Effects,
    ) {
        self.match_candle_after(id, candle, at, candle.open_time.0, out);
    }

    /// `latest` is the latest wall time at which a position may have been opened, or an order made, to
    /// have seen all of the candle.
    fn match_candle_after(
        &mut self,
        id: SymbolId,
        candle: &Candle,
        at: Stamp,
        latest: i64,
        out: &mut Effects,
    ) {
        let symbol = &self.symbols[id.index()];
        let opened = Stamp {
            mono: at.mono - at.wall.since(candle.open_time).0,
            wall: candle.open_time,
        };
        if symbol.position.is_some() || symbol.has_working_order() {
            let volume = Quantity(i64::try_from(candle.volume).unwrap_or(i64::MAX));
            let mut left = self.offered(volume);
            self.expire_entry(id, opened, at, out);
            self.symbols[id.index()].note_price(candle.open);
            let position = self.symbols[id.index()].position.as_ref();
            let held_before = position.is_some_and(|p| p.opened.wall.0 <= latest);
            self.fill_rests(id, candle, (opened, latest), &mut left, out);
            if held_before {
                self.gap_at_open(id, candle.open, opened, out);
            }
            self.symbols[id.index()].note_range(candle.low, candle.high);
            self.reach_levels(id, candle, held_before, at, &mut left, out);
        }
        let symbol = &mut self.symbols[id.index()];
        symbol.note_range(candle.low, candle.high);
        symbol.note_price(candle.close);
        let worst = match self.symbols[id.index()].position.as_ref().map(|p| p.side) {
            Some(Side::Buy) => Some((candle.low, candle.high)),
            Some(Side::Sell) => Some((candle.high, candle.low)),
            None => None,
        };
        if let Some((against, favourable)) = worst {
            self.position_rules(id, against, at, out);
            self.position_rules(id, favourable, at, out);
        }
        self.expire_entry(id, at, at, out);
    }

    /// An entry whose time ran out by `by` goes before anything later is matched.
    fn expire_entry(&mut self, id: SymbolId, by: Stamp, at: Stamp, out: &mut Effects) {
        let timeout: Span = self.settings.trading.order_timeout;
        let expired = self.symbols[id.index()]
            .entry
            .as_ref()
            .is_some_and(|entry| entry.order.created + timeout <= by.wall);
        if expired {
            self.entry_timed_out(id, at, out);
        }
    }

    fn fill_rests(
        &mut self,
        id: SymbolId,
        candle: &Candle,
        (opened, latest): (Stamp, i64),
        left: &mut Quantity,
        out: &mut Effects,
    ) {
        for slot in [Slot::Exit, Slot::Entry] {
            let symbol = &mut self.symbols[id.index()];
            let Some(working) = symbol.slot(slot) else {
                continue;
            };
            // An order that came into a candle of a gap has not seen its beginning.
            if working.order.created.0 > latest {
                continue;
            }
            // The open of a candle that begins with the cause comes after it.
            if !working.started && opened.mono < working.active_after {
                continue;
            }
            let (side, reference) = (working.order.side, working.reference);
            let (price, maker) = match (working.order.kind, working.order.price) {
                (OrderKind::Limit | OrderKind::PostOnly, Some(limit)) => {
                    let best = match side {
                        Side::Buy => candle.low,
                        Side::Sell => candle.high,
                    };
                    if !reached(side, limit, best) {
                        continue;
                    }
                    (limit, true)
                }
                _ => {
                    let rate = self.settings.paper.slippage_rate;
                    (taker_price(side, candle.open, rate), false)
                }
            };
            let execution = PaperFill {
                price,
                quantity: Quantity::ZERO,
                maker,
                reference,
            };
            self.take(id, slot, execution, opened, left, out);
        }
    }

    /// Levels that the candle opens beyond fill at the open.
    fn gap_at_open(&mut self, id: SymbolId, open: Price, opened: Stamp, out: &mut Effects) {
        let Some((side, p)) = self.guarded(id) else {
            return;
        };
        let mut left = UNBOUNDED;
        let loss = |level: Option<crate::orders::protection::Level>| {
            level.is_some_and(|level| breached(side, open, level.price))
        };
        if loss(p.stop) {
            self.leave_at_market(id, ExitReason::StopLoss, open, opened, &mut left, out);
        } else if loss(p.liquidation) {
            self.leave_at_market(id, ExitReason::Liquidation, open, opened, &mut left, out);
        } else if p.target.is_some_and(|t| reached(side, open, t.price)) {
            self.take_target(id, open, open, opened, &mut left, out);
        }
    }

    /// What lies between high and low, after the open.
    fn reach_levels(
        &mut self,
        id: SymbolId,
        candle: &Candle,
        held_before: bool,
        at: Stamp,
        left: &mut Quantity,
        out: &mut Effects,
    ) {
        let Some((side, p)) = self.guarded(id) else {
            return;
        };
        match self.reach(candle, side, &p, held_before) {
            Reach::Loss(reason, price) => {
                // The price that triggers is the last one traded: what stays is valued at it.
                self.symbols[id.index()].note_price(price);
                self.leave_at_market(id, reason, price, at, left, out);
            }
            Reach::Target => {
                let level = p.target.expect("it was reached").price;
                self.symbols[id.index()].note_price(level);
                self.take_target(id, level, level, at, left, out);
            }
            Reach::Nothing => {}
        }
    }

    fn reach(&self, candle: &Candle, side: Side, p: &Protection, held_before: bool) -> Reach {
        let (against, favourable) = match side {
            Side::Buy => (candle.low, candle.high),
            Side::Sell => (candle.high, candle.low),
        };
        let loss = [
            (ExitReason::StopLoss, p.stop),
            (ExitReason::Liquidation, p.liquidation),
        ]
        .into_iter()
        .find_map(|(reason, level)| {
            let level = level?.price;
            breached(side, against, level).then_some((reason, level))
        });
        // The entry's own candle: only a close beyond the target proves that it came after.
        let seen = if held_before {
            favourable
        } else {
            candle.close
        };
        let target = p
            .target
            .map(|t| t.price)
            .filter(|t| reached(side, seen, *t));
        match (loss, target) {
            (Some((reason, stop)), Some(target)) => {
                let distance = |level: Price| (level.0 - candle.open.0).abs();
                let target_first = self.settings.paper.intrabar == Intrabar::OpenFirst
                    && distance(target) < distance(stop);
                if target_first {
                    Reach::Target
                } else {
                    Reach::Loss(reason, stop)
                }
            }
            (Some((reason, stop)), None) => Reach::Loss(reason, stop),
            (None, Some(_)) => Reach::Target,
            (None, None) => Reach::Nothing,
        }
    }

    fn take_target(
        &mut self,
        id: SymbolId,
        price: Price,
        reference: Price,
        at: Stamp,
        left: &mut Quantity,
        out: &mut Effects,
    ) {
        let execution = PaperFill {
            price,
            quantity: Quantity::ZERO,
            maker: true,
            reference,
        };
        self.take(id, Slot::Target, execution, at, left, out);
    }

    /// Side and levels of a position that no exit is closing yet.
    fn guarded(&self, id: SymbolId) -> Option<(Side, Protection)> {
        let symbol = &self.symbols[id.index()];
        match (&symbol.position, &symbol.exit) {
            (Some(position), None) => Some((position.side, position.protection)),
            _ => None,
        }
    }
}
