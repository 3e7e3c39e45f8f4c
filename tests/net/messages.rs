//! An open link: nothing stalls, nothing is lost, nothing grows without bound.

use crate::link_client::{Client, MESSAGE_MAX};
use crate::tls_server::{Authority, serve, tls, wait_for_end};
use minnow::net::{FailureKind, LinkState, SendError};
use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, mpsc};
use tungstenite::protocol::WebSocketConfig;
use tungstenite::{Message, WebSocket};

type Session = WebSocket<rustls::StreamOwned<rustls::ServerConnection, TcpStream>>;

fn serve_session(
    authority: &Authority,
    handler: impl Fn(Session) + Send + Sync + 'static,
) -> SocketAddr {
    let server = authority.server.clone();
    serve(move |stream| {
        if let Ok(session) = tungstenite::accept(tls(&server, stream)) {
            handler(session);
        }
    })
}

/// The bytes of unmasked text frames, as a server sends them.
fn frames(texts: impl Iterator<Item = String>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for text in texts {
        bytes.push(0x81);
        match u8::try_from(text.len()) {
            Ok(length) if length < 126 => bytes.push(length),
            _ => {
                bytes.push(126);
                let length = u16::try_from(text.len()).unwrap();
                bytes.extend_from_slice(&length.to_be_bytes());
            }
        }
        bytes.extend_from_slice(text.as_bytes());
    }
    bytes
}

/// Many messages lie in one TLS record, and after a budget is used up no event tells of the rest.
#[test]
fn twenty_thousand_messages_arrive_in_order_whatever_the_budget() {
    const MESSAGES: usize = 20_000;
    let authority = Authority::of("localhost");
    let address = serve_session(&authority, |mut session| {
        let texts = (0..MESSAGES).map(|n| format!("{{\"n\":{n},\"pad\":\"{:0>150}\"}}", n));
        let bytes = frames(texts);
        let _ = session.get_mut().write_all(&bytes);
        let _ = session.get_mut().flush();
        wait_for_end(session.get_mut());
    });
    for budget in [64, 1] {
        let mut client = Client::local(address, &authority.client);
        while client.texts.len() < MESSAGES {
            client.turn(budget);
        }
        for (n, text) in client.texts.iter().enumerate() {
            assert!(text.starts_with(&format!("{{\"n\":{n},")), "{text}");
        }
        assert!(
            client.turns >= MESSAGES / budget,
            "budget {budget}: {} turns",
            client.turns
        );
        assert_eq!(client.link.statistics().messages, MESSAGES as u64);
    }
}

#[test]
fn a_message_over_the_limit_ends_the_link_and_the_largest_allowed_one_does_not() {
    let authority = Authority::of("localhost");
    let address = serve_session(&authority, |mut session| {
        session
            .send(Message::text("x".repeat(MESSAGE_MAX)))
            .unwrap();
        // Refused by its head, so that the rest of it may find nobody.
        let _ = session.send(Message::text("y".repeat(MESSAGE_MAX + 1)));
        wait_for_end(session.get_mut());
    });
    let mut client = Client::local(address, &authority.client);
    let failure = client.until_failed();
    assert_eq!(failure.kind, FailureKind::TooLong, "{failure}");
    assert_eq!(
        failure.text,
        "a message of at least 65537 bytes; expected at most 65536"
    );
    assert_eq!(client.texts.len(), 1);
}

#[test]
fn a_message_that_grows_beyond_the_limit_in_fragments_is_refused_too() {
    let authority = Authority::of("localhost");
    let address = serve_session(&authority, |mut session| {
        let mut part = vec![0x01, 126];
        part.extend_from_slice(&u16::MAX.to_be_bytes());
        part.extend(std::iter::repeat_n(b'z', usize::from(u16::MAX)));
        let _ = session.get_mut().write_all(&part);
        part[0] = 0x00;
        let _ = session.get_mut().write_all(&part);
        let _ = session.get_mut().flush();
        wait_for_end(session.get_mut());
    });
    let failure = Client::local(address, &authority.client).until_failed();
    assert_eq!(failure.kind, FailureKind::TooLong, "{failure}");
}

