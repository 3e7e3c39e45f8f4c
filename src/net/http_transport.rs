//! What REST calls travel over: TCP with our TLS configuration, and a note of whether a request has
//! begun to leave.
//!
//! ureq would make a TLS configuration of its own; this one is shared with the streams. Without TLS
//! only this machine is spoken to.

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use std::cell::Cell;
use std::fmt;
use std::io::{self, Read, Write};
use std::sync::Arc;
use ureq::Error;
use ureq::unversioned::transport::time::{Duration, Instant};
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, LazyBuffers, NextTimeout, Transport, TransportAdapter,
};

thread_local! {
    /// A byte of the request that this thread is at was handed to the system. A call runs on one
    /// thread from beginning to end, while connections wander between threads through the pool.
    static BEGUN: Cell<bool> = const { Cell::new(false) };
}

/// A request begins on this thread.
pub(super) fn forget_begun() {
    BEGUN.set(false);
}

/// Some of the request may have reached the other side.
pub(super) fn has_begun() -> bool {
    BEGUN.get()
}

/// Stands before the TCP connector: without TLS nothing leaves this machine.
#[derive(Debug)]
pub(super) struct PlainGuard;

impl<In: Transport> Connector<In> for PlainGuard {
    type Out = In;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<In>,
    ) -> Result<Option<In>, Error> {
        let mut addresses = details.addrs.iter();
        if details.needs_tls() || addresses.all(|address| address.ip().is_loopback()) {
            return Ok(chained);
        }
        let text = "http:// without TLS to another machine; expected https://";
        Err(Error::Io(io::Error::other(text)))
    }
}

/// Makes a TCP connection into one that carries HTTP.
#[derive(Debug)]
pub(super) struct SecureConnector {
    pub tls: Arc<ClientConfig>,
}

impl<In: Transport> Connector<In> for SecureConnector {
    type Out = HttpTransport<In>;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<In>,
    ) -> Result<Option<Self::Out>, Error> {
        let Some(tcp) = chained else {
            return Err(Error::ConnectionFailed);
        };
        if !details.needs_tls() {
            return Ok(Some(HttpTransport::Plain(tcp)));
        }
        let host = details.uri.host().unwrap_or_default();
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let name = ServerName::try_from(host.to_owned())
            .map_err(|error| Error::Io(io::Error::other(error)))?;
        let mut session = ClientConnection::new(Arc::clone(&self.tls), name)
            .map_err(|error| Error::Io(io::Error::other(error)))?;
        let mut adapter = TransportAdapter::new(tcp, Arc::clone(&details.current_time));
        adapter.set_timeout(left(details));
        session.complete_io(&mut adapter)?;
        let buffers = LazyBuffers::new(
            details.config.input_buffer_size(),
            details.config.output_buffer_size(),
        );
        let stream = StreamOwned::new(session, adapter);
        Ok(Some(HttpTransport::Tls(Box::new(TlsTransport {
            buffers,
            stream,
        }))))
    }
}

/// What is left of the time for connecting, of which TCP has had its part.
fn left(details: &ConnectionDetails<'_>) -> NextTimeout {
    let mut timeout = details.timeout;
    let now = (details.current_time)();
    if let (Duration::Exact(limit), Instant::Exact(begun), Instant::Exact(now)) =
        (timeout.after, details.now, now)
    {
        timeout.after = Duration::Exact(limit.saturating_sub(now.duration_since(begun)));
    }
    timeout
}

/// TLS over a transport of ureq's.
pub(super) struct TlsTransport<In: Transport> {
    buffers: LazyBuffers,
    stream: StreamOwned<ClientConnection, TransportAdapter<In>>,
}

/// See the file's head.
pub(super) enum HttpTransport<In: Transport> {
    Plain(In),
    Tls(Box<TlsTransport<In>>),
}

impl<In: Transport> fmt::Debug for HttpTransport<In> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Plain(_) => "HttpTransport::Plain",
            Self::Tls(_) => "HttpTransport::Tls",
        })
    }
}

impl<In: Transport> Transport for HttpTransport<In> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        match self {
            Self::Plain(tcp) => tcp.buffers(),
            Self::Tls(tls) => &mut tls.buffers,
        }
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        // Before the attempt: what a failed write has sent is not known.
        BEGUN.set(true);
        match self {
            Self::Plain(tcp) => tcp.transmit_output(amount, timeout),
            Self::Tls(tls) => {
                tls.stream.sock.set_timeout(timeout);
                let output = &tls.buffers.output()[..amount];
                tls.stream.write_all(output)?;
                Ok(())
            }
        }
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        match self {
            Self::Plain(tcp) => tcp.await_input(timeout),
            Self::Tls(tls) => {
                tls.stream.sock.set_timeout(timeout);
                let amount = tls.stream.read(tls.buffers.input_append_buf())?;
                tls.buffers.input_appended(amount);
                Ok(amount > 0)
            }
        }
    }

    fn is_open(&mut self) -> bool {
        match self {
            Self::Plain(tcp) => tcp.is_open(),
            Self::Tls(tls) => tls.stream.sock.get_mut().is_open(),
        }
    }

    fn is_tls(&self) -> bool {
        matches!(self, Self::Tls(_))
    }
}
