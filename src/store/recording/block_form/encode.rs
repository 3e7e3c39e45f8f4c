//! Entries in, one block out. Pure: the writer puts the bytes into a file.

use super::candles::{self, CandleState};
use super::layout::{
    BLOCK_OTHERS, BLOCK_ROWS, BlockHead, FLAG_ALL_UNKNOWN, FLAG_IDS, FLAG_SOME_UNKNOWN,
    FLAG_STAMPS, FLAG_SYMBOLS, KIND_CANDLES, KIND_TRADES, UNITS,
};
use super::others::{self, OtherState};
use super::trades::encode_row;
use super::varint::{put, put_signed};
use crate::core::input::Input;
use crate::core::market::{Aggressor, TimedCandle, TimedTrade};
use crate::core::units::{Stamp, Timestamp};
use crate::store::recording::Entry;

/// Collects the entries of one block.
///
/// Trades and candles are gathered as rows while they stay of one kind; an entry of the other kind
/// is placed between them. Bounded: full after 16,384 rows or entries, or 64 KiB of texts.
#[derive(Debug)]
pub struct BlockEncoder {
    kind: u8,
    trades: Vec<TimedTrade>,
    candles: Vec<u8>,
    candle_rows: u32,
    candle_state: CandleState,
    others: Vec<u8>,
    other_count: u32,
    other_state: OtherState,
    /// Rows before the last other entry.
    other_place: u64,
    /// Wall time of the earliest and the latest entry.
    span: Option<(Timestamp, Timestamp)>,
}

impl BlockEncoder {
    pub fn new(symbols: usize) -> Self {
        Self {
            kind: KIND_TRADES,
            trades: Vec::with_capacity(BLOCK_ROWS),
            candles: Vec::new(),
            candle_rows: 0,
            candle_state: CandleState::new(symbols),
            others: Vec::new(),
            other_count: 0,
            other_state: OtherState::new(symbols),
            other_place: 0,
            span: None,
        }
    }

    pub fn is_empty(&self) -> bool {
        self.rows() == 0 && self.other_count == 0
    }

    /// No further entry may be added before `finish`.
    pub fn is_full(&self) -> bool {
        self.rows() + u64::from(self.other_count) >= BLOCK_ROWS as u64
            || self.others.len() >= BLOCK_OTHERS
    }

    /// Whether a block of its own serves this entry better: the rows so far are of the other kind
    /// and few, or there are only others in front of what may become a run.
    pub fn would_rather_end_before(&self, entry: &Entry) -> bool {
        let Entry::Input { input, .. } = entry else {
            return false;
        };
        match input {
            Input::Trade(_) => self.kind == KIND_CANDLES && self.other_count >= 64,
            Input::Candle { .. } => {
                self.kind == KIND_TRADES && self.rows() > 0 && self.other_count >= 64
            }
            _ => false,
        }
    }

    fn rows(&self) -> u64 {
        self.trades.len() as u64 + u64::from(self.candle_rows)
    }

    fn see(&mut self, stamp: Stamp) {
        let wall = stamp.wall;
        let (first, last) = self.span.unwrap_or((wall, wall));
        self.span = Some((first.min(wall), last.max(wall)));
    }

    pub fn add(&mut self, entry: &Entry) {
        if let Some(stamp) = entry.stamp() {
            self.see(stamp);
        }
        match entry {
            Entry::Input {
                stamp,
                input: Input::Trade(trade),
            } if self.kind == KIND_TRADES => self.trades.push(TimedTrade {
                stamp: *stamp,
                trade: *trade,
            }),
            Entry::Input {
                stamp,
                input:
                    Input::Candle {
                        symbol,
                        interval,
                        candle,
                    },
            } if self.kind == KIND_CANDLES || self.trades.is_empty() => {
                self.kind = KIND_CANDLES;
                let row = TimedCandle {
                    stamp: *stamp,
                    symbol: *symbol,
                    interval: *interval,
                    candle: *candle,
                };
                candles::encode(&mut self.candle_state, &mut self.candles, &row);
                self.candle_rows += 1;
            }
            _ => {
                let since = self.rows() - self.other_place;
                self.other_place = self.rows();
                others::encode(&mut self.other_state, &mut self.others, since, entry);
                self.other_count += 1;
            }
        }
    }

    /// A trade without the detour over an entry.
    pub fn add_trade(&mut self, row: &TimedTrade) {
        if self.kind == KIND_TRADES {
            self.see(row.stamp);
            self.trades.push(*row);
        } else {
            self.add(&Entry::trade(*row));
        }
    }

