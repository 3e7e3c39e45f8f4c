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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::units::Side::{Buy, Sell};
    use crate::report::summary::Millis;
    use crate::report::tests::scene::{Scene, at, d};
    use crate::report::{Accumulator, Ending};

    const HOUR: i64 = 3600;
    const DAY: i64 = 24 * HOUR;

    #[test]
    fn trades_are_counted_by_month_of_exit_hour_of_entry_and_reason() {
        let mut scene = Scene::new("breakdown");
        // In at 23:59:59 of 31 January, out in February: +10 - 2.
        scene.round_trip(Buy, 10_000, 11_000, 31 * DAY - 1, 31 * DAY + 5);
        // In and out in January at 00:00: -10 - 2.
        scene.round_trip(Sell, 10_000, 11_000, 5 * DAY, 5 * DAY + 60);
        // Nets exactly nothing: no win. Also at 23 o'clock.
        scene.round_trip(Buy, 10_000, 10_200, 6 * DAY - 1, 6 * DAY);
        let mut summary = Accumulator::new(d("1000"), scene.session.instruments.clone())
            .summary(&Ending::default());
        summary.daily_equity = [(5, "1010"), (20, "990"), (31, "1089"), (65, "1089")]
            .map(|(day, equity)| (Millis::from(at(day * DAY)), d(equity)))
            .to_vec();
        let reader = scene.write(None, None);
        let breakdown = Breakdown::read(&reader, 1, Some(&summary)).unwrap();
        let months: Vec<_> = breakdown
            .months
            .iter()
            .map(|m| (m.month.as_str(), m.trades.trades, m.trades.net))
            .collect();
        assert_eq!(
            months,
            [
                ("2018-01", 2, d("-12")),
                ("2018-02", 1, d("8")),
                ("2018-03", 0, d("0"))
            ]
        );
        let returns: Vec<_> = breakdown.months.iter().map(|m| m.return_pct).collect();
        for (found, expected) in returns.into_iter().zip([-1.0, 10.0, 0.0]) {
            assert!((found.unwrap() - expected).abs() < 1e-9, "{found:?}");
        }
        assert_eq!(breakdown.months[2].trades.win_rate_pct, None);
        assert_eq!(breakdown.hours.len(), 24);
        let late = &breakdown.hours[23].trades;
        assert_eq!((late.trades, late.wins, late.net), (2, 1, d("8")));
        assert_eq!(late.win_rate_pct, Some(50.0));
        assert_eq!(late.fees, d("4"));
        assert_eq!(breakdown.hours[0].trades.trades, 1);
        assert_eq!(breakdown.exits.len(), 1);
        assert_eq!(breakdown.exits[0].reason, "take_profit");
        assert_eq!(breakdown.exits[0].trades.net, d("-4"));
    }

    #[test]
    fn without_trades_there_are_hours_and_nothing_else() {
        let scene = Scene::new("breakdown-none");
        let breakdown = Breakdown::read(&scene.write(None, None), 1, None).unwrap();
        assert!(breakdown.months.is_empty() && breakdown.exits.is_empty());
        assert!(
            breakdown
                .hours
                .iter()
                .all(|h| h.trades == TradeSums::default())
        );
    }
}
