//! Results of sweeps: one SQLite file a sweep with its plan and a row a task.
//!
//! Imports `core`. What a task is and how its figures come about: the room `sweep`.

mod columns;
mod error;
mod file;
mod row;
#[cfg(test)]
mod tests;

pub use error::ResultsError;
pub use file::{Stored, SweepResults};
pub use row::{Figures, Moments, Part, ResultRow};
