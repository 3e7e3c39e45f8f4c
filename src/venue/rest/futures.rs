//! Calls about contracts: positions, margin, leaving a position.

use super::futures_view::{position_json, summary_json, with_currency};
use super::orders::placed;
use super::{Outcome, body, decimal, not_found, text};
use crate::core::units::{Side, Timestamp};
use crate::venue::matching::OrderRequest;
use crate::venue::matching::admission::{OrderTime, Shape};
use crate::venue::matching::order::Refusal;
use crate::venue::server::http::{Answer, Request};
use crate::venue::world::World;
use serde_json::{Value, json};

/// Index of the contract of this name.
fn contract(world: &World, id: &str) -> Result<usize, Answer> {
    world
        .engine
        .product(id)
        .filter(|index| world.product(*index).contract.is_some())
        .ok_or_else(|| not_found(&format!("{id} is no futures contract of this venue")))
}

pub fn positions(world: &mut World, _: &Request, _: Timestamp, _: &[&str]) -> Outcome {
    let open = world.engine.positions();
    let shown: Vec<Value> = open
        .map(|(index, held)| position_json(world, index, held))
        .collect();
    Ok(json!({"positions": shown}))
}

pub fn position(world: &mut World, _: &Request, _: Timestamp, path: &[&str]) -> Outcome {
    let index = contract(world, path.last().copied().unwrap_or_default())?;
    let held = world.engine.position(index);
    let held = held.ok_or_else(|| not_found("there is no position of this product"))?;
    Ok(json!({"position": position_json(world, index, held)}))
}

pub fn balance_summary(world: &mut World, _: &Request, _: Timestamp, _: &[&str]) -> Outcome {
    if !world.has_contracts() {
        return Err(not_found("this account trades no futures"));
    }
    Ok(json!({"balance_summary": summary_json(world, with_currency)}))
}

/// Leaves a position, or a part of it, at market.
pub fn close_position(world: &mut World, request: &Request, now: Timestamp, _: &[&str]) -> Outcome {
    let body = body(request)?;
    let client_id = text(&body, "client_order_id")?.to_owned();
    let product_id = text(&body, "product_id")?.to_owned();
    let size = decimal(&body, "size")?;
    let index = contract(world, &product_id)?;
    let lots = world.engine.position(index).map_or(0, |held| held.lots);
    let held = world.product(index).size(lots.abs());
    let size = size.unwrap_or(held);
    let configuration = json!({"market_market_ioc": {"base_size": size.to_string()}});
    let wanted = OrderRequest {
        client_id,
        product_id,
        side: Some(if lots < 0 { Side::Buy } else { Side::Sell }),
        shape: Shape::Market,
        life: OrderTime::ImmediateOrCancel,
        base_size: Some(size),
        quote_size: None,
        limit_price: None,
        stop_price: None,
        rising: None,
        post_only: false,
        leverage: None,
        configuration,
    };
    if lots == 0 || size > held {
        let message = format!("a position of {held} contracts cannot be reduced by {size}");
        let preview = "PREVIEW_INVALID_BASE_SIZE_TOO_LARGE";
        let refusal = Refusal::new("INVALID_REQUEST", preview, message);
        return Ok(super::orders::refused(&refusal, &wanted.configuration));
    }
    placed(world, &wanted, now)
}
