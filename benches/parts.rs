//! What single parts cost: timers, decimals, hash, gate, ledger rows, configuration.
//!
//! `cargo bench --bench parts`. The figure beside each name is items a second; an item is what the
//! bench's own line says.

mod support;

use divan::black_box;
use divan::counter::ItemsCount;
use minnow::config::{Sources, load};
use minnow::core::Core;
use minnow::core::effect::{Effect, Effects};
use minnow::core::market::{SymbolId, TimedTrade};
use minnow::core::modes::Turns;
use minnow::core::records::{Action, Proposal};
use minnow::core::risk::breaker::BreakerState;
use minnow::core::risk::emergency::Emergency;
use minnow::core::risk::gate::Origin;
use minnow::core::risk::limits::{EntryLog, LosingRun, LossLimits};
use minnow::core::risk::sizing::Budget;
use minnow::core::risk::{EntryRequest, Standing, approve_entry};
use minnow::core::schedule::Wheel;
use minnow::core::settings::{MomentumSettings, Settings, StrategySettings};
use minnow::core::state_hash::{StateHash, Tag};
use minnow::core::strategy::decision::CandleView;
use minnow::core::strategy::{Context, build};
use minnow::core::units::{Decimal, Price, Rounding, Side, Stamp, Timestamp};
use minnow::store::ledger::{Ledger, Mode, ReplayRows, Row, SessionRow};
use support::{SETS, Scratch, bundled, candles, header, settings, trades};

fn main() {
    divan::main();
}

const TIMERS: u64 = 10_000;

/// Deadlines spread over a day by a fixed recurrence.
fn deadlines() -> Vec<u64> {
    let mut state = 0x9E37_79B9_7F4A_7C15u64;
    (0..TIMERS)
        .map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 33) % 86_400_000
        })
        .collect()
}

/// An item = one timer armed and fired in order.
#[divan::bench(items_count = TIMERS)]
fn wheel_arm_and_fire(bencher: divan::Bencher) {
    let deadlines = deadlines();
    bencher
        .with_inputs(|| Wheel::new(0))
        .bench_values(|mut wheel| {
            for due in &deadlines {
                wheel.arm(*due, *due);
            }
            let mut sum = 0;
            while let Some(next) = wheel.next_deadline() {
                wheel.advance(next);
                while let Some(fired) = wheel.pop() {
                    sum += fired.value;
                }
            }
            sum
        });
}

/// An item = one timer armed and cancelled.
#[divan::bench(items_count = TIMERS)]
fn wheel_arm_and_cancel(bencher: divan::Bencher) {
    let deadlines = deadlines();
    bencher
        .with_inputs(|| Wheel::new(0))
        .bench_values(|mut wheel| {
            let keys: Vec<_> = deadlines.iter().map(|due| wheel.arm(*due, *due)).collect();
            keys.into_iter()
                .filter_map(|key| wheel.cancel(key))
                .sum::<u64>()
        });
}

const DECIMALS: usize = 4096;

/// Prices and quantities as they are met: of the bundled recording.
fn decimals() -> Vec<(Decimal, Decimal)> {
    let instrument = &header(&bundled()).instruments[0];
    let pairs: Vec<(Decimal, Decimal)> = trades(&bundled())
        .iter()
        .flatten()
        .take(DECIMALS)
        .map(|row| {
            (
                instrument.price(row.trade.price),
                instrument.quantity(row.trade.quantity),
            )
        })
        .collect();
    assert_eq!(pairs.len(), DECIMALS, "the recording is long enough");
    pairs
}

fn fold_decimals(bencher: divan::Bencher, work: impl Fn(Decimal, Decimal) -> Option<Decimal>) {
    let pairs = decimals();
    bencher.counter(ItemsCount::new(DECIMALS)).bench_local(|| {
        for (price, quantity) in &pairs {
            black_box(work(black_box(*price), black_box(*quantity)));
        }
    });
}

/// An item = price x quantity, exact to 18 places.
#[divan::bench]
fn decimal_multiply(bencher: divan::Bencher) {
    fold_decimals(bencher, |a, b| a.checked_mul(b, Rounding::HalfEven));
}

/// An item = price / quantity, to 18 places.
#[divan::bench]
fn decimal_divide(bencher: divan::Bencher) {
    fold_decimals(bencher, |a, b| a.checked_div(b, Rounding::HalfEven));
}

