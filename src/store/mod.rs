//! What stays on disk: recordings of what the core saw and the ledger of what it did.
//!
//! Imports `core` and nothing else of the house.

/// The SQLite ledger: orders, fills, trades, decisions and what a run amounted to.
pub mod ledger;

/// Recordings: what the core saw, in a line form and a block form.
pub mod recording;

/// Results of sweeps, one SQLite file each.
pub mod sweep_results;

/// How much memory they may take.
pub mod planned;
