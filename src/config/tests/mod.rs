//! Tests of the loader as a whole, by topic.

mod fixture;
mod mistakes;
mod outcome;
mod precedence;
mod secrets;
mod shipped;
