//! What must hold after every input, whatever the market does.

use crate::world::*;
use minnow::core::records::*;
use minnow::core::units::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Checks the books of the world against its fills.
pub fn check(world: &World) {
    let symbol = &world.core.symbols()[0];
    let held: i64 = world
        .fills
        .iter()
        .map(|f| f.quantity.0 * f.side.sign())
        .sum();
    assert_eq!(
        held,
        symbol.position.as_ref().map_or(0, |p| p.signed()),
        "fills add up to the position"
    );
    assert!(world.core.account().adds_up());
    let fees = world.fills.iter().fold(Decimal::ZERO, |sum, f| sum + f.fee);
    assert_eq!(world.core.account().fees, fees, "fees once");
    assert_eq!(
        world.core.equity(),
        world.core.account().cash + world.core.unrealised()
    );
    let mut live: BTreeMap<&str, u32> = BTreeMap::new();
    for order in world.orders.values() {
        assert!(order.filled <= order.quantity);
        if !order.state.is_final() {
            *live
                .entry(match order.leg {
                    Leg::Entry => "entry",
                    Leg::Close | Leg::Guard => "exit",
                    Leg::Stop => "stop",
                    Leg::Target => "target",
                    Leg::Protective => "protective",
                })
                .or_default() += 1;
        }
    }
    assert!(
        live.values().all(|n| *n == 1),
        "one live order a slot: {live:?}"
    );
    if let Some(position) = &symbol.position {
        if symbol.exit.is_none() {
            let stop = symbol.stop.as_ref().expect("a position has its stop");
            assert_eq!(
                stop.remaining(),
                position.quantity(),
                "the stop covers the position"
            );
            let target = symbol.target.as_ref().expect("and its target");
            assert_eq!(target.remaining(), position.quantity());
        }
        let lots: i64 = position.lots().map(|l| l.open.0).sum();
        assert_eq!(lots, position.quantity().0);
    } else {
        assert!(!live.contains_key("stop") && !live.contains_key("target"));
    }
    for trade in &world.trades {
        assert_eq!(trade.net, trade.gross - trade.fees + trade.insurance);
        assert!(trade.mfe >= trade.mae);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn books_balance_after_every_input(
        script in prop::collection::btree_map(1usize..40, (0u8..3, 1u32..30, 2u32..60, 1u32..30), 1..25),
        steps in prop::collection::vec((0i64..4000, -40i64..40, 1i64..400), 50..600),
        leverage in 1u32..20,
        reversal: bool,
    ) {
        let mut s = settings();
        s.trading.leverage = leverage;
        s.trading.reversal = reversal;
        s.trading.min_profit_pct = Decimal::ZERO;
        s.trading.interval = minnow::core::market::Interval::parse("5s").unwrap();
        s.trading.min_trading_interval = Span::from_secs(5);
        s.risk.min_reward_risk = Decimal::ZERO;
        s.paper.slippage_rate = d("0.0005");
        s.paper.fees[0].taker = d("0.0004");
        let lines = script.into_iter().map(|(n, (kind, size, target, stop))| {
            let pct = |tenths: u32| format!("{}.{}", tenths / 10, tenths % 10);
            (n, match kind {
                0 => long(&size.to_string(), &pct(target), &pct(stop)),
                1 => short(&size.to_string(), &pct(target), &pct(stop)),
                _ => close(),
            })
        });
        let mut world = World::new(s, say(lines));
        let (mut millis, mut ticks) = (0, 100_000i64);
        for (delay, step, lots) in steps {
            millis += delay;
            ticks += step * 20;
            let price = Decimal::from_int(ticks) * d("0.5");
            let quantity = Decimal::from_int(lots) * d("0.001");
            world.trade(millis, &price.to_string(), &quantity.to_string());
            check(&world);
        }
    }
}
