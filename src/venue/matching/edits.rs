//! Edits of resting limit orders.

use super::admission::check_value;
use super::engine::{Engine, with_fee};
use super::order::{EDITS_KEPT, Edit, Kind, Life, Order, Size, Status};
use crate::core::units::{Decimal, Price, Quantity, Side, Timestamp};

/// An edit that passed the checks.
#[derive(Clone, Copy, Debug)]
pub struct Edited {
    number: u64,
    pub price: Price,
    /// The whole order's, not what is left of it.
    pub size: Quantity,
    /// To be set aside then, as with a new order.
    hold: Decimal,
}

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
        let edited = self.check_edit(id, price, size)?;
        let number = edited.number;
        self.move_hold(&edited)?;
        let order = self.orders.get_mut(&number).ok_or("ORDER_NOT_FOUND")?;
        let (product, side) = (order.product, order.side);
        let (old_price, old_size) = (order.terms.limit, order.ordered().unwrap_or(0));
        order.terms.limit = Some(edited.price);
        order.terms.size = Size::Base(edited.size);
        order.hold = edited.hold;
        if order.edits.len() == EDITS_KEPT {
            order.edits.remove(0);
        }
        order.edits.push(Edit {
            price: edited.price,
            size: edited.size,
            accepted: at,
        });
        let remaining = order.remaining();
        let keeps_place = old_price == Some(edited.price) && edited.size.0 <= old_size;
        let book = &mut self.listed[product].book;
        if keeps_place {
            book.shrink(side, edited.price, number, remaining);
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

    /// Checks an edit; nothing is changed.
    ///
    /// # Errors
    /// As of [`Engine::edit`].
    pub fn check_edit(
        &self,
        id: &str,
        price: Option<Decimal>,
        size: Option<Decimal>,
    ) -> Result<Edited, &'static str> {
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
        check_value(product, price, size).map_err(|_| "INVALID_EDITED_SIZE")?;
        let left = size.0 - order.filled;
        let hold = match order.side {
            _ if product.contract.is_some() => self.margin_of_edit(order, size)?,
            Side::Sell => product.size(left),
            Side::Buy => product
                .value(price, left)
                .and_then(|value| with_fee(value, order.worst_rate))
                .ok_or("INVALID_EDITED_SIZE")?,
        };
        if product.contract.is_none() {
            let currency = self.hold_currency(order.product, order.side);
            if self.accounts.balance(currency).available + order.hold < hold {
                return Err("INSUFFICIENT_FUND");
            }
        }
        Ok(Edited {
            number: order.number,
            price,
            size,
            hold,
        })
    }

    /// Sets aside more or less than before; contracts have their margin elsewhere.
    fn move_hold(&mut self, edited: &Edited) -> Result<(), &'static str> {
        let order = self.orders.get(&edited.number).ok_or("ORDER_NOT_FOUND")?;
        let (product, old) = (order.product, order.hold);
        if self.contract(product).is_some() {
            return Ok(());
        }
        let currency = self.hold_currency(product, order.side).to_owned();
        if edited.hold < old {
            self.accounts.release(&currency, old - edited.hold);
        } else if !self.accounts.hold(&currency, edited.hold - old) {
            return Err("INSUFFICIENT_FUND");
        }
        Ok(())
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
