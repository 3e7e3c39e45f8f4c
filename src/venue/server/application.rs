//! The venue as an application of the loop: accepts, serves, lets the market go on, and tells.
//!
//! Within a turn: clients' requests first, then the market's due trades, then what is to be sent.
//! Frames of trades go out every 250 ms, tickers and book levels 50 ms after the first change,
//! heartbeats every second, user events at once.

use super::client::{Client, Due, Step};
use super::hosts::Hosts;
use super::http::Answer;
use super::source::{Flow, Source};
use crate::core::units::{Span, Stamp, Timestamp};
use crate::log;
use crate::runtime::{
    Application, Arrival, EffectClass, EffectOutcome, EffectReport, EffectRequest, Job, Progress,
    Readiness, Shell, Signal, Slice, SourceKind, SourceState, Token, Verdict, Wait, WorkBudget,
};
use crate::store::recording::RecordingError;
use crate::venue::market::ReadJob;
use crate::venue::market::recorded::Read;
use crate::venue::market::tape::Tick;
use crate::venue::matching::LEVELS;
use crate::venue::rest;
use crate::venue::stream::Channel;
use crate::venue::world::World;
use mio::net::TcpListener;
use rustls::pki_types::CertificateDer;
use rustls::{ServerConfig, ServerConnection};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

/// Connections at once; more are closed when they come.
pub const CLIENTS_MAX: usize = 32;
/// Trades of the market in one slice of work.
const TRADES_A_SLICE: usize = 256;
pub(super) const SECOND_MS: u64 = 1_000;
/// Tags of timers; those of clients lie above.
pub(super) const TRADES: u64 = 0;
pub(super) const CHANGES: u64 = 1;
pub(super) const SECOND: u64 = 2;
const CLIENT: u64 = 16;

/// What a server is made of.
#[derive(Debug)]
pub struct Settings {
    /// A loopback address; port 0: any free one.
    pub listen: SocketAddr,
    pub tls: Arc<ServerConfig>,
    /// What it shows; clients may call it by the names in it.
    pub certificate: CertificateDer<'static>,
    pub world: World,
    pub source: Source,
}

/// Work for a worker: reading a recording.
#[derive(Debug)]
pub struct VenueJob(ReadJob);

impl Job for VenueJob {
    type Output = Result<Read, RecordingError>;

    fn run(self) -> Slice<Self> {
        Slice::Done(self.0.run())
    }

    fn verdict(output: &Self::Output) -> Verdict {
        match output {
            Ok(_) => Verdict::Succeeded,
            Err(_) => Verdict::Failed,
        }
    }
}

#[derive(Debug)]
pub struct VenueServer {
    pub(super) listener: TcpListener,
    pub(super) listener_token: Option<Token>,
    pub(super) address: SocketAddr,
    pub(super) tls: Arc<ServerConfig>,
    pub(super) world: World,
    pub(super) source: Source,
    pub(super) clients: BTreeMap<Token, Client>,
    pub(super) next_serial: u64,
    /// Trades that wait for their frame, by product.
    pub(super) trades: Vec<Vec<Tick>>,
    /// Products whose ticker and book have changed.
    pub(super) changed: BTreeSet<usize>,
    /// The same since the last slow ticker.
    pub(super) changed_slowly: BTreeSet<usize>,
    pub(super) armed: [bool; 3],
    pub(super) seconds: u64,
    pub(super) at: Stamp,
    /// Why the market has stopped.
    pub(super) failure: Option<String>,
}

