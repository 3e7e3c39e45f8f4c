//! Registers the sockets of links with the loop: what `net` asks for, in terms of the shell.

use super::jobs::Job;
use super::shell::Shell;
use super::sources::SourceKind;
use crate::net::Registrar;
use mio::Token;
use mio::net::TcpStream;
use std::io;

/// The loop as a link sees it; made for each call.
pub struct LinkSockets<'a, J: Job> {
    pub shell: &'a mut Shell<J>,
    /// When the link is served within a turn.
    pub kind: SourceKind,
}

impl<J: Job> Registrar for LinkSockets<'_, J> {
    fn register(&mut self, socket: &mut TcpStream) -> io::Result<Token> {
        self.shell.register(socket, self.kind)
    }

    fn release(&mut self, token: Token) {
        self.shell.release(token);
    }
}
