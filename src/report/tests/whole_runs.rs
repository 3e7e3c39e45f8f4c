//! Whole runs: records in, the ledger between, text and JSON out, with figures computed by hand.

use crate::core::effect::Effect;
use crate::core::market::{Instrument, SymbolId};
use crate::core::records::{Action, ClosedTrade, EquityKind, EquityPoint, Fill, Lot, Record};
use crate::core::units::calendar::parse_time;
use crate::core::units::{Decimal, Price, Quantity, Side, Timestamp};
use crate::report::terminal::Paint;
use crate::report::*;
use crate::store::ledger::tests::samples::{self, Scratch};
use crate::store::ledger::{HoldCount, Ledger, Mode, Row, SessionEnd, SessionStatus};
use proptest::prelude::*;
use std::path::Path;

fn d(text: &str) -> Decimal {
    Decimal::parse(text).unwrap()
}

fn at(text: &str) -> Timestamp {
    parse_time(text).unwrap()
}

fn near(value: Option<f64>, expected: f64) {
    let value = value.unwrap();
    assert!(
        (value - expected).abs() <= 1e-9 * expected.abs().max(1.0),
        "{value} is not {expected}"
    );
}

fn persist(record: Record) -> Effect {
    Effect::Persist(Box::new(record))
}

/// The row that an effect becomes in a ledger that thins nothing.
fn row(effect: Effect) -> Option<Row> {
    match effect {
        Effect::Persist(record) => Some(Row::Core(record)),
        Effect::Equity(point) => Some(Row::Equity(point)),
        _ => None,
    }
}

fn point(time: &str, kind: EquityKind, equity: &str) -> Effect {
    Effect::Equity(EquityPoint {
        time: at(time),
        kind,
        equity: d(equity),
        cash: d(equity),
        unrealised: Decimal::ZERO,
        margin_used: Decimal::ZERO,
    })
}

fn fill(id: u64, side: Side, price: i64, reference: i64, time: &str) -> Effect {
    persist(Record::Fill(Fill {
        id,
        order: id,
        symbol: SymbolId(0),
        side,
        price: Price(price * 100),
        quantity: Quantity(200),
        fee: d("15"),
        maker: false,
        reference: Price(reference * 100),
        time: at(time),
        venue_id: None,
    }))
}

fn lot(id: u64, open: i64, price: i64, time: &str) -> Effect {
    persist(Record::Lot(Lot {
        open: Quantity(open),
        price: Price(price * 100),
        time: at(time),
        ..samples::lot(id, open)
    }))
}

/// A long of 0.2 that gains 20 and nets -10, then one that stays open, over exactly two days.
fn two_days() -> Vec<Effect> {
    use EquityKind::{Candle, Fill};
    vec![
        point("2018-01-01T00:00:00Z", Candle, "10000"),
        fill(1, Side::Buy, 50_000, 49_990, "2018-01-01T06:00:00Z"),
        lot(1, 200, 50_000, "2018-01-01T06:00:00Z"),
        point("2018-01-01T06:00:00Z", Fill, "9985"),
        point("2018-01-01T06:00:00Z", Candle, "9800"),
        fill(2, Side::Sell, 50_100, 50_110, "2018-01-01T18:00:00Z"),
        lot(1, 0, 50_000, "2018-01-01T06:00:00Z"),
        persist(Record::Trade(ClosedTrade {
            entry_time: at("2018-01-01T06:00:00Z"),
            exit_time: at("2018-01-01T18:00:00Z"),
            ..samples::trade(1, d("-10"))
        })),
        point("2018-01-01T18:00:00Z", Fill, "9990"),
        point("2018-01-01T23:59:00Z", Candle, "9990"),
        fill(3, Side::Buy, 50_000, 50_000, "2018-01-02T12:00:00Z"),
        lot(2, 200, 50_000, "2018-01-02T12:00:00Z"),
        point("2018-01-02T12:00:00Z", Fill, "9975"),
        point("2018-01-02T23:59:00Z", Candle, "10210"),
    ]
}

fn ending() -> Ending {
    Ending {
        first_data: Some(at("2018-01-01T00:00:00Z")),
        last_data: Some(at("2018-01-03T00:00:00Z")),
        symbols: vec![SymbolEnding {
            first_close: Some(Price(5_000_000)),
            last_close: Some(Price(5_100_000)),
            last_price: Some(Price(5_120_000)),
            taker_fee: d("0.0015"),
        }],
        ..Ending::default()
    }
}

