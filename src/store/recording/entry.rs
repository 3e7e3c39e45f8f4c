//! One entry of a recording, what is counted of them, and the rules both writers keep.

use super::frame::Frame;
use super::{Header, RecordingError};
use crate::core::effect::Checkpoint;
use crate::core::input::{Answer, Command, Input, VenueListing};
pub(super) use crate::core::market::candle::VOLUME_MAX;
use crate::core::market::instrument::GRID_MAX;
use crate::core::market::{Aggressor, Candle, SymbolId, TimedCandle, TimedTrade, Trade};
use crate::core::units::{Price, Quantity, Stamp, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// What a recording holds, in the order in which the core saw it.
#[derive(Clone, Debug)]
pub enum Entry {
    /// The core learned this at that reading of the clocks.
    Input { stamp: Stamp, input: Input },
    /// The loop gave the core its turn.
    Turn(Stamp),
    /// State hash that a replay must reach at this place.
    Checkpoint(Checkpoint),
    /// An output (decision, order, fill ...) as JSON, for verification.
    Record(Box<RawValue>),
    /// What came from outside, as received; nothing follows from it.
    Frame { stamp: Stamp, frame: Box<Frame> },
    /// The writer closed the recording; nothing follows.
    Trailer(Trailer),
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Input { stamp, input }, Self::Input { stamp: s, input: i }) => {
                stamp == s && input == i
            }
            (Self::Turn(a), Self::Turn(b)) => a == b,
            (Self::Checkpoint(a), Self::Checkpoint(b)) => a == b,
            (Self::Record(a), Self::Record(b)) => a.get() == b.get(),
            (Self::Frame { stamp, frame }, Self::Frame { stamp: s, frame: f }) => {
                stamp == s && frame == f
            }
            (Self::Trailer(a), Self::Trailer(b)) => a == b,
            _ => false,
        }
    }
}

impl Entry {
    /// The entry of a trade.
    pub const fn trade(row: TimedTrade) -> Self {
        Self::Input {
            stamp: row.stamp,
            input: Input::Trade(row.trade),
        }
    }

    /// The entry of a candle.
    pub const fn candle(row: TimedCandle) -> Self {
        Self::Input {
            stamp: row.stamp,
            input: Input::Candle {
                symbol: row.symbol,
                interval: row.interval,
                candle: row.candle,
            },
        }
    }

    /// The clock reading it came with; outputs have none of their own.
    pub const fn stamp(&self) -> Option<Stamp> {
        match self {
            Self::Input { stamp, .. } | Self::Turn(stamp) | Self::Frame { stamp, .. } => {
                Some(*stamp)
            }
            _ => None,
        }
    }
}

/// How many entries of each kind a recording holds; its trailer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trailer {
    /// All entries before the trailer.
    pub entries: u64,
    pub trades: u64,
    pub candles: u64,
    /// Quiet stretches that an importer announced.
    pub quiet: u64,
    /// Commands, answers, failures, stop, and what only live sessions have.
    pub other_inputs: u64,
    pub turns: u64,
    pub checkpoints: u64,
    pub records: u64,
    /// Messages and answers as received; recordings of version 1 have none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub frames: u64,
    /// Stamp of the last input, turn or frame.
    pub last: Stamp,
}

impl Trailer {
    /// Counts an entry (a trailer counts nothing).
    pub fn count(&mut self, entry: &Entry) {
        let counter = match entry {
            Entry::Input { input, .. } => match input {
                Input::Trade(_) => &mut self.trades,
                Input::Candle { .. } => &mut self.candles,
                Input::Quiet { .. } => &mut self.quiet,
                Input::Command(_)
                | Input::Answer { .. }
                | Input::LedgerFailed { .. }
                | Input::Stop
                | Input::History { .. }
                | Input::Feed { .. }
                | Input::Partial { .. }
                | Input::Whole { .. }
                | Input::Ahead(_)
                | Input::Quote { .. }
                | Input::Order(_)
                | Input::Account(_)
                | Input::Reconciled { .. }
                | Input::Listing(_) => &mut self.other_inputs,
            },
            Entry::Turn(_) => &mut self.turns,
            Entry::Checkpoint(_) => &mut self.checkpoints,
            Entry::Record(_) => &mut self.records,
            Entry::Frame { .. } => &mut self.frames,
            Entry::Trailer(_) => return,
        };
        *counter += 1;
        self.entries += 1;
        if let Some(stamp) = entry.stamp() {
            self.last = stamp;
        }
    }

