//! The strategy of docs/strategy-guide.md: what the guide shows is what is compiled here, and it does
//! on the bundled recording what the guide says of it.

#[path = "../../docs/examples/donchian.rs"]
mod donchian;

use donchian::{Donchian, DonchianSettings};
use minnow::core::Core;
use minnow::core::effect::Effect;
use minnow::core::market::{Instrument, Interval, SymbolId};
use minnow::core::modes::Turns;
use minnow::core::records::{Action, ClosedTrade, ExitReason, Record};
use minnow::core::settings::{Identity, Settings};
use minnow::core::strategy::decision::CandleView;
use minnow::core::strategy::{Context, PositionView, Purpose, Reply, Rule, Strategy};
use minnow::core::units::{Price, Side, Timestamp};
use minnow::runtime::journal::Observer;
use minnow::runtime::replay::lookahead::{Verdict, check, prefix_ends};
use minnow::runtime::replay::{Direct, Feed, Window};
use minnow::store::recording::{OpenOptions, RecordingError, SymbolTable, open};
use std::path::{Path, PathBuf};

const MINUTE: i64 = 60_000_000_000;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn bundled() -> PathBuf {
    root().join("recordings/btc-perp-2018-01-01.mrec")
}

fn instruments() -> Vec<Instrument> {
    let opened = open(&bundled(), &OpenOptions::default()).expect("the bundled recording");
    opened.header.instruments
}

fn strategy() -> Donchian {
    Donchian::new(DonchianSettings {
        entry: 20,
        exit: 10,
    })
}

fn settings() -> Settings {
    let effective = minnow::config::load(&minnow::config::Sources {
        sets: vec![
            "trading.enable_futures=true".to_owned(),
            "trading.interval=5m".to_owned(),
            "trading.min_candles_for_trading=21".to_owned(),
        ],
        directory: "/nonexistent".into(),
        ..Default::default()
    })
    .unwrap_or_else(|findings| panic!("{findings}"));
    let identity = Identity {
        instance_head: "AAAAAA".to_owned(),
        session: "AAAAA".to_owned(),
    };
    effective
        .for_core(&instruments(), &identity)
        .unwrap_or_else(|findings| panic!("{findings}"))
}

/// The recording up to a time into a core with the strategy.
fn replay(end: Option<Timestamp>) -> Result<Direct, RecordingError> {
    let settings = settings();
    let name = settings.instruments[0].symbol.clone();
    let options = OpenOptions {
        symbols: SymbolTable::Named(vec![(name, SymbolId(0))]),
        ..OpenOptions::default()
    };
    let window = Window {
        from: None,
        to: end,
    };
    let feed = Feed::new(open(&bundled(), &options)?, window);
    let core = Core::with_strategies(settings, Turns::History, |_| Box::new(strategy()));
    Ok(Direct::new(core, vec![feed]))
}

