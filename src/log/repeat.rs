//! Keeps a message that comes over and over from filling the log.
//!
//! The same line (all but its time) more than 10 times in 60 s: the rest of the window is
//! suppressed and told in one line at its end. Pure: milliseconds come in. Limit: 64 lines watched;
//! when another comes the oldest is given up, which only makes it start counting anew.

use super::line::Line;
use std::hash::{DefaultHasher, Hash, Hasher};

pub(super) const WATCHED: usize = 64;
const ALLOWED: u32 = 10;
const WINDOW_MS: u64 = 60_000;

#[derive(Debug)]
pub(super) struct Watched {
    key: u64,
    began_ms: u64,
    count: u32,
    suppressed: u64,
    line: Line,
}

#[derive(Debug, Default)]
pub(super) struct Repeats {
    /// Oldest window first.
    watched: Vec<Watched>,
}

/// What to do with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Write,
    Suppress,
}

/// A line of which `times` were suppressed.
#[derive(Debug)]
pub(super) struct Suppressed {
    pub line: Line,
    pub times: u64,
}

impl Repeats {
    /// Whether the line is written; `ended` takes what the windows that are over have suppressed.
    pub fn check(&mut self, now_ms: u64, line: &Line, ended: &mut Vec<Suppressed>) -> Verdict {
        self.expire(now_ms, ended);
        let mut hasher = DefaultHasher::new();
        line.hash(&mut hasher);
        let key = hasher.finish();
        if let Some(watched) = self.watched.iter_mut().find(|watched| watched.key == key) {
            watched.count += 1;
            if watched.count <= ALLOWED {
                return Verdict::Write;
            }
            watched.suppressed += 1;
            return Verdict::Suppress;
        }
        if self.watched.len() == WATCHED {
            let oldest = self.watched.remove(0);
            finish(oldest, ended);
        }
        self.watched.push(Watched {
            key,
            began_ms: now_ms,
            count: 1,
            suppressed: 0,
            line: line.clone(),
        });
        Verdict::Write
    }

    /// Closes the windows that are over.
    pub fn expire(&mut self, now_ms: u64, ended: &mut Vec<Suppressed>) {
        while self
            .watched
            .first()
            .is_some_and(|oldest| now_ms.saturating_sub(oldest.began_ms) >= WINDOW_MS)
        {
            let oldest = self.watched.remove(0);
            finish(oldest, ended);
        }
    }

    /// Closes every window.
    pub fn finish(&mut self, ended: &mut Vec<Suppressed>) {
        for watched in self.watched.drain(..) {
            finish(watched, ended);
        }
    }

    /// When the first window that suppressed something ends.
    pub fn next_end_ms(&self) -> Option<u64> {
        self.watched
            .iter()
            .find(|watched| watched.suppressed > 0)
            .map(|watched| watched.began_ms + WINDOW_MS)
    }
}

fn finish(watched: Watched, ended: &mut Vec<Suppressed>) {
    if watched.suppressed > 0 {
        ended.push(Suppressed {
            line: watched.line,
            times: watched.suppressed,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::super::level::Level;
    use super::*;

    fn line(message: &str) -> Line {
        Line::new(Level::Warn, "t", message, &[])
    }

    #[test]
    fn the_eleventh_is_suppressed_and_told_at_the_end_of_the_window() {
        let (mut repeats, mut ended) = (Repeats::default(), Vec::new());
        let written = (0..15)
            .filter(|i| repeats.check(*i, &line("again"), &mut ended) == Verdict::Write)
            .count();
        assert_eq!(written, 10);
        assert_eq!(
            repeats.check(20, &line("other"), &mut ended),
            Verdict::Write
        );
        assert!(ended.is_empty());
        assert_eq!(repeats.next_end_ms(), Some(60_000));
        assert_eq!(
            repeats.check(60_000, &line("again"), &mut ended),
            Verdict::Write
        );
        assert_eq!(
            (ended[0].times, ended[0].line.message.as_str()),
            (5, "again")
        );
    }

    #[test]
    fn a_flood_of_different_lines_stays_bounded_and_tells_what_it_gives_up() {
        let (mut repeats, mut ended) = (Repeats::default(), Vec::new());
        for _ in 0..12 {
            repeats.check(0, &line("first"), &mut ended);
        }
        for i in 0..1000 {
            repeats.check(1, &line(&i.to_string()), &mut ended);
        }
        assert_eq!(repeats.watched.len(), WATCHED);
        assert_eq!((ended.len(), ended[0].times), (1, 2));
    }
}
