//! What a service manager is told: ready, stopping, status, and that the loop still turns.
//!
//! Datagrams to the socket that `NOTIFY_SOCKET` names (sd_notify(3)); a leading `@` is the abstract
//! namespace. Nothing here can fail the process: who does not listen is not told.

use crate::core::units::stamp::SECOND;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

/// Where the service manager listens, and how often it wants to hear that all is well.
#[derive(Debug)]
pub struct Notifier {
    socket: UnixDatagram,
    address: SocketAddr,
    /// Half of what the manager waits for, nanoseconds.
    watchdog: Option<i64>,
    next_watchdog: i64,
    is_ready: bool,
    status: String,
}

/// The three variables, as they stand in the environment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NotifyVariables {
    /// `NOTIFY_SOCKET`
    pub socket: Option<String>,
    /// `WATCHDOG_USEC`
    pub watchdog_usec: Option<String>,
    /// `WATCHDOG_PID`
    pub watchdog_pid: Option<String>,
}

impl Notifier {
    /// `None` when no manager listens, or at an address that is none.
    pub fn new(variables: &NotifyVariables, pid: u32) -> Option<Self> {
        let name = variables
            .socket
            .as_deref()
            .filter(|name| !name.is_empty())?;
        let address = match name.strip_prefix('@') {
            Some(name) => SocketAddr::from_abstract_name(name).ok()?,
            None => SocketAddr::from_pathname(name).ok()?,
        };
        let socket = UnixDatagram::unbound().ok()?;
        // A manager that does not read must not hold the loop up.
        socket.set_nonblocking(true).ok()?;
        let is_ours = variables
            .watchdog_pid
            .as_deref()
            .is_none_or(|wanted| wanted.parse() == Ok(pid));
        let watchdog = variables
            .watchdog_usec
            .as_deref()
            .filter(|_| is_ours)
            .and_then(|text| text.parse::<i64>().ok())
            .filter(|usec| *usec > 0)
            .map(|usec| usec.saturating_mul(1000) / 2);
        Some(Self {
            socket,
            address,
            watchdog,
            next_watchdog: 0,
            is_ready: false,
            status: String::new(),
        })
    }

    fn send(&self, text: &str) {
        let _ = self.socket.send_to_addr(text.as_bytes(), &self.address);
    }

    /// The service does its work from now on; told once.
    pub fn ready(&mut self) {
        if !std::mem::replace(&mut self.is_ready, true) {
            self.send("READY=1");
        }
    }

    pub fn is_ready(&self) -> bool {
        self.is_ready
    }

    /// It is on its way down.
    pub fn stopping(&self) {
        self.send("STOPPING=1");
    }

    /// How it stands, in a line of plain words; told when it has changed.
    pub fn status(&mut self, text: &str) {
        let line = text.replace('\n', " ");
        if self.status != line {
            self.send(&format!("STATUS={line}"));
            self.status = line;
        }
    }

    /// When [`Notifier::watchdog`] is wanted next, monotonic nanoseconds.
    pub fn next_deadline(&self) -> Option<i64> {
        self.watchdog.map(|_| self.next_watchdog)
    }

    /// The loop turns. `is_healthy` false lets the manager's patience run out.
    pub fn watchdog(&mut self, now: i64, is_healthy: bool) {
        let Some(every) = self.watchdog.filter(|_| self.next_watchdog <= now) else {
            return;
        };
        self.next_watchdog = now.saturating_add(every.min(SECOND * 3600));
        if is_healthy {
            self.send("WATCHDOG=1");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(socket: &str) -> NotifyVariables {
        NotifyVariables {
            socket: Some(socket.to_owned()),
            watchdog_usec: Some("2000000".to_owned()),
            watchdog_pid: None,
        }
    }

    fn heard(listener: &UnixDatagram) -> Option<String> {
        let mut bytes = [0; 256];
        let length = listener.recv(&mut bytes).ok()?;
        Some(String::from_utf8_lossy(&bytes[..length]).into_owned())
    }

    #[test]
    fn a_manager_hears_each_thing_once_and_the_watchdog_at_half_its_time() {
        let name = format!("minnow-notify-test-{}", std::process::id());
        let address = SocketAddr::from_abstract_name(&name).unwrap();
        let listener = UnixDatagram::bind_addr(&address).unwrap();
        listener.set_nonblocking(true).unwrap();
        let mut notifier = Notifier::new(&variables(&format!("@{name}")), 7).unwrap();
        notifier.ready();
        notifier.ready();
        notifier.status("trading\nBTC-USD");
        notifier.status("trading\nBTC-USD");
        notifier.watchdog(10 * SECOND, true);
        assert_eq!(notifier.next_deadline(), Some(11 * SECOND));
        notifier.watchdog(10 * SECOND + 1, true);
        notifier.watchdog(11 * SECOND, false);
        notifier.stopping();
        for wanted in [
            "READY=1",
            "STATUS=trading BTC-USD",
            "WATCHDOG=1",
            "STOPPING=1",
        ] {
            assert_eq!(heard(&listener).as_deref(), Some(wanted));
        }
        assert_eq!(heard(&listener), None);
    }

    #[test]
    fn a_watchdog_of_another_process_is_not_fed_and_no_manager_is_no_notifier() {
        let mut other = variables("@minnow-nobody");
        other.watchdog_pid = Some("8".to_owned());
        assert_eq!(Notifier::new(&other, 7).unwrap().next_deadline(), None);
        assert!(Notifier::new(&NotifyVariables::default(), 7).is_none());
    }
}
