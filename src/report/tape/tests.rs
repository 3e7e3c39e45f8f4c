//! Recordings written, replayed in name, and read once more.

use super::*;
use crate::core::input::Input;
use crate::core::market::{Aggressor, CandleSource, TimedTrade, Trade};
use crate::core::records::{EquityKind, EquityPoint};
use crate::core::units::Side::Buy;
use crate::core::units::{Decimal, Quantity, Stamp, Timestamp};
use crate::report::load::TradesShown;
use crate::report::tests::scene::{Scene, at, d};
use crate::report::{Accumulator, Ending, FullOptions, FullReport, Summary, SymbolEnding};
use crate::store::ledger::tests::samples;
use crate::store::recording::{BlockWriter, Entry, Header, LineWriter, RecordingWriter};
use std::path::Path;

fn trade_of(symbol: u16, millis: i64, price: i64) -> TimedTrade {
    let time = Timestamp(at(0).0 + millis * 1_000_000);
    TimedTrade {
        stamp: Stamp::of_history(time),
        trade: Trade {
            symbol: SymbolId(symbol),
            aggressor: Aggressor::Buy,
            price: Price(price),
            quantity: Quantity(1),
            time,
            id: 0,
        },
    }
}

fn trade(seconds: i64, price: i64) -> TimedTrade {
    trade_of(0, seconds * 1000, price)
}

fn record(path: &Path, header: &Header, rows: &[TimedTrade]) {
    let mut writer = BlockWriter::create(path, header).unwrap();
    writer.trades(rows).unwrap();
    writer.finish().unwrap();
}

fn header() -> Header {
    Header::new(vec![samples::instrument()])
}

/// Ten minutes of trades, one each 20 s, rising by a cent each.
fn ten_minutes() -> Vec<TimedTrade> {
    (0..30).map(|n| trade(n * 20, 10_000 + n)).collect()
}

fn summary(scene: &Scene, first: Option<i64>, last: Option<i64>) -> Summary {
    let accumulator = Accumulator::new(d("1000"), scene.session.instruments.clone());
    accumulator.summary(&Ending {
        last_equity: Some(EquityPoint {
            kind: EquityKind::Fill,
            ..samples::equity(0, 1000)
        }),
        symbols: scene
            .session
            .instruments
            .iter()
            .map(|_| SymbolEnding {
                first_close: first.map(Price),
                last_close: last.map(Price),
                last_price: None,
                taker_fee: Decimal::ZERO,
            })
            .collect(),
        ..Ending::default()
    })
}

fn load(scene: &Scene, listener: &mut dyn CandleListener) -> FullReport {
    let options = FullOptions {
        shown: TradesShown::All,
        recordings: Vec::new(),
    };
    FullReport::load(&scene.path(), &options, listener).unwrap()
}

/// A session of these recordings from the first to the last second, 2 candles of warm-up.
fn session(scene: &mut Scene, files: &[&Path]) {
    let names: Vec<String> = files.iter().map(|f| f.display().to_string()).collect();
    scene.session.recording = names.join(" ");
    scene.session.configuration =
        r#"{"trading.min_candles_for_trading":2,"market_data.outlier_pct":"20"}"#.into();
}

#[derive(Default)]
struct Heard(Vec<(u16, i64, i64)>, usize);

impl CandleListener for Heard {
    fn candle(&mut self, symbol: SymbolId, candle: &Candle) {
        let minute = candle.open_time.since(at(0)).0 / 60_000_000_000;
        self.0.push((symbol.0, minute, candle.close.0));
    }

    fn restart(&mut self, _: SymbolId) {
        self.1 += 1;
    }
}

#[test]
fn candles_and_markouts_are_those_of_the_recording() {
    let mut scene = Scene::new("tape-plain");
    let path = scene.file("a b.mrec");
    record(&path, &header(), &ten_minutes());
    session(&mut scene, &[&path]);
    // Bought at 60 s, sold at 61 s for what the market paid.
    scene.round_trip(Buy, 10_003, 10_003, 60, 61);
    // Minute n closes at its third trade: 10,002 + 3 n. The last one is not closed at 580 s.
    let closes = summary(&scene, Some(10_005), Some(10_026));
    scene.write(Some(&closes), Some((0, 580)));
    let mut heard = Heard::default();
    let full = load(&scene, &mut heard);
    let tape = full
        .tape
        .as_ref()
        .unwrap_or_else(|| panic!("{:?}", full.not_computed));
    assert_eq!((tape.inputs, tape.damages), (30, 0));
    assert_eq!(tape.files, [path]);
    let expected: Vec<(u16, i64, i64)> = (0..9).map(|n| (0, n, 10_002 + 3 * n)).collect();
    assert_eq!(heard.0, expected);
    let symbol = &tape.symbols[0];
    assert_eq!((symbol.candles_closed, symbol.closes_stride), (9, 1));
    assert_eq!(symbol.candles.len(), 9);
    assert_eq!(symbol.closes.last(), Some(&Price(10_026)));
    let markouts = full.markouts.as_ref().unwrap();
    // 61 s: 10,003 still. 120 s: 10,006 after the buy; 121 s the same.
    assert_eq!(markouts.horizons[0].entries.total, d("0"));
    assert_eq!(markouts.horizons[2].entries.total, d("0.03"));
    assert_eq!(markouts.horizons[2].exits.total, d("-0.03"));
    assert_eq!(markouts.horizons[3].left_out, 0);
}

