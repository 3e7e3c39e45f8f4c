//! A recording as the flow of the market: its trades, moved to now, at a speed of choice.
//!
//! Chunks are read and checked on a worker, decoded here. What the recording holds beside trades
//! (candles, answers, turns) is left out. At its end it begins again, or the market stands still.

use crate::core::input::Input;
use crate::core::market::{Aggressor, Instrument, TimedTrade};
use crate::core::units::{Price, Side};
use crate::store::recording::{
    Batch, Chunk, ChunkDecoder, ChunkReader, Entry, OpenOptions, RecordingError, Rows, Sequential,
    open,
};
use crate::venue::matching::FlowTrade;
use std::collections::VecDeque;
use std::path::{Path, PathBuf};

/// Chunks read ahead of the one in use.
const READ_AHEAD: usize = 2;
/// Trades decoded at once.
const ROWS: usize = 512;

/// Reading that a worker does.
#[derive(Debug)]
pub enum ReadJob {
    /// Opens the recording (again) and reads its first chunk.
    Open(PathBuf),
    Next(Box<ChunkReader>),
}

/// What a worker read: the reader, a new decoder after an opening, and the chunk.
#[derive(Debug)]
pub struct Read {
    reader: Box<ChunkReader>,
    decoder: Option<Box<ChunkDecoder>>,
    chunk: Option<Chunk>,
}

impl ReadJob {
    /// # Errors
    /// The recording cannot be opened or read.
    pub fn run(self) -> Result<Read, RecordingError> {
        match self {
            Self::Open(path) => {
                let opened = open(&path, &OpenOptions::default())?;
                let mut reader = Box::new(opened.reader);
                let chunk = reader.next(Vec::new())?;
                Ok(Read {
                    reader,
                    decoder: Some(Box::new(opened.decoder)),
                    chunk,
                })
            }
            Self::Next(mut reader) => {
                let chunk = reader.next(Vec::new())?;
                Ok(Read {
                    reader,
                    decoder: None,
                    chunk,
                })
            }
        }
    }
}

/// What a recording holds: its instruments, and the price of the first trade of each.
pub type Survey = (Vec<Instrument>, Vec<Option<Price>>);

/// Looks at the beginning of a recording, as far as needed to see a trade of each instrument, at
/// most at a million trades.
///
/// # Errors
/// It cannot be opened or read.
pub fn survey(path: &Path) -> Result<Survey, RecordingError> {
    const TRADES_MAX: usize = 1_000_000;
    let opened = open(path, &OpenOptions::default())?;
    let instruments = opened.header.instruments;
    let mut first = vec![None; instruments.len()];
    let mut source = Sequential::new(opened.reader, opened.decoder);
    let mut rows = Rows::new(ROWS);
    let mut seen = 0;
    while let Some(batch) = source.next_batch(&mut rows)? {
        let single = match batch {
            Batch::Entry(Entry::Input {
                input: Input::Trade(trade),
                ..
            }) => Some(trade),
            _ => None,
        };
        let run: &[TimedTrade] = if matches!(batch, Batch::Trades) {
            &rows
        } else {
            &[]
        };
        for trade in run.iter().map(|row| row.trade).chain(single) {
            seen += 1;
            if let Some(first) = first.get_mut(trade.symbol.index()) {
                first.get_or_insert(trade.price);
            }
        }
        if seen > TRADES_MAX || first.iter().all(Option::is_some) {
            break;
        }
    }
    Ok((instruments, first))
}

/// What is next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Head {
    /// A trade so many nanoseconds after the recording's first one.
    At(i64),
    /// It is still being read.
    Starved,
    Ended,
}

#[derive(Debug)]
pub struct Playback {
    path: PathBuf,
    again: bool,
    reader: Option<Box<ChunkReader>>,
    decoder: Option<Box<ChunkDecoder>>,
    chunks: VecDeque<Chunk>,
    in_chunk: bool,
    exhausted: bool,
    reading: bool,
    rows: Rows,
    next: usize,
    single: Option<TimedTrade>,
    /// Time of the first trade, and time by which earlier rounds have moved the market on.
    first: Option<i64>,
    offset: i64,
    latest: i64,
    /// Trades of the round, to notice a recording without any.
    trades: u64,
    /// Last price of each product: who crossed the spread, where the recording does not say.
    last: Vec<Option<(Price, Side)>>,
}

