//! REST: which call it is, whether it may be made, and its answer.
//!
//! Checks in the order of the exchange: request limit, token, permission, path and method, then those of the
//! call itself. A call works on the whole world and touches no socket.

mod account;
mod control;
mod futures;
pub mod futures_view;
mod legacy;
mod market;
pub mod market_view;
mod order_form;
mod order_list;
pub mod order_view;
mod orders;
mod strict;

pub use control::apply_to_orders as apply_faults;

use super::faults::FaultKind;
use super::server::http::{Answer, BadRequest, Request};
use super::server::token::{Purpose, verify};
use super::text::unix_seconds;
use super::world::World;
use crate::core::units::{Decimal, Timestamp};
use crate::log;
use serde_json::{Value, json};

/// Where the protocol's calls begin.
const PREFIX: &str = "/api/v3/brokerage";

/// An answer and how it is to be given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    pub answer: Answer,
    /// Milliseconds by which it is late.
    pub delay_ms: u64,
    /// The connection is cut instead.
    pub lost: bool,
    /// User events follow it instead of going before it.
    pub before_events: bool,
}

impl Reply {
    fn now(answer: Answer) -> Self {
        Self {
            answer,
            delay_ms: 0,
            lost: false,
            before_events: false,
        }
    }
}

/// A call's outcome: its JSON, or an error answer.
type Outcome = Result<Value, Answer>;
type Call = fn(&mut World, &Request, Timestamp, &[&str]) -> Outcome;

/// A call of the protocol.
struct Route {
    method: &'static str,
    /// `*` stands for any one segment.
    path: &'static [&'static str],
    private: bool,
    call: Call,
}

const fn public(path: &'static [&'static str], call: Call) -> Route {
    Route {
        method: "GET",
        path,
        private: false,
        call,
    }
}

const fn get(path: &'static [&'static str], call: Call) -> Route {
    Route {
        method: "GET",
        path,
        private: true,
        call,
    }
}

const fn post(path: &'static [&'static str], call: Call) -> Route {
    Route {
        method: "POST",
        path,
        private: true,
        call,
    }
}

const ROUTES: &[Route] = &[
    public(&["time"], market::time),
    public(&["market", "products"], market::products),
    public(&["market", "products", "*"], market::product),
    public(&["market", "products", "*", "candles"], market::candles),
    public(&["market", "products", "*", "ticker"], market::ticker),
    public(&["market", "product_book"], market::book),
    get(&["products"], market::products),
    get(&["products", "*"], market::product),
    get(&["products", "*", "candles"], market::candles),
    get(&["products", "*", "ticker"], market::ticker),
    get(&["product_book"], market::book),
    get(&["best_bid_ask"], market::best_bid_ask),
    get(&["accounts"], account::accounts),
    get(&["accounts", "*"], account::account),
    get(&["transaction_summary"], account::transaction_summary),
    get(&["key_permissions"], account::key_permissions),
    get(&["portfolios"], account::portfolios),
    get(&["portfolios", "*"], account::portfolio),
    get(&["payment_methods"], account::payment_methods),
    get(&["cfm", "positions"], futures::positions),
    get(&["cfm", "positions", "*"], futures::position),
    get(&["cfm", "balance_summary"], futures::balance_summary),
    post(&["orders"], orders::create),
    post(&["orders", "close_position"], futures::close_position),
    post(&["orders", "preview"], orders::preview),
    post(&["orders", "edit"], orders::edit),
    post(&["orders", "edit_preview"], orders::edit_preview),
    post(&["orders", "batch_cancel"], orders::batch_cancel),
    get(&["orders", "historical", "batch"], order_list::orders),
    get(&["orders", "historical", "fills"], order_list::fills),
    get(&["orders", "historical", "*"], order_list::order),
];

const LEGACY: &[Route] = &[
    public(&["currencies"], legacy::currencies),
    public(&["currencies", "crypto"], legacy::crypto),
    public(&["exchange-rates"], legacy::rates),
    public(&["time"], legacy::time),
    get(&["accounts"], legacy::accounts),
];

/// Answers a request.
pub fn answer(world: &mut World, request: &Request, now: Timestamp) -> Reply {
    if request.path.starts_with("/venue/") {
        return Reply::now(control::answer(world, request, now));
    }
    let path = request.path.as_str();
    if let Some(fault) = world.faults.strikes(FaultKind::TooManyRequests, path) {
        return Reply::now(too_many(fault.ms.max(0).unsigned_abs() / 1000));
    }
    if let Some(fault) = world.faults.strikes(FaultKind::ServerError, path) {
        return Reply::now(server_error(fault.status));
    }
    let slow = world.faults.strikes(FaultKind::SlowAnswer, path);
    let lost = world.faults.strikes(FaultKind::AnswerLost, path).is_some();
    let late = world.faults.strikes(FaultKind::LateEvents, path).is_some();
    Reply {
        answer: call(world, request, now),
        delay_ms: slow.map_or(0, |fault| fault.ms.max(0).unsigned_abs()),
        lost,
        before_events: late,
    }
}

