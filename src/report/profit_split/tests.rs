//! Splits computed by hand, and ledgers that contradict themselves.

use super::*;
use crate::core::records::{Fill, Record};
use crate::core::units::Side::{self, Buy, Sell};
use crate::report::tests::scene::{Scene, Stroke, d};
use crate::store::ledger::Row;
use crate::store::ledger::tests::samples;
use proptest::prelude::*;

fn stroke(side: Side, price: i64, reference: i64, lots: i64, fee: &str, seconds: i64) -> Stroke {
    Stroke {
        symbol: 0,
        side,
        price,
        reference,
        lots,
        fee: d(fee),
        seconds,
    }
}

fn split(scene: &Scene) -> Result<ProfitSplit, SplitError> {
    let reader = scene.write(None, None);
    let session = reader.latest_session().unwrap().unwrap();
    ProfitSplit::read(&reader, &session, None)
}

#[test]
fn a_long_in_slices_and_a_short_add_up_by_hand() {
    let mut scene = Scene::new("split-hand");
    // Tick 0.01, lot 0.001. Long: 0.2 at 500.10 for a reference of 500, in two slices.
    scene.stroke(stroke(Buy, 50_010, 50_000, 150, "0.1", 10));
    scene.stroke(stroke(Buy, 50_012, 50_000, 50, "0.05", 11));
    // Out at 510, reference 510.20.
    scene.stroke(stroke(Sell, 51_000, 51_020, 200, "0.2", 60));
    // Short of 1 at 510 without slippage, out at 520 for a reference of 519.
    scene.stroke(stroke(Sell, 51_000, 51_000, 1000, "0.3", 70));
    scene.stroke(stroke(Buy, 52_000, 51_900, 1000, "0.4", 90));
    // Open: 0.1 long.
    scene.stroke(stroke(Buy, 50_000, 50_000, 100, "0.07", 95));
    let split = split(&scene).unwrap();
    // 0.2 x (510.20 - 500) = 2.04; -1 x (519 - 510) = -9.
    assert_eq!(split.movement, d("-6.96"));
    // 0.15 x 0.1 + 0.05 x 0.12 + 0.2 x 0.2 = 0.061; 1 x 1 = 1.
    assert_eq!(split.slippage, d("1.061"));
    assert_eq!(split.fees, d("1.05"));
    assert_eq!(split.rounding, d("0"));
    // 0.15 x (510 - 500.1) + 0.05 x (510 - 500.12) - 0.35 = 1.629; -10 - 0.7.
    assert_eq!(split.net, d("-9.071"));
    assert_eq!(split.residual, d("0"));
    assert_eq!((split.trades, split.fills), (2, 5));
    assert_eq!(split.open_fees, d("0.07"));
    assert_eq!(split.unrealised, None, "the session has not ended");
}

#[test]
fn what_rounding_leaves_out_has_its_own_line() {
    let mut instrument = samples::instrument();
    (instrument.tick, instrument.lot) = (d("0.00001"), d("0.00001"));
    let mut scene = Scene::with("split-rounding", vec![instrument]);
    // 3 ticks x 5 lots = 15e-10 round to 0 at 1e-8, and so does the fee of 25e-10.
    scene.stroke(stroke(Buy, 3, 3, 5, "0.0000000025", 1));
    // 8 x 5 = 40e-10 at the reference rounds to 0, and so does the slippage of 5e-10.
    scene.stroke(stroke(Sell, 7, 8, 5, "0.000000015", 2));
    let split = split(&scene).unwrap();
    assert_eq!((split.movement, split.slippage), (d("0"), d("0")));
    // 1.5e-8 lies between 1e-8 and 2e-8: even is 2e-8.
    assert_eq!(split.fees, d("0.00000002"));
    // Exact: gross 20e-10, fees 175e-10; the lines say -2e-8.
    assert_eq!(split.net, d("-0.0000000155"));
    assert_eq!(split.rounding, d("0.0000000045"));
    assert_eq!(split.residual, d("0"));
}

#[test]
fn insurance_and_the_terms_of_a_contract_are_part_of_it() {
    let mut instrument = samples::instrument();
    instrument.contract_value = d("10");
    let mut scene = Scene::with("split-contract", vec![instrument]);
    scene.insurance = d("3.5");
    scene.round_trip(Buy, 50_000, 49_000, 1, 2);
    let split = split(&scene).unwrap();
    // 1 unit x 10 x (490 - 500).
    assert_eq!((split.movement, split.insurance), (d("-100"), d("3.5")));
    assert_eq!((split.net, split.residual), (d("-98.5"), d("0")));
}