    /// Counts a run of trades.
    pub fn count_trades(&mut self, rows: &[TimedTrade]) {
        self.trades += rows.len() as u64;
        self.entries += rows.len() as u64;
        if let Some(row) = rows.last() {
            self.last = row.stamp;
        }
    }
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// Largest number of an entry: beyond any recording, and far enough from the integer's end that
/// counting on never leaves it.
pub(super) const ENTRIES_MAX: u64 = u64::MAX / 2;

/// Longest text of one entry (an answer, an output), bytes.
pub(super) const TEXT_MAX: usize = 16 << 20;

/// Room that a candle of a history takes at most as text, bytes.
const CANDLE_TEXT: usize = 512;
/// Most bytes of a limit beside its key.
const LIMIT_TEXT: usize = 64;
/// Room that one order or fill of a listing takes as text beside its ids, bytes.
const LISTED_TEXT: usize = 512;

/// Bytes that a listing takes at most as text, about.
fn listed_text(listing: &VenueListing) -> usize {
    let orders = listing.open.iter().chain(&listing.recent);
    let orders: usize = orders
        .map(|o| o.venue_id.len() + o.client_id.len() + LISTED_TEXT)
        .sum();
    let fills: usize = listing
        .fills
        .iter()
        .map(|f| f.fill_id.len() + f.venue_id.len() + LISTED_TEXT)
        .sum();
    orders + fills + listing.positions.len() * LISTED_TEXT
}

/// Checks what every writer checks: known symbol, numbers on the grid, clock not going back.
pub(super) fn check_entry(
    header: &Header,
    counts: &Trailer,
    entry: &Entry,
) -> Result<(), RecordingError> {
    let refuse = |reason: String| {
        Err(RecordingError::Refused {
            entry: counts.entries + 1,
            reason,
        })
    };
    if let Some(stamp) = entry.stamp()
        && counts.entries > 0
        && stamp.mono < counts.last.mono
    {
        return refuse(format!(
            "clock reading {} is before the last one, {}",
            stamp.mono, counts.last.mono
        ));
    }
    let text = match entry {
        Entry::Record(text) => text.get().len(),
        Entry::Frame { frame, .. } => frame.size(),
        Entry::Input { input, .. } => match input {
            Input::Answer { answer, .. } => match answer {
                Answer::Text { body, .. } => body.len(),
                Answer::Failed { text } => text.len(),
            },
            Input::Command(Command::Resume { reason }) => reason.len(),
            Input::Command(Command::TightenLimits { limits }) => {
                limits.keys().map(|key| key.len() + LIMIT_TEXT).sum()
            }
            Input::LedgerFailed { text } | Input::Reconciled { text, .. } => text.len(),
            Input::Feed { feed, .. } => feed.len(),
            Input::History { candles, .. } => candles.len().saturating_mul(CANDLE_TEXT),
            Input::Listing(listing) => listed_text(listing),
            _ => 0,
        },
        _ => 0,
    };
    if let Entry::Record(text) = entry
        && text.get().contains(['\n', '\r'])
    {
        return refuse("an output with a line break: expected JSON on one line".to_owned());
    }
    if text > TEXT_MAX {
        return refuse(format!(
            "a text of {text} bytes: expected at most {TEXT_MAX}"
        ));
    }
    let Entry::Input { input, .. } = entry else {
        return Ok(());
    };
    check_input(header, input).or_else(refuse)
}

/// Checks a run of trades like single entries.
pub(super) fn check_rows(
    header: &Header,
    counts: &Trailer,
    rows: &[TimedTrade],
) -> Result<(), RecordingError> {
    let mut counts = *counts;
    for row in rows {
        let entry = Entry::trade(*row);
        check_entry(header, &counts, &entry)?;
        counts.count(&entry);
    }
    Ok(())
}

fn check_input(header: &Header, input: &Input) -> Result<(), String> {
    if let Some(symbol) = input.market_symbol()
        && symbol.index() >= header.instruments.len()
    {
        return Err(format!(
            "symbol number {}: the header has {} instruments",
            symbol.0,
            header.instruments.len()
        ));
    }
    match input {
        Input::Trade(t) | Input::Ahead(t) => check_steps(&[t.price.0, t.quantity.0]),
        Input::Candle { candle, .. } => check_candle(candle),
        Input::History { candles, .. } => candles.iter().try_for_each(check_candle),
        _ => Ok(()),
    }
}

fn check_candle(candle: &Candle) -> Result<(), String> {
    let Candle {
        open,
        high,
        low,
        close,
        ..
    } = candle;
    check_steps(&[open.0, high.0, low.0, close.0])?;
    for volume in [candle.volume, candle.quote_volume] {
        if !(0..=VOLUME_MAX).contains(&volume) {
            return Err(format!(
                "a volume of {volume} lots: expected 0 to {VOLUME_MAX}"
            ));
        }
    }
    Ok(())
}

fn check_steps(numbers: &[i64]) -> Result<(), String> {
    match numbers.iter().find(|n| !(0..=GRID_MAX).contains(*n)) {
        Some(bad) => Err(format!("{bad} grid steps: expected 0 to {GRID_MAX}")),
        None => Ok(()),
    }
}

/// Candles of one run: with what the core makes of them they stay within the caches.
pub const CANDLES_OF_RUN: usize = 32;

/// A caller-owned buffer that runs of trades and candles are decoded into; its capacity never
/// changes. As a slice it is the trades.
#[derive(Debug)]
pub struct Rows {
    trades: Box<[TimedTrade]>,
    filled: usize,
    candles: Vec<TimedCandle>,
}

impl Rows {
    /// For runs of at most `capacity` trades.
    ///
    /// # Panics
    /// If `capacity` is 0 (a programming error: nothing could ever be read).
    pub fn new(capacity: usize) -> Self {
        assert!(capacity > 0, "a buffer of no rows");
        let empty = TimedTrade {
            stamp: Stamp::default(),
            trade: Trade {
                symbol: SymbolId(0),
                aggressor: Aggressor::Unknown,
                price: Price(0),
                quantity: Quantity(0),
                time: Timestamp(0),
                id: 0,
            },
        };
        Self {
            trades: vec![empty; capacity].into_boxed_slice(),
            filled: 0,
            candles: Vec::with_capacity(CANDLES_OF_RUN),
        }
    }

