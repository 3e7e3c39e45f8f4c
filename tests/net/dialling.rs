//! Several addresses of one host, and what must not be dialled at all.

use crate::link_client::{Client, STAGE_LIMIT_MS};
use crate::tls_server::{Authority, dead_address, serve, tls};
use minnow::net::dial::NEXT_AFTER_MS;
use minnow::net::{FailureKind, LinkState};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsRawFd;

/// Accepts websockets and waits for the other side to end them.
fn accepting(authority: &Authority) -> SocketAddr {
    let server = authority.server.clone();
    serve(move |stream| {
        if let Ok(mut session) = tungstenite::accept(tls(&server, stream)) {
            while session.read().is_ok() {}
        }
    })
}

/// An address that takes no connection and refuses none: its queue is full.
struct Silent {
    address: SocketAddr,
    _listener: TcpListener,
    _queued: Vec<TcpStream>,
}

impl Silent {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        // Safety: a valid socket; listening again only changes the length of its queue.
        let status = unsafe { libc::listen(listener.as_raw_fd(), 0) };
        assert_eq!(status, 0);
        let queued = vec![TcpStream::connect(address).unwrap()];
        Self {
            address,
            _listener: listener,
            _queued: queued,
        }
    }
}

#[test]
fn a_dead_first_address_costs_no_wait() {
    let authority = Authority::of("localhost");
    let addresses = [dead_address(), dead_address(), accepting(&authority)];
    let mut client = Client::dial("wss://localhost/", &addresses, &authority.client);
    client.until_open();
    assert_eq!(client.now, 1_000, "no deadline was needed");
    assert_eq!(client.sockets.open.len(), 1);
}

#[test]
fn a_silent_first_address_is_overtaken_after_a_quarter_of_a_second() {
    let authority = Authority::of("localhost");
    let silent = Silent::new();
    let addresses = [silent.address, accepting(&authority)];
    let mut client = Client::dial("wss://localhost/", &addresses, &authority.client);
    assert_eq!(client.sockets.open.len(), 1);
    assert_eq!(client.link.next_deadline(), Some(1_000 + NEXT_AFTER_MS));
    client.pass_deadline();
    assert_eq!(client.sockets.open.len(), 2, "both are on their way");
    assert_eq!(client.link.next_deadline(), Some(1_000 + STAGE_LIMIT_MS));
    client.until_open();
    assert_eq!(client.sockets.open.len(), 1, "the loser is given up");
}

#[test]
fn when_nobody_answers_each_address_is_named_with_what_it_said() {
    let authority = Authority::of("localhost");
    let (silent, dead) = (Silent::new(), dead_address());
    let addresses = [silent.address, dead];
    let mut client = Client::dial("wss://localhost/", &addresses, &authority.client);
    client.pass_deadline();
    client.turn(1);
    assert_eq!(
        client.link.state(),
        LinkState::Connecting,
        "one may still answer"
    );
    client.pass_deadline();
    let failure = client.until_failed();
    assert_eq!(failure.kind, FailureKind::Connect);
    let expected = format!("{}: no answer within 15.0 s", silent.address);
    assert!(failure.text.contains(&expected), "{failure}");
    assert!(
        failure
            .text
            .contains(&format!("{dead}: Connection refused")),
        "{failure}"
    );
}

#[test]
fn without_an_address_there_is_nothing_to_dial() {
    let authority = Authority::of("localhost");
    let mut client = Client::dial("wss://localhost/", &[], &authority.client);
    assert_eq!(client.until_failed().text, "no address to connect to");
}

#[test]
fn without_tls_only_this_machine_is_spoken_to() {
    let authority = Authority::of("localhost");
    let elsewhere = [SocketAddr::from(([192, 0, 2, 1], 80))];
    let mut client = Client::dial("ws://elsewhere.example/", &elsewhere, &authority.client);
    let failure = client.until_failed();
    assert!(failure.text.contains("expected wss://"), "{failure}");

    let address = serve(|stream| {
        let mut session = tungstenite::accept(stream).unwrap();
        session.send("plain".into()).unwrap();
        while session.read().is_ok() {}
    });
    let mut client = Client::dial("ws://localhost/", &[address], &authority.client);
    client.turn_until(|client| client.texts == ["plain"]);
}

#[test]
fn a_link_given_up_while_it_dials_or_shakes_hands_is_closed_at_once() {
    let authority = Authority::of("localhost");
    let silent = Silent::new();
    let mut dialling = Client::dial("wss://localhost/", &[silent.address], &authority.client);
    dialling.close();
    assert_eq!(dialling.until_closed().to_string(), "closed by us");

    let mute = serve(|mut stream| crate::tls_server::wait_for_end(&mut stream));
    let mut shaking = Client::local(mute, &authority.client);
    shaking.turn_until(|client| client.link.state() == LinkState::Securing);
    shaking.close();
    assert_eq!(shaking.until_closed().to_string(), "closed by us");
}
