//! Coinbase Advanced Trade behind the seam of exchanges: spot, and the futures that the same
//! interface lists.
//!
//! Market data and books need no key. The names of products are the venue's own; frames that come
//! under another name of what was subscribed are told under that (see `aliases.rs`).

use super::aliases::{self, Pairs};
use super::auth::ApiKey;
use super::frames::Connection;
use super::{rate_limit, rest_answers, rest_requests};
use crate::core::market::Interval;
use crate::core::units::{Span, Timestamp};
use crate::exchange::calls::{Call, CallAnswer, CallFailure, Request};
use crate::exchange::codec::{EventSink, ExchangeCodec};
use crate::exchange::orders::Product;
use crate::exchange::public_trade::DecodeError;
use crate::exchange::stream::{Rhythm, StreamRole};
use serde::Serialize;

/// Largest message of books: a whole one of BTC-USD has been seen beyond 10 MiB.
const BOOK_MESSAGE: usize = 32 * 1024 * 1024;
/// Largest message of the other streams: 50 orders or 100 trades of a product are far below.
const MESSAGE: usize = 4 * 1024 * 1024;
/// Heartbeats come every second on every connection.
const SILENCE_SECONDS: u32 = 30;
const CONFIRM_SECONDS: u32 = 10;
/// The venue refuses 350 buckets and more; 300 is what it has always given.
const CANDLE_PAGE: u32 = 300;

/// Where the venue is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addresses {
    /// `https://host[:port]`, without path.
    pub rest: String,
    /// Public channels: `wss://host[:port]`.
    pub market_stream: String,
    /// The user channel.
    pub account_stream: String,
}

impl Default for Addresses {
    /// The venue itself.
    fn default() -> Self {
        Self {
            rest: "https://api.coinbase.com".to_owned(),
            market_stream: "wss://advanced-trade-ws.coinbase.com".to_owned(),
            account_stream: "wss://advanced-trade-ws-user.coinbase.com".to_owned(),
        }
    }
}

impl Addresses {
    /// The host that tokens are for, as it stands in the address.
    fn host(&self) -> Result<&str, String> {
        let host = self
            .rest
            .strip_prefix("https://")
            .or_else(|| self.rest.strip_prefix("http://"))
            .unwrap_or_default();
        let fits = |b: u8| b.is_ascii_alphanumeric() || b"-._:[]".contains(&b);
        if host.is_empty() || !host.bytes().all(fits) {
            return Err(format!(
                "REST address {:?}: expected https://host[:port] without path",
                self.rest
            ));
        }
        Ok(host)
    }
}

/// The codec of Coinbase Advanced Trade.
#[derive(Debug)]
pub struct Coinbase {
    addresses: Addresses,
    host: String,
    key: Option<ApiKey>,
    /// Books that have two names.
    pairs: Pairs,
    market: Connection,
    book: Connection,
    account: Connection,
}

impl Coinbase {
    /// # Errors
    /// When the REST address is none.
    pub fn new(mut addresses: Addresses, key: Option<ApiKey>) -> Result<Self, String> {
        addresses
            .rest
            .truncate(addresses.rest.trim_end_matches('/').len());
        let host = addresses.host()?.to_owned();
        Ok(Self {
            addresses,
            host,
            key,
            pairs: Pairs::new(),
            market: Connection::default(),
            book: Connection::default(),
            account: Connection::default(),
        })
    }

    fn connection(&mut self, role: StreamRole) -> (&mut Connection, &Pairs) {
        let connection = match role {
            StreamRole::Market => &mut self.market,
            StreamRole::Book => &mut self.book,
            StreamRole::Account => &mut self.account,
        };
        (connection, &self.pairs)
    }

    fn key(&self) -> Result<&ApiKey, String> {
        self.key
            .as_ref()
            .ok_or_else(|| "Coinbase: no API key is set, which this needs".to_owned())
    }

    /// The messages that (un)subscribe the channels of a role.
    fn messages(
        &self,
        kind: &'static str,
        role: StreamRole,
        products: &[String],
        at: Timestamp,
        nonce: &mut dyn FnMut() -> u128,
    ) -> Result<Vec<String>, String> {
        let mut messages = Vec::new();
        for channel in channels(role) {
            let needs_products = role != StreamRole::Account && *channel != "heartbeats";
            // An empty list is refused; heartbeats stay as long as the connection does.
            if needs_products && products.is_empty()
                || *channel == "heartbeats" && kind == "unsubscribe"
            {
                continue;
            }
            let jwt = match *channel {
                "user" => Some(self.key()?.token(None, at, nonce())?),
                _ => None,
            };
            let message = Subscription {
                kind,
                product_ids: (*channel != "heartbeats").then_some(products),
                channel,
                jwt,
            };
            messages.push(
                serde_json::to_string(&message).expect("texts and lists of texts have a JSON form"),
            );
        }
        Ok(messages)
    }
}