#[test]
fn what_breaks_the_protocol_ends_the_link_with_a_name_and_the_server_is_told() {
    let authority = Authority::of("localhost");
    for (bytes, words) in [
        (&b"\x81\x02\xff\xfe"[..], "no UTF-8"),
        (b"\xf1\x00", "eserved bits"),
        (b"\x83\x00", "invalid opcode"),
        (b"\x81\x80\x00\x00\x00\x00", "masked frame"),
        (b"\x80\x00", "nothing to continue"),
    ] {
        let (sender, told) = mpsc::channel();
        let address = serve_session(&authority, move |mut session| {
            let _ = session.get_mut().write_all(bytes);
            let _ = session.get_mut().flush();
            let _ = sender.send(format!("{:?}", session.read()));
        });
        let failure = Client::local(address, &authority.client).until_failed();
        assert_eq!(failure.kind, FailureKind::Protocol, "{failure}");
        assert!(failure.text.contains(words), "{words}: {failure}");
        let told = told.recv().unwrap();
        assert!(
            told.contains("Close") && told.contains("Protocol"),
            "{words}: {told}"
        );
    }
}

#[test]
fn pings_are_answered_and_binary_messages_come_through() {
    let authority = Authority::of("localhost");
    let address = serve_session(&authority, |mut session| {
        session.send(Message::Ping("are you there".into())).unwrap();
        while let Ok(message) = session.read() {
            if let Message::Pong(payload) = message {
                session.send(Message::Binary(payload)).unwrap();
            }
        }
    });
    let mut client = Client::local(address, &authority.client);
    client.until_open();
    client.now = 5_000;
    client.turn_until(|client| !client.binaries.is_empty());
    assert_eq!(client.binaries, [b"are you there"]);
    let statistics = *client.link.statistics();
    assert_eq!((statistics.pings, statistics.messages), (1, 1));
}

#[test]
fn a_ping_is_no_data() {
    let authority = Authority::of("localhost");
    let address = serve_session(&authority, |mut session| {
        session.send(Message::Ping("".into())).unwrap();
        while session.read().is_ok() {}
    });
    let mut client = Client::local(address, &authority.client);
    client.turn_until(|client| client.link.statistics().pings == 1);
    let statistics = *client.link.statistics();
    assert_eq!(statistics.last_received, Some(1_000));
    assert_eq!(statistics.last_data, None);
}

#[test]
fn what_the_other_side_does_not_read_is_refused_beyond_the_buffer_and_nothing_is_lost() {
    let authority = Authority::of("localhost");
    let (go_on, may_read) = mpsc::channel::<()>();
    let may_read = Arc::new(std::sync::Mutex::new(may_read));
    let (sender, received) = mpsc::channel();
    let address = serve_session(&authority, move |mut session| {
        session.set_config(|config: &mut WebSocketConfig| config.max_message_size = None);
        let _ = may_read.lock().unwrap().recv();
        while let Ok(Message::Text(text)) = session.read() {
            let number = text.as_str()[..8].to_owned();
            if number == "the last" {
                let _ = session.send(Message::text(number));
                break;
            }
            let _ = sender.send(number);
        }
        wait_for_end(session.get_mut());
    });
    let mut client = Client::local(address, &authority.client);
    client.until_open();
    let mut taken = 0;
    let refusal = loop {
        match client.send(&format!("{taken:08}{}", "x".repeat(32 * 1024))) {
            Ok(()) => taken += 1,
            Err(error) => break error,
        }
        assert!(taken < 10_000, "the buffer has no bound");
    };
    assert_eq!(refusal, SendError::Full);
    assert!(taken >= 8, "256 KiB are kept, beside what the system takes");
    assert_eq!(client.link.state(), LinkState::Open);
    assert_eq!(client.link.statistics().refused, 1);
    assert_eq!(client.link.statistics().sent, taken);
    go_on.send(()).unwrap();
    // What waits goes out as the socket becomes writable, and makes room.
    while client.send("the last") == Err(SendError::Full) {
        client.turn(64);
    }
    client.turn_until(|client| client.texts == ["the last"]);
    let expected: Vec<String> = (0..taken).map(|n| format!("{n:08}")).collect();
    assert_eq!(received.try_iter().collect::<Vec<_>>(), expected);
}
