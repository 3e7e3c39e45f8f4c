//! Calls that make, change and end orders.
//!
//! A refusal of an order is HTTP 200 with `success: false`; what is no order at all is 400.

use super::order_form::order;
use super::{Outcome, body, decimal, invalid, text};
use crate::core::units::{Decimal, Rounding, Side, Timestamp};
use crate::venue::faults::FaultKind;
use crate::venue::matching::OrderRequest;
use crate::venue::matching::order::Refusal;
use crate::venue::server::http::Request;
use crate::venue::world::World;
use serde_json::{Value, json};

/// Orders that one call cancels at most.
const CANCEL_MAX: usize = 100;

pub fn create(world: &mut World, request: &Request, now: Timestamp, _: &[&str]) -> Outcome {
    let body = body(request)?;
    let wanted = order(&body, false, now)?;
    placed(world, &wanted, now)
}

/// Places an order; what its sender is answered.
pub(super) fn placed(world: &mut World, wanted: &OrderRequest, now: Timestamp) -> Outcome {
    let frozen = world.faults.strikes(FaultKind::FrozenOrder, "").is_some();
    world.engine.faults.freeze_next = frozen;
    let placed = world.engine.place(now, wanted);
    world.engine.faults.freeze_next = false;
    let placed = placed.map(|number| world.engine.orders().rev().find(|o| o.number == number));
    Ok(match placed {
        Ok(None) => return Err(super::error(500, "INTERNAL", "the order is gone")),
        Ok(Some(order)) => json!({
            "success": true,
            "failure_reason": "UNKNOWN_FAILURE_REASON",
            "order_id": order.id,
            "success_response": {
                "order_id": order.id,
                "product_id": wanted.product_id,
                "side": order.side.name(),
                "client_order_id": order.client_id,
            },
            "order_configuration": wanted.configuration,
        }),
        Err(refusal) => refused(&refusal, &wanted.configuration),
    })
}

pub(super) fn refused(refusal: &Refusal, configuration: &Value) -> Value {
    json!({
        "success": false,
        "failure_reason": "UNKNOWN_FAILURE_REASON",
        "order_id": "",
        "error_response": {
            "error": refusal.reason,
            "message": refusal.message,
            "error_details": "",
            "new_order_failure_reason": refusal.reason,
            "preview_failure_reason": refusal.preview,
        },
        "order_configuration": configuration,
    })
}

pub fn preview(world: &mut World, request: &Request, now: Timestamp, _: &[&str]) -> Outcome {
    let body = body(request)?;
    let wanted = order(&body, true, now)?;
    let admitted = world.engine.admit(&wanted);
    let (mut preview, mut errors) = (None, Vec::new());
    match &admitted {
        Ok(admitted) => preview = world.engine.preview(admitted),
        Err(refusal) => errors.push(refusal.preview),
    }
    let preview = preview.unwrap_or_default();
    let total = match wanted.side {
        Some(Side::Sell) => preview.quote - preview.commission,
        _ => preview.quote + preview.commission,
    };
    let id = if errors.is_empty() {
        world.new_id()
    } else {
        String::new()
    };
    let best = |side| {
        let index = world.engine.product(&wanted.product_id)?;
        let listed = &world.engine.listed()[index];
        Some(listed.product.price(listed.book.best(side)?))
    };
    let shown = |price: Option<Decimal>| price.map_or_else(String::new, |p| p.to_string());
    Ok(json!({
        "order_total": total.to_string(),
        "commission_total": preview.commission.to_string(),
        "errs": errors,
        "warning": [],
        "quote_size": preview.quote.to_string(),
        "base_size": preview.base.to_string(),
        "best_bid": shown(best(Side::Buy)),
        "best_ask": shown(best(Side::Sell)),
        "is_max": false,
        "order_margin_total": shown(preview.margin),
        "leverage": "",
        "long_leverage": "",
        "short_leverage": "",
        "slippage": "",
        "preview_id": id,
    }))
}

/// The fields of an edit.
fn edit_of(body: &Value) -> Result<(&str, Option<Decimal>, Option<Decimal>), super::Answer> {
    let id = text(body, "order_id")?;
    Ok((id, decimal(body, "price")?, decimal(body, "size")?))
}

pub fn edit(world: &mut World, request: &Request, now: Timestamp, _: &[&str]) -> Outcome {
    let body = body(request)?;
    let (id, price, size) = edit_of(&body)?;
    Ok(match world.engine.edit(now, id, price, size) {
        Ok(()) => json!({"success": true, "errors": []}),
        Err(reason) => json!({
            "success": false,
            "errors": [{
                "edit_failure_reason": reason,
                "preview_failure_reason": "UNKNOWN_PREVIEW_FAILURE_REASON",
            }],
        }),
    })
}

pub fn edit_preview(world: &mut World, request: &Request, _: Timestamp, _: &[&str]) -> Outcome {
    let body = body(request)?;
    let (id, price, size) = edit_of(&body)?;
    let refused = |reason| Ok(json!({"errors": [{"edit_failure_reason": reason}]}));
    let edited = match world.engine.check_edit(id, price, size) {
        Ok(edited) => edited,
        Err(reason) => return refused(reason),
    };
    let Some(order) = world.engine.order(id) else {
        return refused("ORDER_NOT_FOUND");
    };
    let product = world.product(order.product);
    let size = product.size(edited.size.0);
    let value = product.value(edited.price, edited.size.0);
    let fee = match &product.contract {
        Some(contract) => contract.fees(edited.size.0),
        None => value.and_then(|value| value.checked_mul(order.worst_rate, Rounding::HalfEven)),
    };
    let total = value
        .zip(fee)
        .and_then(|(value, fee)| value.checked_add(fee));
    let (Some(value), Some(fee), Some(total)) = (value, fee, total) else {
        return Err(invalid("price, size: too large"));
    };
    Ok(json!({
        "errors": [],
        "slippage": "",
        "order_total": total.to_string(),
        "commission_total": fee.to_string(),
        "quote_size": value.to_string(),
        "base_size": size.to_string(),
        "best_bid": "",
        "best_ask": "",
        "average_filled_price": order.average_price(super::order_view::base_of(product, order)).to_string(),
    }))
}

pub fn batch_cancel(world: &mut World, request: &Request, _: Timestamp, _: &[&str]) -> Outcome {
    let body = body(request)?;
    let ids = body["order_ids"]
        .as_array()
        .ok_or_else(|| invalid("order_ids: expected a list"))?;
    if ids.is_empty() || ids.len() > CANCEL_MAX {
        return Err(invalid("order_ids: expected 1 to 100 ids"));
    }
    let mut seen = Vec::new();
    let mut results = Vec::new();
    for id in ids {
        let id = id
            .as_str()
            .ok_or_else(|| invalid("order_ids: expected texts"))?;
        let reason = if seen.contains(&id) {
            "DUPLICATE_CANCEL_REQUEST"
        } else if world.engine.cancel(id) {
            ""
        } else {
            "UNKNOWN_CANCEL_ORDER"
        };
        seen.push(id);
        let shown = if reason.is_empty() {
            "UNKNOWN_CANCEL_FAILURE_REASON"
        } else {
            reason
        };
        results.push(json!({
            "success": reason.is_empty(),
            "failure_reason": shown,
            "order_id": id,
        }));
    }
    Ok(json!({"results": results}))
}
