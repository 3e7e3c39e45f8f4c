//! `minnow replay` as a whole process on the bundled recording: its results, its signals, its ledger,
//! its appetite, and what it says about what it cannot use.
//!
//! No case asserts how long something took; counts, hashes, statuses and texts are what they look at.

#[path = "../support/mod.rs"]
mod support;

mod appetite;
mod bad_recordings;
mod book;
mod bot;
mod kill;
mod ledger;
mod market;
mod obstacles;
mod sameness;
mod signals;
mod windows;
