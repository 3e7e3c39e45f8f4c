//! Two runs side by side, and whether their difference is more than luck.
//!
//! Differences are B - A: A is what B is held against. Reads two ledgers and no recording.

pub mod json;
pub mod significance;
pub mod text;
pub mod values;

use super::luck::gather::TradeReturns;
use super::summary::Summary;
use crate::store::ledger::{LedgerError, Reader, StoredSession};
use significance::{Evidence, Significance};
use std::path::{Path, PathBuf};
use values::{Pair, pairs};

/// One of the two runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    pub ledger: PathBuf,
    pub session: StoredSession,
    pub summary: Summary,
    returns: TradeReturns,
}

/// Both, and what sets them apart.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    pub a: Run,
    pub b: Run,
    pub metrics: Vec<Pair>,
    /// The reason where there is not enough to tell.
    pub significance: Result<Significance, String>,
    /// What makes the two hard to compare.
    pub notes: Vec<String>,
}

impl Comparison {
    /// Reads the newest session of each ledger.
    ///
    /// # Errors
    /// A ledger that cannot be read, or whose session has not ended.
    pub fn load(a: &Path, b: &Path) -> Result<Self, LedgerError> {
        let (a, b) = (Run::load(a)?, Run::load(b)?);
        let one_currency = a.session.currency == b.session.currency;
        let metrics = pairs(&a.summary, &b.summary, one_currency);
        let significance = Significance::of(&a.evidence(), &b.evidence(), a.session.seed);
        let notes = notes(&a, &b);
        Ok(Self {
            a,
            b,
            metrics,
            significance,
            notes,
        })
    }
}

impl Run {
    fn load(path: &Path) -> Result<Self, LedgerError> {
        let reader = Reader::open(path)?;
        let other = |detail: String| LedgerError::Other {
            path: path.to_path_buf(),
            action: "compare it",
            detail,
        };
        let session = reader
            .latest_session()?
            .ok_or_else(|| other("it holds no session yet".to_owned()))?;
        let text = session.summary.as_deref().ok_or_else(|| {
            other(format!(
                "its session is {}: expected one that has ended",
                session.status.name()
            ))
        })?;
        let summary = serde_json::from_str(text).map_err(|e| LedgerError::Corrupt {
            path: path.to_path_buf(),
            detail: format!("the session's summary: {e}"),
        })?;
        let returns = TradeReturns::read(&reader, &session)?;
        Ok(Self {
            ledger: path.to_path_buf(),
            session,
            summary,
            returns,
        })
    }

    fn evidence(&self) -> Evidence<'_> {
        let days = self.summary.daily_equity.iter();
        Evidence {
            start: self.summary.account.start,
            days: days.map(|(at, equity)| ((*at).into(), *equity)).collect(),
            trades: self.returns.values(),
        }
    }
}

/// Differences that are not the strategies'.
fn notes(a: &Run, b: &Run) -> Vec<String> {
    let mut notes = Vec::new();
    let mut differ = |what: &str, left: &str, right: &str| {
        if left != right {
            notes.push(format!("A and B differ in {what}: {left} and {right}"));
        }
    };
    let (sa, sb) = (&a.session, &b.session);
    let names = |session: &StoredSession| {
        let names: Vec<&str> = session.instruments.iter().map(|i| &*i.symbol).collect();
        names.join(" ")
    };
    differ("currency", &sa.currency, &sb.currency);
    differ("symbols", &names(sa), &names(sb));
    differ("interval", &sa.interval, &sb.interval);
    differ(
        "starting balance",
        &sa.starting_balance.to_string(),
        &sb.starting_balance.to_string(),
    );
    differ("status", sa.status.name(), sb.status.name());
    if (sa.first_data, sa.last_data) != (sb.first_data, sb.last_data) {
        notes.push("A and B cover different times: the market may be the difference".to_owned());
    }
    if sa.state_hash.is_some() && sa.state_hash == sb.state_hash {
        notes.push("A and B end in the same state: they are the same run".to_owned());
    }
    for (name, run) in [("A", a), ("B", b)] {
        if run.summary.metrics.few_observations {
            notes.push(format!("{name}: few observations"));
        }
    }
    notes
}

#[cfg(test)]
mod tests;
