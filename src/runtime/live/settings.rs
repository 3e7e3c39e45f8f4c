//! What a session is told besides the core's settings: plain values that the command line fills.

use super::calls::limiter::Window;
use super::errand::Errand;
use super::feeds::books::BookSettings;
use super::feeds::markets::Market;
use super::job::LiveJob;
use super::recording::kept_frames::KeptFrames;
use super::session::submit;
use super::tasks::TaskSettings;
use crate::core::market::Interval;
use crate::core::units::{Span, Timestamp};
use crate::exchange::stream::StreamRole;
use crate::net::{HttpClient, NameCache, TlsConfig};
use crate::runtime::jobs::EffectClass;
use crate::runtime::shell::Shell;
use crate::store::ledger::Mode;

/// See the file's head.
#[derive(Clone, Debug)]
pub struct LiveSettings {
    /// In the order of the core's instruments.
    pub markets: Vec<Market>,
    /// The connections of this session.
    pub roles: Vec<StreamRole>,
    pub tls: TlsConfig,
    pub names: NameCache,
    pub client: HttpClient,
    /// Decision interval, and the length of the venue's candles that it is made of.
    pub interval: Interval,
    pub candle_source: Interval,
    /// Closed candles wanted at the start.
    pub history: usize,
    /// Lengths of the venue's candles that warm up longer frames before these, the longest first.
    pub longer: Vec<Interval>,
    /// Bound of connect, TLS and websocket handshake each.
    pub stage_limit: Span,
    /// Bound of one REST call.
    pub call_limit: Span,
    /// Silence after which a symbol is stale.
    pub stale_after: Span,
    /// Quick attempts to connect again before the slow ones.
    pub reconnect_attempts: u32,
    pub limits: Vec<Window>,
    /// Of the jitter of reconnecting.
    pub seed: u64,
    /// Monotonic time of the core minus that of the machine: a session that goes on from an earlier
    /// one goes on from its time, also after the machine was started anew.
    pub mono_offset: i64,
    /// The exchange's clock minus ours at the start, nanoseconds.
    pub clock_offset: i64,
    /// Silence of a connection after which it counts as dead.
    pub silence: Span,
    /// Where sessions are recorded, how many bytes of them are kept, and this session's own folder.
    pub retention: Option<Retention>,
    /// What is recorded as received.
    pub kept_frames: KeptFrames,
    /// The exchange asked an earlier process for quiet until then, by our clock.
    pub quiet_until: Option<Timestamp>,
    pub tasks: TaskSettings,
    pub books: BookSettings,
    /// Whose trades they are.
    pub ledger: Mode,
    /// What the session is for, where it is not to trade until it is stopped.
    pub errand: Option<Errand>,
    /// Where the control socket lies; `None` = none.
    pub control: Option<std::path::PathBuf>,
}

/// See [`LiveSettings::retention`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retention {
    pub directory: std::path::PathBuf,
    pub max_bytes: u64,
    pub active: std::path::PathBuf,
}

impl Retention {
    /// Has a worker remove what is beyond the bound, where there is one.
    pub(super) fn keep(retention: Option<&Self>, shell: &mut Shell<LiveJob>) {
        if let Some(wanted) = retention {
            submit(shell, EffectClass::Storage, LiveJob::Retain(wanted.clone()));
        }
    }
}
