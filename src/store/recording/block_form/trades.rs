//! The control byte of a trade and the fast way back from columns to rows.
//!
//! Control byte: bit 0 the aggressor sells, bits 1-2 length of the time step (0, 1, 2, 4 bytes),
//! bits 3-4 of the price step (0, 1, 2, 4; two's complement), bits 5-6 of the lots (1, 2, 3, 4),
//! bit 7 a wide row (three 8-byte numbers, both steps signed). The next row's place depends on
//! nothing but a table look-up and one addition, so that the processor runs ahead over several rows.

use super::layout::UNITS;
use super::varint::Malformed;
use crate::core::market::{Aggressor, SymbolId, TimedTrade, Trade};
use crate::core::units::{Price, Quantity, Stamp, Timestamp};

const SELL: u8 = 1;
const WIDE: u8 = 0x80;
/// Bytes of a wide row.
pub const WIDE_LENGTH: u8 = 24;
/// Bytes of the longest row that is read in one load.
const SHORT: u8 = 8;
/// Lengths by code.
const STEP: [u8; 4] = [0, 1, 2, 4];
const LOTS: [u8; 4] = [1, 2, 3, 4];

/// Where the numbers of a row lie; one for each control byte.
#[derive(Clone, Copy)]
#[repr(align(32))]
struct Row {
    /// All ones, or zero where the price step has no bytes.
    price_keep: i64,
    time_mask: u32,
    lots_mask: u32,
    length: u8,
    /// Left, then arithmetically right: cuts the price step out of the first 8 bytes.
    price_left: u8,
    price_right: u8,
    /// Bits before the lots.
    lots_shift: u8,
    /// Does not fit 8 bytes.
    long: bool,
}

const fn mask(bytes: u8) -> u32 {
    if bytes == 4 {
        u32::MAX
    } else {
        (1u32 << (bytes * 8)) - 1
    }
}

static ROWS: [Row; 256] = {
    let mut rows = [Row {
        price_keep: 0,
        time_mask: 0,
        lots_mask: 0,
        length: 0,
        price_left: 0,
        price_right: 0,
        lots_shift: 0,
        long: false,
    }; 256];
    let mut control = 0;
    while control < 256 {
        let time = STEP[control >> 1 & 3];
        let price = STEP[control >> 3 & 3];
        let lots = LOTS[control >> 5 & 3];
        let wide = control & WIDE as usize != 0;
        let length = if wide {
            WIDE_LENGTH
        } else {
            time + price + lots
        };
        rows[control] = Row {
            price_keep: if price == 0 { 0 } else { -1 },
            time_mask: mask(time),
            lots_mask: mask(lots),
            length,
            price_left: if price == 0 {
                0
            } else {
                64 - (time + price) * 8
            },
            price_right: if price == 0 { 0 } else { 64 - price * 8 },
            // Long rows do not use it; kept within a word.
            lots_shift: ((time + price) * 8) & 63,
            long: length > SHORT,
        };
        control += 1;
    }
    rows
};

impl Row {
    /// The price step out of the row's first 8 bytes.
    #[inline]
    const fn price_step(&self, word: u64) -> i64 {
        ((word << self.price_left) as i64 >> self.price_right) & self.price_keep
    }
}

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
    let (Ok(time_bits), Ok(price_step), Ok(lot_bits)) = (
        u32::try_from(time),
        i32::try_from(price),
        u32::try_from(lots),
    ) else {
        control.push(WIDE | side);
        for number in [time, price, lots] {
            data.extend_from_slice(&number.to_le_bytes());
        }
        return;
    };
    let time_code = match time_bits {
        0 => 0u8,
        1..=0xFF => 1,
        0x100..=0xFFFF => 2,
        _ => 3,
    };
    let price_code = match price_step {
        0 => 0u8,
        -0x80..=0x7F => 1,
        -0x8000..=0x7FFF => 2,
        _ => 3,
    };
    let lots_code = match lot_bits {
        0..=0xFF => 0u8,
        0x100..=0xFFFF => 1,
        0x1_0000..=0xFF_FFFF => 2,
        _ => 3,
    };
    control.push(side | time_code << 1 | price_code << 3 | lots_code << 5);
    let put = |data: &mut Vec<u8>, bits: u32, length: u8| {
        data.extend_from_slice(&bits.to_le_bytes()[..usize::from(length)]);
    };
    put(data, time_bits, STEP[usize::from(time_code)]);
    put(data, price_step as u32, STEP[usize::from(price_code)]);
    put(data, lot_bits, LOTS[usize::from(lots_code)]);
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

/// Short rows decoded at once: few enough that their times, in steps of up to 2^32 ms, cannot go
/// once around the whole range.
const RUN: usize = 1024;

