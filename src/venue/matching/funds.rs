//! What must be set aside for an order, and how far what was set aside goes.
//!
//! A hold reckons with the price and the fee at which the order may trade. An order that goes to work later
//! than it was taken is reckoned anew: the market has moved meanwhile.

use super::admission::too_large;
use super::book::Owner;
use super::engine::{Engine, insufficient, with_fee};
use super::fees::tier_of;
use super::order::{Kind, Order, Refusal, Size, Terms};
use crate::core::units::{Decimal, Price, Rounding, Side};

impl Engine {
    /// What must be set aside for an order, and is there; an order that exists already has it.
    pub(super) fn need(
        &self,
        product: usize,
        side: Side,
        terms: &Terms,
        rate: Decimal,
        exists: bool,
    ) -> Result<Decimal, Refusal> {
        let spec = &self.listed[product].product;
        let no_liquidity = || {
            let preview = "PREVIEW_INVALID_NO_LIQUIDITY";
            Refusal::new("INVALID_NO_LIQUIDITY", preview, "nothing to trade with")
        };
        if terms.kind == Kind::Market && self.listed[product].book.best(side.opposite()).is_none() {
            return Err(no_liquidity());
        }
        let needed = match (side, terms.size) {
            (_, Size::Base(size)) if spec.contract.is_some() => {
                return match (self.listed[product].last, exists) {
                    (None, _) => Err(no_liquidity()),
                    (_, true) => Ok(Decimal::ZERO),
                    _ => self.margin_for(product, side, size.0),
                };
            }
            (Side::Sell, Size::Base(size)) => spec.size(size.0),
            (_, Size::Quote(amount)) => amount,
            (Side::Buy, Size::Base(size)) => {
                let cost = match terms.limit {
                    Some(limit) => {
                        let value = spec.value(limit, size.0);
                        value.and_then(|value| with_fee(value, rate))
                    }
                    None => self.walk_cost(product, size.0, rate),
                };
                cost.ok_or_else(too_large)?
            }
        };
        let currency = self.hold_currency(product, side);
        if !exists && self.accounts.balance(currency).available < needed {
            return Err(insufficient(currency));
        }
        Ok(needed)
    }

    /// What buying so many lots at market costs with fees, as far as the book reaches.
    fn walk_cost(&self, product: usize, lots: i64, rate: Decimal) -> Option<Decimal> {
        let listed = &self.listed[product];
        let (mut left, mut cost) = (lots, Decimal::ZERO);
        for (price, there) in listed.book.levels(Side::Sell) {
            let taken = left.min(there);
            let value = listed.product.value(price, taken)?;
            cost = cost.checked_add(with_fee(value, rate)?)?;
            left -= taken;
            if left == 0 {
                break;
            }
        }
        Some(cost)
    }

    /// Sets aside what an order that was taken earlier needs by now; `false` when that is not there.
    pub(super) fn hold_anew(&mut self, number: u64) -> bool {
        let Some(order) = self.orders.get(&number) else {
            return false;
        };
        let (product, side, terms) = (order.product, order.side, order.terms);
        let at_market = terms.limit.is_none() && side == Side::Buy;
        let (true, Size::Base(size)) = (at_market, terms.size) else {
            return true;
        };
        if self.contract(product).is_some() {
            return true;
        }
        let Some(needed) = self.walk_cost(product, size.0, order.worst_rate) else {
            return false;
        };
        let missing = needed - order.hold;
        let currency = self.hold_currency(product, side).to_owned();
        if missing.is_positive() && !self.accounts.hold(&currency, missing) {
            return false;
        }
        if let Some(order) = self.orders.get_mut(&number) {
            order.hold = order.hold.max(needed);
        }
        true
    }

    /// Lots that an order may still take at `price`: never more than what was set aside pays for.
    pub(super) fn wanted(&self, order: &Order, price: Price) -> i64 {
        let Size::Base(_) = order.terms.size else {
            return self.lots_for(order, order.hold, price);
        };
        let left = order.remaining();
        let is_bounded = order.terms.limit.is_some()
            || order.side == Side::Sell
            || self.contract(order.product).is_some();
        let cost = || {
            let value = self.listed[order.product].product.value(price, left)?;
            with_fee(value, order.worst_rate)
        };
        if is_bounded || cost().is_some_and(|cost| cost <= order.hold) {
            left
        } else {
            left.min(self.lots_for(order, order.hold, price))
        }
    }

    /// Lots that an amount buys at `price`, fees included.
    fn lots_for(&self, order: &Order, amount: Decimal, price: Price) -> i64 {
        let each = self.listed[order.product].product.value(price, 1);
        let each = each.and_then(|value| with_fee(value, order.worst_rate));
        let lots = each.and_then(|each| amount.in_steps_of(each, Rounding::Down));
        lots.map_or(0, |lots| i64::try_from(lots).unwrap_or(i64::MAX))
    }

    /// Whether what is left of an amount buys less than a lot, at the best price or, where nobody offers any
    /// more, at the last one.
    pub(super) fn is_spent(&self, order: &Order) -> bool {
        let listed = &self.listed[order.product];
        let price = listed.book.best(Side::Sell).or(listed.last);
        order.filled > 0 && price.is_some_and(|price| self.wanted(order, price) == 0)
    }

    /// Whether the asks are enough for the whole amount of an order.
    pub(super) fn can_spend_whole(&self, order: &Order) -> bool {
        let listed = &self.listed[order.product];
        // Fees fall with what is bought, as they will when it is.
        let (mut left, mut volume, mut at) = (order.hold, self.volume, None);
        for (price, mut resting) in listed.book.queue(Side::Sell) {
            loop {
                let lots = self.lots_for(order, left, price).min(resting.lots);
                if lots <= 0 {
                    break;
                }
                if resting.owner != Owner::House {
                    return false;
                }
                let Some(value) = listed.product.value(price, lots) else {
                    return false;
                };
                let rate = tier_of(volume).0.taker;
                let fee = value.checked_mul(rate, Rounding::Down).unwrap_or_default();
                left -= value + fee;
                volume += value;
                resting.lots -= lots;
                at = Some(price);
            }
            if resting.lots > 0 {
                return at.is_some();
            }
        }
        at.is_some_and(|price| self.lots_for(order, left, price) == 0)
    }
}
