//! One turn of an open websocket session: what waits goes out, what has come is handed on.

use super::socket::Socket;
use std::io::ErrorKind;
use tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tungstenite::{Bytes, Error, Message, WebSocket};

/// Bytes read at once. Tungstenite clears this buffer at every read, so that more costs more.
const READ_BUFFER: usize = 16 * 1024;
/// Bytes that may wait to be sent; a message beyond them is refused.
const WRITE_BUFFER_MAX: usize = 256 * 1024;
/// From this size on a message's memory is given back, bytes.
const LARGE: usize = 256 * 1024;
/// Two messages of one buffer lie no further apart: the heads of frames, and a few pings.
const APART_MAX: usize = 512;

/// A message, borrowed from the link's buffer. Pings and pongs are handled within.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Incoming<'a> {
    Text(&'a str),
    Binary(&'a [u8]),
}

/// Counts of one link.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LinkStatistics {
    /// Text and binary messages received, and their bytes.
    pub messages: u64,
    pub bytes: u64,
    /// Pings received; each was answered.
    pub pings: u64,
    pub sent: u64,
    /// Messages that found no place in the write buffer.
    pub refused: u64,
    /// When the link was opened, and when anything (even part of a message) and a whole text or
    /// binary message last came: monotonic ms.
    pub opened: Option<u64>,
    pub last_received: Option<u64>,
    pub last_data: Option<u64>,
}

/// Gives back the memory of a large message.
///
/// Tungstenite's read buffer grows to what a message needs, and takes that memory up again as soon
/// as nobody else holds a part of it: one snapshot of a book, and it is never given back. While the
/// message is held the buffer has to move to a small allocation of its own.
#[derive(Debug, Default)]
pub(super) struct LargeMessage {
    held: Option<Bytes>,
    /// Where the last message ended.
    end: usize,
}

impl LargeMessage {
    fn note(&mut self, message: Bytes) {
        if message.is_empty() {
            return;
        }
        let begin = message.as_ptr().addr();
        if begin.wrapping_sub(self.end) > APART_MAX {
            self.held = None;
        }
        self.end = begin.wrapping_add(message.len());
        if message.len() >= LARGE {
            self.held = Some(message);
        }
    }
}

/// How a session stands after it was served.
pub(super) enum Served {
    /// The socket would block.
    Drained,
    /// The budget was used up.
    More,
    Close(Option<CloseFrame>),
}

/// Sends what waits, then reads at most `budget` messages into `sink`.
pub(super) fn pump(
    session: &mut WebSocket<Socket>,
    budget: usize,
    now: u64,
    statistics: &mut LinkStatistics,
    large: &mut LargeMessage,
    sink: &mut dyn FnMut(Incoming<'_>),
) -> Result<Served, Error> {
    // First, so that a pong that waits goes out; without anything to send this does nothing.
    flush(session)?;
    for _ in 0..budget {
        match session.read() {
            Ok(Message::Text(text)) => {
                count(statistics, text.len(), now);
                sink(Incoming::Text(&text));
                large.note(text.into());
            }
            Ok(Message::Binary(bytes)) => {
                count(statistics, bytes.len(), now);
                sink(Incoming::Binary(&bytes));
                large.note(bytes);
            }
            // The answer lies in the one slot for it and goes out with the next read or flush.
            Ok(Message::Ping(_)) => statistics.pings += 1,
            Ok(Message::Pong(_) | Message::Frame(_)) => {}
            Ok(Message::Close(frame)) => return Ok(Served::Close(frame)),
            Err(error) if would_block(&error) => return Ok(Served::Drained),
            Err(error) => return Err(error),
        }
    }
    flush(session)?;
    Ok(Served::More)
}

fn count(statistics: &mut LinkStatistics, bytes: usize, now: u64) {
    statistics.messages += 1;
    statistics.bytes += bytes as u64;
    statistics.last_data = Some(now);
}

fn flush(session: &mut WebSocket<Socket>) -> Result<(), Error> {
    match session.flush() {
        Err(error) if would_block(&error) => Ok(()),
        result => result,
    }
}

/// Not an error: the socket takes or has nothing at the moment.
pub(super) fn would_block(error: &Error) -> bool {
    matches!(error, Error::Io(error) if error.kind() == ErrorKind::WouldBlock)
}

/// The limits of a session.
pub(super) fn session_config(message_max: usize) -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        // Each message goes to the socket at once; the buffer holds what the socket did not take.
        .write_buffer_size(0)
        .max_write_buffer_size(WRITE_BUFFER_MAX)
        .max_message_size(Some(message_max))
        .max_frame_size(Some(message_max))
}
