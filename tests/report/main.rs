//! `minnow report` as a whole process: every figure of a real run, odd recordings, and two runs held
//! against each other.

#[path = "../support/mod.rs"]
mod support;

mod comparison;
mod figures;
mod long_runs;
mod odd_markets;
mod program;
