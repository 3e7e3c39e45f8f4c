//! A link on a poll of the test's own, driven as the loop drives it: events, ready list, deadlines.

#![allow(dead_code)]

use minnow::net::{
    Endpoint, Incoming, Link, LinkEnd, LinkFailure, LinkSettings, LinkState, Registrar,
};
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Registry, Token};
use rustls::ClientConfig;
use std::collections::BTreeSet;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// So long without an event means that a test hangs.
const GUARD: Duration = Duration::from_secs(20);
pub const STAGE_LIMIT_MS: u64 = 15_000;
pub const MESSAGE_MAX: usize = 64 * 1024;

pub struct Sockets {
    registry: Registry,
    next: usize,
    pub open: BTreeSet<Token>,
}

impl Registrar for Sockets {
    fn register(&mut self, socket: &mut TcpStream) -> io::Result<Token> {
        let token = Token(self.next);
        self.next += 1;
        let both = Interest::READABLE | Interest::WRITABLE;
        self.registry.register(socket, token, both)?;
        self.open.insert(token);
        Ok(token)
    }

    fn release(&mut self, token: Token) {
        assert!(self.open.remove(&token), "released twice");
    }
}

pub struct Client {
    poll: Poll,
    events: Events,
    pub sockets: Sockets,
    pub link: Link,
    /// The turn's time, ms; moves only when a test says so.
    pub now: u64,
    ready: Vec<Token>,
    pub texts: Vec<String>,
    pub binaries: Vec<Vec<u8>>,
    pub turns: usize,
}

impl Client {
    pub fn dial(url: &str, addresses: &[SocketAddr], tls: &Arc<ClientConfig>) -> Self {
        Self::dial_for(MESSAGE_MAX, url, addresses, tls)
    }

    /// With another limit of messages.
    pub fn dial_for(
        message_max: usize,
        url: &str,
        addresses: &[SocketAddr],
        tls: &Arc<ClientConfig>,
    ) -> Self {
        let poll = Poll::new().unwrap();
        let mut sockets = Sockets {
            registry: poll.registry().try_clone().unwrap(),
            next: 1,
            open: BTreeSet::new(),
        };
        let settings = LinkSettings {
            tls: Arc::clone(tls),
            stage_limit_ms: STAGE_LIMIT_MS,
            message_max,
        };
        let now = 1_000;
        let endpoint = Endpoint::parse(url).unwrap();
        let link = Link::dial(endpoint, addresses, settings, now, &mut sockets);
        Self {
            poll,
            events: Events::with_capacity(16),
            sockets,
            link,
            now,
            ready: Vec::new(),
            texts: Vec::new(),
            binaries: Vec::new(),
            turns: 0,
        }
    }

    /// To a server on this machine whose certificate says `localhost`.
    pub fn local(address: SocketAddr, tls: &Arc<ClientConfig>) -> Self {
        Self::dial("wss://localhost/stream", &[address], tls)
    }

    /// One turn of the loop: polls without waiting while something is left over.
    pub fn turn(&mut self, budget: usize) {
        let timeout = if self.ready.is_empty() {
            GUARD
        } else {
            Duration::ZERO
        };
        self.poll.poll(&mut self.events, Some(timeout)).unwrap();
        let left_over = std::mem::take(&mut self.ready);
        let mut tokens: BTreeSet<Token> = self.events.iter().map(|event| event.token()).collect();
        assert!(
            !tokens.is_empty() || !left_over.is_empty(),
            "nothing happens: {:?}",
            self.link
        );
        tokens.extend(left_over);
        self.turns += 1;
        for token in tokens {
            let (texts, binaries) = (&mut self.texts, &mut self.binaries);
            let mut sink = |incoming: Incoming<'_>| match incoming {
                Incoming::Text(text) => texts.push(text.to_owned()),
                Incoming::Binary(bytes) => binaries.push(bytes.to_owned()),
            };
            let (link, sockets) = (&mut self.link, &mut self.sockets);
            if link.on_ready(token, budget, self.now, sockets, &mut sink) {
                self.ready.push(token);
            }
        }
    }

    pub fn turn_until(&mut self, is_reached: impl Fn(&Self) -> bool) {
        while !is_reached(self) {
            self.turn(64);
        }
    }

    pub fn until_open(&mut self) {
        self.turn_until(|client| client.link.state() == LinkState::Open);
    }

    pub fn until_closed(&mut self) -> LinkEnd {
        self.turn_until(|client| client.link.state() == LinkState::Closed);
        assert!(
            self.sockets.open.is_empty(),
            "tokens left: {:?}",
            self.sockets.open
        );
        assert_eq!(self.link.next_deadline(), None);
        self.link.end().unwrap().clone()
    }

    pub fn until_failed(&mut self) -> LinkFailure {
        match self.until_closed() {
            LinkEnd::Failed(failure) => failure,
            other => panic!("{other}"),
        }
    }

    /// Lets the next deadline come.
    pub fn pass_deadline(&mut self) {
        self.now = self.link.next_deadline().unwrap();
        self.link.on_deadline(self.now, &mut self.sockets);
    }

    pub fn send(&mut self, text: &str) -> Result<(), minnow::net::SendError> {
        self.link.send_text(text.to_owned(), &mut self.sockets)
    }

    pub fn close(&mut self) {
        self.link.close(self.now, &mut self.sockets);
    }
}
