//! Levels at which a position is left without asking anybody: stop, target, liquidation, emergency.
//!
//! A stop may trail or move to break-even; it only ever moves towards the price. A level set by
//! one trade is armed for later trades only.

use super::position::Position;
use crate::units::{Decimal, Price, Rounding, Side};
use serde::{Deserialize, Serialize};

/// A price level, armed for trades with a later monotonic stamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Level {
    pub price: Price,
    pub armed_after: i64,
}

/// The levels of one position.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Protection {
    pub stop: Option<Level>,
    pub target: Option<Level>,
    /// `None` at leverage 1: the position cannot lose more than it holds.
    pub liquidation: Option<Level>,
    /// Loss in % of the entry price at which the position rules close it.
    pub emergency: Option<Level>,
    /// Price that moves the stop to break-even; `None` when off or done.
    pub break_even_trigger: Option<Price>,
}

/// What the levels are made from besides the position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProtectionRules {
    pub emergency_stop_loss_pct: Decimal,
    pub trailing_stop_pct: Option<Decimal>,
    pub break_even_after_pct: Option<Decimal>,
}

impl Protection {
    /// All levels anew from the average fill, after an entry slice at `mono`.
    pub fn after_entry(position: &Position, rules: &ProtectionRules, mono: i64) -> Self {
        let plan = &position.plan;
        let gain = |pct: Decimal| match position.side {
            Side::Buy => pct,
            Side::Sell => -pct,
        };
        let level = |price: Price| Level {
            price,
            armed_after: mono,
        };
        Self {
            stop: Some(level(position.level_at_pct(gain(-plan.stop_pct)))),
            target: Some(level(position.level_at_pct(gain(plan.target_pct)))),
            liquidation: (plan.leverage > 1).then(|| level(liquidation(position))),
            emergency: Some(level(
                position.level_at_pct(gain(-rules.emergency_stop_loss_pct)),
            )),
            break_even_trigger: rules
                .break_even_after_pct
                .map(|pct| position.level_at_pct(gain(pct))),
        }
    }

    /// Moves the stop after a trade at `price`, `best` being the best traded price since the entry.
    /// Returns whether it moved.
    pub fn follow(
        &mut self,
        position_side: Side,
        break_even: impl FnOnce() -> Price,
        rules: &ProtectionRules,
        price: Price,
        best: Price,
        mono: i64,
    ) -> bool {
        let mut moved = false;
        if self
            .break_even_trigger
            .is_some_and(|trigger| reached(position_side, price, trigger))
        {
            self.break_even_trigger = None;
            moved |= self.tighten(position_side, break_even(), mono);
        }
        if let Some(pct) = rules.trailing_stop_pct {
            let hundred = Decimal::from_int(100).raw();
            let factor = match position_side {
                Side::Buy => hundred - pct.raw(),
                Side::Sell => hundred + pct.raw(),
            };
            let level = Decimal::from_raw(i128::from(best.0))
                .mul_div(factor, hundred, Rounding::HalfEven)
                .expect("a level near a price is in range");
            moved |= self.tighten(position_side, Price(level.raw() as i64), mono);
        }
        moved
    }

    fn tighten(&mut self, side: Side, price: Price, mono: i64) -> bool {
        let closer = self.stop.is_none_or(|stop| match side {
            Side::Buy => price > stop.price,
            Side::Sell => price < stop.price,
        });
        if closer {
            self.stop = Some(Level {
                price,
                armed_after: mono,
            });
        }
        closer
    }
}

/// Isolated on the entry value, fees left out, maintenance 0.5 %: long entry x (1 - 1/L + 0.005),
/// short entry x (1 + 1/L - 0.005).
fn liquidation(position: &Position) -> Price {
    let leverage = i128::from(position.plan.leverage);
    let numerator = match position.side {
        Side::Buy => 1000 * leverage - 1000 + 5 * leverage,
        Side::Sell => 1000 * leverage + 1000 - 5 * leverage,
    };
    position.level(numerator, 1000 * leverage)
}

