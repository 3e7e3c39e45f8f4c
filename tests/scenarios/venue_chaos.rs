//! Against a venue that loses, repeats and shuffles news: once it has healed, position and cash of
//! the core are the venue's, wherever the bot was restarted in between.

use crate::venue_model::VenueModel;
use crate::venue_world::*;
use crate::world::*;
use minnow::core::Core;
use minnow::core::input::Input;
use minnow::core::market::{Aggressor, Interval, ProtectiveForm, SymbolId, Trade};
use minnow::core::modes::Turns;
use minnow::core::records::{Leg, Order};
use minnow::core::settings::{EntryOrderType, Settings};
use minnow::core::snapshot::Snapshot;
use minnow::core::units::rng::SplitMix64;
use minnow::core::units::*;
use minnow::store::recording::{
    Batch, Entry, Header, LineWriter, OpenOptions, RecordingWriter, Rows, open,
};
use proptest::prelude::*;

#[path = "../support/folder.rs"]
mod folder;

/// Milliseconds of trading with faults, and of healing afterwards.
const CHAOS: i64 = 1_200_000;
const HEALING: i64 = 400_000;

fn chaos_settings(kind: EntryOrderType) -> Settings {
    let mut s = venue_settings();
    s.trading.interval = Interval::parse("5s").unwrap();
    s.trading.min_trading_interval = Span::from_secs(5);
    s.trading.min_profit_pct = Decimal::ZERO;
    s.trading.order_type = kind;
    s.trading.order_timeout = Span::from_secs(20);
    s.paper.fees[0].taker = d("0.0001");
    s.risk.min_reward_risk = Decimal::ZERO;
    s.risk.consecutive_losses = 50;
    s.risk.order_rate = 1000;
    s.risk.max_trades_per_day = 10_000;
    // The faults are wanted: neither breaker nor emergency stop may end the test.
    s.risk.breaker_failures = 100_000;
    s.risk.emergency_api_failures = 100_000;
    s
}

fn plan(seed: u64) -> Script {
    let mut rng = SplitMix64::new(seed);
    let candles = (CHAOS / 5_000) as usize;
    say((1..candles).map(|n| {
        let proposal = match rng.below(3) {
            0 => close(),
            1 => long("20", "0.5", "0.3"),
            _ => long("5", "0.3", "0.5"),
        };
        (n, proposal)
    }))
}

/// What one run is made of.
struct Run {
    world: World,
    venue: VenueModel,
    settings: Settings,
    script: Script,
    restarts: bool,
    inputs: Vec<(i64, Input)>,
    taken: usize,
}

impl Run {
    fn new(seed: u64, kind: EntryOrderType, restarts: bool) -> Self {
        let (mut settings, script) = (chaos_settings(kind), plan(seed));
        settings.instruments[0].protective = form(seed);
        let core = Core::with_strategies(settings.clone(), Turns::History, |_| {
            Box::new(script.clone())
        });
        let grid = settings.instruments[0].clone();
        Self {
            world: World::of(core),
            venue: VenueModel::new(seed ^ 0xabcd, grid, d("10000")),
            settings,
            script,
            restarts,
            inputs: Vec::new(),
            taken: 0,
        }
    }

    fn input(&mut self, now: i64, input: Input) {
        self.inputs.push((now, input.clone()));
        self.world.input(now, input);
        while let Some(wish) = self.world.wishes.get(self.taken) {
            self.venue.wish(now, wish);
            self.taken += 1;
        }
        if self.restarts {
            self.restart(now);
        }
    }

    fn restart(&mut self, now: i64) {
        let at = Stamp::of_history(Timestamp::from_millis(START + now));
        let text = serde_json::to_string(&self.world.core.snapshot(at)).unwrap();
        let snapshot: Snapshot = serde_json::from_str(&text).unwrap();
        let core = Core::with_strategies(self.settings.clone(), Turns::History, |_| {
            Box::new(self.script.clone())
        });
        self.world.core = core.take_up(snapshot).unwrap();
    }

    fn account(&mut self, now: i64) {
        let amount = self.venue.cash.to_string();
        self.input(now, cash(&amount));
    }

    fn go(&mut self) {
        self.go_until(CHAOS + HEALING);
    }

    fn go_until(&mut self, end: i64) {
        let (mut now, mut ticks) = (0, 100_000i64);
        let (mut listed, mut balanced) = (i64::MIN, 0);
        self.account(0);
        while now < end {
            now += 100 + self.venue.below(1500) as i64;
            self.venue.calm = now > CHAOS;
            ticks += self.venue.below(401) as i64 - 200;
            self.venue.moves(now, Price(ticks));
            let trade = Trade {
                symbol: SymbolId(0),
                aggressor: Aggressor::Unknown,
                price: Price(ticks),
                quantity: Quantity(1 + self.venue.below(500) as i64),
                time: Timestamp::from_millis(START + now),
                id: 0,
            };
            self.input(now, Input::Trade(trade));
            while let Some(event) = self.venue.deliver(now) {
                self.input(now, Input::Order(event));
            }
            if self.venue.wanted_listing && now > listed + 2_000 || now > listed + 25_000 {
                let listing = self.venue.listing(now);
                self.input(now, Input::Listing(Box::new(listing)));
                listed = now;
            }
            if now > balanced + 20_000 {
                self.account(now);
                balanced = now;
            }
        }
    }

