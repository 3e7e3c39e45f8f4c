//! Contracts on margin: what stands behind positions and open orders, and where that money lies.
//!
//! Money is in two places, as at the exchange: the dollars of the spot account, and cash at the clearing
//! side. What margin asks for is swept there when it is asked for; what is more than that is swept
//! back when a session ends. Profit, loss and fees of contracts are booked there and nowhere else.
//!
//! Margin of a contract is asked for the worst of what is held and what its open orders could make of
//! it, at the last price. An order that makes that no worse is always let in. Liquidation is not
//! offered: who loses more than there is owes it.

use super::engine::{Engine, insufficient};
use super::order::{Order, Refusal};
use super::position::Position;
use crate::core::units::{Decimal, Price, Rounding, Side, Timestamp};
use crate::venue::contract::{Contract, session_of};
use std::collections::BTreeMap;

/// The currency that contracts are settled in.
const CURRENCY: &str = "USD";
/// Digits of an amount that is swept.
const CENTS: u32 = 2;

/// The clearing side of the account.
#[derive(Clone, Debug, Default)]
pub struct Clearing {
    /// By product; flat ones stay until their session ends, for what they realised.
    pub(super) positions: BTreeMap<usize, Position>,
    /// Below 0: owed.
    pub(super) cash: Decimal,
    /// End of the session in which something was last moved.
    pub(super) session_ends: Option<Timestamp>,
}

/// How the clearing side stands, in dollars.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Margin {
    /// Of the spot account: available and held for spot orders.
    pub spot: Decimal,
    /// What of it could still be swept.
    pub spot_available: Decimal,
    pub cash: Decimal,
    pub unrealised: Decimal,
    pub realised_today: Decimal,
    /// Initial margin of what is held.
    pub initial: Decimal,
    pub maintenance: Decimal,
    /// What open orders ask for beyond that: margin and fees.
    pub orders: Decimal,
}

impl Margin {
    /// Everything in dollars, wherever it lies; profit that is not realised is not counted.
    pub fn total(&self) -> Decimal {
        self.spot + self.cash
    }

    /// What new orders may ask for.
    pub fn available(&self) -> Decimal {
        self.spot_available + self.cash + self.unrealised - self.initial - self.orders
    }

    /// How much may be lost before maintenance margin is no longer there.
    pub fn buffer(&self) -> Decimal {
        self.spot_available + self.cash + self.unrealised - self.maintenance
    }
}

/// An order that is asked about as if it were open.
type Extra = Option<(usize, Side, i64)>;

impl Engine {
    pub(super) fn contract(&self, product: usize) -> Option<&Contract> {
        self.listed[product].product.contract.as_ref()
    }

    /// Open positions, by product.
    pub fn positions(&self) -> impl Iterator<Item = (usize, &Position)> {
        let open = |(_, position): &(&usize, &Position)| position.lots != 0;
        let all = self.clearing.positions.iter();
        all.filter(open)
            .map(|(product, position)| (*product, position))
    }

    pub fn position(&self, product: usize) -> Option<&Position> {
        let position = self.clearing.positions.get(&product);
        position.filter(|position| position.lots != 0)
    }

    /// How the clearing side stands.
    pub fn margin(&self) -> Margin {
        let spot = self.accounts.balance(CURRENCY);
        let mut margin = Margin {
            spot: spot.total(),
            spot_available: spot.available,
            cash: self.clearing.cash,
            ..Margin::default()
        };
        for (index, position) in &self.clearing.positions {
            margin.realised_today += position.realised_today;
            let listed = &self.listed[*index];
            let (Some(contract), Some(mark)) = (&listed.product.contract, listed.last) else {
                continue;
            };
            let value = self.worth(*index, mark, position.lots.abs());
            margin.unrealised += position.unrealised(&listed.product, mark);
            margin.initial += contract.initial_margin(value).unwrap_or_default();
            margin.maintenance += contract.maintenance_margin(value).unwrap_or_default();
        }
        margin.orders = self.asked(None) - margin.initial;
        margin
    }

    fn worth(&self, product: usize, mark: Price, lots: i64) -> Decimal {
        let value = self.listed[product].product.value(mark, lots);
        value.expect("contracts within their limits have a value")
    }

