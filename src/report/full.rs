//! The whole report on a run: what its ledger says, what follows from it, and what one more pass
//! over its recordings adds.
//!
//! Slower than [`Report`], which the end of a replay prints. Deterministic: the same ledger and
//! recordings give the same values.

use super::breakdown::Breakdown;
use super::load::{Report, TradesShown};
use super::luck::Luck;
use super::markouts::Markouts;
use super::not_computed::NotComputed;
use super::profit_split::ProfitSplit;
use super::tape::Tape;
use std::path::PathBuf;

/// What is asked for.
#[derive(Clone, Debug)]
pub struct FullOptions {
    pub shown: TradesShown,
    /// Where the recordings lie now; empty = where the session says.
    pub recordings: Vec<PathBuf>,
}

/// Everything that a report can show.
#[derive(Clone, Debug, PartialEq)]
pub struct FullReport {
    /// Session, summary, trades, orders, refusals, warnings, notes.
    pub report: Report,
    /// `None` where the fills do not fit the session's instruments.
    pub profit_split: Option<ProfitSplit>,
    pub luck: Luck,
    /// `None` without the recordings.
    pub markouts: Option<Markouts>,
    pub breakdown: Breakdown,
    /// `None` without the recordings.
    pub tape: Option<Tape>,
    /// Every metric shown as `-`, with its reason.
    pub not_computed: Vec<NotComputed>,
}
