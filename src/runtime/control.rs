//! The control socket: one line of JSON in, one line of JSON out, for this user's own processes.
//!
//! A Unix socket of mode 0600 in the data directory; who connects must have the process's user id, or
//! be root, who commands a service that runs under a user of its own.
//! Bounded: [`CLIENTS_MAX`] clients, a line of at most [`LINE_MAX`] bytes, answers of at most
//! [`ANSWER_MAX`]; who exceeds them is let go, and so is who says nothing. Nobody waits for a place
//! behind one who has nothing to say: a command that its sender has given up must not be carried out
//! later. It outlives the loop it is served by. Knows no command: the application does.

use super::jobs::Job;
use super::shell::Shell;
use super::sources::SourceKind;
use mio::Token;
use mio::net::{UnixListener, UnixStream};
use serde::Serialize;
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Clients at once; for a further one the one that has said nothing for longest gives way.
pub const CLIENTS_MAX: usize = 4;
/// Bytes of a request.
pub const LINE_MAX: usize = 4096;
/// Bytes of answers that wait for a client.
pub const ANSWER_MAX: usize = 1 << 20;
/// A client that has sent no whole line for so long is closed, milliseconds. Longer than anybody waits
/// for an answer.
const IDLE_MAX_MS: u64 = 30_000;

/// One connection.
#[derive(Debug)]
struct Client {
    stream: UnixStream,
    token: Token,
    input: Vec<u8>,
    output: Vec<u8>,
    /// Its last whole line, or its coming, in the loop's milliseconds.
    heard_ms: u64,
    /// Lines that are not answered yet.
    owed: usize,
    /// Nothing more is read; it goes once its answers are out.
    is_leaving: bool,
}

/// A line that a client sent.
#[derive(Debug, PartialEq, Eq)]
pub struct Request {
    /// Whom to answer.
    pub client: Token,
    pub line: String,
}

/// Counts since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ControlCounts {
    pub requests: u64,
    /// Closed because they sent no whole line for long.
    pub idle: u64,
    /// Closed because somebody else wanted the place.
    pub gave_way: u64,
    /// Closed because of a line too long or answers that were not fetched.
    pub overflowed: u64,
    /// Of another user.
    pub strangers: u64,
}

/// See the file's head.
#[derive(Debug)]
pub struct Control {
    path: PathBuf,
    listener: UnixListener,
    /// `None` between two loops.
    token: Option<Token>,
    clients: Vec<Client>,
    idle_max_ms: u64,
    /// Waits for a place while everybody is owed an answer; behind it the system's queue.
    waiting: Option<UnixStream>,
    counts: ControlCounts,
}

impl Control {
    /// Listens at `path`, served by this loop.
    ///
    /// # Errors
    /// The socket cannot be made: names the path.
    pub fn listen<J: Job>(path: &Path, shell: &mut Shell<J>) -> io::Result<Self> {
        let mut control = Self::bind(path)?;
        control.attach(shell)?;
        Ok(control)
    }

