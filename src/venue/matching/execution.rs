//! Price-time matching: who trades with whom, what it does to orders and balances, and how an order
//! ends.

use super::accounts::Accounts;
use super::book::Owner;
use super::engine::{Engine, FILLS_MAX, FINISHED_MAX, with_fee};
use super::fees::tier_of;
use super::order::{Event, Fill, Kind, Life, Order, Print, Size, Status};
use crate::core::units::{Decimal, Price, Rounding, Side, Timestamp};
use crate::venue::product::Product;

/// Who takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taker {
    House,
    Order(u64),
}

/// One step of a walk through the book.
struct Step {
    product: usize,
    price: Price,
    lots: i64,
    aggressor: Side,
    at: Timestamp,
}

impl Engine {
    /// An order takes what it can, then rests or ends, as its terms say.
    pub(super) fn work(&mut self, at: Timestamp, number: u64) {
        let Some(terms) = self.terms_of(number) else {
            return;
        };
        if terms.life == Life::FillOrKill && !self.can_fill_whole(number) {
            self.finish(
                number,
                Status::Cancelled,
                "Fill or kill order could not be filled",
            );
            return;
        }
        let crossed_own = self.take(at, number);
        let Some(order) = self.orders.get(&number) else {
            return;
        };
        if order.status.is_final() {
            return;
        }
        let (product, side, remaining) = (order.product, order.side, order.remaining());
        if crossed_own {
            // Nobody trades with himself: what came last gives way.
            self.finish(number, Status::Cancelled, "Self-trade prevention");
            return;
        }
        match (terms.life, terms.limit) {
            (Life::UntilCancelled | Life::Until(_), Some(limit)) if remaining > 0 => {
                self.listed[product]
                    .book
                    .rest(side, limit, number, remaining);
                if let Some(order) = self.orders.get_mut(&number) {
                    order.resting = true;
                }
            }
            _ => self.end_of_immediate(number),
        }
    }

    /// A market or immediate order ends with what it got.
    fn end_of_immediate(&mut self, number: u64) {
        let Some(order) = self.orders.get(&number) else {
            return;
        };
        let spent = match order.terms.size {
            // What is left buys less than a lot.
            Size::Quote(_) => self.is_spent(order),
            Size::Base(_) => order.remaining() == 0,
        };
        if spent {
            self.finish(number, Status::Filled, "");
        } else {
            self.finish(number, Status::Cancelled, "Not enough liquidity");
        }
    }

    fn can_fill_whole(&self, number: u64) -> bool {
        let Some(order) = self.orders.get(&number) else {
            return false;
        };
        if let Size::Quote(_) = order.terms.size {
            return self.can_spend_whole(order);
        }
        let book = &self.listed[order.product].book;
        let mut left = order.remaining();
        for (price, resting) in book.queue(order.side.opposite()) {
            let reached = order
                .terms
                .limit
                .is_none_or(|limit| reaches(order.side, limit, price));
            let own = resting.owner != Owner::House;
            if left <= 0 || !reached || own {
                break;
            }
            left -= resting.lots;
        }
        left <= 0
    }

    /// Takes from the book for an order; `true` when it met another order of the account.
    fn take(&mut self, at: Timestamp, number: u64) -> bool {
        loop {
            let Some(order) = self.orders.get(&number).filter(|o| !o.status.is_final()) else {
                return false;
            };
            let (product, side, limit) = (order.product, order.side, order.terms.limit);
            let Some((price, maker)) = self.listed[product].book.front(side.opposite()) else {
                return false;
            };
            if limit.is_some_and(|limit| !reaches(side, limit, price)) {
                return false;
            }
            let wanted = self.wanted(order, price);
            if wanted <= 0 {
                return false;
            }
            if maker.owner != Owner::House {
                return true;
            }
            let cut = self.faults.cut_after;
            let is_immediate = matches!(order.terms.life, Life::ImmediateOrCancel);
            if cut > 0 && is_immediate && order.fills >= cut {
                return false;
            }
            let lots = self.piece(order, wanted).min(maker.lots);
            self.step(
                Taker::Order(number),
                &Step {
                    product,
                    price,
                    lots,
                    aggressor: side,
                    at,
                },
            );
        }
    }

