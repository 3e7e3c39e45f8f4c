//! Everything that a report shows, read from one ledger.

use super::metrics::FEW_OBSERVATIONS;
use super::summary::Summary;
use crate::core::daily_report::{self, DailyReport};
use crate::store::ledger::read::ReasonCount;
use crate::store::ledger::{LedgerError, Reader, SessionStatus, StoredSession, StoredTrade};
use std::path::{Path, PathBuf};

/// Daily reports that are read; of more the newest.
const DAYS: u64 = 366;

/// Which closed trades are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TradesShown {
    /// That many: the first half and the last half.
    Some(u64),
    All,
}

/// The content of a report; how it looks is `terminal`'s and `json`'s.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    pub ledger: PathBuf,
    pub session: StoredSession,
    /// `None` for a session that never ended.
    pub summary: Option<Summary>,
    pub trade_count: u64,
    /// The first trades by exit.
    pub first_trades: Vec<StoredTrade>,
    /// Trades between the first and the last ones, not listed.
    pub trades_left_out: u64,
    pub last_trades: Vec<StoredTrade>,
    /// `entry filled` and how many.
    pub orders: Vec<(String, u64)>,
    pub refusals: Vec<ReasonCount>,
    pub holds: Vec<ReasonCount>,
    /// Event codes of warnings and worse.
    pub warnings: Vec<(String, u64)>,
    /// Daily reports, the oldest first.
    pub days: Vec<DailyReport>,
    /// Days before them.
    pub days_left_out: u64,
    pub notes: Vec<String>,
}

impl Report {
    /// Reads the newest session of a ledger.
    ///
    /// # Errors
    /// Whatever hinders reading; `Corrupt` for a summary that cannot be understood, `Missing` for a
    /// ledger without a session.
    pub fn load(path: &Path, shown: TradesShown) -> Result<Self, LedgerError> {
        let reader = Reader::open(path)?;
        let session = reader.latest_session()?.ok_or_else(|| LedgerError::Other {
            path: path.to_path_buf(),
            action: "report on it",
            detail: "it holds no session yet".into(),
        })?;
        let summary: Option<Summary> = match &session.summary {
            Some(json) => Some(
                serde_json::from_str(json).map_err(|e| LedgerError::Corrupt {
                    path: path.to_path_buf(),
                    detail: format!("the session's summary: {e}"),
                })?,
            ),
            None => None,
        };
        let trade_count = reader.trade_count(session.id)?;
        let (first, left_out, last) = split(trade_count, shown);
        let counted = summary.as_ref().and_then(|s| s.outcomes.clone());
        let (orders, refusals) = match counted {
            Some(counted) => (counted.orders, counted.refusals),
            None => (reader.orders(session.id)?, reader.refusals(session.id)?),
        };
        let notes = notes(&session, summary.as_ref());
        let (days, days_left_out) = days(&reader, session.id, path)?;
        Ok(Self {
            ledger: path.to_path_buf(),
            first_trades: reader.trades(session.id, 0, first)?,
            trades_left_out: left_out,
            last_trades: reader.trades(session.id, first + left_out, last)?,
            trade_count,
            orders,
            refusals,
            holds: reader.holds(session.id)?,
            warnings: reader.warnings(session.id)?,
            days,
            days_left_out,
            notes,
            summary,
            session,
        })
    }
}

/// The newest daily reports, the oldest of them first, and how many there are before.
fn days(
    reader: &Reader,
    session: i64,
    path: &Path,
) -> Result<(Vec<DailyReport>, u64), LedgerError> {
    let (texts, total) = reader.events(session, daily_report::CODE, DAYS)?;
    let mut days = Vec::with_capacity(texts.len());
    for text in texts.iter().rev() {
        let day = serde_json::from_str(text).map_err(|e| LedgerError::Corrupt {
            path: path.to_path_buf(),
            detail: format!("a daily report: {e}"),
        })?;
        days.push(day);
    }
    Ok((days, total - texts.len() as u64))
}

/// How many trades are listed first, left out, and listed last.
fn split(count: u64, shown: TradesShown) -> (u64, u64, u64) {
    match shown {
        TradesShown::Some(limit) if limit < count => {
            let first = limit.div_ceil(2);
            let last = limit - first;
            (first, count - limit, last)
        }
        _ => (count, 0, 0),
    }
}

fn notes(session: &StoredSession, summary: Option<&Summary>) -> Vec<String> {
    let mut notes = Vec::new();
    match session.status {
        SessionStatus::Complete => {}
        SessionStatus::Running => notes.push(
            "the session has not ended (still running, or killed): what is shown is not complete"
                .to_owned(),
        ),
        SessionStatus::Interrupted => {
            notes.push("interrupted: complete up to the last data shown".to_owned());
        }
        SessionStatus::Failed => notes.push("the session failed".to_owned()),
    }
    if let Some(summary) = summary {
        notes.extend(summary.notes.iter().cloned());
        let metrics = &summary.metrics;
        notes.extend(extrapolation(metrics.days, metrics.cagr_pct));
    }
    notes
}

/// A growth rate a year from a few days says little more than its sign.
fn extrapolation(days: f64, cagr_pct: Option<f64>) -> Option<String> {
    let short = days < FEW_OBSERVATIONS as f64 && cagr_pct.is_some();
    short.then(|| format!("CAGR extrapolates {days:.1} days to a year"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_listed_trades_are_the_first_and_the_last() {
        assert_eq!(split(20, TradesShown::Some(5)), (3, 15, 2));
        assert_eq!(split(20, TradesShown::Some(1)), (1, 19, 0));
        assert_eq!(split(20, TradesShown::Some(0)), (0, 20, 0));
        assert_eq!(split(4, TradesShown::Some(5)), (4, 0, 0));
        assert_eq!(split(5, TradesShown::Some(5)), (5, 0, 0));
        assert_eq!(split(2_000, TradesShown::All), (2_000, 0, 0));
    }

    #[test]
    fn a_growth_rate_is_called_extrapolated_below_thirty_days_and_only_where_there_is_one() {
        assert_eq!(extrapolation(0.5, None), None);
        assert_eq!(
            extrapolation(4.13, Some(-100.0)).as_deref(),
            Some("CAGR extrapolates 4.1 days to a year")
        );
        assert!(extrapolation(29.9, Some(1.0)).is_some());
        assert_eq!(extrapolation(30.0, Some(1.0)), None);
    }
}
