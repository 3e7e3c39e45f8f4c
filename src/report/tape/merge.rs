//! Several recordings as one sequence, by stamp; ties in the order in which they are named.
//!
//! Reads where it stands: for tools that may wait for the disk. One batch a recording is held.

use crate::core::input::Input;
use crate::core::market::TimedTrade;
use crate::core::units::{Stamp, Timestamp};
use crate::store::recording::{Batch, Entry, Opened, RecordingError, Rows, Sequential};

/// Trades decoded at once.
const ROWS: usize = 512;

/// What comes next.
#[derive(Debug)]
pub enum Step<'a> {
    Trades(&'a [TimedTrade]),
    Input(Stamp, Input),
    Turn(Stamp),
}

#[derive(Debug)]
struct Source {
    reading: Sequential,
    rows: Rows,
    /// Rows from here on are still to go out.
    row: usize,
    /// Candles from here to `candle_end` are still to go out.
    candle: usize,
    candle_end: usize,
    entry: Option<Entry>,
    /// Wall time of what went out last.
    last: Option<Timestamp>,
    ended: bool,
}

impl Source {
    /// Monotonic stamp of what comes next; reads on where nothing is held.
    fn head(&mut self) -> Result<Option<i64>, RecordingError> {
        loop {
            if let Some(row) = self.rows.get(self.row) {
                return Ok(Some(row.stamp.mono));
            }
            if self.entry.is_none() && self.candle < self.candle_end {
                self.entry = Some(Entry::candle(self.rows.candles()[self.candle]));
                self.candle += 1;
            }
            if let Some(stamp) = self.entry.as_ref().and_then(Entry::stamp) {
                return Ok(Some(stamp.mono));
            }
            if self.ended {
                return Ok(None);
            }
            (self.row, self.entry) = (0, None);
            match self.reading.next_batch(&mut self.rows)? {
                None => self.ended = true,
                Some(Batch::Trades) => continue,
                Some(Batch::Candles) => {
                    (self.candle, self.candle_end) = (0, self.rows.candles().len());
                }
                Some(Batch::Entry(entry)) => self.entry = Some(entry),
            }
            self.row = self.rows.len();
        }
    }
}

/// Recordings being read together.
#[derive(Debug)]
pub struct Merged {
    sources: Vec<Source>,
}

impl Merged {
    pub fn new(opened: Vec<Opened>) -> Self {
        let sources = opened
            .into_iter()
            .map(|opened| Source {
                reading: Sequential::new(opened.reader, opened.decoder),
                rows: Rows::new(ROWS),
                row: 0,
                candle: 0,
                candle_end: 0,
                entry: None,
                last: None,
                ended: false,
            })
            .collect();
        Self { sources }
    }

    /// The next run of trades, input or turn; `None` at the end of all.
    ///
    /// # Errors
    /// What the readers say.
    pub fn next_step(&mut self) -> Result<Option<Step<'_>>, RecordingError> {
        let (mut best, mut until) = (None, i64::MAX);
        for index in 0..self.sources.len() {
            let Some(at) = self.sources[index].head()? else {
                continue;
            };
            match best {
                Some((first, _)) if at >= first => until = until.min(at),
                _ => {
                    // What came first until now is behind a source that is named later.
                    until = best.map_or(until, |(first, _)| until.min(first - 1));
                    best = Some((at, index));
                }
            }
        }
        let Some((_, index)) = best else {
            return Ok(None);
        };
        let source = &mut self.sources[index];
        match source.entry.take() {
            Some(Entry::Input { stamp, input }) => {
                source.last = Some(stamp.wall);
                Ok(Some(Step::Input(stamp, input)))
            }
            Some(Entry::Turn(stamp)) => {
                source.last = Some(stamp.wall);
                Ok(Some(Step::Turn(stamp)))
            }
            _ => {
                let rows = &source.rows[source.row..];
                let count = rows.partition_point(|row| row.stamp.mono <= until).max(1);
                source.row += count;
                source.last = Some(rows[count - 1].stamp.wall);
                Ok(Some(Step::Trades(&rows[..count])))
            }
        }
    }

    /// Of each recording, in the order in which they are named: wall time of its last entry once
    /// everything in it has gone out, `None` while it goes on.
    ///
    /// # Errors
    /// What the readers say.
    pub fn ends(&mut self, ends: &mut Vec<Option<Timestamp>>) -> Result<(), RecordingError> {
        ends.clear();
        for source in &mut self.sources {
            let goes_on = source.head()?.is_some();
            // One without any entry ended before everything.
            let end = source.last.unwrap_or(Timestamp(i64::MIN));
            ends.push((!goes_on).then_some(end));
        }
        Ok(())
    }

    /// Damaged places met so far.
    pub fn damages(&self) -> u64 {
        self.sources
            .iter()
            .map(|s| s.reading.reader.damages().total() + s.reading.decoder.damages().total())
            .sum()
    }
}

/// The part of a run of trades that lies in a window of wall time, ends included.
pub fn within(rows: &[TimedTrade], window: (Timestamp, Timestamp)) -> &[TimedTrade] {
    let inside = |row: &TimedTrade| (window.0..=window.1).contains(&row.stamp.wall);
    match (rows.first(), rows.last()) {
        (Some(first), Some(last)) if !inside(first) || !inside(last) => {
            let start = rows.iter().position(inside).unwrap_or(rows.len());
            let length = rows[start..].iter().take_while(|row| inside(row)).count();
            &rows[start..start + length]
        }
        _ => rows,
    }
}
