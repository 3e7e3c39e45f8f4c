//! Against reference values computed elsewhere, every column of them.

use crate::bars::{Bar, Reference, references};
use crate::battery::{OUTPUTS, Scale, agree, stream};
use minnow::core::indicators::{Ema, StochRsi};

/// Columns without a counterpart here, and why.
const EXPLAINED: &[(&str, &str)] = &[
    ("ts", "input"),
    ("open", "input"),
    ("high", "input"),
    ("low", "input"),
    ("close", "input"),
    ("volume", "input"),
    ("psar", "no parabolic SAR in the standard set"),
    ("wt1_9_12_smaseed", "the wave trend's own tests"),
    ("wt2_9_12_3_smaseed", "the wave trend's own tests"),
    ("wt1_9_12_firstseed", "another seed than the product's"),
    ("wt2_9_12_3_firstseed", "another seed than the product's"),
    ("wt1_6_8_smaseed", "the wave trend's own tests"),
    ("wt2_6_8_3_smaseed", "the wave trend's own tests"),
    ("rsimfi60", "the wave trend's own tests"),
];

/// Columns compared by a test of their own below.
const ELSEWHERE: &[&str] = &[
    "ema20_firstseed",
    "talib_stochrsi_fastk_14_5",
    "talib_stochrsi_fastd_14_5_3",
];

/// Columns that start later than their indicator: a common start of all its outputs.
const LATER: &[(&str, usize)] = &[("stoch_k_14_3", 17)];

const TOLERANCE: f64 = 1e-8;

/// Compares from the reference's first value on; returns how many values were compared.
fn compare(
    name: &str,
    scale: Scale,
    bars: &[Bar],
    got: &[Option<f64>],
    expected: &[Option<f64>],
) -> usize {
    let mut compared = 0;
    for (index, expected) in expected.iter().enumerate() {
        let Some(expected) = *expected else { continue };
        let got = got[index].unwrap_or_else(|| panic!("{name} at {index}: absent"));
        assert!(
            agree(got, expected, scale, bars[index].close, TOLERANCE),
            "{name} at {index}: {got}, reference {expected}"
        );
        compared += 1;
    }
    compared
}

#[test]
fn every_reference_column_is_compared_or_explained() {
    for reference in references() {
        for name in reference.columns.keys() {
            let known = OUTPUTS.iter().any(|o| o.name == name)
                || EXPLAINED.iter().any(|(column, _)| column == name)
                || ELSEWHERE.contains(&name.as_str());
            assert!(known, "column {name} has no counterpart and no explanation");
        }
        for name in EXPLAINED
            .iter()
            .map(|e| e.0)
            .chain(ELSEWHERE.iter().copied())
        {
            assert!(reference.columns.contains_key(name), "no column {name}");
        }
    }
}

#[test]
fn outputs_equal_the_reference_from_its_first_value_on() {
    for Reference { bars, columns } in references() {
        let streamed = stream(&bars);
        let mut matched = 0;
        for (output, column) in OUTPUTS.iter().zip(&streamed) {
            let Some(expected) = columns.get(output.name) else {
                continue;
            };
            let first = expected.iter().position(Option::is_some);
            let stated = LATER.iter().find(|(name, _)| *name == output.name);
            let stated = stated.map_or(output.first, |(_, first)| *first);
            assert_eq!(first, Some(stated), "first of column {}", output.name);
            let got: Vec<_> = column.iter().map(|v| v.map(|r| r.value)).collect();
            let compared = compare(output.name, output.scale, &bars, &got, expected);
            assert_eq!(compared, bars.len() - stated, "{}", output.name);
            matched += 1;
        }
        assert_eq!(matched, 34, "columns with a counterpart");
    }
}

#[test]
fn first_values_come_at_the_documented_index() {
    let bars = crate::bars::long_bars();
    for (output, column) in OUTPUTS.iter().zip(stream(&bars)) {
        let first = column.iter().position(Option::is_some);
        assert_eq!(first, Some(output.first), "{}", output.name);
        assert!(
            column[output.first..].iter().all(Option::is_some) || output.name == "vwap_utc_day",
            "{} has gaps",
            output.name
        );
    }
}

#[test]
fn another_seed_is_forgotten_after_some_hundred_bars() {
    for Reference { bars, columns } in references() {
        let mut ema = Ema::new(20);
        let got: Vec<_> = bars.iter().map(|bar| ema.update(bar.close)).collect();
        let mut expected = columns["ema20_firstseed"].clone();
        expected[..400].fill(None);
        let compared = compare("ema20_firstseed", Scale::Price, &bars, &got, &expected);
        assert_eq!(compared, bars.len() - 400);
    }
}

#[test]
fn stoch_rsi_of_other_lengths_equals_the_reference() {
    for Reference { bars, columns } in references() {
        let mut stoch = StochRsi::new(14, 5, 3, 3);
        let outputs = bars.iter().map(|bar| {
            let raw = stoch.update(bar.close).map(|r| r.value);
            (raw, stoch.k())
        });
        let (k, d): (Vec<_>, Vec<_>) = outputs.unzip();
        for (name, got) in [
            ("talib_stochrsi_fastk_14_5", k),
            ("talib_stochrsi_fastd_14_5_3", d),
        ] {
            let compared = compare(name, Scale::Oscillator, &bars, &got, &columns[name]);
            assert_eq!(compared, bars.len() - 20, "{name}");
        }
    }
}
