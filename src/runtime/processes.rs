//! Other processes whose standard output is read line by line through the loop.
//!
//! The pipe is a source like a socket: nothing waits for a process that is silent, and no thread is
//! spent on it. A process gets no input and no terminal signals (it is a group of its own), and does
//! not outlive its handle. Memory: one line a process, at most [`LINE_MAX`] bytes.

use super::jobs::Job;
use super::shell::Shell;
use super::sources::SourceKind;
use mio::Token;
use mio::unix::pipe::Receiver;
use std::io::{self, Read};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};

/// Longest line that is taken.
pub const LINE_MAX: usize = 64 << 10;
/// Bytes read at once.
const READ: usize = 8 << 10;

/// How a process stands after it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProcessState {
    /// It said all it has so far; the loop tells when there is more.
    Quiet,
    /// The budget of lines is used up.
    More,
    /// It closed its output: see [`ProcessLines::ended`].
    Ended,
}

/// A running process.
#[derive(Debug)]
pub struct ProcessLines {
    child: Child,
    pipe: Receiver,
    token: Token,
    /// Of the line that is not ended yet, and behind it what was read beyond.
    buffer: Vec<u8>,
    is_reaped: bool,
}

impl ProcessLines {
    /// Starts a process; its standard error goes nowhere.
    ///
    /// # Errors
    /// It cannot be started, or its pipe not be watched.
    pub fn start<J: Job>(mut command: Command, shell: &mut Shell<J>) -> io::Result<Self> {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()?;
        let stdout = child
            .stdout
            .take()
            .ok_or_else(|| io::Error::other("the process has no standard output"))?;
        let mut pipe = Receiver::from(stdout);
        let registered = pipe
            .set_nonblocking(true)
            .and_then(|()| shell.register(&mut pipe, SourceKind::Client));
        let token = match registered {
            Ok(token) => token,
            Err(error) => {
                // It must not go on unwatched.
                let _ = child.kill();
                let _ = child.wait();
                return Err(error);
            }
        };
        // What it said before the pipe was watched is asked for, too.
        shell.mark_ready(token);
        Ok(Self {
            child,
            pipe,
            token,
            buffer: Vec::with_capacity(READ),
            is_reaped: false,
        })
    }

    /// What its readiness is told by.
    pub const fn token(&self) -> Token {
        self.token
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Takes at most `budget` whole lines. A last line without an end is none.
    ///
    /// # Errors
    /// The pipe fails, a line is longer than [`LINE_MAX`], or no text.
    pub fn lines(&mut self, budget: usize, out: &mut Vec<String>) -> io::Result<ProcessState> {
        let wanted = out.len() + budget;
        loop {
            self.take_lines(wanted, out)?;
            if out.len() >= wanted {
                return Ok(ProcessState::More);
            }
            let filled = self.buffer.len();
            if filled > LINE_MAX {
                return Err(io::Error::other(format!(
                    "a line of over {LINE_MAX} bytes from process {}",
                    self.id()
                )));
            }
            self.buffer.resize(filled + READ, 0);
            let read = self.pipe.read(&mut self.buffer[filled..]);
            let count = read.as_ref().copied().unwrap_or(0);
            self.buffer.truncate(filled + count);
            match read {
                Ok(0) => return Ok(ProcessState::Ended),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    return Ok(ProcessState::Quiet);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn take_lines(&mut self, wanted: usize, out: &mut Vec<String>) -> io::Result<()> {
        let mut start = 0;
        while out.len() < wanted {
            let Some(length) = self.buffer[start..].iter().position(|b| *b == b'\n') else {
                break;
            };
            let line = std::str::from_utf8(&self.buffer[start..start + length])
                .map_err(io::Error::other)?;
            out.push(line.to_owned());
            start += length + 1;
        }
        self.buffer.drain(..start);
        Ok(())
    }

    /// How the process ended; `None` while it goes on. Never waits: one that has closed its output
    /// need not end.
    ///
    /// # Errors
    /// The system does not know the process.
    pub fn ended(&mut self) -> io::Result<Option<ExitStatus>> {
        let status = self.child.try_wait()?;
        self.is_reaped = status.is_some();
        Ok(status)
    }

    /// Takes the source out; a process that goes on is ended at once.
    pub fn close<J: Job>(mut self, shell: &mut Shell<J>) {
        // Its token is free whatever the system says.
        let _ = shell.deregister(&mut self.pipe, self.token);
        // The rest is done when the handle goes.
    }
}

impl Drop for ProcessLines {
    fn drop(&mut self) {
        if !self.is_reaped {
            // One that has ended by itself is only waited for.
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// How it ended, in words.
pub fn ending(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(0), _) => "ended before its work was done".to_owned(),
        (Some(code), _) => format!("ended with status {code}"),
        (None, Some(signal)) => format!("ended by signal {signal}"),
        (None, None) => "ended".to_owned(),
    }
}

/// Processes that this machine runs at once; 1 where it does not say.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}
