//! What charts and long tables show of a session, in bounded numbers: equity with its extremes, the
//! trades that won and lost most, indicators at stored decisions.
//!
//! Rows are walked in pages of at most [`ROWS`]; what is kept has the bound that the caller names.
//! Reads only.

use super::error::LedgerError;
use super::read::{Reader, StoredTrade, decimal};
use crate::core::units::{Decimal, Timestamp};
use std::collections::BTreeSet;

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
        let mut thinned = Extremes::within(limit, total);
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
        // Not by SQLite, which would compare money as doubles.
        let mut first: BTreeSet<(Decimal, i64)> = BTreeSet::new();
        let mut after = i64::MIN;
        loop {
            let page = self.list(
                "SELECT id, net FROM trades WHERE session = ?1 AND id > ?2 ORDER BY id LIMIT ?3",
                (session, after, ROWS as i64),
                |row| Ok((row.get::<_, i64>(0)?, decimal(row, 1)?)),
            )?;
            for (id, net) in &page {
                let rank = match which {
                    ByNet::Best => -*net,
                    ByNet::Worst => *net,
                };
                first.insert((rank, *id));
                if first.len() > limit {
                    first.pop_last();
                }
            }
            match page.last() {
                Some(last) if page.len() == ROWS => after = last.0,
                _ => break,
            }
        }
        let mut trades = Vec::with_capacity(first.len());
        for (_, id) in first {
            trades.extend(self.trade(session, id)?);
        }
        Ok(trades)
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
        let total = self.count_rows(
            "SELECT count(*) FROM decision_rows WHERE session = ?1",
            session,
        )?;
        let step = total.div_ceil(limit.max(1) as u64).max(1);
        self.list(
            "SELECT d.symbol, d.candle, d.price, d.indicators FROM
             (SELECT row_number() OVER (ORDER BY id) - 1 AS number, id
              FROM decision_rows WHERE session = ?1) AS at
             JOIN decisions d ON d.id = at.id WHERE at.number % ?2 = 0 ORDER BY at.number",
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

    /// Open times of the candles of a symbol on which something else than to hold was decided: the
    /// first `limit`, ascending.
    ///
    /// # Errors
    /// `Corrupt`, or what the system says.
    pub fn acted_candles(
        &self,
        session: i64,
        symbol: &str,
        limit: usize,
    ) -> Result<Vec<Timestamp>, LedgerError> {
        self.list(
            "SELECT DISTINCT candle FROM decisions
             WHERE session = ?1 AND symbol = ?2 AND action <> 'HOLD' ORDER BY candle LIMIT ?3",
            (session, symbol, i64::try_from(limit).unwrap_or(i64::MAX)),
            |row| Ok(Timestamp(row.get(0)?)),
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
    /// Of `total` points at most `limit` (at least 4).
    fn within(limit: usize, total: u64) -> Self {
        // Both ends, and two of each run.
        let runs = (limit.max(4) as u64 - 2) / 2;
        Self {
            each: total.div_ceil(runs).max(1),
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
    use crate::core::records::{Action, Record};
    use crate::store::ledger::tests::samples::{self, Scratch};
    use crate::store::ledger::{Ledger, Mode, Row};
    use proptest::prelude::*;

    /// The reader of a ledger with these rows, and its session.
    fn written(scratch: &Scratch, rows: &[Row]) -> (Reader, i64) {
        let path = scratch.file("a.sqlite");
        let mut ledger = Ledger::create_replay(&path, &samples::session(Mode::Replay)).unwrap();
        ledger.write(rows).unwrap();
        drop(ledger);
        let reader = Reader::open(&path).unwrap();
        let session = reader.latest_session().unwrap().unwrap().id;
        (reader, session)
    }

    #[test]
    fn equity_keeps_its_ends_and_the_extremes_of_each_run() {
        let scratch = Scratch::new("equity-points");
        let amounts = [100, 90, 120, 110, 80, 105, 130, 95, 95, 140, 100, 70, 99];
        let rows: Vec<Row> = (0..)
            .zip(amounts)
            .map(|(second, amount)| Row::Equity(samples::equity(second, amount)))
            .collect();
        let (reader, session) = written(&scratch, &rows);
        let points = |limit| -> Vec<EquityAt> { reader.equity_points(session, limit).unwrap() };
        let at = |seconds: &[(i64, i64)]| -> Vec<EquityAt> {
            let point = |(second, amount): &(i64, i64)| {
                (samples::time(*second), Decimal::from_int(*amount))
            };
            seconds.iter().map(point).collect()
        };
        // Two runs: seconds 1 to 7 and 8 to 12.
        let kept = [(0, 100), (4, 80), (6, 130), (9, 140), (11, 70), (12, 99)];
        assert_eq!(points(6), at(&kept));
        // One run behind the first; less than 4 counts as 4.
        let kept = [(0, 100), (9, 140), (11, 70), (12, 99)];
        assert_eq!(points(4), at(&kept));
        assert_eq!(points(0), at(&kept));
        let all: Vec<(i64, i64)> = (0..).zip(amounts).collect();
        assert_eq!(points(100), at(&all));
        assert_eq!(reader.equity_points(session + 1, 6).unwrap(), []);
    }

    #[test]
    fn trades_are_ordered_by_every_digit_of_their_net() {
        let scratch = Scratch::new("by-net");
        // The nearest double of the first four is the same.
        let nets = [
            "1000.000000000000000001",
            "1000.000000000000000003",
            "1000",
            "1000.000000000000000002",
            "-0.5",
            "999",
            "1000",
        ];
        let rows: Vec<Row> = (1..)
            .zip(nets)
            .map(|(id, net)| {
                let net = Decimal::parse_plain(net).unwrap();
                samples::core(Record::Trade(samples::trade(id, net)))
            })
            .collect();
        let (reader, session) = written(&scratch, &rows);
        let ids = |which, limit| -> Vec<i64> {
            let trades = reader.trades_by_net(session, which, limit).unwrap();
            trades.iter().map(|trade| trade.id).collect()
        };
        assert_eq!(ids(ByNet::Best, 5), [2, 4, 1, 3, 7]);
        assert_eq!(ids(ByNet::Worst, 4), [5, 6, 3, 7]);
        assert_eq!(ids(ByNet::Worst, 100), [5, 6, 3, 7, 1, 4, 2]);
        assert_eq!(ids(ByNet::Best, 0), [0; 0]);
        let best = reader.trades_by_net(session, ByNet::Best, 1).unwrap();
        assert_eq!(best[0], reader.trade(session, 2).unwrap().unwrap());
    }

    #[test]
    fn indicators_come_from_decisions_at_even_distances() {
        let scratch = Scratch::new("decision-indicators");
        let rows: Vec<Row> = (1..=7)
            .map(|id| {
                let mut decision = samples::decision(id, Action::Long, Action::Long);
                decision.candle = samples::time(60 * id as i64);
                decision.indicators = vec![("rsi", id as f64 + 0.5), ("broken", f64::NAN)];
                samples::core(Record::Decision(decision))
            })
            .collect();
        let (reader, session) = written(&scratch, &rows);
        let stored = |limit| reader.decision_indicators(session, limit).unwrap();
        let expected = |ids: &[i64]| -> Vec<StoredIndicators> {
            let of = |id: &i64| StoredIndicators {
                symbol: "BTC-USD".to_owned(),
                candle: samples::time(60 * id),
                price: Decimal::from_int(50_000),
                values: format!("{{\"rsi\":{id}.5,\"broken\":null}}"),
            };
            ids.iter().map(of).collect()
        };
        assert_eq!(stored(3), expected(&[1, 4, 7]));
        assert_eq!(stored(2), expected(&[1, 5]));
        assert_eq!(stored(7), expected(&[1, 2, 3, 4, 5, 6, 7]));
        assert_eq!(stored(0), expected(&[1]));
    }

    proptest! {
        #[test]
        fn few_points_with_both_ends_and_every_extreme(
            values in prop::collection::vec(-1000i64..1000, 1..600), limit in 4usize..80
        ) {
            let points: Vec<EquityAt> =
                values.iter().zip(0..).map(|(v, n)| (Timestamp(n), Decimal::from_int(*v))).collect();
            let mut thinned = Extremes::within(limit, points.len() as u64);
            points.iter().for_each(|point| thinned.push(*point));
            let kept = thinned.finish();
            prop_assert!(kept.len() <= limit, "{} of {}", kept.len(), limit);
            prop_assert!(kept.windows(2).all(|w| w[0].0 < w[1].0));
            prop_assert_eq!(kept.first(), points.first());
            prop_assert_eq!(kept.last(), points.last());
            prop_assert_eq!(kept.iter().map(|p| p.1).max(), points.iter().map(|p| p.1).max());
            prop_assert_eq!(kept.iter().map(|p| p.1).min(), points.iter().map(|p| p.1).min());
        }
    }
}
