//! Answers about orders: placed or refused, edited, cancelled, listed, and their fills.

use super::account_answers::next_page;
use super::fields::{shown, time};
use super::loose::{Amount, Quotient, positive, reason};
use super::rest_answers::{Read, read};
use super::terms::{side, status};
use crate::core::units::{Decimal, Rounding};
use crate::exchange::calls::CallAnswer;
use crate::exchange::orders::{VenueFill, VenueOrder};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// `success` decides; the `failure_reason` beside it means nothing.
#[derive(Deserialize)]
struct PlacedBody<'a> {
    success: bool,
    #[serde(borrow, default)]
    order_id: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    success_response: Option<Accepted<'a>>,
    #[serde(borrow, default)]
    error_response: Option<Refusal<'a>>,
}

#[derive(Deserialize)]
struct Accepted<'a> {
    #[serde(borrow, default)]
    order_id: Cow<'a, str>,
    #[serde(borrow, default)]
    client_order_id: Cow<'a, str>,
}

#[derive(Default, Deserialize)]
struct Refusal<'a> {
    #[serde(borrow, default)]
    error: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    message: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    error_details: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    new_order_failure_reason: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    preview_failure_reason: Option<Cow<'a, str>>,
}

impl Refusal<'_> {
    /// The most telling of the reasons.
    fn reason(&self) -> String {
        let reasons = [
            &self.new_order_failure_reason,
            &self.preview_failure_reason,
            &self.error,
        ];
        let named = reasons
            .into_iter()
            .flatten()
            .find(|reason| !says_nothing(reason));
        named.map_or_else(|| "UNKNOWN_FAILURE_REASON".to_owned(), |r| cut(r))
    }

    fn text(&self) -> String {
        let texts = [&self.message, &self.error_details];
        cut(&reason(texts.map(|text| text.as_deref())))
    }
}

/// The venue's names for no reason.
fn says_nothing(reason: &str) -> bool {
    reason.is_empty() || reason.starts_with("UNKNOWN_")
}

fn cut(text: &str) -> String {
    super::failures::excerpt(text)
}

/// An answer that is not about the order that was sent is none, and so is one that says that the
/// order exists already: whoever asked must look.
pub(super) fn placed(body: &[u8], client_id: &str) -> Read {
    let answer: PlacedBody<'_> = read(body)?;
    if !answer.success {
        let refusal = answer.error_response.unwrap_or_default();
        let reason = refusal.reason();
        if reason == "DUPLICATE_CLIENT_ORDER_ID" {
            return Err(format!("{reason}: an order {client_id} exists already"));
        }
        let text = refusal.text();
        return Ok(CallAnswer::PlaceRefused { reason, text });
    }
    let accepted = answer.success_response.as_ref();
    let id = accepted
        .map(|accepted| &accepted.order_id)
        .filter(|id| !id.is_empty())
        .or(answer.order_id.as_ref().filter(|id| !id.is_empty()))
        .ok_or("success without order_id")?;
    let stated = accepted.map_or("", |accepted| accepted.client_order_id.as_ref());
    if !stated.is_empty() && stated != client_id {
        let stated = shown(stated);
        return Err(format!("client_order_id {stated:?}: expected {client_id}"));
    }
    Ok(CallAnswer::Placed {
        venue_id: id.clone().into_owned(),
        client_id: client_id.to_owned(),
    })
}

#[derive(Deserialize)]
struct PreviewBody<'a> {
    #[serde(borrow)]
    errs: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    warning: Option<Vec<&'a RawValue>>,
}

/// Mostly names; whatever else stands there is shown as it is.
fn names<'a>(values: impl IntoIterator<Item = &'a RawValue>) -> Vec<String> {
    let name = |raw: &RawValue| {
        let text = serde_json::from_str::<Cow<'_, str>>(raw.get());
        text.map_or_else(|_| cut(raw.get()), |text| cut(&text))
    };
    values.into_iter().map(name).collect()
}

pub(super) fn preview(body: &[u8]) -> Read {
    let answer: PreviewBody<'_> = read(body)?;
    Ok(CallAnswer::Preview {
        errors: names(answer.errs),
        warnings: names(answer.warning.into_iter().flatten()),
    })
}

