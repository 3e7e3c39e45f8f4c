//! Codecs: an exchange's frames in, plain values out. A folder an exchange; no input or output.
//!
//! So far: public trades of recorded websocket frames. Imports `core` only.

pub mod binance;
pub mod coinbase;
pub mod kraken;
pub mod public_trade;
pub mod recorded;

pub use public_trade::{DecodeError, Decoded, PublicTrade, TradeSink, decode};

#[cfg(test)]
mod tests;
