//! Replay: recorded inputs through the same loop, core, paper account and ledger as trading.
//!
//! A `Feed` reads one recording ahead on a worker, `Merge` brings several into one order, `Replay`
//! hands them to the core and its wishes to the journal. While it runs the loop serves signals,
//! timers and workers as ever. `Direct` does the same without loop and ledger, where only the outcome
//! of a run is wanted; `lookahead` compares runs on beginnings of a recording.

mod answers;
mod application;
mod direct;
mod feed;
mod job;
pub mod lookahead;
mod merge;
mod pace;
mod plan;
mod planned;
mod recorder;
mod verification;

pub use application::Replay;
pub use direct::Direct;
pub use feed::{Feed, Window};
pub use plan::{Outcome, Plan, ReplayProgress};
pub use planned::planned_buffers;
pub use recorder::{FRAMES_MAX, ITEMS_MAX, Item, Recorded, Recorder, WriteBatch};
