//! The seam that every exchange fills: frames and answers in, events out; commands in, requests out.
//!
//! A codec owns no socket, clock or thread and draws no random number: time and randomness are
//! handed in, so that recorded frames, a simulation and the real network drive the same code.

use super::calls::{Call, CallAnswer, CallFailure, Request};
use super::public_trade::DecodeError;
use super::stream::{Rhythm, StreamEvent, StreamRole};
use crate::core::units::Timestamp;

/// Takes the events of a frame, in its order.
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
