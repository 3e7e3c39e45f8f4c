//! One recording being read: chunks come ahead from a worker, trades and entries go out.

use crate::core::market::{TimedCandle, TimedTrade};
use crate::core::units::Timestamp;
use crate::store::recording::{
    Batch, Chunk, ChunkDecoder, ChunkReader, DamageList, Entry, Opened, RecordingError, Rows,
};
use std::collections::VecDeque;

/// Chunks read ahead of the one being decoded.
pub const READ_AHEAD: usize = 2;
/// Trades decoded at once: about 30 KiB, which stays in the first cache.
pub const ROWS: usize = 512;

/// Part of the recording that is wanted, by wall time.
#[derive(Clone, Copy, Debug, Default)]
pub struct Window {
    pub from: Option<Timestamp>,
    /// Inputs at or after this end the feed.
    pub to: Option<Timestamp>,
}

/// What a feed has next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Head {
    /// A trade or entry with this monotonic stamp.
    At(i64),
    /// An entry that has no stamp of its own: it belongs right here.
    Now,
    /// The next chunk is still on its way.
    Starved,
    Ended,
}

/// Rows of one kind that go out together.
#[derive(Clone, Copy, Debug)]
pub enum Run<'a> {
    Trades(&'a [TimedTrade]),
    Candles(&'a [TimedCandle]),
}

#[derive(Debug)]
pub struct Feed {
    decoder: ChunkDecoder,
    /// Away while a worker reads with it.
    reader: Option<Box<ChunkReader>>,
    chunks: VecDeque<Chunk>,
    buffers: Vec<Vec<u8>>,
    window: Window,
    rows: Rows,
    /// Trades of `rows` from here to `end` are still to go out.
    row: usize,
    end: usize,
    /// The same of its candles.
    candle: usize,
    candle_end: usize,
    entry: Option<Entry>,
    in_chunk: bool,
    exhausted: bool,
    ended: bool,
    bytes: u64,
}

impl Feed {
    pub fn new(opened: Opened, window: Window) -> Self {
        Self {
            decoder: opened.decoder,
            reader: Some(Box::new(opened.reader)),
            chunks: VecDeque::with_capacity(READ_AHEAD),
            buffers: vec![Vec::new(); READ_AHEAD + 1],
            window,
            rows: Rows::new(ROWS),
            row: 0,
            end: 0,
            candle: 0,
            candle_end: 0,
            entry: None,
            in_chunk: false,
            exhausted: false,
            ended: false,
            bytes: 0,
        }
    }

    /// Reader and buffer for the next read, if one is wanted and none is under way.
    pub fn next_read(&mut self) -> Option<(Box<ChunkReader>, Vec<u8>)> {
        if self.exhausted || self.ended || self.chunks.len() >= READ_AHEAD {
            return None;
        }
        let reader = self.reader.take()?;
        Some((reader, self.buffers.pop().unwrap_or_default()))
    }

    /// The reader comes back with a chunk, the end, or an error.
    ///
    /// # Errors
    /// The one the reader brings.
    pub fn deliver(
        &mut self,
        reader: Box<ChunkReader>,
        chunk: Result<Option<Chunk>, RecordingError>,
    ) -> Result<(), RecordingError> {
        self.reader = Some(reader);
        match chunk? {
            Some(chunk) => self.chunks.push_back(chunk),
            None => self.exhausted = true,
        }
        Ok(())
    }

    /// Bytes of chunks decoded so far, unpacked.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Damages that were skipped, and a torn tail: those met in reading, those met in decoding.
    /// While a worker reads only the latter are known.
    pub fn damages(&self) -> impl Iterator<Item = &DamageList> {
        let reader = self.reader.as_ref().map(|reader| reader.damages());
        reader.into_iter().chain([self.decoder.damages()])
    }

    /// What comes next, decoding as far as needed.
    ///
    /// # Errors
    /// Damage that is not skipped.
    pub fn head(&mut self) -> Result<Head, RecordingError> {
        loop {
            if self.ended {
                return Ok(Head::Ended);
            }
            if self.row < self.end {
                return Ok(Head::At(self.rows[self.row].stamp.mono));
            }
            if self.candle < self.candle_end {
                let next = &self.rows.candles()[self.candle];
                return Ok(Head::At(next.stamp.mono));
            }
            if let Some(entry) = &self.entry {
                return Ok(entry
                    .stamp()
                    .map_or(Head::Now, |stamp| Head::At(stamp.mono)));
            }
            if !self.in_chunk {
                let Some(chunk) = self.chunks.pop_front() else {
                    return Ok(if self.exhausted {
                        Head::Ended
                    } else {
                        Head::Starved
                    });
                };
                self.bytes += chunk.size() as u64;
                let spent = self.decoder.begin(chunk)?;
                self.buffers.push(spent);
                self.in_chunk = true;
            }
            match self.decoder.next_batch(&mut self.rows)? {
                None => self.in_chunk = false,
                Some(Batch::Trades) => self.cut_to_window(),
                Some(Batch::Candles) => self.cut_candles_to_window(),
                Some(Batch::Entry(entry)) => self.take_entry(entry),
            }
        }
    }

    /// The rows at the head with stamps up to `until`, handed out for good.
    pub fn run(&mut self, until: i64) -> Run<'_> {
        if self.row < self.end {
            return Run::Trades(self.trades(until));
        }
        let rows = &self.rows.candles()[self.candle..self.candle_end];
        let count = rows.partition_point(|row| row.stamp.mono <= until);
        self.candle += count;
        Run::Candles(&rows[..count])
    }

    fn trades(&mut self, until: i64) -> &[TimedTrade] {
        let rows = &self.rows[self.row..self.end];
        let count = match rows.last() {
            Some(last) if last.stamp.mono <= until => rows.len(),
            _ => rows.partition_point(|row| row.stamp.mono <= until),
        };
        self.row += count;
        &rows[..count]
    }

    /// The entry at the head, if it is none of a run's rows.
    pub fn take(&mut self) -> Option<Entry> {
        self.entry.take()
    }

    fn cut_to_window(&mut self) {
        (self.row, self.end) = (0, self.rows.len());
        if let Some(from) = self.window.from {
            self.row = self.rows.partition_point(|row| row.stamp.wall < from);
        }
        if let Some(to) = self.window.to {
            let end = self.rows.partition_point(|row| row.stamp.wall < to);
            if end < self.rows.len() {
                self.end = end.max(self.row);
                self.end_after_these();
            }
        }
    }

    fn cut_candles_to_window(&mut self) {
        let rows = self.rows.candles();
        (self.candle, self.candle_end) = (0, rows.len());
        if let Some(from) = self.window.from {
            self.candle = rows.partition_point(|row| row.stamp.wall < from);
        }
        if let Some(to) = self.window.to {
            let end = rows.partition_point(|row| row.stamp.wall < to);
            if end < rows.len() {
                self.candle_end = end.max(self.candle);
                self.end_after_these();
            }
        }
    }

    /// What is left goes out, then nothing: later chunks are not looked at.
    fn end_after_these(&mut self) {
        self.chunks.clear();
        self.in_chunk = false;
        self.exhausted = true;
    }

    fn take_entry(&mut self, entry: Entry) {
        if let Some(stamp) = entry.stamp() {
            if self.window.from.is_some_and(|from| stamp.wall < from) {
                return;
            }
            if self.window.to.is_some_and(|to| stamp.wall >= to) {
                self.ended = true;
                return;
            }
        }
        self.entry = Some(entry);
    }
}
