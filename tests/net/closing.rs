//! How links end: by us, by the other side, in order and without a word.

use crate::link_client::Client;
use crate::tls_server::{Authority, serve, tls, wait_for_end};
use minnow::net::websocket::CLOSE_LIMIT_MS;
use minnow::net::{FailureKind, LinkEnd, LinkState, SendError};
use std::io::Write;
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::mpsc;
use tungstenite::protocol::CloseFrame;
use tungstenite::{Message, WebSocket};

type Session = WebSocket<rustls::StreamOwned<rustls::ServerConnection, TcpStream>>;

fn serve_session(authority: &Authority, handler: impl Fn(Session) + Send + 'static) -> SocketAddr {
    let server = authority.server.clone();
    serve(move |stream| {
        if let Ok(session) = tungstenite::accept(tls(&server, stream)) {
            handler(session);
        }
    })
}

#[test]
fn our_close_is_answered_and_the_link_ends_when_the_server_ends_the_connection() {
    let authority = Authority::of("localhost");
    let (sender, seen) = mpsc::channel();
    let address = serve_session(&authority, move |mut session| {
        let message = session.read().unwrap();
        let _ = sender.send(format!("{message:?}"));
        while session.read().is_ok() {}
    });
    let mut client = Client::local(address, &authority.client);
    client.until_open();
    client.close();
    assert_eq!(client.link.state(), LinkState::Closing);
    assert_eq!(client.send("too late"), Err(SendError::NotOpen));
    assert_eq!(client.until_closed(), LinkEnd::Ours);
    assert!(seen.recv().unwrap().contains("Normal"));
    client.close();
    assert_eq!(
        client.link.state(),
        LinkState::Closed,
        "closing twice changes nothing"
    );
}

#[test]
fn messages_that_were_on_their_way_are_still_taken_while_we_close() {
    let authority = Authority::of("localhost");
    let address = serve_session(&authority, |mut session| {
        // Only once our close has been read, so that it is crossed for certain.
        let _ = session.read();
    });
    let mut client = Client::local(address, &authority.client);
    client.until_open();
    client.close();
    assert_eq!(client.until_closed(), LinkEnd::Ours);

    let address = serve_session(&authority, |mut session| {
        let mut byte = [0];
        let _ = std::io::Read::read(session.get_mut(), &mut byte);
        let _ = session.get_mut().write_all(b"\x81\x04late\x88\x00");
        let _ = session.get_mut().flush();
    });
    let mut client = Client::local(address, &authority.client);
    client.until_open();
    client.close();
    assert_eq!(client.until_closed(), LinkEnd::Ours);
    assert_eq!(client.texts, ["late"]);
}

#[test]
fn a_server_that_never_answers_our_close_is_left_after_two_seconds() {
    let authority = Authority::of("localhost");
    let address = serve_session(&authority, |mut session| wait_for_end(session.get_mut()));
    let mut client = Client::local(address, &authority.client);
    client.until_open();
    client.close();
    assert_eq!(
        client.link.next_deadline(),
        Some(client.now + CLOSE_LIMIT_MS)
    );
    client.pass_deadline();
    assert_eq!(client.until_closed(), LinkEnd::Ours);
}

#[test]
fn a_close_of_the_server_is_told_with_its_code_and_words() {
    let authority = Authority::of("localhost");
    let (sender, answered) = mpsc::channel();
    let address = serve_session(&authority, move |mut session| {
        session.send(Message::text("last words")).unwrap();
        let frame = CloseFrame {
            code: 1001.into(),
            reason: "maintenance\r\n".into(),
        };
        session.close(Some(frame)).unwrap();
        let _ = sender.send(format!("{:?}", session.read()));
    });
    let mut client = Client::local(address, &authority.client);
    let end = client.until_closed();
    let expected = LinkEnd::Theirs {
        code: Some(1001),
        text: "maintenance  ".to_owned(),
    };
    assert_eq!(end, expected);
    assert_eq!(client.texts, ["last words"]);
    assert!(
        answered.recv().unwrap().contains("Close"),
        "its close was answered"
    );
}

#[test]
fn a_connection_dropped_after_a_close_is_an_orderly_end() {
    let authority = Authority::of("localhost");
    let address = serve_session(&authority, |mut session| {
        let _ = session.close(None);
        // Neither a wait for the answer nor a word of TLS.
        let _ = session.get_ref().sock.shutdown(Shutdown::Both);
    });
    let mut client = Client::local(address, &authority.client);
    let expected = LinkEnd::Theirs {
        code: None,
        text: String::new(),
    };
    assert_eq!(client.until_closed(), expected);
}

#[test]
fn a_server_that_closes_and_then_keeps_the_connection_is_left_after_two_seconds() {
    let authority = Authority::of("localhost");
    let address = serve_session(&authority, |mut session| {
        let _ = session.close(None);
        wait_for_end(&mut session.get_mut().sock);
    });
    let mut client = Client::local(address, &authority.client);
    client.turn_until(|client| client.link.state() == LinkState::Closing);
    client.pass_deadline();
    assert!(matches!(client.until_closed(), LinkEnd::Theirs { .. }));
}

#[test]
fn a_connection_that_ends_without_a_close_is_a_reset() {
    let authority = Authority::of("localhost");
    for says_goodbye in [false, true] {
        let address = serve_session(&authority, move |mut session| {
            session.send(Message::text("hello")).unwrap();
            if says_goodbye {
                session.get_mut().conn.send_close_notify();
                let _ = session.get_mut().flush();
            }
            let _ = session.get_ref().sock.shutdown(Shutdown::Write);
            wait_for_end(&mut session.get_mut().sock);
        });
        let mut client = Client::local(address, &authority.client);
        let failure = client.until_failed();
        assert_eq!(failure.kind, FailureKind::Reset, "{failure}");
        assert_eq!(failure.state, LinkState::Open);
        assert_eq!(client.texts, ["hello"]);
    }
}

#[test]
fn an_abandoned_link_is_closed_at_once_at_every_stage_and_the_server_is_told() {
    let authority = Authority::of("localhost");
    let (sender, seen) = mpsc::channel();
    let address = serve_session(&authority, move |mut session| {
        let _ = sender.send(format!("{:?}", session.read()));
    });
    // One that says nothing, so that no stage is passed over.
    let mute = serve(|mut stream| wait_for_end(&mut stream));
    for (address, state) in [
        (mute, LinkState::Connecting),
        (mute, LinkState::Securing),
        (address, LinkState::Open),
    ] {
        let mut client = Client::local(address, &authority.client);
        client.turn_until(|client| client.link.state() == state);
        client.link.abandon(&mut client.sockets);
        assert_eq!(client.until_closed(), LinkEnd::Ours);
    }
    assert!(seen.recv().unwrap().contains("Normal"));
    let mut closing = Client::local(address, &authority.client);
    closing.until_open();
    closing.close();
    closing.link.abandon(&mut closing.sockets);
    assert_eq!(closing.until_closed(), LinkEnd::Ours);
}
