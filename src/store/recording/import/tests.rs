//! Imports of small files with every kind of trouble, and of real ones.

use super::*;
use crate::core::input::Input;
use crate::core::market::{Aggressor, CandleSource, Interval};
use crate::core::units::{Decimal, Timestamp};
use crate::store::recording::tests::{Scratch, read_all};
use crate::store::recording::{BlockWriter, Entry, RecordingWriter};
use std::path::PathBuf;

fn decimal(text: &str) -> Decimal {
    Decimal::parse(text).unwrap()
}

fn product(symbol: &str) -> Product {
    Product {
        symbol: Some(symbol.to_owned()),
        ..Product::default()
    }
}

struct Imported {
    report: ImportReport,
    entries: Vec<Entry>,
}

impl Imported {
    fn trades(&self) -> Vec<(i64, i64, i64, Aggressor)> {
        self.entries
            .iter()
            .filter_map(|entry| match entry {
                Entry::Input {
                    input: Input::Trade(t),
                    ..
                } => Some((t.time.as_millis(), t.price.0, t.quantity.0, t.aggressor)),
                _ => None,
            })
            .collect()
    }
}

fn trades(
    content: &str,
    columns: &str,
    product: &Product,
    max_rows: usize,
) -> Result<Imported, ImportError> {
    let folder = Scratch::new("import");
    let path = folder.0.join("trades.csv");
    std::fs::write(&path, content).unwrap();
    trades_of(vec![path], columns, product, max_rows, &folder)
}

fn trades_of(
    paths: Vec<PathBuf>,
    columns: &str,
    product: &Product,
    max_rows: usize,
    folder: &Scratch,
) -> Result<Imported, ImportError> {
    let mut table = TradeTable::new(paths, Columns::parse(columns).unwrap(), None);
    let plan = TradePlan::learn(&mut table, product, max_rows)?;
    let out = folder.0.join("out.mrec");
    let mut writer = BlockWriter::create(&out, plan.header())?;
    let report = plan.write(&mut table, product, &mut writer)?;
    writer.finish()?;
    let (entries, damages) = read_all(&out, false)?;
    assert_eq!(damages, 0);
    Ok(Imported { report, entries })
}

fn candles(
    content: &str,
    format: CandleFormat,
    product: &Product,
) -> Result<Imported, ImportError> {
    let folder = Scratch::new("candles");
    let path = folder.0.join("candles");
    std::fs::write(&path, content).unwrap();
    let mut table = CandleTable::new(vec![path], format, Columns::default(), None);
    let plan = CandlePlan::learn(&mut table, product, None, 1000)?;
    let out = folder.0.join("out.mrec");
    let mut writer = BlockWriter::create(&out, plan.header())?;
    let report = plan.write(&mut writer)?;
    writer.finish()?;
    let (entries, _) = read_all(&out, false)?;
    Ok(Imported { report, entries })
}

#[test]
fn bad_rows_are_counted_and_the_first_is_shown_with_its_line() {
    let content = "timestamp,price,amount,side\n\
        1514764802610,13873,0.5,buy\n\
        1514764802611,-1,0.5,buy\n\
        yesterday,13873,0.5,buy\n\
        1514764802612,13873.5,0,sell\n\
        1514764802613,NaN,1,sell\n\
        1514764802614,13874,0.25,upwards\n\
        1514764802615,13874\n\
        1514764802616,13874,0.25,sell\n";
    let imported = trades(content, "", &product("BTC-USD"), 10).unwrap();
    assert_eq!(
        imported.trades(),
        [
            (1_514_764_802_610, 138_730, 50, Aggressor::Buy),
            (1_514_764_802_616, 138_740, 25, Aggressor::Sell)
        ]
    );
    assert_eq!(imported.report.bad.count, 5);
    assert_eq!(imported.report.without_quantity, 1);
    let first = imported.report.bad.first.unwrap();
    assert!(
        first.place.ends_with("trades.csv: line 3"),
        "{}",
        first.place
    );
    assert!(first.reason.contains("price -1"), "{}", first.reason);
}

#[test]
fn signs_are_sides_only_where_some_are_negative() {
    let signed = trades(
        "time,price,size\n1,10,5\n2,10,-5\n",
        "",
        &product("X-USD"),
        10,
    )
    .unwrap();
    assert_eq!(
        signed.trades().iter().map(|t| t.3).collect::<Vec<_>>(),
        [Aggressor::Buy, Aggressor::Sell]
    );
    let plain = trades(
        "time,price,size\n1,10,5\n2,10,6\n",
        "",
        &product("X-USD"),
        10,
    )
    .unwrap();
    assert!(plain.trades().iter().all(|t| t.3 == Aggressor::Unknown));
    let maker = "time,price,qty,is_buyer_maker\n1,10,5,true\n2,10,6,false\n";
    let maker = trades(maker, "", &product("X-USD"), 10).unwrap();
    assert_eq!(
        maker.trades().iter().map(|t| t.3).collect::<Vec<_>>(),
        [Aggressor::Sell, Aggressor::Buy]
    );
}

