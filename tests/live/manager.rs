//! What the service manager hears, on a real datagram socket.

use crate::books::{arm, clear};
use crate::bot::{Desk, PATIENCE};
use crate::process::Process;
use crate::venue::Venue;
use serde_json::json;
use std::os::unix::net::UnixDatagram;
use std::time::{Duration, Instant};

/// The manager's end of the socket.
struct Manager {
    socket: UnixDatagram,
    heard: Vec<(Instant, String)>,
}

impl Manager {
    fn new(desk: Desk, watchdog_usec: u64) -> (Self, Desk) {
        let path = desk.folder.file("notify.sock");
        let socket = UnixDatagram::bind(&path).expect("a socket in the folder");
        let desk = desk
            .environment("NOTIFY_SOCKET", &path.display().to_string())
            .environment("WATCHDOG_USEC", &watchdog_usec.to_string());
        let heard = Vec::new();
        (Self { socket, heard }, desk)
    }

    /// Listens for a while.
    fn listen(&mut self, time: Duration) {
        let deadline = Instant::now() + time;
        let mut bytes = [0; 1024];
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            self.socket.set_read_timeout(Some(left)).expect("a time");
            if let Ok(length) = self.socket.recv(&mut bytes) {
                let text = String::from_utf8_lossy(&bytes[..length]).into_owned();
                self.heard.push((Instant::now(), text));
            }
        }
    }

    fn until(&mut self, text: &str) {
        let deadline = Instant::now() + PATIENCE;
        while self.count(text) == 0 {
            assert!(Instant::now() < deadline, "no {text}: {:?}", self.heard);
            self.listen(Duration::from_millis(50));
        }
    }

    fn count(&self, text: &str) -> usize {
        let begins = |(_, heard): &&(Instant, String)| heard.starts_with(text);
        self.heard.iter().filter(begins).count()
    }
}

#[test]
fn ready_comes_after_the_first_reconciliation_then_a_beat_at_half_its_time_and_stopping() {
    let venue = Venue::start(&[]);
    let mut rest = venue.rest();
    // The lists of orders are asked for by reconciliations alone.
    let path = "/api/v3/brokerage/orders/historical/batch";
    arm(&mut rest, &json!({"fault": "server_error", "path": path}));
    let (mut manager, desk) = Manager::new(Desk::real(&venue), 2_000_000);
    let mut bot = desk.start();
    bot.process.wait_for_line("reconciliation failed");
    manager.listen(Duration::from_millis(200));
    assert_eq!(manager.count("READY=1"), 0, "{:?}", manager.heard);
    let waiting = "STATUS=real orders; waiting for the first reconciliation;";
    assert!(manager.count(waiting) > 0, "{:?}", manager.heard);
    clear(&mut rest);
    manager.until("READY=1");
    manager.heard.clear();
    let began = Instant::now();
    manager.listen(Duration::from_secs(6));
    let beats = manager.count("WATCHDOG=1");
    let seconds = began.elapsed().as_secs() as usize;
    assert!((3..=seconds + 1).contains(&beats), "{beats} in {seconds} s");
    bot.stop();
    manager.listen(Duration::from_millis(200));
    assert_eq!(manager.count("STOPPING=1"), 1, "{:?}", manager.heard);
    assert_eq!(manager.count("READY=1"), 0, "told once");
}

#[test]
fn a_session_on_paper_is_ready_without_a_reconciliation() {
    let venue = Venue::start(&[]);
    let (mut manager, desk) = Manager::new(Desk::paper(&venue), 60_000_000);
    let bot = desk.start();
    manager.until("READY=1");
    manager.until("STATUS=paper");
    bot.stop();
    manager.until("STOPPING=1");
}

/// The exchange does not answer what a session begins with: the manager hears why nothing happens, a
/// session on paper counts as ready all the same, and an orderly stop is one.
#[test]
fn the_start_has_a_voice_and_can_be_stopped_in_order() {
    let venue = Venue::start(&[]);
    let mut rest = venue.rest();
    arm(
        &mut rest,
        &json!({"fault": "server_error", "path": "/api/v3/brokerage/time"}),
    );
    for is_paper in [true, false] {
        let desk = if is_paper {
            Desk::paper(&venue)
        } else {
            Desk::real(&venue)
        };
        let (mut manager, desk) = Manager::new(desk, 1_000_000);
        let mut process = Process::start(desk.minnow(&["trade"]), "no answer");
        manager.until("STATUS=the exchange does not answer");
        manager.listen(Duration::from_secs(2));
        assert!(manager.count("WATCHDOG=1") >= 2, "{:?}", manager.heard);
        assert_eq!(
            manager.count("READY=1"),
            usize::from(is_paper),
            "{:?}",
            manager.heard
        );
        process.signal(libc::SIGTERM);
        assert_eq!(process.wait().code(), Some(0));
    }
}