#[test]
fn several_recordings_are_read_as_one_and_only_in_the_window() {
    let mut scene = Scene::new("tape-many");
    let (first, second) = (scene.file("1.mrec"), scene.file("2.mrec"));
    let rows = ten_minutes();
    let (even, odd): (Vec<_>, Vec<_>) = (0..).zip(&rows).partition(|(n, _)| n % 2 == 0);
    let rows_of = |part: Vec<(i32, &TimedTrade)>| -> Vec<TimedTrade> {
        part.into_iter().map(|(_, row)| *row).collect()
    };
    record(&first, &header(), &rows_of(even));
    record(&second, &header(), &rows_of(odd));
    session(&mut scene, &[&first, &second]);
    // From 120 s (minute 2) to 300 s: minutes 2, 3 and 4 close.
    let closes = summary(&scene, Some(10_011), Some(10_014));
    scene.write(Some(&closes), Some((120, 300)));
    let mut heard = Heard::default();
    let full = load(&scene, &mut heard);
    assert_eq!(
        full.tape.as_ref().map(|t| t.inputs),
        Some(10),
        "{:?}",
        full.not_computed
    );
    assert_eq!(heard.0, [(0, 2, 10_008), (0, 3, 10_011), (0, 4, 10_014)]);
}

#[test]
fn another_recording_than_the_sessions_is_refused_with_the_reason() {
    let mut scene = Scene::new("tape-other");
    let path = scene.file("a.mrec");
    record(&path, &header(), &ten_minutes());
    session(&mut scene, &[&path]);
    let expect = |closes: (i64, i64), data, said: &str| {
        let summary = summary(&scene, Some(closes.0), Some(closes.1));
        scene.write(Some(&summary), Some(data));
        let full = load(&scene, &mut ());
        assert!(full.tape.is_none() && full.markouts.is_none());
        let reasons = format!("{:?}", full.not_computed);
        for metric in ["markouts", "candles"] {
            assert!(
                reasons.contains(&format!("metric: \"{metric}\"")),
                "{reasons}"
            );
        }
        assert!(reasons.contains(said), "{said} in {reasons}");
    };
    expect(
        (10_005, 10_027),
        (0, 580),
        "another recording than the session's",
    );
    expect((10_005, 10_026), (0, 700), "it has data from");
    expect((10_005, 10_026), (10_000, 20_000), "has no data from");
    let other = Header::new(vec![crate::core::market::Instrument {
        tick: d("0.02"),
        ..samples::instrument()
    }]);
    std::fs::remove_file(&path).unwrap();
    record(&path, &other, &ten_minutes());
    expect((10_005, 10_026), (0, 580), "no BTC-USD with tick 0.01");
    std::fs::remove_file(&path).unwrap();
    expect((10_005, 10_026), (0, 580), "is not where it was");
    std::fs::write(&path, "no recording").unwrap();
    expect((10_005, 10_026), (0, 580), "a.mrec");
}

#[test]
fn a_recording_of_candles_gives_the_prices_of_its_closes() {
    let mut scene = Scene::new("tape-candles");
    let path = scene.file("c.jsonl");
    let mut writer = LineWriter::create_file(&path, &header()).unwrap();
    for minute in 0..10 {
        let close = Price(10_000 + 10 * minute);
        let candle = Candle {
            open_time: at(60 * minute),
            open: close,
            high: close,
            low: close,
            close,
            volume: 0,
            quote_volume: 0,
            trades: 0,
            source: CandleSource::Venue,
            complete: true,
        };
        writer
            .entry(&Entry::Input {
                stamp: Stamp::of_history(at(60 * minute + 60)),
                input: Input::Candle {
                    symbol: SymbolId(0),
                    interval: Interval::MINUTE,
                    candle,
                },
            })
            .unwrap();
    }
    writer.finish().unwrap();
    session(&mut scene, &[&path]);
    scene.round_trip(Buy, 10_000, 10_000, 60, 120);
    let closes = summary(&scene, Some(10_010), Some(10_090));
    scene.write(Some(&closes), Some((60, 600)));
    let full = load(&scene, &mut ());
    let rows = &full
        .markouts
        .as_ref()
        .unwrap_or_else(|| panic!("{:?}", full.not_computed))
        .horizons;
    assert_eq!((rows[0].within_candle, rows[1].within_candle), (2, 2));
    // One minute after 60 s the candle of minute 1 has closed at 100.10.
    assert_eq!(rows[2].entries.total, d("0.1"));
    assert_eq!(rows[2].exits.total, d("-0.2"));
    let reasons = format!("{:?}", full.not_computed);
    assert!(
        reasons.contains("markouts.10s") && !reasons.contains("markouts.60s"),
        "{reasons}"
    );
    assert_eq!(full.tape.unwrap().symbols[0].candles_closed, 10);
}