fn summed_up(effects: &[Effect], ending: &Ending) -> Summary {
    let mut accumulator = Accumulator::new(d("10000"), vec![samples::instrument()]);
    for effect in effects {
        accumulator.effect(effect);
    }
    accumulator.summary(ending)
}

#[test]
fn every_metric_of_a_run_computed_by_hand() {
    let summary = summed_up(&two_days(), &ending());
    let m = &summary.metrics;
    assert_eq!(m.days, 2.0);
    near(m.total_return_pct, 2.1);
    near(m.cagr_pct, 100.0 * (1.021f64.powf(182.5) - 1.0));
    // Days: 9990 / 10000 - 1 = -0.001, 10210 / 9990 - 1 = 0.022022...
    let (a, b) = (-0.001f64, 220.0 / 9990.0);
    let (mean, half) = ((a + b) / 2.0, (b - a) / 2.0);
    near(m.sharpe, mean / (2.0 * half * half).sqrt() * 365f64.sqrt());
    near(
        m.sortino,
        mean / (0.000_001f64 / 2.0).sqrt() * 365f64.sqrt(),
    );
    // 10000 -> 9800, back at 10210.
    near(m.max_drawdown_pct, 2.0);
    let millis = |text: &str| Some(summary::Millis::from(at(text)));
    assert_eq!(m.drawdown_start_ms, millis("2018-01-01T00:00:00Z"));
    assert_eq!(m.drawdown_bottom_ms, millis("2018-01-01T06:00:00Z"));
    assert_eq!(m.drawdown_recovery_ms, millis("2018-01-02T23:59:00Z"));
    near(m.calmar, m.cagr_pct.unwrap() / 2.0);
    assert_eq!((m.trades, m.wins, m.fills), (1, 0, 3));
    near(m.win_rate_pct, 0.0);
    near(m.profit_factor, 0.0);
    assert_eq!(m.expectancy, Some(d("-10")));
    // -10 of a margin of 2000.
    near(m.expectancy_margin_pct, -0.5);
    assert_eq!((m.average_win, m.average_loss), (None, Some(d("-10"))));
    assert_eq!((m.largest_win, m.largest_loss), (None, Some(d("-10"))));
    assert_eq!(m.longest_losing_run, 1);
    near(m.average_minutes, 720.0);
    // 12 hours closed and 12 hours still open, of 48.
    near(m.exposure_pct, 50.0);
    // 10000 + 10020 + 10000 over the mean of 10000, 9800, 9990, 10210.
    near(m.turnover, 30_020.0 / 10_000.0);
    assert_eq!(m.fees, d("45"));
    // 10 x 0.2 at the buy and 10 x 0.2 at the sale.
    assert_eq!(m.slippage, d("4"));
    assert_eq!(m.net, d("-10"));
    near(m.buy_and_hold_pct, 100.0 * (1.02 * 0.9985 / 1.0015 - 1.0));
    assert!(m.few_observations);
    assert_eq!(summary.notes, ["few observations"]);
}

#[test]
fn open_positions_are_valued_at_the_last_price_and_are_no_trades() {
    let summary = summed_up(&two_days(), &ending());
    let open = &summary.open_positions[0];
    assert_eq!(
        (open.symbol.as_str(), open.side.as_str()),
        ("BTC-USD", "LONG")
    );
    assert_eq!((open.quantity, open.entry_price), (d("0.2"), d("50000")));
    assert_eq!(open.last_price, Some(d("51200")));
    assert_eq!(open.unrealised, Some(d("240")));
    assert_eq!(summary.metrics.trades, 1);
    let unseen = summed_up(&two_days(), &Ending::default());
    assert_eq!(unseen.open_positions[0].unrealised, None);
}

