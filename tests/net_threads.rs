//! REST calls start no thread, with timeouts set and names looked up: a process of its own, since
//! other tests would count.

#[path = "support/tls_server.rs"]
mod tls_server;

use minnow::net::http_call::{HttpLimits, HttpMethod};
use minnow::net::{HttpCall, HttpClient, NameCache};
use std::io::Write;
use std::sync::Arc;
use tls_server::{Authority, read_head, serve, tls};

fn threads() -> usize {
    std::fs::read_to_string("/proc/self/status")
        .unwrap()
        .lines()
        .find_map(|line| line.strip_prefix("Threads:")?.trim().parse().ok())
        .unwrap()
}

#[test]
fn calls_run_on_the_thread_that_makes_them() {
    let authority = Authority::of("localhost");
    let server = authority.server.clone();
    let (sender, seen) = std::sync::mpsc::channel();
    let address = serve(move |stream| {
        let mut stream = tls(&server, stream);
        if read_head(&mut stream).is_ok() {
            // Counted while the call is in the middle of waiting.
            let _ = sender.send(threads());
            let answer = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
            let _ = stream.write_all(answer);
            let _ = stream.flush();
        }
    });
    // The system's own resolver, so that its way is counted too.
    let client = HttpClient::new(Arc::clone(&authority.client), NameCache::default(), 2);
    let call = HttpCall {
        method: HttpMethod::Get,
        url: format!("https://localhost:{}/", address.port()),
        headers: Vec::new(),
        body: None,
        limits: HttpLimits {
            total_ms: 15_000,
            body_max: 1_000,
        },
    };
    let before = threads();
    for _ in 0..5 {
        assert_eq!(client.call(&call).unwrap().status, 200);
        assert_eq!(seen.recv().unwrap(), before);
    }
    assert_eq!(threads(), before);
}