    /// Fault: a fill is at most a part of its order.
    fn piece(&self, order: &Order, wanted: i64) -> i64 {
        match (self.faults.pieces, order.ordered()) {
            (2.., Some(ordered)) => wanted.min((ordered / self.faults.pieces).max(1)),
            (2.., None) => wanted.min((wanted / self.faults.pieces).max(1)),
            _ => wanted,
        }
    }

    /// The house takes up to `lots` at `limit` or better; returns what is left.
    pub(super) fn take_for_house(
        &mut self,
        at: Timestamp,
        product: usize,
        side: Side,
        limit: Price,
        lots: i64,
    ) -> i64 {
        let mut left = lots;
        while left > 0 {
            let Some((price, maker)) = self.listed[product].book.front(side.opposite()) else {
                break;
            };
            if !reaches(side, limit, price) {
                break;
            }
            let lots = match maker.owner {
                Owner::House => maker.lots,
                Owner::Order(number) => match self.orders.get(&number) {
                    Some(order) => self.piece(order, maker.lots),
                    None => maker.lots,
                },
            };
            let lots = lots.min(left);
            left -= lots;
            self.step(
                Taker::House,
                &Step {
                    product,
                    price,
                    lots,
                    aggressor: side,
                    at,
                },
            );
        }
        left
    }

    /// One trade with the front of the book.
    fn step(&mut self, taker: Taker, step: &Step) {
        let listed = &mut self.listed[step.product];
        let maker = listed.book.front(step.aggressor.opposite());
        listed.book.consume(step.aggressor.opposite(), step.lots);
        listed.last = Some(step.price);
        let (low, high) = listed.range.unwrap_or((step.price, step.price));
        listed.range = Some((low.min(step.price), high.max(step.price)));
        self.events.push(Event::Print(Print {
            product: step.product,
            price: step.price,
            lots: step.lots,
            aggressor: step.aggressor,
            time: step.at,
        }));
        if let Some((_, resting)) = maker
            && let Owner::Order(number) = resting.owner
        {
            self.fill(number, step, true);
        }
        if let Taker::Order(number) = taker {
            self.fill(number, step, false);
        }
    }

    /// Books an execution: order, balances, fees, volume.
    fn fill(&mut self, number: u64, step: &Step, maker: bool) {
        let tier = tier_of(self.volume).0;
        let rate = if maker { tier.maker } else { tier.taker };
        let (entry_id, trade_id) = (self.uuid(), self.uuid());
        let Some(order) = self.orders.get_mut(&number) else {
            return;
        };
        let product = &self.listed[order.product].product;
        let value = product
            .value(step.price, step.lots)
            .expect("an admitted order has a value");
        let fee = match &product.contract {
            Some(contract) => contract.fees(step.lots),
            None => value.checked_mul(rate, Rounding::Down),
        };
        let fee = fee.expect("a fee is smaller than its value");
        let size = product.size(step.lots);
        order.filled += step.lots;
        order.value += value;
        order.fees += fee;
        order.fills += 1;
        order.last_fill = Some(step.at);
        let is_contract = product.contract.is_some();
        if is_contract {
            let (left, before) = (order.remaining(), order.remaining() + step.lots);
            let hold = order.hold;
            order.hold = hold
                .mul_div(left.into(), before.into(), Rounding::HalfEven)
                .unwrap_or_default();
        } else {
            settle(&mut self.accounts, product, order, (value, fee, size));
        }
        let fill = Fill {
            number: self.next_fill,
            entry_id,
            trade_id,
            order: number,
            order_id: order.id.clone(),
            product: order.product,
            side: order.side,
            price: step.price,
            lots: step.lots,
            fee,
            maker,
            time: step.at,
        };
        let is_done = order.ordered().is_some() && order.remaining() == 0;
        self.next_fill += 1;
        if self.fills.len() == FILLS_MAX {
            self.fills.pop_front();
        }
        if is_contract {
            let (product, side) = (fill.product, fill.side);
            self.clear(product, side, (step.price, step.lots), fee);
        } else {
            // Contracts have no tiers: their fee is by the piece.
            self.volume += value;
            self.fees_paid += fee;
        }
        self.fills.push_back(fill);
        if is_done {
            self.finish(number, Status::Filled, "");
        } else {
            self.tell(number);
        }
    }

