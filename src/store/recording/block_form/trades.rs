//! The control byte of a trade and the fast way back from columns to rows.
//!
//! Control byte: bit 0 the aggressor sells, bits 1-2 length of the time step (0, 1, 2, 4 bytes),
//! bits 3-4 of the zigzag price step (0, 1, 2, 4), bits 5-6 of the lots (1, 2, 3, 4), bit 7 a wide
//! row (three 8-byte numbers, the two steps signed). The next row's place depends on nothing but a
//! table look-up and one addition, so that the processor runs ahead over several rows.

use super::varint::{Malformed, unzigzag, zigzag};
use crate::core::market::{Aggressor, SymbolId, TimedTrade, Trade};
use crate::core::units::{Price, Quantity, Stamp, Timestamp};

const SELL: u8 = 1;
const WIDE: u8 = 0x80;
/// Bytes of a wide row.
const WIDE_LENGTH: usize = 24;
/// Lengths by code.
const STEP: [u8; 4] = [0, 1, 2, 4];
const LOTS: [u8; 4] = [1, 2, 3, 4];

/// Where the numbers of a row lie; one for each control byte.
#[derive(Clone, Copy)]
struct Row {
    length: u32,
    /// Bits before the price step and before the lots, in the first 8 bytes.
    price_shift: u8,
    lots_shift: u8,
    /// Does not fit 8 bytes.
    long: bool,
    time_mask: u32,
    price_mask: u32,
    lots_mask: u32,
}

const fn mask(bytes: u8) -> u32 {
    if bytes == 4 {
        u32::MAX
    } else {
        (1u32 << (bytes * 8)) - 1
    }
}

const ROWS: [Row; 256] = {
    let mut rows = [Row {
        length: 0,
        price_shift: 0,
        lots_shift: 0,
        long: false,
        time_mask: 0,
        price_mask: 0,
        lots_mask: 0,
    }; 256];
    let mut control = 0;
    while control < 256 {
        let time = STEP[control >> 1 & 3];
        let price = STEP[control >> 3 & 3];
        let lots = LOTS[control >> 5 & 3];
        let wide = control & WIDE as usize != 0;
        let length = if wide {
            WIDE_LENGTH as u32
        } else {
            (time + price + lots) as u32
        };
        rows[control] = Row {
            length,
            price_shift: time * 8,
            // Of long rows, which do not use it, kept within a word.
            lots_shift: (time + price) * 8 & 63,
            long: wide || length > 8,
            time_mask: mask(time),
            price_mask: mask(price),
            lots_mask: mask(lots),
        };
        control += 1;
    }
    rows
};

/// Appends one row to the two columns: steps of time (in units) and price (in ticks), lots.
pub fn encode_row(
    control: &mut Vec<u8>,
    data: &mut Vec<u8>,
    sell: bool,
    time: i64,
    price: i64,
    lots: i64,
) {
    let side = if sell { SELL } else { 0 };
    let (Ok(time_bits), Ok(price_bits), Ok(lot_bits)) = (
        u32::try_from(time),
        u32::try_from(zigzag(price)),
        u32::try_from(lots),
    ) else {
        control.push(WIDE | side);
        for number in [time, price, lots] {
            data.extend_from_slice(&number.to_le_bytes());
        }
        return;
    };
    let step_code = |n: u32| match n {
        0 => 0u8,
        1..=0xFF => 1,
        0x100..=0xFFFF => 2,
        _ => 3,
    };
    let lots_code = |n: u32| match n {
        0..=0xFF => 0u8,
        0x100..=0xFFFF => 1,
        0x1_0000..=0xFF_FFFF => 2,
        _ => 3,
    };
    let codes = [
        step_code(time_bits),
        step_code(price_bits),
        lots_code(lot_bits),
    ];
    control.push(side | codes[0] << 1 | codes[1] << 3 | codes[2] << 5);
    let lengths = [
        STEP[usize::from(codes[0])],
        STEP[usize::from(codes[1])],
        LOTS[usize::from(codes[2])],
    ];
    for (bits, length) in [time_bits, price_bits, lot_bits].into_iter().zip(lengths) {
        data.extend_from_slice(&bits.to_le_bytes()[..usize::from(length)]);
    }
}

/// Where the decoding of a block's trades stands.
#[derive(Clone, Copy, Debug, Default)]
pub struct TradeCursor {
    /// Next byte of the data column.
    pub at: usize,
    /// Exchange time of the row before, ns.
    pub time: i64,
    /// Price of the row before, ticks.
    pub price: i64,
    /// All prices and quantities so far or-ed together: one look tells whether any is out of range.
    pub seen: u64,
    /// A row was earlier than the one before.
    pub backward: bool,
}

