//! Sockets: TLS, dialling, websocket links, name resolution, and REST calls for the workers.
//!
//! Knows no trading rule and no exchange. What runs on the loop never blocks; `http_call` blocks and
//! belongs on a worker. Imports `core` and `log` only.

pub mod tls_stream;

pub use tls_stream::TlsStream;
