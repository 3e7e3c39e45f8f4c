//! The way up, and everything that can go wrong on it.

use crate::link_client::{Client, STAGE_LIMIT_MS};
use crate::tls_server::{Authority, Cutting, Dripping, read_head, serve, tls, wait_for_end};
use minnow::net::{FailureKind, LinkState};
use std::io::Write;
use std::sync::mpsc;
use tungstenite::Message;
use tungstenite::handshake::derive_accept_key;

#[test]
fn a_link_opens_over_tls_and_texts_go_both_ways() {
    let authority = Authority::of("localhost");
    let server = authority.server.clone();
    let address = serve(move |stream| {
        let mut session = tungstenite::accept(tls(&server, stream)).unwrap();
        while let Ok(message) = session.read() {
            if message.is_text() {
                session.send(message).unwrap();
            }
        }
    });
    let mut client = Client::local(address, &authority.client);
    assert_eq!(client.link.state(), LinkState::Connecting);
    client.until_open();
    assert_eq!(client.link.next_deadline(), None);
    client.now = 2_000;
    client.send("{\"type\":\"subscribe\"}").unwrap();
    client.turn_until(|client| !client.texts.is_empty());
    assert_eq!(client.texts, ["{\"type\":\"subscribe\"}"]);
    let statistics = *client.link.statistics();
    assert_eq!(
        (statistics.messages, statistics.bytes, statistics.sent),
        (1, 20, 1)
    );
    assert_eq!(statistics.opened, Some(1_000));
    assert_eq!(statistics.last_data, Some(2_000));
    assert_eq!(statistics.last_received, Some(2_000));
}

#[test]
fn everything_may_come_one_byte_at_a_time() {
    let authority = Authority::of("localhost");
    let server = authority.server.clone();
    let (allow, allowed) = mpsc::channel();
    let mut allowed = Some(allowed);
    let address = serve(move |stream| {
        let allowed = allowed.take().unwrap();
        let mut session = tungstenite::accept(tls(&server, Dripping { stream, allowed })).unwrap();
        for n in 0..20 {
            session.send(Message::text(format!("message {n}"))).unwrap();
        }
        let _ = session.read();
    });
    let mut client = Client::local(address, &authority.client);
    client.turn_until(|client| client.link.state() == LinkState::Securing);
    let mut bytes = 0;
    while client.texts.len() < 20 {
        allow.send(()).unwrap();
        bytes += 1;
        client.turn(64);
    }
    assert_eq!(client.texts[19], "message 19");
    assert!(bytes > 1_000, "the handshake alone has more: {bytes}");
}

#[test]
fn messages_that_come_with_the_answer_to_the_upgrade_are_not_lost() {
    let authority = Authority::of("localhost");
    let server = authority.server.clone();
    let address = serve(move |stream| {
        let mut stream = tls(&server, stream);
        let mut answer = upgrade(&read_head(&mut stream).unwrap());
        answer.extend_from_slice(b"\x81\x05first\x81\x06second");
        stream.write_all(&answer).unwrap();
        stream.flush().unwrap();
        wait_for_end(&mut stream);
    });
    let mut client = Client::local(address, &authority.client);
    while client.texts.len() < 2 {
        client.turn(1);
    }
    assert_eq!(client.texts, ["first", "second"]);
}

/// The answer that accepts a websocket.
fn upgrade(head: &str) -> Vec<u8> {
    let key = head
        .lines()
        .find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "))
        .unwrap();
    let accept = derive_accept_key(key.as_bytes());
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Accept: {accept}\r\n\r\n"
    )
    .into_bytes()
}

/// Handshakes, sends a message, and ends the connection after `left` bytes; says how many it wrote.
fn serve_cut(authority: &Authority, left: usize) -> (std::net::SocketAddr, mpsc::Receiver<usize>) {
    let server = authority.server.clone();
    let (sender, written) = mpsc::channel();
    let address = serve(move |stream| {
        let cutting = Cutting {
            stream,
            left,
            written: 0,
        };
        let mut stream = tls(&server, cutting);
        let run = (|| {
            let answer = upgrade(&read_head(&mut stream)?);
            stream.write_all(&answer)?;
            stream.write_all(b"\x81\x05hello")?;
            stream.flush()
        })();
        let _ = stream.sock.stream.shutdown(std::net::Shutdown::Write);
        let _ = sender.send(if run.is_ok() { stream.sock.written } else { 0 });
        wait_for_end(&mut stream.sock.stream);
    });
    (address, written)
}

#[test]
fn a_connection_cut_at_any_byte_of_the_way_up_is_a_failure_with_a_name() {
    let authority = Authority::of("localhost");
    let (address, written) = serve_cut(&authority, usize::MAX);
    let mut whole = Client::local(address, &authority.client);
    whole.turn_until(|client| !client.texts.is_empty());
    let total = written.recv().unwrap();
    let mut states = Vec::new();
    for left in (0..total).step_by(23) {
        // A new authority's sessions would not be resumed: every connection writes about the same.
        let (address, _written) = serve_cut(&authority, left);
        let mut client = Client::local(address, &authority.client);
        let failure = client.until_failed();
        assert_eq!(
            failure.kind,
            FailureKind::Reset,
            "after {left} bytes: {failure}"
        );
        assert!(failure.text.len() > 10, "{failure}");
        states.push(failure.state);
    }
    for state in [LinkState::Securing, LinkState::Upgrading] {
        assert!(states.contains(&state), "{} was not cut", state.name());
    }
}

