//! Several recordings as one: by stamp, ties in the order in which they were named.

use super::feed::{Feed, Head, Run};
use crate::core::market::{TimedCandle, TimedTrade};
use crate::store::recording::{Entry, RecordingError};

/// What is next over all feeds.
#[derive(Debug)]
pub enum Step<'a> {
    Trades(&'a [TimedTrade]),
    Candles(&'a [TimedCandle]),
    Entry(Entry),
    /// Nothing before this stamp is allowed out yet.
    NotBefore(i64),
    /// A feed waits for its worker, and what comes first is not known without it.
    Starved,
    Ended,
}

#[derive(Debug)]
pub struct Merge {
    pub feeds: Vec<Feed>,
}

impl Merge {
    pub fn new(feeds: Vec<Feed>) -> Self {
        Self { feeds }
    }

    /// Stamp of what comes next, if it is known.
    ///
    /// # Errors
    /// Damage that is not skipped.
    pub fn first(&mut self) -> Result<Option<i64>, RecordingError> {
        let mut first = None;
        for feed in &mut self.feeds {
            match feed.head()? {
                Head::At(at) => first = Some(first.map_or(at, |f: i64| f.min(at))),
                Head::Now | Head::Ended => {}
                Head::Starved => return Ok(None),
            }
        }
        Ok(first)
    }

    /// The next run of trades or entry with a stamp of at most `limit`.
    ///
    /// # Errors
    /// Damage that is not skipped.
    pub fn next(&mut self, limit: i64) -> Result<Step<'_>, RecordingError> {
        let mut best: Option<(i64, usize)> = None;
        let mut starved = false;
        for (index, feed) in self.feeds.iter_mut().enumerate() {
            let at = match feed.head()? {
                Head::At(at) => at,
                Head::Now => i64::MIN,
                Head::Ended => continue,
                Head::Starved => {
                    starved = true;
                    continue;
                }
            };
            if best.is_none_or(|(first, _)| at < first) {
                best = Some((at, index));
            }
        }
        if starved {
            return Ok(Step::Starved);
        }
        let Some((at, index)) = best else {
            return Ok(Step::Ended);
        };
        if at > limit {
            return Ok(Step::NotBefore(at));
        }
        let until = self.until(index, limit)?;
        let feed = &mut self.feeds[index];
        if let Some(entry) = feed.take() {
            return Ok(Step::Entry(entry));
        }
        Ok(match feed.run(until) {
            Run::Trades(rows) => Step::Trades(rows),
            Run::Candles(rows) => Step::Candles(rows),
        })
    }

    /// The last stamp up to which feed `index` goes before all others.
    fn until(&mut self, index: usize, limit: i64) -> Result<i64, RecordingError> {
        let mut until = limit;
        for (other, feed) in self.feeds.iter_mut().enumerate() {
            if other == index {
                continue;
            }
            if let Head::At(at) = feed.head()? {
                // The feed named first goes first at equal stamps.
                until = until.min(if other < index { at - 1 } else { at });
            }
        }
        Ok(until)
    }
}
