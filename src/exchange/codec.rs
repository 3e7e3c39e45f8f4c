//! The seam that every exchange fills: frames and answers in, events out; commands in, requests out.
//!
//! A codec owns no socket, clock or thread and draws no random number: time and randomness are
//! handed in, so that recorded frames, a simulation and the real network drive the same code.

use super::calls::{Call, CallAnswer, CallFailure, Request};
use super::orders::Product;
use super::public_trade::DecodeError;
use super::stream::{Rhythm, StreamEvent, StreamRole};
use crate::core::market::Interval;
use crate::core::units::{Span, Timestamp};

/// Takes the events of a frame, in its order; trades oldest first.
pub type EventSink<'a> = dyn FnMut(StreamEvent<'_>) + 'a;

/// An exchange's protocol.
pub trait ExchangeCodec: std::fmt::Debug {
    /// As `exchange.name` spells it.
    fn name(&self) -> &'static str;

    /// REST address without path: `https://host[:port]`.
    fn rest_url(&self) -> &str;

    /// Address of a role's stream.
    fn stream_url(&self, role: StreamRole) -> &str;

    fn rhythm(&self, role: StreamRole) -> Rhythm;

    /// Most candles that one call may ask for.
    fn candle_page(&self) -> u32;

    /// The candle length to ask for where candles of `interval` are wanted: itself, or the longest
    /// one of the venue that it can be made from; `None` = they can be made from trades only.
    fn native_interval(&self, interval: Interval) -> Option<Interval> {
        Some(interval)
    }

    /// How long calls that can wait are to wait, by the headers of an answer (names in lower case): what
    /// is left of the exchange's limit is kept for orders. `None`: not at all.
    fn pause<'a>(&self, _header: &dyn Fn(&str) -> Option<&'a str>) -> Option<Span> {
        None
    }

    /// Numbers of a product's public trades go up by one: a missing trade shows.
    fn has_contiguous_trades(&self) -> bool {
        false
    }

    /// Learns what the venue says of its products, such as their other names. Frames that come
    /// under one name of a product are then told under the one that was subscribed.
    fn learn(&mut self, _products: &[Product]) {}

    /// A new connection of this role: sequences begin anew.
    fn connected(&mut self, role: StreamRole);

    /// The frames that subscribe a role to products (the venue's names).
    ///
    /// # Errors
    /// When the role needs a key and there is none, in words without secret.
    fn subscribe(
        &mut self,
        role: StreamRole,
        products: &[String],
        at: Timestamp,
        nonce: &mut dyn FnMut() -> u128,
    ) -> Result<Vec<String>, String>;

    /// The frames that end such a subscription; books need one before their next snapshot. Empty where
    /// the venue knows no such thing.
    ///
    /// # Errors
    /// As for [`subscribe`](Self::subscribe).
    fn unsubscribe(
        &mut self,
        _role: StreamRole,
        _products: &[String],
        _at: Timestamp,
        _nonce: &mut dyn FnMut() -> u128,
    ) -> Result<Vec<String>, String> {
        Ok(Vec::new())
    }

    /// Decodes one text frame. Events before an error are in the sink already.
    ///
    /// # Errors
    /// A frame that is not what the venue sends: names the field and what was expected.
    fn decode(
        &mut self,
        role: StreamRole,
        frame: &str,
        sink: &mut EventSink<'_>,
    ) -> Result<(), DecodeError>;

    /// The request of a call.
    fn request(&self, call: &Call) -> Request;

    /// The headers that sign a request: name and value. Values are secrets.
    ///
    /// # Errors
    /// When there is no key, in words without secret.
    fn sign(
        &self,
        request: &Request,
        at: Timestamp,
        nonce: u128,
    ) -> Result<Vec<(&'static str, String)>, String>;

    /// Decodes the answer to a call.
    ///
    /// # Errors
    /// Whatever is no success: see [`CallFailure`].
    fn answer(&self, call: &Call, status: u16, body: &[u8]) -> Result<CallAnswer, CallFailure>;
}
