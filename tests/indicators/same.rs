//! Streaming gives what a formula over the whole series gives, and goes on after a save and load as
//! if nothing had happened.

use crate::bars::{Bar, any_market, long_bars};
use crate::batch;
use crate::battery::{Battery, OUTPUTS, agree, stream};
use proptest::prelude::*;

fn equal_the_batch(bars: &[Bar]) -> Result<(), TestCaseError> {
    let expected = batch::all(bars);
    prop_assert_eq!(expected.len(), OUTPUTS.len());
    for ((output, column), expected) in OUTPUTS.iter().zip(stream(bars)).zip(expected) {
        prop_assert_eq!(column.len(), expected.len());
        for (index, (got, expected)) in column.iter().zip(expected).enumerate() {
            let same = match (got, &expected) {
                (None, None) => true,
                (Some(got), Some(expected)) => {
                    let close = bars[index].close;
                    got.flat == expected.flat
                        && agree(got.value, expected.value, output.scale, close, 1e-9)
                }
                _ => false,
            };
            prop_assert!(
                same,
                "{} at {index}: {got:?}, batch {expected:?}",
                output.name
            );
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn streaming_equals_the_batch_formula_at_every_bar(market in any_market()) {
        equal_the_batch(&market.bars())?;
    }

    #[test]
    fn a_saved_state_goes_on_bit_for_bit(market in any_market(), cut in 0.0f64..1.0) {
        let bars = market.bars();
        let cut = (cut * bars.len() as f64) as usize;
        let mut plain = Battery::new();
        for bar in &bars[..cut] {
            plain.update(bar);
        }
        let text = serde_json::to_string(&plain).unwrap();
        let mut loaded: Battery = serde_json::from_str(&text).unwrap();
        for bar in &bars[cut..] {
            let (a, b) = (plain.update(bar), loaded.update(bar));
            for ((output, a), b) in OUTPUTS.iter().zip(a).zip(b) {
                let bits = |r: Option<minnow::core::indicators::Reading>| r.map(|r| (r.value.to_bits(), r.flat));
                prop_assert_eq!(bits(a), bits(b), "{}", output.name);
            }
        }
        prop_assert_eq!(serde_json::to_string(&plain).unwrap(), serde_json::to_string(&loaded).unwrap());
    }
}

#[test]
fn streaming_does_not_drift_over_thousands_of_bars() {
    equal_the_batch(&long_bars()).unwrap();
}
