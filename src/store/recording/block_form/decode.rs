//! A block's payload back into rows and entries, in recorded order.

use super::candles::{self, CandleState};
use super::layout::{
    BlockHead, FLAG_ALL_UNKNOWN, FLAG_IDS, FLAG_SOME_UNKNOWN, FLAG_STAMPS, FLAG_SYMBOLS,
    KIND_CANDLES, KIND_TRADES, PADDING, UNITS, u32_at,
};
use super::others::{self, OtherState};
use super::trades::{TradeCursor, decode_rows};
use super::varint::{Cursor, Malformed};
use crate::core::input::Input;
use crate::core::market::instrument::GRID_MAX;
use crate::core::market::{Aggressor, Candle, SymbolId, TimedCandle, TimedTrade};
use crate::core::units::Stamp;
use crate::store::recording::entry::{CANDLES_OF_RUN, VOLUME_MAX};
use crate::store::recording::{Batch, Entry, Rows};

/// Bits whose absence shows at one look that all of several numbers are within the grid.
const MAYBE_BEYOND_GRID: u64 = !((GRID_MAX as u64).next_power_of_two() / 2 - 1);

/// Decodes one block after the other; keeps its buffers.
#[derive(Debug)]
pub struct BlockDecoder {
    symbols: usize,
    head: BlockHead,
    bytes: Vec<u8>,
    /// Rows handed out, and where the next other entry stands.
    row: usize,
    next_other: usize,
    others_left: u32,
    control: usize,
    trades: TradeCursor,
    data_end: usize,
    prices: Vec<i64>,
    ids: Cursor,
    last_id: u64,
    symbol_column: Cursor,
    stamps: Cursor,
    last_stamp: Stamp,
    unknown: usize,
    candle_state: CandleState,
    candles: Cursor,
    /// A candle read but not handed out yet.
    held: Option<TimedCandle>,
    /// What comes after the candles handed out makes no sense.
    malformed: bool,
    other_state: OtherState,
    others: Cursor,
}

impl BlockDecoder {
    /// For a recording of that many symbols.
    pub fn new(symbols: usize) -> Self {
        Self {
            symbols,
            head: BlockHead::default(),
            bytes: Vec::new(),
            row: 0,
            next_other: 0,
            others_left: 0,
            control: 0,
            trades: TradeCursor::default(),
            data_end: 0,
            prices: vec![0; symbols],
            ids: Cursor::default(),
            last_id: 0,
            symbol_column: Cursor::default(),
            stamps: Cursor::default(),
            last_stamp: Stamp::default(),
            unknown: 0,
            candle_state: CandleState::new(symbols),
            candles: Cursor::default(),
            held: None,
            malformed: false,
            other_state: OtherState::new(symbols),
            others: Cursor::default(),
        }
    }

    /// Takes the next payload (without padding) and gives the buffer of the last one back.
    pub fn begin(&mut self, head: BlockHead, bytes: Vec<u8>) -> (Vec<u8>, Result<(), Malformed>) {
        let spent = std::mem::replace(&mut self.bytes, bytes);
        self.head = head;
        (spent, self.lay_out())
    }

