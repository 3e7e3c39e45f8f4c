//! Connecting to a host that has several addresses, without waiting on the loop: "happy eyeballs"
//! (RFC 8305).
//!
//! Addresses are tried alternating between the families, the next one 250 ms after the last or at
//! once when one has failed; the first connection wins and the others are given up. The state
//! machine is told the time and what is ready; it says when it wants to be woken. Limits: 8
//! addresses, one total deadline.

use super::seconds;
use mio::Token;
use mio::net::TcpStream;
use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;

/// Wait before the next address, ms: the recommended delay of RFC 8305, section 5.
pub const NEXT_AFTER_MS: u64 = 250;
/// Addresses tried at most.
const ADDRESSES_MAX: usize = 8;

/// What registers sockets with the poll for us; the loop implements it.
pub trait Registrar {
    /// Registers for reading and writing, edge-triggered, for the socket's whole life.
    ///
    /// # Errors
    /// The system refuses.
    fn register(&mut self, socket: &mut TcpStream) -> io::Result<Token>;

    /// The socket of this token is closed, or will be within the turn: no event of it is wanted.
    fn release(&mut self, token: Token);
}

/// A connection that stands.
#[derive(Debug)]
pub struct Connected {
    pub stream: TcpStream,
    pub token: Token,
    pub address: SocketAddr,
}

/// How dialling stands.
#[derive(Debug)]
pub enum DialStep {
    Waiting,
    Connected(Connected),
    /// No address answered; the text names each and what it said.
    Failed(String),
}

/// See the file's head.
#[derive(Debug)]
pub struct Dial {
    waiting: VecDeque<SocketAddr>,
    attempts: Vec<Connected>,
    next_due: Option<u64>,
    started: u64,
    deadline: u64,
    failures: Vec<String>,
}

impl Dial {
    /// Starts with the first address. `limit_ms` bounds all attempts together.
    pub fn start(
        addresses: &[SocketAddr],
        now: u64,
        limit_ms: u64,
        registrar: &mut dyn Registrar,
    ) -> (Self, DialStep) {
        let mut dial = Self {
            waiting: alternating(addresses),
            attempts: Vec::new(),
            next_due: None,
            started: now,
            deadline: now.saturating_add(limit_ms),
            failures: Vec::new(),
        };
        let step = dial.try_next(now, registrar);
        (dial, step)
    }

    /// When to call [`Dial::on_deadline`], monotonic ms.
    pub fn next_deadline(&self) -> u64 {
        self.next_due.unwrap_or(u64::MAX).min(self.deadline)
    }

    pub fn owns(&self, token: Token) -> bool {
        self.attempts.iter().any(|attempt| attempt.token == token)
    }

    /// Something happened to one of the sockets.
    pub fn on_ready(&mut self, token: Token, now: u64, registrar: &mut dyn Registrar) -> DialStep {
        let Some(index) = self.attempts.iter().position(|a| a.token == token) else {
            return DialStep::Waiting;
        };
        match is_connected(&self.attempts[index].stream) {
            Ok(false) => DialStep::Waiting,
            Ok(true) => {
                let winner = self.attempts.swap_remove(index);
                self.give_up(registrar);
                DialStep::Connected(winner)
            }
            Err(error) => {
                let attempt = self.attempts.swap_remove(index);
                registrar.release(attempt.token);
                self.failures.push(format!("{}: {error}", attempt.address));
                self.try_next(now, registrar)
            }
        }
    }

    /// Time has passed: the next address, or the end.
    pub fn on_deadline(&mut self, now: u64, registrar: &mut dyn Registrar) -> DialStep {
        if now >= self.deadline {
            for attempt in &self.attempts {
                let limit = seconds(self.deadline.saturating_sub(self.started));
                let text = format!("{}: no answer within {limit}", attempt.address);
                self.failures.push(text);
            }
            self.give_up(registrar);
            return self.failed();
        }
        match self.next_due {
            Some(due) if due <= now => self.try_next(now, registrar),
            _ => DialStep::Waiting,
        }
    }

    /// Closes every attempt.
    pub fn give_up(&mut self, registrar: &mut dyn Registrar) {
        self.waiting.clear();
        self.next_due = None;
        for attempt in self.attempts.drain(..) {
            registrar.release(attempt.token);
        }
    }

    /// Starts the next address that can be started at all.
    fn try_next(&mut self, now: u64, registrar: &mut dyn Registrar) -> DialStep {
        self.next_due = None;
        while let Some(address) = self.waiting.pop_front() {
            match begin(address, registrar) {
                Ok(attempt) => {
                    self.attempts.push(attempt);
                    if !self.waiting.is_empty() {
                        self.next_due = Some(now.saturating_add(NEXT_AFTER_MS));
                    }
                    return DialStep::Waiting;
                }
                // No route for this family is told at once.
                Err(error) => self.failures.push(format!("{address}: {error}")),
            }
        }
        if self.attempts.is_empty() {
            return self.failed();
        }
        DialStep::Waiting
    }

    fn failed(&self) -> DialStep {
        if self.failures.is_empty() {
            return DialStep::Failed("no address to connect to".to_owned());
        }
        DialStep::Failed(self.failures.join("; "))
    }
}

fn begin(address: SocketAddr, registrar: &mut dyn Registrar) -> io::Result<Connected> {
    let mut stream = TcpStream::connect(address)?;
    let token = registrar.register(&mut stream)?;
    Ok(Connected {
        stream,
        token,
        address,
    })
}

/// Readiness may be spurious: connected is what has a peer and no pending error.
fn is_connected(stream: &TcpStream) -> io::Result<bool> {
    if let Some(error) = stream.take_error()? {
        return Err(error);
    }
    match stream.peer_addr() {
        Ok(_) => {
            stream.set_nodelay(true)?;
            Ok(true)
        }
        Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(false),
        Err(error) if error.raw_os_error() == Some(libc::EINPROGRESS) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Alternates between the families. The first one is that of the first address: the system's
/// resolver puts what it can reach in front (RFC 6724).
fn alternating(addresses: &[SocketAddr]) -> VecDeque<SocketAddr> {
    let first_is_v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (mut ours, mut others): (VecDeque<SocketAddr>, VecDeque<SocketAddr>) = addresses
        .iter()
        .copied()
        .partition(|address| address.is_ipv6() == first_is_v6);
    let mut order = VecDeque::new();
    while order.len() < ADDRESSES_MAX && !(ours.is_empty() && others.is_empty()) {
        order.extend(ours.pop_front());
        order.extend(others.pop_front());
    }
    order.truncate(ADDRESSES_MAX);
    order
}

#[cfg(test)]
#[path = "dial_tests.rs"]
mod tests;
