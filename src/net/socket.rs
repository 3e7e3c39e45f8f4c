//! What a link reads and writes: a TCP connection, with TLS or without, whose bytes are counted.

use super::tls_stream::TlsStream;
use mio::net::TcpStream;
use rustls::ClientConnection;
use std::io::{self, Read, Write};

/// A TCP connection that counts what passes.
#[derive(Debug)]
pub struct Wire {
    stream: TcpStream,
    received: u64,
}

impl Wire {
    pub fn new(stream: TcpStream) -> Self {
        Self {
            stream,
            received: 0,
        }
    }
}

impl Read for Wire {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.stream.read(out)?;
        self.received += read as u64;
        Ok(read)
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

/// See the file's head.
#[derive(Debug)]
pub enum Socket {
    /// To this machine only.
    Plain(Wire),
    Tls(Box<TlsStream<Wire>>),
}

impl Socket {
    /// Begins TLS over a connected stream when there is a session for it.
    pub fn new(stream: TcpStream, tls: Option<ClientConnection>) -> Self {
        let wire = Wire::new(stream);
        match tls {
            Some(tls) => Self::Tls(Box::new(TlsStream::new(wire, tls))),
            None => Self::Plain(wire),
        }
    }

    /// The TLS handshake is not over.
    pub fn is_handshaking(&self) -> bool {
        match self {
            Self::Plain(_) => false,
            Self::Tls(stream) => stream.is_handshaking(),
        }
    }

    /// Bytes from the wire, before decryption.
    pub fn received(&self) -> u64 {
        match self {
            Self::Plain(wire) => wire.received,
            Self::Tls(stream) => stream.socket().received,
        }
    }

    /// Tells the other side that nothing more comes, as far as that goes without waiting.
    pub fn shut_down(&mut self) {
        let stream = match self {
            Self::Plain(wire) => &wire.stream,
            Self::Tls(stream) => {
                stream.send_close_notify();
                let _ = stream.flush();
                &stream.socket().stream
            }
        };
        // An error means that the connection is down already.
        let _ = stream.shutdown(std::net::Shutdown::Both);
    }
}

impl Read for Socket {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(wire) => wire.read(out),
            Self::Tls(stream) => stream.read(out),
        }
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(wire) => wire.write(bytes),
            Self::Tls(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(wire) => wire.flush(),
            Self::Tls(stream) => stream.flush(),
        }
    }
}
