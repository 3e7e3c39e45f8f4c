//! A wish of the core in the words that exchanges share: what an order asks, on the product's grid.

use crate::core::market::Instrument;
use crate::core::records::OrderKind;
use crate::core::units::{Decimal, Price, Side};
use crate::core::venue::OrderRequest;
use crate::exchange::orders::{OrderLife, OrderTerms};

/// What a request asks of its product.
pub(super) fn terms(request: &OrderRequest, instrument: &Instrument) -> OrderTerms {
    let order = &request.order;
    let size = instrument.quantity(order.quantity);
    let price = |price: Price| instrument.price(price);
    match (order.kind, request.limit.or(order.price)) {
        (OrderKind::StopLimit | OrderKind::Bracket, Some(limit)) => {
            let stop = price(order.price.unwrap_or(limit));
            let life = OrderLife::UntilCancelled;
            match request.target {
                Some(target) => OrderTerms::Bracket {
                    size,
                    target: price(target),
                    stop,
                    life,
                },
                None => OrderTerms::StopLimit {
                    size,
                    price: price(limit),
                    stop,
                    falling: order.side == Side::Sell,
                    life,
                },
            }
        }
        (OrderKind::Limit | OrderKind::PostOnly, Some(limit)) => OrderTerms::Limit {
            size,
            price: price(limit),
            life: request
                .expires
                .map_or(OrderLife::UntilCancelled, OrderLife::UntilTime),
            post_only: order.kind == OrderKind::PostOnly,
        },
        (OrderKind::TakeProfitLimit, Some(limit)) => within(size, price(limit)),
        _ => match request.limit {
            Some(limit) => within(size, price(limit)),
            None => OrderTerms::Market { size },
        },
    }
}

/// At once or not at all, and not beyond a price.
fn within(size: Decimal, price: Decimal) -> OrderTerms {
    OrderTerms::Limit {
        size,
        price,
        life: OrderLife::ImmediateOrCancel,
        post_only: false,
    }
}