#[test]
fn a_net_that_does_not_follow_from_the_fills_is_a_residual() {
    let mut scene = Scene::new("split-residual");
    scene.round_trip(Buy, 50_000, 51_000, 1, 2);
    for row in &mut scene.rows {
        if let Row::Core(record) = row
            && let Record::Trade(trade) = record.as_mut()
        {
            trade.net += d("0.000000000000000001");
        }
    }
    let split = split(&scene).unwrap();
    assert_eq!(split.residual, d("0.000000000000000001"));
}

#[test]
fn fills_that_never_come_back_to_flat_are_a_contradiction() {
    let mut scene = Scene::new("split-contradiction");
    scene.round_trip(Buy, 50_000, 51_000, 1, 2);
    let last_fill = |row: &Row| matches!(row, Row::Core(r) if matches!(r.as_ref(), Record::Fill(Fill { id: 2, .. })));
    scene.rows.retain(|row| !last_fill(row));
    let error = split(&scene).unwrap_err();
    assert!(
        matches!(&error, SplitError::Contradiction(text) if text.contains("trade 1") && text.contains("flat")),
        "{error:?}"
    );
}

#[test]
fn a_trade_that_was_entered_before_the_ledger_is_counted_apart() {
    let mut scene = Scene::new("split-carried");
    scene.round_trip(Buy, 50_000, 51_000, 1, 2);
    scene.round_trip(Sell, 51_000, 50_000, 2, 3);
    let first_fill = |row: &Row| matches!(row, Row::Core(r) if matches!(r.as_ref(), Record::Fill(Fill { id: 1, .. })));
    scene.rows.retain(|row| !first_fill(row));
    let split = split(&scene).unwrap();
    assert_eq!((split.carried_trades, split.carried_net), (1, d("8")));
    assert_eq!((split.trades, split.net), (1, d("8")));
    assert_eq!(split.residual, d("0"));
}

#[test]
fn symbols_are_split_each_by_itself() {
    let other = Instrument {
        symbol: "ETH-USD".into(),
        tick: d("0.1"),
        ..samples::instrument()
    };
    let mut scene = Scene::with("split-symbols", vec![samples::instrument(), other]);
    let both = |symbol, side, price, seconds| Stroke {
        symbol,
        ..stroke(side, price, price, 1000, "0", seconds)
    };
    scene.stroke(both(0, Buy, 1000, 1));
    scene.stroke(both(1, Sell, 1000, 2));
    scene.stroke(both(0, Sell, 1100, 3));
    scene.stroke(both(1, Buy, 1100, 4));
    let split = split(&scene).unwrap();
    // +1 in the one, -10 in the other.
    assert_eq!((split.movement, split.residual), (d("-9"), d("0")));
    assert_eq!(split.trades, 2);
}

#[test]
fn a_price_off_the_grid_is_named() {
    let mut scene = Scene::new("split-grid");
    scene.round_trip(Buy, 50_000, 51_000, 1, 2);
    let reader = scene.write(None, None);
    let mut session = reader.latest_session().unwrap().unwrap();
    session.instruments[0].tick = d("0.7");
    let error = ProfitSplit::read(&reader, &session, None).unwrap_err();
    assert!(
        matches!(&error, SplitError::Contradiction(text) if text.contains("fill 1") && text.contains("0.7")),
        "{error:?}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn the_residual_is_nothing_whatever_was_traded(
        trips in prop::collection::vec(
            (any::<bool>(), prop::collection::vec((1i64..100_000_000, 0i64..1000, 1i64..1_000_000, 0i64..1_000_000), 1..6)),
            1..12,
        ),
        digits in 0u32..12,
    ) {
        let mut instrument = samples::instrument();
        instrument.tick = Decimal::new(3, digits);
        instrument.lot = Decimal::new(7, digits / 2);
        let mut scene = Scene::with("split-property", vec![instrument]);
        let mut seconds = 0;
        for (long, slices) in trips {
            let side = if long { Buy } else { Sell };
            let mut held = 0;
            for (price, off, lots, fee) in slices {
                seconds += 1;
                held += lots;
                let fee = Decimal::from_raw(i128::from(fee) * 1_000_003);
                scene.stroke(Stroke { fee, ..stroke(side, price, price + off, lots, "0", seconds) });
            }
            scene.stroke(stroke(side.opposite(), 777, 770, held, "0.000000005", seconds + 1));
        }
        let split = split(&scene).map_err(|e| TestCaseError::fail(format!("{e:?}")))?;
        prop_assert_eq!(split.residual, Decimal::ZERO);
        prop_assert!(split.rounding.abs() < Decimal::new(1, 5), "{}", split.rounding);
    }
}