impl VenueServer {
    /// Binds the address.
    ///
    /// # Errors
    /// It is taken, or the system refuses.
    pub fn bind(settings: Settings) -> io::Result<Self> {
        let listener = TcpListener::bind(settings.listen)?;
        let address = listener.local_addr()?;
        let products = settings.world.tapes.len();
        let mut world = settings.world;
        world.hosts = Hosts::new(address, Some(settings.certificate));
        rest::apply_faults(&mut world);
        Ok(Self {
            listener,
            listener_token: None,
            address,
            tls: settings.tls,
            world,
            source: settings.source,
            clients: BTreeMap::new(),
            next_serial: 0,
            trades: vec![Vec::new(); products],
            changed: BTreeSet::new(),
            changed_slowly: BTreeSet::new(),
            armed: [false; 3],
            seconds: 0,
            at: Stamp::default(),
            failure: None,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Why the market came to an end, if it did.
    pub fn failure(&self) -> Option<&str> {
        self.failure.as_deref()
    }

    /// The venue's clock.
    pub(super) fn now(&self) -> Timestamp {
        self.at.wall + Span(self.world.faults.clock_offset())
    }

    pub(super) fn now_ms(&self) -> u64 {
        u64::try_from(self.at.mono / 1_000_000).unwrap_or(0)
    }

    fn accept(&mut self, budget: usize, shell: &mut Shell<VenueJob>) -> SourceState {
        for _ in 0..budget {
            let (mut socket, _) = match self.listener.accept() {
                Ok(accepted) => accepted,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    return SourceState::Drained;
                }
                Err(error) => {
                    log::warn("venue", "accept failed", &[("error", &error)]);
                    return SourceState::Drained;
                }
            };
            if self.clients.len() >= CLIENTS_MAX {
                log::warn("venue", "too many clients", &[("limit", &CLIENTS_MAX)]);
                continue;
            }
            // Frames are small and come in their own time.
            let _ = socket.set_nodelay(true);
            let tls = match ServerConnection::new(Arc::clone(&self.tls)) {
                Ok(tls) => tls,
                Err(error) => {
                    log::warn("venue", "no TLS for a client", &[("error", &error)]);
                    continue;
                }
            };
            match shell.register(&mut socket, SourceKind::Client) {
                Ok(token) => {
                    let client = Client::new(self.next_serial, socket, tls, self.now_ms());
                    self.next_serial += 1;
                    self.clients.insert(token, client);
                    self.arm_client(token, shell);
                }
                Err(error) => log::warn("venue", "client not watched", &[("error", &error)]),
            }
        }
        SourceState::More
    }

    /// One timer a client: it is moved only when it would come too late, and looks again when it
    /// comes too early.
    fn arm_client(&mut self, token: Token, shell: &mut Shell<VenueJob>) {
        let now_ms = self.now_ms();
        let Some(client) = self.clients.get_mut(&token) else {
            return;
        };
        let due_ms = match client.due(now_ms) {
            Due::At(due_ms) => due_ms,
            Due::Answer | Due::Close => now_ms,
        };
        match client.timer {
            Some((_, armed_ms)) if armed_ms <= due_ms => {}
            timer => {
                if let Some((key, _)) = timer {
                    shell.cancel(key);
                }
                let key = shell.arm(due_ms, CLIENT + client.serial);
                client.timer = Some((key, due_ms));
            }
        }
    }

    /// Serves a client until it would block or its share of the turn is used up.
    fn serve(&mut self, token: Token, budget: usize, shell: &mut Shell<VenueJob>) -> SourceState {
        for _ in 0..budget {
            let (now, now_ms) = (self.now(), self.now_ms());
            let deep = self.world.engine.house_levels > LEVELS;
            let Some(client) = self.clients.get_mut(&token) else {
                return SourceState::Drained;
            };
            match client.step(now_ms) {
                Step::Blocked => {
                    self.arm_client(token, shell);
                    return SourceState::Drained;
                }
                Step::Closed => {
                    self.drop_client(token, shell);
                    return SourceState::Drained;
                }
                Step::Nothing => {}
                Step::Bad(bad) => {
                    client.respond(&rest::unreadable(bad), false, None);
                }
                Step::Request(request) if request.is_upgrade() => {
                    if client.upgrade(&request, deep, now_ms) {
                        self.arm_client(token, shell);
                        self.arm(SECOND, SECOND_MS, shell);
                    } else {
                        let text = "expected a websocket handshake of version 13";
                        client.respond(&Answer::text(400, text), false, None);
                    }
                }
                Step::Request(request) => {
                    let reply = rest::answer(&mut self.world, &request, now);
                    if !reply.before_events {
                        self.spread_news(shell);
                    }
                    if reply.lost {
                        self.drop_client(token, shell);
                    } else if let Some(client) = self.clients.get_mut(&token) {
                        let due = (reply.delay_ms > 0).then(|| now_ms + reply.delay_ms);
                        client.respond(&reply.answer, request.keep_alive, due);
                        self.arm_client(token, shell);
                    }
                    if reply.before_events {
                        // The answer goes first, and the events right behind it.
                        if let Some(client) = self.clients.get_mut(&token) {
                            client.push_out();
                        }
                        self.spread_news(shell);
                    }
                }
                Step::Message(text) => {
                    client.session.receive(&text, &mut self.world, now);
                    self.deliver(token, shell);
                }
            }
        }
        SourceState::More
    }

    pub(super) fn drop_client(&mut self, token: Token, shell: &mut Shell<VenueJob>) {
        if let Some(mut client) = self.clients.remove(&token) {
            if let Some((key, _)) = client.timer {
                shell.cancel(key);
            }
            if let Some(socket) = client.socket_mut() {
                // Its socket is closed next; the poll forgets it then in any case.
                let _ = shell.deregister(socket, token);
            }
            if let Some(listener) = self.listener_token {
                // Somebody may have waited for the place, or for a descriptor.
                shell.mark_ready(listener);
            }
        }
    }

    pub(super) fn arm(&mut self, tag: u64, after_ms: u64, shell: &mut Shell<VenueJob>) {
        if let Some(armed) = self.armed.get_mut(tag as usize)
            && !std::mem::replace(armed, true)
        {
            shell.arm(self.now_ms() + after_ms, tag);
        }
    }

    /// A client's clock has run out, or its late answer is due.
    fn client_due(&mut self, serial: u64, shell: &mut Shell<VenueJob>) {
        let now_ms = self.now_ms();
        let of_serial = |(_, client): &(&Token, &mut Client)| client.serial == serial;
        let Some((&token, client)) = self.clients.iter_mut().find(of_serial) else {
            return;
        };
        client.timer = None;
        let mut is_over = false;
        match client.due(now_ms) {
            Due::At(_) => {}
            Due::Answer => {
                client.release_answer();
                shell.mark_ready(token);
            }
            Due::Close => is_over = client.begin_close(now_ms),
        }
        if is_over {
            self.drop_client(token, shell);
        } else {
            self.arm_client(token, shell);
        }
    }

    fn submit_read(&mut self, shell: &mut Shell<VenueJob>) {
        if let Some(job) = self.source.wanted() {
            let mut request = EffectRequest::new(EffectClass::MarketData, VenueJob(job));
            request.wait = Wait::Unlimited;
            // One at a time, far below what is admitted.
            let _ = shell.submit(request);
        }
    }

    fn stop_market(&mut self, text: String) {
        log::error("venue", "the market stands still", &[("reason", &text)]);
        self.failure.get_or_insert(text);
    }
}

impl Application for VenueServer {
    type Job = VenueJob;

    fn start(&mut self, shell: &mut Shell<VenueJob>) -> io::Result<()> {
        self.at = shell.at();
        self.listener_token = Some(shell.register(&mut self.listener, SourceKind::Client)?);
        self.source.begin(self.at, &mut self.world);
        self.submit_read(shell);
        Ok(())
    }

    fn on_signal(&mut self, signal: Signal, shell: &mut Shell<VenueJob>) {
        if signal.is_stop() {
            shell.request_exit(0);
        }
    }

    fn on_effect(
        &mut self,
        report: EffectReport<Result<Read, RecordingError>>,
        shell: &mut Shell<VenueJob>,
    ) {
        if report.arrival == Arrival::Late {
            return;
        }
        match report.outcome {
            EffectOutcome::Done(Ok(read)) => {
                self.source.deliver(read);
                self.submit_read(shell);
            }
            EffectOutcome::Done(Err(error)) => self.stop_market(error.to_string()),
            other => self.stop_market(other.failure().unwrap_or_default()),
        }
    }

    fn on_ready(
        &mut self,
        token: Token,
        _readiness: Readiness,
        budget: usize,
        shell: &mut Shell<VenueJob>,
    ) -> SourceState {
        self.at = shell.at();
        if self.listener_token == Some(token) {
            self.accept(budget, shell)
        } else {
            self.serve(token, budget, shell)
        }
    }

    fn work(&mut self, budget: WorkBudget, shell: &mut Shell<VenueJob>) -> Progress {
        self.at = shell.at();
        if self.failure.is_some() {
            return Progress::Idle;
        }
        let mut progress = Progress::More;
        for _ in 0..TRADES_A_SLICE {
            let now = self.now();
            match self.source.advance(self.at, now, &mut self.world) {
                Ok(Flow::Traded) => {}
                Ok(Flow::Later(due_ns)) => progress = Progress::WaitUntil(due_ns),
                Ok(Flow::Starved) => progress = Progress::WaitForEffect,
                Ok(Flow::Ended) => {
                    log::info(
                        "venue",
                        "the recording has ended; the market stands still",
                        &[],
                    );
                    progress = Progress::Idle;
                }
                Err(error) => {
                    self.stop_market(error.to_string());
                    progress = Progress::Idle;
                }
            }
            if !matches!(progress, Progress::More) || budget.is_spent() {
                break;
            }
        }
        self.submit_read(shell);
        self.spread_news(shell);
        progress
    }

    fn on_timer(&mut self, tag: u64, shell: &mut Shell<VenueJob>) {
        self.at = shell.at();
        if let Some(armed) = self.armed.get_mut(tag as usize) {
            *armed = false;
        }
        match tag {
            TRADES => self.send_trades(),
            CHANGES => self.send_changes(),
            SECOND => self.send_second(shell),
            serial => return self.client_due(serial - CLIENT, shell),
        }
        self.deliver_all(shell);
    }

    fn turn(&mut self, shell: &mut Shell<VenueJob>) {
        self.at = shell.at();
        let now = self.now();
        if self
            .world
            .engine
            .next_expiry()
            .is_some_and(|end| end <= now)
        {
            self.world.engine.expire(now);
            self.spread_news(shell);
        }
    }

    fn next_deadline(&mut self) -> Option<u64> {
        let end = self.world.engine.next_expiry()?;
        let wait_ns = end.0.saturating_sub(self.now().0).max(0);
        let due_ns = self.at.mono.saturating_add(wait_ns);
        Some(u64::try_from(due_ns).unwrap_or(0).div_ceil(1_000_000))
    }

    fn status(&self, status: &mut crate::runtime::ApplicationStatus) {
        let web = self.clients.values().filter(|client| client.is_web());
        let users = self
            .clients
            .values()
            .filter(|client| client.session.has_channel(Channel::User));
        let details = [
            ("clients", self.clients.len()),
            ("websockets", web.count()),
            ("user_streams", users.count()),
            ("open_orders", self.world.engine.open_orders().count()),
            ("fills", self.world.engine.fills().count()),
        ];
        for (name, value) in details {
            status.details.insert(name.to_owned(), value.into());
        }
    }
}
