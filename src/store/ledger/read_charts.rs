//! What charts and long tables show of a session, in bounded numbers: equity with its extremes, the
//! trades that won and lost most, indicators at stored decisions.
//!
//! Rows are walked in pages of at most [`ROWS`]; what is kept has the bound that the caller names.
//! Reads only.

use super::error::LedgerError;
use super::read::{Reader, StoredTrade, TRADE_COLUMNS, decimal, stored_trade};
use crate::core::units::{Decimal, Timestamp};

/// Rows of a page.
const ROWS: usize = 4096;

/// An equity with its time.
pub type EquityAt = (Timestamp, Decimal);

/// Which end of the trades by net profit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByNet {
    Best,
    Worst,
}

/// Indicators of a stored decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredIndicators {
    pub symbol: String,
    /// Open time of the candle decided on.
    pub candle: Timestamp,
    /// Price decided on.
    pub price: Decimal,
    /// JSON: `{"name":value,...}`.
    pub values: String,
}

impl Reader {
    /// Equity of a session in the order of writing: at most `limit` points (at least 4), the first,
    /// the last and every extreme among them.
    ///
    /// # Errors
    /// `Corrupt`, or what the system says.
    pub fn equity_points(&self, session: i64, limit: usize) -> Result<Vec<EquityAt>, LedgerError> {
        let total = self.count_rows("SELECT count(*) FROM equity WHERE session = ?1", session)?;
        let runs = (limit.max(4) as u64 - 2) / 2;
        let mut thinned = Extremes::new(total.div_ceil(runs).max(1));
        let mut after = i64::MIN;
        loop {
            let page = self.list(
                "SELECT rowid, time, equity FROM equity WHERE session = ?1 AND rowid > ?2
                 ORDER BY rowid LIMIT ?3",
                (session, after, ROWS as i64),
                |row| {
                    Ok((
                        row.get::<_, i64>(0)?,
                        Timestamp(row.get(1)?),
                        decimal(row, 2)?,
                    ))
                },
            )?;
            for (_, time, equity) in &page {
                thinned.push((*time, *equity));
            }
            match page.last() {
                Some(last) if page.len() == ROWS => after = last.0,
                _ => return Ok(thinned.finish()),
            }
        }
    }

    /// At most `limit` closed trades, those first that earned or lost most; of equal ones the older.
    ///
    /// # Errors
    /// `Corrupt`, or what the system says.
    pub fn trades_by_net(
        &self,
        session: i64,
        which: ByNet,
        limit: usize,
    ) -> Result<Vec<StoredTrade>, LedgerError> {
        let order = match which {
            ByNet::Best => "DESC",
            ByNet::Worst => "ASC",
        };
        self.list(
            &format!(
                "SELECT {TRADE_COLUMNS} FROM trades WHERE session = ?1
                 ORDER BY CAST(net AS REAL) {order}, id LIMIT ?2"
            ),
            (session, i64::try_from(limit).unwrap_or(i64::MAX)),
            stored_trade,
        )
    }

    /// Indicators of at most `limit` stored decisions, at even distances.
    ///
    /// # Errors
    /// `Corrupt`, or what the system says.
    pub fn decision_indicators(
        &self,
        session: i64,
        limit: usize,
    ) -> Result<Vec<StoredIndicators>, LedgerError> {
        let total =
            self.count_rows("SELECT count(*) FROM decisions WHERE session = ?1", session)?;
        let step = total.div_ceil(limit.max(1) as u64).max(1);
        self.list(
            "SELECT symbol, candle, price, indicators FROM
             (SELECT row_number() OVER (ORDER BY id) - 1 AS number, symbol, candle, price,
                indicators
              FROM decisions WHERE session = ?1) WHERE number % ?2 = 0 ORDER BY number",
            (session, i64::try_from(step).unwrap_or(i64::MAX)),
            |row| {
                Ok(StoredIndicators {
                    symbol: row.get(0)?,
                    candle: Timestamp(row.get(1)?),
                    price: decimal(row, 2)?,
                    values: row.get(3)?,
                })
            },
        )
    }

    fn count_rows(&self, query: &str, session: i64) -> Result<u64, LedgerError> {
        let counts = self.list(query, [session], |row| super::read::count(row, 0))?;
        Ok(counts.first().copied().unwrap_or(0))
    }
}

/// Of each run of points the lowest and the highest, in their order; the first and the last of all.
struct Extremes {
    each: u64,
    seen: u64,
    kept: Vec<EquityAt>,
    low: Option<(u64, EquityAt)>,
    high: Option<(u64, EquityAt)>,
    last: Option<EquityAt>,
}

impl Extremes {
    fn new(each: u64) -> Self {
        Self {
            each,
            seen: 0,
            kept: Vec::new(),
            low: None,
            high: None,
            last: None,
        }
    }

    fn push(&mut self, point: EquityAt) {
        let number = self.seen;
        if number == 0 {
            self.kept.push(point);
        } else {
            if self.low.is_none_or(|(_, low)| point.1 < low.1) {
                self.low = Some((number, point));
            }
            if self.high.is_none_or(|(_, high)| point.1 > high.1) {
                self.high = Some((number, point));
            }
            if number.is_multiple_of(self.each) {
                self.close_run();
            }
        }
        self.last = Some(point);
        self.seen += 1;
    }

    fn close_run(&mut self) {
        if let (Some(low), Some(high)) = (self.low.take(), self.high.take()) {
            let (first, second) = if low.0 <= high.0 {
                (low, high)
            } else {
                (high, low)
            };
            self.kept.push(first.1);
            if first.0 != second.0 {
                self.kept.push(second.1);
            }
        }
    }

    fn finish(mut self) -> Vec<EquityAt> {
        self.close_run();
        if self.kept.last() != self.last.as_ref() {
            self.kept.extend(self.last);
        }
        self.kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn few_points_with_both_ends_and_every_extreme(
            values in prop::collection::vec(-1000i64..1000, 1..600), limit in 4u64..80
        ) {
            let points: Vec<EquityAt> =
                values.iter().zip(0..).map(|(v, n)| (Timestamp(n), Decimal::from_int(*v))).collect();
            let runs = (limit - 2) / 2;
            let mut thinned = Extremes::new((points.len() as u64).div_ceil(runs).max(1));
            points.iter().for_each(|point| thinned.push(*point));
            let kept = thinned.finish();
            prop_assert!(kept.len() as u64 <= limit, "{} of {}", kept.len(), limit);
            prop_assert!(kept.windows(2).all(|w| w[0].0 < w[1].0));
            prop_assert_eq!(kept.first(), points.first());
            prop_assert_eq!(kept.last(), points.last());
            prop_assert_eq!(kept.iter().map(|p| p.1).max(), points.iter().map(|p| p.1).max());
            prop_assert_eq!(kept.iter().map(|p| p.1).min(), points.iter().map(|p| p.1).min());
        }
    }
}
