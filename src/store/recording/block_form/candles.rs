//! Candles as rows of small differences, each against the candle before of the same symbol.

use super::varint::{Cursor, Malformed, put, put_signed, put_wide};
use crate::core::market::{Candle, CandleSource, Interval, SymbolId, TimedCandle};
use crate::core::units::{Price, Stamp, Timestamp};

/// Bits of a row's control byte.
const SAME_SERIES: u8 = 1;
const NEXT_BUCKET: u8 = 2;
const AT_END: u8 = 4;
const HAS_QUOTE_VOLUME: u8 = 8;
const HAS_TRADES: u8 = 16;
const INCOMPLETE: u8 = 32;
const SOURCE_SHIFT: u8 = 6;

/// What differences are taken against; the same on both sides, new with each block.
#[derive(Clone, Debug)]
pub struct CandleState {
    series: Option<(SymbolId, Interval)>,
    stamp: Stamp,
    /// Open time and close of the last candle, by symbol.
    last: Vec<(i64, i64)>,
}

impl CandleState {
    pub fn new(symbols: usize) -> Self {
        Self {
            series: None,
            stamp: Stamp::default(),
            last: vec![(0, 0); symbols],
        }
    }

    /// Forgets everything, as at the start of a block.
    pub fn clear(&mut self) {
        self.series = None;
        self.stamp = Stamp::default();
        self.last.fill((0, 0));
    }
}

/// Appends a candle; its symbol is one of the header's.
pub fn encode(state: &mut CandleState, out: &mut Vec<u8>, row: &TimedCandle) {
    let candle = &row.candle;
    let (last_open, last_close) = state.last[row.symbol.index()];
    let next_open = last_open.wrapping_add(row.interval.span().0);
    let end = Stamp::of_history(candle.open_time + row.interval.span());
    let source = match candle.source {
        CandleSource::Trades => 0u8,
        CandleSource::Venue => 1,
        CandleSource::Flat => 2,
    };
    let flag = |set: bool, bit: u8| if set { bit } else { 0 };
    let control = flag(
        state.series == Some((row.symbol, row.interval)),
        SAME_SERIES,
    ) | flag(candle.open_time.0 == next_open, NEXT_BUCKET)
        | flag(row.stamp == end, AT_END)
        | flag(candle.quote_volume != 0, HAS_QUOTE_VOLUME)
        | flag(candle.trades != 0, HAS_TRADES)
        | flag(!candle.complete, INCOMPLETE)
        | source << SOURCE_SHIFT;
    out.push(control);
    if control & SAME_SERIES == 0 {
        put(out, u64::from(row.symbol.0));
        put(out, row.interval.seconds() as u64);
    }
    if control & NEXT_BUCKET == 0 {
        put_signed(out, candle.open_time.0.wrapping_sub(last_open));
    }
    if control & AT_END == 0 {
        put_stamp(out, row.stamp, state.stamp);
    }
    let (high, low) = (
        candle.open.0.max(candle.close.0),
        candle.open.0.min(candle.close.0),
    );
    put_signed(out, candle.open.0.wrapping_sub(last_close));
    put_signed(out, candle.close.0.wrapping_sub(candle.open.0));
    put_signed(out, candle.high.0.wrapping_sub(high));
    put_signed(out, low.wrapping_sub(candle.low.0));
    put_wide(out, candle.volume);
    if control & HAS_QUOTE_VOLUME != 0 {
        put_wide(out, candle.quote_volume);
    }
    if control & HAS_TRADES != 0 {
        put(out, candle.trades);
    }
    state.series = Some((row.symbol, row.interval));
    state.stamp = row.stamp;
    state.last[row.symbol.index()] = (candle.open_time.0, candle.close.0);
}

/// Reads the next candle.
pub fn decode(
    state: &mut CandleState,
    bytes: &[u8],
    cursor: &mut Cursor,
) -> Result<TimedCandle, Malformed> {
    let control = cursor.byte(bytes)?;
    let (symbol, interval) = if control & SAME_SERIES != 0 {
        state.series.ok_or(Malformed)?
    } else {
        let symbol = u16::try_from(cursor.number(bytes)?).map_err(|_| Malformed)?;
        let seconds = i64::try_from(cursor.number(bytes)?).map_err(|_| Malformed)?;
        (
            SymbolId(symbol),
            Interval::from_seconds(seconds).ok_or(Malformed)?,
        )
    };
    let last = state.last.get_mut(symbol.index()).ok_or(Malformed)?;
    let open_time = if control & NEXT_BUCKET != 0 {
        last.0.wrapping_add(interval.span().0)
    } else {
        last.0.wrapping_add(cursor.signed(bytes)?)
    };
    let stamp = if control & AT_END != 0 {
        Stamp::of_history(Timestamp(open_time) + interval.span())
    } else {
        stamp(bytes, cursor, state.stamp)?
    };
    let open = last.1.wrapping_add(cursor.signed(bytes)?);
    let close = open.wrapping_add(cursor.signed(bytes)?);
    let high = open.max(close).wrapping_add(cursor.signed(bytes)?);
    let low = open.min(close).wrapping_sub(cursor.signed(bytes)?);
    let volume = cursor.wide(bytes)?;
    let quote_volume = if control & HAS_QUOTE_VOLUME != 0 {
        cursor.wide(bytes)?
    } else {
        0
    };
    let trades = if control & HAS_TRADES != 0 {
        cursor.number(bytes)?
    } else {
        0
    };
    let source = match control >> SOURCE_SHIFT {
        0 => CandleSource::Trades,
        1 => CandleSource::Venue,
        2 => CandleSource::Flat,
        _ => return Err(Malformed),
    };
    *last = (open_time, close);
    state.series = Some((symbol, interval));
    state.stamp = stamp;
    Ok(TimedCandle {
        stamp,
        symbol,
        interval,
        candle: Candle {
            open_time: Timestamp(open_time),
            open: Price(open),
            high: Price(high),
            low: Price(low),
            close: Price(close),
            volume,
            quote_volume,
            trades,
            source,
            complete: control & INCOMPLETE == 0,
        },
    })
}

/// Appends both clocks as steps; the wall clock's against the monotonic one's.
pub fn put_stamp(out: &mut Vec<u8>, stamp: Stamp, before: Stamp) {
    let mono = stamp.mono.wrapping_sub(before.mono);
    let wall = stamp.wall.0.wrapping_sub(before.wall.0);
    put_signed(out, mono);
    put_signed(out, wall.wrapping_sub(mono));
}

/// Reads both clocks.
pub fn stamp(bytes: &[u8], cursor: &mut Cursor, before: Stamp) -> Result<Stamp, Malformed> {
    let mono = cursor.signed(bytes)?;
    let wall = cursor.signed(bytes)?.wrapping_add(mono);
    Ok(Stamp {
        mono: before.mono.wrapping_add(mono),
        wall: Timestamp(before.wall.0.wrapping_add(wall)),
    })
}
