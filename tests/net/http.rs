//! REST calls against servers that answer, refuse, cut and stay silent.

use crate::tls_server::{Authority, dead_address, read_head, serve, tls, wait_for_end};
use minnow::net::http_call::{HttpErrorKind, HttpLimits, HttpMethod};
use minnow::net::{HttpCall, HttpClient, NameCache};
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};

const LIMITS: HttpLimits = HttpLimits {
    total_ms: 15_000,
    body_max: 1_000,
};

fn client(authority: &Authority, address: SocketAddr) -> HttpClient {
    let names = NameCache::with_lookup(move |_, _| Ok(vec![address]));
    HttpClient::new(Arc::clone(&authority.client), names, 2)
}

fn get(path: &str) -> HttpCall {
    HttpCall {
        method: HttpMethod::Get,
        url: format!("https://localhost{path}"),
        headers: vec![("Authorization", "Bearer a.secret.token".to_owned())],
        body: None,
        limits: LIMITS,
    }
}

fn post(path: &str, body: &str) -> HttpCall {
    HttpCall {
        method: HttpMethod::Post,
        body: Some(body.as_bytes().to_vec()),
        ..get(path)
    }
}

/// Answers every request of a connection; counts connections and keeps the heads.
fn answering(
    authority: &Authority,
    answer: &'static str,
) -> (SocketAddr, Arc<AtomicUsize>, mpsc::Receiver<String>) {
    let server = authority.server.clone();
    let connections = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&connections);
    let (sender, heads) = mpsc::channel();
    let address = serve(move |stream| {
        count.fetch_add(1, Ordering::SeqCst);
        let mut stream = tls(&server, stream);
        while let Ok(head) = read_head(&mut stream) {
            let length = head
                .lines()
                .find_map(|line| {
                    line.to_lowercase()
                        .strip_prefix("content-length: ")?
                        .parse()
                        .ok()
                })
                .unwrap_or(0);
            let mut body = vec![0; length];
            stream.read_exact(&mut body).unwrap();
            let _ = sender.send(format!("{head}{}", String::from_utf8(body).unwrap()));
            stream.write_all(answer.as_bytes()).unwrap();
            stream.flush().unwrap();
        }
    });
    (address, connections, heads)
}

#[test]
fn connections_are_kept_and_requests_say_who_asks() {
    let authority = Authority::of("localhost");
    let answer = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-RateLimit-Remaining: 29\r\n\
                  Set-Cookie: a=b\r\nContent-Length: 2\r\n\r\n{}";
    let (address, connections, heads) = answering(&authority, answer);
    let client = client(&authority, address);
    for _ in 0..3 {
        let reply = client
            .call(&post("/orders?limit=1", "{\"size\":\"1\"}"))
            .unwrap();
        assert_eq!((reply.status, reply.body.as_slice()), (200, &b"{}"[..]));
        assert_eq!(reply.header("x-ratelimit-remaining"), Some("29"));
        assert_eq!(reply.header("content-type"), Some("application/json"));
        assert_eq!(reply.header("set-cookie"), None, "not of the list");
    }
    assert_eq!(connections.load(Ordering::SeqCst), 1);
    let head = heads.recv().unwrap();
    assert!(
        head.starts_with("POST /orders?limit=1 HTTP/1.1\r\n"),
        "{head}"
    );
    assert!(head.ends_with("\r\n\r\n{\"size\":\"1\"}"), "{head}");
    let lower = head.to_lowercase();
    let agent = format!("user-agent: minnow/{}\r\n", env!("CARGO_PKG_VERSION"));
    assert!(lower.contains(&agent) && lower.contains("authorization: bearer a.secret.token"));
}