#[derive(Deserialize)]
struct EditedBody<'a> {
    success: bool,
    #[serde(borrow, default)]
    errors: Option<OneOrMore<EditError<'a>>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore<T> {
    More(Vec<T>),
    One(T),
}

#[derive(Deserialize)]
struct EditError<'a> {
    #[serde(borrow, default)]
    edit_failure_reason: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    preview_failure_reason: Option<Cow<'a, str>>,
}

/// A success names unknown reasons as its errors.
pub(super) fn edited(body: &[u8]) -> Read {
    let answer: EditedBody<'_> = read(body)?;
    if answer.success {
        return Ok(CallAnswer::Edited { errors: Vec::new() });
    }
    let errors = match answer.errors {
        Some(OneOrMore::More(errors)) => errors,
        Some(OneOrMore::One(error)) => vec![error],
        None => Vec::new(),
    };
    let mut errors: Vec<String> = errors
        .into_iter()
        .flat_map(|error| [error.edit_failure_reason, error.preview_failure_reason])
        .flatten()
        .filter(|reason| !says_nothing(reason))
        .map(|reason| cut(&reason))
        .collect();
    if errors.is_empty() {
        errors.push("UNKNOWN_EDIT_ORDER_FAILURE_REASON".to_owned());
    }
    Ok(CallAnswer::Edited { errors })
}

#[derive(Deserialize)]
struct CancelBody<'a> {
    #[serde(borrow)]
    results: Vec<CancelResult<'a>>,
}

#[derive(Deserialize)]
struct CancelResult<'a> {
    success: bool,
    #[serde(borrow)]
    order_id: Cow<'a, str>,
    #[serde(borrow, default)]
    failure_reason: Cow<'a, str>,
}

pub(super) fn cancelled(body: &[u8]) -> Read {
    let answer: CancelBody<'_> = read(body)?;
    let results = answer.results.into_iter().map(|result| {
        let outcome = if result.success {
            Ok(())
        } else {
            Err(cut(&result.failure_reason))
        };
        (result.order_id.into_owned(), outcome)
    });
    Ok(CallAnswer::CancelResults(results.collect()))
}

#[derive(Deserialize)]
struct OrderBody<'a> {
    #[serde(borrow)]
    order: OrderFields<'a>,
}

#[derive(Deserialize)]
struct OrdersBody<'a> {
    #[serde(borrow)]
    orders: Vec<OrderFields<'a>>,
    #[serde(default)]
    has_next: Option<bool>,
    #[serde(borrow, default)]
    cursor: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct OrderFields<'a> {
    #[serde(borrow)]
    order_id: Cow<'a, str>,
    #[serde(borrow, default)]
    client_order_id: Cow<'a, str>,
    #[serde(borrow)]
    product_id: Cow<'a, str>,
    #[serde(borrow)]
    side: Cow<'a, str>,
    #[serde(borrow)]
    status: Cow<'a, str>,
    #[serde(borrow, default)]
    order_configuration: Option<BTreeMap<Cow<'a, str>, Option<Terms>>>,
    filled_size: Amount,
    #[serde(default)]
    average_filled_price: Quotient,
    #[serde(default)]
    total_fees: Amount,
    #[serde(default)]
    number_of_fills: Amount,
    #[serde(borrow, default)]
    created_time: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    reject_reason: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    reject_message: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    cancel_message: Option<Cow<'a, str>>,
}

/// The fields of a configuration that an order is known by.
#[derive(Deserialize)]
struct Terms {
    #[serde(default)]
    base_size: Amount,
    #[serde(default)]
    limit_price: Amount,
    #[serde(default, alias = "stop_trigger_price")]
    stop_price: Amount,
}

