//! Calls that list orders and fills, newest first, in pages.

use super::order_view::{fill_json, order_json, order_type, status, time_in_force};
use super::{Answer, Outcome, invalid, not_found, number};
use crate::core::units::Timestamp;
use crate::core::units::calendar::parse_time;
use crate::venue::matching::{Fill, Order};
use crate::venue::server::http::Request;
use crate::venue::world::World;
use serde_json::{Value, json};

/// Orders or fills of one page.
const PAGE: usize = 100;
const PAGE_MAX: usize = 1_000;

const STATUSES: [&str; 10] = [
    "PENDING",
    "OPEN",
    "FILLED",
    "CANCELLED",
    "EXPIRED",
    "FAILED",
    "QUEUED",
    "CANCEL_QUEUED",
    "EDIT_QUEUED",
    "UNKNOWN_ORDER_STATUS",
];

pub fn order(world: &mut World, _: &Request, _: Timestamp, path: &[&str]) -> Outcome {
    let id = path.last().copied().unwrap_or_default();
    let order = world
        .engine
        .order(id)
        .ok_or_else(|| not_found("order with this orderID was not found"))?;
    Ok(json!({"order": order_json(world, order)}))
}

/// A list of texts that a parameter gives, repeated or with commas.
fn list<'a>(request: &'a Request, name: &'a str) -> Vec<&'a str> {
    request
        .parameters(name)
        .flat_map(|value| value.split(','))
        .collect()
}

fn time(request: &Request, name: &str) -> Result<Option<Timestamp>, Answer> {
    match request.parameter(name) {
        None => Ok(None),
        Some(text) => parse_time(text)
            .map(Some)
            .ok_or_else(|| invalid(&format!("{name}: expected RFC 3339"))),
    }
}

/// Whether a list that may be empty (anything) has it.
fn wanted(list: &[&str], value: &str) -> bool {
    list.is_empty() || list.contains(&value)
}

pub fn orders(world: &mut World, request: &Request, _: Timestamp, _: &[&str]) -> Outcome {
    let statuses = list(request, "order_status");
    if let Some(unknown) = statuses.iter().find(|status| !STATUSES.contains(status)) {
        return Err(invalid(&format!("order_status: {unknown} is unknown")));
    }
    if statuses.len() > 1 && statuses.contains(&"OPEN") {
        return Err(invalid("order_status: OPEN cannot be combined with others"));
    }
    let (ids, products) = (list(request, "order_ids"), list(request, "product_ids"));
    let (types, lives) = (
        list(request, "order_types"),
        list(request, "time_in_forces"),
    );
    let side = request.parameter("order_side");
    let kind = request.parameter("product_type");
    let (from, to) = (time(request, "start_date")?, time(request, "end_date")?);
    let single = request.parameter("product_id");
    let fits = |order: &&Order| {
        let listed = world.product(order.product);
        let product = listed.id.as_str();
        kind.is_none_or(|kind| kind == listed.kind_name())
            && wanted(&statuses, status(order))
            && wanted(&ids, &order.id)
            && wanted(&products, product)
            && single.is_none_or(|id| id == product)
            && wanted(&types, order_type(order))
            && wanted(&lives, time_in_force(order))
            && side.is_none_or(|side| side == order.side.name())
            && from.is_none_or(|from| order.created >= from)
            && to.is_none_or(|to| order.created < to)
    };
    let before = cursor(request)?;
    let limit = number(request, "limit", PAGE, PAGE_MAX)?.max(1);
    let listed = world.engine.orders().rev().filter(fits);
    let (page, next) = page(listed, |order| order.number, before, limit);
    let shown: Vec<Value> = page.iter().map(|order| order_json(world, order)).collect();
    Ok(json!({
        "orders": shown,
        "sequence": "0",
        "has_next": next.is_some(),
        "cursor": next.unwrap_or_default(),
    }))
}

/// The first `limit` of a list that is newest first, among those below `before`, and the cursor of
/// the page after it.
fn page<'w, T>(
    listed: impl Iterator<Item = &'w T>,
    number: impl Fn(&T) -> u64,
    before: u64,
    limit: usize,
) -> (Vec<&'w T>, Option<String>) {
    let below = listed.filter(|one| number(one) < before);
    let mut page: Vec<&T> = below.take(limit + 1).collect();
    let has_next = page.len() > limit;
    page.truncate(limit);
    let next = page
        .last()
        .filter(|_| has_next)
        .map(|last| number(last).to_string());
    (page, next)
}

/// Numbers below this one belong to the page.
fn cursor(request: &Request) -> Result<u64, Answer> {
    match request.parameter("cursor") {
        None => Ok(u64::MAX),
        Some(text) => text
            .parse()
            .map_err(|_| invalid("cursor: expected one that a list gave")),
    }
}

pub fn fills(world: &mut World, request: &Request, _: Timestamp, _: &[&str]) -> Outcome {
    let mut orders = list(request, "order_ids");
    orders.extend(request.parameter("order_id"));
    let mut products = list(request, "product_ids");
    products.extend(request.parameter("product_id"));
    let trades = list(request, "trade_ids");
    let from = time(request, "start_sequence_timestamp")?;
    let to = time(request, "end_sequence_timestamp")?;
    let fits = |fill: &&Fill| {
        wanted(&orders, &fill.order_id)
            && wanted(&products, &world.product(fill.product).id)
            && wanted(&trades, &fill.trade_id)
            && from.is_none_or(|from| fill.time >= from)
            && to.is_none_or(|to| fill.time < to)
    };
    let before = cursor(request)?;
    let limit = number(request, "limit", PAGE, PAGE_MAX)?.max(1);
    let listed = world.engine.fills().rev().filter(fits);
    let (page, next) = page(listed, |fill| fill.number, before, limit);
    let shown: Vec<Value> = page.iter().map(|fill| fill_json(world, fill)).collect();
    Ok(json!({"fills": shown, "cursor": next.unwrap_or_default()}))
}
