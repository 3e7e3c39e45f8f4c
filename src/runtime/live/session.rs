//! A session as an application of the loop: market data and answers into the core, its wishes to
//! the ledger, the recording and the venue.
//!
//! Everything the core sees goes through [`Session::input`], which stamps and records it. The parts:
//! `application` (the hooks of the loop), `market_data` (streams, candles, freshness),
//! `venue_orders` and `reconciliation` (real orders).

use super::calls::caller::{Caller, Ended};
use super::calls::limiter::Limiter;
use super::errand::ErrandState;
use super::feeds::backfill::Backfill;
use super::feeds::book_calls::BookCalls;
use super::feeds::books::Books;
use super::feeds::bridge::Bridge;
use super::feeds::candle_check::CandleCheck;
use super::feeds::connection::{Connection, Step};
use super::feeds::freshness::Freshness;
use super::feeds::lag::Lag;
use super::feeds::markets::Markets;
use super::feeds::unconfirmed::Unconfirmed;
use super::job::LiveJob;
use super::orders::reconciliation::{Question, Round};
use super::orders::venue_orders::Outgoing;
use super::promises::Promises;
use super::reception::Reception;
use super::settings::LiveSettings;
use super::tasks::Tasks;
use crate::core::Core;
use crate::core::effect::{AlertLevel, Effect, Effects, ModelRequest};
use crate::core::input::{Answer, Input};
use crate::core::market::SymbolId;
use crate::core::units::{Stamp, Timestamp};
use crate::exchange::ExchangeCodec;
use crate::exchange::orders::VenueOrder;
use crate::exchange::stream::{Rhythm, StreamRole};
use crate::log;
use crate::net::{BackOff, Endpoint, LinkSettings};
use crate::runtime::control::Control;
use crate::runtime::jobs::{EffectClass, EffectRequest, Wait};
use crate::runtime::journal::{Journal, Observer};
use crate::runtime::link_sockets::LinkSockets;
use crate::runtime::reloaded::Reloaded;
use crate::runtime::replay::Recorder;
use crate::runtime::shell::Shell;
use crate::runtime::signals::Signal;
use crate::runtime::sources::SourceKind;
use crate::runtime::systemd::Notifier;
use std::collections::BTreeMap;
use std::net::SocketAddr;

/// Milliseconds between the first dials of two connections.
const STAGGER_MS: u64 = 250;
/// A commit or a piece of the recording may take as long as the slowest disk does.
const DISK_LIMIT_MS: u64 = 86_400_000;
/// Questions that one input may raise, one after the other.
const QUESTIONS_IN_A_ROW: usize = 16;
const MILLISECOND: i64 = 1_000_000;
pub(super) const TARGET: &str = "trade";

/// What a call to the exchange is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Backfill(SymbolId),
    /// Is the symbol quiet, or its feed dead?
    Probe(SymbolId),
    /// The exchange's candles beside our own.
    Compare(SymbolId),
    /// The symbol's book, where it does not come by stream.
    Book(SymbolId),
    /// How far the exchange's clock is from ours.
    Clock,
    Place {
        client_id: String,
    },
    Cancel {
        client_id: String,
    },
    /// Where does this order stand?
    Query {
        client_id: String,
    },
    /// The executions of this order.
    Fills {
        client_id: String,
    },
    Reconcile(Question),
    /// Whether contracts trade now.
    TradingHours,
}

/// How a session ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionOutcome {
    /// By a signal, in order.
    Stopped(Signal),
    /// What it was for is done.
    Done,
    /// Its time was up; what is open, in words.
    Unfinished(Vec<String>),
    /// In words.
    Failed(String),
}