    fn lay_out(&mut self) -> Result<(), Malformed> {
        let (rows, payload) = (self.head.rows as usize, self.bytes.len());
        // Until the layout is known to hold there is nothing to hand out.
        self.row = rows;
        self.others_left = 0;
        self.next_other = usize::MAX;
        if payload < 24 {
            return Err(Malformed);
        }
        let lengths: [usize; 6] =
            std::array::from_fn(|index| u32_at(&self.bytes, index * 4) as usize);
        let [data, ids, symbols, stamps, unknown, others] = lengths;
        let control = if self.head.kind == KIND_TRADES {
            rows
        } else {
            0
        };
        // Each is below 2^32 and there are seven: no overflow.
        if 24 + control + lengths.iter().sum::<usize>() != payload {
            return Err(Malformed);
        }
        let mut at = 24;
        let mut next = |length: usize| {
            let cursor = Cursor {
                at,
                end: at + length,
            };
            at += length;
            cursor
        };
        self.control = next(control).at;
        let columns = [
            next(data),
            next(ids),
            next(symbols),
            next(stamps),
            next(unknown),
        ];
        self.others = next(others);
        [self.candles, self.ids, self.symbol_column, self.stamps, _] = columns;
        (self.data_end, self.unknown) = (columns[0].end, columns[4].at);
        self.bytes.resize(payload + PADDING, 0);
        if self.head.flags & FLAG_SOME_UNKNOWN != 0 && unknown != rows.div_ceil(8) {
            return Err(Malformed);
        }
        if self.head.flags & FLAG_SYMBOLS == 0 && usize::from(self.head.symbol) >= self.symbols {
            return Err(Malformed);
        }
        let unit = UNITS[usize::from(self.head.unit)];
        self.trades = TradeCursor {
            at: columns[0].at,
            time: self.head.base.checked_mul(unit).ok_or(Malformed)?,
            ..TradeCursor::default()
        };
        self.prices.fill(0);
        self.last_id = 0;
        self.last_stamp = Stamp::default();
        self.candle_state.clear();
        self.held = None;
        self.malformed = false;
        self.other_state.clear();
        self.row = 0;
        self.others_left = self.head.others;
        self.next_other = 0;
        self.place_next_other()
    }

    fn place_next_other(&mut self) -> Result<(), Malformed> {
        if self.others_left == 0 {
            return if self.others.is_at_end() {
                self.next_other = usize::MAX;
                Ok(())
            } else {
                Err(Malformed)
            };
        }
        let since = others::decode_place(&self.bytes, &mut self.others)?;
        let since = usize::try_from(since).map_err(|_| Malformed)?;
        self.next_other = self.next_other.checked_add(since).ok_or(Malformed)?;
        if self.next_other > self.head.rows as usize {
            return Err(Malformed);
        }
        Ok(())
    }

    /// Whether the rows of the last run are out of order although their stamps are their times.
    pub const fn went_backward(&self) -> bool {
        self.trades.backward && self.head.flags & FLAG_STAMPS == 0
    }

    /// The next run of trades or the next entry; symbols are the recording's own. `None` at the end
    /// of the block. `rows` is rewritten by a run only.
    pub fn next_batch(&mut self, rows: &mut Rows) -> Result<Option<Batch>, Malformed> {
        if self.malformed {
            return Err(Malformed);
        }
        if self.row == self.next_other {
            let entry = others::decode(&mut self.other_state, &self.bytes, &mut self.others)?;
            self.check_symbol(&entry)?;
            self.others_left -= 1;
            self.place_next_other()?;
            return Ok(Some(Batch::Entry(entry)));
        }
        let left = self.head.rows as usize - self.row;
        if left == 0 {
            return Ok(None);
        }
        let before_other = left.min(self.next_other - self.row);
        if self.head.kind == KIND_CANDLES {
            let count = before_other.min(CANDLES_OF_RUN);
            self.candles(rows.candles_mut(), count)?;
            let ended = self.row == self.head.rows as usize;
            self.malformed |= ended && !self.candles.is_at_end();
            return Ok(Some(Batch::Candles));
        }
        let count = before_other.min(rows.capacity());
        self.trades(rows.places(count))?;
        Ok(Some(Batch::Trades))
    }

    fn check_symbol(&self, entry: &Entry) -> Result<(), Malformed> {
        let Entry::Input { input, .. } = entry else {
            return Ok(());
        };
        let index = match input {
            Input::Trade(trade) | Input::Ahead(trade) => {
                check_grid(&[trade.price.0, trade.quantity.0])?;
                trade.symbol.index()
            }
            Input::Candle { symbol, candle, .. } => {
                check_candle(candle)?;
                symbol.index()
            }
            Input::History {
                symbol, candles, ..
            } => {
                candles.iter().try_for_each(check_candle)?;
                symbol.index()
            }
            other => other.market_symbol().map_or(0, SymbolId::index),
        };
        if index < self.symbols {
            Ok(())
        } else {
            Err(Malformed)
        }
    }

