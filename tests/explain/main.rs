//! `minnow explain` as a whole process on the bundled recording: an entry, an exit, a refusal, a quiet
//! minute, a recording that is gone, and what does not exist.
//!
//! Identifiers are taken from the run's own ledger; what is explained is held against its rows.

#[path = "../support/mod.rs"]
mod support;

mod answers;
mod currencies;
mod exits;
mod program;
mod unknown;
