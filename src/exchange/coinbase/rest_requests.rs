//! The request of each call: method, path, query and body.
//!
//! Market data is asked without a key; products with one where there is one, because only then the
//! venue says which of them the account may not trade.

use super::terms::{Configuration, configuration, end_time};
use crate::core::market::Interval;
use crate::core::units::stamp::SECOND;
use crate::core::units::{Decimal, Timestamp};
use crate::exchange::calls::{Call, Method, Request, Standing};
use crate::exchange::orders::NewOrder;
use serde::Serialize;
use std::collections::BTreeMap;

/// What every path begins with.
pub(super) const PREFIX: &str = "/api/v3/brokerage";

/// Accounts, orders and fills of a page. The venue's most is 250 for accounts.
const ACCOUNT_PAGE: &str = "250";
const ORDER_PAGE: &str = "100";

/// Query parameters in order.
struct Query(String);

impl Query {
    fn new() -> Self {
        Self(String::new())
    }

    /// Adds a parameter; an empty value is none.
    fn with(mut self, name: &str, value: &str) -> Self {
        if value.is_empty() {
            return self;
        }
        if !self.0.is_empty() {
            self.0.push('&');
        }
        self.0.push_str(name);
        self.0.push('=');
        encode(&mut self.0, value);
        self
    }

    /// Arrays are repeated names.
    fn with_all(self, name: &str, values: &[String]) -> Self {
        values
            .iter()
            .fold(self, |query, value| query.with(name, value))
    }

    fn with_time(self, name: &str, time: Option<Timestamp>) -> Self {
        match time {
            Some(time) => self.with(name, &end_time(time)),
            None => self,
        }
    }
}

/// Percent-encodes everything but unreserved characters (RFC 3986, 2.3).
fn encode(out: &mut String, text: &str) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(char::from(HEX[usize::from(byte >> 4)]));
            out.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
}

/// A path with one id in it.
fn path(before: &str, id: &str, after: &str) -> String {
    let mut path = String::from(before);
    encode(&mut path, id);
    path.push_str(after);
    path
}

/// The venue's name of a candle length; `None` = it has none of that length.
pub(super) fn granularity(interval: Interval) -> Option<&'static str> {
    Some(match interval.seconds() {
        60 => "ONE_MINUTE",
        300 => "FIVE_MINUTE",
        900 => "FIFTEEN_MINUTE",
        1800 => "THIRTY_MINUTE",
        3600 => "ONE_HOUR",
        7200 => "TWO_HOUR",
        21_600 => "SIX_HOUR",
        86_400 => "ONE_DAY",
        _ => return None,
    })
}

fn get(path: impl AsRef<str>, query: Query, signed: bool) -> Request {
    Request {
        method: Method::Get,
        path: format!("{PREFIX}{}", path.as_ref()),
        query: query.0,
        body: None,
        signed,
    }
}

/// Bodies hold texts and decimals only, which always have a JSON form.
fn post(path: &str, body: &impl Serialize) -> Request {
    Request {
        method: Method::Post,
        path: format!("{PREFIX}{path}"),
        query: String::new(),
        body: Some(serde_json::to_string(body).expect("texts and decimals have a JSON form")),
        signed: true,
    }
}

#[derive(Serialize)]
struct OrderBody<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    client_order_id: Option<&'a str>,
    product_id: &'a str,
    side: &'static str,
    order_configuration: Terms,
    #[serde(skip_serializing_if = "Option::is_none")]
    leverage: Option<String>,
}

/// Terms that the venue has no form for are sent as no form at all, which it refuses: they never
/// become another order.
#[derive(Serialize)]
#[serde(untagged)]
enum Terms {
    Known(Configuration),
    None(BTreeMap<(), ()>),
}

fn order_body<'a>(order: &'a NewOrder, client_order_id: Option<&'a str>) -> OrderBody<'a> {
    OrderBody {
        client_order_id,
        product_id: &order.product,
        side: order.side.name(),
        order_configuration: configuration(&order.terms)
            .map_or_else(|_| Terms::None(BTreeMap::new()), Terms::Known),
        leverage: order.leverage.map(|leverage| leverage.to_string()),
    }
}

#[derive(Serialize)]
struct EditBody<'a> {
    order_id: &'a str,
    price: Decimal,
    size: Decimal,
}

#[derive(Serialize)]
struct CancelBody<'a> {
    order_ids: &'a [String],
}