#[test]
fn inverse_contracts_become_quantities_cut_down_to_the_lot() {
    let product = Product {
        inverse: true,
        lot: Some(decimal("0.00001")),
        tick: Some(decimal("0.5")),
        ..product("BTC-PERP")
    };
    let content = "timestamp,price,size\n1514764802610,13873,10\n1514764802611,13873.5,-3000\n1514764802612,150000,1\n";
    let imported = trades(content, "", &product, 10).unwrap();
    // 10 / 13873 = 0.00072082.., 3000 / 13873.5 = 0.216239.., 1 / 150000 is below a lot.
    assert_eq!(
        imported.trades(),
        [
            (1_514_764_802_610, 27_746, 72, Aggressor::Buy),
            (1_514_764_802_611, 27_747, 21_623, Aggressor::Sell)
        ]
    );
    assert_eq!(imported.report.without_quantity, 1);
    let without_lot = Product {
        lot: None,
        ..product
    };
    let error = trades(content, "", &without_lot, 10).err().unwrap();
    assert!(matches!(error, ImportError::Usage(_)), "{error}");
}

#[test]
fn rows_are_put_in_order_of_time_then_id_then_file() {
    let content = "time,id,price,qty\n\
        1514764803,7,12,1\n\
        1514764802,9,11,1\n\
        1514764802,8,10,1\n\
        1514764802,,13,1\n\
        1514764804,1,14,1\n";
    let imported = trades(content, "", &product("X-USD"), 10).unwrap();
    assert!(imported.report.sorted);
    let prices: Vec<i64> = imported.trades().iter().map(|t| t.1).collect();
    assert_eq!(prices, [13, 10, 11, 12, 14]);
    let error = trades(content, "", &product("X-USD"), 4).err().unwrap();
    assert!(error.to_string().contains("--max-rows"), "{error}");
    // In order already: any number of rows passes.
    let ordered = "time,price,qty\n1,10,1\n1,11,1\n2,12,1\n";
    let imported = trades(ordered, "", &product("X-USD"), 1).unwrap();
    assert!(!imported.report.sorted && imported.report.trades == 3);
}

#[test]
fn a_long_gap_is_announced_right_after_the_trade_before_it_whatever_the_order_of_the_file() {
    let rows = [
        "1514764800,A,10,1",
        "1514764801,B,20,1",
        "1514765301,B,21,1",
        "1514765800,A,11,1",
        "1514766300,B,22,1",
    ];
    let mut shuffled = rows;
    shuffled.reverse();
    let product = Product::default();
    let mut both = Vec::new();
    for rows in [rows, shuffled] {
        let content = format!("time,symbol,price,qty\n{}\n", rows.join("\n"));
        both.push(trades(&content, "", &product, 10).unwrap());
    }
    for imported in &both {
        assert_eq!(imported.report.quiet, 1);
        let Entry::Input {
            stamp,
            input: Input::Quiet { symbol, until },
        } = &imported.entries[1]
        else {
            panic!("{:?}", imported.entries[1]);
        };
        assert_eq!(stamp.wall, Timestamp(1_514_764_800_000_000_000));
        assert_eq!(until.0, 1_514_765_800_000_000_000);
        let place = usize::from(symbol.0);
        assert_eq!(imported.report.grids[place].0, "A");
    }
}

#[test]
fn what_must_be_said_is_asked_for() {
    let error = trades("time,price,qty\n1,2,3\n", "", &Product::default(), 10)
        .err()
        .unwrap();
    assert!(error.to_string().contains("--symbol"), "{error}");
    let error = trades("when,price,qty\n1,2,3\n", "", &product("X-USD"), 10)
        .err()
        .unwrap();
    assert!(error.to_string().contains("when,price,qty"), "{error}");
    let error = trades("time,price,qty\nx,2,3\n", "", &product("X-USD"), 10)
        .err()
        .unwrap();
    assert!(
        error.to_string().contains("no usable trade") && error.to_string().contains("line 2"),
        "{error}"
    );
    let error = trades("", "", &product("X-USD"), 10).err().unwrap();
    assert!(matches!(error, ImportError::Data(_)), "{error}");
}

