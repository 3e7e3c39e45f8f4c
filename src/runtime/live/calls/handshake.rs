//! How long the way up of each stream takes: connect, TLS, websocket upgrade, and nothing more.
//!
//! For a diagnosis. The links are closed as soon as they stand; nothing is subscribed.

use crate::net::{Endpoint, Link, LinkSettings, LinkState};
use crate::runtime::application::{Application, EffectReport};
use crate::runtime::link_sockets::LinkSockets;
use crate::runtime::live::job::{LiveJob, LiveOutput};
use crate::runtime::shell::Shell;
use crate::runtime::signals::Signal;
use crate::runtime::sources::{Readiness, SourceKind, SourceState};
use mio::Token;
use std::net::SocketAddr;

/// A stream that is tried once.
#[derive(Debug)]
struct Attempt {
    endpoint: Endpoint,
    addresses: Vec<SocketAddr>,
    link: Option<Link>,
    /// Nanoseconds from dial to open, or why not.
    result: Option<Result<i64, String>>,
}

/// See the file's head.
#[derive(Debug)]
pub struct Handshakes {
    settings: LinkSettings,
    attempts: Vec<Attempt>,
    began: i64,
    stopped: Option<Signal>,
}

impl Handshakes {
    /// Of these endpoints, at addresses that are known already.
    pub fn new(
        settings: LinkSettings,
        endpoints: impl IntoIterator<Item = (Endpoint, Vec<SocketAddr>)>,
    ) -> Self {
        let attempts = endpoints.into_iter().map(|(endpoint, addresses)| Attempt {
            endpoint,
            addresses,
            link: None,
            result: None,
        });
        Self {
            settings,
            attempts: attempts.collect(),
            began: 0,
            stopped: None,
        }
    }

    /// Nanoseconds each took, or why it did not stand; in the order of the endpoints. And the signal
    /// that ended it early.
    pub fn into_results(self) -> (Vec<Result<i64, String>>, Option<Signal>) {
        let results = self.attempts.into_iter().map(|attempt| {
            attempt
                .result
                .unwrap_or_else(|| Err("not finished".to_owned()))
        });
        (results.collect(), self.stopped)
    }

    /// What has become of the links; the end once all are through.
    fn look(&mut self, shell: &mut Shell<LiveJob>) {
        // Now, not the turn's time: a turn may have been long.
        let took = crate::runtime::clock::monotonic_ns() - self.began;
        for attempt in &mut self.attempts {
            let Some(link) = &mut attempt.link else {
                continue;
            };
            match link.state() {
                LinkState::Open => attempt.result = Some(Ok(took)),
                LinkState::Closed => {
                    let why = link.end().map_or_else(String::new, ToString::to_string);
                    attempt.result = Some(Err(why));
                }
                _ => continue,
            }
            let kind = SourceKind::Market;
            link.abandon(&mut LinkSockets { shell, kind });
            attempt.link = None;
        }
        if self.attempts.iter().all(|attempt| attempt.result.is_some()) {
            shell.request_exit(0);
        }
    }
}

impl Application for Handshakes {
    type Job = LiveJob;

    fn start(&mut self, shell: &mut Shell<LiveJob>) -> std::io::Result<()> {
        self.began = crate::runtime::clock::monotonic_ns();
        let now = shell.now_ms();
        for attempt in &mut self.attempts {
            let kind = SourceKind::Market;
            attempt.link = Some(Link::dial(
                attempt.endpoint.clone(),
                &attempt.addresses,
                self.settings.clone(),
                now,
                &mut LinkSockets { shell, kind },
            ));
        }
        self.look(shell);
        Ok(())
    }

    fn on_signal(&mut self, signal: Signal, shell: &mut Shell<LiveJob>) {
        if signal.is_stop() {
            self.stopped = Some(signal);
            shell.request_exit(0);
        }
    }

    fn on_effect(&mut self, _report: EffectReport<LiveOutput>, _shell: &mut Shell<LiveJob>) {}

    fn on_ready(
        &mut self,
        token: Token,
        _readiness: Readiness,
        budget: usize,
        shell: &mut Shell<LiveJob>,
    ) -> SourceState {
        let now = shell.now_ms();
        let links = self.attempts.iter_mut().filter_map(|a| a.link.as_mut());
        for link in links {
            if link.owns(token) {
                let kind = SourceKind::Market;
                let registrar = &mut LinkSockets { shell, kind };
                link.on_ready(token, budget, now, registrar, &mut |_| {});
            }
        }
        self.look(shell);
        SourceState::Drained
    }

    fn turn(&mut self, shell: &mut Shell<LiveJob>) {
        let now = shell.now_ms();
        for link in self.attempts.iter_mut().filter_map(|a| a.link.as_mut()) {
            let kind = SourceKind::Market;
            link.on_deadline(now, &mut LinkSockets { shell, kind });
        }
        self.look(shell);
    }

    fn next_deadline(&mut self) -> Option<u64> {
        let links = self.attempts.iter().filter_map(|a| a.link.as_ref());
        links.filter_map(Link::next_deadline).min()
    }
}
