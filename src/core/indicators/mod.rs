//! Streaming indicators: one closed candle in, O(1) work, the same value as the batch formula.
//!
//! An output is absent until its inputs are warm, never 0 or NaN. Only doubles live here; they
//! never become money.

pub mod averages;
pub mod bar;
pub mod compare;
pub mod extremes;
pub mod oscillators;
pub mod reading;
pub mod stc;
pub mod stochastic;
mod window;

pub use averages::{Ema, Rma, Sma, Wma};
pub use bar::{Atr, TrueRange, hlc3};
pub use extremes::{RollingMax, RollingMin};
pub use oscillators::Rsi;
pub use reading::Reading;
pub use stc::Stc;
pub use stochastic::StochRsi;