/// Fills `out` from as many control bytes; the bytes of `data` behind the column are padding, at
/// least 32. Stamps are the exchange's time; optional columns are laid over the rows afterwards.
pub fn decode_rows(
    cursor: &mut TradeCursor,
    unit: i64,
    symbol: SymbolId,
    control: &[u8],
    data: &[u8],
    out: &mut [TimedTrade],
) -> Result<(), Malformed> {
    let mut done = 0;
    while done < out.len() {
        let (control, out) = (&control[done..], &mut out[done..]);
        // The unit as a constant leaves the loop one register more.
        let short = match unit {
            1_000_000 => short_rows::<1_000_000>(cursor, symbol, control, data, out),
            1_000 => short_rows::<1_000>(cursor, symbol, control, data, out),
            1 => short_rows::<1>(cursor, symbol, control, data, out),
            1_000_000_000 => short_rows::<1_000_000_000>(cursor, symbol, control, data, out),
            _ => 0,
        };
        done += short;
        let Some(place) = out.get_mut(short) else {
            break;
        };
        let control = control.get(short).ok_or(Malformed)?;
        long_row(cursor, unit, symbol, *control, data, place)?;
        done += 1;
    }
    Ok(())
}

#[inline(always)]
fn row_of(symbol: SymbolId, control: u8, time: i64, price: i64, lots: i64) -> TimedTrade {
    TimedTrade {
        stamp: Stamp::of_history(Timestamp(time)),
        trade: Trade {
            symbol,
            aggressor: if control & SELL == 0 {
                Aggressor::Buy
            } else {
                Aggressor::Sell
            },
            price: Price(price),
            quantity: Quantity(lots),
            time: Timestamp(time),
            id: 0,
        },
    }
}

/// Decodes rows of at most 8 bytes up to the first longer one, or as far as 8 bytes a row are
/// certain to be there; returns how many. Not inlined: alone it has registers enough.
#[inline(never)]
fn short_rows<const UNIT: i64>(
    cursor: &mut TradeCursor,
    symbol: SymbolId,
    control: &[u8],
    data: &[u8],
    out: &mut [TimedTrade],
) -> usize {
    let certain = data.len().saturating_sub(cursor.at) / usize::from(SHORT);
    let count = out.len().min(control.len()).min(certain).min(RUN);
    let (mut time, mut price, mut seen) = (cursor.time, cursor.price, cursor.seen);
    let rest = data.get(cursor.at..).unwrap_or_default();
    let mut next = rest.as_ptr();
    let mut done = 0;
    for (place, control) in out[..count].iter_mut().zip(&control[..count]) {
        let row = &ROWS[usize::from(*control)];
        if row.long {
            break;
        }
        // SAFETY: at most `certain` rows are read here and each moves `next` on by at most 8, so
        // row number i (from 0) starts at most 8 i bytes into `rest`, and i < certain keeps its 8
        // bytes within. The check a row that this saves is a tenth of its cost.
        let word = u64::from_le(unsafe { next.cast::<u64>().read_unaligned() });
        // SAFETY: as above: at most 8 x certain bytes in all, which `rest` has.
        next = unsafe { next.add(usize::from(row.length)) };
        let step = i64::from(word as u32 & row.time_mask);
        time = time.wrapping_add(step.wrapping_mul(UNIT));
        price = price.wrapping_add(row.price_step(word));
        // The lots of a short row are below 2^32: always in range.
        seen |= price as u64;
        let lots = (word >> row.lots_shift) as u32 & row.lots_mask;
        *place = row_of(symbol, *control, time, price, i64::from(lots));
        done += 1;
    }
    // Steps are never negative here, so time goes back only by leaving its range, which a run
    // shows at its end unless its steps are counted in seconds.
    let wrapped = UNIT == UNITS[3] && !out[..done].is_sorted_by_key(|row| row.trade.time);
    cursor.backward |= time < cursor.time || wrapped;
    cursor.at += next.addr() - rest.as_ptr().addr();
    (cursor.time, cursor.price, cursor.seen) = (time, price, seen);
    done
}

#[inline]
fn word_at(data: &[u8], at: usize) -> Result<u64, Malformed> {
    data.get(at..)
        .and_then(|rest| rest.first_chunk::<8>())
        .map(|bytes| u64::from_le_bytes(*bytes))
        .ok_or(Malformed)
}

/// Decodes one row of any length.
#[cold]
fn long_row(
    cursor: &mut TradeCursor,
    unit: i64,
    symbol: SymbolId,
    control: u8,
    data: &[u8],
    place: &mut TimedTrade,
) -> Result<(), Malformed> {
    let row = &ROWS[usize::from(control)];
    let word = word_at(data, cursor.at)?;
    let (time, price, lots) = if control & WIDE != 0 {
        (
            word as i64,
            word_at(data, cursor.at + 8)? as i64,
            word_at(data, cursor.at + 16)? as i64,
        )
    } else {
        let lots_length = LOTS[usize::from(control >> 5 & 3)];
        let before_lots = usize::from(row.length - lots_length);
        (
            i64::from(word as u32 & row.time_mask),
            row.price_step(word),
            i64::from(word_at(data, cursor.at + before_lots)? as u32 & row.lots_mask),
        )
    };
    cursor.at += usize::from(row.length);
    let next = cursor.time.wrapping_add(time.wrapping_mul(unit));
    cursor.backward |= next < cursor.time;
    cursor.time = next;
    cursor.price = cursor.price.wrapping_add(price);
    cursor.seen |= (cursor.price | lots) as u64;
    *place = row_of(symbol, control, cursor.time, cursor.price, lots);
    Ok(())
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
            let mut out = crate::store::recording::Rows::new(rows.len());
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
