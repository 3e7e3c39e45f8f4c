//! A session on live data: sockets and REST calls in front of the core, ledger and recording behind
//! it. The core is the one of a replay; only what feeds it differs.
//!
//! | folder or file | what it is |
//! |---|---|
//! | `session`, `application` | the session and its hooks into the loop; `settings` is what it is told |
//! | `feeds` | market data on its way to the core |
//! | `calls` | REST calls to the exchange |
//! | `orders` | real orders, and reconciliation with the venue |
//! | `recording` | market data into a recording, without a core |
//! | `tasks`, `watch`, `upkeep` | periodic tasks, and what they and others look after |
//! | `status_view` | the status, and what the service manager is told |
//! | `commands`, `errand` | what a person wants, of a running session or of one made for it |
//! | `reception` | the control socket before there is a session |
//! | `ending` | the end in order |
//! | `ledger_rows` | rows on their way to the ledger |
//! | `job` | what workers do for all of these |

mod application;
pub mod calls;
mod commands;
mod ending;
pub mod errand;
pub mod feeds;
pub mod job;
mod ledger_rows;
mod orders;
mod planned;
mod promises;
pub mod reception;
pub mod recording;
#[cfg(test)]
#[path = "scene_tests.rs"]
mod scene;
pub mod session;
pub mod settings;
mod status_view;
pub mod tasks;
mod trading_hours;
mod upkeep;
mod watch;

pub use calls::caller::{Caller, http_call};
pub use calls::download::{Download, DownloadEnd, Pages};
pub use calls::handshake::Handshakes;
pub use calls::inquiry::{Answered, Inquiry, Patience};
pub use calls::limiter::{Limiter, Window};
pub use errand::Errand;
pub use feeds::books::{BookSettings, BookSource};
pub use feeds::markets::{Market, Markets};
pub use planned::planned_buffers;
pub use reception::Reception;
pub use recording::kept_frames::KeptFrames;
pub use recording::tape::Tape;
pub use recording::tape_settings::{TapeCounts, TapeSettings};
pub use session::{Session, SessionOutcome};
pub use settings::{LiveSettings, Retention};
pub use tasks::TaskSettings;
