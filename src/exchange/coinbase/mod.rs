//! Coinbase Advanced Trade and its older Exchange feed.

pub mod stream;