/// See the file's head.
pub struct Session<'a> {
    pub core: Core,
    pub journal: Journal,
    pub(super) codec: Box<dyn ExchangeCodec>,
    pub(super) markets: Markets,
    pub(super) connections: Vec<Connection>,
    pub(super) caller: Caller<Purpose>,
    pub(super) freshness: Freshness,
    pub(super) lag: Lag,
    /// When a refused key last made it ask for the time, monotonic nanoseconds.
    pub(super) asked_for_time: i64,
    pub(super) candle_check: CandleCheck,
    pub(super) books: Books,
    pub(super) book_calls: BookCalls,
    /// Symbols whose new subscription has not shown yet whether trades are missing.
    pub(super) bridges: BTreeMap<SymbolId, Bridge>,
    /// What was subscribed to and does not come.
    pub(super) unconfirmed: Unconfirmed,
    /// Our clock is too far from the exchange's.
    pub(super) clock_blocks: bool,
    /// From the beginning on.
    pub(super) tasks: Option<Tasks>,
    /// Symbols whose candles are asked for; their trades wait.
    pub(super) backfills: BTreeMap<SymbolId, Backfill>,
    /// Largest trade id seen of each symbol.
    pub(super) newest: Vec<u64>,
    pub(super) settings: LiveSettings,
    pub(super) outgoing: Outgoing,
    /// What the user channel said in this turn.
    pub(super) order_news: Vec<VenueOrder>,
    pub(super) round: Option<Round>,
    /// When the next reconciliation begins, monotonic nanoseconds of the loop.
    pub(super) next_round: i64,
    pub(super) errand: Option<ErrandState>,
    /// What came before it, until it begins.
    pub(super) reception: Option<Reception>,
    /// Where commands come in; `None` when nobody is to command.
    pub(super) control: Option<Control>,
    pub(super) promises: Promises,
    pub(super) notifier: Option<Notifier>,
    pub(super) recorder: Option<Recorder>,
    observer: &'a mut dyn Observer,
    pub(super) reload: &'a mut dyn FnMut() -> Result<Reloaded, String>,
    pub(super) effects: Effects,
    first: Option<Timestamp>,
    pub(super) last: Stamp,
    outcome: Option<SessionOutcome>,
    pub(super) winding_up: bool,
    /// The ledger refuses: the time of the next try.
    pub(super) ledger_again: Option<i64>,
    /// When the end began, monotonic nanoseconds of the core.
    pub(super) ending_since: i64,
    /// The end is past its orders: sockets close, the last rows go out.
    pub(super) sockets_stopped: bool,
    pub(super) counts: SessionCounts,
}

/// Counts since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SessionCounts {
    pub frames: u64,
    pub frames_refused: u64,
    pub gaps: u64,
    /// How often trades of a symbol began to come late.
    pub lagging: u64,
    pub trades: u64,
    /// Of a subscription's snapshot: they lie in candles that are asked for.
    pub trades_known: u64,
    /// No room while their candles were asked for.
    pub trades_dropped: u64,
    /// Outages of a symbol that the stream itself closed.
    pub bridged: u64,
    pub venue_errors: u64,
    /// Events of our orders beyond what is kept in a turn: reconciliation finds them out.
    pub orders_dropped: u64,
    pub fills_off_grid: u64,
}

impl<'a> Session<'a> {
    /// A session that has not begun.
    ///
    /// # Errors
    /// An address of the exchange that is none.
    pub fn new(
        core: Core,
        journal: Journal,
        codec: Box<dyn ExchangeCodec>,
        settings: LiveSettings,
        recorder: Option<Recorder>,
        observer: &'a mut dyn Observer,
        reload: &'a mut dyn FnMut() -> Result<Reloaded, String>,
    ) -> Result<Self, String> {
        let connections = connections(&settings, &*codec)?;
        let limiter = Limiter::new(settings.limits.clone());
        let mut caller = Caller::new(settings.client.clone(), limiter, settings.call_limit);
        caller.set_clock_offset(settings.clock_offset);
        caller.guard_host();
        Ok(Self {
            markets: Markets::new(settings.markets.clone()),
            freshness: Freshness::new(settings.markets.len(), settings.stale_after),
            lag: Lag::new(settings.markets.len()),
            asked_for_time: i64::MIN,
            books: Books::new(settings.markets.len(), settings.books.clone()),
            book_calls: BookCalls::new(settings.markets.len(), &settings.books, &settings.limits),
            candle_check: CandleCheck::new(settings.markets.len()),
            bridges: BTreeMap::new(),
            unconfirmed: Unconfirmed::default(),
            clock_blocks: false,
            tasks: None,
            core,
            journal,
            codec,
            connections,
            caller,
            backfills: BTreeMap::new(),
            newest: vec![0; settings.markets.len()],
            settings,
            outgoing: Outgoing::default(),
            order_news: Vec::new(),
            round: None,
            next_round: i64::MAX,
            errand: None,
            reception: None,
            control: None,
            promises: Promises::default(),
            notifier: None,
            recorder,
            observer,
            reload,
            effects: Vec::new(),
            first: None,
            last: Stamp::default(),
            outcome: None,
            winding_up: false,
            ledger_again: None,
            ending_since: 0,
            sockets_stopped: false,
            counts: SessionCounts::default(),
        })
    }