impl Playback {
    /// Of a recording with so many instruments; `again`: it begins anew at its end.
    pub fn new(path: PathBuf, products: usize, again: bool) -> Self {
        Self {
            path,
            again,
            reader: None,
            decoder: None,
            chunks: VecDeque::with_capacity(READ_AHEAD),
            in_chunk: false,
            exhausted: false,
            reading: false,
            rows: Rows::new(ROWS),
            next: 0,
            single: None,
            first: None,
            offset: 0,
            latest: 0,
            trades: 0,
            last: vec![None; products],
        }
    }

    /// What a worker has to read next, if anything.
    pub fn wanted(&mut self) -> Option<ReadJob> {
        if self.reading || self.exhausted || self.chunks.len() >= READ_AHEAD {
            return None;
        }
        self.reading = true;
        Some(match self.reader.take() {
            Some(reader) => ReadJob::Next(reader),
            None => ReadJob::Open(self.path.clone()),
        })
    }

    /// A worker brings what it read.
    pub fn deliver(&mut self, read: Read) {
        self.reading = false;
        if let Some(decoder) = read.decoder {
            self.decoder = Some(decoder);
        }
        match read.chunk {
            Some(chunk) => {
                self.chunks.push_back(chunk);
                self.reader = Some(read.reader);
            }
            None => self.exhausted = true,
        }
    }

    /// What comes next, decoding as far as needed.
    ///
    /// # Errors
    /// The recording is damaged.
    pub fn head(&mut self) -> Result<Head, RecordingError> {
        loop {
            if let Some(row) = self.row() {
                let first = *self.first.get_or_insert(row.stamp.mono);
                return Ok(Head::At(row.stamp.mono - first + self.offset));
            }
            let Some(decoder) = self.decoder.as_mut() else {
                return Ok(Head::Starved);
            };
            if !self.in_chunk {
                match self.chunks.pop_front() {
                    Some(chunk) => {
                        decoder.begin(chunk)?;
                        self.in_chunk = true;
                    }
                    None if !self.exhausted => return Ok(Head::Starved),
                    None if self.again && self.trades > 0 => {
                        self.begin_again();
                        return Ok(Head::Starved);
                    }
                    None => return Ok(Head::Ended),
                }
            }
            let Some(decoder) = self.decoder.as_mut() else {
                return Ok(Head::Starved);
            };
            match decoder.next_batch(&mut self.rows)? {
                None => self.in_chunk = false,
                Some(Batch::Trades) => self.next = 0,
                Some(Batch::Entry(Entry::Input {
                    stamp,
                    input: Input::Trade(trade),
                })) => self.single = Some(TimedTrade { stamp, trade }),
                // The buffer's older trades have gone out, and nothing else is wanted.
                Some(Batch::Candles | Batch::Entry(_)) => self.next = self.rows.len(),
            }
        }
    }

    fn begin_again(&mut self) {
        // A second between the last trade and the first one of the next round.
        self.offset = self.latest + crate::core::units::stamp::SECOND;
        self.first = None;
        self.trades = 0;
        self.reader = None;
        self.decoder = None;
        self.exhausted = false;
        self.next = self.rows.len();
    }

    fn row(&self) -> Option<TimedTrade> {
        self.single.or_else(|| self.rows.get(self.next).copied())
    }

    /// The trade at the head, handed out for good, with its time since the first one.
    pub fn draw(&mut self) -> Option<(i64, FlowTrade)> {
        let row = self.row()?;
        if self.single.take().is_none() {
            self.next += 1;
        }
        self.trades += 1;
        let at = row.stamp.mono - self.first.unwrap_or(row.stamp.mono) + self.offset;
        self.latest = at;
        let trade = row.trade;
        let last = self.last.get_mut(trade.symbol.index())?;
        let aggressor = match (trade.aggressor, *last) {
            (Aggressor::Buy, _) => Side::Buy,
            (Aggressor::Sell, _) => Side::Sell,
            (Aggressor::Unknown, Some((before, side))) if before == trade.price => side,
            (Aggressor::Unknown, Some((before, _))) if trade.price < before => Side::Sell,
            (Aggressor::Unknown, _) => Side::Buy,
        };
        *last = Some((trade.price, aggressor));
        Some((
            at,
            FlowTrade {
                product: trade.symbol.index(),
                price: trade.price,
                lots: trade.quantity.0,
                aggressor,
            },
        ))
    }
}
