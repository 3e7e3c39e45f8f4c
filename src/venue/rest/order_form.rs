//! The form of an order: the JSON of a request, its fields named when they make no sense.

use super::{Answer, decimal, invalid, text};
use crate::core::units::calendar::parse_time;
use crate::core::units::{Decimal, Side, Timestamp};
use crate::venue::matching::OrderRequest;
use crate::venue::matching::admission::{OrderTime, Shape};
use serde_json::Value;

/// Longest client order id.
const CLIENT_ID_MAX: usize = 128;

/// A configuration of the protocol: its name, shape, life, and name of its stop.
type Known = (&'static str, Shape, Lasts, &'static str);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Lasts {
    Gtc,
    Gtd,
    Ioc,
    Fok,
}

const NOT_OFFERED: Shape = Shape::Unsupported("order_configuration");

const KNOWN: [Known; 12] = [
    ("market_market_ioc", Shape::Market, Lasts::Ioc, ""),
    ("market_market_fok", Shape::Market, Lasts::Fok, ""),
    ("sor_limit_ioc", Shape::Limit, Lasts::Ioc, ""),
    ("limit_limit_gtc", Shape::Limit, Lasts::Gtc, ""),
    ("limit_limit_gtd", Shape::Limit, Lasts::Gtd, ""),
    ("limit_limit_fok", Shape::Limit, Lasts::Fok, ""),
    (
        "stop_limit_stop_limit_gtc",
        Shape::StopLimit,
        Lasts::Gtc,
        "stop_price",
    ),
    (
        "stop_limit_stop_limit_gtd",
        Shape::StopLimit,
        Lasts::Gtd,
        "stop_price",
    ),
    (
        "trigger_bracket_gtc",
        Shape::Bracket,
        Lasts::Gtc,
        "stop_trigger_price",
    ),
    (
        "trigger_bracket_gtd",
        Shape::Bracket,
        Lasts::Gtd,
        "stop_trigger_price",
    ),
    ("twap_limit_gtd", NOT_OFFERED, Lasts::Gtd, ""),
    ("scaled_limit_gtc", NOT_OFFERED, Lasts::Gtc, ""),
];

/// Reads an order; a preview has no client order id.
pub fn order(body: &Value, preview: bool, now: Timestamp) -> Result<OrderRequest, Answer> {
    let client_id = client_id(body, preview)?;
    let product_id = text(body, "product_id")?.to_owned();
    let side = match text(body, "side")? {
        "BUY" => Some(Side::Buy),
        "SELL" => Some(Side::Sell),
        _ => None,
    };
    let configuration = &body["order_configuration"];
    let Some((name, fields)) = configuration
        .as_object()
        .filter(|object| object.len() == 1)
        .and_then(|object| object.iter().next())
    else {
        return Err(invalid(
            "order_configuration: expected an object with one configuration",
        ));
    };
    let (_, shape, lasts, stop) = KNOWN
        .iter()
        .find(|(of, ..)| of == name)
        .ok_or_else(|| invalid(&format!("order_configuration: {name} is unknown")))?;
    if !fields.is_object() {
        return Err(invalid(&format!("{name}: expected an object")));
    }
    let mut request = OrderRequest {
        client_id,
        product_id,
        side,
        shape: attached(body, *shape),
        life: life(fields, *lasts, now)?,
        base_size: decimal(fields, "base_size")?,
        quote_size: decimal(fields, "quote_size")?,
        limit_price: decimal(fields, "limit_price")?,
        stop_price: None,
        rising: None,
        post_only: post_only(fields)?,
        leverage: decimal(body, "leverage")?,
        configuration: configuration.clone(),
    };
    if let Shape::Unsupported(_) = request.shape {
        return Ok(request);
    }
    if !stop.is_empty() {
        request.stop_price = Some(required(decimal(fields, stop)?, stop)?);
    }
    if *shape == Shape::StopLimit {
        request.rising = Some(direction(fields)?);
    }
    if *shape != Shape::Market {
        required(request.limit_price, "limit_price")?;
    } else if request.limit_price.is_some() {
        return Err(invalid("limit_price: a market order has none"));
    }
    match (request.base_size, request.quote_size) {
        (None, None) => Err(invalid("base_size: missing")),
        (Some(_), Some(_)) => Err(invalid("base_size, quote_size: expected one of them")),
        _ => Ok(request),
    }
}

fn client_id(body: &Value, preview: bool) -> Result<String, Answer> {
    let id = match &body["client_order_id"] {
        Value::Null if preview => "",
        Value::String(id) if preview || !id.is_empty() => id,
        _ => {
            return Err(invalid(
                "client_order_id: expected a text that is not empty",
            ));
        }
    };
    if id.len() > CLIENT_ID_MAX {
        return Err(invalid("client_order_id: expected at most 128 characters"));
    }
    Ok(id.to_owned())
}

/// An order that is to bring others along is not offered without them either: who sent it would believe
/// that what it buys is guarded.
fn attached(body: &Value, shape: Shape) -> Shape {
    const FIELD: &str = "attached_order_configuration";
    if body[FIELD].is_null() {
        shape
    } else {
        Shape::Unsupported(FIELD)
    }
}

fn required(value: Option<Decimal>, name: &str) -> Result<Decimal, Answer> {
    value.ok_or_else(|| invalid(&format!("{name}: missing")))
}

fn life(fields: &Value, lasts: Lasts, now: Timestamp) -> Result<OrderTime, Answer> {
    Ok(match lasts {
        Lasts::Gtc => OrderTime::UntilCancelled,
        Lasts::Ioc => OrderTime::ImmediateOrCancel,
        Lasts::Fok => OrderTime::FillOrKill,
        Lasts::Gtd => {
            let end = parse_time(text(fields, "end_time")?);
            let end = end.ok_or_else(|| invalid("end_time: expected RFC 3339"))?;
            if end <= now {
                return Err(invalid("end_time: expected a time in the future"));
            }
            OrderTime::Until(end)
        }
    })
}

/// A bool, also as text.
fn post_only(fields: &Value) -> Result<bool, Answer> {
    match &fields["post_only"] {
        Value::Null => Ok(false),
        Value::Bool(flag) => Ok(*flag),
        Value::String(text) if text == "true" => Ok(true),
        Value::String(text) if text == "false" => Ok(false),
        _ => Err(invalid("post_only: expected true or false")),
    }
}

/// Whether a stop waits for a higher price.
fn direction(fields: &Value) -> Result<bool, Answer> {
    match fields["stop_direction"].as_str() {
        Some("STOP_DIRECTION_STOP_UP") => Ok(true),
        Some("STOP_DIRECTION_STOP_DOWN") => Ok(false),
        _ => Err(invalid(
            "stop_direction: expected STOP_DIRECTION_STOP_UP or STOP_DIRECTION_STOP_DOWN",
        )),
    }
}
