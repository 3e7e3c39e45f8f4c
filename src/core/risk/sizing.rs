//! From a margin percentage to a quantity on the lot, through every cap.
//!
//! margin = equity x size % ; notional = margin x leverage ; quantity = floor_lot(notional / price).
//! Works on the notional; every cap can only lower it. Each leaves a check with what was wanted and
//! what is kept.

use super::checks::Checks;
use super::limits::{pct_of, share_pct};
use crate::market::instrument::GRID_MAX;
use crate::market::{Instrument, ProductKind};
use crate::settings::{FeeRates, RiskSettings, TradingSettings};
use crate::units::{Decimal, Price, Quantity, Rounding};

/// Equity beyond this does not make an entry larger: every product of the sizing then fits a decimal,
/// whatever a market does to an account.
pub const EQUITY_COUNTED: Decimal = Decimal::from_int(1_000_000_000_000);

/// What the account offers to an entry.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    pub equity: Decimal,
    /// equity - margin used - reserved for resting entries.
    pub free_margin: Decimal,
    pub margin_used: Decimal,
    /// Notional of the symbol and of all symbols, entries in flight included.
    pub symbol_notional: Decimal,
    pub total_notional: Decimal,
}

/// An entry's size as far as it has been decided.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    pub notional: Decimal,
    pub leverage: u32,
    pub quantity: Quantity,
}

/// Cost of a round trip in % of the value, and its parts as fractions.
#[derive(Clone, Copy, Debug)]
pub struct RoundTrip {
    pub entry_fee: Decimal,
    pub pct: Decimal,
}

impl RoundTrip {
    /// Market entries and every exit pay taker fee and slippage; resting entries maker fee only.
    pub fn new(fees: FeeRates, slippage: Decimal, entry_rests: bool) -> Self {
        let (entry_fee, entry_slippage) = if entry_rests {
            (fees.maker, Decimal::ZERO)
        } else {
            (fees.taker, slippage)
        };
        let fraction = entry_fee + fees.taker + entry_slippage + slippage;
        Self {
            entry_fee,
            pct: Decimal::from_int(100) * fraction,
        }
    }
}

/// Distance from entry to liquidation in %; `None` at leverage 1.
pub fn liquidation_distance_pct(leverage: u32) -> Option<Decimal> {
    (leverage > 1).then(|| {
        let share = Decimal::from_int(100)
            .mul_div(1, i128::from(leverage), Rounding::HalfEven)
            .expect("a share of 100 fits");
        share - Decimal::new(5, 1)
    })
}

/// Requested leverage cut to what configuration, risk limits and the product allow.
pub fn allowed_leverage(
    requested: u32,
    instrument: &Instrument,
    trading: &TradingSettings,
    risk: &RiskSettings,
    checks: &mut Checks,
) -> u32 {
    let cap = match instrument.kind {
        ProductKind::Spot => 1,
        ProductKind::Perpetual => trading
            .leverage
            .min(trading.max_futures_leverage)
            .min(risk.max_leverage)
            .min(instrument.max_leverage.unwrap_or(u32::MAX)),
    };
    let kept = requested.clamp(1, cap.max(1));
    let number = |n: u32| Decimal::from_int(i64::from(n));
    checks.cut(
        "max_leverage",
        number(requested),
        number(cap),
        kept != requested,
    );
    kept
}

/// The sizing arithmetic with every cap of the table, in its order.
pub struct Sizing<'a> {
    pub instrument: &'a Instrument,
    pub trading: &'a TradingSettings,
    pub risk: &'a RiskSettings,
    pub budget: &'a Budget,
    pub round_trip: RoundTrip,
    pub mark: Price,
    pub stop_pct: Decimal,
}

