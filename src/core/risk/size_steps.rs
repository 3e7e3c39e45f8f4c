//! The sizing of an entry line by line, for who wants to see how a quantity came about.
//!
//! Runs the gate's own sizing once more and notes what each cap leaves, so that what is shown and
//! what is done cannot differ. It decides nothing.

use super::checks::Checks;
use super::gate::{EntryRequest, Standing, protection, sizing};
use super::sizing::allowed_leverage;
use crate::settings::{RiskSettings, TradingSettings};
use crate::units::{Decimal, Price, Quantity};

/// What is left after a cap.
#[derive(Clone, Debug, PartialEq)]
pub struct SizeStep {
    /// The check that the cap is recorded as.
    pub name: &'static str,
    pub notional: Decimal,
    pub leverage: u32,
}

/// From equity to a quantity on the lot.
#[derive(Clone, Debug, PartialEq)]
pub struct SizeArithmetic {
    /// Equity as far as it is counted.
    pub equity: Decimal,
    /// Size in % of equity: proposed, and kept by `max_size_pct`.
    pub size_pct: (Decimal, Decimal),
    /// equity x kept size.
    pub margin: Decimal,
    /// Leverage: requested, and kept by `max_leverage`.
    pub leverage: (u32, u32),
    /// margin x kept leverage.
    pub notional: Decimal,
    /// Each cap in the order of the sizing, also those that left everything as it was.
    pub steps: Vec<SizeStep>,
    /// The price that the quantity is counted at.
    pub mark: Price,
    /// Rounded down to the lot.
    pub quantity: Quantity,
}

/// The arithmetic behind the size that the gate gives this entry.
pub fn size_arithmetic(
    request: &EntryRequest<'_>,
    standing: &Standing<'_>,
    trading: &TradingSettings,
    risk: &RiskSettings,
) -> SizeArithmetic {
    // What these checks say stands in the decision already.
    let mut unused = Checks::default();
    let (stop_pct, _) = protection(request, risk, &mut unused);
    let requested = request.proposal.leverage.unwrap_or(trading.leverage);
    let leverage = allowed_leverage(requested, request.instrument, trading, risk, &mut unused);
    let sizing = sizing(request, standing, trading, risk, stop_pct);
    let wanted = request.proposal.size_pct;
    let mut steps = Vec::new();
    let size = sizing.run_noting(wanted, leverage, &mut unused, &mut |name, size| {
        steps.push(SizeStep {
            name,
            notional: size.notional,
            leverage: size.leverage,
        });
    });
    // The first is what the caps begin with.
    let begun = steps.remove(0);
    SizeArithmetic {
        equity: sizing.equity(),
        size_pct: (wanted, sizing.kept_pct(wanted)),
        margin: sizing.margin(wanted),
        leverage: (requested, leverage),
        notional: begun.notional,
        steps,
        mark: request.mark,
        quantity: size.quantity,
    }
}