/// `price` is at or beyond `level` in the position's favour.
pub fn reached(side: Side, price: Price, level: Price) -> bool {
    match side {
        Side::Buy => price >= level,
        Side::Sell => price <= level,
    }
}

/// `price` is at or beyond `level` against the position.
pub fn breached(side: Side, price: Price, level: Price) -> bool {
    reached(side.opposite(), price, level)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::market::{Instrument, ProductKind, SymbolId};
    use crate::orders::intent::EntryPlan;
    use crate::records::Fill;
    use crate::units::{Quantity, Stamp, Timestamp};

    fn position(side: Side, leverage: u32) -> Position {
        let fill = Fill {
            id: 1,
            order: 1,
            symbol: SymbolId(0),
            side,
            price: Price(100_000),
            quantity: Quantity(10),
            fee: Decimal::ZERO,
            maker: false,
            reference: Price(100_000),
            time: Timestamp(0),
            venue_id: None,
        };
        let plan = EntryPlan {
            leverage,
            stop_pct: Decimal::from_int(2),
            target_pct: Decimal::from_int(4),
            round_trip_pct: Decimal::new(3, 1),
        };
        let instrument = Instrument::linear(
            "BTC-PERP",
            ProductKind::Perpetual,
            "USD",
            Decimal::ONE,
            Decimal::ONE,
        );
        Position::open(&fill, 1, plan, 1, Stamp::default(), &instrument)
    }

    fn rules() -> ProtectionRules {
        ProtectionRules {
            emergency_stop_loss_pct: Decimal::from_int(10),
            trailing_stop_pct: Some(Decimal::from_int(1)),
            break_even_after_pct: Some(Decimal::from_int(2)),
        }
    }

    #[test]
    fn levels_lie_around_the_average_fill() {
        let p = Protection::after_entry(&position(Side::Buy, 5), &rules(), 7);
        let price = |level: Option<Level>| level.unwrap().price.0;
        assert_eq!(price(p.stop), 98_000);
        assert_eq!(price(p.target), 104_000);
        assert_eq!(price(p.liquidation), 80_500);
        assert_eq!(price(p.emergency), 90_000);
        assert_eq!(p.stop.unwrap().armed_after, 7);
        let p = Protection::after_entry(&position(Side::Sell, 4), &rules(), 7);
        assert_eq!(price(p.stop), 102_000);
        assert_eq!(price(p.target), 96_000);
        assert_eq!(price(p.liquidation), 124_500);
        let p = Protection::after_entry(&position(Side::Buy, 1), &rules(), 7);
        assert_eq!(p.liquidation, None);
    }

    #[test]
    fn a_stop_trails_only_towards_the_price() {
        let position = position(Side::Buy, 1);
        let mut p = Protection::after_entry(&position, &rules(), 0);
        let follow = |p: &mut Protection, price, best| {
            p.follow(
                Side::Buy,
                || Price(100_300),
                &rules(),
                Price(price),
                Price(best),
                9,
            )
        };
        assert!(follow(&mut p, 101_000, 101_000));
        assert_eq!(p.stop.unwrap().price, Price(99_990));
        assert!(!follow(&mut p, 100_500, 101_000), "it never moves back");
        // 2 % gain: break-even at 100,300 beats nothing, the trail at 100,980 is closer.
        assert!(follow(&mut p, 102_000, 102_000));
        assert_eq!(p.stop.unwrap().price, Price(100_980));
        assert_eq!(p.break_even_trigger, None);
    }

    #[test]
    fn break_even_of_a_short_lies_below_the_entry() {
        let position = position(Side::Sell, 1);
        let mut off = rules();
        off.trailing_stop_pct = None;
        let mut p = Protection::after_entry(&position, &off, 0);
        assert!(!p.follow(
            Side::Sell,
            || Price(99_700),
            &off,
            Price(98_001),
            Price(98_001),
            1
        ));
        assert!(p.follow(
            Side::Sell,
            || Price(99_700),
            &off,
            Price(98_000),
            Price(98_000),
            2
        ));
        assert_eq!(
            p.stop.unwrap(),
            Level {
                price: Price(99_700),
                armed_after: 2
            }
        );
    }
}