    /// An order ends: out of the book, its hold is free.
    pub(super) fn finish(&mut self, number: u64, status: Status, message: &'static str) {
        let Some(order) = self
            .orders
            .get_mut(&number)
            .filter(|o| !o.status.is_final())
        else {
            return;
        };
        order.status = status;
        order.cancel_message = message;
        let hold = std::mem::replace(&mut order.hold, Decimal::ZERO);
        let (product, side, limit) = (order.product, order.side, order.terms.limit);
        let resting = std::mem::take(&mut order.resting);
        let listed = &mut self.listed[product];
        if let (true, Some(limit)) = (resting, limit) {
            listed.book.withdraw(side, limit, number);
        }
        listed.waiting.remove(&number);
        if self.contract(product).is_none() {
            let currency = self.hold_currency(product, side).to_owned();
            self.accounts.release(&currency, hold);
        }
        self.open.remove(&number);
        self.tell(number);
        self.finished.push_back(number);
        if self.finished.len() > FINISHED_MAX
            && let Some(oldest) = self.finished.pop_front()
            && let Some(order) = self.orders.remove(&oldest)
        {
            self.by_client_id.remove(&order.client_id);
            self.by_id.remove(&order.id);
        }
    }

    /// A bracket leaves its target: what rests is withdrawn.
    pub(super) fn unrest(&mut self, number: u64) {
        if let Some(order) = self.orders.get_mut(&number)
            && std::mem::take(&mut order.resting)
            && let Some(limit) = order.terms.limit
        {
            let (product, side) = (order.product, order.side);
            self.listed[product].book.withdraw(side, limit, number);
        }
    }

    /// Whether it is a bracket whose stop has not been reached.
    pub(super) fn is_bracket(&self, number: u64) -> bool {
        let terms = self.terms_of(number);
        matches!(terms.map(|terms| terms.kind), Some(Kind::Bracket { .. }))
    }
}

/// Whether an order with this limit trades at `price`.
pub(super) fn reaches(side: Side, limit: Price, price: Price) -> bool {
    match side {
        Side::Buy => price <= limit,
        Side::Sell => price >= limit,
    }
}

/// Moves the money of an execution: value and fee in quote currency, size in base. What a better
/// price than the limit leaves over is free again.
fn settle(
    accounts: &mut Accounts,
    product: &Product,
    order: &mut Order,
    (value, fee, size): (Decimal, Decimal, Decimal),
) {
    match order.side {
        Side::Buy => {
            let cost = value + fee;
            accounts.pay_from_hold(&product.quote, cost);
            accounts.receive(&product.base, size);
            order.hold -= cost;
            // A better price than the limit frees a part of what was set aside.
            if let (Some(limit), true) = (order.terms.limit, order.ordered().is_some()) {
                let needed = product
                    .value(limit, order.remaining())
                    .and_then(|value| with_fee(value, order.worst_rate))
                    .expect("less than what was admitted")
                    .min(order.hold);
                accounts.release(&product.quote, order.hold - needed);
                order.hold = needed;
            }
        }
        Side::Sell => {
            accounts.pay_from_hold(&product.base, size);
            accounts.receive(&product.quote, value - fee);
            order.hold -= size;
        }
    }
}
