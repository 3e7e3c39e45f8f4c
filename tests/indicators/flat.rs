//! Markets that do not move, and prices at the edge of what a double holds.

use crate::bars::{Bar, any_market};
use crate::battery::{OUTPUTS, stream};
use proptest::prelude::*;

#[test]
fn a_flat_market_gives_every_indicator_its_stated_value_and_flag() {
    // 0.1 + 0.2 leaves rounding noise in averages; 5 does not.
    for price in [5.0, 0.1 + 0.2, 64_321.57, 1e-6 / 3.0, 1e7 / 3.0] {
        let bars: Vec<Bar> = (0..300)
            .map(|i| Bar::flat(i, price, f64::from(u8::from(i == 0))))
            .collect();
        for (output, column) in OUTPUTS.iter().zip(stream(&bars)) {
            for (index, reading) in column.iter().enumerate().skip(output.first) {
                let name = output.name;
                if name == "vwap_utc_day" && index >= 10 {
                    assert_eq!(*reading, None, "{name} at {index}: a day without volume");
                    continue;
                }
                let reading = reading.unwrap_or_else(|| panic!("{name} at {index}: absent"));
                let expected = output.flat_value.unwrap_or(price);
                let slack = if output.flagged { 0.0 } else { 1e-12 * price };
                assert!(
                    (reading.value - expected).abs() <= slack,
                    "{name} at {index}: {}",
                    reading.value
                );
                assert_eq!(reading.flat, output.flagged, "{name} at {index}");
            }
        }
    }
}

#[test]
fn a_market_that_stops_becomes_flat_everywhere() {
    let mut bars: Vec<Bar> = (0..100)
        .map(|i| Bar::flat(i, 100.0 + ((i * 7) % 11) as f64, 1.0))
        .collect();
    bars.extend((100..900).map(|i| Bar::flat(i, 103.0, 0.0)));
    for (output, column) in OUTPUTS.iter().zip(stream(&bars)) {
        let last = column.last().copied().flatten();
        if output.flagged {
            assert!(last.is_some_and(|r| r.flat), "{}: {last:?}", output.name);
        }
        // The Schaff trend cycle repeats what it had; all others have their stated value.
        if output.flagged && output.name != "stc_10_23_50" {
            assert_eq!(last.map(|r| r.value), output.flat_value, "{}", output.name);
        }
    }
}

/// Every way in which a bar can be at the edge: no range, no volume, the smallest and largest prices
/// that a grid allows, and beyond.
fn edge_bars() -> impl Strategy<Value = Vec<Bar>> {
    let price = prop_oneof![
        Just(f64::MIN_POSITIVE),
        Just(5e-324),
        Just(1e-18),
        Just(1.0),
        Just(1.0 + f64::EPSILON),
        Just(1e15),
    ];
    let volume = prop_oneof![Just(0.0), Just(5e-324), Just(1e-18), Just(1.0), Just(1e15)];
    let bar = (price.clone(), price.clone(), price, volume);
    prop::collection::vec(bar, 1..150).prop_map(|bars| {
        let bars = bars.iter().enumerate();
        bars.map(|(index, (a, b, c, volume))| Bar {
            high: a.max(*b).max(*c),
            low: a.min(*b).min(*c),
            ..Bar::flat(index, *a, *volume)
        })
        .collect()
    })
}

fn all_finite(bars: &[Bar]) -> Result<(), TestCaseError> {
    for (output, column) in OUTPUTS.iter().zip(stream(bars)) {
        for (index, reading) in column.iter().enumerate() {
            let finite = reading.is_none_or(|r| r.value.is_finite());
            prop_assert!(finite, "{} at {index}: {reading:?}", output.name);
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn no_output_is_ever_infinite_or_not_a_number(market in any_market(), edges in edge_bars()) {
        all_finite(&market.bars())?;
        all_finite(&edges)?;
    }

    #[test]
    fn oscillators_stay_within_their_range(market in any_market()) {
        let bars = market.bars();
        for (output, column) in OUTPUTS.iter().zip(stream(&bars)) {
            let range = match output.name {
                "willr14" => -100.0..=0.0,
                // The first may leave any bound, the second is a change of price.
                "cci20" | "roc10" => continue,
                _ if output.scale == crate::battery::Scale::Oscillator => 0.0..=100.0 + 1e-9,
                _ => continue,
            };
            for (index, reading) in column.iter().enumerate() {
                let inside = reading.is_none_or(|r| range.contains(&r.value));
                prop_assert!(inside, "{} at {index}: {reading:?}", output.name);
            }
        }
    }
}
