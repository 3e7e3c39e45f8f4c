//! Against reference values computed elsewhere; skipped, and said so, where they do not lie.

use flate2::read::GzDecoder;
use minnow::core::indicators::wavetrend::WaveLengths;
use minnow::core::indicators::{MoneyFlow, WaveTrend};
use std::collections::BTreeMap;
use std::path::PathBuf;

type Columns = BTreeMap<String, Vec<Option<f64>>>;

fn references() -> Vec<Columns> {
    let folder = std::env::var_os("MINNOW_SHARED_DATA").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data"),
        PathBuf::from,
    );
    let mut all = Vec::new();
    for name in ["eth_btc_5m_first1200.csv.gz", "btcperp_1m_first1000.csv.gz"] {
        let path = folder.join("indicators").join(name);
        let Ok(file) = std::fs::File::open(&path) else {
            eprintln!("skipped: {} is not there", path.display());
            continue;
        };
        let mut table = csv::Reader::from_reader(GzDecoder::new(file));
        let names = table.headers().unwrap().clone();
        let mut columns = Columns::new();
        for row in table.records() {
            for (name, cell) in names.iter().zip(&row.unwrap()) {
                let cell = (!cell.is_empty()).then(|| cell.parse().unwrap());
                columns.entry(name.to_owned()).or_default().push(cell);
            }
        }
        all.push(columns);
    }
    all
}

fn bars(columns: &Columns) -> Vec<[f64; 4]> {
    let of = |name: &str, row: usize| columns[name][row].unwrap();
    (0..columns["close"].len())
        .map(|row| ["open", "high", "low", "close"].map(|name| of(name, row)))
        .collect()
}

/// Compares from the reference's first value on, which must be ours too.
fn compare(name: &str, got: &[Option<f64>], expected: &[Option<f64>], first: usize) {
    assert_eq!(got.iter().position(Option::is_some), Some(first), "{name}");
    let begins = expected.iter().position(Option::is_some);
    assert_eq!(begins, Some(first), "{name} of the reference");
    for (row, (got, expected)) in got.iter().zip(expected).enumerate().skip(first) {
        let (got, expected) = (got.unwrap(), expected.unwrap());
        assert!(
            (got - expected).abs() <= 1e-8 * expected.abs().max(100.0),
            "{name} at {row}: {got}, reference {expected}"
        );
    }
}

#[test]
fn the_wave_equals_the_reference_seeded_with_means() {
    for columns in references() {
        for (channel, average, fast, slow) in [
            (9, 12, "wt1_9_12_smaseed", "wt2_9_12_3_smaseed"),
            (6, 8, "wt1_6_8_smaseed", "wt2_6_8_3_smaseed"),
        ] {
            let mut trend = WaveTrend::new(WaveLengths {
                channel,
                average,
                ma: 3,
            });
            let waves: Vec<_> = bars(&columns)
                .iter()
                .map(|[_, high, low, close]| trend.update(*high, *low, *close))
                .collect();
            let first = 2 * (channel - 1) + average - 1;
            let column = |of: fn(&minnow::core::indicators::wavetrend::Wave) -> Option<f64>| {
                waves.iter().map(of).collect::<Vec<_>>()
            };
            compare(fast, &column(|w| w.wt1), &columns[fast], first);
            compare(slow, &column(|w| w.wt2), &columns[slow], first + 2);
        }
    }
}

#[test]
fn the_money_flow_equals_the_reference_where_every_bar_has_a_range() {
    let mut compared = 0;
    for columns in references() {
        let bars = bars(&columns);
        let mut flow = MoneyFlow::new(60, 2.5);
        for (row, [open, high, low, close]) in bars.iter().enumerate() {
            let got = flow.update(*open, *high, *low, *close);
            let expected = columns["rsimfi60"][row];
            assert_eq!(got.is_some(), row >= 59, "at {row}");
            // The reference counts a bar without range as 0; here it has no term.
            let whole = row >= 59 && bars[row - 59..=row].iter().all(|b| b[1] > b[2]);
            if let (true, Some(got), Some(expected)) = (whole, got, expected) {
                assert!(!got.flat);
                assert!(
                    (got.value - expected).abs() <= 1e-8 * expected.abs().max(100.0),
                    "at {row}: {got:?}, reference {expected}"
                );
                compared += 1;
            }
        }
        assert!(compared > 300, "{compared}");
    }
}
