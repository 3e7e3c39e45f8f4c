//! `kill -9` at random points between decision and fill, while the venue loses answers, frames and
//! connections: no order is lost, doubled or forgotten, of spot or of a contract, long or short.
//!
//! Of each of the two, `MINNOW_KILL_POINTS` says how often (3), `MINNOW_KILL_SEED` from which seed (1),
//! `MINNOW_KILL_WORLDS` how many venues with a bot each there are at once (2). After at most
//! [`KILLS_A_WORLD`] kills the books are compared and a new venue begins.

use crate::books::{self, arm, clear, settle, settle_by};
use crate::bot::{Bot, Desk};
use crate::futures;
use crate::protective::lively;
use crate::venue::{Rest, Venue};
use minnow::core::units::rng::SplitMix64;
use rusqlite::Connection;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Kills before everything is settled and compared.
const KILLS_A_WORLD: u64 = 12;
/// Time that a session lives at most before it is killed, in ms; candles close each second.
const LIVES_MS: u64 = 8_000;

/// What is traded in a world.
#[derive(Clone, Copy, Debug)]
enum Traded {
    /// Three pairs, bought and sold.
    Spot,
    /// One contract, long and short, each reversed into the other.
    Contract,
}

impl Traded {
    /// Every other contract's market is one that reaches stops.
    fn venue(self, seed: u64) -> Venue {
        let text = seed.to_string();
        let seeds = ["--seed", &text, "--fault-seed", &text];
        let futures = [&seeds[..], &["--futures"]].concat();
        match self {
            Self::Spot => Venue::start(&seeds),
            Self::Contract if seed.is_multiple_of(2) => lively(&futures),
            Self::Contract => Venue::start(&futures),
        }
    }

    fn desk(self, venue: &Venue) -> Desk {
        match self {
            Self::Spot => Desk::real(venue),
            Self::Contract => futures::trader(venue)
                .with("trading.leverage=3")
                .with("trading.reversal=true")
                .with("trading.slippage_tolerance_pct=5")
                .with("risk.price_collar_pct=20")
                .with("risk.trailing_stop_pct=0.1"),
        }
    }

    /// Something for the venue to do wrong; of a contract it may close the session.
    fn fault(self, random: &mut SplitMix64) -> Value {
        match self {
            Self::Contract if random.below(10) == 0 => json!({"fault": "session_closed"}),
            _ => fault(random),
        }
    }

    /// Where the ledger and the venue differ, in words.
    fn differences(self, ledger: &Connection, rest: &mut Rest) -> Vec<String> {
        match self {
            Self::Spot => books::differences(ledger, rest),
            Self::Contract => futures::differences(ledger, rest),
        }
    }

    /// What the ledger says in itself, once it agrees with the venue.
    fn is_sound(self, ledger: &Connection) {
        match self {
            Self::Spot => assert_eq!(books::differing_positions(ledger), 0),
            Self::Contract => futures::is_sound(ledger),
        }
    }
}

fn number(name: &str, default: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{name}={text}")),
        Err(_) => default,
    }
}

/// What goes wrong with any product.
fn fault(random: &mut SplitMix64) -> Value {
    let (rest, chance) = (
        "/api/v3/brokerage",
        [0.05, 0.2, 0.6][random.below(3) as usize],
    );
    let orders = "/api/v3/brokerage/orders";
    match random.below(9) {
        0 => json!({"fault": "answer_lost", "path": orders, "chance": chance}),
        1 => json!({"fault": "answer_lost", "path": rest, "chance": 0.05}),
        2 => json!({"fault": "server_error", "path": orders, "chance": 0.2}),
        3 => json!({"fault": "slow_answer", "path": rest, "chance": chance, "ms": 700}),
        4 => json!({"fault": "disconnect", "chance": 0.02}),
        5 => json!({"fault": "duplicate_frame", "chance": chance}),
        6 => json!({"fault": "missing_frame", "chance": 0.02}),
        7 => json!({"fault": "late_events"}),
        _ => json!({"fault": "partial_fill"}),
    }
}

