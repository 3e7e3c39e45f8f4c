//! Market data into a recording, and nothing else: no core, no ledger, no key.
//!
//! Trades of all symbols are held back for a moment and written in the order of their time, as
//! imported history is: stamps are the exchange's time, so that any configuration can replay them.
//! What comes later than that moment is written at the stamp reached by then. The stream's snapshot
//! after a reconnect closes short gaps; a longer one is told and counted, and stays a gap.

use super::tape_settings::{TapeCounts, TapeSettings};
use crate::core::market::{SymbolId, TimedTrade, Trade};
use crate::core::units::stamp::SECOND;
use crate::core::units::{Stamp, Timestamp};
use crate::exchange::ExchangeCodec;
use crate::exchange::stream::{Channel, Rhythm, StreamEvent, StreamRole};
use crate::log;
use crate::net::{BackOff, Endpoint, Incoming, LinkSettings};
use crate::runtime::application::{Application, Arrival, EffectOutcome, EffectReport};
use crate::runtime::clock::ClockEvent;
use crate::runtime::jobs::EffectClass;
use crate::runtime::link_sockets::LinkSockets;
use crate::runtime::live::feeds::connection::{Connection, Step};
use crate::runtime::live::feeds::freshness::{Freshness, Silence};
use crate::runtime::live::feeds::markets::Markets;
use crate::runtime::live::job::{LiveJob, LiveOutput};
use crate::runtime::live::session::{kind_of, submit};
use crate::runtime::live::settings::Retention;
use crate::runtime::replay::{Recorded, Recorder};
use crate::runtime::shell::Shell;
use crate::runtime::signals::Signal;
use crate::runtime::sources::{Readiness, SourceState};
use crate::runtime::status::ApplicationStatus;
use mio::Token;
use serde_json::json;
use std::collections::BTreeMap;

const TARGET: &str = "record";
/// How long a trade waits for earlier ones of other symbols, nanoseconds of the exchange's time.
const HELD: i64 = 2 * SECOND;
/// Trades held back; beyond it the earliest are written before their time is up.
pub const HELD_MAX: usize = 65_536;
/// What was written is handed to the disk at least that often, nanoseconds.
const FLUSH_EVERY: i64 = SECOND;

/// Of one symbol.
#[derive(Clone, Copy, Debug, Default)]
struct Progress {
    newest: u64,
    /// The connection was lost since the newest trade.
    interrupted: bool,
}

/// See the file's head.
#[derive(Debug)]
pub struct Tape {
    codec: Box<dyn ExchangeCodec>,
    markets: Markets,
    connection: Connection,
    freshness: Freshness,
    settings: TapeSettings,
    recorder: Recorder,
    progress: Vec<Progress>,
    /// By time, then in the order in which they came.
    held: BTreeMap<(Timestamp, u64), Trade>,
    arrivals: u64,
    /// Stamp of the last trade written.
    written: Timestamp,
    /// Monotonic nanoseconds; `None` = nothing waits for it.
    next_flush: Option<i64>,
    /// Monotonic nanoseconds at which it ends by itself.
    ends: Option<i64>,
    /// The segment that is written.
    segment: u64,
    pub counts: TapeCounts,
    first: Option<Timestamp>,
    stopped: Option<Signal>,
    failure: Option<String>,
    winding_up: bool,
}

impl Tape {
    /// One that has not begun.
    ///
    /// # Errors
    /// An address of the exchange that is none.
    pub fn new(
        codec: Box<dyn ExchangeCodec>,
        settings: TapeSettings,
        recorder: Recorder,
    ) -> Result<Self, String> {
        let role = StreamRole::Market;
        let silence = u32::try_from(settings.silence.as_millis() / 1000).unwrap_or(30);
        let rhythm = Rhythm {
            silence_seconds: silence.max(1),
            ..codec.rhythm(role)
        };
        let link = LinkSettings {
            tls: settings.tls.clone(),
            stage_limit_ms: u64::try_from(settings.stage_limit.as_millis()).unwrap_or(15_000),
            message_max: rhythm.max_message,
        };
        let endpoint = Endpoint::parse(codec.stream_url(role))?;
        let again = (
            BackOff::new(settings.reconnect_attempts, settings.seed),
            settings.names.clone(),
        );
        Ok(Self {
            connection: Connection::new(role, endpoint, link, rhythm, again, 0),
            markets: Markets::new(settings.markets.clone()),
            freshness: Freshness::new(settings.markets.len(), settings.stale_after),
            progress: vec![Progress::default(); settings.markets.len()],
            codec,
            settings,
            recorder,
            held: BTreeMap::new(),
            arrivals: 0,
            written: Timestamp(i64::MIN),
            next_flush: None,
            ends: None,
            segment: 1,
            counts: TapeCounts::default(),
            first: None,
            stopped: None,
            failure: None,
            winding_up: false,
        })
    }

