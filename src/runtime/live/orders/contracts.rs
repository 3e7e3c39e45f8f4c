//! What a round of reconciliation says of contracts, in the core's terms: cash by the price of each lot
//! instead of an average, and fees as rates instead of an amount by the piece.

use super::reconciliation::Round;
use crate::core::market::{Instrument, SymbolId};
use crate::core::settings::FeeRates;
use crate::core::units::{Decimal, Rounding};
use crate::exchange::orders::{VenueFill, VenuePosition};
use crate::runtime::live::session::Session;

/// Digits of a rate that is made of an amount.
const RATE_DIGITS: u32 = 8;
/// A rate beyond this is none: what was paid is something else.
const RATE_MAX: Decimal = Decimal::new(2, 2);
/// A rate that moves by less than this part of it is the same: the price has moved.
const SAME_PART: i128 = 10;

impl Session<'_> {
    /// What the core's cash is more than the venue's because of the positions that both have. Leaving a
    /// part of a position realises against the first lots here and against the average entry price
    /// there; what is left makes up for it.
    pub(super) fn average_to_lots(&self, round: &Round) -> Decimal {
        let more = |symbol: &SymbolId| {
            let position = self.core.symbols()[symbol.index()].position.as_ref()?;
            let instrument = &self.markets.market(*symbol).instrument;
            let theirs = self.position_of(*symbol, round)?;
            let held = instrument.quantity(position.quantity());
            if theirs.size.abs() != held || theirs.size.is_negative() != (position.signed() < 0) {
                // Not the same position: the core has its own way with that.
                return None;
            }
            let entry = worth(instrument, theirs.entry_price?, held)?;
            let more = position.entry_notional(instrument).checked_sub(entry)?;
            Some(if position.signed() < 0 { -more } else { more })
        };
        let contracts = self.markets.contracts();
        let each = contracts.iter().filter_map(more);
        each.fold(Decimal::ZERO, |sum, more| sum + more)
    }

    fn position_of<'r>(&self, symbol: SymbolId, round: &'r Round) -> Option<&'r VenuePosition> {
        let is_of = |p: &&VenuePosition| self.markets.symbol(&p.product) == Some(symbol);
        round.positions.iter().find(is_of)
    }

    /// Rates of contracts by what their last fills paid, where they are not what is reckoned with.
    pub(super) fn contract_fees(&self, round: &Round) -> Vec<(SymbolId, FeeRates)> {
        let paid = |symbol: &SymbolId| {
            let instrument = &self.markets.market(*symbol).instrument;
            let known = self.core.symbols()[symbol.index()].fees;
            let last = |maker: bool| {
                round
                    .fills
                    .iter()
                    .filter(|fill| self.markets.symbol(&fill.product) == Some(*symbol))
                    .filter(|fill| fill.maker == Some(maker))
                    .max_by_key(|fill| fill.time)
                    .and_then(|fill| rate(instrument, fill))
            };
            let rates = FeeRates {
                maker: last(true).map_or(known.maker, |rate| unless_same(known.maker, rate)),
                taker: last(false).map_or(known.taker, |rate| unless_same(known.taker, rate)),
            };
            (rates != known).then_some((*symbol, rates))
        };
        self.markets.contracts().iter().filter_map(paid).collect()
    }
}

/// Value of contracts at a price.
fn worth(instrument: &Instrument, price: Decimal, contracts: Decimal) -> Option<Decimal> {
    let base = contracts.checked_mul(instrument.contract_value, Rounding::HalfEven)?;
    price.checked_mul(base, Rounding::HalfEven)
}

/// What a fill paid as a part of its value.
fn rate(instrument: &Instrument, fill: &VenueFill) -> Option<Decimal> {
    let value = worth(instrument, fill.price, fill.size)?;
    let rate = fill.fee.checked_div(value, Rounding::HalfEven)?;
    let rate = rate.round(RATE_DIGITS, Rounding::HalfEven);
    (rate.abs() <= RATE_MAX).then_some(rate)
}

fn unless_same(known: Decimal, rate: Decimal) -> Decimal {
    let moved = (rate - known).abs().raw();
    if moved * SAME_PART <= known.abs().raw() {
        known
    } else {
        rate
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::market::ProductKind;
    use crate::core::units::{Side, Timestamp};

    fn d(text: &str) -> Decimal {
        Decimal::parse(text).unwrap()
    }

    #[test]
    fn a_fee_by_the_piece_is_a_rate_of_the_value_of_contracts() {
        let instrument = Instrument {
            contract_value: d("0.01"),
            ..Instrument::linear("BIP", ProductKind::Perpetual, "USD", d("5"), d("1"))
        };
        let fill = |fee: &str| VenueFill {
            fill_id: String::new(),
            venue_order_id: String::new(),
            product: String::new(),
            side: Side::Buy,
            price: d("80000"),
            size: d("3"),
            fee: d(fee),
            maker: Some(false),
            time: Timestamp(0),
        };
        assert_eq!(rate(&instrument, &fill("0.45")), Some(d("0.0001875")));
        assert_eq!(rate(&instrument, &fill("100")), None, "no fee is that high");
        assert_eq!(unless_same(d("0.0001875"), d("0.000175")), d("0.0001875"));
        assert_eq!(unless_same(d("0.0006"), d("0.0001875")), d("0.0001875"));
        assert_eq!(unless_same(d("0"), d("0")), d("0"));
    }
}
