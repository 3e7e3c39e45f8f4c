//! TLS over a non-blocking socket, driven by hand so that nothing decrypted stays hidden.
//!
//! `rustls::Stream` may hide plaintext behind a blocked write; here plaintext is handed out first,
//! and a write that TLS cannot take is `WouldBlock`, never `Ok(0)`. Works for both ends of a
//! connection. The TLS handshake needs no state of its own: what is written before it is done waits
//! in rustls' buffer (64 KiB).

use rustls::Connection;
use std::io::{self, ErrorKind, Read, Write};

/// A TLS connection over any byte stream.
#[derive(Debug)]
pub struct TlsStream<S> {
    socket: S,
    tls: Connection,
}

impl<S: Read + Write> TlsStream<S> {
    /// Begins TLS over `socket`; nothing is sent before the first read, write or flush.
    pub fn new(socket: S, tls: impl Into<Connection>) -> Self {
        Self {
            socket,
            tls: tls.into(),
        }
    }

    /// The socket below.
    pub fn socket(&self) -> &S {
        &self.socket
    }

    /// The socket below, for registering it.
    pub fn socket_mut(&mut self) -> &mut S {
        &mut self.socket
    }

    /// The handshake is not over: what is written waits.
    pub fn is_handshaking(&self) -> bool {
        self.tls.is_handshaking()
    }

    /// Tells the other side that nothing more comes; flush afterwards.
    pub fn send_close_notify(&mut self) {
        self.tls.send_close_notify();
    }

    /// Ciphertext waits for the socket.
    pub fn wants_write(&self) -> bool {
        self.tls.wants_write()
    }

    fn push(&mut self) -> io::Result<()> {
        while self.tls.wants_write() {
            match self.tls.write_tls(&mut self.socket) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn push_what_fits(&mut self) -> io::Result<()> {
        match self.push() {
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(()),
            result => result,
        }
    }
}

impl<S: Read + Write> Read for TlsStream<S> {
    /// Plaintext; `WouldBlock` only when the socket said so, `Ok(0)` after an orderly close.
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.tls.reader().read(out) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                result => return result,
            }
            match self.tls.read_tls(&mut self.socket) {
                Ok(_) => {
                    if let Err(error) = self.tls.process_new_packets() {
                        // The alert that says why, if it still gets through.
                        let _ = self.push();
                        return Err(io::Error::new(ErrorKind::InvalidData, error));
                    }
                    self.push_what_fits()?;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

impl<S: Read + Write> Write for TlsStream<S> {
    /// `WouldBlock` when TLS takes nothing more before the socket does: then, and only then, the
    /// socket's next event is still to come.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            let taken = self.tls.writer().write(bytes)?;
            if taken > 0 || bytes.is_empty() {
                self.push_what_fits()?;
                return Ok(taken);
            }
            // Full. Before the handshake is over only the other side can change that; afterwards
            // there is room as soon as the socket takes something.
            if !self.tls.wants_write() {
                return Err(ErrorKind::WouldBlock.into());
            }
            self.push()?;
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.push()?;
        self.socket.flush()
    }
}