    /// Listens at `path`; who connects waits until a loop serves it. A socket that a dead process left is
    /// replaced.
    ///
    /// # Errors
    /// A living process listens there (its ledger is another one, since ours is locked by us), or the
    /// socket cannot be made: names the path.
    pub fn bind(path: &Path) -> io::Result<Self> {
        let named = |error: io::Error| {
            let text = format!("control socket {}: {error}", path.display());
            io::Error::new(error.kind(), text)
        };
        // Connecting to a socket of this machine never waits: a full queue is an answer of the living.
        let dead = match UnixStream::connect(path) {
            Ok(_) => false,
            Err(error) => matches!(
                error.kind(),
                ErrorKind::NotFound | ErrorKind::ConnectionRefused
            ),
        };
        if !dead {
            let text = "another minnow listens here: one bot a data directory (data.directory)";
            return Err(named(io::Error::new(ErrorKind::AddrInUse, text)));
        }
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(named(error)),
            _ => {}
        }
        let listener = UnixListener::bind(path).map_err(named)?;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).map_err(named)?;
        Ok(Self {
            path: path.to_owned(),
            listener,
            token: None,
            clients: Vec::new(),
            idle_max_ms: IDLE_MAX_MS,
            waiting: None,
            counts: ControlCounts::default(),
        })
    }

    /// This loop serves it from now on, with those that are connected.
    ///
    /// # Errors
    /// The system refuses: names the path.
    pub fn attach<J: Job>(&mut self, shell: &mut Shell<J>) -> io::Result<()> {
        let token = shell
            .register(&mut self.listener, SourceKind::Client)
            .map_err(|error| {
                let text = format!("control socket {}: {error}", self.path.display());
                io::Error::new(error.kind(), text)
            })?;
        // Whoever came meanwhile is told of by no event.
        shell.mark_ready(token);
        self.token = Some(token);
        self.clients.retain_mut(|client| {
            let Ok(token) = shell.register(&mut client.stream, SourceKind::Client) else {
                return false;
            };
            client.token = token;
            shell.mark_ready(token);
            true
        });
        Ok(())
    }

    /// The loop is about to end; another one goes on with [`Control::attach`]. Who connects meanwhile
    /// waits.
    pub fn detach<J: Job>(&mut self, shell: &mut Shell<J>) {
        let Some(token) = self.token.take() else {
            return;
        };
        // A loop that ends forgets them in any case.
        let _ = shell.deregister(&mut self.listener, token);
        for client in &mut self.clients {
            let _ = shell.deregister(&mut client.stream, client.token);
        }
    }

    pub fn owns(&self, token: Token) -> bool {
        self.token == Some(token) || self.clients.iter().any(|client| client.token == token)
    }

    pub fn counts(&self) -> ControlCounts {
        self.counts
    }

    /// Clients and counts, as the status shows them.
    pub fn seen(&self) -> serde_json::Value {
        serde_json::json!({ "clients": self.clients.len(), "counts": self.counts })
    }

    /// Serves an event: the requests that have come.
    pub fn on_ready<J: Job>(&mut self, token: Token, shell: &mut Shell<J>) -> Vec<Request> {
        let mut requests = Vec::new();
        if self.token == Some(token) {
            self.accept(&mut requests, shell);
        } else if let Some(client) = self.clients.iter_mut().find(|c| c.token == token) {
            client.read(shell.now_ms(), &mut requests, &mut self.counts);
            client.write();
        }
        self.let_go(shell);
        requests
    }

    /// Answers a client with one line.
    pub fn answer<J: Job>(&mut self, client: Token, line: &str, shell: &mut Shell<J>) {
        if let Some(client) = self.clients.iter_mut().find(|c| c.token == client) {
            client.owed = client.owed.saturating_sub(1);
            if client.output.len() + line.len() < ANSWER_MAX {
                client.output.extend_from_slice(line.as_bytes());
                client.output.push(b'\n');
            } else {
                client.overflow(&mut self.counts);
            }
            client.write();
        }
        self.let_go(shell);
    }

    /// When [`Control::on_deadline`] is wanted next, in the loop's milliseconds.
    pub fn next_deadline(&self) -> Option<u64> {
        let heard = self.clients.iter().map(|client| client.heard_ms).min();
        heard.map(|heard| heard.saturating_add(self.idle_max_ms))
    }

    /// Closes those that have sent nothing whole for too long.
    pub fn on_deadline<J: Job>(&mut self, shell: &mut Shell<J>) {
        let Some(since) = shell.now_ms().checked_sub(self.idle_max_ms) else {
            return;
        };
        for client in &mut self.clients {
            if client.heard_ms <= since {
                self.counts.idle += 1;
                client.drop_now();
            }
        }
        self.let_go(shell);
    }

    fn accept<J: Job>(&mut self, requests: &mut Vec<Request>, shell: &mut Shell<J>) {
        let now = shell.now_ms();
        for _ in 0..SourceKind::Client.budget() {
            let come = match self.waiting.take() {
                Some(stream) => Ok(stream),
                None => self.listener.accept().map(|(stream, _)| stream),
            };
            let Ok(mut stream) = come else {
                return;
            };
            if !peer_user(&stream).is_some_and(may_command) {
                self.counts.strangers += 1;
                continue;
            }
            if self.clients.len() >= CLIENTS_MAX && !self.make_room(requests, shell) {
                self.waiting = Some(stream);
                return;
            }
            let Ok(token) = shell.register(&mut stream, SourceKind::Client) else {
                continue;
            };
            let mut client = Client {
                stream,
                token,
                input: Vec::new(),
                output: Vec::new(),
                heard_ms: now,
                owed: 0,
                is_leaving: false,
            };
            // What it sent at once is heard before it could give way to the next one.
            client.read(now, requests, &mut self.counts);
            self.clients.push(client);
        }
        // More of them may wait.
        if let Some(token) = self.token {
            shell.mark_ready(token);
        }
    }

    /// A place for a newcomer, if there is one: from those that have gone, else from the one that has
    /// said nothing for longest and is owed no answer. `false`: all are owed one, and who waits gets
    /// the first place that is free then.
    fn make_room<J: Job>(&mut self, requests: &mut Vec<Request>, shell: &mut Shell<J>) -> bool {
        let now = shell.now_ms();
        for client in &mut self.clients {
            client.read(now, requests, &mut self.counts);
        }
        self.let_go(shell);
        if self.clients.len() < CLIENTS_MAX {
            return true;
        }
        let silent = self.clients.iter_mut().filter(|client| client.may_go());
        let Some(client) = silent.min_by_key(|client| client.heard_ms) else {
            return false;
        };
        self.counts.gave_way += 1;
        client.drop_now();
        self.let_go(shell);
        true
    }

    fn let_go<J: Job>(&mut self, shell: &mut Shell<J>) {
        self.clients.retain(|client| {
            let is_done = client.output.is_empty() && client.owed == 0;
            let stays = !client.is_leaving || !is_done;
            if !stays {
                shell.release(client.token);
            }
            stays
        });
        let has_room = self.clients.len() < CLIENTS_MAX || self.clients.iter().any(Client::may_go);
        if has_room
            && self.waiting.is_some()
            && let Some(token) = self.token
        {
            // No event will tell of those that have waited meanwhile.
            shell.mark_ready(token);
        }
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        // A left-over socket is replaced at the next start.
        let _ = std::fs::remove_file(&self.path);
    }
}

