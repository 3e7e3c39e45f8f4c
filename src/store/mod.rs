//! What outlives the process. Imports `core` only.

pub mod recording;