    fn check(&self, what: &str) {
        let symbol = &self.world.core.symbols()[0];
        assert!(
            symbol.entry.is_none() && symbol.exit.is_none(),
            "{what}: {symbol:?}"
        );
        let ours = symbol.position.as_ref().map_or(0, |p| p.signed());
        assert_eq!(ours, self.venue.lots, "{what}");
        let paid = symbol
            .position
            .as_ref()
            .map(|p| p.entry_notional(&symbol.instrument));
        let cash = self.venue.cash + paid.unwrap_or_default();
        assert_eq!(self.world.cash(), cash, "{what}");
        assert_eq!(self.world.fills.len(), self.venue.filled(), "{what}");
        for code in [
            "inconsistency",
            "balance_anomaly",
            "position_differs",
            "emergency_stop",
        ] {
            assert_eq!(self.world.told(code), 0, "{what}: {code}");
        }
        for order in self.world.orders.values() {
            let protects = order.leg == Leg::Protective && symbol.position.is_some();
            assert!(order.state.is_final() || protects, "{what}: {order:?}");
        }
        if let Some(position) = &symbol.position
            && symbol.instrument.protective != ProtectiveForm::None
        {
            let resting = symbol.stop.as_ref().map(|w| w.remaining());
            assert_eq!(resting, Some(position.quantity()), "{what}: protected");
        }
    }
}

fn acted(order: &Order) -> bool {
    order.leg == Leg::Protective && !order.filled.is_zero()
}

/// What the venue takes of a product to protect a position of it.
fn form(number: u64) -> ProtectiveForm {
    match number / 2 % 3 {
        0 => ProtectiveForm::Bracket,
        1 => ProtectiveForm::StopLimit,
        _ => ProtectiveForm::None,
    }
}

fn kind(number: u64) -> EntryOrderType {
    match number % 2 {
        0 => EntryOrderType::Market,
        _ => EntryOrderType::Limit,
    }
}

/// A fill of a protective order that nobody told changed the balance, and soon after another one.
#[test]
fn each_difference_of_the_balance_is_compared_before_it_is_told() {
    for seed in [592_935_088_236_279_198, 1_426_384_296_999_707_881] {
        let mut run = Run::new(seed, kind(seed), false);
        run.go();
        run.check(&format!("seed {seed}"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn after_healing_position_and_cash_are_the_venues(seed: u64) {
        let mut run = Run::new(seed, kind(seed), false);
        run.go();
        run.check(&format!("seed {seed}"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn the_same_listing_again_adds_nothing(seed: u64, part in 1i64..20) {
        let mut run = Run::new(seed, kind(seed), false);
        let end = CHAOS / 20 * part;
        run.go_until(end);
        // No more news and no more wishes: only listings of this one moment.
        run.venue.calm = true;
        let listing = run.venue.listing(end + 2_000);
        let mut seen = Vec::new();
        for round in 1..6 {
            run.world.input(end + round * 6_000, Input::Listing(Box::new(listing.clone())));
            let told = ["fill_applied", "order_adopted", "order_found", "position_differs"];
            let symbol = &run.world.core.symbols()[0];
            let held = symbol.position.as_ref().map_or(0, |p| p.signed());
            seen.push((run.world.fills.len(), told.map(|code| run.world.told(code)), held));
        }
        prop_assert_eq!(seen[0].0, run.venue.filled());
        prop_assert_eq!(seen[4].2, run.venue.lots);
        prop_assert_eq!(&seen[2], &seen[1]);
        prop_assert_eq!(&seen[4], &seen[1]);
    }
}

#[test]
fn the_chaos_is_about_something_and_restarts_between_all_inputs_change_nothing() {
    let mut protected = 0;
    for seed in 1..3 {
        let mut whole = Run::new(seed, kind(seed), false);
        whole.go();
        whole.check("whole");
        let (orders, fills) = (whole.venue.submitted(), whole.venue.filled());
        let holds = whole.world.core.holds();
        assert!(
            orders > 15 && fills > 15,
            "{seed}: {orders}, {fills}, {holds:?}"
        );
        protected += whole.world.orders.values().filter(|o| acted(o)).count();
        let mut cut = Run::new(seed, kind(seed), true);
        cut.go();
        cut.check("cut");
        assert_eq!(cut.world.core.state_hash(), whole.world.core.state_hash());
        assert_eq!(cut.world.fills, whole.world.fills);
        assert_eq!(cut.world.trades, whole.world.trades);
    }
    assert!(protected > 1, "{protected} protective orders acted");
}

#[test]
fn a_recorded_session_at_a_venue_replays_to_the_same_hash() {
    let mut run = Run::new(11, EntryOrderType::Market, false);
    run.go();
    let folder = folder::Folder::new();
    let path = folder.file("session.jsonl");
    let header = Header::new(run.settings.instruments.clone());
    let mut writer = LineWriter::create_file(&path, &header).unwrap();
    for (now, input) in &run.inputs {
        let stamp = Stamp::of_history(Timestamp::from_millis(START + now));
        let input = input.clone();
        writer.entry(&Entry::Input { stamp, input }).unwrap();
    }
    writer.finish().unwrap();
    let core = Core::with_strategies(run.settings.clone(), Turns::History, |_| {
        Box::new(run.script.clone())
    });
    let mut again = World::of(core);
    let mut opened = open(&path, &OpenOptions::default()).unwrap();
    let mut rows = Rows::new(64);
    let mut spare = Vec::new();
    while let Some(chunk) = opened.reader.next(spare).unwrap() {
        spare = opened.decoder.begin(chunk).unwrap();
        while let Some(batch) = opened.decoder.next_batch(&mut rows).unwrap() {
            match batch {
                Batch::Trades => again.rows(&rows),
                Batch::Entry(Entry::Input { stamp, input }) => {
                    again.input(stamp.wall.as_millis() - START, input);
                }
                _ => {}
            }
        }
    }
    assert_eq!(again.core.inputs(), run.world.core.inputs());
    assert_eq!(again.core.state_hash(), run.world.core.state_hash());
    assert_eq!(again.trades, run.world.trades);
    assert_eq!(again.wishes, run.world.wishes);
}