    /// First and last trade written.
    pub fn span(&self) -> Option<(Timestamp, Timestamp)> {
        self.first.map(|first| (first, self.written))
    }

    /// What the disk said, where that ended it.
    pub fn failure(&self) -> Option<&str> {
        self.failure.as_deref()
    }

    fn step(&mut self, step: Step, shell: &mut Shell<LiveJob>) {
        match step {
            Step::Resolve { host, port } => {
                let names = self.settings.names.clone();
                submit(
                    shell,
                    EffectClass::Resolve,
                    LiveJob::Resolve { names, host, port },
                );
            }
            Step::Subscribe => self.subscribe(shell),
            Step::Lost { why, pause_ms } => {
                let fields: log::Fields<'_> = &[("why", &why), ("again_in_ms", &pause_ms)];
                log::warn(TARGET, "connection lost", fields);
                self.freshness.lost();
                for progress in &mut self.progress {
                    progress.interrupted = progress.newest > 0;
                }
            }
        }
    }

    fn subscribe(&mut self, shell: &mut Shell<LiveJob>) {
        let role = StreamRole::Market;
        self.codec.connected(role);
        let products = self.markets.products();
        // Public data is not signed: no nonce is asked for.
        let frames = self
            .codec
            .subscribe(role, &products, shell.at().wall, &mut || 0);
        match frames {
            Ok(frames) => {
                for frame in frames {
                    let kind = kind_of(role);
                    // A full buffer is found by the missing confirmation.
                    let _ = self
                        .connection
                        .send(frame, &mut LinkSockets { shell, kind });
                }
            }
            Err(text) => log::error(TARGET, "cannot subscribe", &[("why", &text)]),
        }
    }

    /// A trade of the stream: into its place among those that are held back.
    fn trade(&mut self, trade: Trade, now: i64) {
        self.freshness.note(trade.symbol, now);
        if trade.time < self.settings.started {
            return;
        }
        let progress = &mut self.progress[trade.symbol.index()];
        if trade.id != 0 && trade.id <= progress.newest {
            self.counts.repeated += 1;
            return;
        }
        if std::mem::take(&mut progress.interrupted) && trade.id > progress.newest + 1 {
            self.counts.gaps += 1;
            let missing = trade.id - progress.newest - 1;
            let product = &self.markets.market(trade.symbol).product;
            let fields: log::Fields<'_> = &[("product", product), ("missing", &missing)];
            log::warn(TARGET, "trades are missing", fields);
        }
        progress.newest = progress.newest.max(trade.id);
        self.arrivals += 1;
        self.held.insert((trade.time, self.arrivals), trade);
        self.next_flush
            .get_or_insert(now.saturating_add(FLUSH_EVERY));
        while self.held.len() > HELD_MAX {
            self.write_first();
        }
    }

    /// Writes those that nothing earlier is waited for any more.
    fn release(&mut self, until: Timestamp) {
        while self
            .held
            .first_key_value()
            .is_some_and(|((time, _), _)| *time <= until)
        {
            self.write_first();
        }
    }

    fn write_first(&mut self) {
        let Some(((time, _), trade)) = self.held.pop_first() else {
            return;
        };
        if time < self.written {
            self.counts.late += 1;
        }
        self.written = self.written.max(time);
        self.first.get_or_insert(self.written);
        self.counts.trades += 1;
        let stamp = Stamp::of_history(self.written);
        self.recorder.trade(&TimedTrade { stamp, trade });
    }

    /// What is due to the disk: a full batch at once, the rest every second.
    fn keep(&mut self, at: Stamp, shell: &mut Shell<LiveJob>) {
        let is_time = self.next_flush.is_some_and(|due| due <= at.mono);
        if is_time {
            let exchange_now = at.wall.0.saturating_add(self.settings.clock_offset);
            self.release(Timestamp(exchange_now - HELD));
            self.next_flush = (!self.held.is_empty()).then(|| at.mono.saturating_add(FLUSH_EVERY));
        }
        let batch = if is_time || self.winding_up {
            self.recorder.everything()
        } else {
            self.recorder.due()
        };
        if let Some(batch) = batch {
            submit(shell, EffectClass::Storage, LiveJob::Record(batch));
        }
    }

