//! Everything that a page shows of one run, read from its ledger and its recordings.
//!
//! Bounded: at most [`ROWS`] trades, `POINTS` of equity, and what the tape and the indicators keep.

use super::decision_indicators::{DECISIONS, of_decisions};
use super::drawn_trades::DrawnTrades;
use super::equity_charts::POINTS;
use super::indicator_series::{IndicatorListener, SymbolIndicators};
use super::market::SYMBOLS_MAX;
use super::price_chart::TRADES_DRAWN;
use super::recorded_strategy::RecordedStrategy;
use super::thin::Point;
use crate::core::units::{Decimal, Timestamp};
use crate::report::{FullOptions, FullReport};
use crate::store::ledger::read_charts::ByNet;
use crate::store::ledger::{LedgerError, Reader, StoredSession, StoredTrade};
use std::collections::BTreeMap;
use std::path::Path;

/// Trades in the table.
pub const ROWS: usize = 1000;
/// Of more trades that many of each end in time, and of each end by profit.
const AT_EACH_END: u64 = 300;
const BY_PROFIT: usize = 200;
/// Candles that were acted on, of each symbol: signals are put into order by them.
const ACTED_MAX: usize = 1 << 16;

/// The indicators of all symbols, and how they were found.
#[derive(Clone, Debug, PartialEq)]
pub enum Indicators {
    /// At every candle, by the session's strategy over its recording.
    Computed(Vec<SymbolIndicators>),
    /// At stored decisions only, and why.
    Stored {
        symbols: Vec<SymbolIndicators>,
        reason: String,
    },
}

/// What a page is made of.
#[derive(Clone, Debug, PartialEq)]
pub struct Content {
    pub full: FullReport,
    /// All trades, or the first, the last, the best and the worst; in the order of their exits.
    pub trades: Vec<StoredTrade>,
    /// What the price charts draw, of the first symbols in the session's order.
    pub drawn: Vec<DrawnTrades>,
    /// In the order of time.
    pub equity: Vec<Point>,
    pub indicators: Indicators,
    /// Candles before the first decision; `None` where the configuration cannot be read.
    pub min_candles: Option<u64>,
}

impl Content {
    /// Reads the newest session of a ledger and its recordings. What `options` says of the trades that
    /// are listed is the text report's; the page lists its own.
    ///
    /// # Errors
    /// A ledger that cannot be read. Without the recordings the page says what it lacks.
    pub fn load(path: &Path, options: &FullOptions) -> Result<Self, LedgerError> {
        let reader = Reader::open(path)?;
        let (recorded, acted) = match reader.latest_session()? {
            Some(session) => (RecordedStrategy::of(&session), acted(&reader, &session)?),
            None => (Err("no session".to_owned()), Vec::new()),
        };
        let min_candles = recorded.as_ref().ok().map(|r| r.min_candles);
        let mut listener = recorded.map(|recorded| IndicatorListener::new(&recorded, acted));
        let full = match &mut listener {
            Ok(listener) => FullReport::load(path, options, listener)?,
            Err(_) => FullReport::load(path, options, &mut ())?,
        };
        let session = full.report.session.id;
        let computed = match listener {
            Ok(listener) if full.tape.is_some() => Ok(listener.finish()),
            Ok(_) => Err("the recording could not be read".to_owned()),
            Err(reason) => Err(reason),
        };
        let indicators = match computed {
            Ok(symbols) => Indicators::Computed(symbols),
            Err(reason) => {
                let decisions = reader.decision_indicators(session, DECISIONS)?;
                let instruments = full.report.session.instruments.iter();
                let names: Vec<&str> = instruments.map(|i| i.symbol.as_str()).collect();
                Indicators::Stored {
                    symbols: of_decisions(&decisions, &names),
                    reason,
                }
            }
        };
        Ok(Self {
            trades: trades(&reader, session, full.report.trade_count)?,
            drawn: drawn(&reader, &full)?,
            equity: equity(&reader, &full)?,
            indicators,
            min_candles,
            full,
        })
    }

    /// The stretch of time that all charts show: that of the data, or of what is stored.
    pub fn window(&self) -> (Timestamp, Timestamp) {
        let session = &self.full.report.session;
        let stored = self.equity.iter().map(|p| p.0);
        let trades = self.trades.iter().map(|t| t.exit_time);
        let first = session.first_data.or_else(|| stored.clone().min());
        let last = session
            .last_data
            .into_iter()
            .chain(stored)
            .chain(trades)
            .max();
        let first = first.or(last).unwrap_or(session.started);
        (first, last.unwrap_or(first))
    }
}

/// Of each instrument the candles that were acted on.
fn acted(reader: &Reader, session: &StoredSession) -> Result<Vec<Vec<Timestamp>>, LedgerError> {
    let instruments = session.instruments.iter();
    instruments
        .map(|i| reader.acted_candles(session.id, &i.symbol, ACTED_MAX))
        .collect()
}

fn trades(reader: &Reader, session: i64, total: u64) -> Result<Vec<StoredTrade>, LedgerError> {
    if total <= ROWS as u64 {
        return reader.trades(session, 0, total);
    }
    let mut found = reader.trades(session, 0, AT_EACH_END)?;
    found.extend(reader.trades(session, total - AT_EACH_END, AT_EACH_END)?);
    found.extend(reader.trades_by_net(session, ByNet::Best, BY_PROFIT)?);
    found.extend(reader.trades_by_net(session, ByNet::Worst, BY_PROFIT)?);
    found.sort_by_key(|trade| (trade.exit_time, trade.id));
    found.dedup_by_key(|trade| trade.id);
    Ok(found)
}

/// A fair share of the room for each symbol that has a chart.
fn drawn(reader: &Reader, full: &FullReport) -> Result<Vec<DrawnTrades>, LedgerError> {
    let session = &full.report.session;
    let symbols = session.instruments.len().clamp(1, SYMBOLS_MAX);
    let instruments = session.instruments.iter().take(symbols);
    instruments
        .map(|i| DrawnTrades::read(reader, session.id, &i.symbol, TRADES_DRAWN / symbols))
        .collect()
}

/// The run's own curve together with the ledger's rows, which hold extremes that the curve may lack.
fn equity(reader: &Reader, full: &FullReport) -> Result<Vec<Point>, LedgerError> {
    let mut by_time: BTreeMap<Timestamp, Decimal> = BTreeMap::new();
    by_time.extend(reader.equity_points(full.report.session.id, POINTS)?);
    if let Some(summary) = &full.report.summary {
        let curve = summary.equity_curve.iter();
        by_time.extend(curve.map(|(time, equity)| (Timestamp::from(*time), *equity)));
    }
    Ok(by_time.into_iter().map(|(t, e)| (t, e.to_f64())).collect())
}
