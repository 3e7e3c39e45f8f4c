//! What the market did after each fill: 1 s, 10 s, 1 minute and 5 minutes later.
//!
//! Markout = side x (price at t + horizon - fill price) x quantity x contract value, positive where
//! the market went the fill's way. The price at a time is that of the last accepted trade at or
//! before it; of a recording of candles, the close of the last candle that ended by then. A horizon
//! that passes the end of the symbol's recordings is left out and counted, even where those of other
//! symbols go on, and so is one shorter than a recorded candle.
//!
//! Bounded: fills come from the ledger in pages by time and wait at most five minutes.

use super::metrics;
use crate::core::market::Instrument;
use crate::core::units::{Decimal, Price, Quantity, Side, Span, Timestamp};
use crate::store::ledger::{LedgerError, Reader, StoredFill, StoredSession};
use serde::Serialize;
use std::collections::VecDeque;

/// The horizons in seconds.
pub const HORIZONS_SECONDS: [i64; 4] = [1, 10, 60, 300];

/// All fills, a row a horizon.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Markouts {
    /// Fills of the session.
    pub fills: u64,
    /// Fills of which nothing is told: too many at once, or not on their instrument's grid.
    pub not_followed: u64,
    /// In the order of [`HORIZONS_SECONDS`].
    pub horizons: Vec<Markout>,
}

/// The fills at one horizon.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Markout {
    pub horizon_seconds: i64,
    /// Fills whose horizon lies beyond the end of their symbol's recordings.
    pub left_out: u64,
    /// Fills on recorded candles that are longer than the horizon.
    pub within_candle: u64,
    pub all: MarkoutSum,
    pub entries: MarkoutSum,
    pub exits: MarkoutSum,
}

/// Sums over some fills.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct MarkoutSum {
    pub fills: u64,
    /// Fills after which the price went their way.
    pub favourable: u64,
    /// In the account's currency.
    pub total: Decimal,
    /// Value of the fills.
    pub notional: Decimal,
    /// 10,000 total / notional.
    pub mean_bps: Option<f64>,
}

/// Fills that wait for a price at once.
pub const WAITING_MAX: usize = 1 << 16;

/// Last price of a symbol, and the length of the recorded candles it is a close of.
pub type LastPrice = Option<(Price, Option<Span>)>;

/// A fill that waits for the prices after it.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    time: Timestamp,
    symbol: usize,
    side: Side,
    price: Price,
    quantity: Quantity,
    entry: bool,
}

/// Follows the fills of a session while its recordings are read.
#[derive(Debug)]
pub struct MarkoutPass<'a> {
    reader: &'a Reader,
    session: i64,
    instruments: &'a [Instrument],
    page: std::vec::IntoIter<StoredFill>,
    next: Option<StoredFill>,
    behind: (Timestamp, i64),
    /// Oldest first; gone once the longest horizon is settled.
    waiting: VecDeque<Waiting>,
    /// Of each symbol, where its recordings end; `None` while they go on.
    ends: Vec<Option<Timestamp>>,
    /// Of each horizon, how many of `waiting` are settled.
    settled: [usize; HORIZONS_SECONDS.len()],
    /// Nothing happens before prices later than this.
    due: Timestamp,
    result: Markouts,
}

impl<'a> MarkoutPass<'a> {
    /// # Errors
    /// A ledger that cannot be read.
    pub fn new(reader: &'a Reader, session: &'a StoredSession) -> Result<Self, LedgerError> {
        let mut pass = Self {
            reader,
            session: session.id,
            instruments: &session.instruments,
            page: Vec::new().into_iter(),
            next: None,
            behind: (Timestamp(i64::MIN), 0),
            waiting: VecDeque::new(),
            ends: vec![None; session.instruments.len()],
            settled: [0; HORIZONS_SECONDS.len()],
            due: Timestamp(i64::MIN),
            result: Markouts {
                horizons: HORIZONS_SECONDS
                    .iter()
                    .map(|horizon_seconds| Markout {
                        horizon_seconds: *horizon_seconds,
                        ..Markout::default()
                    })
                    .collect(),
                ..Markouts::default()
            },
        };
        pass.fetch()?;
        Ok(pass)
    }

    /// A price of `now` is about to come: whatever is due before it gets the last `prices`.
    ///
    /// # Errors
    /// A ledger that cannot be read.
    #[inline]
    pub fn advance(&mut self, now: Timestamp, prices: &[LastPrice]) -> Result<(), LedgerError> {
        if now > self.due {
            self.settle(Timestamp(now.0.saturating_sub(1)), prices)?;
        }
        Ok(())
    }