#[derive(Default)]
struct Seen {
    trades: Vec<ClosedTrade>,
    entries: Vec<Vec<(&'static str, f64)>>,
}

impl Observer for Seen {
    fn effect(&mut self, effect: &Effect) {
        let Effect::Persist(record) = effect else {
            return;
        };
        match record.as_ref() {
            Record::Trade(trade) => self.trades.push(trade.clone()),
            Record::Decision(d) if matches!(d.action, Action::Long | Action::Short) => {
                assert_eq!(d.strategy, "donchian");
                assert_eq!(d.proposal.rationale, "close outside the entry channel");
                self.entries.push(d.indicators.clone());
            }
            _ => {}
        }
    }
}

#[test]
fn the_guide_shows_the_very_file_that_is_compiled() {
    let read = |name: &str| std::fs::read_to_string(root().join(name)).expect(name);
    let (guide, code) = (
        read("docs/strategy-guide.md"),
        read("docs/examples/donchian.rs"),
    );
    let (_, rest) = guide
        .split_once("<!-- docs/examples/donchian.rs -->\n```rust\n")
        .expect("the guide's block");
    let (shown, _) = rest.split_once("```\n").expect("the end of the block");
    assert_eq!(shown, code, "docs/strategy-guide.md shows other code");
}

#[test]
fn it_trades_on_the_bundled_recording() {
    let mut seen = Seen::default();
    let mut direct = replay(None).expect("the bundled recording");
    direct.run(&mut seen).expect("no damage");
    for trade in &seen.trades {
        eprintln!(
            "{} {:?} {} to {}: net {}, {}",
            trade.id,
            trade.side,
            trade.entry_time,
            trade.exit_time,
            trade.net,
            trade.reason.name()
        );
    }
    assert!(seen.trades.len() >= 5, "{} trades", seen.trades.len());
    assert!(seen.entries.len() >= seen.trades.len());
    let reasons = |reason| seen.trades.iter().filter(|t| t.reason == reason).count();
    assert!(reasons(ExitReason::Strategy) > 0, "its own exit is used");
    for values in &seen.entries {
        let value = |name: &str| values.iter().find(|(n, _)| *n == name).map(|(_, v)| *v);
        let (high, low) = value("entry_high").zip(value("entry_low")).expect("warm");
        assert!(high > low);
        assert!(value("atr14").expect("warm") > 0.0);
    }
}

/// Minutes of a market that rises and falls, with noise that depends on nothing but its number.
fn bars() -> Vec<CandleView> {
    (0..400i64)
        .map(|n| {
            let close = 100.0 + ((n % 80) - 40).abs() as f64 / 4.0 + (n * 7919 % 13) as f64 / 20.0;
            bar(n, close + 0.3, close - 0.3, close)
        })
        .collect()
}

fn bar(number: i64, high: f64, low: f64, close: f64) -> CandleView {
    CandleView {
        open_time: Timestamp(number * MINUTE),
        open: close,
        high,
        low,
        close,
        volume: 1.0,
    }
}

/// What it replies and shows about a bar that it has observed, in this position.
fn asked(
    strategy: &mut Donchian,
    bar: &CandleView,
    instrument: &Instrument,
    side: Option<Side>,
) -> (Reply, Vec<Rule>) {
    let context = Context {
        instrument,
        candle: bar,
        mark: Price(1),
        position: side.map(|side| PositionView {
            side,
            best_close: None,
            bars_held: 1,
        }),
    };
    let mut rules = Vec::new();
    strategy.rules(&context, &mut rules);
    (strategy.propose(&context), rules)
}

fn action(reply: &Reply) -> Action {
    match reply {
        Reply::Decide(proposal) => proposal.action,
        Reply::Ask { .. } | Reply::Refuse(_) => panic!("it asks no model"),
    }
}

#[test]
fn it_does_what_its_rules_say() {
    let instrument = &instruments()[0];
    let mut strategy = strategy();
    let mut counts = [0; 3];
    for bar in bars() {
        strategy.observe(&bar);
        let (reply, rules) = asked(&mut strategy, &bar, instrument, None);
        let fired = |rules: &[Rule], purpose, side| {
            rules
                .iter()
                .any(|r| r.purpose == purpose && r.side == Some(side) && r.fired())
        };
        let expected = if fired(&rules, Purpose::Entry, Side::Buy) {
            counts[0] += 1;
            Action::Long
        } else if fired(&rules, Purpose::Entry, Side::Sell) {
            counts[1] += 1;
            Action::Short
        } else {
            Action::Hold
        };
        assert_eq!(action(&reply), expected, "{bar:?}");
        let (reply, rules) = asked(&mut strategy, &bar, instrument, Some(Side::Buy));
        let leaves = fired(&rules, Purpose::Exit, Side::Buy);
        counts[2] += usize::from(leaves);
        assert_eq!(action(&reply) == Action::Close, leaves, "{bar:?}");
    }
    assert!(counts.iter().all(|count| *count > 3), "{counts:?}");
}

#[test]
fn nothing_happens_before_it_is_warm_nor_in_a_market_that_stands_still() {
    let instrument = &instruments()[0];
    let mut strategy = strategy();
    for bar in bars().iter().take(20) {
        strategy.observe(bar);
        let (reply, _) = asked(&mut strategy, bar, instrument, None);
        assert_eq!(action(&reply), Action::Hold, "{bar:?}");
    }
    strategy.reset();
    for number in 0..100 {
        let still = bar(number, 100.0, 100.0, 100.0);
        strategy.observe(&still);
        let (reply, rules) = asked(&mut strategy, &still, instrument, None);
        assert_eq!(action(&reply), Action::Hold);
        assert!(rules.iter().all(|rule| !rule.fired()));
    }
    // The first price that differs breaks out of a channel without height: no signal either.
    let jump = bar(100, 101.0, 101.0, 101.0);
    strategy.observe(&jump);
    let (reply, _) = asked(&mut strategy, &jump, instrument, None);
    assert_eq!(action(&reply), Action::Hold);
}

#[test]
fn what_it_saves_leads_to_the_same_replies() {
    let instrument = &instruments()[0];
    let mut one = strategy();
    for (number, bar) in bars().iter().enumerate() {
        one.observe(bar);
        if number % 37 == 0 {
            let text = one.save().to_string();
            let mut other = strategy();
            let state = serde_json::from_str(&text).expect("JSON");
            other.load(&state).expect("its own state");
            one = other;
        }
        let mut whole = strategy();
        bars()[..=number].iter().for_each(|bar| whole.observe(bar));
        for side in [None, Some(Side::Sell)] {
            let expected = asked(&mut whole, bar, instrument, side);
            assert_eq!(asked(&mut one, bar, instrument, side), expected);
        }
    }
    let mut other = Donchian::new(DonchianSettings {
        entry: 55,
        exit: 20,
    });
    let error = other.load(&one.save()).expect_err("other settings");
    assert!(error.contains("other settings"), "{error}");
    assert!(other.load(&serde_json::json!({"entry": 1})).is_err());
}

#[test]
fn it_never_looks_ahead() {
    let day = Timestamp(1_514_764_800_000_000_000 + 1_440 * MINUTE);
    let interval = Interval::parse("5m").expect("an interval");
    let verdict = check(
        |end| replay(Some(end.unwrap_or(day))),
        |first, last| prefix_ends(first, last, 24, interval, 1),
    )
    .expect("the recording is whole");
    match verdict {
        Ok(Verdict::Same { prefixes, .. }) => assert_eq!(prefixes, 24),
        other => panic!("{other:?}"),
    }
}