fn call(world: &mut World, request: &Request, now: Timestamp) -> Answer {
    let (routes, rest) = match request.path.strip_prefix(PREFIX) {
        Some(rest) => (ROUTES, rest),
        None => match request.path.strip_prefix("/v2") {
            Some(rest) => (LEGACY, rest),
            None => return not_found_path(),
        },
    };
    let segments: Vec<&str> = rest.trim_start_matches('/').split('/').collect();
    let found = find(routes, &segments);
    // What the exchange does not know is not public either.
    let private = found.first().is_none_or(|route| route.private);
    let standing = world.limits.count(private, unix_seconds(now));
    let mut answer = if standing.is_some_and(|standing| !standing.allowed) {
        too_many(1)
    } else if private && let Err(refused) = authenticate(world, request, now) {
        refused
    } else if private && request.method == "POST" && !world.permissions.trade {
        error(403, "PERMISSION_DENIED", "key is not permitted to trade")
    } else {
        match found.iter().find(|route| route.method == request.method) {
            Some(route) => match (route.call)(world, request, now, &segments) {
                Ok(body) => Answer::json(200, &body),
                Err(answer) => answer,
            },
            None if found.is_empty() => not_found_path(),
            None => error(405, "METHOD_NOT_ALLOWED", "method is not allowed here"),
        }
    };
    if let Some(standing) = standing {
        answer.headers.extend([
            ("x-ratelimit-limit", standing.limit.to_string()),
            ("x-ratelimit-remaining", standing.remaining.to_string()),
            ("x-ratelimit-reset", standing.reset.to_string()),
        ]);
    }
    answer
}

/// The routes of a path; a path without a wildcard hides those with one.
fn find(routes: &'static [Route], segments: &[&str]) -> Vec<&'static Route> {
    let fits = |route: &&Route| {
        let same = |(of, is): (&&str, &&str)| *of == "*" && !is.is_empty() || of == is;
        route.path.len() == segments.len() && route.path.iter().zip(segments).all(same)
    };
    let fitting: Vec<&Route> = routes.iter().filter(fits).collect();
    let wildcards = |route: &&Route| route.path.iter().filter(|part| **part == "*").count();
    let least = fitting.iter().map(wildcards).min();
    fitting
        .into_iter()
        .filter(|route| Some(wildcards(route)) == least)
        .collect()
}

fn authenticate(world: &World, request: &Request, now: Timestamp) -> Result<(), Answer> {
    let token = request
        .header("authorization")
        .and_then(|value| value.strip_prefix("Bearer "))
        .ok_or("unsigned");
    let purpose = Purpose::Call {
        method: &request.method,
        path: &request.path,
        hosts: &world.hosts,
    };
    let outcome = token.and_then(|t| verify(t.trim(), &world.keys, purpose, unix_seconds(now)));
    outcome.map(|_| ()).map_err(|reason| {
        let fields: log::Fields<'_> = &[("path", &request.path), ("reason", &reason)];
        log::info("venue", "unauthorized", fields);
        Answer::json(
            401,
            &json!({"error": "UNAUTHORIZED", "code": 16, "message": "Unauthorized", "details": []}),
        )
    })
}

fn error(status: u16, name: &str, message: &str) -> Answer {
    let body = json!({"error": name, "error_details": message, "message": message});
    Answer::json(status, &body)
}

/// What is no request, or too large for one.
pub fn unreadable(bad: BadRequest) -> Answer {
    let name = match bad.status {
        411 => "LENGTH_REQUIRED",
        413 => "CONTENT_TOO_LARGE",
        431 => "REQUEST_HEADER_FIELDS_TOO_LARGE",
        _ => "INVALID_ARGUMENT",
    };
    error(bad.status, name, bad.text)
}

/// A field that is missing or makes no sense.
fn invalid(message: &str) -> Answer {
    error(400, "INVALID_ARGUMENT", message)
}

fn not_found(message: &str) -> Answer {
    error(404, "NOT_FOUND", message)
}

fn not_found_path() -> Answer {
    let body = json!({"errors": [{"id": "not_found", "message": "Not found"}]});
    Answer::json(404, &body)
}

fn too_many(retry_after: u64) -> Answer {
    let message = "Rate limit exceeded";
    let body = json!({"errors": [{"id": "rate_limit_exceeded", "message": message}]});
    let mut answer = Answer::json(429, &body);
    answer
        .headers
        .push(("retry-after", retry_after.max(1).to_string()));
    answer
}

fn server_error(status: u16) -> Answer {
    let body = "<html><head><title>Service unavailable</title></head><body></body></html>";
    Answer {
        content_type: "text/html",
        ..Answer::text(status, body)
    }
}

/// A number of a parameter, within a range.
fn number(request: &Request, name: &str, default: usize, max: usize) -> Result<usize, Answer> {
    match request.parameter(name) {
        None => Ok(default),
        Some(text) => match text.parse::<usize>() {
            Ok(number) if number <= max => Ok(number),
            _ => Err(invalid(&format!("{name}: expected a number up to {max}"))),
        },
    }
}

/// The JSON object of a body.
fn body(request: &Request) -> Result<Value, Answer> {
    let parsed = strict::read(&request.body)
        .map_err(|_| invalid("body: expected a JSON object without repeated members"))?;
    if parsed.is_object() {
        Ok(parsed)
    } else {
        Err(invalid("body: expected a JSON object"))
    }
}

/// A member that has to be a text.
fn text<'a>(object: &'a Value, name: &str) -> Result<&'a str, Answer> {
    object[name]
        .as_str()
        .ok_or_else(|| invalid(&format!("{name}: expected a string")))
}

/// A member that is a decimal in a text, or missing, or empty.
fn decimal(object: &Value, name: &str) -> Result<Option<Decimal>, Answer> {
    let text = match &object[name] {
        Value::Null => return Ok(None),
        Value::String(text) if text.is_empty() => return Ok(None),
        Value::String(text) => text,
        _ => return Err(invalid(&format!("{name}: expected a decimal in a string"))),
    };
    match Decimal::parse_plain(text) {
        Ok(value) if value.is_positive() && !text.starts_with('+') => Ok(Some(value)),
        _ => Err(invalid(&format!(
            "{name}: expected a decimal above 0, without sign or exponent"
        ))),
    }
}

#[cfg(test)]
mod futures_tests;
#[cfg(test)]
mod refusal_tests;
#[cfg(test)]
pub(super) mod tests;