    /// No recording of a symbol (its place among the session's instruments) goes beyond `end`: what is
    /// due later has no price. To be told before the next price of any symbol.
    pub fn ends(&mut self, symbol: usize, end: Timestamp) {
        if let Some(known) = self.ends.get_mut(symbol) {
            *known = Some(end);
        }
    }

    /// Settles what is due up to the end of the recording and counts the rest as left out.
    ///
    /// # Errors
    /// A ledger that cannot be read.
    pub fn finish(&mut self, end: Timestamp, prices: &[LastPrice]) -> Result<(), LedgerError> {
        self.settle(end, prices)?;
        self.take_fills(Timestamp(i64::MAX))?;
        for (row, settled) in self.result.horizons.iter_mut().zip(self.settled) {
            row.left_out += (self.waiting.len() - settled) as u64;
        }
        self.waiting.clear();
        for row in &mut self.result.horizons {
            for sum in [&mut row.all, &mut row.entries, &mut row.exits] {
                let ratio = metrics::ratio(sum.total, sum.notional);
                sum.mean_bps = ratio.and_then(|r| metrics::finite(10_000.0 * r));
            }
        }
        Ok(())
    }

    /// What was found; complete after `finish`.
    pub fn into_markouts(self) -> Markouts {
        self.result
    }

    /// Gives every fill whose horizon ends at or before `now` the last price.
    fn settle(&mut self, now: Timestamp, prices: &[LastPrice]) -> Result<(), LedgerError> {
        self.take_fills(now)?;
        let mut due = self.next.as_ref().map_or(i64::MAX, |fill| fill.time.0);
        for (index, seconds) in HORIZONS_SECONDS.into_iter().enumerate() {
            let horizon = Span::from_secs(seconds);
            while let Some(fill) = self.waiting.get(self.settled[index]) {
                if fill.time + horizon > now {
                    due = due.min((fill.time + horizon).0);
                    break;
                }
                self.settled[index] += 1;
                let known = self.ends[fill.symbol].is_none_or(|end| fill.time + horizon <= end);
                let last = prices.get(fill.symbol).copied().flatten();
                let last = last.filter(|_| known);
                let instrument = &self.instruments[fill.symbol];
                add(&mut self.result.horizons[index], fill, last, instrument);
            }
        }
        let gone = self.settled.iter().copied().min().unwrap_or(0);
        self.waiting.drain(..gone);
        self.settled.iter_mut().for_each(|count| *count -= gone);
        self.due = Timestamp(due);
        Ok(())
    }

    /// Takes the fills up to `now` from the ledger.
    fn take_fills(&mut self, now: Timestamp) -> Result<(), LedgerError> {
        while let Some(fill) = self.next.take_if(|fill| fill.time <= now) {
            self.result.fills += 1;
            match on_grid(&fill, self.instruments) {
                Some(waiting) if self.waiting.len() < WAITING_MAX => {
                    self.waiting.push_back(waiting);
                }
                _ => self.result.not_followed += 1,
            }
            self.fetch()?;
        }
        Ok(())
    }

    fn fetch(&mut self) -> Result<(), LedgerError> {
        self.next = self.page.next();
        if self.next.is_none() {
            let page = self.reader.fills_by_time(self.session, self.behind)?;
            self.behind = page.last().map_or(self.behind, |f| (f.time, f.id));
            self.page = page.into_iter();
            self.next = self.page.next();
        }
        Ok(())
    }
}

fn on_grid(fill: &StoredFill, instruments: &[Instrument]) -> Option<Waiting> {
    let symbol = instruments.iter().position(|i| i.symbol == fill.symbol)?;
    Some(Waiting {
        time: fill.time,
        symbol,
        side: fill.side,
        price: instruments[symbol].exact_price(fill.price)?,
        quantity: instruments[symbol].exact_quantity(fill.quantity)?,
        entry: fill.entry,
    })
}

fn add(row: &mut Markout, fill: &Waiting, last: LastPrice, instrument: &Instrument) {
    let Some((price, candle)) = last else {
        // No price at all by then, or none any more.
        row.left_out += 1;
        return;
    };
    if candle.is_some_and(|length| length > Span::from_secs(row.horizon_seconds)) {
        row.within_candle += 1;
        return;
    }
    let ticks = i128::from(price.0 - fill.price.0) * i128::from(fill.side.sign());
    let total = instrument.value_of(ticks * i128::from(fill.quantity.0));
    let notional = instrument.notional(fill.price, fill.quantity);
    let part = if fill.entry {
        &mut row.entries
    } else {
        &mut row.exits
    };
    for sum in [&mut row.all, part] {
        sum.fills += 1;
        sum.favourable += u64::from(total.is_positive());
        sum.total += total;
        sum.notional += notional;
    }
}

#[cfg(test)]
mod tests;
