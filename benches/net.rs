//! What the link costs over bare tungstenite and rustls: the same messages over loopback.
//!
//! `cargo bench --bench net`. An item is one message of 467 bytes, the size of a ticker. The server
//! is a thread of the bench that writes what it encoded before; connecting is not measured. The link
//! reads within the loop's budget of 64 messages a turn, non-blocking; the bare client blocks.

#[path = "../tests/support/tls_server.rs"]
mod tls_server;

use divan::counter::ItemsCount;
use minnow::net::{Endpoint, Incoming, Link, LinkSettings, LinkState, Registrar};
use mio::{Events, Interest, Poll, Registry, Token};
use rustls::pki_types::ServerName;
use rustls::{ClientConnection, StreamOwned};
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use tls_server::{Authority, serve, tls};
use tungstenite::{Message, WebSocket};

fn main() {
    divan::main();
}

const MESSAGES: usize = 20_000;
const MESSAGE_BYTES: usize = 467;
/// The loop's budget of a market source.
const BUDGET: usize = 64;
const TOKEN: Token = Token(0);

/// The frames of all messages, as a server sends them.
fn frames() -> Vec<u8> {
    let length = u16::try_from(MESSAGE_BYTES).unwrap();
    let mut frame = vec![0x81, 126];
    frame.extend_from_slice(&length.to_be_bytes());
    frame.extend(std::iter::repeat_n(b'x', MESSAGE_BYTES));
    frame.repeat(MESSAGES)
}

fn send_all<S: Read + Write>(stream: S, frames: &[u8]) {
    let mut session = tungstenite::accept(stream).unwrap();
    while session.read().is_ok_and(|message| message.is_text()) {
        if session.get_mut().write_all(frames).is_err() || session.get_mut().flush().is_err() {
            return;
        }
    }
}

fn server(authority: Option<&Authority>) -> SocketAddr {
    let frames = frames();
    let config = authority.map(|authority| authority.server.clone());
    serve(move |stream| match &config {
        Some(config) => send_all(tls(config, stream), &frames),
        None => send_all(stream, &frames),
    })
}

struct Sockets(Registry);

impl Registrar for Sockets {
    fn register(&mut self, socket: &mut mio::net::TcpStream) -> io::Result<Token> {
        let both = Interest::READABLE | Interest::WRITABLE;
        self.0.register(socket, TOKEN, both)?;
        Ok(TOKEN)
    }

    fn release(&mut self, _token: Token) {}
}

struct Linked {
    poll: Poll,
    events: Events,
    sockets: Sockets,
    link: Link,
    is_left_over: bool,
    seen: usize,
}

impl Linked {
    fn open(url: &str, address: SocketAddr, authority: &Authority) -> Self {
        let poll = Poll::new().unwrap();
        let mut sockets = Sockets(poll.registry().try_clone().unwrap());
        let settings = LinkSettings {
            tls: Arc::clone(&authority.client),
            stage_limit_ms: 15_000,
            message_max: 4 << 20,
        };
        let endpoint = Endpoint::parse(url).unwrap();
        let link = Link::dial(endpoint, &[address], settings, 0, &mut sockets);
        let mut linked = Self {
            poll,
            events: Events::with_capacity(16),
            sockets,
            link,
            is_left_over: false,
            seen: 0,
        };
        while linked.link.state() != LinkState::Open {
            linked.turn();
        }
        linked
    }

    fn turn(&mut self) {
        let timeout = self.is_left_over.then_some(std::time::Duration::ZERO);
        self.poll.poll(&mut self.events, timeout).unwrap();
        let seen = &mut self.seen;
        let mut sink = |incoming: Incoming<'_>| {
            divan::black_box(incoming);
            *seen += 1;
        };
        let sockets = &mut self.sockets;
        self.is_left_over = self.link.on_ready(TOKEN, BUDGET, 0, sockets, &mut sink);
    }

    fn take_all(&mut self) {
        let go = "go".to_owned();
        self.link.send_text(go, &mut self.sockets).unwrap();
        while self.seen < MESSAGES {
            self.turn();
        }
        self.seen = 0;
    }
}

fn take_all_bare<S: Read + Write>(session: &mut WebSocket<S>) {
    session.send(Message::text("go")).unwrap();
    for _ in 0..MESSAGES {
        divan::black_box(session.read().unwrap());
    }
}

#[divan::bench(sample_count = 20)]
fn link_over_tls(bencher: divan::Bencher) {
    let authority = Authority::of("localhost");
    let mut linked = Linked::open("wss://localhost/", server(Some(&authority)), &authority);
    bencher
        .counter(ItemsCount::new(MESSAGES))
        .bench_local(|| linked.take_all());
}

#[divan::bench(sample_count = 20)]
fn bare_over_tls(bencher: divan::Bencher) {
    let authority = Authority::of("localhost");
    let stream = TcpStream::connect(server(Some(&authority))).unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let tls = ClientConnection::new(Arc::clone(&authority.client), name).unwrap();
    let stream = StreamOwned::new(tls, stream);
    let (mut session, _) = tungstenite::client("wss://localhost/", stream).unwrap();
    bencher
        .counter(ItemsCount::new(MESSAGES))
        .bench_local(|| take_all_bare(&mut session));
}

#[divan::bench(sample_count = 20)]
fn link_plain(bencher: divan::Bencher) {
    let authority = Authority::of("localhost");
    let mut linked = Linked::open("ws://localhost/", server(None), &authority);
    bencher
        .counter(ItemsCount::new(MESSAGES))
        .bench_local(|| linked.take_all());
}

#[divan::bench(sample_count = 20)]
fn bare_plain(bencher: divan::Bencher) {
    let stream = TcpStream::connect(server(None)).unwrap();
    let (mut session, _) = tungstenite::client("ws://localhost/", stream).unwrap();
    bencher
        .counter(ItemsCount::new(MESSAGES))
        .bench_local(|| take_all_bare(&mut session));
}
