//! Streaming indicators: one closed candle in, O(1) work, the same value as the batch formula.
//!
//! An output is absent until its inputs are warm, never 0 or NaN. Only doubles live here; they
//! never become money.

pub mod averages;
pub mod compare;
pub mod extremes;
pub mod oscillators;

pub use averages::{Ema, Rma, Sma};
pub use extremes::{RollingMax, RollingMin};
pub use oscillators::{Atr, Rsi};
