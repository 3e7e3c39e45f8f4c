//! The bundled recording is the data it says it is: compared with values that were computed from
//! the CSV file by other means.

use super::tests::read_until_error;
use super::*;
use crate::core::input::Input;
use crate::core::market::{Aggressor, ProductKind};
use crate::core::units::Decimal;
use crate::core::units::hexadecimal::hexadecimal;
use sha2::{Digest, Sha256};
use std::path::Path;

/// Over (time in ms, price in ticks, lots as i64; 1 = buy, 2 = sell as u8) of every row in order.
const ROWS_SHA256: &str = "5612f38d8b5dc5f9ef2f980e6532b6f91ba6c3a1a0492353d37a02c1d55603f7";

#[test]
fn the_bundled_recording_holds_every_trade_of_its_source() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("recordings/btc-perp-2018-01-01.mrec");
    assert!(std::fs::metadata(&path).unwrap().len() < 4_000_000);
    let (entries, damages, error) = read_until_error(&path, &OpenOptions::default()).unwrap();
    assert_eq!((damages, error), (Vec::new(), None));
    let mut sum = Sha256::new();
    let (mut rows, mut buys, mut lots) = (Vec::new(), 0, 0i64);
    for entry in &entries {
        let Entry::Input {
            stamp,
            input: Input::Trade(trade),
        } = entry
        else {
            continue;
        };
        assert_eq!((stamp.wall, stamp.mono), (trade.time, trade.time.0));
        let millis = trade.time.as_millis();
        for number in [millis, trade.price.0, trade.quantity.0] {
            sum.update(number.to_le_bytes());
        }
        let side = if trade.aggressor == Aggressor::Buy {
            1u8
        } else {
            2
        };
        sum.update([side]);
        buys += u64::from(side == 1);
        lots += trade.quantity.0;
        rows.push((millis, trade.price.0, trade.quantity.0, side));
    }
    assert_eq!(rows.len(), 1_000_000);
    assert_eq!(
        entries.len(),
        1_000_001,
        "trades and the trailer, nothing else"
    );
    assert_eq!(rows.first(), Some(&(1_514_764_802_610, 27_746, 72, 1)));
    assert_eq!(rows.last(), Some(&(1_515_122_012_822, 30_030, 333, 1)));
    assert_eq!((buys, lots), (500_534, 22_566_542_442));
    assert_eq!(hexadecimal(&sum.finalize()), ROWS_SHA256);
}

#[test]
fn the_bundled_recording_carries_its_instrument_with_grid_and_fees() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("recordings/btc-perp-2018-01-01.mrec");
    let header = open(&path, &OpenOptions::default()).unwrap().header;
    let [instrument] = header.instruments.as_slice() else {
        panic!("one instrument");
    };
    assert_eq!(header.turns, TurnKind::Bulk);
    assert_eq!(
        (
            instrument.symbol.as_str(),
            instrument.kind,
            instrument.currency.as_str()
        ),
        ("BTC-PERP", ProductKind::Perpetual, "USD")
    );
    assert_eq!(
        [
            instrument.tick,
            instrument.lot,
            instrument.contract_value,
            instrument.min_quantity,
            instrument.min_notional
        ],
        [
            Decimal::new(5, 1),
            Decimal::new(1, 5),
            Decimal::ONE,
            Decimal::new(1, 5),
            Decimal::ZERO
        ]
    );
    assert_eq!(instrument.maker_fee, Some(Decimal::new(-25, 5)));
    assert_eq!(instrument.taker_fee, Some(Decimal::new(75, 5)));
    assert!(header.origin.contains("BitMEX XBTUSD") && header.origin.contains("inverse"));
}
