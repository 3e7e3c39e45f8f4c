//! minnow: a self-hosted trading bot that fits on the smallest server money can rent.
//!
//! The map of the house. **`core` decides, `runtime` runs, every other room is a way in or out.**
//!
//! | room | what lives there |
//! |---|---|
//! | `core` | the deterministic state machine: market, indicators, strategies, risk, orders, paper account |
//! | `runtime` | the one event loop, its workers, clocks and signals; carries out what the core wants |
//! | `store` | recordings (line and block form) and the SQLite ledger |
//! | `exchange` | codecs: an exchange's frames in, inputs of the core out |
//! | `config` | sources, precedence, checks, and where each value came from |
//! | `net` | sockets: TLS, dialling, websocket links, REST calls |
//! | `log` | the log sinks and what they redact |
//! | `files` | files from outside, opened so that nothing waits for ever |
//! | `report` | what a run amounted to |
//! | `sweep` | many configurations over the same recordings, and how much of the best is luck |
//! | `venue` | an exchange on this machine that speaks a real one's protocol |
//! | `cli` | one file a verb; wires the rooms together |
//!
//! Arrows run one way: `cli` -> `sweep`, `venue` -> `runtime`, `report` -> `store`, `exchange`, `net`, `config`,
//! `log` -> `core`, `files`. `tests/house.rs` keeps it so.

// Printing panics where standard output is full or gone; `cli::report::print` tells of it.
#![cfg_attr(not(test), deny(clippy::print_stdout))]

pub use minnow_core as core;

pub mod cli;
pub mod config;
pub mod exchange;
pub mod files;
pub mod log;
pub mod net;
pub mod report;
pub mod runtime;
pub mod store;
pub mod sweep;
pub mod venue;
