//! What can be seen of a session: the status dump, and what the service manager is told.

use super::feeds::books::BookSource;
use super::job::LiveJob;
use super::session::Session;
use super::tasks::Tasks;
use crate::core::units::Stamp;
use crate::runtime::control::Control;
use crate::runtime::replay::Recorder;
use crate::runtime::shell::Shell;
use crate::runtime::status::ApplicationStatus;
use crate::runtime::systemd::Notifier;
use serde_json::json;

impl Session<'_> {
    /// Ready, status and watchdog, for whoever started the process.
    pub(super) fn tell_manager(&mut self, shell: &mut Shell<LiveJob>) {
        if self.notifier.is_none() {
            return;
        }
        let is_ready = self.core.is_reconciled();
        let status = self.in_a_line();
        let now = shell.at().mono;
        let is_healthy = shell.stuck_workers() == 0;
        if let Some(notifier) = &mut self.notifier {
            if is_ready {
                notifier.ready();
            }
            notifier.status(&status);
            notifier.watchdog(now, is_healthy);
        }
    }

    /// How it stands, in plain words; changes with what matters, not with every price.
    fn in_a_line(&self) -> String {
        let total = self.markets.len();
        let fresh = self
            .markets
            .symbols()
            .filter(|symbol| self.freshness.is_fresh(*symbol))
            .count();
        let held = self.core.symbols().iter().filter(|s| s.position.is_some());
        let stopped = match self.core.emergency().latched() {
            Some((trigger, _)) => format!("EMERGENCY STOP ({}); ", trigger.name()),
            None => String::new(),
        };
        let was_ready = self.notifier.as_ref().is_none_or(Notifier::is_ready);
        let waits = if was_ready || self.core.is_reconciled() {
            ""
        } else {
            "; waiting for the first reconciliation"
        };
        format!(
            "{stopped}{}{waits}; {fresh} of {total} symbols with live data; {} positions; {} trades closed",
            if self.is_venue() {
                "real orders"
            } else {
                "paper"
            },
            held.count(),
            self.core.counts().trades,
        )
    }

    /// Everything that can be seen, as the status dump shows it.
    pub(super) fn seen(&mut self, shell: &mut Shell<LiveJob>) -> serde_json::Value {
        let mut part = ApplicationStatus::default();
        self.describe(&mut part);
        let status = shell.status(part, None);
        serde_json::to_value(&status).unwrap_or_default()
    }

    /// Calls to the exchange in numbers.
    fn calls_seen(&self) -> serde_json::Value {
        let counts = &self.caller.counts;
        let now = crate::runtime::clock::monotonic_ns();
        let breaker = self.caller.breaker(now);
        json!({
            "sent": counts.sent,
            "answered": counts.answered,
            "failed": counts.failed,
            "retried": counts.retried,
            "refused": counts.refused,
            "rate_limited": counts.rate_limited,
            "paused_by_limit": counts.paused,
            "breaker": breaker.map(|(state, _)| state),
            "breaker_opened": breaker.map(|(_, opened)| opened),
        })
    }

    /// Each symbol in a few words.
    fn symbols_seen(&self) -> Vec<serde_json::Value> {
        let now = crate::runtime::clock::monotonic_ns();
        // The gate's deadlines run on the core's monotonic time; its wall time is not looked at.
        let at = Stamp {
            mono: now.saturating_add(self.settings.mono_offset),
            wall: self.last.wall,
        };
        self.core
            .symbols()
            .iter()
            .map(|symbol| {
                let instrument = &symbol.instrument;
                json!({
                    "symbol": instrument.symbol,
                    "last": symbol.last.map(|price| instrument.price(price).to_string()),
                    "candles": symbol.series.contiguous(),
                    "fresh": self.freshness.is_fresh(symbol.id),
                    "tradable": self.markets.market(symbol.id).tradable,
                    "spread_bps": symbol.spread.map(|spread| spread.bps.to_string()),
                    "book": self.books.problem(symbol.id, now),
                    "book_levels": self.books.view(symbol.id, now),
                    "entries_blocked": self.core.entries_blocked_by(symbol.id, at),
                    "position": symbol.position.as_ref().map(|position| {
                        instrument.quantity(position.quantity()).to_string()
                    }),
                })
            })
            .collect()
    }

    /// The session's part of a status dump.
    pub(super) fn describe(&self, status: &mut ApplicationStatus) {
        let connections: Vec<_> = self
            .connections
            .iter()
            .map(|connection| {
                let statistics = connection.statistics();
                json!({
                    "role": connection.role.name(),
                    "stage": connection.stage(),
                    "messages": statistics.messages,
                    "bytes": statistics.bytes,
                    "dialled": connection.counts.dialled,
                    "subscribed": connection.counts.subscribed,
                    "lost": connection.counts.lost,
                    "silent": connection.counts.silent,
                    "unsubscribed": connection.counts.unsubscribed,
                })
            })
            .collect();
        let symbols = self.symbols_seen();
        let refused: serde_json::Map<_, _> = self
            .markets
            .refused()
            .map(|(refusal, count)| (refusal.name().to_owned(), count.into()))
            .collect();
        let counts = &self.counts;
        let session = json!({
            "execution": if self.is_venue() { "venue" } else { "paper" },
            "mode": self.core.mode(),
            "ledger": self.settings.ledger.name(),
            "emergency_stop": self.core.emergency().latched().map(|(trigger, _)| trigger.name()),
            "reconciled": self.core.is_reconciled(),
            "open_orders": self.still_open(false),
            "open": self.still_open(true),
            "equity": self.core.equity().to_string(),
            "state_hash": self.core.state_hash().to_string(),
            "inputs": self.core.inputs(),
            "decisions": self.core.counts().decisions,
            "orders": self.core.counts().orders,
            "fills": self.core.counts().fills,
            "clock_offset_ms": self.caller.clock_offset() / 1_000_000,
            "frames": counts.frames,
            "frames_refused": counts.frames_refused,
            "frames_not_recorded": self.recorder.as_ref().map(Recorder::frames_dropped),
            "gaps": counts.gaps,
            "lagging": counts.lagging,
            "trades": counts.trades,
            "trades_dropped": counts.trades_dropped,
            "outages_bridged": counts.bridged,
            "candle_check": self.candle_check.counts,
            "books": (self.books.source() != BookSource::Tickers).then_some(self.books.counts),
            "book_calls": matches!(self.books.source(), BookSource::Rest { .. })
                .then_some(self.book_calls.counts),
            "calls": self.calls_seen(),
            "control": self.control.as_ref().map(Control::seen),
            "clock_blocks_entries": self.clock_blocks,
            "refused": refused,
            "connections": connections,
            "symbols": symbols,
        });
        status.details.insert("session".to_owned(), session);
        status.scheduler = self.tasks.as_ref().map(Tasks::view);
    }
}
