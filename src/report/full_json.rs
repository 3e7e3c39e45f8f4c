//! The full report as one JSON object: the fields of the short one, then its own.
//!
//! Chart candles and closes are for pictures and not in it.

use super::breakdown::Breakdown;
use super::full::FullReport;
use super::json::{self, Document};
use super::luck::Luck;
use super::markouts::Markouts;
use super::not_computed::NotComputed;
use super::profit_split::ProfitSplit;
use serde::Serialize;

#[derive(Serialize)]
struct FullDocument<'a> {
    #[serde(flatten)]
    document: Document<'a>,
    /// Null, like `markouts`, where it is listed as not computed.
    profit_split: Option<&'a ProfitSplit>,
    luck: &'a Luck,
    markouts: Option<&'a Markouts>,
    breakdown: &'a Breakdown,
    not_computed: &'a [NotComputed],
}

/// One line of JSON without a line break.
///
/// # Errors
/// None for a report that was loaded.
pub fn render(full: &FullReport) -> Result<String, serde_json::Error> {
    serde_json::to_string(&FullDocument {
        document: json::document(&full.report),
        profit_split: full.profit_split.as_ref(),
        luck: &full.luck,
        markouts: full.markouts.as_ref(),
        breakdown: &full.breakdown,
        not_computed: &full.not_computed,
    })
}