/// Sleeps until the moments after a candle's close, when orders are on their way; sometimes until
/// any moment at all.
fn wait_for_a_point(random: &mut SplitMix64) {
    if random.below(4) == 0 {
        std::thread::sleep(Duration::from_millis(random.below(LIVES_MS)));
        return;
    }
    let seconds = Duration::from_millis(2_000 + 1_000 * random.below(LIVES_MS / 1_000 - 2));
    let now = SystemTime::now() + seconds;
    let now = now.duration_since(UNIX_EPOCH).expect("after 1970");
    let to_close = 1_000 - u64::from(now.subsec_millis());
    let after = 40 + random.below(160);
    std::thread::sleep(seconds + Duration::from_millis(to_close + after));
}

/// One venue and one ledger through a number of kills.
fn world(traded: Traded, seed: u64, kills: u64) {
    let random = &mut SplitMix64::new(seed);
    let venue = traded.venue(seed);
    // As many failures as this would stop entries, which is another test's matter.
    let desk = traded
        .desk(&venue)
        .with("risk.emergency_api_failures=1000")
        .with("risk.breaker_failures=100")
        .with("risk.breaker_open_seconds=10");
    let mut rest = venue.rest();
    for _ in 0..kills {
        clear(&mut rest);
        let bot = desk.start();
        for _ in 0..random.below(4) {
            arm(&mut rest, &traded.fault(random));
        }
        wait_for_a_point(random);
        bot.kill();
    }
    clear(&mut rest);
    let mut bot = desk.start();
    let differences = |ledger: &Connection, rest: &mut Rest| traded.differences(ledger, rest);
    settle_by(&mut bot, &desk, &venue, differences);
    let hash = bot.stop();
    let ledger = desk.ledger("venue");
    // Settling may take longer than the venue keeps an idle client.
    let found = differences(&ledger, &mut venue.rest());
    assert_eq!(found, [""; 0], "seed {seed}");
    eprintln!(
        "{traded:?}, seed {seed}: {kills} kills, {} orders filled, {} cancelled, {} never sent; \
         {} longs and {} shorts ended, {} at the venue's stop",
        books::orders_in(&ledger, "filled"),
        books::orders_in(&ledger, "cancelled"),
        books::orders_in(&ledger, "never_sent"),
        books::trades_of(&ledger, "BUY"),
        books::trades_of(&ledger, "SELL"),
        books::protective_filled(&ledger),
    );
    traded.is_sound(&ledger);
    desk.replay_is_identical(&hash);
}

/// As many worlds as the kills need.
fn worlds(traded: Traded) {
    let points = number("MINNOW_KILL_POINTS", 3);
    let first = number("MINNOW_KILL_SEED", 1);
    let at_once = number("MINNOW_KILL_WORLDS", 2).max(1);
    let worlds = points.div_ceil(KILLS_A_WORLD).max(at_once.min(points));
    // As evenly as it goes: the first ones get one kill more.
    let kills = |world: u64| points / worlds + u64::from(world < points % worlds);
    let next = AtomicU64::new(0);
    // A world waits most of its time; a panic in one of them is told when all have ended.
    std::thread::scope(|scope| {
        for _ in 0..at_once {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= worlds {
                        break;
                    }
                    world(traded, first + number, kills(number));
                }
            });
        }
    });
}

#[test]
fn no_order_is_lost_doubled_or_forgotten_whenever_the_process_is_killed() {
    worlds(Traded::Spot);
}

#[test]
fn no_order_of_a_contract_is_lost_doubled_or_forgotten_whenever_the_process_is_killed() {
    worlds(Traded::Contract);
}

/// What was told last survives: a bot killed right after an order comes back and closes it.
#[test]
fn a_bot_killed_while_its_order_waits_for_an_answer_finds_out_about_it() {
    let venue = Venue::start(&[]);
    let desk = Desk::real(&venue);
    let mut rest = venue.rest();
    let path = "/api/v3/brokerage/orders";
    arm(
        &mut rest,
        &json!({"fault": "slow_answer", "path": path, "ms": 3000}),
    );
    let bot = desk.start();
    let deadline = Instant::now() + crate::bot::PATIENCE;
    while rest.get("/venue/status")["orders"] == 0 {
        assert!(Instant::now() < deadline, "no order");
        std::thread::sleep(Duration::from_millis(20));
    }
    Bot::kill(bot);
    clear(&mut rest);
    let mut bot = desk.start();
    settle(&mut bot, &desk, &venue);
    let hash = bot.stop();
    assert!(books::orders_in(&desk.ledger("venue"), "filled") > 0);
    desk.replay_is_identical(&hash);
}
