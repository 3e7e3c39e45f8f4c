//! Stops, brackets, and what time brings to an end: orders and sessions.

use super::engine::Engine;
use super::order::{Kind, Life, Status};
use crate::core::units::{Price, Timestamp};

/// A bracket's stop leg sells down to this part below its stop, as the exchange does.
const STOP_ALLOWANCE_PERCENT: i64 = 5;

impl Engine {
    /// Sets off every stop that the trades since the last look have reached, in the order of
    /// acceptance; what they trade may set off more.
    pub(super) fn look_at_stops(&mut self, at: Timestamp, product: usize) {
        while let Some((low, high)) = self.listed[product].range.take() {
            if self.faults.stops_asleep {
                continue;
            }
            let reached: Vec<u64> = self.listed[product]
                .waiting
                .iter()
                .copied()
                .filter(|number| self.is_reached(*number, low, high))
                .collect();
            for number in reached {
                self.set_off(at, number);
            }
        }
    }

    fn is_reached(&self, number: u64, low: Price, high: Price) -> bool {
        match self.terms_of(number).map(|terms| terms.kind) {
            Some(Kind::StopLimit { stop, rising: true }) => high >= stop,
            Some(Kind::StopLimit { stop, .. } | Kind::Bracket { stop }) => low <= stop,
            _ => false,
        }
    }

    fn set_off(&mut self, at: Timestamp, number: u64) {
        if self.is_bracket(number) {
            self.unrest(number);
        }
        let Some(order) = self.orders.get_mut(&number) else {
            return;
        };
        if order.frozen || order.status.is_final() {
            return;
        }
        order.triggered = true;
        if let Kind::Bracket { stop } = order.terms.kind {
            let limit = stop.0 / 100 * (100 - STOP_ALLOWANCE_PERCENT)
                + stop.0 % 100 * (100 - STOP_ALLOWANCE_PERCENT) / 100;
            order.terms.limit = Some(Price(limit.max(1)));
        }
        let product = order.product;
        self.listed[product].waiting.remove(&number);
        self.tell(number);
        self.work(at, number);
    }

    /// Ends every order and the session whose time is over.
    pub fn expire(&mut self, now: Timestamp) {
        if self.session_ends().is_some_and(|end| end <= now) {
            self.end_session(now);
        }
        let over: Vec<u64> = self
            .open_orders()
            .filter(|order| matches!(order.terms.life, Life::Until(end) if end <= now))
            .filter(|order| !order.frozen)
            .map(|order| order.number)
            .collect();
        for number in over {
            self.finish(number, Status::Expired, "Order expired");
        }
    }

    /// When [`Engine::expire`] is wanted next.
    pub fn next_expiry(&self) -> Option<Timestamp> {
        let end = |order: &super::order::Order| match order.terms.life {
            Life::Until(end) if !order.frozen => Some(end),
            _ => None,
        };
        let orders = self.open_orders().filter_map(end);
        orders.chain(self.session_ends()).min()
    }
}
