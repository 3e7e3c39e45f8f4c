//! Candles for the tests: of the reference files, and random ones with everything a market does to
//! an indicator: flat stretches, gaps, straight runs, bars without volume, prices of any size.

use flate2::read::MultiGzDecoder;
use minnow::core::units::Timestamp;
use minnow::core::units::calendar::DAY;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::path::PathBuf;

#[derive(Clone, Copy, Debug)]
pub struct Bar {
    pub open_time: Timestamp,
    pub high: f64,
    pub low: f64,
    pub close: f64,
    pub volume: f64,
}

impl Bar {
    pub fn flat(index: usize, price: f64, volume: f64) -> Self {
        Self {
            open_time: time(index),
            high: price,
            low: price,
            close: price,
            volume,
        }
    }
}

/// Bars of a tenth of a day, so that days end within every series.
fn time(index: usize) -> Timestamp {
    Timestamp(DAY / 10 * index as i64)
}

/// A reference file: its bars and its columns by name, empty fields absent.
pub struct Reference {
    pub bars: Vec<Bar>,
    pub columns: BTreeMap<String, Vec<Option<f64>>>,
}

/// Both reference files, or none where the folder of real data is missing, which is said.
pub fn references() -> Vec<Reference> {
    let folder = std::env::var_os("MINNOW_SHARED_DATA").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data"),
        PathBuf::from,
    );
    let folder = folder.join("indicators");
    if !folder.is_dir() {
        eprintln!(
            "SKIPPED: no folder {} with reference values",
            folder.display()
        );
        return Vec::new();
    }
    ["btcperp_1m_first1000.csv.gz", "eth_btc_5m_first1200.csv.gz"]
        .map(|name| read(&folder.join(name)))
        .into()
}

fn read(path: &PathBuf) -> Reference {
    let file = std::fs::File::open(path).expect("the reference file can be opened");
    let mut reader = csv::Reader::from_reader(MultiGzDecoder::new(file));
    let names: Vec<String> = reader
        .headers()
        .unwrap()
        .iter()
        .map(str::to_owned)
        .collect();
    let mut columns: BTreeMap<String, Vec<Option<f64>>> = BTreeMap::new();
    for row in reader.records() {
        let row = row.unwrap();
        for (name, field) in names.iter().zip(row.iter()) {
            let value = (!field.is_empty()).then(|| field.parse().unwrap());
            columns.entry(name.clone()).or_default().push(value);
        }
    }
    let column = |name: &str| columns[name].iter().map(|v| v.unwrap());
    let bars = column("ts")
        .zip(column("high").zip(column("low")))
        .zip(column("close").zip(column("volume")))
        .map(|((time, (high, low)), (close, volume))| Bar {
            open_time: Timestamp(time as i64 * 1_000_000),
            high,
            low,
            close,
            volume,
        })
        .collect();
    Reference { bars, columns }
}

/// What the market does for a while.
#[derive(Clone, Copy, Debug)]
enum Stretch {
    /// Moves by up to this fraction a bar.
    Walk(f64),
    /// The same price, with or without volume.
    Still { volume: bool },
    /// The same step up or down each bar, as a fraction.
    Straight(f64),
    /// One jump by this factor.
    Gap(f64),
    /// Moves without volume.
    Unheard,
}

fn stretch() -> impl Strategy<Value = Stretch> {
    prop_oneof![
        4 => prop_oneof![Just(1e-5), Just(1e-3), Just(0.05)].prop_map(Stretch::Walk),
        2 => any::<bool>().prop_map(|volume| Stretch::Still { volume }),
        1 => prop_oneof![Just(1e-4), Just(-1e-4), Just(0.01), Just(-0.01)].prop_map(Stretch::Straight),
        1 => (0.1f64..10.0).prop_map(Stretch::Gap),
        1 => Just(Stretch::Unheard),
    ]
}

/// A small generator of its own: a case is small to print and shrinks well.
struct Random(u64);

impl Random {
    /// In -1..1.
    fn signed(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }
}

fn build(start: f64, seed: u64, stretches: &[(Stretch, usize)]) -> Vec<Bar> {
    let mut random = Random(seed);
    let mut price = start;
    let mut bars = Vec::new();
    for (stretch, length) in stretches {
        for step in 0..*length {
            let before = price;
            let (spread, volume) = match stretch {
                Stretch::Walk(size) => {
                    price *= 1.0 + size * random.signed();
                    (*size, 1.0)
                }
                Stretch::Still { volume } => (0.0, f64::from(u8::from(*volume))),
                Stretch::Straight(size) => {
                    price *= 1.0 + size;
                    (0.0, 1.0)
                }
                Stretch::Gap(factor) => {
                    price *= if step == 0 { *factor } else { 1.0 };
                    (1e-3, 1.0)
                }
                Stretch::Unheard => {
                    price *= 1.0 + 1e-3 * random.signed();
                    (1e-3, 0.0)
                }
            };
            price = price.clamp(1e-7, 1e9);
            let body = match stretch {
                Stretch::Gap(_) => price,
                _ => before,
            };
            let up = 1.0 + spread * random.signed().max(0.0);
            let down = 1.0 - spread * random.signed().max(0.0);
            bars.push(Bar {
                open_time: time(bars.len()),
                high: price.max(body) * up,
                low: price.min(body) * down,
                close: price,
                volume: volume * 1000.0 * random.signed().abs(),
            });
        }
    }
    bars
}

/// What random candles are made from: small to print, unlike the candles.
#[derive(Clone, Debug)]
pub struct Market {
    start: f64,
    seed: u64,
    stretches: Vec<(Stretch, usize)>,
}

impl Market {
    /// Up to 700 candles.
    pub fn bars(&self) -> Vec<Bar> {
        build(self.start, self.seed, &self.stretches)
    }
}

pub fn any_market() -> impl Strategy<Value = Market> {
    let start = prop_oneof![
        Just(1e-6),
        Just(0.07),
        Just(100.0),
        Just(64_321.5),
        Just(1e7)
    ];
    let stretches = prop::collection::vec((stretch(), 1usize..70), 1..10);
    (start, any::<u64>(), stretches).prop_map(|(start, seed, stretches)| Market {
        start,
        seed,
        stretches,
    })
}

/// A series long enough that every window is made anew many times.
pub fn long_bars() -> Vec<Bar> {
    let stretches = [
        (Stretch::Walk(1e-3), 2500),
        (Stretch::Still { volume: true }, 400),
        (Stretch::Gap(3.0), 1),
        (Stretch::Walk(1e-5), 1500),
        (Stretch::Unheard, 100),
        (Stretch::Straight(1e-4), 200),
    ];
    build(64_321.5, 7, &stretches)
}