    /// A batch is written; with a new segment, what is beyond the bound goes.
    fn recorded(&mut self, recorded: Recorded, shell: &mut Shell<LiveJob>) {
        let segment = recorded.segment();
        match self.recorder.returned(recorded) {
            Ok(()) if segment != self.segment => {
                self.segment = segment;
                Retention::keep(self.settings.retention.as_ref(), shell);
            }
            Ok(()) => {}
            Err(error) => self.failure = Some(error.to_string()),
        }
        if !self.recorder.is_idle() {
            // What came while the disk was busy.
            self.next_flush
                .get_or_insert(shell.at().mono.saturating_add(FLUSH_EVERY));
        }
    }

    fn serve(&mut self, token: Token, budget: usize, shell: &mut Shell<LiveJob>) -> bool {
        let (now, at) = (shell.now_ms(), shell.at());
        let (codec, markets, connection) =
            (&mut self.codec, &mut self.markets, &mut self.connection);
        let mut trades: Vec<Trade> = Vec::new();
        let (mut subscribed, mut gap, mut refused) = (false, None, Vec::new());
        let mut lost = false;
        let mut sink = |incoming: Incoming<'_>| {
            let Incoming::Text(text) = incoming else {
                refused.push("a binary message: expected text".to_owned());
                return;
            };
            let (before, was_subscribed) = (trades.len(), subscribed);
            let decoded = codec.decode(StreamRole::Market, text, &mut |event| match event {
                StreamEvent::Lost {
                    channel: Channel::Trades,
                } => lost = true,
                StreamEvent::Trade { trade, .. } => trades.extend(markets.trade(&trade)),
                StreamEvent::Subscribed { channel, products } => {
                    subscribed |= channel != Channel::Heartbeats && !products.is_empty();
                }
                StreamEvent::Gap { expected, got } => gap = Some((expected, got)),
                StreamEvent::Refused { text } => refused.push(text),
                _ => {}
            });
            if let Err(error) = decoded {
                // All of a frame or nothing.
                trades.truncate(before);
                subscribed = was_subscribed;
                refused.push(error.to_string());
            }
        };
        let kind = kind_of(StreamRole::Market);
        let registrar = &mut LinkSockets { shell, kind };
        let (step, more) = connection.on_ready(token, budget, now, registrar, &mut sink);
        for why in &refused {
            self.counts.frames_refused += 1;
            log::warn(TARGET, "frame refused", &[("why", why)]);
        }
        if (subscribed || !trades.is_empty()) && self.connection.confirmed() {
            log::info(TARGET, "subscribed", &[]);
            for symbol in self.markets.symbols() {
                self.freshness.note(symbol, at.mono);
            }
        }
        if !trades.is_empty() {
            self.connection.note_data(now);
        }
        for trade in trades {
            self.trade(trade, at.mono);
        }
        if let Some((expected, got)) = gap {
            let why = format!("message {expected} expected, {got} came: some are missing");
            self.break_off(&why, shell);
        } else if lost {
            self.break_off(
                "a message of trades cannot be read: they are missing",
                shell,
            );
        }
        if let Some(step) = step {
            self.step(step, shell);
        }
        more
    }

    fn break_off(&mut self, why: &str, shell: &mut Shell<LiveJob>) {
        let now = shell.now_ms();
        let kind = kind_of(StreamRole::Market);
        let registrar = &mut LinkSockets { shell, kind };
        let step = self.connection.give_up(why.to_owned(), now, registrar);
        self.step(step, shell);
    }

    /// Everything held is written, the recording closed, then the socket.
    fn wind_up(&mut self, shell: &mut Shell<LiveJob>) {
        if !self.winding_up {
            self.winding_up = true;
            self.release(Timestamp(i64::MAX));
            self.recorder.finish();
            let now = shell.now_ms();
            let kind = kind_of(StreamRole::Market);
            self.connection.stop(now, &mut LinkSockets { shell, kind });
        }
        self.keep(shell.at(), shell);
        let written = self.failure.is_some() || self.recorder.is_idle();
        if written && self.connection.is_closed() {
            shell.request_exit(0);
        }
    }
}

impl Application for Tape {
    type Job = LiveJob;

