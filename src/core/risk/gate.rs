//! The gate: one pass of an entry through every check, in the order of the table.
//!
//! The first refusal decides, all checks are evaluated for the record. Reductions are checked for
//! correctness only and never vetoed, whatever limit is hit.

use super::approved::Approved;
use super::breaker::BreakerState;
use super::checks::{Checks, describe};
use super::emergency::Emergency;
use super::limits::{EntryLog, LosingRun, LossLimits, Period};
use super::sizing::{Budget, RoundTrip, Sizing, allowed_leverage};
use crate::market::{Instrument, SymbolId};
use crate::orders::intent::{EntryPlan, OrderIntent};
use crate::orders::position::Position;
use crate::records::{Check, Leg, OrderKind, Proposal};
use crate::settings::{EntryOrderType, FeeRates, RiskSettings, TradingSettings};
use crate::symbol::Spread;
use crate::units::stamp::SECOND;
use crate::units::{Decimal, Price, Quantity, Rounding, Side, Stamp, Timestamp};

/// Who wants the entry: what is out of range is clamped for a strategy, refused for an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    Strategy,
    Operator,
}

/// A wish to enter.
#[derive(Clone, Debug)]
pub struct EntryRequest<'a> {
    pub symbol: SymbolId,
    pub instrument: &'a Instrument,
    pub side: Side,
    pub proposal: &'a Proposal,
    pub origin: Origin,
    pub decision: u64,
    /// Open time of the candle decided on.
    pub candle: Timestamp,
    /// Last traded price.
    pub mark: Price,
    pub fees: FeeRates,
    pub slippage_rate: Decimal,
}

/// How the account and the world around it stand at that moment.
#[derive(Debug)]
pub struct Standing<'a> {
    pub now: Stamp,
    pub budget: Budget,
    pub emergency: &'a Emergency,
    pub breaker: BreakerState,
    /// Why market data cannot be trusted; `None` when it can.
    pub data_problem: Option<&'static str>,
    /// How far the best prices are apart; `None` where no quotes come.
    pub spread: Option<Spread>,
    /// Nothing unresolved with the venue.
    pub reconciled: bool,
    pub losses: &'a LossLimits,
    pub entries: &'a EntryLog,
    pub losing_run: &'a LosingRun,
    /// Open positions and entries in flight.
    pub concurrent_trades: u32,
    /// Equity fell below the minimum and has not risen 1 % above it since.
    pub balance_too_low: bool,
    /// Candle and side of the symbol's last entry.
    pub last_entry: Option<(Timestamp, Side)>,
}

/// The gate's answer.
#[derive(Clone, Debug)]
pub struct Verdict {
    pub checks: Vec<Check>,
    /// The approved order, or the refusal in words.
    pub result: Result<Approved<OrderIntent>, String>,
}

/// Passes an entry through every check.
pub fn approve_entry(
    request: &EntryRequest<'_>,
    standing: &Standing<'_>,
    trading: &TradingSettings,
    risk: &RiskSettings,
) -> Verdict {
    let mut checks = Checks::default();
    checks.require("emergency_stop", !standing.emergency.is_latched());
    checks.require("circuit_breaker", standing.breaker != BreakerState::Open);
    checks.require("data", standing.data_problem.is_none());
    if let Some(Spread { bps, limit }) = standing.spread {
        checks.limited("max_spread_bps", bps <= limit, bps, limit);
    }
    checks.require("reconciled", standing.reconciled);
    let (stop_pct, target_pct) = protection(request, risk, &mut checks);
    account_limits(standing, risk, &mut checks);
    let requested = request.proposal.leverage.unwrap_or(trading.leverage);
    let leverage = allowed_leverage(requested, request.instrument, trading, risk, &mut checks);
    let sizing = sizing(request, standing, trading, risk, stop_pct);
    let (round_trip, rests) = (
        sizing.round_trip,
        trading.order_type != EntryOrderType::Market,
    );
    let size = sizing.run(request.proposal.size_pct, leverage, &mut checks);
    min_profit(target_pct, round_trip.pct, trading, &mut checks);
    venue_minimum(request, size.quantity, &mut checks);
    // Entries that rest do so at the mark, and there is no book whose mid could differ.
    checks.limited(
        "price_collar_pct",
        true,
        Decimal::ZERO,
        risk.price_collar_pct,
    );
    rhythm(request, standing, trading, risk, &mut checks);
    let refusal = checks.refusal().map(describe);
    let intent = OrderIntent {
        symbol: request.symbol,
        decision: request.decision,
        leg: Leg::Entry,
        side: request.side,
        kind: match trading.order_type {
            EntryOrderType::Market => OrderKind::Market,
            EntryOrderType::Limit => OrderKind::Limit,
            EntryOrderType::PostOnly => OrderKind::PostOnly,
        },
        quantity: size.quantity,
        price: rests.then_some(request.mark),
        reference: request.mark,
        entry: Some(EntryPlan {
            leverage: size.leverage,
            stop_pct,
            target_pct,
            round_trip_pct: round_trip.pct,
        }),
        exit: None,
    };
    Verdict {
        checks: checks.into_list(),
        result: match refusal {
            Some(text) => Err(text),
            None => Ok(Approved::grant(intent)),
        },
    }
}

/// The sizing of an entry whose stop is known.
pub(super) fn sizing<'a>(
    request: &EntryRequest<'a>,
    standing: &'a Standing<'_>,
    trading: &'a TradingSettings,
    risk: &'a RiskSettings,
    stop_pct: Decimal,
) -> Sizing<'a> {
    let rests = trading.order_type != EntryOrderType::Market;
    Sizing {
        instrument: request.instrument,
        trading,
        risk,
        budget: &standing.budget,
        round_trip: RoundTrip::new(request.fees, request.slippage_rate, rests),
        mark: request.mark,
        stop_pct,
    }
}

