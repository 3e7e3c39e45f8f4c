//! DECIDES. One deterministic state machine: stamped inputs in, effects out.
//!
//! No clock, socket, file, thread, environment, randomness or hash order in here, and no import
//! from outside `core`. Live, paper, replay and simulation differ only in the runtime around it.

mod ahead;
pub mod counts;
pub mod daily_report;
pub mod effect;
mod history;
pub mod holds;
pub mod indicators;
pub mod input;
pub mod machine;
pub mod market;
pub mod modes;
pub mod orders;
pub mod paper;
pub mod planned;
pub mod records;
pub mod recovery;
pub mod risk;
pub mod schedule;
pub mod settings;
pub mod snapshot;
pub mod state_hash;
pub mod strategy;
pub mod symbol;
mod trades;
pub mod units;
pub mod venue;
mod view;

pub use machine::Core;