#[test]
fn after_a_gap_of_days_the_series_begins_anew() {
    let mut scene = Scene::new("tape-gap");
    let path = scene.file("a.mrec");
    let mut rows = ten_minutes();
    rows.extend((0..30).map(|n| trade(5 * 86_400 + n * 20, 10_000 + n)));
    record(&path, &header(), &rows);
    session(&mut scene, &[&path]);
    let closes = summary(&scene, Some(10_005), Some(10_026));
    scene.write(Some(&closes), Some((0, 5 * 86_400 + 580)));
    let mut heard = Heard::default();
    let full = load(&scene, &mut heard);
    assert!(full.tape.is_some(), "{:?}", full.not_computed);
    assert_eq!(heard.1, 1);
    // Ten minutes, a thousand flat candles, nine minutes.
    assert_eq!(heard.0.len(), 10 + 1000 + 9);
}

#[test]
fn a_price_jump_that_nobody_confirms_is_no_price() {
    let mut scene = Scene::new("tape-jump");
    let path = scene.file("a.mrec");
    let rows = [
        trade(0, 10_000),
        trade(10, 50_000),
        trade(20, 10_001),
        trade(70, 10_002),
    ];
    record(&path, &header(), &rows);
    session(&mut scene, &[&path]);
    scene.write(Some(&summary(&scene, None, Some(10_001))), Some((0, 70)));
    let full = load(&scene, &mut ());
    let tape = full
        .tape
        .unwrap_or_else(|| panic!("{:?}", full.not_computed));
    assert_eq!(tape.symbols[0].candles[0].high, Price(10_001));
}

#[test]
fn closes_are_thinned_by_halves_and_keep_the_first() {
    let rules = market::MarketRules {
        interval: Interval::MINUTE,
        close_grace: crate::core::units::Span::from_secs(1),
        outlier_pct: Decimal::from_int(20),
        min_candles: 1,
    };
    let mut market = market::Market::new(SymbolId(0), rules, 4, 8);
    for minute in 0..101 {
        market.trade(&trade(60 * minute, 1000 + minute), &mut ());
    }
    let tape = market.into_tape("BTC-USD".into());
    assert_eq!((tape.candles_closed, tape.closes_stride), (100, 16));
    let closes: Vec<i64> = tape.closes.iter().map(|close| close.0).collect();
    assert_eq!(closes, [1000, 1016, 1032, 1048, 1064, 1080, 1096]);
    let ends: Vec<i64> = (0..7).map(|n| 60 * (16 * n + 1)).collect();
    let times: Vec<i64> = tape
        .close_times
        .iter()
        .map(|end| end.since(at(0)).0)
        .collect();
    assert_eq!(
        times,
        ends.iter().map(|s| s * 1_000_000_000).collect::<Vec<_>>()
    );
    assert!(tape.candles.len() <= 4);
    assert_eq!(tape.candles.last().map(|c| c.close), Some(Price(1099)));
}

#[test]
fn a_session_that_never_ended_is_told_as_far_as_it_goes() {
    let mut scene = Scene::new("tape-running");
    let path = scene.file("a.mrec");
    record(&path, &header(), &ten_minutes());
    session(&mut scene, &[&path]);
    for number in 0..12 {
        scene.round_trip(Buy, 10_000, 10_100, 20 * number, 20 * number + 10);
    }
    scene.write(None, None);
    let full = load(&scene, &mut ());
    assert!(full.report.summary.is_none());
    assert_eq!(full.profit_split.as_ref().map(|s| s.residual), Some(d("0")));
    assert_eq!(full.breakdown.months[0].trades.trades, 12);
    assert!(full.luck.interval.is_some() && full.luck.random.is_none());
    let reasons: Vec<(&str, &str)> = full
        .not_computed
        .iter()
        .map(|item| (item.metric.as_str(), item.reason.as_str()))
        .collect();
    let no_data = "the session states no market data";
    for (metric, said) in [
        (
            "metrics",
            "the session has not ended: they are summed up at its end",
        ),
        ("markouts", no_data),
        ("luck.random", no_data),
        ("candles", no_data),
    ] {
        assert!(reasons.contains(&(metric, said)), "{metric} in {reasons:?}");
    }
    let text = crate::report::full_text::render(&full, crate::report::page::Paint::Plain);
    assert!(
        text.contains("markouts        -") && !text.contains("NaN"),
        "{text}"
    );
}