/// An item = a decimal as text.
#[divan::bench]
fn decimal_to_text(bencher: divan::Bencher) {
    let pairs = decimals();
    let mut text = String::with_capacity(64);
    bencher.counter(ItemsCount::new(DECIMALS)).bench_local(|| {
        for (price, _) in &pairs {
            use std::fmt::Write;
            text.clear();
            write!(text, "{}", black_box(*price)).expect("writing to a string cannot fail");
            black_box(&text);
        }
    });
}

/// An item = one trade absorbed.
#[divan::bench]
fn state_hash_trades(bencher: divan::Bencher) {
    let rows: Vec<TimedTrade> = trades(&bundled())
        .into_iter()
        .flatten()
        .take(DECIMALS)
        .collect();
    bencher
        .counter(ItemsCount::new(rows.len()))
        .bench_local(|| {
            let mut hash = StateHash::default();
            for row in &rows {
                hash.trade(row);
            }
            hash.value()
        });
}

/// An item = one list of ten words, as a candle has.
#[divan::bench(items_count = 1024u64)]
fn state_hash_words() -> u64 {
    let mut hash = StateHash::default();
    for round in 0..1024i128 {
        hash.words(Tag::Candle, &[round, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    }
    hash.value()
}

/// The documented defaults.
fn momentum() -> StrategySettings {
    StrategySettings::Momentum(MomentumSettings {
        lookback: 20,
        entry_threshold: 0.002,
        exit_threshold: 0.01,
        use_volume: true,
    })
}

/// An item = one candle through a strategy: its indicators and what it proposes.
fn strategy_on_candles(bencher: divan::Bencher, name: &str) {
    let header = header(&bundled());
    let mut settings = settings(&header.instruments);
    if name == "momentum" {
        settings.strategy = momentum();
    }
    let scale = header.instruments[0].scale();
    let views: Vec<CandleView> = candles()
        .iter()
        .map(|candle| CandleView::of(candle, &scale))
        .collect();
    let mut strategy = build(&settings.strategy, settings.trading.interval);
    assert_eq!(strategy.name(), name);
    bencher
        .counter(ItemsCount::new(views.len()))
        .bench_local(|| {
            for view in &views {
                strategy.observe(view);
                black_box(strategy.propose(&Context {
                    instrument: &header.instruments[0],
                    candle: view,
                    mark: Price(1),
                    position: None,
                }));
            }
        });
}

#[divan::bench]
fn strategy_momentum(bencher: divan::Bencher) {
    strategy_on_candles(bencher, "momentum");
}

#[divan::bench]
fn strategy_vumanchu(bencher: divan::Bencher) {
    strategy_on_candles(bencher, "vumanchu");
}

/// An item = one entry through every check of the gate, approved.
#[divan::bench]
fn gate_decision(bencher: divan::Bencher) {
    let instruments = header(&bundled()).instruments;
    let settings: Settings = settings(&instruments);
    let equity = settings.paper.starting_balance;
    let (emergency, entries) = (Emergency::default(), EntryLog::default());
    let (losing_run, losses) = (
        LosingRun::default(),
        LossLimits::new(equity, &settings.risk),
    );
    let now = Stamp::of_history(Timestamp(1_514_764_800_000_000_000));
    let standing = Standing {
        now,
        budget: Budget {
            equity,
            free_margin: equity,
            margin_used: Decimal::ZERO,
            symbol_notional: Decimal::ZERO,
            total_notional: Decimal::ZERO,
        },
        emergency: &emergency,
        breaker: BreakerState::Closed,
        data_problem: None,
        spread: None,
        reconciled: true,
        losses: &losses,
        entries: &entries,
        losing_run: &losing_run,
        concurrent_trades: 0,
        balance_too_low: false,
        last_entry: None,
    };
    let proposal = Proposal {
        action: Action::Long,
        strength: 0.75,
        confidence: 0.75,
        size_pct: Decimal::from_int(5),
        take_profit_pct: Some(Decimal::from_int(4)),
        stop_loss_pct: Some(Decimal::from_int(2)),
        leverage: Some(2),
        rationale: String::new(),
    };
    let request = EntryRequest {
        symbol: SymbolId(0),
        instrument: &instruments[0],
        side: Side::Buy,
        proposal: &proposal,
        origin: Origin::Strategy,
        decision: 1,
        candle: now.wall,
        mark: Price(27_000),
        fees: settings.paper.fees[0],
        slippage_rate: settings.paper.slippage_rate,
    };
    let decide = || approve_entry(&request, &standing, &settings.trading, &settings.risk);
    assert!(
        decide().result.is_ok(),
        "the gate approves: {:?}",
        decide().result
    );
    bencher
        .counter(ItemsCount::new(1u64))
        .bench_local(|| black_box(decide()));
}

fn session(settings: &Settings) -> SessionRow {
    SessionRow {
        name: "aaaaa".to_owned(),
        mode: Mode::Replay,
        started: Timestamp(0),
        program: "minnow".to_owned(),
        fingerprint: String::new(),
        configuration: "{}".to_owned(),
        recording: "bundled".to_owned(),
        strategy: "momentum".to_owned(),
        interval: "1m".to_owned(),
        seed: 1,
        currency: "USD".to_owned(),
        starting_balance: settings.paper.starting_balance,
        instruments: settings.instruments.clone(),
    }
}

/// The rows that a replay of the bundled recording writes.
fn rows(settings: &Settings) -> Vec<Row> {
    let mut core = Core::new(settings.clone(), Turns::History);
    let (mut effects, mut thin, mut rows) = (Effects::new(), ReplayRows::default(), Vec::new());
    for batch in trades(&bundled()) {
        core.handle_trades(&batch, &mut effects);
        rows.extend(effects.drain(..).filter_map(|effect| match effect {
            Effect::Persist(record) => Some(Row::Core(record)),
            Effect::Equity(point) => thin.equity(&point),
            Effect::Checkpoint(checkpoint) => thin.checkpoint(&checkpoint),
            Effect::Alert(_)
            | Effect::Ask(_)
            | Effect::Submit(_)
            | Effect::Cancel { .. }
            | Effect::Query { .. }
            | Effect::Reconcile => None,
        }));
    }
    rows.extend(thin.finish(&core.holds()));
    rows
}

/// An item = one row of a replay's own mixture, in batches of 4,096, the making of the file left
/// out.
#[divan::bench(sample_count = 30)]
fn ledger_rows(bencher: divan::Bencher) {
    let settings = settings(&header(&bundled()).instruments);
    let rows = rows(&settings);
    let scratch = Scratch::new("ledger");
    let path = scratch.file("ledger.sqlite");
    bencher
        .counter(ItemsCount::new(rows.len()))
        .with_inputs(|| {
            Ledger::create_replay(&path, &session(&settings)).expect("the ledger can be made")
        })
        .bench_values(|mut ledger| {
            for batch in rows.chunks(4096) {
                ledger.write(batch).expect("the rows are written");
            }
            // Closed, so that the next one can take its place.
            drop(ledger);
        });
}

/// An item = one replay ledger made.
#[divan::bench(items_count = 1u64, sample_count = 30)]
fn ledger_creation(bencher: divan::Bencher) {
    let settings = settings(&header(&bundled()).instruments);
    let scratch = Scratch::new("ledger-creation");
    let path = scratch.file("ledger.sqlite");
    bencher.bench_local(|| {
        drop(Ledger::create_replay(&path, &session(&settings)).expect("the ledger can be made"));
    });
}

/// An item = one existing paper ledger opened and a session begun; waits for the disk.
#[divan::bench(items_count = 1u64, sample_count = 30)]
fn ledger_opening(bencher: divan::Bencher) {
    let settings = settings(&header(&bundled()).instruments);
    let scratch = Scratch::new("ledger-opening");
    let path = scratch.file("paper.sqlite");
    let session = SessionRow {
        mode: Mode::Paper,
        ..session(&settings)
    };
    drop(Ledger::open(&path, Mode::Paper).expect("the ledger can be made"));
    bencher.bench_local(|| {
        let mut ledger = Ledger::open(&path, Mode::Paper).expect("the ledger opens");
        ledger.begin_session(&session).expect("a session begins");
    });
}

/// An item = the whole configuration read, checked and explained: the shipped file and one option.
#[divan::bench(items_count = 1u64)]
fn configuration(bencher: divan::Bencher) {
    let sources = Sources {
        directory: env!("CARGO_MANIFEST_DIR").into(),
        sets: SETS.iter().map(|set| (*set).to_owned()).collect(),
        ..Sources::default()
    };
    bencher.bench_local(|| {
        let effective = load(&sources).unwrap_or_else(|findings| panic!("{findings}"));
        black_box(effective.fingerprint())
    });
}
