//! Closed trades by month of exit, by UTC hour of entry and by reason of exit.
//!
//! Months without a trade or an equity of their own have no row; hours always have all 24. Memory:
//! a row a month and one a reason.

use super::metrics;
use super::summary::{Millis, Summary};
use crate::core::units::calendar::{Date, month_start};
use crate::core::units::stamp::SECOND;
use crate::core::units::{Decimal, Timestamp};
use crate::store::ledger::{LedgerError, Reader, StoredTrade};
use serde::Serialize;
use std::collections::BTreeMap;

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Breakdown {
    /// Ascending.
    pub months: Vec<MonthRow>,
    /// Hour 0 to 23.
    pub hours: Vec<HourRow>,
    /// By reason, most frequent first.
    pub exits: Vec<ExitRow>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MonthRow {
    /// `2018-01`.
    pub month: String,
    /// Its first midnight.
    pub start_ms: Millis,
    /// Last equity in it against the last before it, open positions included.
    pub return_pct: Option<f64>,
    #[serde(flatten)]
    pub trades: TradeSums,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HourRow {
    pub hour: u32,
    #[serde(flatten)]
    pub trades: TradeSums,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExitRow {
    pub reason: String,
    #[serde(flatten)]
    pub trades: TradeSums,
}

/// Sums over some closed trades.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct TradeSums {
    pub trades: u64,
    pub wins: u64,
    pub win_rate_pct: Option<f64>,
    pub net: Decimal,
    pub fees: Decimal,
}

/// Reasons that have a row of their own; a ledger of this program has fewer.
pub const REASONS_MAX: usize = 32;
/// What stands for all further reasons.
const OTHER: &str = "other reasons";

impl Breakdown {
    /// Reads the trades page by page.
    ///
    /// # Errors
    /// A ledger that cannot be read.
    pub fn read(
        reader: &Reader,
        session: i64,
        summary: Option<&Summary>,
    ) -> Result<Self, LedgerError> {
        let (mut sums, mut after) = (Sums::default(), 0);
        loop {
            let page = reader.trades_after(session, after)?;
            let Some(last) = page.last() else { break };
            after = last.id;
            page.iter().for_each(|trade| sums.add(trade));
        }
        Ok(sums.finish(summary))
    }
}

/// While the trades are read.
#[derive(Debug, Default)]
struct Sums {
    months: BTreeMap<Timestamp, TradeSums>,
    hours: [TradeSums; 24],
    exits: BTreeMap<String, TradeSums>,
}

impl Sums {
    fn add(&mut self, trade: &StoredTrade) {
        let month = month_start(trade.exit_time);
        self.months.entry(month).or_default().add(trade);
        let hour = trade.entry_time.0.div_euclid(3600 * SECOND).rem_euclid(24);
        self.hours[hour as usize].add(trade);
        let known = self.exits.len() < REASONS_MAX || self.exits.contains_key(&trade.reason);
        let reason = if known { &trade.reason } else { OTHER };
        match self.exits.get_mut(reason) {
            Some(sums) => sums.add(trade),
            None => self.exits.entry(reason.to_owned()).or_default().add(trade),
        }
    }

    fn finish(mut self, summary: Option<&Summary>) -> Breakdown {
        let returns = summary.map(month_returns).unwrap_or_default();
        for month in returns.keys() {
            self.months.entry(*month).or_default();
        }
        let mut exits: Vec<ExitRow> = self
            .exits
            .into_iter()
            .map(|(reason, trades)| ExitRow {
                reason,
                trades: trades.with_rate(),
            })
            .collect();
        // The sort is stable: of equally frequent ones the first by name.
        exits.sort_by_key(|row| std::cmp::Reverse(row.trades.trades));
        Breakdown {
            months: self
                .months
                .into_iter()
                .map(|(start, trades)| MonthRow {
                    month: Date::of(start).to_string().chars().take(7).collect(),
                    start_ms: start.into(),
                    return_pct: returns.get(&start).copied().flatten(),
                    trades: trades.with_rate(),
                })
                .collect(),
            hours: (0..)
                .zip(self.hours)
                .map(|(hour, trades)| HourRow {
                    hour,
                    trades: trades.with_rate(),
                })
                .collect(),
            exits,
        }
    }
}

impl TradeSums {
    fn add(&mut self, trade: &StoredTrade) {
        self.trades += 1;
        self.wins += u64::from(trade.net.is_positive());
        self.net += trade.net;
        self.fees += trade.fees;
    }

    fn with_rate(mut self) -> Self {
        self.win_rate_pct = metrics::share_pct(self.wins, self.trades);
        self
    }
}

/// Return of each month with data, from its last equity and the last one before it.
fn month_returns(summary: &Summary) -> BTreeMap<Timestamp, Option<f64>> {
    let mut ends: BTreeMap<Timestamp, Decimal> = BTreeMap::new();
    for (midnight, equity) in &summary.daily_equity {
        ends.insert(month_start((*midnight).into()), *equity);
    }
    let mut before = summary.account.start;
    ends.into_iter()
        .map(|(month, end)| {
            let pct = metrics::total_return_pct(before, end);
            before = end;
            (month, pct)
        })
        .collect()
}