#[test]
fn a_given_grid_refuses_what_does_not_lie_on_it() {
    let product = Product {
        tick: Some(decimal("0.5")),
        lot: Some(decimal("0.1")),
        ..product("X-USD")
    };
    let content = "time,price,qty\n1,10.5,0.1\n2,10.4,0.1\n3,10.5,0.15\n4,1e18,0.1\n";
    let imported = trades(content, "", &product, 10).unwrap();
    assert_eq!((imported.report.trades, imported.report.bad.count), (1, 3));
    assert!(
        imported
            .report
            .bad
            .first
            .unwrap()
            .reason
            .contains("multiple of the tick 0.5")
    );
}

#[test]
fn candles_of_csv_and_of_json_are_the_same() {
    let csv = "ts,open,high,low,close,volume\n\
        1515560100000,5.330000000000001e-05,5.330000000000001e-05,5.288000000000001e-05,5.2900000000000005e-05,431401.97869504\n\
        1515560400000,5.2900000000000005e-05,5.294e-05,5.2690000000000005e-05,5.27e-05,311565.65458338\n\
        1515563400000,5.27e-05,5.27e-05,5.27e-05,5.27e-05,0\n\
        1515563700000,5.27e-05,5.2e-05,5.27e-05,5.27e-05,0\n";
    let json = csv
        .lines()
        .skip(1)
        .map(|line| format!("[{line}]"))
        .collect::<Vec<_>>();
    let list = format!("[{}]", json.join(","));
    let objects = csv.lines().skip(1).map(|line| {
        let f: Vec<&str> = line.split(',').collect();
        format!(
            r#"{{"time":{},"open":"{}","high":"{}","low":"{}","close":"{}","volume":"{}"}}"#,
            f[0], f[1], f[2], f[3], f[4], f[5]
        )
    });
    let objects = format!(
        r#"{{"candles":[{}]}}"#,
        objects.collect::<Vec<_>>().join(",")
    );
    let from_csv = candles(csv, CandleFormat::Csv, &product("ADA-BTC")).unwrap();
    for text in [list, objects, json.join("\n")] {
        let from_json = candles(&text, CandleFormat::Json, &product("ADA-BTC")).unwrap();
        assert_eq!(from_json.entries, from_csv.entries);
    }
    let report = &from_csv.report;
    assert_eq!((report.candles, report.quiet, report.bad.count), (3, 1, 1));
    assert!(report.noisy > 0);
    let Entry::Input {
        stamp,
        input: Input::Candle {
            interval, candle, ..
        },
    } = &from_csv.entries[0]
    else {
        panic!("a candle first");
    };
    assert_eq!(*interval, Interval::parse("5m").unwrap());
    assert_eq!(stamp.wall.as_millis(), 1_515_560_400_000);
    assert_eq!(
        (candle.open.0, candle.low.0, candle.volume),
        (5330, 5288, 43_140_197_869_504)
    );
    assert_eq!(
        (candle.source, candle.complete),
        (CandleSource::Venue, true)
    );
}

/// The folder of real data of others, which never lies in the repository itself.
fn shared_data() -> Option<PathBuf> {
    let folder = std::env::var_os("MINNOW_SHARED_DATA").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data"),
        PathBuf::from,
    );
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("SKIPPED: no folder {} with real data", folder.display());
    None
}

#[test]
fn real_trade_files_import_whole() {
    let Some(data) = shared_data() else { return };
    let folder = Scratch::new("real");
    for (file, columns, rows, tick) in [
        (
            "trades/ft_xrp_eth_2019-10_first2of3.csv.gz",
            "",
            8318,
            "0.00000001",
        ),
        ("trades/ft_orderflow_public_trades.csv.gz", "", 1000, "0.01"),
        ("binance/btcusdt_trades_2021-01-08.csv.gz", "", 2001, "0.01"),
        (
            "trades/kraken_bcheur_csv_sample.csv",
            "time=1,price=2,quantity=3",
            148,
            "0.01",
        ),
        (
            "trades/gct_binance_btcusdt_trades_2020-11-16.csv",
            "time=1,price=2,quantity=3,side=4",
            1000,
            "0.01",
        ),
    ] {
        let imported =
            trades_of(vec![data.join(file)], columns, &product("A-B"), 10, &folder).unwrap();
        assert_eq!(
            (imported.report.trades, imported.report.bad.count),
            (rows, 0),
            "{file}"
        );
        assert_eq!(imported.report.grids[0].1, decimal(tick), "{file}");
        std::fs::remove_file(folder.0.join("out.mrec")).unwrap();
    }
}

#[test]
fn a_contract_keeps_what_it_stands_for() {
    let contract = Product {
        contract_value: Some(decimal("0.01")),
        ..Product::default()
    };
    let (tick, lot) = (decimal("5"), decimal("1"));
    let of = |product: &Product| product.instrument("BIP-20DEC30-CDE", tick, lot).unwrap();
    assert_eq!(of(&contract).contract_value, decimal("0.01"));
    assert_eq!(of(&Product::default()).contract_value, decimal("1"));
}
