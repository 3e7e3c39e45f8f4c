//! Streaming indicators: one closed candle in, O(1) work, the same value as the batch formula.
//!
//! An output is absent until its inputs are warm, never 0 or NaN. Only doubles live here; they
//! never become money.

pub mod averages;
pub mod bar;
pub mod bollinger;
pub mod candle_view;
pub mod cci;
pub mod cipher;
pub mod compare;
pub mod directional;
pub mod extremes;
pub mod fractals;
pub mod heikin_ashi;
pub mod higher_frame;
pub mod macd;
pub mod money_flow;
pub mod oscillators;
pub mod reading;
pub mod relation;
pub mod stc;
pub mod stochastic;
pub mod volume;
pub mod wavetrend;
mod window;

pub use averages::{Ema, Rma, Sma, Wma};
pub use bar::{Atr, TrueRange, hlc3};
pub use bollinger::{Bands, Bollinger, Spread, StandardDeviation};
pub use candle_view::CandleView;
pub use cci::Cci;
pub use cipher::{CipherA, CipherB};
pub use directional::{Adx, DirectionalMovement, Movement};
pub use extremes::{RollingMax, RollingMin};
pub use macd::Macd;
pub use money_flow::MoneyFlow;
pub use oscillators::{Roc, Rsi};
pub use reading::Reading;
pub use relation::Relation;
pub use stc::Stc;
pub use stochastic::{StochRsi, Stochastic, WilliamsR};
pub use volume::{Mfi, Obv, Vwap};
pub use wavetrend::WaveTrend;