    /// Whom to tell how it stands.
    pub fn tell(&mut self, notifier: Option<Notifier>) {
        self.notifier = notifier;
    }

    /// Goes on with the control socket of the start and with what was told there.
    pub fn take_over(&mut self, reception: Option<Reception>) {
        self.reception = reception;
    }

    pub fn outcome(&self) -> SessionOutcome {
        self.outcome.clone().unwrap_or_else(|| {
            SessionOutcome::Failed("the loop ended before the session".to_owned())
        })
    }

    /// First and last input by the exchange's clock.
    pub fn span(&self) -> (Option<Timestamp>, Option<Timestamp>) {
        (self.first, self.first.map(|_| self.last.wall))
    }

    pub fn counts(&self) -> SessionCounts {
        self.counts
    }

    /// Core and journal, for the last rows.
    pub fn into_parts(self) -> (Core, Journal) {
        (self.core, self.journal)
    }

    /// The turn's time as the core counts it.
    pub(super) fn stamp(&self, shell: &Shell<LiveJob>) -> Stamp {
        let at = shell.at();
        Stamp {
            mono: at.mono.saturating_add(self.settings.mono_offset),
            wall: Timestamp(at.wall.0.saturating_add(self.caller.clock_offset())),
        }
    }

    /// One input into the core, and into the recording. That has ended once sockets close: what still
    /// comes would be in the one and not in the other. What is told of orders so late is found out by
    /// the next start.
    pub(super) fn input(&mut self, stamp: Stamp, input: Input) {
        if self.sockets_stopped {
            return;
        }
        self.first.get_or_insert(stamp.wall);
        self.last = stamp;
        let before = self.effects.len();
        if let Some(recorder) = &mut self.recorder {
            recorder.input(stamp, input.clone());
        }
        self.core.handle(stamp, input, &mut self.effects);
        if let Some(recorder) = &mut self.recorder {
            recorder.outputs(&self.effects[before..]);
        }
    }

    /// What the core has due by now, at the turn's reading.
    pub(super) fn core_turn(&mut self, stamp: Stamp) {
        let is_due = self
            .core
            .next_deadline()
            .is_some_and(|due| due <= stamp.mono);
        if !is_due || self.sockets_stopped {
            return;
        }
        self.first.get_or_insert(stamp.wall);
        self.last = stamp;
        let before = self.effects.len();
        if let Some(recorder) = &mut self.recorder {
            recorder.turn(stamp);
        }
        self.core.turn(stamp, &mut self.effects);
        if let Some(recorder) = &mut self.recorder {
            recorder.outputs(&self.effects[before..]);
        }
    }

    /// The core's wishes to where they belong.
    pub(super) fn carry_out(&mut self, shell: &mut Shell<LiveJob>) {
        let stamp = self.stamp(shell);
        for _ in 0..QUESTIONS_IN_A_ROW {
            self.venue_effects(shell);
            for effect in &self.effects {
                if let Effect::Alert(alert) = effect {
                    let fields: log::Fields<'_> = &[("alert", &alert.name), ("at", &alert.time)];
                    match alert.level {
                        AlertLevel::Info => log::info(TARGET, &alert.text, fields),
                        AlertLevel::Warning => log::warn(TARGET, &alert.text, fields),
                        AlertLevel::Critical => log::error(TARGET, &alert.text, fields),
                    }
                }
            }
            let questions = self
                .journal
                .take(&mut self.effects, stamp.mono, self.observer);
            for ModelRequest { run, .. } in questions {
                let answer = Answer::Failed {
                    text: "no model is configured".to_owned(),
                };
                self.input(stamp, Input::Answer { run, answer });
            }
            // What was wished led to news at once: its effects are carried out too.
            if self.effects.is_empty() {
                break;
            }
        }
        self.keep(stamp, shell);
    }