#[test]
fn every_status_is_a_reply_and_redirects_are_not_followed() {
    let authority = Authority::of("localhost");
    for (answer, status) in [
        (
            "HTTP/1.1 307 Elsewhere\r\nLocation: https://other.example/\r\nContent-Length: 0\r\n\r\n",
            307,
        ),
        (
            "HTTP/1.1 429 Slow\r\nRetry-After: 3\r\nContent-Length: 4\r\n\r\nwait",
            429,
        ),
        ("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", 503),
    ] {
        let (address, ..) = answering(&authority, answer);
        let reply = client(&authority, address)
            .call(&post("/orders", "{}"))
            .unwrap();
        assert_eq!(reply.status, status);
        let wait = (status == 429).then_some("3");
        assert_eq!(reply.header("retry-after"), wait);
    }
}

#[test]
fn a_body_over_the_limit_is_no_reply_and_what_was_asked_for_may_have_happened() {
    let authority = Authority::of("localhost");
    let answer = concat!(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        "3E8\r\n", // 1,000 bytes follow
    );
    let whole: &'static str =
        Box::leak(format!("{answer}{}\r\n0\r\n\r\n", "x".repeat(1_000)).into());
    let (address, ..) = answering(&authority, whole);
    let reply = client(&authority, address).call(&get("/")).unwrap();
    assert_eq!(reply.body.len(), 1_000, "the limit itself fits");

    let over: &'static str =
        Box::leak(format!("{answer}{}\r\n1\r\ny\r\n0\r\n\r\n", "x".repeat(1_000)).into());
    let (address, ..) = answering(&authority, over);
    let error = client(&authority, address).call(&get("/")).unwrap_err();
    assert_eq!(error.kind, HttpErrorKind::Ambiguous);
    assert!(
        error
            .text
            .contains("status 200 with a body of more than 1000 bytes"),
        "{error}"
    );
}

