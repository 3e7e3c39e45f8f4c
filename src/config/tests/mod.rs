//! Tests of the loader as a whole, by topic.

pub(super) mod fixture;
mod mistakes;
mod outcome;
mod precedence;
mod secrets;
mod shipped;
