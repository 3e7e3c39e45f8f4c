//! The control socket: one line of JSON in, one line of JSON out, for this user's own processes.
//!
//! A Unix socket of mode 0600 in the data directory; who connects must have the process's user id, or
//! be root, who commands a service that runs under a user of its own.
//! Bounded: [`CLIENTS_MAX`] clients, a line of at most [`LINE_MAX`] bytes, answers of at most
//! [`ANSWER_MAX`]; who exceeds them is let go. Knows no command: the application does.

use super::jobs::Job;
use super::shell::Shell;
use super::sources::SourceKind;
use mio::Token;
use mio::net::{UnixListener, UnixStream};
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Clients at once; another one waits in the system's queue.
pub const CLIENTS_MAX: usize = 4;
/// Bytes of a request.
pub const LINE_MAX: usize = 4096;
/// Bytes of answers that wait for a client.
pub const ANSWER_MAX: usize = 1 << 20;

/// One connection.
#[derive(Debug)]
struct Client {
    stream: UnixStream,
    token: Token,
    input: Vec<u8>,
    output: Vec<u8>,
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

/// See the file's head.
#[derive(Debug)]
pub struct Control {
    path: PathBuf,
    listener: UnixListener,
    token: Token,
    clients: Vec<Client>,
}

impl Control {
    /// Listens at `path`. A socket that a dead process left is replaced; the ledger's lock has shown
    /// that there is no living one.
    ///
    /// # Errors
    /// The socket cannot be made: names the path.
    pub fn listen<J: Job>(path: &Path, shell: &mut Shell<J>) -> io::Result<Self> {
        let named = |error: io::Error| {
            let text = format!("control socket {}: {error}", path.display());
            io::Error::new(error.kind(), text)
        };
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(named(error)),
            _ => {}
        }
        let mut listener = UnixListener::bind(path).map_err(named)?;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).map_err(named)?;
        let token = shell
            .register(&mut listener, SourceKind::Client)
            .map_err(named)?;
        Ok(Self {
            path: path.to_owned(),
            listener,
            token,
            clients: Vec::new(),
        })
    }

    pub fn owns(&self, token: Token) -> bool {
        token == self.token || self.clients.iter().any(|client| client.token == token)
    }

    /// Serves an event: the requests that have come.
    pub fn on_ready<J: Job>(&mut self, token: Token, shell: &mut Shell<J>) -> Vec<Request> {
        let mut requests = Vec::new();
        if token == self.token {
            self.accept(shell);
        } else if let Some(client) = self.clients.iter_mut().find(|c| c.token == token) {
            client.read(&mut requests);
            client.write();
        }
        self.let_go(shell);
        requests
    }

    /// Answers a client with one line.
    pub fn answer<J: Job>(&mut self, client: Token, line: &str, shell: &mut Shell<J>) {
        if let Some(client) = self.clients.iter_mut().find(|c| c.token == client) {
            if client.output.len() + line.len() < ANSWER_MAX {
                client.output.extend_from_slice(line.as_bytes());
                client.output.push(b'\n');
            } else {
                client.is_leaving = true;
            }
            client.write();
        }
        self.let_go(shell);
    }

    fn accept<J: Job>(&mut self, shell: &mut Shell<J>) {
        while self.clients.len() < CLIENTS_MAX {
            let Ok((mut stream, _)) = self.listener.accept() else {
                return;
            };
            if !peer_user(&stream).is_some_and(may_command) {
                continue;
            }
            let Ok(token) = shell.register(&mut stream, SourceKind::Client) else {
                continue;
            };
            shell.mark_ready(token);
            self.clients.push(Client {
                stream,
                token,
                input: Vec::new(),
                output: Vec::new(),
                is_leaving: false,
            });
        }
    }

    fn let_go<J: Job>(&mut self, shell: &mut Shell<J>) {
        let before = self.clients.len();
        self.clients.retain(|client| {
            let stays = !client.is_leaving || !client.output.is_empty();
            if !stays {
                shell.release(client.token);
            }
            stays
        });
        if before == CLIENTS_MAX && self.clients.len() < CLIENTS_MAX {
            // No event will tell of those that have waited meanwhile.
            shell.mark_ready(self.token);
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
    fn read(&mut self, requests: &mut Vec<Request>) {
        let mut bytes = [0; 1024];
        loop {
            match self.stream.read(&mut bytes) {
                Ok(0) => {
                    self.is_leaving = true;
                    return;
                }
                Ok(length) => self.input.extend_from_slice(&bytes[..length]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(_) => {
                    self.is_leaving = true;
                    self.output.clear();
                    return;
                }
            }
            while let Some(end) = self.input.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.input.drain(..=end).collect();
                requests.push(Request {
                    client: self.token,
                    line: String::from_utf8_lossy(&line[..end]).into_owned(),
                });
            }
            if self.input.len() > LINE_MAX {
                self.is_leaving = true;
                self.input.clear();
                return;
            }
        }
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
                Err(_) => {
                    self.output.clear();
                    self.is_leaving = true;
                }
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
mod tests {
    use super::*;

    #[test]
    fn this_user_and_root_may_command_and_nobody_else() {
        // SAFETY: takes nothing and cannot fail.
        let own = unsafe { libc::geteuid() };
        assert!(may_command(0) && may_command(own));
        assert!(!may_command(own.wrapping_add(1)));
    }
}