#[test]
fn inputs_that_a_recording_no_longer_holds_are_noted() {
    let mut scene = Scene::new("tape-inputs");
    let path = scene.file("a.mrec");
    record(&path, &header(), &ten_minutes());
    session(&mut scene, &[&path]);
    scene.write(
        Some(&summary(&scene, Some(10_005), Some(10_026))),
        Some((0, 580)),
    );
    // The sample session handled 12 inputs, the recording holds 30.
    let notes = load(&scene, &mut ()).report.notes;
    assert!(
        notes
            .iter()
            .any(|n| n.contains("handled 12 inputs") && n.contains("holds 30")),
        "{notes:?}"
    );
}

/// Trades of BTC-USD until 100 s and of ETH-USD until two hours, in as many files as there are groups
/// of symbols; BTC-USD is bought at 60 s and sold at 99 s, and another lot stays open.
fn one_symbol_ends_early(name: &str, files: &[&[u16]]) -> FullReport {
    let other = crate::core::market::Instrument {
        symbol: "ETH-USD".into(),
        ..samples::instrument()
    };
    let instruments = [samples::instrument(), other];
    let mut scene = Scene::with(name, instruments.to_vec());
    let mut paths = Vec::new();
    for (number, symbols) in files.iter().enumerate() {
        let path = scene.file(&format!("{number}.mrec"));
        let table = symbols.iter().map(|s| instruments[usize::from(*s)].clone());
        let mut rows: Vec<TimedTrade> = Vec::new();
        for (id, symbol) in (0..).zip(*symbols) {
            let ends = if *symbol == 0 { 6 } else { 30 };
            rows.extend((0..ends).map(|n| trade_of(id, n * 20_000, 10_000 + n)));
            if *symbol == 1 {
                rows.push(trade_of(id, 7_200_000, 10_030));
            }
        }
        rows.sort_by_key(|row| row.stamp.mono);
        record(&path, &Header::new(table.collect()), &rows);
        paths.push(path);
    }
    let paths: Vec<&Path> = paths.iter().map(|p| p.as_path()).collect();
    session(&mut scene, &paths);
    scene.round_trip(Buy, 10_003, 10_004, 60, 99);
    let mut summary = summary(&scene, Some(10_005), Some(10_005));
    summary.symbols[1].last_close = Some(instruments[1].price(Price(10_029)));
    summary.open_positions = ["BTC-USD", "ETH-USD"]
        .map(|symbol| crate::report::summary::OpenPosition {
            symbol: symbol.into(),
            side: "LONG".into(),
            quantity: d("1"),
            entry_price: d("100"),
            last_price: Some(d("100.05")),
            unrealised: Some(d("0.05")),
            since_ms: at(99).into(),
        })
        .into();
    scene.write(Some(&summary), Some((0, 7200)));
    load(&scene, &mut ())
}

#[test]
fn a_symbols_horizons_end_with_its_own_recording_and_not_with_its_last_trade() {
    let left_out = |full: &FullReport| {
        let markouts = full.markouts.as_ref();
        let rows = &markouts
            .unwrap_or_else(|| panic!("{:?}", full.not_computed))
            .horizons;
        rows.iter().map(|row| row.left_out).collect::<Vec<u64>>()
    };
    // Its recording ends at 100 s: one second after the sale, and ten after the purchase.
    let apart = one_symbol_ends_early("tape-apart", &[&[0], &[1]]);
    assert_eq!(left_out(&apart), [0, 1, 2, 2]);
    // A quiet market of a recording that goes on has the price that it had.
    let together = one_symbol_ends_early("tape-together", &[&[0, 1]]);
    assert_eq!(left_out(&together), [0, 0, 0, 0]);
    // Of two recordings of it the later one counts.
    let both = one_symbol_ends_early("tape-both", &[&[0], &[0, 1]]);
    assert_eq!(left_out(&both), [0, 0, 0, 0]);
}

#[test]
fn an_open_position_valued_at_an_old_price_says_of_when_the_price_is() {
    let full = one_symbol_ends_early("tape-old-price", &[&[0], &[1]]);
    let old: Vec<&String> = full
        .report
        .notes
        .iter()
        .filter(|note| note.contains("last price"))
        .collect();
    assert_eq!(
        old,
        [
            "BTC-USD is open at the end, valued at its last price, of 2018-01-01 00:01 UTC: 2.0 hours \
             before the run ends at 2018-01-01 02:00 UTC"
        ]
    );
}
