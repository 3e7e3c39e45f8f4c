//! Where the market comes from, and what is remembered of it.
//!
//! `random` makes a market from a seed, `recorded` plays a recording; both give trades that the
//! matching carries out; `derived` makes a contract's market of its pair's. `tape` keeps the latest trades and the minutes of the last days.

pub mod derived;
pub mod random;
pub mod recorded;
pub mod tape;

pub use derived::Derived;
pub use random::RandomMarket;
pub use recorded::{Playback, ReadJob};
pub use tape::{Day, Tape};