#[test]
fn nothing_was_sent_where_nobody_listens_or_the_certificate_does_not_count() {
    let (authority, other) = (Authority::of("localhost"), Authority::of("localhost"));
    let error = client(&authority, dead_address())
        .call(&post("/orders", "{}"))
        .unwrap_err();
    assert_eq!(error.kind, HttpErrorKind::NotSent);
    assert!(
        error.text.starts_with("POST https://localhost/orders: "),
        "{error}"
    );

    let (address, ..) = answering(&other, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    let error = client(&authority, address)
        .call(&post("/orders", "{}"))
        .unwrap_err();
    assert_eq!(error.kind, HttpErrorKind::NotSent);
    assert!(error.text.contains("certificate"), "{error}");

    let names = NameCache::with_lookup(|_, _| Err(std::io::Error::other("no such name")));
    let client = HttpClient::new(Arc::clone(&authority.client), names, 2);
    let error = client.call(&post("/orders", "{}")).unwrap_err();
    assert_eq!(error.kind, HttpErrorKind::NotSent);
    assert!(
        error.text.contains("localhost not resolved: no such name"),
        "{error}"
    );
}

#[test]
fn a_connection_cut_before_the_request_leaves_nothing_open_to_doubt() {
    let authority = Authority::of("localhost");
    let address = serve(|stream| {
        let _ = stream.shutdown(Shutdown::Both);
    });
    let error = client(&authority, address)
        .call(&post("/orders", "{}"))
        .unwrap_err();
    assert_eq!(error.kind, HttpErrorKind::NotSent, "{error}");
}

#[test]
fn a_connection_cut_once_the_request_was_written_leaves_its_outcome_open() {
    let authority = Authority::of("localhost");
    for answer in [
        "",
        "HTTP/1.1 20",
        "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{\"or",
    ] {
        let server = authority.server.clone();
        let address = serve(move |stream| {
            let mut stream = tls(&server, stream);
            let _ = read_head(&mut stream);
            let _ = stream.write_all(answer.as_bytes());
            let _ = stream.flush();
            let _ = stream.sock.shutdown(Shutdown::Both);
        });
        let error = client(&authority, address)
            .call(&get("/orders"))
            .unwrap_err();
        assert_eq!(error.kind, HttpErrorKind::Ambiguous, "{answer:?}: {error}");
    }
}

#[test]
fn a_server_that_takes_the_request_and_says_nothing_is_left_in_time() {
    let authority = Authority::of("localhost");
    let server = authority.server.clone();
    let address = serve(move |stream| wait_for_end(&mut tls(&server, stream)));
    let mut call = post("/orders?nonce=5", "{}");
    call.limits.total_ms = 400;
    let error = client(&authority, address).call(&call).unwrap_err();
    assert_eq!(error.kind, HttpErrorKind::Ambiguous);
    assert_eq!(
        error.text,
        "POST https://localhost/orders: no answer within 0.4 s"
    );
}

#[test]
fn a_server_that_accepts_and_never_speaks_tls_is_left_in_time_with_nothing_sent() {
    let authority = Authority::of("localhost");
    let address = serve(|mut stream| wait_for_end(&mut stream));
    let mut call = post("/orders", "{}");
    call.limits.total_ms = 400;
    let error = client(&authority, address).call(&call).unwrap_err();
    assert_eq!(error.kind, HttpErrorKind::NotSent);
    assert!(error.text.contains("within 0.4 s"), "{error}");
}

#[test]
fn shutting_down_cuts_calls_in_flight_and_refuses_new_ones() {
    let authority = Authority::of("localhost");
    let server = authority.server.clone();
    let (sender, request_is_there) = mpsc::channel();
    let address = serve(move |stream| {
        let mut stream = tls(&server, stream);
        let _ = read_head(&mut stream);
        let _ = sender.send(());
        wait_for_end(&mut stream);
    });
    let client = client(&authority, address);
    let worker = {
        let client = client.clone();
        std::thread::spawn(move || client.call(&get("/slow")))
    };
    request_is_there.recv().unwrap();
    client.shut_down();
    let error = worker.join().unwrap().unwrap_err();
    assert_eq!(error.kind, HttpErrorKind::Ambiguous, "{error}");
    let error = client.call(&get("/next")).unwrap_err();
    assert_eq!(error.kind, HttpErrorKind::NotSent);
    assert!(error.text.ends_with("not sent: stopping"), "{error}");
}

#[test]
fn without_tls_only_this_machine_is_called() {
    let authority = Authority::of("localhost");
    let elsewhere = client(&authority, SocketAddr::from(([192, 0, 2, 1], 80)));
    let mut call = get("/");
    call.url = "http://elsewhere.example/".to_owned();
    let error = elsewhere.call(&call).unwrap_err();
    assert_eq!(error.kind, HttpErrorKind::NotSent);
    assert!(error.text.contains("expected https://"), "{error}");

    let address = serve(|mut stream| {
        let _ = read_head(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
    });
    call.url = format!("http://{address}/");
    assert_eq!(client(&authority, address).call(&call).unwrap().body, b"hi");
}

#[test]
fn what_is_no_request_is_not_sent_and_nothing_secret_is_shown() {
    let authority = Authority::of("localhost");
    let client = client(&authority, dead_address());
    let mut broken = post("/orders?signature=hush", "{\"pin\":\"hush\"}");
    let shown = format!("{broken:?}");
    assert!(shown.contains("https://localhost/orders\"") && shown.contains("Authorization"));
    broken.headers[0].1 = "Bearer hush\r\nX-Evil: 1".to_owned();
    let mut no_address = post("/orders", "{}");
    no_address.url = "localhost:hush:hush?hush".to_owned();
    let mut texts = vec![shown];
    for call in [&broken, &no_address] {
        let error = client.call(call).unwrap_err();
        assert_eq!(error.kind, HttpErrorKind::NotSent);
        texts.push(error.text.replace("localhost:hush:hush", ""));
    }
    for text in texts {
        assert!(!text.contains("hush") && !text.contains("secret"), "{text}");
    }
}