#[test]
fn a_server_that_says_nothing_is_given_up_stage_by_stage() {
    let authority = Authority::of("localhost");
    let mute = serve(|mut stream| wait_for_end(&mut stream));
    let mut client = Client::local(mute, &authority.client);
    client.turn_until(|client| client.link.state() == LinkState::Securing);
    assert_eq!(client.link.next_deadline(), Some(1_000 + STAGE_LIMIT_MS));
    client.now = STAGE_LIMIT_MS;
    client.link.on_deadline(client.now, &mut client.sockets);
    assert_eq!(client.link.state(), LinkState::Securing, "not yet");
    client.pass_deadline();
    let failure = client.until_failed();
    assert_eq!(failure.kind, FailureKind::Timeout);
    assert_eq!(
        failure.to_string(),
        "TLS handshake: no answer within 15.0 s"
    );

    let server = authority.server.clone();
    let (speak, may_speak) = mpsc::channel::<()>();
    let mute_after_tls = serve(move |stream| {
        let _ = may_speak.recv();
        let mut stream = tls(&server, stream);
        let _ = read_head(&mut stream);
        wait_for_end(&mut stream);
    });
    let mut client = Client::local(mute_after_tls, &authority.client);
    client.turn_until(|client| client.link.state() == LinkState::Securing);
    client.now += 10_000;
    speak.send(()).unwrap();
    client.turn_until(|client| client.link.state() == LinkState::Upgrading);
    let due = client.now + STAGE_LIMIT_MS;
    assert_eq!(
        client.link.next_deadline(),
        Some(due),
        "each stage has its own limit"
    );
    client.pass_deadline();
    let failure = client.until_failed();
    assert_eq!(
        failure.to_string(),
        "websocket upgrade: no answer within 15.0 s"
    );
}

#[test]
fn a_certificate_that_does_not_count_is_a_failure_of_tls() {
    let (trusted, other) = (Authority::of("localhost"), Authority::of("localhost"));
    let elsewhere = Authority::of("elsewhere.example");
    for (server, client) in [(&other, &trusted), (&elsewhere, &elsewhere)] {
        let server = server.server.clone();
        let address = serve(move |stream| wait_for_end(&mut tls(&server, stream)));
        let mut client = Client::local(address, &client.client);
        let failure = client.until_failed();
        assert_eq!(failure.kind, FailureKind::Tls, "{failure}");
        assert_eq!(failure.state, LinkState::Securing);
        assert!(failure.text.contains("certificate"), "{failure}");
    }
}

#[test]
fn an_answer_that_is_no_upgrade_is_told_with_status_and_wait() {
    let authority = Authority::of("localhost");
    for (answer, status, retry_after, words) in [
        (
            "301 Moved\r\nLocation: https://other.example/",
            301,
            None,
            "points to https://other.example/",
        ),
        (
            "401 Unauthorized\r\nContent-Length: 7\r\n\r\nno\x07 key",
            401,
            None,
            "it says: no  key",
        ),
        ("429 Too Many\r\nRetry-After: 7", 429, Some(7), "status 429"),
        (
            "503 Busy\r\nRetry-After: Mon, 30 Nov 2026 02:00:00 GMT",
            503,
            None,
            "status 503",
        ),
    ] {
        let server = authority.server.clone();
        let text = format!("HTTP/1.1 {answer}\r\n\r\n");
        let address = serve(move |stream| {
            let mut stream = tls(&server, stream);
            let _ = read_head(&mut stream);
            let _ = stream.write_all(text.as_bytes());
            let _ = stream.flush();
            wait_for_end(&mut stream);
        });
        let failure = Client::local(address, &authority.client).until_failed();
        let expected = FailureKind::Refused {
            status,
            retry_after,
        };
        assert_eq!(failure.kind, expected, "{failure}");
        assert!(failure.text.contains(words), "{failure}");
    }
}

#[test]
fn an_answer_that_is_no_http_or_a_wrong_key_is_a_failure_of_the_protocol() {
    let authority = Authority::of("localhost");
    let wrong_key = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\
                     Upgrade: websocket\r\nSec-WebSocket-Accept: AAAA\r\n\r\n";
    for answer in ["SSH-2.0-OpenSSH\r\n", wrong_key] {
        let server = authority.server.clone();
        let address = serve(move |stream| {
            let mut stream = tls(&server, stream);
            let _ = read_head(&mut stream);
            let _ = stream.write_all(answer.as_bytes());
            let _ = stream.flush();
            wait_for_end(&mut stream);
        });
        let failure = Client::local(address, &authority.client).until_failed();
        assert_eq!(failure.kind, FailureKind::Protocol, "{failure}");
        assert_eq!(failure.state, LinkState::Upgrading);
    }
}
