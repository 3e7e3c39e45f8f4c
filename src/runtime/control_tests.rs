//! The control socket with a small application: who gets a place, and who loses it.

use super::super::application::{Application, EffectReport};
use super::super::event_loop::{EventLoop, LoopSettings};
use super::super::jobs::Slice;
use super::super::signals::Signal;
use super::super::sources::{Readiness, SourceState};
use super::*;
use std::io::{BufRead, BufReader};
use std::os::unix::net::UnixStream as Socket;
use std::time::Duration;

struct Nothing;

impl Job for Nothing {
    type Output = ();
    fn run(self) -> Slice<Self> {
        Slice::Done(())
    }
}

/// Answers each line with itself, ends at `end`, never answers `later`.
struct Echo(Control);

impl Application for Echo {
    type Job = Nothing;

    fn start(&mut self, shell: &mut Shell<Nothing>) -> io::Result<()> {
        self.0.attach(shell)
    }

    fn on_signal(&mut self, _: Signal, _: &mut Shell<Nothing>) {}

    fn on_effect(&mut self, _: EffectReport<()>, _: &mut Shell<Nothing>) {}

    fn on_ready(
        &mut self,
        token: Token,
        _: Readiness,
        _: usize,
        shell: &mut Shell<Nothing>,
    ) -> SourceState {
        for request in self.0.on_ready(token, shell) {
            if request.line != "later" {
                self.0.answer(request.client, &request.line, shell);
            }
            if request.line == "end" {
                self.0.detach(shell);
                shell.request_exit(0);
            }
        }
        SourceState::Drained
    }

    fn turn(&mut self, shell: &mut Shell<Nothing>) {
        self.0.on_deadline(shell);
    }

    fn next_deadline(&mut self) -> Option<u64> {
        self.0.next_deadline()
    }
}

/// Serves a socket in a thread while `test` runs, until that has sent `end`.
fn served(control: Control, test: impl FnOnce(&Path)) -> Control {
    let path = control.path.clone();
    std::thread::scope(|scope| {
        let served = scope.spawn(|| {
            let mut echo = Echo(control);
            let machine = EventLoop::new(LoopSettings::default()).unwrap();
            machine.run(&mut echo).unwrap();
            echo.0
        });
        test(&path);
        served.join().unwrap()
    })
}

fn bound(name: &str) -> Control {
    let name = format!("minnow-{name}-{}.sock", std::process::id());
    Control::bind(&std::env::temp_dir().join(name)).unwrap()
}

fn connect(path: &Path) -> BufReader<Socket> {
    BufReader::new(Socket::connect(path).unwrap())
}

/// What a client is answered; empty when it is closed.
fn ask(client: &mut BufReader<Socket>, line: &str) -> String {
    let mut answer = String::new();
    client
        .get_mut()
        .write_all(format!("{line}\n").as_bytes())
        .unwrap();
    client.read_line(&mut answer).unwrap();
    answer.trim_end().to_owned()
}

fn is_closed(client: &mut BufReader<Socket>) -> bool {
    client.fill_buf().is_ok_and(<[u8]>::is_empty)
}

#[test]
fn this_user_and_root_may_command_and_nobody_else() {
    // SAFETY: takes nothing and cannot fail.
    let own = unsafe { libc::geteuid() };
    assert!(may_command(0) && may_command(own));
    assert!(!may_command(own.wrapping_add(1)));
}

#[test]
fn the_client_that_has_said_nothing_for_longest_gives_way() {
    let control = served(bound("gives-way"), |path| {
        let mut silent = connect(path);
        let mut others: Vec<_> = (1..CLIENTS_MAX).map(|_| connect(path)).collect();
        for other in &mut others {
            assert_eq!(ask(other, "hello"), "hello");
        }
        let mut further = connect(path);
        assert_eq!(ask(&mut further, "in time"), "in time");
        assert!(is_closed(&mut silent));
        for other in &mut others {
            assert_eq!(ask(other, "still here"), "still here");
        }
        ask(&mut further, "end");
    });
    assert_eq!(control.counts().gave_way, 1);
}

#[test]
fn who_is_owed_an_answer_keeps_its_place_and_who_waits_gets_the_next_one() {
    let control = served(bound("owed"), |path| {
        let mut all: Vec<_> = (0..CLIENTS_MAX).map(|_| connect(path)).collect();
        for client in &mut all {
            client.get_mut().write_all(b"later\n").unwrap();
        }
        let mut further = connect(path);
        further.get_mut().write_all(b"waits\n").unwrap();
        further
            .get_mut()
            .set_read_timeout(Some(Duration::from_millis(100)))
            .unwrap();
        assert!(further.fill_buf().is_err(), "nobody gives way to it");
        further.get_mut().set_read_timeout(None).unwrap();
        all.pop();
        let mut answer = String::new();
        further.read_line(&mut answer).unwrap();
        assert_eq!(answer, "waits\n");
        ask(&mut further, "end");
    });
    assert_eq!(control.counts().requests, 6);
}

#[test]
fn a_client_that_sends_nothing_whole_for_long_is_closed() {
    let mut control = bound("idle");
    control.idle_max_ms = 50;
    let control = served(control, |path| {
        let mut half = connect(path);
        half.get_mut().write_all(b"no end of line").unwrap();
        assert!(is_closed(&mut half));
        ask(&mut connect(path), "end");
    });
    assert_eq!(control.counts().idle, 1);
}

#[test]
fn clients_stay_connected_from_one_loop_to_the_next() {
    let mut kept = None;
    let control = served(bound("handed-over"), |path| {
        let mut client = connect(path);
        assert_eq!(ask(&mut client, "first loop"), "first loop");
        ask(&mut client, "end");
        kept = Some(client);
    });
    // Nobody serves it now: who comes waits.
    let mut between = connect(&control.path);
    between.get_mut().write_all(b"between\n").unwrap();
    served(control, |_| {
        let mut answer = String::new();
        between.read_line(&mut answer).unwrap();
        assert_eq!(answer, "between\n");
        let mut client = kept.take().unwrap();
        assert_eq!(ask(&mut client, "second loop"), "second loop");
        ask(&mut client, "end");
    });
}
