//! An order and a fill as REST and the user channel show them.

use crate::core::units::{Decimal, Rounding, Timestamp};
use crate::venue::matching::order::Edit;
use crate::venue::matching::{Fill, Kind, Life, Order, Size, Status};
use crate::venue::product::Product;
use crate::venue::text::rfc3339;
use crate::venue::world::World;
use serde_json::{Value, json};

/// As lists filter by it.
pub const fn order_type(order: &Order) -> &'static str {
    match order.terms.kind {
        Kind::Market => "MARKET",
        Kind::Limit => "LIMIT",
        Kind::StopLimit { .. } => "STOP_LIMIT",
        Kind::Bracket { .. } => "BRACKET",
    }
}

pub const fn time_in_force(order: &Order) -> &'static str {
    match order.terms.life {
        Life::UntilCancelled => "GOOD_UNTIL_CANCELLED",
        Life::Until(_) => "GOOD_UNTIL_DATE_TIME",
        Life::ImmediateOrCancel => "IMMEDIATE_OR_CANCEL",
        Life::FillOrKill => "FILL_OR_KILL",
    }
}

const fn trigger_status(order: &Order) -> &'static str {
    match (order.terms.kind, order.triggered) {
        (Kind::Market | Kind::Limit, _) => "INVALID_ORDER_TYPE",
        (_, false) => "STOP_PENDING",
        (_, true) => "STOP_TRIGGERED",
    }
}

/// As the lists show an order: one whose cancellation was asked for waits for it.
pub fn status(order: &Order) -> &'static str {
    if order.cancel_asked && !order.status.is_final() {
        "CANCEL_QUEUED"
    } else {
        order.status.name()
    }
}

/// Percent that is filled, as text.
fn completion(order: &Order) -> String {
    let percent = match order.terms.size {
        Size::Base(size) => {
            let whole = Decimal::from_int(100);
            whole.mul_div(
                i128::from(order.filled),
                i128::from(size.0),
                Rounding::HalfEven,
            )
        }
        Size::Quote(_) if order.status == Status::Filled => Some(Decimal::from_int(100)),
        Size::Quote(amount) => {
            let spent = order.value + order.fees;
            spent.mul_div(100 * Decimal::ONE.raw(), amount.raw(), Rounding::HalfEven)
        }
    };
    percent
        .unwrap_or_default()
        .round(2, Rounding::HalfEven)
        .to_string()
}

fn edit_json(product: &Product, edit: &Edit) -> Value {
    json!({
        "price": product.price(edit.price).to_string(),
        "size": product.size(edit.size.0).to_string(),
        "replace_accept_timestamp": rfc3339(edit.accepted, 6),
    })
}

/// What is filled in units of the base: contracts times their size.
pub(super) fn base_of(product: &Product, order: &Order) -> Decimal {
    product.size(order.filled) * product.instrument.contract_value
}

/// The amount after fees: what a buy cost, what a sell brought.
fn after_fees(order: &Order) -> Decimal {
    match order.side {
        crate::core::units::Side::Buy => order.value + order.fees,
        crate::core::units::Side::Sell => order.value - order.fees,
    }
}

/// An order as REST shows it.
pub fn order_json(world: &World, order: &Order) -> Value {
    let product = world.product(order.product);
    let filled = product.size(order.filled);
    let in_quote = matches!(order.terms.size, Size::Quote(_));
    let edits: Vec<Value> = order
        .edits
        .iter()
        .map(|edit| edit_json(product, edit))
        .collect();
    json!({
        "order_id": order.id,
        "product_id": product.id,
        "user_id": world.user_id,
        "order_configuration": configuration(product, order),
        "side": order.side.name(),
        "client_order_id": order.client_id,
        "status": status(order),
        "time_in_force": time_in_force(order),
        "created_time": rfc3339(order.created, 6),
        "completion_percentage": completion(order),
        "filled_size": filled.to_string(),
        "average_filled_price": order.average_price(base_of(product, order)).to_string(),
        "fee": "",
        "number_of_fills": order.fills.to_string(),
        "filled_value": order.value.to_string(),
        "pending_cancel": order.cancel_asked && !order.status.is_final(),
        "size_in_quote": in_quote,
        "total_fees": order.fees.to_string(),
        "size_inclusive_of_fees": in_quote,
        "total_value_after_fees": after_fees(order).to_string(),
        "trigger_status": trigger_status(order),
        "order_type": order_type(order),
        "reject_reason": "REJECT_REASON_UNSPECIFIED",
        "settled": order.status.is_final() && order.filled > 0,
        "product_type": product.kind_name(),
        "reject_message": "",
        "cancel_message": order.cancel_message,
        "order_placement_source": "RETAIL_ADVANCED",
        "outstanding_hold_amount": order.hold.to_string(),
        "is_liquidation": false,
        "last_fill_time": order.last_fill.map(|time| rfc3339(time, 6)),
        "edit_history": edits,
        "leverage": "",
        "margin_type": "UNKNOWN_MARGIN_TYPE",
        "retail_portfolio_id": world.portfolio_id,
        "originating_order_id": "",
        "attached_order_id": "",
        "attached_order_configuration": null,
    })
}