impl Client {
    /// Reads until the socket would block; a line too long ends the connection.
    fn read(&mut self, now: u64, requests: &mut Vec<Request>, counts: &mut ControlCounts) {
        let mut bytes = [0; 1024];
        while !self.is_leaving {
            match self.stream.read(&mut bytes) {
                // Its other half may still be open: what it is owed is sent.
                Ok(0) => {
                    self.is_leaving = true;
                    return;
                }
                Ok(length) => self.input.extend_from_slice(&bytes[..length]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(_) => return self.drop_now(),
            }
            while let Some(end) = self.input.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.input.drain(..=end).collect();
                self.heard_ms = now;
                self.owed += 1;
                counts.requests += 1;
                requests.push(Request {
                    client: self.token,
                    line: String::from_utf8_lossy(&line[..end]).into_owned(),
                });
            }
            if self.input.len() > LINE_MAX {
                self.input.clear();
                self.overflow(counts);
            }
        }
    }

    /// Nothing is lost with it: it is owed no answer, or may not be there any more to read it.
    fn may_go(&self) -> bool {
        self.owed == 0 || self.is_leaving
    }

    /// It goes once what it is owed is out.
    fn overflow(&mut self, counts: &mut ControlCounts) {
        self.is_leaving = true;
        counts.overflowed += 1;
    }

    /// It goes, whatever it is owed.
    fn drop_now(&mut self) {
        self.is_leaving = true;
        self.output.clear();
        self.owed = 0;
    }

    fn write(&mut self) {
        while !self.output.is_empty() {
            match self.stream.write(&self.output) {
                Ok(0) => break,
                Ok(length) => {
                    self.output.drain(..length);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(_) => self.drop_now(),
            }
        }
    }
}

/// This user, and root, whom no file mode keeps out either.
fn may_command(user: u32) -> bool {
    // SAFETY: takes nothing and cannot fail.
    user == 0 || user == unsafe { libc::geteuid() }
}

/// User id of the process at the other end, as the kernel noted it when it connected.
fn peer_user(stream: &UnixStream) -> Option<u32> {
    let mut credentials = libc::ucred {
        pid: 0,
        uid: 0,
        gid: 0,
    };
    let mut length = size_of::<libc::ucred>() as libc::socklen_t;
    // SAFETY: the buffer is a valid `ucred` and `length` its size; the descriptor is open.
    let status = unsafe {
        libc::getsockopt(
            stream.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_PEERCRED,
            (&raw mut credentials).cast(),
            &raw mut length,
        )
    };
    (status == 0).then_some(credentials.uid)
}

#[cfg(test)]
#[path = "control_tests.rs"]
mod tests;
