//! The websocket protocol: subscriptions of a connection and the frames that it gets.
//!
//! A session knows no socket: texts in, frames out. One sequence number counts every frame of a
//! connection, whatever its channel.

mod frames;
mod session;
#[cfg(test)]
mod tests;

pub use session::{Channel, Session};