#[test]
fn the_account_after_the_last_input_ends_the_series() {
    let mut ending = ending();
    let Effect::Equity(last) = point("2018-01-02T23:59:59Z", EquityKind::Candle, "5000") else {
        unreachable!("a point is made of a point");
    };
    ending.last_equity = Some(last);
    let summary = summed_up(&two_days(), &ending);
    assert_eq!(summary.account.end, d("5000"));
    near(summary.metrics.total_return_pct, -50.0);
    assert_eq!(summary.daily_equity.last().unwrap().1, d("5000"));
    assert_eq!(summary.equity_curve.last().unwrap().1, d("5000"));
    near(summary.metrics.max_drawdown_pct, 100.0 * 5210.0 / 10_210.0);
    assert_eq!(summary.metrics.drawdown_recovery_ms, None);
    // It is no candle close: the mean is that of the candles.
    near(summary.metrics.turnover, 3.002);
}

#[test]
fn a_run_that_ends_at_midnight_unchanged_has_no_day_behind_it() {
    let before = summed_up(&two_days(), &ending());
    let mut ending = ending();
    let Effect::Equity(last) = point("2018-01-03T00:00:00Z", EquityKind::Candle, "10210") else {
        unreachable!("a point is made of a point");
    };
    ending.last_equity = Some(last);
    let summary = summed_up(&two_days(), &ending);
    assert_eq!(summary.daily_equity, before.daily_equity);
    assert_eq!(summary.metrics.sharpe, before.metrics.sharpe);
    // A price that moved on belongs to the new day.
    let Effect::Equity(moved) = point("2018-01-03T00:00:00Z", EquityKind::Candle, "10200") else {
        unreachable!("a point is made of a point");
    };
    ending.last_equity = Some(moved);
    let days = summed_up(&two_days(), &ending).daily_equity;
    assert_eq!(days.len(), before.daily_equity.len() + 1);
}

#[test]
fn a_run_without_anything_has_no_figures_but_no_error_either() {
    let summary = summed_up(&[], &Ending::default());
    let m = &summary.metrics;
    assert_eq!(summary.account.end, d("10000"));
    assert_eq!(m.total_return_pct, Some(0.0));
    assert_eq!(m.max_drawdown_pct, Some(0.0));
    for undefined in [
        m.cagr_pct,
        m.sharpe,
        m.sortino,
        m.calmar,
        m.win_rate_pct,
        m.profit_factor,
        m.expectancy_margin_pct,
        m.average_minutes,
        m.exposure_pct,
        m.turnover,
        m.buy_and_hold_pct,
    ] {
        assert_eq!(undefined, None);
    }
    assert_eq!(m.expectancy, None);
    assert!(summary.equity_curve.is_empty());
}

#[test]
fn flat_equity_over_days_leaves_the_ratios_undefined() {
    let records: Vec<_> = (1..=9)
        .map(|day| point(&format!("2018-01-0{day}"), EquityKind::Candle, "10000"))
        .collect();
    let mut ending = ending();
    ending.last_data = Some(at("2018-02-10"));
    let m = summed_up(&records, &ending).metrics;
    assert_eq!((m.sharpe, m.sortino, m.calmar), (None, None, None));
    assert_eq!((m.cagr_pct, m.max_drawdown_pct), (Some(0.0), Some(0.0)));
    assert_eq!(m.turnover, Some(0.0));
    assert!(m.few_observations, "40 days, but no trades");
}

#[test]
fn thirty_trades_in_thirty_days_are_enough() {
    let trades = |n: u64| -> Vec<_> {
        (1..=n)
            .map(|id| persist(Record::Trade(samples::trade(id, d("5")))))
            .collect()
    };
    let mut ending = ending();
    ending.last_data = Some(at("2018-01-31"));
    assert!(summed_up(&trades(29), &ending).metrics.few_observations);
    let m = summed_up(&trades(30), &ending).metrics;
    assert!(!m.few_observations);
    // Wins only: a factor without a loss is undefined.
    assert_eq!((m.win_rate_pct, m.profit_factor), (Some(100.0), None));
    ending.last_data = Some(at("2018-01-30T23:59:59Z"));
    assert!(summed_up(&trades(30), &ending).metrics.few_observations);
}