    /// Margin and fees of everything held and open, and of one order more.
    fn asked(&self, extra: Extra) -> Decimal {
        let each = (0..self.listed.len()).map(|product| {
            let of_it = extra.filter(|(of, ..)| *of == product);
            self.asked_by(product, of_it)
        });
        each.fold(Decimal::ZERO, |sum, more| sum + more)
    }

    fn asked_by(&self, product: usize, extra: Extra) -> Decimal {
        let listed = &self.listed[product];
        let (Some(contract), Some(mark)) = (&listed.product.contract, listed.last) else {
            return Decimal::ZERO;
        };
        let (worst, open) = self.worst(product, extra);
        let value = self.worth(product, mark, worst);
        let margin = contract.initial_margin(value).unwrap_or_default();
        margin + contract.fees(open).unwrap_or_default()
    }

    /// Contracts at worst held, and contracts of open orders.
    fn worst(&self, product: usize, extra: Extra) -> (i64, i64) {
        let mut open = [0i64; 2];
        let of_it = |order: &&Order| order.product == product;
        let orders = self.open_orders().filter(of_it);
        let remaining = orders.map(|order| (order.side, order.remaining()));
        for (side, lots) in remaining.chain(extra.map(|(_, side, lots)| (side, lots))) {
            let sum = &mut open[usize::from(side == Side::Sell)];
            *sum = sum.saturating_add(lots);
        }
        let held = self.position(product).map_or(0, |position| position.lots);
        let worst = held
            .abs()
            .max(held.saturating_add(open[0]))
            .max(open[1].saturating_sub(held));
        (worst, open[0].saturating_add(open[1]))
    }

    /// What an order (more) of so many contracts asks for; an order that only reduces asks for its fee.
    ///
    /// # Errors
    /// There is too little for it.
    pub(super) fn margin_for(
        &self,
        product: usize,
        side: Side,
        lots: i64,
    ) -> Result<Decimal, Refusal> {
        let extra = Some((product, side, lots));
        let more = self.asked(extra) - self.asked(None);
        let reduces = self.worst(product, extra).0 <= self.worst(product, None).0;
        if !reduces && self.margin().available() < more {
            return Err(insufficient(CURRENCY));
        }
        Ok(more)
    }

    /// Sweeps dollars of the spot account to the clearing side, as far as margin asks for them and they
    /// are there.
    pub(super) fn sweep_in(&mut self, at: Timestamp) {
        let margin = self.margin();
        let backing = margin.cash + margin.unrealised;
        let short = margin.initial + margin.orders - backing;
        let short = short.round(CENTS, Rounding::Up);
        let amount = short.min(self.accounts.balance(CURRENCY).available);
        if amount.is_positive() && self.accounts.hold(CURRENCY, amount) {
            self.accounts.pay_from_hold(CURRENCY, amount);
            self.clearing.cash += amount;
        }
        self.clearing
            .session_ends
            .get_or_insert_with(|| session_of(at).1);
    }

    /// When [`Engine::end_session`] is wanted next.
    pub(super) const fn session_ends(&self) -> Option<Timestamp> {
        self.clearing.session_ends
    }

    /// A session has ended: what margin does not ask for goes back, and the day's profit begins anew.
    pub(super) fn end_session(&mut self, now: Timestamp) {
        let margin = self.margin();
        let needed = margin.initial + margin.orders - margin.unrealised.min(Decimal::ZERO);
        let excess = (margin.cash - needed).round(CENTS, Rounding::Down);
        if excess.is_positive() {
            self.clearing.cash -= excess;
            self.accounts.receive(CURRENCY, excess);
        }
        self.clearing.positions.retain(|_, held| held.lots != 0);
        for position in self.clearing.positions.values_mut() {
            position.realised_today = Decimal::ZERO;
        }
        let is_empty = self.clearing.positions.is_empty() && self.clearing.cash.is_zero();
        self.clearing.session_ends = (!is_empty).then(|| session_of(now).1);
    }

    /// Books an execution of a contract: position, profit, fee.
    pub(super) fn clear(
        &mut self,
        product: usize,
        side: Side,
        (price, lots): (Price, i64),
        fee: Decimal,
    ) {
        let spec = &self.listed[product].product;
        let position = self.clearing.positions.entry(product).or_default();
        if position.lots == 0 {
            position.fees = Decimal::ZERO;
        }
        position.fees += fee;
        let realised = position.take(spec, side, price, lots);
        self.clearing.cash += realised - fee;
    }
}
