//! From equity to a quantity, with what each cap left: the core's arithmetic in the currency's terms.

use super::facts::{CapFacts, SizingFacts};
use crate::core::market::Instrument;
use crate::core::risk::size_steps::SizeArithmetic;
use crate::core::units::{Decimal, Rounding};

/// The lines of the arithmetic.
pub fn sizing_facts(sizing: &SizeArithmetic, instrument: &Instrument) -> SizingFacts {
    let mut before = (sizing.notional, sizing.leverage.1);
    let caps = sizing
        .steps
        .iter()
        .map(|step| {
            let after = (step.notional, step.leverage);
            let cut = after != before;
            before = after;
            CapFacts {
                name: step.name.to_owned(),
                cut,
                notional: step.notional,
                leverage: step.leverage,
            }
        })
        .collect();
    let price = instrument.price(sizing.mark);
    let unit: Option<Decimal> = price.checked_mul(instrument.contract_value, Rounding::HalfEven);
    SizingFacts {
        equity: sizing.equity,
        wanted_size_pct: sizing.size_pct.0,
        size_pct: sizing.size_pct.1,
        margin: sizing.margin,
        wanted_leverage: sizing.leverage.0,
        leverage: sizing.leverage.1,
        notional: sizing.notional,
        caps,
        price,
        contract_value: instrument.contract_value,
        exact_quantity: unit.and_then(|unit| before.0.checked_div(unit, Rounding::Down)),
        lot: instrument.lot,
        quantity: instrument.quantity(sizing.quantity),
    }
}
