//! The pass over the recordings of a session.
//!
//! Takes what the session took: its window of time, its symbols, its order of several recordings.
//! Damaged places are left out and counted, as a run that ended before them or skipped them did.

use super::market::{Market, MarketRules};
use super::merge::{Merged, Step, within};
use super::{CHART_CANDLES_MAX, CLOSES_MAX, CandleListener, Tape};
use crate::config::Recorded;
use crate::core::input::Input;
use crate::core::market::{Interval, SymbolId, TimedTrade};
use crate::core::symbol::Closes;
use crate::core::units::{Decimal, Price, Span, Stamp, Timestamp};
use crate::report::markouts::MarkoutPass;
use crate::report::summary::Summary;
use crate::store::ledger::{LedgerError, StoredSession};
use crate::store::recording::{
    Header, OpenOptions, Opened, RecordingError, SymbolTable, TurnKind, open,
};
use std::path::PathBuf;

/// Why there is no tape.
#[derive(Debug)]
pub enum TapeError {
    /// The ledger could not be read meanwhile.
    Ledger(LedgerError),
    /// The recordings are gone, cannot be read, or are not those of the session; in words.
    Recording(String),
}

impl From<LedgerError> for TapeError {
    fn from(error: LedgerError) -> Self {
        Self::Ledger(error)
    }
}

impl From<RecordingError> for TapeError {
    fn from(error: RecordingError) -> Self {
        Self::Recording(error.to_string())
    }
}

impl MarketRules {
    /// As the session's configuration has them; built-in values where it does not say.
    ///
    /// # Errors
    /// In words, for an interval that no candle has and for what this version does not take.
    pub fn of(session: &StoredSession) -> Result<Self, String> {
        let interval = Interval::parse(&session.interval).ok_or_else(|| {
            format!(
                "the session's interval is {:?}: expected one of {}",
                session.interval,
                Interval::ALLOWED
            )
        })?;
        Self::recorded(interval, &Recorded::parse(&session.configuration)?)
    }

    /// Without a configuration.
    pub fn built_in(interval: Interval) -> Self {
        Self::recorded(interval, &Recorded::default()).expect("built-in values are values")
    }

    /// Of a configuration, for candles of this length.
    ///
    /// # Errors
    /// In words, for what this version does not take.
    pub fn recorded(interval: Interval, recorded: &Recorded) -> Result<Self, String> {
        let min_candles = recorded.integer("trading.min_candles_for_trading")?;
        Ok(Self {
            interval,
            close_grace: recorded.milliseconds("market_data.close_grace_ms")?,
            outlier_pct: recorded.number("market_data.outlier_pct")?,
            min_candles: u64::try_from(min_candles).unwrap_or(0),
        })
    }
}

/// Reads the recordings once; tells the listener of candles and the markouts of prices.
///
/// # Errors
/// No market data in the session; recordings that cannot be read or are not those of the session.
pub fn read(
    session: &StoredSession,
    summary: Option<&Summary>,
    files: Vec<PathBuf>,
    markouts: &mut MarkoutPass<'_>,
    listener: &mut dyn CandleListener,
) -> Result<Tape, TapeError> {
    let rules = MarketRules::of(session).map_err(TapeError::Recording)?;
    let (Some(first), Some(last)) = (session.first_data, session.last_data) else {
        return Err(TapeError::Recording(
            "the session states no market data".to_owned(),
        ));
    };
    let opened = open_all(session, &files, first)?;
    let session_turns = opened.iter().any(|o| o.header.turns == TurnKind::Session);
    // A core that starts from a recorded state has counted candles before.
    let from_state = opened.iter().any(|o| o.header.state.is_some());
    let mut pass = Pass {
        window: (first, last),
        session_turns,
        markets: markets(session, rules),
        prices: vec![None; session.instruments.len()],
        inputs: 0,
        seen: None,
    };
    let mut coverage = Coverage::new(session, &opened);
    let mut merged = Merged::new(opened);
    loop {
        coverage.tell(&mut merged, markouts)?;
        let Some(step) = merged.next_step()? else {
            break;
        };
        if !pass.step(step, markouts, listener)? {
            break;
        }
    }
    pass.end(markouts, listener)?;
    let ends: Vec<Closes> = pass.markets.iter().map(Market::ends).collect();
    let summary = summary.filter(|_| !from_state);
    check(session, summary, &files, pass.seen, &ends).map_err(TapeError::Recording)?;
    Ok(Tape {
        files,
        interval: rules.interval,
        symbols: pass
            .markets
            .into_iter()
            .zip(&session.instruments)
            .map(|(market, instrument)| market.into_tape(instrument.symbol.clone()))
            .collect(),
        inputs: pass.inputs,
        continued: from_state,
        damages: merged.damages(),
    })
}

