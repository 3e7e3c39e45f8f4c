//! What the core may do at the moment.

use serde::{Deserialize, Serialize};

/// The emergency stop is a latch of its own (`risk::emergency`) and stands above these.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    #[default]
    Running,
    /// No entries; exits are managed.
    Paused,
    /// The process ends: no entries, nothing new.
    Stopping,
}

/// How time reaches the core.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Turns {
    /// Imported history: the stamp is the exchange's time, and before an input at t everything due
    /// by then happens at exactly its deadline. No periodic task is armed.
    History,
    /// A live or recorded session: the runtime calls `turn` at its clock readings.
    Session,
}
