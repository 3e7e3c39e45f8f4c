//! Codecs: an exchange's frames in, plain values out. A folder an exchange; no input or output.
//!
//! [`codec::ExchangeCodec`] is what an exchange fills to be traded; the public trades of recorded
//! frames are read without one. Imports `core` only.

pub mod binance;
pub mod build;
pub mod calls;
pub mod codec;
pub mod coinbase;
pub mod kraken;
pub mod orders;
pub mod public_trade;
pub mod recorded;
pub mod stream;

pub use build::{Access, build};
pub use codec::ExchangeCodec;
pub use public_trade::{DecodeError, Decoded, PublicTrade, TradeSink, decode};

#[cfg(test)]
mod tests;
