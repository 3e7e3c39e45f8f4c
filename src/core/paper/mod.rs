//! The paper account and its matching: what live trading gets from a venue, computed here.
//!
//! Part of the core, so that paper, replay, the local venue and the simulation share it.

pub mod account;
pub mod candle_matching;
pub mod matching;

pub use account::Account;