    /// Addresses of a host, for every connection that waits for them.
    pub(super) fn resolved(
        &mut self,
        host: &str,
        addresses: &Result<Vec<SocketAddr>, String>,
        shell: &mut Shell<LiveJob>,
    ) {
        let now = shell.now_ms();
        for index in 0..self.connections.len() {
            let kind = kind_of(self.connections[index].role);
            let registrar = &mut LinkSockets { shell, kind };
            let step = self.connections[index].resolved(host, addresses, now, registrar);
            if let Some(step) = step {
                self.step(index, step, shell);
            }
        }
    }

    /// A call has ended: to whoever asked.
    pub(super) fn answered(&mut self, ended: Ended<Purpose>, shell: &mut Shell<LiveJob>) {
        self.remember_quiet(shell);
        self.ask_for_time_if_refused(&ended, shell);
        match ended.purpose {
            Purpose::Backfill(symbol) | Purpose::Probe(symbol) => {
                self.market_answer(ended, symbol, shell);
            }
            Purpose::Compare(symbol) => self.candles_compared(symbol, ended, shell),
            Purpose::Book(symbol) => {
                let at = (shell.at().mono, self.stamp(shell));
                self.book_answered(symbol, ended, at);
            }
            Purpose::Clock => self.clock_answer(&ended, shell),
            Purpose::TradingHours => self.trading_hours(ended, shell),
            Purpose::Reconcile(question) => self.round_answer(question, ended, shell),
            _ => self.order_answer(ended, shell),
        }
    }

    /// Orders go to a venue rather than to the paper account.
    pub(super) fn is_venue(&self) -> bool {
        !self.core.settings().execution.is_paper()
    }

    pub(super) fn end(&mut self, outcome: SessionOutcome) {
        self.outcome.get_or_insert(outcome);
    }

    pub(super) fn has_ended(&self) -> bool {
        self.outcome.is_some()
    }

    pub(super) fn recorder_mut(&mut self) -> Option<&mut Recorder> {
        self.recorder.as_mut()
    }

    /// A connection wants something, or is lost.
    pub(super) fn step(&mut self, index: usize, step: Step, shell: &mut Shell<LiveJob>) {
        match step {
            Step::Resolve { host, port } => {
                let names = self.settings.names.clone();
                let job = LiveJob::Resolve { names, host, port };
                submit(shell, EffectClass::Resolve, job);
            }
            Step::Subscribe => self.subscribe(index, shell),
            Step::Lost { why, pause_ms } => self.lost(index, &why, pause_ms, shell),
        }
    }
}

/// The connections of a session, a role each.
fn connections(
    settings: &LiveSettings,
    codec: &dyn ExchangeCodec,
) -> Result<Vec<Connection>, String> {
    let stage_limit_ms = u64::try_from(settings.stage_limit.as_millis()).unwrap_or(15_000);
    settings
        .roles
        .iter()
        .zip(0u64..)
        .map(|(role, number)| {
            let silence = settings.silence.as_millis() / 1000;
            let rhythm = Rhythm {
                silence_seconds: u32::try_from(silence).unwrap_or(30).max(1),
                ..codec.rhythm(*role)
            };
            let link = LinkSettings {
                tls: settings.tls.clone(),
                stage_limit_ms,
                message_max: rhythm.max_message,
            };
            let back_off = BackOff::new(settings.reconnect_attempts, settings.seed ^ number);
            let endpoint = Endpoint::parse(codec.stream_url(*role))?;
            let first = number * STAGGER_MS;
            let names = settings.names.clone();
            let again = (back_off, names);
            Ok(Connection::new(*role, endpoint, link, rhythm, again, first))
        })
        .collect()
}

/// The account's stream is served before the markets'.
pub(super) const fn kind_of(role: StreamRole) -> SourceKind {
    match role {
        StreamRole::Account => SourceKind::Account,
        _ => SourceKind::Market,
    }
}

/// Hands over a job that nothing may cut short.
pub(super) fn submit(shell: &mut Shell<LiveJob>, class: EffectClass, job: LiveJob) {
    let mut request = EffectRequest::new(class, job);
    request.limit_ms = DISK_LIMIT_MS;
    request.wait = Wait::Unlimited;
    // One of each kind at a time: far below what is admitted, so nothing is ever refused.
    let _ = shell.submit(request);
}

/// Monotonic nanoseconds of the core to milliseconds of the loop, never early.
pub(super) fn loop_ms(mono: i64, offset: i64) -> u64 {
    let ns = mono.saturating_sub(offset).max(0);
    u64::try_from(ns).unwrap_or(0).div_ceil(MILLISECOND as u64)
}