    pub(super) fn capacity(&self) -> usize {
        self.trades.len()
    }

    /// The first `count` places for trades, to be written.
    pub(super) fn places(&mut self, count: usize) -> &mut [TimedTrade] {
        self.filled = count;
        &mut self.trades[..count]
    }

    pub(super) fn set(&mut self, index: usize, row: TimedTrade) {
        self.trades[index] = row;
    }

    /// Forgets every trade after the first `count`.
    pub(super) fn truncate(&mut self, count: usize) {
        self.filled = self.filled.min(count);
    }

    /// The run of candles that `Batch::Candles` announced.
    pub fn candles(&self) -> &[TimedCandle] {
        &self.candles
    }

    pub(super) fn candles_mut(&mut self) -> &mut Vec<TimedCandle> {
        &mut self.candles
    }
}

impl std::ops::Deref for Rows {
    type Target = [TimedTrade];
    fn deref(&self) -> &[TimedTrade] {
        &self.trades[..self.filled]
    }
}

/// What a decoder hands out.
#[derive(Clone, Debug, PartialEq)]
pub enum Batch {
    /// A run of trades; they stand in the caller's `Rows`.
    Trades,
    /// A run of candles; they stand in the caller's `Rows`.
    Candles,
    /// One entry of any other kind; single candles too.
    Entry(Entry),
}
