//! What a large message leaves behind in a link: a process of its own, whose memory is measured.

#[path = "support/link_client.rs"]
mod link_client;
#[path = "support/tls_server.rs"]
mod tls_server;

use link_client::Client;
use std::io::Write;
use tls_server::{Authority, serve, tls, wait_for_end};

const MIB: usize = 1 << 20;
const LARGE: usize = 24 * MIB;
const SMALL: usize = 2_000;

/// Resident memory of this process, bytes.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .unwrap();
    let kib: usize = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kib * 1024
}

#[test]
fn the_memory_of_a_large_message_is_given_back_once_others_follow() {
    let authority = Authority::of("localhost");
    let server = authority.server.clone();
    let address = serve(move |stream| {
        let mut session = tungstenite::accept(tls(&server, stream)).unwrap();
        // Nothing of it is on its way before memory was measured.
        session.read().unwrap();
        let stream = session.get_mut();
        // Written in pieces, so that the server itself needs no such memory.
        let mut head = vec![0x81, 127];
        head.extend_from_slice(&(LARGE as u64).to_be_bytes());
        stream.write_all(&head).unwrap();
        let piece = vec![b'x'; MIB];
        for _ in 0..LARGE / MIB {
            stream.write_all(&piece).unwrap();
        }
        for _ in 0..SMALL {
            stream.write_all(b"\x81\x64").unwrap();
            stream.write_all(&[b'y'; 100]).unwrap();
        }
        stream.flush().unwrap();
        wait_for_end(stream);
    });
    let url = "wss://localhost/";
    let mut client = Client::dial_for(32 * MIB, url, &[address], &authority.client);
    client.until_open();
    let before = resident();
    client.send("go").unwrap();
    client.turn_until(|client| !client.texts.is_empty());
    assert_eq!(client.texts[0].len(), LARGE);
    client.texts.clear();
    let all = SMALL as u64 + 1;
    client.turn_until(|client| client.link.statistics().messages == all);
    let after = resident();
    assert!(
        after < before + LARGE / 2,
        "{before} bytes before, {after} after"
    );
}
