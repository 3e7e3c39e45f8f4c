//! The fast path through quiet trades gives the same hash and the same records as the plain one.

use crate::world::*;
use minnow::core::Core;
use minnow::core::input::{Command, Input};
use minnow::core::market::{Aggressor, SymbolId, TimedTrade, Trade};
use minnow::core::modes::Turns;
use minnow::core::settings::Settings;
use minnow::core::units::*;
use proptest::prelude::*;

/// A market that trends, jumps, pauses and repeats stamps.
pub fn market(steps: &[(u8, u16, i16, u16)], symbols: u16) -> Vec<TimedTrade> {
    let mut prices = [100_000i64, 4_000];
    let mut millis = START;
    steps
        .iter()
        .enumerate()
        .map(|(index, (kind, delay, step, quantity))| {
            let symbol = u16::from(*kind) % symbols;
            millis += match kind % 16 {
                0..=7 => 0,
                15 => i64::from(*delay) * 40,
                _ => i64::from(*delay) % 3000,
            };
            let price = &mut prices[usize::from(symbol)];
            let scale = if *kind == 200 { 40 } else { 1 };
            *price = (*price + *price * i64::from(*step) * scale / 3_000_000).max(10);
            TimedTrade {
                stamp: Stamp::of_history(Timestamp::from_millis(millis)),
                trade: Trade {
                    symbol: SymbolId(symbol),
                    aggressor: Aggressor::Unknown,
                    price: Price(*price),
                    quantity: Quantity(i64::from(*quantity)),
                    time: Timestamp::from_millis(millis),
                    id: if symbol == 1 { 1 + index as u64 } else { 0 },
                },
            }
        })
        .collect()
}

fn run(settings: &Settings, rows: &[TimedTrade], plain: bool, chunk: usize) -> (World, u64) {
    let mut core = Core::new(settings.clone(), Turns::History);
    core.use_plain_path(plain);
    let mut world = World::of(core);
    for rows in rows.chunks(chunk) {
        world.rows(rows);
    }
    let hash = world.core.state_hash().value();
    (world, hash)
}

fn assert_same(settings: &Settings, rows: &[TimedTrade]) -> (u64, usize) {
    let (plain, hash) = run(settings, rows, true, 64);
    assert_eq!(plain.core.counts().quiet_trades, 0);
    let mut quiet = 0;
    for chunk in [1, 7, 512] {
        let (fast, fast_hash) = run(settings, rows, false, chunk);
        assert_eq!(fast_hash, hash, "chunk {chunk}");
        assert_eq!(fast.fills, plain.fills);
        assert_eq!(fast.orders, plain.orders);
        assert_eq!(fast.trades, plain.trades);
        assert_eq!(fast.decisions, plain.decisions);
        assert_eq!(fast.equity, plain.equity);
        assert_eq!(fast.core.inputs(), plain.core.inputs());
        for (a, b) in fast.core.symbols().iter().zip(plain.core.symbols()) {
            assert_eq!(a.filter.counts, b.filter.counts);
            assert_eq!(a.series.history(), b.series.history());
            assert_eq!(a.series.building(), b.series.building());
        }
        quiet = fast.core.counts().quiet_trades;
    }
    (quiet, plain.fills.len())
}

pub fn busy_settings(flags: u8) -> Settings {
    let mut s = settings();
    s.trading.interval = minnow::core::market::Interval::parse("5s").unwrap();
    s.trading.min_candles = 21;
    s.trading.min_trading_interval = Span::from_secs(5);
    s.trading.min_profit_pct = Decimal::ZERO;
    s.trading.reversal = flags & 1 == 1;
    s.risk.trailing_stop_pct = (flags & 2 == 2).then(|| d("0.4"));
    s.risk.break_even_after_pct = (flags & 4 == 4).then(|| d("0.5"));
    s.risk.consecutive_losses = 50;
    s.paper.slippage_rate = d("0.0002");
    s.paper.fees[0].taker = d("0.0001");
    if flags & 8 == 8 {
        s.instruments.push(instrument("ETH-PERP"));
        s.paper.fees.push(s.paper.fees[0]);
    }
    s
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn agrees_with_the_plain_path_on_random_markets(
        flags in 0u8..16,
        steps in prop::collection::vec((any::<u8>(), any::<u16>(), any::<i16>(), 0u16..2000), 1..4000),
    ) {
        let settings = busy_settings(flags);
        let rows = market(&steps, settings.instruments.len() as u16);
        assert_same(&settings, &rows);
    }
}

/// A long seeded market that surely trades, so that the property above is not about silence.
#[test]
fn agrees_on_a_long_market_with_many_trades() {
    for flags in 0..16 {
        let settings = busy_settings(flags);
        let mut rng = rng::SplitMix64::new(7 + u64::from(flags));
        let mut drift = 0i64;
        let steps: Vec<_> = (0..40_000)
            .map(|index| {
                if index % 400 == 0 {
                    drift = rng.below(3000) as i64 - 1500;
                }
                let step = drift + rng.below(6000) as i64 - 3000;
                (
                    rng.below(200) as u8,
                    rng.below(3000) as u16,
                    step as i16,
                    1 + rng.below(1999) as u16,
                )
            })
            .collect();
        let rows = market(&steps, settings.instruments.len() as u16);
        let (quiet, fills) = assert_same(&settings, &rows);
        assert!(fills > 20, "flags {flags}: {fills} fills");
        assert!(quiet > 10_000, "flags {flags}: {quiet} quiet trades");
    }
}

#[test]
fn a_trade_within_an_announced_gap_takes_it_back_on_both_paths() {
    let run = |plain: bool| {
        let row = |millis: i64, id: u64| {
            let time = Timestamp::from_millis(START + millis);
            TimedTrade {
                stamp: Stamp::of_history(time),
                trade: Trade {
                    symbol: SymbolId(0),
                    aggressor: Aggressor::Unknown,
                    price: Price(100_000),
                    quantity: Quantity(1000),
                    time,
                    id,
                },
            }
        };
        let mut core = Core::new(settings(), Turns::History);
        core.use_plain_path(plain);
        let mut world = World::of(core);
        world.rows(&[row(0, 1), row(1, 2)]);
        world.input(
            2,
            Input::Quiet {
                symbol: SymbolId(0),
                until: Timestamp::from_millis(START + 100_000_000),
            },
        );
        // One that is known already, and a new one.
        world.rows(&[row(3, 2), row(4, 3)]);
        world.command(300_000, Command::Pause);
        (world.core.counts().candles, world.core.state_hash())
    };
    assert_eq!(run(false), run(true));
    assert_eq!(run(true).0, 4, "minutes without a trade are flat again");
}
