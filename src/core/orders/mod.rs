//! Orders, lots, positions and what protects them. Exact numbers only.

pub mod client_id;
pub mod execution;
mod fills;
pub mod intent;
pub mod position;
pub mod protection;
pub mod reconcile;

pub use intent::{OrderIntent, Working};
pub use position::Position;