/// Stop and target: defaults, clamps, reward to risk.
pub(super) fn protection(
    request: &EntryRequest<'_>,
    risk: &RiskSettings,
    checks: &mut Checks,
) -> (Decimal, Decimal) {
    let proposal = request.proposal;
    let stop = proposal.stop_loss_pct.unwrap_or(risk.default_stop_loss_pct);
    let target = proposal
        .take_profit_pct
        .unwrap_or(risk.default_take_profit_pct);
    checks.require("mandatory_stop_loss", stop.is_positive());
    let mut within = |name, value: Decimal, low: Decimal, high: Decimal| {
        let kept = value.clamp(low, high);
        let bound = if value < low { low } else { high };
        if kept != value && request.origin == Origin::Operator {
            checks.limited(name, false, value, bound);
        } else {
            checks.cut(name, value, bound, kept != value);
        }
        kept
    };
    let stop = within(
        "stop_loss_pct",
        stop,
        risk.min_stop_loss_pct,
        risk.max_stop_loss_pct,
    );
    let target = within(
        "take_profit_pct",
        target,
        risk.min_take_profit_pct,
        risk.max_take_profit_pct,
    );
    let ratio = target
        .checked_div(stop, Rounding::HalfEven)
        .unwrap_or(Decimal::ZERO);
    checks.at_least("min_reward_risk", ratio, risk.min_reward_risk);
    (stop, target)
}

/// Losses, counts and balance.
fn account_limits(standing: &Standing<'_>, risk: &RiskSettings, checks: &mut Checks) {
    let equity = standing.budget.equity;
    for period in Period::ALL {
        checks.limited(
            period.key(),
            !standing.losses.is_hit(period),
            standing.losses.loss_pct(period, equity),
            period.limit(risk),
        );
    }
    let number = |n: u32| Decimal::from_int(i64::from(n));
    checks.below(
        "max_concurrent_trades",
        number(standing.concurrent_trades),
        number(risk.max_concurrent_trades),
    );
    checks.below(
        "max_trades_per_day",
        number(standing.entries.today(standing.now.wall)),
        number(risk.max_trades_per_day),
    );
    checks.limited(
        "consecutive_losses",
        !standing.losing_run.is_paused(standing.now.mono),
        // The count begins anew with the pause: what is shown is what led to it.
        number(if standing.losing_run.is_paused(standing.now.mono) {
            risk.consecutive_losses
        } else {
            standing.losing_run.length()
        }),
        number(risk.consecutive_losses),
    );
    let enough = !standing.balance_too_low && equity >= risk.min_account_balance;
    checks.floor(
        "min_account_balance",
        enough,
        equity,
        risk.min_account_balance,
    );
}

/// The target must pay for the round trip and leave the minimum.
fn min_profit(
    target: Decimal,
    round_trip: Decimal,
    trading: &TradingSettings,
    checks: &mut Checks,
) {
    let needed = (Decimal::new(12, 1) * round_trip).max(round_trip + trading.min_profit_pct);
    checks.at_least("min_profit", target, needed);
}

fn venue_minimum(request: &EntryRequest<'_>, quantity: Quantity, checks: &mut Checks) {
    let instrument = request.instrument;
    let (value, limit) = (instrument.quantity(quantity), instrument.min_quantity);
    let least = limit.max(instrument.lot);
    if value < least {
        checks.at_least("venue_minimum", value, least);
    } else {
        checks.at_least(
            "venue_minimum",
            instrument.notional(request.mark, quantity),
            instrument.min_notional,
        );
    }
}

/// How soon and how often.
fn rhythm(
    request: &EntryRequest<'_>,
    standing: &Standing<'_>,
    trading: &TradingSettings,
    risk: &RiskSettings,
    checks: &mut Checks,
) {
    let wait = seconds(trading.min_trading_interval.0);
    match standing.last_entry {
        Some((candle, _)) => checks.at_least(
            "min_trading_interval",
            seconds(request.candle.since(candle).0),
            wait,
        ),
        None => checks.require("min_trading_interval", true),
    }
    let number = |n: u32| Decimal::from_int(i64::from(n));
    let (now, entries) = (standing.now.mono, standing.entries);
    let a_minute = entries.within(now, EntryLog::RATE_WINDOW);
    let a_second = entries.within(now, SECOND);
    checks.limited(
        "order_rate",
        a_minute < risk.order_rate && a_second < 2,
        number(a_minute),
        number(risk.order_rate),
    );
    checks.require(
        "duplicate",
        standing.last_entry != Some((request.candle, request.side)),
    );
}

fn seconds(nanos: i64) -> Decimal {
    Decimal::from_raw(i128::from(nanos) * 1_000_000_000)
}

/// Approves an order that can only reduce: it exists to be refused only when it is wrong.
pub fn approve_reduction(
    intent: OrderIntent,
    position: Option<&Position>,
) -> Result<Approved<OrderIntent>, &'static str> {
    let Some(position) = position else {
        return Err("no position to reduce");
    };
    if intent.side != position.side.opposite() {
        return Err("a reduction is on the other side of the position");
    }
    if intent.quantity.is_zero() || intent.quantity > position.quantity() {
        return Err("a reduction is above zero and at most the position");
    }
    if intent.exit.is_none() || intent.entry.is_some() {
        return Err("a reduction is reduce-only");
    }
    Ok(Approved::grant(intent))
}