#[derive(Serialize)]
struct Subscription<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    product_ids: Option<&'a [String]>,
    channel: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    jwt: Option<String>,
}

/// Heartbeats keep each connection open while its markets are quiet. On the account's connection
/// they come last: the order snapshot is what it is for.
const fn channels(role: StreamRole) -> &'static [&'static str] {
    match role {
        StreamRole::Market => &["heartbeats", "market_trades", "ticker", "status"],
        StreamRole::Book => &["heartbeats", "level2"],
        StreamRole::Account => &["user", "heartbeats"],
    }
}

impl ExchangeCodec for Coinbase {
    fn name(&self) -> &'static str {
        "coinbase"
    }

    fn rest_url(&self) -> &str {
        &self.addresses.rest
    }

    fn stream_url(&self, role: StreamRole) -> &str {
        match role {
            StreamRole::Market | StreamRole::Book => &self.addresses.market_stream,
            StreamRole::Account => &self.addresses.account_stream,
        }
    }

    fn rhythm(&self, role: StreamRole) -> Rhythm {
        Rhythm {
            max_message: match role {
                StreamRole::Book => BOOK_MESSAGE,
                StreamRole::Market | StreamRole::Account => MESSAGE,
            },
            silence_seconds: SILENCE_SECONDS,
            confirm_seconds: CONFIRM_SECONDS,
        }
    }

    fn candle_page(&self) -> u32 {
        CANDLE_PAGE
    }

    fn pause<'a>(&self, header: &dyn Fn(&str) -> Option<&'a str>) -> Option<Span> {
        rate_limit::pause(header)
    }

    fn has_contiguous_trades(&self) -> bool {
        true
    }

    fn native_interval(&self, interval: Interval) -> Option<Interval> {
        // 3m, 4h and 12h are made of the next smaller length.
        [86_400, 21_600, 7200, 3600, 1800, 900, 300, 60]
            .into_iter()
            .filter_map(Interval::from_seconds)
            .find(|native| interval.is_multiple_of(*native))
    }

    fn learn(&mut self, products: &[Product]) {
        aliases::learn(&mut self.pairs, products);
        for connection in [&mut self.market, &mut self.book, &mut self.account] {
            connection.names.settle(&self.pairs);
        }
    }

    fn connected(&mut self, role: StreamRole) {
        *self.connection(role).0 = Connection::default();
    }

    fn subscribe(
        &mut self,
        role: StreamRole,
        products: &[String],
        at: Timestamp,
        nonce: &mut dyn FnMut() -> u128,
    ) -> Result<Vec<String>, String> {
        let messages = self.messages("subscribe", role, products, at, nonce)?;
        let (connection, pairs) = self.connection(role);
        connection.names.add(products, pairs);
        Ok(messages)
    }

    fn unsubscribe(
        &mut self,
        role: StreamRole,
        products: &[String],
        at: Timestamp,
        nonce: &mut dyn FnMut() -> u128,
    ) -> Result<Vec<String>, String> {
        let messages = self.messages("unsubscribe", role, products, at, nonce)?;
        let (connection, pairs) = self.connection(role);
        connection.names.remove(products, pairs);
        Ok(messages)
    }

    fn decode(
        &mut self,
        role: StreamRole,
        frame: &str,
        sink: &mut EventSink<'_>,
    ) -> Result<(), DecodeError> {
        self.connection(role).0.decode(frame, sink)
    }

    fn request(&self, call: &Call) -> Request {
        rest_requests::request(call, self.key.is_some())
    }

    fn sign(
        &self,
        request: &Request,
        at: Timestamp,
        nonce: u128,
    ) -> Result<Vec<(&'static str, String)>, String> {
        let uri = format!("{} {}{}", request.method.name(), self.host, request.path);
        let token = self.key()?.token(Some(&uri), at, nonce)?;
        Ok(vec![("Authorization", format!("Bearer {token}"))])
    }

    fn answer(&self, call: &Call, status: u16, body: &[u8]) -> Result<CallAnswer, CallFailure> {
        rest_answers::answer(call, status, body)
    }
}
