//! Answers that are none: what kind of failure a status and a body are, told in few words.
//!
//! A body may be the venue's JSON in several forms, plain text, or a page of the gateway in front of
//! it. Pages are transient: whether an order got through is not known.

use super::frames::cut;
use crate::exchange::calls::{Call, CallFailure, FailureKind};
use serde::Deserialize;
use std::borrow::Cow;

/// `{"error", "code", "message", "error_details"}` and `{"errors": [{"id", "message"}]}`.
#[derive(Default, Deserialize)]
struct ErrorBody<'a> {
    #[serde(borrow, default)]
    error: Option<Cow<'a, str>>,
    #[serde(borrow, default, alias = "error_description")]
    message: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    error_details: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    errors: Option<Vec<GatewayError<'a>>>,
}

#[derive(Deserialize)]
struct GatewayError<'a> {
    #[serde(borrow, default)]
    id: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    message: Option<Cow<'a, str>>,
}

impl ErrorBody<'_> {
    fn code(&self) -> Option<&str> {
        let gateway = self.errors.iter().flatten().next();
        self.error
            .as_deref()
            .or_else(|| gateway.and_then(|error| error.id.as_deref()))
            .filter(|code| !code.is_empty())
    }

    /// Code, message and details, as far as they say something.
    fn text(&self) -> String {
        let gateway = self.errors.iter().flatten();
        let texts = [self.message.as_deref(), self.error_details.as_deref()]
            .into_iter()
            .chain(gateway.map(|error| error.message.as_deref()))
            .flatten()
            .filter(|text| !text.is_empty());
        let mut all: Vec<&str> = self.code().into_iter().collect();
        for text in texts {
            if !all.contains(&text) {
                all.push(text);
            }
        }
        all.join(": ")
    }
}

/// What kind of body came.
enum Body<'a> {
    Json(ErrorBody<'a>),
    /// A page of a gateway: whatever begins with a tag.
    Page(String),
    Text(&'a str),
    Binary,
}

impl<'a> Body<'a> {
    fn of(bytes: &'a [u8]) -> Self {
        let Ok(text) = std::str::from_utf8(bytes) else {
            return Self::Binary;
        };
        let text = text.trim_start_matches('\u{feff}').trim();
        if text.starts_with('<') {
            return Self::Page(title(text).unwrap_or("without title").to_owned());
        }
        match serde_json::from_str::<ErrorBody<'_>>(text) {
            Ok(body) if body.code().is_some() || !body.text().is_empty() => Self::Json(body),
            _ => Self::Text(text),
        }
    }

    fn describe(&self) -> String {
        match self {
            Self::Json(body) => body.text(),
            Self::Page(title) => format!("an HTML page ({title})"),
            Self::Text("") => "an empty body".to_owned(),
            Self::Text(text) => (*text).to_owned(),
            Self::Binary => "a body that is no text".to_owned(),
        }
    }
}

/// What a page is titled.
fn title(page: &str) -> Option<&str> {
    let from = page.find("<title>")? + "<title>".len();
    let rest = page.get(from..)?;
    let title = rest.get(..rest.find('<')?)?.trim();
    (!title.is_empty()).then_some(title)
}

/// Tokens of ours that a body might repeat.
fn without_tokens(text: &str) -> String {
    text.split_inclusive(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c)))
        .map(|word| {
            // Every token begins with the base64 of `{"`.
            if word.starts_with("eyJ") && word.len() > 20 {
                "*** "
            } else {
                word
            }
        })
        .collect()
}

/// A body in one short line that holds no token.
pub(super) fn excerpt(text: &str) -> String {
    cut(&without_tokens(text))
}

/// The failure that an answer of another status than success is.
pub(super) fn failure(call: &Call, status: u16, body: &[u8]) -> CallFailure {
    let body = Body::of(body);
    let kind = kind(status, &body);
    let text = excerpt(&body.describe());
    CallFailure {
        kind,
        status,
        text: format!("{}: HTTP {status}: {text}", name(call)),
        retry_after: None,
    }
}

/// The failure that a success without a usable body is.
pub(super) fn undecodable(call: &Call, status: u16, error: &str) -> CallFailure {
    CallFailure {
        kind: FailureKind::Undecodable,
        status,
        text: format!("{}: HTTP {status}, but {}", name(call), excerpt(error)),
        retry_after: None,
    }
}

fn kind(status: u16, body: &Body<'_>) -> FailureKind {
    let code = match body {
        Body::Json(body) => body.code().unwrap_or_default(),
        _ => "",
    };
    let text = match body {
        Body::Json(body) => body.text(),
        Body::Text(text) => (*text).to_owned(),
        Body::Page(_) | Body::Binary => String::new(),
    };
    match status {
        429 => FailureKind::RateLimited,
        _ if matches!(body, Body::Page(_)) => FailureKind::Unavailable,
        401 => FailureKind::Unauthorized,
        // A key that caused too many errors is shut out for a while.
        403 if text.to_ascii_lowercase().contains("too many errors") => FailureKind::RateLimited,
        403 | 451 => FailureKind::Forbidden,
        404 => FailureKind::NotFound,
        // The request timed out at the gateway, or collided with another: an order may exist.
        408 | 409 => FailureKind::Unavailable,
        400..=499 => by_code(code),
        _ => FailureKind::Unavailable,
    }
}

fn by_code(code: &str) -> FailureKind {
    match code.to_ascii_uppercase().as_str() {
        "RATE_LIMIT_EXCEEDED" | "RESOURCE_EXHAUSTED" => FailureKind::RateLimited,
        "UNAUTHORIZED" | "UNAUTHENTICATED" => FailureKind::Unauthorized,
        "PERMISSION_DENIED" => FailureKind::Forbidden,
        "NOT_FOUND" => FailureKind::NotFound,
        _ => FailureKind::Invalid,
    }
}

/// What a call asks, in words, with what it asks about.
fn name(call: &Call) -> String {
    match call {
        Call::ServerTime => "server time".to_owned(),
        Call::KeyPermissions => "key permissions".to_owned(),
        Call::Products { ids, .. } if ids.is_empty() => "products".to_owned(),
        Call::Products { ids, .. } => format!("products {}", ids.join(", ")),
        Call::Book { product, .. } => format!("book of {product}"),
        Call::Candles {
            product, interval, ..
        } => format!("{interval} candles of {product}"),
        Call::Trades { product, .. } => format!("trades of {product}"),
        Call::Accounts { .. } => "accounts".to_owned(),
        Call::FeeTier => "fee tier".to_owned(),
        Call::Place(order) => format!("order {} of {}", order.client_id, order.product),
        Call::Preview(order) => format!("preview of an order of {}", order.product),
        Call::Edit { venue_id, .. } => format!("edit of order {venue_id}"),
        Call::Cancel { venue_ids } => format!("cancel of {} orders", venue_ids.len()),
        Call::Order { venue_id } => format!("order {venue_id}"),
        Call::Orders { product, .. } if product.is_empty() => "orders".to_owned(),
        Call::Orders { product, .. } => format!("orders of {product}"),
        Call::Fills { .. } => "fills".to_owned(),
        Call::Positions => "positions".to_owned(),
        Call::FuturesBalance => "balance of futures".to_owned(),
    }
}
