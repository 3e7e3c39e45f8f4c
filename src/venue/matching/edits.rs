//! Edits of resting limit orders.

use super::engine::{Engine, with_fee};
use super::order::{EDITS_KEPT, Edit, Kind, Life, Order, Size, Status};
use crate::core::units::{Decimal, Price, Quantity, Side, Timestamp};

impl Engine {
    /// Changes price and total size of a resting limit order. A smaller size keeps its place, every
    /// other change loses it.
    ///
    /// # Errors
    /// The name of the reason in the protocol's enumeration.
    pub fn edit(
        &mut self,
        at: Timestamp,
        id: &str,
        price: Option<Decimal>,
        size: Option<Decimal>,
    ) -> Result<(), &'static str> {
        let (number, edited) = self.check_edit(id, price, size)?;
        let order = self.orders.get_mut(&number).ok_or("ORDER_NOT_FOUND")?;
        let (product, side) = (order.product, order.side);
        let (old_price, old_size) = (order.terms.limit, order.ordered().unwrap_or(0));
        order.terms.limit = Some(edited.0);
        order.terms.size = Size::Base(edited.1);
        order.hold = edited.2;
        if order.edits.len() == EDITS_KEPT {
            order.edits.remove(0);
        }
        order.edits.push(Edit {
            price: edited.0,
            size: edited.1,
            accepted: at,
        });
        let remaining = order.remaining();
        let keeps_place = old_price == Some(edited.0) && edited.1.0 <= old_size;
        let book = &mut self.listed[product].book;
        if keeps_place {
            book.shrink(side, edited.0, number, remaining);
            self.tell(number);
        } else {
            if let Some(old_price) = old_price {
                book.withdraw(side, old_price, number);
            }
            order.resting = false;
            self.tell(number);
            self.work(at, number);
            self.look_at_stops(at, product);
        }
        Ok(())
    }

    /// Checks an edit, and moves the hold from the old to the new amount.
    fn check_edit(
        &mut self,
        id: &str,
        price: Option<Decimal>,
        size: Option<Decimal>,
    ) -> Result<(u64, (Price, Quantity, Decimal)), &'static str> {
        let order = self.order(id).ok_or("ORDER_NOT_FOUND")?;
        let is_plain = order.terms.kind == Kind::Limit && order.terms.life == Life::UntilCancelled;
        if !is_plain {
            return Err("ONLY_LIMIT_ORDER_EDITS_SUPPORTED");
        }
        if order.status != Status::Open || !order.resting {
            return Err("ONLY_OPEN_ORDERS_CAN_BE_EDITED");
        }
        let (price, size) = self.edited(order, price, size)?;
        let product = &self.listed[order.product].product;
        let left = size.0 - order.filled;
        if product.contract.is_some() {
            let need = self.margin_of_edit(order, size)?;
            return Ok((order.number, (price, size, need)));
        }
        let need = match order.side {
            Side::Sell => product.size(left),
            Side::Buy => {
                let value = product.value(price, left).ok_or("INVALID_EDITED_SIZE")?;
                if value > product.quote_max {
                    return Err("INVALID_EDITED_SIZE");
                }
                with_fee(value, order.worst_rate).ok_or("INVALID_EDITED_SIZE")?
            }
        };
        let (number, old_hold) = (order.number, order.hold);
        let currency = self.hold_currency(order.product, order.side).to_owned();
        if need >= old_hold {
            if !self.accounts.hold(&currency, need - old_hold) {
                return Err("INSUFFICIENT_FUND");
            }
        } else {
            self.accounts.release(&currency, old_hold - need);
        }
        Ok((number, (price, size, need)))
    }

    /// What an order of contracts asks for with another size.
    fn margin_of_edit(&self, order: &Order, size: Quantity) -> Result<Decimal, &'static str> {
        let added = size.0 - order.ordered().unwrap_or(size.0);
        let more = self.margin_for(order.product, order.side, added.max(0));
        Ok(order.hold + more.map_err(|_| "INSUFFICIENT_FUND")?)
    }

    /// Price and size that an edit asks for, on the product's grid.
    fn edited(
        &self,
        order: &Order,
        price: Option<Decimal>,
        size: Option<Decimal>,
    ) -> Result<(Price, Quantity), &'static str> {
        let listed = &self.listed[order.product];
        let product = &listed.product;
        let old = order.terms.limit.ok_or("INVALID_ORIGINAL_ORDER_PRICE")?;
        let ordered = order.ordered().ok_or("INVALID_ORIGINAL_ORDER_SIZE")?;
        let price = match price {
            None => old,
            Some(price) => product
                .instrument
                .exact_price(price)
                .ok_or("INVALID_EDITED_PRICE")?,
        };
        let size = match size {
            None => Quantity(ordered),
            Some(size) if size < product.base_min || size > product.base_max => {
                return Err("INVALID_EDITED_SIZE");
            }
            Some(size) => product
                .instrument
                .exact_quantity(size)
                .ok_or("INVALID_EDITED_SIZE")?,
        };
        if size.0 <= order.filled {
            return Err("CANNOT_EDIT_TO_BELOW_FILLED_SIZE");
        }
        if (price, size.0) == (old, ordered) {
            return Err("EDIT_REQUEST_EQUAL_TO_ORIGINAL_REQUEST");
        }
        if order.terms.post_only && self.would_cross(order.product, order.side, price) {
            return Err("INVALID_EDITED_PRICE");
        }
        Ok((price, size))
    }
}
