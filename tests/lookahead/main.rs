//! Whether a strategy that looks ahead is caught, and one that does not is let through: planted ones
//! through the core, the product's own through the program.

mod peeking;
#[path = "../support/program.rs"]
mod program;

use minnow::core::Core;
use minnow::core::market::{Interval, SymbolId};
use minnow::core::modes::Turns;
use minnow::core::settings::{Identity, Settings};
use minnow::core::units::Timestamp;
use minnow::runtime::replay::lookahead::{Difference, Unchecked, Verdict, check, prefix_ends};
use minnow::runtime::replay::{Direct, Feed, Window};
use minnow::store::recording::{
    Batch, OpenOptions, RecordingError, Rows, Sequential, SymbolTable, open,
};
use peeking::{Future, Habit, Peeking};
use program::{Folder, minnow};
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn bundled() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("recordings/btc-perp-2018-01-01.mrec")
}

/// Half a day of the recording is enough to be caught in.
const END: Timestamp = Timestamp(1_514_764_800_000_000_000 + 12 * 3_600_000_000_000);

fn settings() -> Settings {
    let effective = minnow::config::load(&minnow::config::Sources {
        sets: vec![
            "trading.enable_futures=true".to_owned(),
            "trading.min_candles_for_trading=5".to_owned(),
        ],
        directory: "/nonexistent".into(),
        ..Default::default()
    })
    .unwrap_or_else(|findings| panic!("{findings}"));
    let header = open(&bundled(), &OpenOptions::default())
        .expect("the bundled recording")
        .header;
    let identity = Identity {
        instance_head: "AAAAAA".to_owned(),
        session: "AAAAA".to_owned(),
    };
    effective
        .for_core(&header.instruments, &identity)
        .unwrap_or_else(|findings| panic!("{findings}"))
}

/// The feed up to `end`.
fn feed(end: Timestamp, settings: &Settings) -> Result<Feed, RecordingError> {
    let options = OpenOptions {
        symbols: SymbolTable::Named(vec![(settings.instruments[0].symbol.clone(), SymbolId(0))]),
        ..OpenOptions::default()
    };
    let window = Window {
        from: None,
        to: Some(end),
    };
    Ok(Feed::new(open(&bundled(), &options)?, window))
}

/// Every minute's last price of the data up to `end`.
fn future(end: Timestamp) -> Future {
    let opened = open(&bundled(), &OpenOptions::default()).expect("the bundled recording");
    let mut source = Sequential::new(opened.reader, opened.decoder);
    let mut rows = Rows::new(4096);
    let mut closes = std::collections::BTreeMap::new();
    while let Some(batch) = source.next_batch(&mut rows).expect("no damage") {
        if batch != Batch::Trades {
            continue;
        }
        for row in rows.iter().take_while(|row| row.stamp.wall < end) {
            let minute = Interval::MINUTE.bucket(row.trade.time);
            closes.insert(minute, row.trade.price.0 as f64 * 0.5);
        }
        if rows.last().is_some_and(|row| row.stamp.wall >= end) {
            break;
        }
    }
    Arc::new(closes)
}

fn checked(habit: Habit, prefixes: usize) -> Result<Verdict, Unchecked> {
    let settings = settings();
    let opened = |end: Option<Timestamp>| {
        let end = end.unwrap_or(END);
        let future = future(end);
        let core = Core::with_strategies(settings.clone(), Turns::History, |symbol| {
            Peeking::boxed(habit, &future, symbol)
        });
        Ok::<_, RecordingError>(Direct::new(core, vec![feed(end, &settings)?]))
    };
    check(opened, |first, last| {
        prefix_ends(first, last, prefixes, Interval::MINUTE, 1)
    })
    .expect("the recording is whole")
}

fn caught(habit: Habit) -> Difference {
    match checked(habit, 32) {
        Ok(Verdict::Differs(difference)) => difference,
        other => panic!("{habit:?} was not caught: {other:?}"),
    }
}

#[test]
fn a_strategy_that_buys_what_will_rise_is_caught_at_the_decision() {
    let difference = caught(Habit::Trades);
    assert!(
        ["proposal.action", "action"].contains(&difference.field.as_str())
            || difference.field.starts_with("proposal"),
        "{difference}"
    );
    let candle = difference.candle.expect("the candle is named");
    // The last candle of the prefix is the one whose successor is not there.
    let distance = difference.prefix_end.since(candle).0;
    assert!(
        (60_000_000_000..=180_000_000_000).contains(&distance),
        "{difference}"
    );
    assert!(difference.to_string().contains(&candle.to_string()));
}

#[test]
fn a_future_value_among_the_indicators_is_caught_although_no_action_depends_on_it() {
    assert_eq!(caught(Habit::ShowsIt).field, "indicators.next");
}

#[test]
fn scaling_by_the_highest_price_of_all_data_is_caught() {
    assert_eq!(caught(Habit::Normalises).field, "indicators.scaled");
}

#[test]
fn a_strategy_that_looks_back_only_is_let_through() {
    match checked(Habit::Honest, 32) {
        Ok(Verdict::Same {
            prefixes,
            decisions,
        }) => {
            assert_eq!(prefixes, 32);
            // Half of 720 minutes on average.
            assert!((8_000..14_000).contains(&decisions), "{decisions}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn without_a_decision_nothing_is_claimed() {
    let settings = settings();
    let first = Timestamp(END.0 - 12 * 3_600_000_000_000);
    let verdict = check(
        |_| {
            let core = Core::new(settings.clone(), Turns::History);
            Ok::<_, RecordingError>(Direct::new(core, vec![feed(first, &settings)?]))
        },
        |first, last| prefix_ends(first, last, 4, Interval::MINUTE, 1),
    );
    assert_eq!(verdict.expect("readable"), Err(Unchecked::NoDecisions));
}

#[test]
fn the_programs_own_strategies_pass_and_it_says_how_much_was_compared() {
    let folder = Folder::new("lookahead");
    let file = bundled();
    let file = file.to_str().expect("a path in UTF-8");
    let run = |strategy: &str, more: &[&str]| {
        let strategy = format!("strategy.type={strategy}");
        let replay = [
            "replay",
            file,
            "--set",
            "trading.enable_futures=true",
            "--set",
            &strategy,
        ];
        minnow(&folder, &[&replay[..], more].concat())
    };
    let window = ["--to", "2018-01-01T06:00:00Z"];
    for strategy in ["momentum", "mean_reversion", "vumanchu"] {
        let outcome = run(strategy, &[&window[..], &["--check-lookahead"]].concat()).expect(0);
        assert!(outcome.stdout.starts_with("64 prefixes, "), "{outcome:?}");
        assert!(
            outcome.stdout.ends_with("compared: no look-ahead\n"),
            "{strategy}: {outcome:?}"
        );
        let plain = [&window[..], &["--check-lookahead=64", "--plain"]].concat();
        assert_eq!(run(strategy, &plain).expect(0).stdout, outcome.stdout);
    }
    run("momentum", &["--check-lookahead=0"]).expect(2);
    run("momentum", &["--check-lookahead", "--keep-all"]).expect(2);
    let seconds = [
        "--from",
        "2018-01-01T05:59:01Z",
        "--to",
        "2018-01-01T05:59:59Z",
    ];
    let nothing = [&seconds[..], &["--check-lookahead"]].concat();
    let nothing = run("momentum", &nothing).expect(1);
    let said = &nothing.stderr;
    assert!(said.contains("nothing to check"), "{said}");
    folder.is_empty();
}