    fn start(&mut self, shell: &mut Shell<LiveJob>) -> std::io::Result<()> {
        self.connection.begin(shell.now_ms());
        let limit = self.settings.limit;
        self.ends = limit.map(|limit| shell.at().mono.saturating_add(limit.0));
        Retention::keep(self.settings.retention.as_ref(), shell);
        let products = self.markets.products().join(", ");
        log::info(TARGET, "recording begins", &[("products", &products)]);
        Ok(())
    }

    fn on_clock(&mut self, event: ClockEvent, shell: &mut Shell<LiveJob>) {
        if let ClockEvent::Suspended { .. } = event {
            self.break_off("the machine was suspended", shell);
        }
    }

    fn on_signal(&mut self, signal: Signal, _shell: &mut Shell<LiveJob>) {
        if signal.is_stop() {
            self.stopped = Some(signal);
        }
    }

    fn on_effect(&mut self, report: EffectReport<LiveOutput>, shell: &mut Shell<LiveJob>) {
        let failure = report.outcome.failure();
        match report.outcome {
            EffectOutcome::Done(LiveOutput::Recorded(recorded)) => self.recorded(recorded, shell),
            EffectOutcome::Done(LiveOutput::Resolved { host, addresses })
                if report.arrival != Arrival::Late =>
            {
                let now = shell.now_ms();
                let kind = kind_of(StreamRole::Market);
                let registrar = &mut LinkSockets { shell, kind };
                let step = self.connection.resolved(&host, &addresses, now, registrar);
                if let Some(step) = step {
                    self.step(step, shell);
                }
            }
            EffectOutcome::Done(LiveOutput::Retained(Err(text))) => {
                log::warn(TARGET, "old recordings stay", &[("why", &text)]);
            }
            EffectOutcome::Done(LiveOutput::Compressed(Err(text))) => {
                log::warn(
                    "log",
                    "a full log file was not compressed",
                    &[("why", &text)],
                );
            }
            EffectOutcome::Done(_) => {}
            _ => {
                let why = failure.unwrap_or_default();
                log::error(TARGET, "a job ended without result", &[("why", &why)]);
            }
        }
    }

    fn on_ready(
        &mut self,
        token: Token,
        _readiness: Readiness,
        budget: usize,
        shell: &mut Shell<LiveJob>,
    ) -> SourceState {
        if self.connection.owns(token) && self.serve(token, budget, shell) {
            return SourceState::More;
        }
        SourceState::Drained
    }

    fn turn(&mut self, shell: &mut Shell<LiveJob>) {
        let (now, at) = (shell.now_ms(), shell.at());
        let kind = kind_of(StreamRole::Market);
        let registrar = &mut LinkSockets { shell, kind };
        if let Some(step) = self.connection.on_deadline(now, registrar) {
            self.step(step, shell);
        }
        let silent = self.freshness.expire(at.mono);
        if let Some(symbol) = silent.iter().find_map(|silence| match silence {
            Silence::Stale(symbol) => Some(*symbol),
            Silence::Probe(_) => None,
        }) {
            self.tell_silence(symbol);
        }
        self.keep(at, shell);
        let is_over = self.ends.is_some_and(|ends| ends <= at.mono);
        if is_over || self.stopped.is_some() || self.failure.is_some() {
            self.wind_up(shell);
        }
    }

    fn next_deadline(&mut self) -> Option<u64> {
        let own = if self.winding_up {
            None
        } else {
            let feeds = self.freshness.next_deadline();
            [self.next_flush, self.ends, feeds]
                .into_iter()
                .flatten()
                .min()
        };
        let own = own.map(|due| crate::runtime::live::session::loop_ms(due, 0));
        let others = [own, self.connection.next_deadline()];
        others.into_iter().flatten().min()
    }

    fn rotation_job(&mut self, rotation: log::Rotation) -> Option<LiveJob> {
        Some(LiveJob::Compress(rotation))
    }

    fn status(&self, status: &mut ApplicationStatus) {
        let counts = &self.counts;
        let tape = json!({
            "stage": self.connection.stage(),
            "trades": counts.trades,
            "held": self.held.len(),
            "repeated": counts.repeated,
            "late": counts.late,
            "gaps": counts.gaps,
            "frames_refused": counts.frames_refused,
            "lost": self.connection.counts.lost,
        });
        status.details.insert("record".to_owned(), tape);
    }
}

impl Tape {
    /// Nothing is asked about a silent symbol: a quiet market is no fault of a recording.
    fn tell_silence(&self, symbol: SymbolId) {
        let product = &self.markets.market(symbol).product;
        log::info(TARGET, "no trades for a while", &[("product", product)]);
    }
}