    /// Head and payload of the block; empty again afterwards. `before` = entries before the block.
    pub fn finish(&mut self, before: u64, payload: &mut Vec<u8>) -> BlockHead {
        payload.clear();
        let (first, last) = self.span.unwrap_or_default();
        let mut head = BlockHead {
            kind: self.kind,
            rows: self.rows() as u32,
            others: self.other_count,
            before,
            first,
            last,
            ..BlockHead::default()
        };
        if self.kind == KIND_TRADES {
            self.put_trades(&mut head, payload);
        } else {
            let lengths = [self.candles.len(), 0, 0, 0, 0, self.others.len()];
            put_lengths(payload, lengths);
            payload.extend_from_slice(&self.candles);
        }
        payload.extend_from_slice(&self.others);
        head.payload = payload.len() as u32;
        head.payload_crc = crc32fast::hash(payload);
        self.clear();
        head
    }

    fn put_trades(&self, head: &mut BlockHead, payload: &mut Vec<u8>) {
        head.unit = coarsest_unit(&self.trades);
        let unit = UNITS[usize::from(head.unit)];
        let first = self.trades.first();
        head.base = first.map_or(0, |row| row.trade.time.0 / unit);
        head.symbol = first.map_or(0, |row| row.trade.symbol.0);
        if self.trades.iter().any(|r| r.trade.symbol.0 != head.symbol) {
            head.flags |= FLAG_SYMBOLS;
        }
        let (mut control, mut data) = (Vec::with_capacity(self.trades.len()), Vec::new());
        let mut symbols = Vec::new();
        let mut prices: Vec<i64> = Vec::new();
        let mut time = head.base;
        for row in &self.trades {
            let trade = &row.trade;
            let index = if head.flags & FLAG_SYMBOLS != 0 {
                put(&mut symbols, u64::from(trade.symbol.0));
                trade.symbol.index()
            } else {
                0
            };
            if prices.len() <= index {
                prices.resize(index + 1, 0);
            }
            let at = trade.time.0 / unit;
            encode_row(
                &mut control,
                &mut data,
                trade.aggressor == Aggressor::Sell,
                at.wrapping_sub(time),
                trade.price.0.wrapping_sub(prices[index]),
                trade.quantity.0,
            );
            time = at;
            prices[index] = trade.price.0;
        }
        let ids = self.ids(head);
        let stamps = self.stamps(head);
        let unknown = self.unknown(head);
        put_lengths(
            payload,
            [
                data.len(),
                ids.len(),
                symbols.len(),
                stamps.len(),
                unknown.len(),
                self.others.len(),
            ],
        );
        for column in [&control, &data, &ids, &symbols, &stamps, &unknown] {
            payload.extend_from_slice(column);
        }
    }

    fn ids(&self, head: &mut BlockHead) -> Vec<u8> {
        let mut column = Vec::new();
        if self.trades.iter().all(|row| row.trade.id == 0) {
            return column;
        }
        head.flags |= FLAG_IDS;
        let mut last = 0u64;
        for row in &self.trades {
            put_signed(&mut column, row.trade.id.wrapping_sub(last) as i64);
            last = row.trade.id;
        }
        column
    }

    fn stamps(&self, head: &mut BlockHead) -> Vec<u8> {
        let mut column = Vec::new();
        if self
            .trades
            .iter()
            .all(|row| row.stamp == Stamp::of_history(row.trade.time))
        {
            return column;
        }
        head.flags |= FLAG_STAMPS;
        let mut last = Stamp::default();
        for row in &self.trades {
            candles::put_stamp(&mut column, row.stamp, last);
            last = row.stamp;
        }
        column
    }

    fn unknown(&self, head: &mut BlockHead) -> Vec<u8> {
        let is_unknown = |row: &TimedTrade| row.trade.aggressor == Aggressor::Unknown;
        let count = self.trades.iter().filter(|row| is_unknown(row)).count();
        if count == 0 {
            return Vec::new();
        }
        if count == self.trades.len() {
            head.flags |= FLAG_ALL_UNKNOWN;
            return Vec::new();
        }
        head.flags |= FLAG_SOME_UNKNOWN;
        let mut bitmap = vec![0u8; self.trades.len().div_ceil(8)];
        for (index, _) in self
            .trades
            .iter()
            .enumerate()
            .filter(|(_, r)| is_unknown(r))
        {
            bitmap[index / 8] |= 1 << (index % 8);
        }
        bitmap
    }

    fn clear(&mut self) {
        self.kind = KIND_TRADES;
        self.trades.clear();
        self.candles.clear();
        self.candle_rows = 0;
        self.candle_state.clear();
        self.others.clear();
        self.other_count = 0;
        self.other_state.clear();
        self.other_place = 0;
        self.span = None;
    }
}

fn put_lengths(payload: &mut Vec<u8>, lengths: [usize; 6]) {
    for length in lengths {
        payload.extend_from_slice(&(length as u32).to_le_bytes());
    }
}

/// Code of the coarsest unit that is exact for every trade's time.
fn coarsest_unit(rows: &[TimedTrade]) -> u8 {
    let exact = |unit: i64| rows.iter().all(|row| row.trade.time.0 % unit == 0);
    (0..UNITS.len())
        .rev()
        .find(|code| exact(UNITS[*code]))
        .unwrap_or(0) as u8
}
