//! A comparison as one JSON object with stable field names.

use super::significance::Significance;
use super::values::Pair;
use super::{Comparison, Run};
use crate::report::summary::Millis;
use serde::Serialize;

/// Version of this form; it rises when a field changes its meaning or goes.
pub const FORMAT: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    format: u32,
    a: Head<'a>,
    b: Head<'a>,
    metrics: &'a [Pair],
    /// Null where `not_computed` says why.
    significance: Option<&'a Significance>,
    verdict: &'a str,
    not_computed: Option<&'a str>,
    notes: &'a [String],
}

#[derive(Serialize)]
struct Head<'a> {
    ledger: String,
    session: &'a str,
    status: &'a str,
    fingerprint: &'a str,
    recording: &'a str,
    strategy: &'a str,
    interval: &'a str,
    currency: &'a str,
    /// As text: 64 bits are more than a double holds.
    seed: String,
    first_data_ms: Option<Millis>,
    last_data_ms: Option<Millis>,
    state_hash: Option<&'a str>,
}

impl<'a> Head<'a> {
    fn of(run: &'a Run) -> Self {
        let session = &run.session;
        Self {
            ledger: run.ledger.display().to_string(),
            session: &session.name,
            status: session.status.name(),
            fingerprint: &session.fingerprint,
            recording: &session.recording,
            strategy: &session.strategy,
            interval: &session.interval,
            currency: &session.currency,
            seed: session.seed.to_string(),
            first_data_ms: session.first_data.map(Into::into),
            last_data_ms: session.last_data.map(Into::into),
            state_hash: session.state_hash.as_deref(),
        }
    }
}

/// One line of JSON without a line break.
///
/// # Errors
/// None for a comparison that was loaded.
pub fn render(comparison: &Comparison) -> Result<String, serde_json::Error> {
    let found = comparison.significance.as_ref();
    serde_json::to_string(&Document {
        format: FORMAT,
        a: Head::of(&comparison.a),
        b: Head::of(&comparison.b),
        metrics: &comparison.metrics,
        significance: found.ok(),
        verdict: found.map_or("there is not enough to tell", |s| s.verdict()),
        not_computed: found.err().map(String::as_str),
        notes: &comparison.notes,
    })
}