fn markets(session: &StoredSession, rules: MarketRules) -> Vec<Market> {
    let count = session.instruments.len().max(1);
    (0u16..)
        .zip(&session.instruments)
        .map(|(id, _)| {
            Market::new(
                SymbolId(id),
                rules,
                CHART_CANDLES_MAX / count,
                CLOSES_MAX / count,
            )
        })
        .collect()
}

fn open_all(
    session: &StoredSession,
    files: &[PathBuf],
    first: Timestamp,
) -> Result<Vec<Opened>, TapeError> {
    let names = session
        .instruments
        .iter()
        .zip(0u16..)
        .map(|(instrument, id)| (instrument.symbol.clone(), SymbolId(id)))
        .collect();
    let options = OpenOptions {
        skip_damaged: true,
        symbols: SymbolTable::Named(names),
        from: Some(first),
    };
    let opened = files
        .iter()
        .map(|file| open(file, &options))
        .collect::<Result<Vec<Opened>, RecordingError>>()?;
    let headers: Vec<&Header> = opened.iter().map(|opened| &opened.header).collect();
    for instrument in &session.instruments {
        let same = headers.iter().flat_map(|h| &h.instruments).any(|i| {
            (&i.symbol, i.tick, i.lot) == (&instrument.symbol, instrument.tick, instrument.lot)
        });
        if !same {
            return Err(TapeError::Recording(format!(
                "another recording than the session's: it has no {} with tick {} and lot {}",
                instrument.symbol, instrument.tick, instrument.lot
            )));
        }
    }
    Ok(opened)
}

/// Which recordings carry each symbol: prices of a symbol are known until the last of them ends,
/// however quiet its market is before, and however long other recordings go on after.
struct Coverage {
    /// Of each recording, whether it carries each symbol of the session.
    carried: Vec<Vec<bool>>,
    /// Of each recording, its end once it is reached.
    ends: Vec<Option<Timestamp>>,
    /// The ends that the markouts know of.
    told: Vec<Option<Timestamp>>,
}

impl Coverage {
    fn new(session: &StoredSession, opened: &[Opened]) -> Self {
        let carried = opened.iter().map(|o| {
            let carries = |symbol: &str| o.header.instruments.iter().any(|i| i.symbol == symbol);
            let symbols = session.instruments.iter().map(|i| carries(&i.symbol));
            symbols.collect::<Vec<bool>>()
        });
        Self {
            carried: carried.collect(),
            ends: vec![None; opened.len()],
            told: vec![None; opened.len()],
        }
    }

    /// Tells the markouts of symbols whose last recording has ended.
    fn tell(
        &mut self,
        merged: &mut Merged,
        markouts: &mut MarkoutPass<'_>,
    ) -> Result<(), RecordingError> {
        merged.ends(&mut self.ends)?;
        if self.ends == self.told {
            return Ok(());
        }
        self.told.clone_from(&self.ends);
        let symbols = self.carried.first().map_or(0, Vec::len);
        for symbol in 0..symbols {
            let mut ends = self
                .carried
                .iter()
                .zip(&self.ends)
                .filter(|(carried, _)| carried[symbol])
                .map(|(_, end)| *end);
            let last = ends.try_fold(Timestamp(i64::MIN), |last, end| Some(last.max(end?)));
            if let Some(end) = last {
                markouts.ends(symbol, end);
            }
        }
        Ok(())
    }
}

struct Pass {
    window: (Timestamp, Timestamp),
    /// The clock advances at recorded turns, not before each input.
    session_turns: bool,
    markets: Vec<Market>,
    /// Last price of each symbol.
    prices: Vec<Option<(Price, Option<Span>)>>,
    inputs: u64,
    /// Wall time of the first and last input or turn.
    seen: Option<(Timestamp, Timestamp)>,
}

