//! Websocket links and REST calls against servers of the test's own, over real sockets and TLS.
//!
//! Nothing here waits for time to pass: deadlines are handed in.

#[path = "../support/link_client.rs"]
mod link_client;
#[path = "../support/tls_server.rs"]
mod tls_server;

mod closing;
mod dialling;
mod handshake;
mod http;
mod messages;