/// The ledger of the run above, as a replay writes it.
fn reported(path: &Path, shown: TradesShown, instruments: usize) -> Report {
    let mut session = samples::session(Mode::Replay);
    session.configuration = r#"{"trading":{"leverage":5}}"#.into();
    session.instruments = (0..instruments)
        .map(|n| Instrument {
            symbol: if n == 0 {
                "BTC-USD".into()
            } else {
                format!("ALT{n}-USD")
            },
            ..samples::instrument()
        })
        .collect();
    let mut ledger = Ledger::create_replay(path, &session).unwrap();
    let mut rows: Vec<Row> = two_days().into_iter().filter_map(row).collect();
    rows.extend((2..=12).map(|id| samples::core(Record::Trade(samples::trade(id, d("3"))))));
    rows.push(samples::core(Record::Order(samples::order(1))));
    rows.push(samples::core(Record::Event(samples::event())));
    rows.push(samples::core(Record::Decision(samples::decision(
        1,
        Action::Long,
        Action::Hold,
    ))));
    rows.push(Row::Holds(HoldCount {
        reason: "no signal".into(),
        count: 2879,
    }));
    ledger.write(&rows).unwrap();
    let mut accumulator = Accumulator::new(d("10000"), session.instruments.clone());
    two_days()
        .iter()
        .for_each(|effect| accumulator.effect(effect));
    accumulator.record(&Record::Order(samples::order(1)));
    let refused = samples::decision(1, Action::Long, Action::Hold);
    accumulator.record(&Record::Decision(refused));
    let summary = accumulator.summary(&ending());
    ledger
        .close(&SessionEnd {
            summary: serde_json::to_string(&summary).unwrap(),
            first_data: ending().first_data,
            last_data: ending().last_data,
            ..samples::end(SessionStatus::Complete)
        })
        .unwrap();
    let report = Report::load(path, shown).unwrap();
    assert_eq!(
        report.summary,
        Some(summary),
        "the ledger changed the summary"
    );
    report
}

#[test]
fn the_text_tells_the_run_in_eighty_columns() {
    let scratch = Scratch::new("report-text");
    let path = scratch.file("a.sqlite");
    let report = reported(&path, TradesShown::Some(5), 1);
    let text = terminal::render(&report, Paint::Plain);
    for expected in [
        "btc.bin",
        "2018-01-01 00:00 to 2018-01-03 00:00 UTC (2.0 days)",
        "BTC-USD (tick 0.01, lot 0.001)",
        "momentum on 1m",
        "aaaab, replay, complete",
        "f00d",
        "0000000000000abc",
        "12 in 0.005 s (2,400 a second)",
        "10,210.00",
        "2.10 %",
        "Equity (9,800.00 to 10,210.00)",
        "Trades (12)",
        "7 more (--trades all)",
        "    1 LONG  01-01 06:00    720       0.2   50000.1 50000.123    -10.00 target",
        "entry open 1",
        "from 2018-01-01 00:00, bottom 2018-01-01 06:00",
        "recovered 2018-01-02 23:59",
        "Refusals (1)",
        "min_interval",
        "Decisions to hold (2,879)",
        "no signal",
        "daily_loss_limit",
        "BTC-USD LONG 0.2 at 50000, now 51200: 240.00",
        "few observations",
    ] {
        assert!(
            text.contains(expected),
            "{expected:?} is missing in\n{text}"
        );
    }
    for line in text.lines().filter(|line| !line.contains("ledger")) {
        let length = line.chars().count();
        assert!(length <= 80, "{length} columns: {line}");
        assert_eq!(line, line.trim_end());
    }
    assert!(!text.contains('\x1b') && !text.contains("NaN") && !text.contains("inf"));
    let coloured = terminal::render(&report, Paint::Coloured);
    assert!(coloured.contains("\x1b[31m   -10.00\x1b[0m"));
    let stripped = coloured
        .replace("\x1b[31m", "")
        .replace("\x1b[32m", "")
        .replace("\x1b[1m", "")
        .replace("\x1b[0m", "");
    assert_eq!(stripped, text, "colour must not change the text");
}

#[test]
fn several_instruments_are_told_apart() {
    let scratch = Scratch::new("report-many");
    let report = reported(&scratch.file("a.sqlite"), TradesShown::All, 2);
    let text = terminal::render(&report, Paint::Plain);
    for expected in [
        "ALT1-USD (tick",
        "symbol",
        "BTC-USD min_interval",
        "BTC-USD 1.69 %",
    ] {
        assert!(
            text.contains(expected),
            "{expected:?} is missing in\n{text}"
        );
    }
    assert!(!text.contains("--trades all"));
}

