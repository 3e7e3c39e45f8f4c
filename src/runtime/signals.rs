//! Signals as bytes in sockets that the poll watches: no thread, nothing done in a handler.
//!
//! One socket pair a signal, so its token says which one came; the bytes are cleared first and the
//! signal is acted on second. A second stop signal ends the process at once with status 3, from
//! the handler itself: it must work when the loop does not turn, and after its end, while a report
//! waits for its reader. SIGPIPE is ignored by the standard library already.

use mio::event::Source as _;
use mio::net::UnixStream;
use mio::{Interest, Registry, Token};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGUSR2};
use signal_hook::{SigId, flag, low_level};
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Status of a process that a second stop signal ended.
pub(super) const STOPPED_AT_ONCE: i32 = 3;

/// What somebody outside wants of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// SIGINT: stop in order.
    Interrupt,
    /// SIGTERM: stop in order.
    Terminate,
    /// SIGHUP: read the configuration again.
    Reload,
    /// SIGUSR1: write a status dump to the log.
    StatusDump,
    /// SIGUSR2: emergency stop.
    EmergencyStop,
}

impl Signal {
    const ALL: [(Self, i32); 5] = [
        (Self::EmergencyStop, SIGUSR2),
        (Self::Interrupt, SIGINT),
        (Self::Terminate, SIGTERM),
        (Self::Reload, SIGHUP),
        (Self::StatusDump, SIGUSR1),
    ];
    pub(super) const COUNT: usize = Self::ALL.len();

    pub const fn name(self) -> &'static str {
        match self {
            Self::Interrupt => "SIGINT",
            Self::Terminate => "SIGTERM",
            Self::Reload => "SIGHUP",
            Self::StatusDump => "SIGUSR1",
            Self::EmergencyStop => "SIGUSR2",
        }
    }

    /// Asks for an orderly stop.
    pub const fn is_stop(self) -> bool {
        matches!(self, Self::Interrupt | Self::Terminate)
    }
}

pub(super) struct Signals {
    /// In the order of [`Signal::ALL`]; the token is `first` + index.
    pipes: Vec<UnixStream>,
    pending: [bool; Signal::COUNT],
    first: usize,
    /// Those that write into the sockets: they go with them.
    handlers: Vec<SigId>,
}

impl Signals {
    /// Installs the handlers; their tokens are `first` and the next ones.
    ///
    /// # Errors
    /// No descriptors left, or the system refuses a handler.
    pub fn install(registry: &Registry, first: usize) -> io::Result<Self> {
        let mut signals = Self {
            pipes: Vec::new(),
            pending: [false; Signal::COUNT],
            first,
            handlers: Vec::new(),
        };
        let stopping = Arc::new(AtomicBool::new(false));
        for (index, (signal, number)) in Signal::ALL.into_iter().enumerate() {
            if signal.is_stop() {
                // In this order: the first signal finds the flag down and raises it.
                // They stay for the rest of the process.
                flag::register_conditional_shutdown(
                    number,
                    STOPPED_AT_ONCE,
                    Arc::clone(&stopping),
                )?;
                flag::register(number, Arc::clone(&stopping))?;
            }
            let (mut ours, theirs) = UnixStream::pair()?;
            let theirs = std::os::fd::OwnedFd::from(theirs);
            signals
                .handlers
                .push(low_level::pipe::register(number, theirs)?);
            ours.register(registry, Token(first + index), Interest::READABLE)?;
            signals.pipes.push(ours);
        }
        Ok(signals)
    }

    /// Notes an event; `false`: the token belongs to somebody else.
    pub fn mark(&mut self, token: Token) -> bool {
        match token.0.checked_sub(self.first) {
            Some(index) if index < Signal::COUNT => {
                self.pending[index] = true;
                true
            }
            _ => false,
        }
    }

    /// The next signal that came: emergency first, dumps last. The same one twice before this call
    /// is one.
    pub fn next(&mut self) -> Option<Signal> {
        let index = self.pending.iter().position(|pending| *pending)?;
        self.pending[index] = false;
        let mut bytes = [0; 64];
        // Bounded by the bytes in the socket: handlers write one a signal.
        while self.pipes[index]
            .read(&mut bytes)
            .is_ok_and(|length| length > 0)
        {}
        Some(Signal::ALL[index].0)
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        for handler in self.handlers.drain(..) {
            low_level::unregister(handler);
        }
    }
}

/// Signals that may come while no loop is there to hear them, as between the questions of a start and its
/// session: noted, and asked about by whoever goes on.
#[derive(Debug)]
pub struct EarlySignals {
    /// In the order of [`EarlySignals::HEARD`].
    came: [Arc<AtomicBool>; 3],
    handlers: Vec<SigId>,
}

impl EarlySignals {
    const HEARD: [(Signal, i32); 3] = [
        (Signal::EmergencyStop, SIGUSR2),
        (Signal::Interrupt, SIGINT),
        (Signal::Terminate, SIGTERM),
    ];

    /// Listens from here on, beside any loop.
    ///
    /// # Errors
    /// The system refuses a handler.
    pub fn install() -> io::Result<Self> {
        let mut early = Self {
            came: Default::default(),
            handlers: Vec::new(),
        };
        for ((_, number), came) in Self::HEARD.iter().zip(&early.came) {
            let handler = flag::register(*number, Arc::clone(came))?;
            early.handlers.push(handler);
        }
        Ok(early)
    }

    fn heard(&self) -> impl Iterator<Item = Signal> {
        let all = Self::HEARD.iter().zip(&self.came);
        let came = all.filter(|(_, came)| came.load(Ordering::Relaxed));
        came.map(|((signal, _), _)| *signal)
    }

    /// An emergency stop came.
    pub fn emergency_stop(&self) -> bool {
        self.heard().any(|signal| signal == Signal::EmergencyStop)
    }

    /// The stop signal that came.
    pub fn stop(&self) -> Option<Signal> {
        self.heard().find(|signal| signal.is_stop())
    }
}

impl Drop for EarlySignals {
    fn drop(&mut self) {
        for handler in self.handlers.drain(..) {
            low_level::unregister(handler);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_tell_the_signals_and_emergencies_come_first() {
        let poll = mio::Poll::new().unwrap();
        let mut signals = Signals::install(poll.registry(), 100).unwrap();
        assert!(!signals.mark(Token(99)));
        assert!(!signals.mark(Token(100 + Signal::COUNT)));
        for index in (0..Signal::COUNT).rev() {
            assert!(signals.mark(Token(100 + index)));
        }
        let order: Vec<_> = std::iter::from_fn(|| signals.next()).collect();
        assert_eq!(order[0], Signal::EmergencyStop);
        assert_eq!(order.len(), Signal::COUNT);
        assert_eq!(order[4], Signal::StatusDump);
    }

    #[test]
    fn what_comes_while_no_loop_listens_is_noted() {
        let early = EarlySignals::install().unwrap();
        assert_eq!((early.emergency_stop(), early.stop()), (false, None));
        // As the handler does it; a signal would reach the loops of other tests.
        early.came[0].store(true, Ordering::Relaxed);
        assert_eq!((early.emergency_stop(), early.stop()), (true, None));
    }
}
