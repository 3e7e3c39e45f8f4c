//! A server of the test's own: TLS with a certificate made for the occasion, on a thread.
//!
//! Handlers write as they like and ignore errors: what the client makes of it is what is tested.

#![allow(dead_code)]

use minnow::net::client_config;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ClientConfig, ServerConfig, ServerConnection, StreamOwned};
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::Receiver;

/// A certificate for a name, for the server and as the root of a client.
pub struct Authority {
    pub server: Arc<ServerConfig>,
    pub client: Arc<ClientConfig>,
}

impl Authority {
    pub fn of(name: &str) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let own = rcgen::generate_simple_self_signed(vec![name.to_owned()]).unwrap();
        let key = PrivatePkcs8KeyDer::from(own.signing_key.serialize_der());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let server = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![own.cert.der().clone()], PrivateKeyDer::from(key))
            .unwrap();
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let file = format!("minnow-root-{}-{number}.pem", std::process::id());
        let path = std::env::temp_dir().join(file);
        std::fs::write(&path, own.cert.pem()).unwrap();
        let client = client_config(Some(&path)).unwrap();
        std::fs::remove_file(&path).unwrap();
        Self {
            server: Arc::new(server),
            client,
        }
    }
}

/// Serves one connection after the other.
pub fn serve(mut handler: impl FnMut(TcpStream) + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.unwrap();
            stream.set_nodelay(true).unwrap();
            handler(stream);
        }
    });
    address
}

/// The server's end of TLS.
pub fn tls<S: Read + Write>(
    server: &Arc<ServerConfig>,
    stream: S,
) -> StreamOwned<ServerConnection, S> {
    StreamOwned::new(ServerConnection::new(Arc::clone(server)).unwrap(), stream)
}

/// Reads until the other side ends the connection.
pub fn wait_for_end(stream: &mut impl Read) {
    let mut scratch = [0; 4096];
    while matches!(stream.read(&mut scratch), Ok(read) if read > 0) {}
}

/// Reads a request's head; what follows stays unread.
pub fn read_head(stream: &mut impl Read) -> io::Result<String> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        head.push(byte[0]);
    }
    Ok(String::from_utf8(head).unwrap())
}

/// An address on which nobody listens.
pub fn dead_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
}

/// Writes one byte for each word of permission.
pub struct Dripping {
    pub stream: TcpStream,
    pub allowed: Receiver<()>,
}

impl Read for Dripping {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.stream.read(out)
    }
}

impl Write for Dripping {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.is_empty() || self.allowed.recv().is_err() {
            return Ok(0);
        }
        self.stream.write(&bytes[..1])
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

/// Ends the connection after so many bytes written; counts them.
pub struct Cutting {
    pub stream: TcpStream,
    pub left: usize,
    pub written: usize,
}

impl Read for Cutting {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.stream.read(out)
    }
}

impl Write for Cutting {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let now = bytes.len().min(self.left);
        if now == 0 && !bytes.is_empty() {
            let _ = self.stream.shutdown(std::net::Shutdown::Write);
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let written = self.stream.write(&bytes[..now])?;
        self.left -= written;
        self.written += written;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}