#[test]
fn json_carries_the_same_with_exact_money() {
    let scratch = Scratch::new("report-json");
    let report = reported(&scratch.file("a.sqlite"), TradesShown::All, 1);
    let text = json::render(&report).unwrap();
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["format"], json::FORMAT);
    assert_eq!(value["session"]["configuration"]["trading"]["leverage"], 5);
    assert_eq!(value["session"]["last_data_ms"], 1_514_937_600_000_i64);
    assert_eq!(value["account"]["end"], "10210");
    assert_eq!(value["metrics"]["slippage"], "4");
    assert_eq!(value["metrics"]["average_win"], serde_json::Value::Null);
    assert_eq!(value["metrics"]["exposure_pct"], 50.0);
    assert_eq!(value["equity_curve"][1][1], "9800");
    assert_eq!(value["trades"].as_array().unwrap().len(), 12);
    assert_eq!(value["trades"][0]["exit_vwap"], "50000.123456789012345678");
    assert_eq!(value["trades"][0]["side"], "LONG");
    assert_eq!(value["orders"]["entry open"], 1);
    assert_eq!(value["refusals"][0]["reason"], "min_interval");
    assert_eq!(value["holds"][0]["count"], 2879);
    assert_eq!(value["open_positions"][0]["unrealised"], "240");
    assert_eq!(value["notes"][0], "few observations");
    assert_eq!(value["notes"][1], "CAGR extrapolates 2.0 days to a year");
}

#[test]
fn a_killed_run_is_reported_as_not_complete() {
    let scratch = Scratch::new("report-killed");
    let path = scratch.file("a.sqlite");
    let mut ledger = Ledger::create_replay(&path, &samples::session(Mode::Replay)).unwrap();
    ledger
        .write(&[samples::core(Record::Trade(samples::trade(1, d("3"))))])
        .unwrap();
    drop(ledger);
    let report = Report::load(&path, TradesShown::All).unwrap();
    let text = terminal::render(&report, Paint::Plain);
    assert!(
        text.contains("aaaab, replay, running") && text.contains("has not ended"),
        "{text}"
    );
    assert!(text.contains("Trades (1)"), "{text}");
    let value: serde_json::Value = serde_json::from_str(&json::render(&report).unwrap()).unwrap();
    assert_eq!(value["metrics"], serde_json::Value::Null);
    assert_eq!(value["session"]["status"], "running");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn a_summary_comes_back_from_json_and_holds_no_nan(
        equities in prop::collection::vec((0i64..20_000_000, -1_000_000i64..1_000_000_000, any::<bool>()), 0..60),
        nets in prop::collection::vec(-100_000i64..100_000, 0..20),
        start in 0i64..2,
    ) {
        let mut accumulator = Accumulator::new(Decimal::from_int(start * 10_000), vec![samples::instrument()]);
        for (second, cents, candle) in equities {
            let kind = if candle { EquityKind::Candle } else { EquityKind::Fill };
            let mut point = samples::equity(second, 0);
            (point.kind, point.equity) = (kind, Decimal::new(cents, 2));
            accumulator.equity(&point);
        }
        for (id, net) in nets.iter().enumerate() {
            accumulator.trade(&samples::trade(id as u64, Decimal::new(*net, 2)));
        }
        let summary = accumulator.summary(&ending());
        let json = serde_json::to_string(&summary).unwrap();
        let back: Summary = serde_json::from_str(&json).unwrap();
        prop_assert_eq!(&back, &summary);
        for word in ["NaN", "inf", "Inf"] {
            prop_assert!(!json.contains(word), "{}", json);
        }
    }
}

/// Prints what a point costs; `cargo test --release --lib equity_point_cost -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement, not a check"]
fn equity_point_cost() {
    const POINTS: i64 = 10_000_000;
    let mut accumulator = Accumulator::new(d("10000"), vec![samples::instrument()]);
    let mut point = samples::equity(0, 10_000);
    let start = std::time::Instant::now();
    for minute in 0..POINTS {
        point.time = Timestamp(minute * 60_000_000_000);
        point.equity = Decimal::new(1_000_000 + (minute * 7919) % 50_021, 2);
        accumulator.equity(&point);
    }
    let cost = start.elapsed().as_nanos() as f64 / POINTS as f64;
    println!("{cost:.1} ns a point");
    assert!(accumulator.summary(&ending()).equity_curve.len() < curve::POINTS_MAX);
}