impl OrderFields<'_> {
    fn order(&self) -> Result<VenueOrder, String> {
        let about =
            |field: &str, error: String| format!("order {}: {field}: {error}", self.order_id);
        let configurations = self.order_configuration.iter().flat_map(BTreeMap::values);
        let terms = |value: fn(&Terms) -> Option<Decimal>| {
            let mut known = configurations.clone().flatten();
            known.find_map(|terms| positive(value(terms)))
        };
        let reasons = [
            self.reject_reason.as_deref(),
            self.reject_message.as_deref(),
            self.cancel_message.as_deref(),
        ];
        Ok(VenueOrder {
            venue_id: self.order_id.clone().into_owned(),
            client_id: self.client_order_id.clone().into_owned(),
            product: self.product_id.clone().into_owned(),
            side: side(&self.side).map_err(|e| about("side", e))?,
            status: status(&self.status),
            size: terms(|terms| terms.base_size.0),
            limit_price: terms(|terms| terms.limit_price.0),
            stop_price: terms(|terms| terms.stop_price.0),
            filled: self
                .filled_size
                .not_negative()
                .map_err(|e| about("filled_size", e))?,
            average_price: positive(self.average_filled_price.0),
            fees: self.total_fees.0.unwrap_or(Decimal::ZERO),
            fills: self
                .number_of_fills
                .count()
                .map_err(|e| about("number_of_fills", e))?,
            reason: reason(reasons),
            created: self.created_time.as_deref().and_then(time),
        })
    }
}

pub(super) fn order(body: &[u8]) -> Read {
    let answer: OrderBody<'_> = read(body)?;
    answer.order.order().map(CallAnswer::Order)
}

pub(super) fn orders(body: &[u8]) -> Read {
    let page: OrdersBody<'_> = read(body)?;
    let orders = page.orders.iter().map(OrderFields::order);
    Ok(CallAnswer::Orders {
        orders: orders.collect::<Result<_, _>>()?,
        next: next_page(page.cursor, page.has_next),
    })
}

#[derive(Deserialize)]
struct FillsBody<'a> {
    #[serde(borrow)]
    fills: Vec<FillFields<'a>>,
    #[serde(borrow, default)]
    cursor: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct FillFields<'a> {
    #[serde(borrow)]
    entry_id: Cow<'a, str>,
    #[serde(borrow)]
    order_id: Cow<'a, str>,
    #[serde(borrow)]
    product_id: Cow<'a, str>,
    #[serde(borrow)]
    trade_time: Cow<'a, str>,
    #[serde(borrow, default)]
    trade_type: Cow<'a, str>,
    #[serde(borrow)]
    side: Cow<'a, str>,
    price: Amount,
    size: Amount,
    #[serde(default)]
    commission: Amount,
    #[serde(default)]
    size_in_quote: bool,
    #[serde(borrow, default)]
    liquidity_indicator: Cow<'a, str>,
}

impl FillFields<'_> {
    /// Only executions are known: what reverses or corrects one is told, never counted as one.
    fn fill(&self) -> Result<VenueFill, String> {
        let about = |error: String| format!("fill {}: {error}", shown(&self.entry_id));
        if !matches!(self.trade_type.as_ref(), "FILL" | "") {
            let kind = shown(&self.trade_type);
            return Err(about(format!("trade_type {kind:?}: expected FILL")));
        }
        let price =
            positive(self.price.0).ok_or_else(|| about("price: expected above 0".to_owned()))?;
        let stated = self.size.not_negative().map_err(about)?;
        let size = if self.size_in_quote {
            stated
                .checked_div(price, Rounding::HalfEven)
                .ok_or_else(|| about("size beyond 1.7e20".to_owned()))?
        } else {
            stated
        };
        let at = time(&self.trade_time).ok_or_else(|| {
            let text = shown(&self.trade_time);
            about(format!("trade_time {text:?}: expected RFC 3339"))
        })?;
        Ok(VenueFill {
            fill_id: self.entry_id.clone().into_owned(),
            venue_order_id: self.order_id.clone().into_owned(),
            product: self.product_id.clone().into_owned(),
            side: side(&self.side).map_err(about)?,
            price,
            size,
            fee: self.commission.0.unwrap_or(Decimal::ZERO),
            maker: match self.liquidity_indicator.as_ref() {
                "MAKER" => Some(true),
                "TAKER" => Some(false),
                _ => None,
            },
            time: at,
        })
    }
}

/// Without a word on whether more follows: a cursor means that it does.
pub(super) fn fills(body: &[u8]) -> Read {
    let page: FillsBody<'_> = read(body)?;
    let fills = page.fills.iter().map(FillFields::fill);
    Ok(CallAnswer::Fills {
        fills: fills.collect::<Result<_, _>>()?,
        next: next_page(page.cursor, None),
    })
}
