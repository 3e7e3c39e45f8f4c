//! What a replay is told, how far it is and how it ended.

use super::feed::Feed;
use super::recorder::Recorder;
use crate::core::units::Timestamp;
use crate::runtime::signals::Signal;

/// What a replay is told.
#[derive(Debug)]
pub struct Plan {
    pub feeds: Vec<Feed>,
    /// Recorded time per time; `None` = as fast as it goes.
    pub speed: Option<f64>,
    /// Compare the state hash with the recording's checkpoints.
    pub verify: bool,
    /// Records the session while it runs.
    pub recorder: Option<Recorder>,
}

/// How a replay ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Complete,
    /// By a signal; everything up to the last input is written.
    Interrupted(Signal),
    /// In words.
    Failed(String),
}

/// How far it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReplayProgress {
    pub inputs: u64,
    pub at: Timestamp,
    /// Bytes of the recordings handed to the decoder.
    pub bytes: u64,
}