impl Sizing<'_> {
    pub(super) fn equity(&self) -> Decimal {
        self.budget.equity.min(EQUITY_COUNTED)
    }

    /// Size in % of equity as `max_size_pct` leaves it.
    pub(super) fn kept_pct(&self, size_pct: Decimal) -> Decimal {
        size_pct.min(self.trading.max_size_pct)
    }

    /// equity x kept size; 0 where there is no equity.
    pub(super) fn margin(&self, size_pct: Decimal) -> Decimal {
        pct_of(self.equity().max(Decimal::ZERO), self.kept_pct(size_pct))
    }

    pub fn run(&self, size_pct: Decimal, leverage: u32, checks: &mut Checks) -> Size {
        self.run_noting(size_pct, leverage, checks, &mut |_, _| {})
    }

    /// The same; `note` sees the size at first (`size_pct`) and after every cap, by its check.
    pub(super) fn run_noting(
        &self,
        size_pct: Decimal,
        leverage: u32,
        checks: &mut Checks,
        note: &mut dyn FnMut(&'static str, &Size),
    ) -> Size {
        let kept_pct = self.kept_pct(size_pct);
        let mut size = Size {
            notional: times(self.margin(size_pct), leverage),
            leverage,
            quantity: Quantity::ZERO,
        };
        note("size_pct", &size);
        self.cap_notional(&mut size, Some(checks), note);
        checks.cut(
            "max_size_pct",
            size_pct,
            self.trading.max_size_pct,
            kept_pct != size_pct,
        );
        self.fit_stop_before_liquidation(&mut size, checks, note);
        self.cap_loss(&mut size, checks);
        note("max_loss_per_trade_pct", &size);
        size.quantity = self.quantity_of(size.notional);
        if size.quantity == MOST {
            self.fit_grid(&mut size, checks);
            note(QUANTITY_MAX, &size);
        }
        size
    }

    /// Position, exposure and margin caps; with `None` once more after the leverage was cut.
    fn cap_notional(
        &self,
        size: &mut Size,
        mut checks: Option<&mut Checks>,
        note: &mut dyn FnMut(&'static str, &Size),
    ) {
        let b = self.budget;
        let (equity, leverage) = (self.equity(), size.leverage);
        let margin_cap = (pct_of(equity, self.risk.max_margin_used_pct) - b.margin_used)
            .min(self.margin_within_free(leverage));
        let caps = [
            (
                "max_position_pct",
                self.risk.max_position_pct,
                b.symbol_notional,
                pct_of(equity, self.risk.max_position_pct) - b.symbol_notional,
            ),
            (
                "max_total_exposure_pct",
                self.risk.max_total_exposure_pct,
                b.total_notional,
                pct_of(equity, self.risk.max_total_exposure_pct) - b.total_notional,
            ),
            (
                "max_margin_used_pct",
                self.risk.max_margin_used_pct,
                b.margin_used,
                times(margin_cap.max(Decimal::ZERO), leverage),
            ),
        ];
        for (index, (name, limit_pct, used, room)) in caps.into_iter().enumerate() {
            let wanted = size.notional;
            size.notional = wanted.min(room).max(Decimal::ZERO);
            note(name, size);
            if let Some(checks) = checks.as_deref_mut() {
                let adds = if index == 2 {
                    share(wanted, leverage)
                } else {
                    wanted
                };
                let value = share_pct(used + adds, equity);
                let left = size.notional.is_positive();
                if left || wanted.is_zero() {
                    checks.cut(name, value, limit_pct, size.notional != wanted);
                } else {
                    checks.limited(name, false, value, limit_pct);
                }
            }
        }
    }

    /// Largest margin such that margin + entry fee fits the free margin.
    fn margin_within_free(&self, leverage: u32) -> Decimal {
        let fee = self.round_trip.entry_fee.max(Decimal::ZERO);
        let per_margin = Decimal::ONE + times(fee, leverage);
        self.budget
            .free_margin
            .clamp(Decimal::ZERO, EQUITY_COUNTED)
            .checked_div(per_margin, Rounding::Down)
            .unwrap_or(Decimal::ZERO)
    }

    /// The stop must lie within 0.7 of the way to liquidation: leverage is cut until it does; the
    /// margin stays.
    fn fit_stop_before_liquidation(
        &self,
        size: &mut Size,
        checks: &mut Checks,
        note: &mut dyn FnMut(&'static str, &Size),
    ) {
        let margin = share(size.notional, size.leverage);
        let wanted = size.leverage;
        let reach = |leverage: u32| {
            liquidation_distance_pct(leverage).map(|distance| distance * Decimal::new(7, 1))
        };
        let limit_wanted = reach(wanted);
        while reach(size.leverage).is_some_and(|limit| self.stop_pct > limit) {
            size.leverage -= 1;
        }
        if size.leverage != wanted {
            size.notional = times(margin, size.leverage);
            note("stop_before_liquidation", size);
            self.cap_notional(size, None, note);
        }
        match limit_wanted {
            Some(limit) => checks.cut(
                "stop_before_liquidation",
                self.stop_pct,
                limit,
                size.leverage != wanted,
            ),
            None => checks.require("stop_before_liquidation", true),
        }
    }

    /// Loss at the stop with fees and slippage, in % of equity.
    fn cap_loss(&self, size: &mut Size, checks: &mut Checks) {
        let loss_pct = self.stop_pct + self.round_trip.pct;
        let limit = self.risk.max_loss_per_trade_pct;
        let value = share_pct(pct_of(size.notional, loss_pct), self.equity());
        let cap = pct_of(self.equity().max(Decimal::ZERO), limit)
            .mul_div(
                100 * Decimal::ONE.raw(),
                loss_pct.raw().max(1),
                Rounding::Down,
            )
            .unwrap_or(size.notional);
        let wanted = size.notional;
        size.notional = wanted.min(cap);
        checks.cut(
            "max_loss_per_trade_pct",
            value,
            limit,
            size.notional != wanted,
        );
    }

    /// floor_lot(notional / (price x contract value)), at most what a lot grid counts.
    fn quantity_of(&self, notional: Decimal) -> Quantity {
        self.instrument
            .price(self.mark)
            .checked_mul(self.instrument.contract_value, Rounding::HalfEven)
            .and_then(|unit| notional.checked_div(unit, Rounding::Down))
            .and_then(|quantity| quantity.in_steps_of(self.instrument.lot, Rounding::Down))
            .map_or(MOST, |lots| {
                let lots = lots.clamp(0, i128::from(GRID_MAX));
                Quantity(lots as i64)
            })
    }

    /// More lots than are counted of this price: what is left out shows as a check of its own.
    fn fit_grid(&self, size: &mut Size, checks: &mut Checks) {
        let fits = self.instrument.notional(self.mark, size.quantity);
        checks.cut(QUANTITY_MAX, size.notional, fits, true);
        size.notional = size.notional.min(fits);
    }
}

/// The check that a size meets where a lot is tiny beside the price of one.
pub(super) const QUANTITY_MAX: &str = "quantity_max";
/// The most lots that are counted.
const MOST: Quantity = Quantity(GRID_MAX);

fn times(value: Decimal, n: u32) -> Decimal {
    value
        .mul_div(i128::from(n), 1, Rounding::HalfEven)
        .expect("a leveraged balance fits")
}

fn share(value: Decimal, n: u32) -> Decimal {
    value
        .mul_div(1, i128::from(n), Rounding::HalfEven)
        .expect("a share of a value fits")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::market::Interval;
    use crate::records::CheckOutcome;
    use crate::settings::{EntryOrderType, OnShutdown};
    use crate::units::Span;

    fn trading() -> TradingSettings {
        TradingSettings {
            interval: Interval::MINUTE,
            leverage: 100,
            max_futures_leverage: 100,
            enable_futures: true,
            max_size_pct: Decimal::from_int(100),
            order_timeout: Span::from_secs(30),
            order_type: EntryOrderType::Market,
            slippage_tolerance_pct: Decimal::ZERO,
            min_profit_pct: Decimal::ZERO,
            min_trading_interval: Span::ZERO,
            decision_interval: Span::ZERO,
            min_candles: 1,
            require_24h_data: false,
            entries_from: None,
            reversal: false,
            on_shutdown: OnShutdown::Keep,
            adopt_foreign: false,
            cipher_b_filter: None,
        }
    }

    /// An account that holds nothing.
    fn untouched(equity: Decimal) -> Budget {
        Budget {
            equity,
            free_margin: equity,
            margin_used: Decimal::ZERO,
            symbol_notional: Decimal::ZERO,
            total_notional: Decimal::ZERO,
        }
    }

    #[test]
    fn leverage_is_cut_to_what_the_venue_allows_of_a_product() {
        let mut instrument = Instrument::linear(
            "BIP-20DEC30-CDE",
            ProductKind::Perpetual,
            "USD",
            Decimal::from_int(5),
            Decimal::ONE,
        );
        let (trading, mut risk) = (trading(), RiskSettings::defaults());
        risk.max_leverage = 50;
        let kept = |instrument: &Instrument| {
            allowed_leverage(80, instrument, &trading, &risk, &mut Checks::default())
        };
        assert_eq!(kept(&instrument), 50, "no limit is stated");
        instrument.max_leverage = Some(10);
        assert_eq!(kept(&instrument), 10);
    }

    /// A price of 0.00003697 with a lot of 1e-8: 15 % of 10,000 would be 4e15 lots.
    #[test]
    fn more_lots_than_are_counted_are_cut_to_those_that_are() {
        let instrument = Instrument::linear(
            "XLM-PERP",
            ProductKind::Perpetual,
            "USD",
            Decimal::new(1, 8),
            Decimal::new(1, 8),
        );
        let (trading, risk) = (trading(), RiskSettings::defaults());
        let budget = untouched(Decimal::from_int(10_000));
        let sizing = Sizing {
            instrument: &instrument,
            trading: &trading,
            risk: &risk,
            budget: &budget,
            round_trip: RoundTrip {
                entry_fee: Decimal::ZERO,
                pct: Decimal::ZERO,
            },
            mark: Price(3_697),
            stop_pct: Decimal::ONE,
        };
        let mut checks = Checks::default();
        let mut steps = Vec::new();
        let size = sizing.run_noting(Decimal::from_int(15), 1, &mut checks, &mut |name, size| {
            steps.push((name, size.notional));
        });
        assert_eq!(size.quantity, Quantity(GRID_MAX));
        // 1e15 lots of 1e-8 at 0.00003697.
        let fits = Decimal::new(3_697, 1);
        assert_eq!(
            (size.notional, steps.last()),
            (fits, Some(&("quantity_max", fits)))
        );
        let list = checks.into_list();
        let check = list.last().expect("a check");
        assert_eq!(
            (check.name, check.value),
            ("quantity_max", Some(Decimal::from_int(1500)))
        );
        assert_eq!(
            (check.outcome, check.limit),
            (CheckOutcome::Changed, Some(fits))
        );
    }

    #[test]
    fn an_account_of_any_size_is_sized_without_leaving_the_decimals() {
        let instrument = Instrument::linear(
            "BTC-PERP",
            ProductKind::Perpetual,
            "USD",
            Decimal::new(5, 1),
            Decimal::new(1, 5),
        );
        let trading = trading();
        let mut risk = RiskSettings::defaults();
        risk.max_total_exposure_pct = Decimal::from_int(5000);
        risk.max_position_pct = Decimal::from_int(2000);
        let fees = FeeRates {
            maker: Decimal::ZERO,
            taker: Decimal::new(75, 5),
        };
        for exponent in 0..20 {
            let equity = Decimal::from_raw(10i128.pow(18 + exponent));
            let budget = untouched(equity);
            let sizing = Sizing {
                instrument: &instrument,
                trading: &trading,
                risk: &risk,
                budget: &budget,
                round_trip: RoundTrip::new(fees, Decimal::ZERO, false),
                mark: Price(30_000),
                stop_pct: Decimal::new(1, 1),
            };
            let mut checks = Checks::default();
            let size = sizing.run(Decimal::from_int(100), 100, &mut checks);
            assert!(size.notional <= EQUITY_COUNTED.min(equity) * Decimal::from_int(100));
            assert_eq!(checks.into_list().len(), 6, "equity {equity}");
        }
    }
}
