//! The venue's own calls, for tests and for people: faults, and what the venue is at.
//!
//! `GET /venue/faults`, `POST /venue/faults` arms one, `DELETE /venue/faults` clears all;
//! `GET /venue/status`. They need no key: who reaches the venue's address may use it.

use super::{body, error, invalid};
use crate::core::units::Timestamp;
use crate::venue::faults::{Fault, FaultKind};
use crate::venue::server::http::{Answer, Request};
use crate::venue::text::rfc3339;
use crate::venue::world::World;
use serde_json::{Map, Value, json};

pub fn answer(world: &mut World, request: &Request, now: Timestamp) -> Answer {
    match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/venue/faults") => Answer::json(200, &faults(world)),
        ("POST", "/venue/faults") => match arm(world, request) {
            Ok(()) => Answer::json(200, &faults(world)),
            Err(answer) => answer,
        },
        ("DELETE", "/venue/faults") => {
            world.faults.clear();
            apply_to_orders(world);
            world.engine.thaw(now);
            Answer::json(200, &faults(world))
        }
        ("GET", "/venue/status") => Answer::json(200, &status(world, now)),
        (_, "/venue/faults" | "/venue/status") => {
            error(405, "METHOD_NOT_ALLOWED", "expected GET, POST or DELETE")
        }
        _ => super::not_found_path(),
    }
}

fn arm(world: &mut World, request: &Request) -> Result<(), Answer> {
    let body = body(request)?;
    let Some(name) = body["fault"].as_str() else {
        return Err(invalid("fault: expected a name"));
    };
    let kind = FaultKind::parse(name)
        .ok_or_else(|| invalid(&format!("fault: expected one of {}", FaultKind::names())))?;
    let mut fault = Fault::new(kind);
    for (setting, value) in body.as_object().into_iter().flatten() {
        if setting == "fault" {
            continue;
        }
        let text = match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        fault.set(setting, &text).map_err(|text| invalid(&text))?;
    }
    world.faults.arm(fault).map_err(|text| invalid(&text))?;
    apply_to_orders(world);
    Ok(())
}

/// The faults that lie in the matching.
pub fn apply_to_orders(world: &mut World) {
    let armed = |kind| world.faults.armed().iter().any(|fault| fault.kind == kind);
    let partial = armed(FaultKind::PartialFill);
    let faults = &mut world.engine.faults;
    faults.pieces = if partial { 4 } else { 0 };
    faults.cut_after = if partial { 2 } else { 0 };
    faults.no_bracket = armed(FaultKind::NoBracket);
    faults.no_stop_limit = armed(FaultKind::NoStopLimit);
    faults.session_closed = armed(FaultKind::SessionClosed);
    faults.stops_asleep = armed(FaultKind::StopsAsleep);
}

fn faults(world: &World) -> Value {
    let armed: Vec<Value> = world.faults.armed().iter().map(Fault::to_json).collect();
    let struck: Map<String, Value> = world
        .faults
        .struck()
        .map(|(name, count)| (name.to_owned(), count.into()))
        .collect();
    json!({"armed": armed, "struck": struck})
}

fn status(world: &World, now: Timestamp) -> Value {
    let products: Vec<Value> = world
        .engine
        .listed()
        .iter()
        .map(|listed| {
            let last = listed
                .last
                .map(|price| listed.product.price(price).to_string());
            json!({"product_id": listed.product.id, "last": last})
        })
        .collect();
    json!({
        "time": rfc3339(now, 3),
        "started": rfc3339(world.started, 3),
        "products": products,
        "open_orders": world.engine.open_orders().count(),
        "orders": world.engine.orders().count(),
        "fills": world.engine.fills().count(),
    })
}