    /// The next run of candles. It ends before a candle whose clock goes back and before one that
    /// makes no sense: what stands before them is good.
    fn candles(&mut self, out: &mut Vec<TimedCandle>, count: usize) -> Result<(), Malformed> {
        out.clear();
        for _ in 0..count {
            let row = match self.held.take() {
                Some(row) => row,
                None => match self.candle() {
                    Ok(row) => row,
                    Err(malformed) if out.is_empty() => return Err(malformed),
                    Err(_) => {
                        self.malformed = true;
                        break;
                    }
                },
            };
            if out
                .last()
                .is_some_and(|last| last.stamp.mono > row.stamp.mono)
            {
                self.held = Some(row);
                break;
            }
            out.push(row);
        }
        self.row += out.len();
        Ok(())
    }

    fn candle(&mut self) -> Result<TimedCandle, Malformed> {
        let row = candles::decode(&mut self.candle_state, &self.bytes, &mut self.candles)?;
        check_candle(&row.candle)?;
        Ok(row)
    }

    fn trades(&mut self, out: &mut [TimedTrade]) -> Result<(), Malformed> {
        let first = self.control + self.row;
        let control = self.bytes.get(first..first + out.len()).ok_or(Malformed)?;
        let unit = UNITS[usize::from(self.head.unit)];
        let symbol = SymbolId(self.head.symbol);
        if self.head.flags & FLAG_SYMBOLS == 0 {
            decode_rows(&mut self.trades, unit, symbol, control, &self.bytes, out)?;
        } else {
            // The price step is against the last price of the row's own symbol.
            for (place, control) in out.iter_mut().zip(control) {
                let number = self.symbol_column.number(&self.bytes)?;
                let symbol = u16::try_from(number).map_err(|_| Malformed)?;
                let price = self.prices.get_mut(usize::from(symbol)).ok_or(Malformed)?;
                self.trades.price = *price;
                decode_rows(
                    &mut self.trades,
                    unit,
                    SymbolId(symbol),
                    std::slice::from_ref(control),
                    &self.bytes,
                    std::slice::from_mut(place),
                )?;
                *price = self.trades.price;
            }
        }
        if std::mem::take(&mut self.trades.seen) & MAYBE_BEYOND_GRID != 0 {
            for row in out.iter() {
                check_grid(&[row.trade.price.0, row.trade.quantity.0])?;
            }
        }
        if self.trades.at > self.data_end {
            return Err(Malformed);
        }
        if self.head.flags != 0 {
            self.lay_columns_over(out)?;
        }
        self.row += out.len();
        if self.row == self.head.rows as usize && self.trades.at != self.data_end {
            return Err(Malformed);
        }
        Ok(())
    }

    fn lay_columns_over(&mut self, out: &mut [TimedTrade]) -> Result<(), Malformed> {
        let flags = self.head.flags;
        if flags & FLAG_IDS != 0 {
            for row in out.iter_mut() {
                let step = self.ids.signed(&self.bytes)?;
                self.last_id = self.last_id.wrapping_add(step as u64);
                row.trade.id = self.last_id;
            }
        }
        if flags & FLAG_STAMPS != 0 {
            for row in out.iter_mut() {
                self.last_stamp = candles::stamp(&self.bytes, &mut self.stamps, self.last_stamp)?;
                row.stamp = self.last_stamp;
            }
        }
        if flags & FLAG_ALL_UNKNOWN != 0 {
            for row in out.iter_mut() {
                row.trade.aggressor = Aggressor::Unknown;
            }
        } else if flags & FLAG_SOME_UNKNOWN != 0 {
            for (index, row) in out.iter_mut().enumerate() {
                let bit = self.row + index;
                if self.bytes[self.unknown + bit / 8] >> (bit % 8) & 1 == 1 {
                    row.trade.aggressor = Aggressor::Unknown;
                }
            }
        }
        Ok(())
    }
}

fn check_grid(numbers: &[i64]) -> Result<(), Malformed> {
    if numbers.iter().all(|n| (0..=GRID_MAX).contains(n)) {
        Ok(())
    } else {
        Err(Malformed)
    }
}

fn check_candle(candle: &Candle) -> Result<(), Malformed> {
    check_grid(&[candle.open.0, candle.high.0, candle.low.0, candle.close.0])?;
    let volumes = [candle.volume, candle.quote_volume];
    if volumes.iter().all(|v| (0..=VOLUME_MAX).contains(v)) {
        Ok(())
    } else {
        Err(Malformed)
    }
}
