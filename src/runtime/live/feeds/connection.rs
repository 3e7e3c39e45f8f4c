//! One websocket connection of a session: resolve, dial, subscribe, and again after it is lost.
//!
//! A connection that stands is not yet a feed: only its confirmation or first data is. Connected but
//! not subscribed within the venue's time is a failure of its own and ends the connection. What is
//! silent for too long is dead. All times are monotonic milliseconds of the loop.

use crate::exchange::stream::{Rhythm, StreamRole};
use crate::net::{
    BackOff, Endpoint, FailureKind, Incoming, Link, LinkEnd, LinkSettings, LinkState,
    LinkStatistics, NameCache, Registrar, SendError,
};
use mio::Token;
use std::net::SocketAddr;

/// How a connection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Dials at this time, once it has addresses.
    Waiting {
        until: u64,
    },
    /// A worker looks the name up.
    Resolving,
    /// The link is on its way up.
    Dialling,
    /// Subscriptions were sent; they count from their confirmation on.
    Subscribing {
        until: u64,
    },
    Subscribed,
    /// No more: the session stops.
    Stopped,
}

/// What a connection wants done, or tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Look the name up on a worker and call [`Connection::resolved`].
    Resolve { host: String, port: u16 },
    /// The link is open: subscribe with [`Connection::send`].
    Subscribe,
    /// It is gone; why. It is dialled again after a pause of so many milliseconds.
    Lost { why: String, pause_ms: u64 },
}

/// Counts since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ConnectionCounts {
    pub dialled: u64,
    pub opened: u64,
    pub subscribed: u64,
    pub lost: u64,
    /// Open, but never subscribed.
    pub unsubscribed: u64,
    /// Nothing came for too long.
    pub silent: u64,
}

/// See the file's head.
#[derive(Debug)]
pub struct Connection {
    pub role: StreamRole,
    endpoint: Endpoint,
    settings: LinkSettings,
    rhythm: Rhythm,
    back_off: BackOff,
    names: NameCache,
    stage: Stage,
    link: Option<Link>,
    pub counts: ConnectionCounts,
}

impl Connection {
    /// Dials `first` milliseconds after [`Connection::begin`], which keeps connections apart.
    pub fn new(
        role: StreamRole,
        endpoint: Endpoint,
        settings: LinkSettings,
        rhythm: Rhythm,
        (back_off, names): (BackOff, NameCache),
        first: u64,
    ) -> Self {
        Self {
            role,
            endpoint,
            settings,
            rhythm,
            back_off,
            names,
            stage: Stage::Waiting { until: first },
            link: None,
            counts: ConnectionCounts::default(),
        }
    }

    /// The session begins.
    pub fn begin(&mut self, now: u64) {
        if let Stage::Waiting { until } = &mut self.stage {
            *until = until.saturating_add(now);
        }
    }

    pub fn is_subscribed(&self) -> bool {
        self.stage == Stage::Subscribed
    }

    /// Failures in a row.
    pub fn failures(&self) -> u32 {
        self.back_off.failures()
    }

    pub fn statistics(&self) -> LinkStatistics {
        self.link
            .as_ref()
            .map_or_else(LinkStatistics::default, |link| *link.statistics())
    }

    pub fn owns(&self, token: Token) -> bool {
        self.link.as_ref().is_some_and(|link| link.owns(token))
    }

