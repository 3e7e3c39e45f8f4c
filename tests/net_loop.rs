//! A link on the real loop, as an application owns it: sockets registered through the shell,
//! messages within the budget, deadlines kept by the loop.

#[path = "support/tls_server.rs"]
mod tls_server;

use minnow::net::{Endpoint, Incoming, Link, LinkEnd, LinkSettings, LinkState};
use minnow::runtime::link_sockets::LinkSockets;
use minnow::runtime::{
    Application, EffectReport, EventLoop, Job, LoopSettings, Readiness, Shell, Signal, Slice,
    SourceKind, SourceState, Token,
};
use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use tls_server::{Authority, dead_address, serve, tls, wait_for_end};

const MESSAGES: usize = 5_000;

/// No job is ever submitted.
struct Nothing;

impl Job for Nothing {
    type Output = ();
    fn run(self) -> Slice<Self> {
        Slice::Done(())
    }
}

/// Takes all messages over one link after another, closes, and stops.
struct Taker {
    tls: Arc<rustls::ClientConfig>,
    addresses: Vec<SocketAddr>,
    link: Option<Link>,
    stage_limit_ms: u64,
    seen: usize,
    end: Option<LinkEnd>,
}

impl Taker {
    fn run(authority: &Authority, addresses: &[SocketAddr], stage_limit_ms: u64) -> Self {
        let mut taker = Self {
            tls: Arc::clone(&authority.client),
            addresses: addresses.to_vec(),
            link: None,
            stage_limit_ms,
            seen: 0,
            end: None,
        };
        let end = EventLoop::new(LoopSettings::default())
            .unwrap()
            .run(&mut taker);
        assert_eq!(end.unwrap().exit_code(), 0);
        taker
    }

    fn with_link(
        &mut self,
        shell: &mut Shell<Nothing>,
        act: impl FnOnce(&mut Link, u64, &mut LinkSockets<'_, Nothing>),
    ) {
        let now = shell.now_ms();
        let kind = SourceKind::Market;
        if let Some(link) = &mut self.link {
            act(link, now, &mut LinkSockets { shell, kind });
            if let Some(end) = link.end() {
                self.end = Some(end.clone());
                shell.request_exit(0);
            }
        }
    }
}

impl Application for Taker {
    type Job = Nothing;

    fn start(&mut self, shell: &mut Shell<Nothing>) -> std::io::Result<()> {
        let settings = LinkSettings {
            tls: Arc::clone(&self.tls),
            stage_limit_ms: self.stage_limit_ms,
            message_max: 1 << 20,
        };
        let endpoint = Endpoint::parse("wss://localhost/").unwrap();
        let now = shell.now_ms();
        let kind = SourceKind::Market;
        let mut sockets = LinkSockets { shell, kind };
        let link = Link::dial(endpoint, &self.addresses, settings, now, &mut sockets);
        self.link = Some(link);
        Ok(())
    }

    fn on_signal(&mut self, _signal: Signal, _shell: &mut Shell<Nothing>) {}

    fn on_effect(&mut self, _report: EffectReport<()>, _shell: &mut Shell<Nothing>) {}

    fn on_ready(
        &mut self,
        token: Token,
        _readiness: Readiness,
        budget: usize,
        shell: &mut Shell<Nothing>,
    ) -> SourceState {
        let mut has_more = false;
        let mut seen = self.seen;
        self.with_link(shell, |link, now, sockets| {
            let mut sink = |incoming: Incoming<'_>| {
                assert_eq!(incoming, Incoming::Text(&seen.to_string()));
                seen += 1;
            };
            has_more = link.on_ready(token, budget, now, sockets, &mut sink);
            if seen == MESSAGES && link.state() == LinkState::Open {
                link.close(now, sockets);
            }
        });
        self.seen = seen;
        if has_more {
            SourceState::More
        } else {
            SourceState::Drained
        }
    }

    fn turn(&mut self, shell: &mut Shell<Nothing>) {
        self.with_link(shell, |link, now, sockets| link.on_deadline(now, sockets));
    }

    fn next_deadline(&mut self) -> Option<u64> {
        self.link.as_ref().and_then(Link::next_deadline)
    }
}

#[test]
fn a_link_on_the_loop_takes_every_message_and_closes_in_order() {
    let authority = Authority::of("localhost");
    let server = authority.server.clone();
    let address = serve(move |stream| {
        let mut session = tungstenite::accept(tls(&server, stream)).unwrap();
        let mut bytes = Vec::new();
        for n in 0..MESSAGES {
            let text = n.to_string();
            bytes.extend_from_slice(&[0x81, u8::try_from(text.len()).unwrap()]);
            bytes.extend_from_slice(text.as_bytes());
        }
        session.get_mut().write_all(&bytes).unwrap();
        session.get_mut().flush().unwrap();
        while session.read().is_ok() {}
    });
    let taker = Taker::run(&authority, &[dead_address(), address], 15_000);
    assert_eq!(taker.seen, MESSAGES);
    assert_eq!(taker.end, Some(LinkEnd::Ours));
}

#[test]
fn the_loop_keeps_the_deadline_of_a_stage() {
    let authority = Authority::of("localhost");
    let mute = serve(|mut stream| wait_for_end(&mut stream));
    let taker = Taker::run(&authority, &[mute], 300);
    let Some(LinkEnd::Failed(failure)) = taker.end else {
        panic!("{:?}", taker.end);
    };
    assert_eq!(failure.to_string(), "TLS handshake: no answer within 0.3 s");
}
