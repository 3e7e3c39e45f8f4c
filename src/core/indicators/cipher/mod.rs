//! VuManChu's ciphers A and B: named signals of closed candles, their scores, and both combined.
//!
//! `cipher_a` and `cipher_b` run the indicators and hold each rule as a pure function of its inputs;
//! `combined` weighs them. A rule is written once, as a row of clauses, and serves both to decide and
//! to explain. Not here: what a strategy makes of it.

pub mod cipher_a;
pub mod cipher_b;
pub mod clause;
pub mod combined;
pub mod divergences;
pub mod gold;
pub mod presets;
pub mod ribbon;
pub mod score_a;
pub mod score_b;
pub mod signal;
pub mod sommi;

pub use super::compare::round9;
pub use cipher_a::CipherA;
pub use cipher_b::CipherB;
pub use clause::{Clause, Judge};
pub use combined::{Combined, Sentiment, combine};
pub use presets::{CipherASettings, CipherBSettings, SommiLevels, WaveLevels};
pub use score_b::ScoreB;
pub use signal::{Signal, Signals};

/// A cipher's verdict on one bar.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Score {
    /// 1 = bullish, -1 = bearish, 0 = neither.
    pub signal: i8,
    /// 0..=1, 9 decimals; 0 where the signal is 0.
    pub confidence: f64,
}
