//! What a report could not compute, and why.

use serde::Serialize;

/// A metric that is shown as `-`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NotComputed {
    /// Its name in JSON.
    pub metric: String,
    /// In words.
    pub reason: String,
}