/// The request of a call; `with_key`: whether there is a key to sign with.
pub(super) fn request(call: &Call, with_key: bool) -> Request {
    match call {
        Call::ServerTime => get("/time", Query::new(), false),
        Call::KeyPermissions => get("/key_permissions", Query::new(), true),
        Call::Products { ids, futures } => products(ids, *futures, with_key),
        Call::Book { product, levels } => {
            let query = Query::new().with("product_id", product);
            let query = query.with("limit", &levels.to_string());
            get("/market/product_book", query, false)
        }
        Call::Candles {
            product,
            interval,
            from,
            to,
        } => candles(product, *interval, *from, *to),
        Call::Trades {
            product,
            limit,
            from,
            to,
        } => trades(product, *limit, *from, *to),
        Call::Accounts { cursor } => {
            let query = Query::new().with("limit", ACCOUNT_PAGE);
            get("/accounts", query.with("cursor", cursor), true)
        }
        Call::FeeTier => get("/transaction_summary", Query::new(), true),
        Call::Positions => get("/cfm/positions", Query::new(), true),
        Call::FuturesBalance => get("/cfm/balance_summary", Query::new(), true),
        Call::Place(order) => post("/orders", &order_body(order, Some(&order.client_id))),
        Call::Preview(order) => post("/orders/preview", &order_body(order, None)),
        Call::Edit {
            venue_id,
            price,
            size,
        } => edit(venue_id, *price, *size),
        Call::Cancel { venue_ids } => {
            let order_ids = venue_ids;
            post("/orders/batch_cancel", &CancelBody { order_ids })
        }
        Call::Order { venue_id } => {
            let path = path("/orders/historical/", venue_id, "");
            get(path, Query::new(), true)
        }
        Call::Orders {
            product,
            standing,
            since,
            cursor,
        } => orders(product, *standing, *since, cursor),
        Call::Fills {
            product,
            order,
            since,
            cursor,
        } => fills(product, order, *since, cursor),
    }
}

/// One product is asked by its path, where no filter can hide it.
fn products(ids: &[String], futures: bool, with_key: bool) -> Request {
    let before = if with_key {
        "/products"
    } else {
        "/market/products"
    };
    let tradability = if with_key { "true" } else { "" };
    if let [id] = ids {
        let query = Query::new().with("get_tradability_status", tradability);
        return get(path(&format!("{before}/"), id, ""), query, with_key);
    }
    // Perpetuals are left out of the futures unless asked for.
    let perpetual = futures && !ids.is_empty() && ids.iter().all(|id| id.contains("-PERP-"));
    // Names of spot have two parts. Of both kinds together no type is asked for.
    let is_mixed = futures && ids.iter().any(|id| id.matches('-').count() == 1);
    let kind = match (is_mixed, futures) {
        (true, _) => "",
        (false, true) => "FUTURE",
        (false, false) => "SPOT",
    };
    let query = Query::new()
        .with("product_type", kind)
        .with(
            "contract_expiry_type",
            if perpetual { "PERPETUAL" } else { "" },
        )
        .with_all("product_ids", ids)
        .with("get_tradability_status", tradability);
    get(before, query, with_key)
}

/// Seconds since 1970, rounded down.
fn unix_seconds(time: Timestamp) -> i64 {
    time.0.div_euclid(SECOND)
}

/// Buckets that open between the two times, both included. A length that the venue has not is asked
/// under the name that it has for none, and refused.
fn candles(product: &str, interval: Interval, from: Timestamp, to: Timestamp) -> Request {
    let query = Query::new()
        .with("start", &unix_seconds(from).to_string())
        .with("end", &unix_seconds(to).to_string())
        .with(
            "granularity",
            granularity(interval).unwrap_or("UNKNOWN_GRANULARITY"),
        );
    get(path("/market/products/", product, "/candles"), query, false)
}

fn trades(product: &str, limit: u16, from: Option<Timestamp>, to: Option<Timestamp>) -> Request {
    let seconds = |time: Option<Timestamp>| {
        time.map_or_else(String::new, |time| unix_seconds(time).to_string())
    };
    let query = Query::new()
        .with("limit", &limit.to_string())
        .with("start", &seconds(from))
        .with("end", &seconds(to));
    get(path("/market/products/", product, "/ticker"), query, false)
}

fn edit(order_id: &str, price: Decimal, size: Decimal) -> Request {
    let body = EditBody {
        order_id,
        price,
        size,
    };
    post("/orders/edit", &body)
}

fn orders(product: &str, standing: Standing, since: Option<Timestamp>, cursor: &str) -> Request {
    // OPEN is refused beside another one.
    let statuses: &[&str] = match standing {
        Standing::Any => &[],
        Standing::Open => &["OPEN"],
        Standing::Pending => &["PENDING", "QUEUED", "CANCEL_QUEUED", "EDIT_QUEUED"],
    };
    let query = Query::new().with("product_ids", product);
    let query = statuses
        .iter()
        .fold(query, |query, status| query.with("order_status", status))
        .with_time("start_date", since)
        .with("limit", ORDER_PAGE)
        .with("cursor", cursor);
    get("/orders/historical/batch", query, true)
}

fn fills(product: &str, order: &str, since: Option<Timestamp>, cursor: &str) -> Request {
    let query = Query::new()
        .with("order_ids", order)
        .with("product_ids", product)
        .with_time("start_sequence_timestamp", since)
        .with("limit", ORDER_PAGE)
        .with("cursor", cursor);
    get("/orders/historical/fills", query, true)
}