impl Pass {
    /// False when what follows lies behind the window.
    fn step(
        &mut self,
        step: Step<'_>,
        markouts: &mut MarkoutPass<'_>,
        listener: &mut dyn CandleListener,
    ) -> Result<bool, LedgerError> {
        let inside = |at: Timestamp| (self.window.0..=self.window.1).contains(&at);
        match step {
            Step::Trades(rows) => {
                for row in within(rows, self.window) {
                    self.note(row.stamp.wall, true);
                    markouts.advance(row.stamp.wall, &self.prices)?;
                    let index = row.trade.symbol.index();
                    let Some(market) = self.markets.get_mut(index) else {
                        continue;
                    };
                    if !self.session_turns {
                        market.clock(row.stamp.wall, listener);
                    }
                    market.trade(row, listener);
                    self.prices[index] = market.last().map(|p| (p, None));
                }
                return Ok(rows.last().is_none_or(|row| self.may_go_on(row.stamp.wall)));
            }
            Step::Turn(stamp) if inside(stamp.wall) => {
                self.note(stamp.wall, false);
                for market in &mut self.markets {
                    market.clock(stamp.wall, listener);
                }
            }
            Step::Input(stamp, input) if inside(stamp.wall) => {
                self.note(stamp.wall, true);
                markouts.advance(stamp.wall, &self.prices)?;
                self.input(stamp, &input, listener);
            }
            Step::Turn(stamp) | Step::Input(stamp, _) => return Ok(self.may_go_on(stamp.wall)),
        }
        Ok(true)
    }

    fn may_go_on(&self, at: Timestamp) -> bool {
        // The wall clock of a recorded session may jump; that of imported history does not.
        self.session_turns || at <= self.window.1
    }

    fn note(&mut self, at: Timestamp, input: bool) {
        self.inputs += u64::from(input);
        let first = self.seen.map_or(at, |(first, _)| first);
        self.seen = Some((first, at));
    }

    fn input(&mut self, at: Stamp, input: &Input, listener: &mut dyn CandleListener) {
        let symbol = match input {
            Input::Trade(trade) => trade.symbol,
            Input::Candle { symbol, .. } | Input::Quiet { symbol, .. } => *symbol,
            _ => return,
        };
        let Some(market) = self.markets.get_mut(symbol.index()) else {
            return;
        };
        if !self.session_turns {
            market.clock(at.wall, listener);
        }
        match input {
            Input::Trade(trade) => {
                let (stamp, trade) = (at, *trade);
                market.trade(&TimedTrade { stamp, trade }, listener);
            }
            Input::Candle {
                interval, candle, ..
            } => market.candle(*interval, candle, listener),
            Input::Quiet { until, .. } => market.quiet(*until),
            _ => {}
        }
        self.prices[symbol.index()] = market.last().map(|p| (p, market.candle_length()));
    }

    /// The clock goes on to the end of the window; what is due by then is settled.
    fn end(
        &mut self,
        markouts: &mut MarkoutPass<'_>,
        listener: &mut dyn CandleListener,
    ) -> Result<(), LedgerError> {
        for market in self.markets.iter_mut().filter(|_| !self.session_turns) {
            market.clock(self.window.1, listener);
        }
        markouts.finish(self.window.1, &self.prices)
    }
}

/// Whether what was read is what the session read, as far as its ledger tells.
fn check(
    session: &StoredSession,
    summary: Option<&Summary>,
    files: &[PathBuf],
    seen: Option<(Timestamp, Timestamp)>,
    ends: &[Closes],
) -> Result<(), String> {
    let names: Vec<String> = files.iter().map(|f| f.display().to_string()).collect();
    let names = names.join(" ");
    let other = |what: String| {
        Err(format!(
            "{names}: another recording than the session's: {what}"
        ))
    };
    let (Some(first), Some(last)) = (session.first_data, session.last_data) else {
        return Ok(());
    };
    match seen {
        Some(seen) if seen == (first, last) => {}
        Some((from, to)) => {
            return other(format!(
                "within {first} to {last} it has data from {from} to {to}"
            ));
        }
        None => return other(format!("it has no data from {first} to {last}")),
    }
    let Some(summary) = summary else {
        return Ok(());
    };
    for ((symbol, instrument), closes) in summary.symbols.iter().zip(&session.instruments).zip(ends)
    {
        let price = |close: Option<Price>| close.map(|price| instrument.price(price));
        let found = (price(closes.first), price(closes.last));
        if found != (symbol.first_close, symbol.last_close) {
            let shown = |close: Option<Decimal>| close.map_or("-".to_owned(), |c| c.to_string());
            return other(format!(
                "{}: its candles close at {} and {}, the session's at {} and {}",
                symbol.symbol,
                shown(found.0),
                shown(found.1),
                shown(symbol.first_close),
                shown(symbol.last_close)
            ));
        }
    }
    Ok(())
}