    /// The stage in words, for status.
    pub fn stage(&self) -> &'static str {
        match self.stage {
            Stage::Waiting { .. } => "waiting",
            Stage::Resolving => "resolving",
            Stage::Dialling => "dialling",
            Stage::Subscribing { .. } => "subscribing",
            Stage::Subscribed => "subscribed",
            Stage::Stopped => "stopped",
        }
    }

    /// Since when nothing at all has come means that it is dead.
    fn silent_at(&self) -> Option<u64> {
        let link = self.link.as_ref()?;
        let statistics = link.statistics();
        let last = statistics.last_received.or(statistics.opened)?;
        (link.state() == LinkState::Open)
            .then(|| last.saturating_add(u64::from(self.rhythm.silence_seconds) * 1000))
    }

    /// When [`Connection::on_deadline`] is wanted next.
    pub fn next_deadline(&self) -> Option<u64> {
        let own = match self.stage {
            Stage::Waiting { until } | Stage::Subscribing { until } => Some(until),
            _ => None,
        };
        let link = self.link.as_ref().and_then(Link::next_deadline);
        [own, link, self.silent_at()].into_iter().flatten().min()
    }

    /// Does what is due by `now`.
    pub fn on_deadline(&mut self, now: u64, registrar: &mut dyn Registrar) -> Option<Step> {
        if let Stage::Waiting { until } = self.stage
            && until <= now
        {
            self.stage = Stage::Resolving;
            return Some(Step::Resolve {
                host: self.endpoint.host().to_owned(),
                port: self.endpoint.port(),
            });
        }
        if let Stage::Subscribing { until } = self.stage
            && until <= now
        {
            self.counts.unsubscribed += 1;
            let why = format!(
                "connected, but not subscribed within {} s",
                self.rhythm.confirm_seconds
            );
            return Some(self.give_up(why, now, registrar));
        }
        if self.silent_at().is_some_and(|due| due <= now) {
            self.counts.silent += 1;
            let why = format!("nothing came for {} s", self.rhythm.silence_seconds);
            return Some(self.give_up(why, now, registrar));
        }
        if let Some(link) = &mut self.link {
            link.on_deadline(now, registrar);
        }
        self.look(now)
    }

    /// The name's addresses, or why there are none.
    pub fn resolved(
        &mut self,
        host: &str,
        addresses: &Result<Vec<SocketAddr>, String>,
        now: u64,
        registrar: &mut dyn Registrar,
    ) -> Option<Step> {
        if self.stage != Stage::Resolving || self.endpoint.host() != host {
            return None;
        }
        match addresses {
            Ok(addresses) => {
                self.counts.dialled += 1;
                self.stage = Stage::Dialling;
                let endpoint = self.endpoint.clone();
                let settings = self.settings.clone();
                self.link = Some(Link::dial(endpoint, addresses, settings, now, registrar));
                self.look(now)
            }
            Err(why) => Some(self.lost(why.clone(), now, 0)),
        }
    }

    /// Serves readiness; messages go to `sink`. The second value: call again next turn.
    pub fn on_ready(
        &mut self,
        token: Token,
        budget: usize,
        now: u64,
        registrar: &mut dyn Registrar,
        sink: &mut dyn FnMut(Incoming<'_>),
    ) -> (Option<Step>, bool) {
        let Some(link) = &mut self.link else {
            return (None, false);
        };
        let more = link.on_ready(token, budget, now, registrar, sink);
        (self.look(now), more)
    }

    /// Sends a text; the subscription's frames above all.
    ///
    /// # Errors
    /// See [`SendError`].
    pub fn send(&mut self, text: String, registrar: &mut dyn Registrar) -> Result<(), SendError> {
        match &mut self.link {
            Some(link) => link.send_text(text, registrar),
            None => Err(SendError::NotOpen),
        }
    }

    /// A confirmation or data came. `true`: it counts as subscribed from now on.
    pub fn confirmed(&mut self) -> bool {
        let is_new = matches!(self.stage, Stage::Subscribing { .. });
        if is_new {
            self.counts.subscribed += 1;
            self.stage = Stage::Subscribed;
        }
        is_new
    }

    /// Data of a subscription came: a minute of it makes earlier failures forgotten.
    pub fn note_data(&mut self, now: u64) {
        self.back_off.on_data(now);
    }

    /// Breaks the connection off and dials again after a pause: it cannot be trusted any more.
    pub fn give_up(&mut self, why: String, now: u64, registrar: &mut dyn Registrar) -> Step {
        if let Some(mut link) = self.link.take() {
            link.abandon(registrar);
        }
        self.lost(why, now, 0)
    }

    /// Closes in order and stays closed; its events and deadlines are still wanted.
    pub fn stop(&mut self, now: u64, registrar: &mut dyn Registrar) {
        self.stage = Stage::Stopped;
        if let Some(link) = &mut self.link {
            link.close(now, registrar);
        }
    }

    /// Stopped, and the socket is closed.
    pub fn is_closed(&self) -> bool {
        self.stage == Stage::Stopped
            && self
                .link
                .as_ref()
                .is_none_or(|link| link.state() == LinkState::Closed)
    }

    /// What has become of the link.
    fn look(&mut self, now: u64) -> Option<Step> {
        let link = self.link.as_ref()?;
        match (link.state(), self.stage) {
            (LinkState::Open, Stage::Dialling) => {
                self.counts.opened += 1;
                let limit = u64::from(self.rhythm.confirm_seconds) * 1000;
                self.stage = Stage::Subscribing { until: now + limit };
                Some(Step::Subscribe)
            }
            (LinkState::Closed, Stage::Stopped | Stage::Waiting { .. }) => None,
            (LinkState::Closed, _) => {
                let end = link.end();
                let why = end.map_or_else(String::new, ToString::to_string);
                let (distrust, wait_ms) = match end {
                    Some(LinkEnd::Failed(failure)) => match failure.kind {
                        FailureKind::Connect => (true, 0),
                        FailureKind::Refused { retry_after, .. } => {
                            (false, u64::from(retry_after.unwrap_or(0)) * 1000)
                        }
                        _ => (false, 0),
                    },
                    _ => (false, 0),
                };
                if distrust {
                    self.names
                        .distrust(self.endpoint.host(), self.endpoint.port());
                }
                Some(self.lost(why, now, wait_ms))
            }
            _ => None,
        }
    }

    /// `least_ms`: what the server asks to wait.
    fn lost(&mut self, why: String, now: u64, least_ms: u64) -> Step {
        self.counts.lost += 1;
        let pause_ms = self.back_off.next_delay_ms().max(least_ms);
        self.stage = Stage::Waiting {
            until: now.saturating_add(pause_ms),
        };
        // Dropping it closes the socket.
        self.link = None;
        Step::Lost { why, pause_ms }
    }
}