/// Fills `out` from as many control bytes; `data` reaches at least 32 bytes behind the column.
/// Stamps are the exchange's time; optional columns are laid over the rows afterwards.
#[inline]
pub fn decode_rows(
    cursor: &mut TradeCursor,
    unit: i64,
    symbol: SymbolId,
    control: &[u8],
    data: &[u8],
    out: &mut [TimedTrade],
) -> Result<(), Malformed> {
    let mut state = *cursor;
    for (place, control) in out.iter_mut().zip(control) {
        let row = &ROWS[usize::from(*control)];
        let word = word_at(data, state.at)?;
        let (time, price, lots) = if row.long {
            let steps = long_row(row, *control, data, state.at)?;
            // Only a wide row can hold a negative step.
            state.backward |= steps.0 < 0;
            steps
        } else {
            (
                (word & u64::from(row.time_mask)) as i64,
                unzigzag(word >> row.price_shift & u64::from(row.price_mask)),
                (word >> row.lots_shift & u64::from(row.lots_mask)) as i64,
            )
        };
        state.at += row.length as usize;
        state.time = state.time.wrapping_add(time.wrapping_mul(unit));
        state.price = state.price.wrapping_add(price);
        state.seen |= (state.price | lots) as u64;
        *place = TimedTrade {
            stamp: Stamp::of_history(Timestamp(state.time)),
            trade: Trade {
                symbol,
                aggressor: if control & SELL == 0 {
                    Aggressor::Buy
                } else {
                    Aggressor::Sell
                },
                price: Price(state.price),
                quantity: Quantity(lots),
                time: Timestamp(state.time),
                id: 0,
            },
        };
    }
    *cursor = state;
    Ok(())
}

#[inline]
fn word_at(data: &[u8], at: usize) -> Result<u64, Malformed> {
    data.get(at..)
        .and_then(|rest| rest.first_chunk::<8>())
        .map(|bytes| u64::from_le_bytes(*bytes))
        .ok_or(Malformed)
}

#[cold]
fn long_row(row: &Row, control: u8, data: &[u8], at: usize) -> Result<(i64, i64, i64), Malformed> {
    if control & WIDE != 0 {
        return Ok((
            word_at(data, at)? as i64,
            word_at(data, at + 8)? as i64,
            word_at(data, at + 16)? as i64,
        ));
    }
    // Long rows have at least one step of 4 bytes, so the lots start within 8 bytes.
    let word = word_at(data, at)?;
    let lots = word_at(data, at + usize::from(row.lots_shift_bytes()))?;
    Ok((
        (word & u64::from(row.time_mask)) as i64,
        unzigzag(word >> row.price_shift & u64::from(row.price_mask)),
        (lots & u64::from(row.lots_mask)) as i64,
    ))
}

impl Row {
    /// Bytes before the lots; the shift of a full word was folded to 0.
    const fn lots_shift_bytes(&self) -> u8 {
        if self.lots_shift == 0 && self.price_shift != 0 {
            8
        } else {
            self.lots_shift / 8
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn rows_round_trip_through_every_length(
            rows in prop::collection::vec(
                (any::<bool>(), steps(), steps(), steps().prop_map(|n| n.wrapping_abs().max(0))),
                1..200,
            )
        ) {
            let (mut control, mut data) = (Vec::new(), Vec::new());
            for (sell, time, price, lots) in &rows {
                encode_row(&mut control, &mut data, *sell, *time, *price, *lots);
            }
            let end = data.len();
            data.extend_from_slice(&[0; super::super::layout::PADDING]);
            let mut out = crate::store::recording::TradeRows::new(rows.len());
            let mut cursor = TradeCursor::default();
            decode_rows(&mut cursor, 1, SymbolId(3), &control, &data, out.places(rows.len())).unwrap();
            prop_assert_eq!(cursor.at, end);
            let (mut time, mut price) = (0i64, 0i64);
            for (row, (sell, dt, dp, lots)) in out.iter().zip(&rows) {
                time = time.wrapping_add(*dt);
                price = price.wrapping_add(*dp);
                prop_assert_eq!(row.trade.time, Timestamp(time));
                prop_assert_eq!(row.trade.price, Price(price));
                prop_assert_eq!(row.trade.quantity, Quantity(*lots));
                prop_assert_eq!(row.trade.aggressor == Aggressor::Sell, *sell);
            }
        }
    }

    fn steps() -> impl Strategy<Value = i64> {
        prop_oneof![
            Just(0),
            -130i64..300,
            -70_000i64..70_000,
            -3_000_000_000i64..5_000_000_000,
            any::<i64>()
        ]
    }
}
