//! The flow of the market against the clock: history first, then each trade when it is due.

use crate::core::units::{Stamp, Timestamp};
use crate::store::recording::RecordingError;
use crate::venue::market::recorded::{Head, Playback, Read, ReadJob};
use crate::venue::market::{RandomMarket, recorded};
use crate::venue::world::World;

/// How the flow went on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// A trade has been carried out, or taken into the history.
    Traded,
    /// The next one is due at this monotonic time.
    Later(i64),
    /// It is being read.
    Starved,
    Ended,
}

/// Where trades come from.
#[derive(Debug)]
enum From {
    Random(RandomMarket),
    Recorded(Box<Playback>),
}

#[derive(Debug)]
pub struct Source {
    from: From,
    /// Nanoseconds of its beginning that are past when the venue starts.
    history_ns: i64,
    /// Times as fast as it happened, from the start on.
    speed: f64,
    began: Stamp,
}

impl Source {
    /// A random market that has gone on for so long already.
    pub fn random(market: RandomMarket, history_ns: i64) -> Self {
        Self {
            from: From::Random(market),
            history_ns,
            speed: 1.0,
            began: Stamp::default(),
        }
    }

    /// A recording, the first `history_ns` of which have passed; `speed` is above 0.
    pub fn recorded(playback: recorded::Playback, history_ns: i64, speed: f64) -> Self {
        Self {
            from: From::Recorded(Box::new(playback)),
            history_ns,
            speed,
            began: Stamp::default(),
        }
    }

    /// The venue starts now. The history of a random market is made at once, and its first trade
    /// follows, so that there is a book from the beginning.
    pub fn begin(&mut self, at: Stamp, world: &mut World) {
        self.began = at;
        let From::Random(market) = &mut self.from else {
            return;
        };
        while !world.is_quoted() || market.due().is_some_and(|due| due < self.history_ns) {
            let Some((due, trade)) = market.draw() else {
                return;
            };
            if due < self.history_ns {
                let time = Timestamp(at.wall.0 - self.history_ns + due);
                world.remember(time, &trade);
            } else {
                world.flow(at.wall, &trade);
            }
        }
    }

    /// Carries out the next trade if it is due. `now` is the venue's clock.
    ///
    /// # Errors
    /// The recording is damaged.
    pub fn advance(
        &mut self,
        at: Stamp,
        now: Timestamp,
        world: &mut World,
    ) -> Result<Flow, RecordingError> {
        let due = match &mut self.from {
            From::Random(market) => match market.due() {
                Some(due) => due,
                None => return Ok(Flow::Ended),
            },
            From::Recorded(playback) => match playback.head()? {
                Head::At(due) => due,
                Head::Starved => return Ok(Flow::Starved),
                Head::Ended => return Ok(Flow::Ended),
            },
        };
        let past = due < self.history_ns;
        let due_ns = self.due_at(due);
        if !past && due_ns > at.mono {
            return Ok(Flow::Later(due_ns));
        }
        let drawn = match &mut self.from {
            From::Random(market) => market.draw(),
            From::Recorded(playback) => playback.draw(),
        };
        if let Some((_, trade)) = drawn {
            if past {
                let time = Timestamp(self.began.wall.0 - self.history_ns + due);
                world.remember(time, &trade);
            } else {
                world.flow(now, &trade);
            }
        }
        Ok(Flow::Traded)
    }

    /// The loop's time at which a trade of this market time is due.
    fn due_at(&self, due: i64) -> i64 {
        let after_start = due - self.history_ns;
        let wait = (after_start as f64 / self.speed).ceil();
        self.began.mono.saturating_add(wait as i64)
    }

    /// What a worker has to read next.
    pub fn wanted(&mut self) -> Option<ReadJob> {
        match &mut self.from {
            From::Random(_) => None,
            From::Recorded(playback) => playback.wanted(),
        }
    }

    pub fn deliver(&mut self, read: Read) {
        if let From::Recorded(playback) = &mut self.from {
            playback.deliver(read);
        }
    }
}
