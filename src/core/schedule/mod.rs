//! When things are due: the timer wheel and the task scheduler on top of it. No clock inside.

pub mod wheel;

pub use wheel::{TimerKey, Wheel};