/// The configuration as it was sent, with the price and size of the last edit.
fn configuration(product: &Product, order: &Order) -> Value {
    let mut shown = order.configuration.clone();
    if let Some(edit) = order.edits.last()
        && let Some((_, fields)) = shown.as_object_mut().and_then(|o| o.iter_mut().next())
    {
        fields["limit_price"] = product.price(edit.price).to_string().into();
        fields["base_size"] = product.size(edit.size.0).to_string().into();
    }
    shown
}

/// An order as the user channel shows it: what it came to so far.
pub fn user_json(world: &World, order: &Order) -> Value {
    let product = world.product(order.product);
    let filled = product.size(order.filled);
    let leaves = if order.status.is_final() {
        0
    } else {
        order.remaining()
    };
    let price = |price: Option<Decimal>| price.map_or_else(String::new, |p| p.to_string());
    let stop = match order.terms.kind {
        Kind::StopLimit { stop, .. } | Kind::Bracket { stop } => Some(product.price(stop)),
        Kind::Market | Kind::Limit => None,
    };
    let end = match order.terms.life {
        Life::Until(end) => end,
        _ => Timestamp(ZERO_TIME),
    };
    let (expiry_type, risk) = match product.contract {
        Some(_) => ("EXPIRING", "MANAGED_BY_FCM"),
        None => (
            "UNKNOWN_CONTRACT_EXPIRY_TYPE",
            "UNKNOWN_RISK_MANAGEMENT_TYPE",
        ),
    };
    json!({
        "avg_price": order.average_price(base_of(product, order)).to_string(),
        "cancel_reason": order.cancel_message,
        "client_order_id": order.client_id,
        "completion_percentage": completion(order),
        "contract_expiry_type": expiry_type,
        "cumulative_quantity": filled.to_string(),
        "filled_value": order.value.to_string(),
        "leaves_quantity": product.size(leaves).to_string(),
        "limit_price": price(order.terms.limit.map(|limit| product.price(limit))),
        "number_of_fills": order.fills.to_string(),
        "order_id": order.id,
        "order_side": order.side.name(),
        "order_type": user_type(order),
        "outstanding_hold_amount": order.hold.to_string(),
        "post_only": order.terms.post_only.to_string(),
        "product_id": product.id,
        "product_type": product.kind_name(),
        "reject_reason": "",
        "retail_portfolio_id": world.portfolio_id,
        "risk_managed_by": risk,
        "status": status(order),
        "stop_price": price(stop),
        "time_in_force": time_in_force(order),
        "total_fees": order.fees.to_string(),
        "total_value_after_fees": after_fees(order).to_string(),
        "trigger_status": trigger_status(order),
        "creation_time": rfc3339(order.created, 6),
        "end_time": rfc3339(end, 0),
        "start_time": rfc3339(Timestamp(ZERO_TIME), 0),
    })
}

/// Where no time is meant: the epoch.
const ZERO_TIME: i64 = 0;

/// The user channel spells some types in words.
const fn user_type(order: &Order) -> &'static str {
    match order.terms.kind {
        Kind::Market => "Market",
        Kind::Limit => "Limit",
        Kind::StopLimit { .. } => "Stop Limit",
        Kind::Bracket { .. } => "Bracket",
    }
}

/// A fill as REST shows it.
pub fn fill_json(world: &World, fill: &Fill) -> Value {
    let product = world.product(fill.product);
    json!({
        "entry_id": fill.entry_id,
        "trade_id": fill.trade_id,
        "order_id": fill.order_id,
        "trade_time": rfc3339(fill.time, 9),
        "trade_type": "FILL",
        "price": product.price(fill.price).to_string(),
        "size": product.size(fill.lots).to_string(),
        "commission": fill.fee.to_string(),
        "product_id": product.id,
        "sequence_timestamp": rfc3339(fill.time, 6),
        "liquidity_indicator": if fill.maker { "MAKER" } else { "TAKER" },
        "size_in_quote": false,
        "user_id": world.user_id,
        "side": fill.side.name(),
        "retail_portfolio_id": world.portfolio_id,
    })
}
