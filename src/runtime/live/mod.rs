//! A session on live data: sockets and REST calls in front of the core, ledger and recording behind
//! it. The core is the one of a replay; only what feeds it differs.

mod application;
pub mod backfill;
mod book_feed;
pub mod books;
pub mod bridge;
mod brought;
pub mod caller;
pub mod candle_check;
mod commands;
pub mod connection;
pub mod download;
mod ending;
pub mod errand;
pub mod freshness;
pub mod handshake;
pub mod host_breaker;
pub mod inquiry;
pub mod job;
pub mod limiter;
mod market_data;
pub mod markets;
mod planned;
mod reconciliation;
mod reconnection;
#[cfg(test)]
#[path = "scene_tests.rs"]
mod scene;
pub mod session;
pub mod settings;
pub mod tape;
mod tape_settings;
pub mod tasks;
mod upkeep;
mod venue_orders;
mod watch;

pub use books::BookSettings;
pub use caller::{Caller, http_call};
pub use download::{Download, DownloadEnd, Pages};
pub use errand::Errand;
pub use handshake::Handshakes;
pub use inquiry::{Answered, Inquiry, Patience};
pub use limiter::{Limiter, Window};
pub use markets::{Market, Markets};
pub use planned::planned_buffers;
pub use session::{Session, SessionOutcome};
pub use settings::{LiveSettings, Retention};
pub use tape::Tape;
pub use tape_settings::{TapeCounts, TapeSettings};
pub use tasks::TaskSettings;
