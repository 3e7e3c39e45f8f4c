//! Refused proposals and orders by outcome, counted while the run goes on: the report at its end
//! then reads no decision or order back, and those that get no row are counted too.
//!
//! Memory: one entry a symbol and reason (bounded, the rest is one sum), one an order that is not
//! final yet. The counts are those that the ledger's rows give.

use crate::core::holds::HeldBack;
use crate::core::market::{Instrument, SymbolId};
use crate::core::records::{Action, CheckOutcome, Decision, Leg, Order, OrderState};
use crate::store::ledger::names;
use crate::store::ledger::read::{ReasonCount, most_frequent};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Distinct symbols and reasons counted apart.
pub const REASONS_MAX: usize = 256;

/// What a summary keeps of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcomes {
    /// Most frequent first.
    pub refusals: Vec<ReasonCount>,
    /// `entry filled` and how many, by name.
    pub orders: Vec<(String, u64)>,
}

#[derive(Clone, Debug)]
struct Refusals {
    symbol: SymbolId,
    why: String,
    count: u64,
}

#[derive(Clone, Debug, Default)]
pub struct OutcomeTally {
    refusals: Vec<Refusals>,
    /// Refusals beyond the distinct reasons that are counted apart.
    others: u64,
    working: BTreeMap<u64, (Leg, OrderState)>,
    ended: Vec<(Leg, OrderState, u64)>,
}

impl OutcomeTally {
    pub fn decision(&mut self, decision: &Decision) {
        if decision.proposal.action == Action::Hold || decision.action != Action::Hold {
            return;
        }
        let mut checks = decision.checks.iter();
        let why = checks
            .find(|check| check.outcome == CheckOutcome::Refused)
            .map_or(decision.reason.as_str(), |check| check.name);
        self.refused(decision.symbol, why, 1);
    }

    fn refused(&mut self, symbol: SymbolId, why: &str, count: u64) {
        let known = self
            .refusals
            .iter()
            .position(|r| r.symbol == symbol && r.why == why);
        match known {
            Some(at) => self.refusals[at].count += count,
            None if self.refusals.len() < REASONS_MAX => self.refusals.push(Refusals {
                symbol,
                why: why.to_owned(),
                count,
            }),
            None => self.others += count,
        }
    }

    pub fn order(&mut self, order: &Order) {
        if order.state.is_final() {
            self.working.remove(&order.id);
            add(&mut self.ended, order.leg, order.state);
        } else {
            self.working.insert(order.id, (order.leg, order.state));
        }
    }

    /// All that was counted, and what got no decision of its own.
    pub fn outcomes(&self, instruments: &[Instrument], held_back: &[HeldBack]) -> Outcomes {
        let mut all = self.clone();
        for held in held_back {
            all.refused(held.symbol, held.reason, held.count);
        }
        all.named(instruments)
    }

    fn named(&self, instruments: &[Instrument]) -> Outcomes {
        let named = |refusals: &Refusals| ReasonCount {
            symbol: instruments
                .get(refusals.symbol.index())
                .map_or_else(String::new, |i| i.symbol.clone()),
            reason: refusals.why.clone(),
            count: refusals.count,
        };
        let mut refusals: Vec<ReasonCount> = self.refusals.iter().map(named).collect();
        if self.others > 0 {
            refusals.push(ReasonCount {
                symbol: String::new(),
                reason: "reasons beyond those counted apart".to_owned(),
                count: self.others,
            });
        }
        let mut all = self.ended.clone();
        for (leg, state) in self.working.values() {
            add(&mut all, *leg, *state);
        }
        let mut orders: Vec<(String, u64)> = all
            .iter()
            .map(|(leg, state, count)| {
                let name = format!("{} {}", names::leg(*leg), names::order_state(*state));
                (name, *count)
            })
            .collect();
        orders.sort();
        Outcomes {
            refusals: most_frequent(refusals),
            orders,
        }
    }
}

fn add(counts: &mut Vec<(Leg, OrderState, u64)>, leg: Leg, state: OrderState) {
    match counts.iter_mut().find(|c| (c.0, c.1) == (leg, state)) {
        Some(known) => known.2 += 1,
        None => counts.push((leg, state, 1)),
    }
}
