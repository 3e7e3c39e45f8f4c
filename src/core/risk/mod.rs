//! The gate that no order can bypass, and the limits, latches and breakers behind it.
//!
//! `Approved<T>` can be made only in this folder: whatever submits an order needs one.

pub mod approved;
pub mod breaker;
pub mod checks;
pub mod countable;
pub mod emergency;
pub mod gate;
pub(crate) mod guard;
pub mod limits;
pub mod size_steps;
pub mod sizing;
pub mod tightening;
pub mod watch;

pub use approved::Approved;
pub use gate::{EntryRequest, Standing, approve_entry, approve_reduction};
