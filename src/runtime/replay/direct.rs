//! A replay on the calling thread: the same feeds, order and core, with neither loop nor ledger.
//!
//! For runs of which only figures and the state hash are wanted (one of a thousand configurations,
//! one of many prefixes). It gives the core exactly the inputs that `Replay` gives it, so that the
//! state hash is the same; it serves no signal, keeps no pace, compares no checkpoint and waits for
//! the disk. Memory: the read-ahead of each feed and the effects of one step.

use super::answers::{ANSWERS_IN_A_ROW, not_recorded};
use super::feed::Feed;
use super::merge::{Merge, Step};
use crate::core::Core;
use crate::core::effect::{Effect, Effects};
use crate::core::input::Input;
use crate::core::planned::EFFECTS_ROOM;
use crate::core::units::{Stamp, Timestamp};
use crate::runtime::journal::Observer;
use crate::store::recording::{Entry, RecordingError};

/// Recorded inputs into the core, its effects to whoever watches.
#[derive(Debug)]
pub struct Direct {
    pub core: Core,
    merge: Merge,
    effects: Effects,
    first: Option<Timestamp>,
    last: Stamp,
}

impl Direct {
    pub fn new(core: Core, feeds: Vec<Feed>) -> Self {
        Self {
            core,
            merge: Merge::new(feeds),
            effects: Vec::with_capacity(EFFECTS_ROOM),
            first: None,
            last: Stamp::default(),
        }
    }

    /// First and last market data by exchange time.
    pub fn span(&self) -> (Option<Timestamp>, Option<Timestamp>) {
        (self.first, self.first.map(|_| self.last.wall))
    }

    /// Replays to the end of the recordings.
    ///
    /// # Errors
    /// The disk, or damage that is not skipped; what came before it has been handled.
    pub fn run(&mut self, observer: &mut dyn Observer) -> Result<(), RecordingError> {
        loop {
            match self.merge.next(i64::MAX)? {
                Step::Trades(rows) => {
                    let (Some(first), Some(last)) = (rows.first(), rows.last()) else {
                        continue;
                    };
                    self.first.get_or_insert(first.stamp.wall);
                    self.last = last.stamp;
                    self.core.handle_trades(rows, &mut self.effects);
                }
                Step::Candles(rows) => {
                    let (Some(first), Some(last)) = (rows.first(), rows.last()) else {
                        continue;
                    };
                    self.first.get_or_insert(first.stamp.wall);
                    self.last = last.stamp;
                    for row in rows {
                        self.core.handle_candle(row, &mut self.effects);
                    }
                }
                Step::Entry(entry) => self.entry(entry),
                Step::Starved => self.read()?,
                Step::NotBefore(_) | Step::Ended => return Ok(()),
            }
            self.carry_out(observer);
        }
    }

    fn entry(&mut self, entry: Entry) {
        match entry {
            Entry::Input { stamp, input } => {
                self.first.get_or_insert(stamp.wall);
                self.last = stamp;
                self.core.handle(stamp, input, &mut self.effects);
            }
            Entry::Turn(stamp) => {
                self.last = stamp;
                self.core.turn(stamp, &mut self.effects);
            }
            Entry::Checkpoint(_) | Entry::Record(_) | Entry::Frame { .. } | Entry::Trailer(_) => {}
        }
    }

    /// Fills the read-ahead of every feed.
    fn read(&mut self) -> Result<(), RecordingError> {
        for feed in &mut self.merge.feeds {
            while let Some((mut reader, buffer)) = feed.next_read() {
                let chunk = reader.next(buffer);
                feed.deliver(reader, chunk)?;
            }
        }
        Ok(())
    }

    /// Shows the effects; questions get the answer of a replay.
    fn carry_out(&mut self, observer: &mut dyn Observer) {
        for _ in 0..ANSWERS_IN_A_ROW {
            let mut questions = Vec::new();
            for effect in self.effects.drain(..) {
                observer.effect(&effect);
                if let Effect::Ask(question) = effect {
                    questions.push(question.run);
                }
            }
            if questions.is_empty() {
                return;
            }
            for run in questions {
                let answer = not_recorded();
                let input = Input::Answer { run, answer };
                self.core.handle(self.last, input, &mut self.effects);
            }
        }
    }
}
