//! Sources of readiness: their tokens, and the list of those that stopped before they were empty.
//!
//! Readiness is edge-triggered: a source is told about once, and stays on the ready list until it
//! says that it is drained. A source that used up its budget keeps its place and is served again
//! next turn, after every other one had its turn. Tokens of closed sources are reused only after
//! the turn, so that an event of this turn never reaches a stranger. Limit: as many as there are
//! file descriptors.

use mio::Token;
use std::collections::VecDeque;

/// What a source carries: kinds are served in this order within a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SourceKind {
    /// Order and account streams.
    Account,
    Market,
    /// Operators and dashboards, and the listeners they come through.
    Client,
}

impl SourceKind {
    pub const ALL: [Self; 3] = [Self::Account, Self::Market, Self::Client];

    /// Messages (or accepts) of one source in one turn.
    pub const fn budget(self) -> usize {
        match self {
            Self::Account | Self::Market => 64,
            Self::Client => 8,
        }
    }
}

/// What was said about a source since it was last drained.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Readiness {
    pub readable: bool,
    pub writable: bool,
    /// The other side closed its half, or an error waits to be fetched.
    pub closed: bool,
}

/// How a source stands after it was served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceState {
    /// It would block: the next event tells when to come back.
    Drained,
    /// The budget was used up; more may be there.
    More,
}

#[derive(Clone, Copy, Debug)]
struct Source {
    kind: SourceKind,
    readiness: Readiness,
    is_listed: bool,
    is_closing: bool,
}

#[derive(Debug, Default)]
pub(super) struct Sources {
    sources: Vec<Option<Source>>,
    free: Vec<usize>,
    closing: Vec<usize>,
    ready: [VecDeque<usize>; 3],
}

impl Sources {
    pub fn add(&mut self, kind: SourceKind) -> Token {
        let source = Some(Source {
            kind,
            readiness: Readiness::default(),
            is_listed: false,
            is_closing: false,
        });
        match self.free.pop() {
            Some(index) => {
                self.sources[index] = source;
                Token(index)
            }
            None => {
                self.sources.push(source);
                Token(self.sources.len() - 1)
            }
        }
    }

    fn open(&mut self, token: Token) -> Option<&mut Source> {
        let source = self.sources.get_mut(token.0)?.as_mut()?;
        (!source.is_closing).then_some(source)
    }

    /// Nothing more is wanted of this source; its token is free after the turn.
    pub fn close(&mut self, token: Token) {
        if let Some(source) = self.open(token) {
            source.is_closing = true;
            self.closing.push(token.0);
        }
    }

    /// Frees the tokens of the sources that were closed in this turn.
    pub fn reap(&mut self) {
        for index in self.closing.drain(..) {
            if let Some(Source {
                kind,
                is_listed: true,
                ..
            }) = self.sources[index]
            {
                self.ready[kind as usize].retain(|listed| *listed != index);
            }
            self.sources[index] = None;
            self.free.push(index);
        }
    }

    /// Puts a source on the ready list, with what is new about it.
    pub fn mark(&mut self, token: Token, news: Readiness) {
        let Some(source) = self.open(token) else {
            return;
        };
        let readiness = &mut source.readiness;
        readiness.readable |= news.readable;
        readiness.writable |= news.writable;
        readiness.closed |= news.closed;
        if !source.is_listed {
            source.is_listed = true;
            let kind = source.kind;
            self.ready[kind as usize].push_back(token.0);
        }
    }

    /// Sources of this kind on the ready list: serve that many, then go on.
    pub fn ready(&self, kind: SourceKind) -> usize {
        self.ready[kind as usize].len()
    }

    pub fn has_ready(&self) -> bool {
        self.ready.iter().any(|list| !list.is_empty())
    }

    /// The next source of this kind to serve; it is off the list until [`Sources::served`].
    pub fn next(&mut self, kind: SourceKind) -> Option<(Token, Readiness)> {
        while let Some(index) = self.ready[kind as usize].pop_front() {
            let Some(source) = self.sources[index].as_mut() else {
                continue;
            };
            source.is_listed = false;
            if !source.is_closing {
                return Some((Token(index), std::mem::take(&mut source.readiness)));
            }
        }
        None
    }

    /// A source was served; one that has more goes to the end of the list.
    pub fn served(&mut self, token: Token, was: Readiness, state: SourceState) {
        if state == SourceState::More {
            self.mark(token, was);
        }
    }

    /// Sources that are open.
    pub fn len(&self) -> usize {
        self.sources.iter().flatten().count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const READABLE: Readiness = Readiness {
        readable: true,
        writable: false,
        closed: false,
    };

    #[test]
    fn a_source_with_more_goes_behind_the_others() {
        let mut sources = Sources::default();
        let a = sources.add(SourceKind::Market);
        let b = sources.add(SourceKind::Market);
        sources.mark(a, READABLE);
        sources.mark(b, READABLE);
        let (token, was) = sources.next(SourceKind::Market).unwrap();
        assert_eq!((token, was), (a, READABLE));
        sources.served(a, was, SourceState::More);
        assert_eq!(sources.next(SourceKind::Market).unwrap().0, b);
        assert_eq!(sources.next(SourceKind::Market).unwrap().0, a);
        assert!(!sources.has_ready());
    }

    #[test]
    fn a_closed_source_is_not_served_and_its_token_is_not_reused_within_the_turn() {
        let mut sources = Sources::default();
        let a = sources.add(SourceKind::Client);
        sources.mark(a, READABLE);
        sources.close(a);
        assert_ne!(sources.add(SourceKind::Client), a);
        sources.mark(a, READABLE);
        sources.reap();
        assert_eq!(sources.next(SourceKind::Client), None);
        let again = sources.add(SourceKind::Market);
        assert_eq!(again, a);
        assert!(!sources.has_ready(), "the new owner inherits nothing");
    }

    #[test]
    fn news_add_up_until_the_source_is_served() {
        let mut sources = Sources::default();
        let a = sources.add(SourceKind::Account);
        sources.mark(a, READABLE);
        sources.mark(
            a,
            Readiness {
                closed: true,
                ..Readiness::default()
            },
        );
        assert_eq!(sources.ready(SourceKind::Account), 1);
        let (_, readiness) = sources.next(SourceKind::Account).unwrap();
        assert!(readiness.readable && readiness.closed);
    }
}
