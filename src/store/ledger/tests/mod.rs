//! Whole-file tests of the ledger: what is written comes back, and every failure says what it is.

mod crash;
mod failures;
mod migrations;
mod round_trip;
pub mod samples;
mod speed;
mod value_names;
