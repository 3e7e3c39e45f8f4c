//! Entries other than the block's rows: each with its place between them.

use super::candles::{self, CandleState};
use super::varint::{Cursor, Malformed, put, put_signed, put_text};
use crate::core::effect::Checkpoint;
use crate::core::input::{Answer, Command, Input};
use crate::core::market::{Aggressor, SymbolId, TimedCandle, Trade};
use crate::core::units::{Price, Quantity, Stamp, Timestamp};
use crate::store::recording::Entry;
use crate::store::recording::session_input;
use serde_json::value::RawValue;

const TRADE: u8 = 1;
const CANDLE: u8 = 2;
const QUIET: u8 = 3;
const COMMAND: u8 = 4;
const ANSWER: u8 = 5;
const LEDGER_FAILED: u8 = 6;
const STOP: u8 = 7;
const TURN: u8 = 8;
const CHECKPOINT: u8 = 9;
const RECORD: u8 = 10;
const HISTORY: u8 = 11;
/// What only live sessions have: its kind as lines name it, and its JSON.
const SESSION: u8 = 12;
const FRAME: u8 = 13;

/// What differences are taken against; new with each block.
#[derive(Clone, Debug)]
pub struct OtherState {
    stamp: Stamp,
    candles: CandleState,
}

impl OtherState {
    pub fn new(symbols: usize) -> Self {
        Self {
            stamp: Stamp::default(),
            candles: CandleState::new(symbols),
        }
    }

    /// Forgets everything, as at the start of a block.
    pub fn clear(&mut self) {
        self.stamp = Stamp::default();
        self.candles.clear();
    }
}

/// Appends an entry that stands `rows_since` rows after the other before it.
///
/// A trailer is no entry of a block and is left out.
pub fn encode(state: &mut OtherState, out: &mut Vec<u8>, rows_since: u64, entry: &Entry) {
    if matches!(entry, Entry::Trailer(_)) {
        return;
    }
    put(out, rows_since);
    out.push(kind(entry));
    if let Some(stamp) = entry.stamp() {
        candles::put_stamp(out, stamp, state.stamp);
        state.stamp = stamp;
    }
    match entry {
        Entry::Input { stamp, input } => encode_input(state, out, *stamp, input),
        Entry::Checkpoint(c) => {
            put(out, c.inputs);
            put_signed(out, c.time.0);
            out.extend_from_slice(&c.hash.to_le_bytes());
            out.push(u8::from(c.candle));
        }
        Entry::Record(text) => put_text(out, text.get()),
        Entry::Frame { frame, .. } => put_json(out, frame),
        Entry::Turn(_) | Entry::Trailer(_) => {}
    }
}

fn kind(entry: &Entry) -> u8 {
    match entry {
        Entry::Input { input, .. } => match input {
            Input::Trade(_) => TRADE,
            Input::Candle { .. } => CANDLE,
            Input::Quiet { .. } => QUIET,
            Input::Command(_) => COMMAND,
            Input::Answer { .. } => ANSWER,
            Input::LedgerFailed { .. } => LEDGER_FAILED,
            Input::Stop => STOP,
            Input::History { .. } => HISTORY,
            _ => SESSION,
        },
        Entry::Turn(_) | Entry::Trailer(_) => TURN,
        Entry::Checkpoint(_) => CHECKPOINT,
        Entry::Record(_) => RECORD,
        Entry::Frame { .. } => FRAME,
    }
}

fn encode_input(state: &mut OtherState, out: &mut Vec<u8>, stamp: Stamp, input: &Input) {
    match input {
        Input::Trade(t) => {
            put(out, u64::from(t.symbol.0));
            out.push(t.aggressor as u8);
            put_signed(out, t.price.0);
            put_signed(out, t.quantity.0);
            put_signed(out, t.time.0);
            put(out, t.id);
        }
        Input::Candle {
            symbol,
            interval,
            candle,
        } => candles::encode(
            &mut state.candles,
            out,
            &TimedCandle {
                stamp,
                symbol: *symbol,
                interval: *interval,
                candle: *candle,
            },
        ),
        Input::Quiet { symbol, until } => {
            put(out, u64::from(symbol.0));
            put_signed(out, until.0);
        }
        Input::Command(command) => put_json(out, command),
        Input::Answer { run, answer } => {
            put(out, *run);
            put_json(out, answer);
        }
        Input::LedgerFailed { text } => put_text(out, text),
        Input::Stop => {}
        Input::History {
            symbol,
            interval,
            candles,
        } => {
            put(out, u64::from(symbol.0));
            put_json(out, &(interval, candles));
        }
        other => {
            let number = |id: SymbolId| id.0.into();
            let (_, kind, json) =
                session_input::encode(other, &number).expect("every other input is a session's");
            put_text(out, kind);
            put_text(out, &json);
        }
    }
}

fn put_json(out: &mut Vec<u8>, value: &impl serde::Serialize) {
    let text = serde_json::to_string(value).expect("plain values of the core are JSON");
    put_text(out, &text);
}

/// Reads the number of rows before the next entry.
pub fn decode_place(bytes: &[u8], cursor: &mut Cursor) -> Result<u64, Malformed> {
    cursor.number(bytes)
}

/// Reads an entry, whose place was read before.
pub fn decode(
    state: &mut OtherState,
    bytes: &[u8],
    cursor: &mut Cursor,
) -> Result<Entry, Malformed> {
    let kind = cursor.byte(bytes)?;
    match kind {
        CHECKPOINT => return checkpoint(bytes, cursor),
        RECORD => {
            let text = cursor.text(bytes)?;
            // No writer lets one in; the line form could not hold it.
            if text.contains(['\n', '\r']) {
                return Err(Malformed);
            }
            return RawValue::from_string(text.to_owned())
                .map(Entry::Record)
                .map_err(|_| Malformed);
        }
        _ => {}
    }
    let stamp = candles::stamp(bytes, cursor, state.stamp)?;
    state.stamp = stamp;
    let input = match kind {
        TURN => return Ok(Entry::Turn(stamp)),
        FRAME => {
            let frame = serde_json::from_str(cursor.text(bytes)?).map_err(|_| Malformed)?;
            return Ok(Entry::Frame { stamp, frame });
        }
        TRADE => trade(bytes, cursor)?,
        CANDLE => {
            let row = candles::decode(&mut state.candles, bytes, cursor)?;
            Input::Candle {
                symbol: row.symbol,
                interval: row.interval,
                candle: row.candle,
            }
        }
        QUIET => Input::Quiet {
            symbol: symbol(bytes, cursor)?,
            until: Timestamp(cursor.signed(bytes)?),
        },
        COMMAND => {
            let text = cursor.text(bytes)?;
            Input::Command(serde_json::from_str::<Command>(text).map_err(|_| Malformed)?)
        }
        ANSWER => {
            let run = cursor.number(bytes)?;
            let text = cursor.text(bytes)?;
            let answer = serde_json::from_str::<Answer>(text).map_err(|_| Malformed)?;
            Input::Answer { run, answer }
        }
        LEDGER_FAILED => Input::LedgerFailed {
            text: cursor.text(bytes)?.to_owned(),
        },
        STOP => Input::Stop,
        HISTORY => history(bytes, cursor)?,
        SESSION => {
            let kind = cursor.text(bytes)?.to_owned();
            session_input::decode(&kind, cursor.text(bytes)?, &numbered)
                .and_then(Result::ok)
                .ok_or(Malformed)?
        }
        _ => return Err(Malformed),
    };
    Ok(Entry::Input { stamp, input })
}

fn history(bytes: &[u8], cursor: &mut Cursor) -> Result<Input, Malformed> {
    let symbol = symbol(bytes, cursor)?;
    let (interval, candles) = serde_json::from_str(cursor.text(bytes)?).map_err(|_| Malformed)?;
    Ok(Input::History {
        symbol,
        interval,
        candles,
    })
}

fn numbered(symbol: &serde_json::Value) -> Result<SymbolId, String> {
    let number = symbol.as_u64().and_then(|n| u16::try_from(n).ok());
    number
        .map(SymbolId)
        .ok_or_else(|| "symbol: expected its number".to_owned())
}

fn symbol(bytes: &[u8], cursor: &mut Cursor) -> Result<SymbolId, Malformed> {
    u16::try_from(cursor.number(bytes)?)
        .map(SymbolId)
        .map_err(|_| Malformed)
}

fn trade(bytes: &[u8], cursor: &mut Cursor) -> Result<Input, Malformed> {
    Ok(Input::Trade(Trade {
        symbol: symbol(bytes, cursor)?,
        aggressor: match cursor.byte(bytes)? {
            0 => Aggressor::Unknown,
            1 => Aggressor::Buy,
            2 => Aggressor::Sell,
            _ => return Err(Malformed),
        },
        price: Price(cursor.signed(bytes)?),
        quantity: Quantity(cursor.signed(bytes)?),
        time: Timestamp(cursor.signed(bytes)?),
        id: cursor.number(bytes)?,
    }))
}

fn checkpoint(bytes: &[u8], cursor: &mut Cursor) -> Result<Entry, Malformed> {
    let inputs = cursor.number(bytes)?;
    let time = Timestamp(cursor.signed(bytes)?);
    let mut hash = [0u8; 8];
    for byte in &mut hash {
        *byte = cursor.byte(bytes)?;
    }
    let candle = match cursor.byte(bytes)? {
        0 => false,
        1 => true,
        _ => return Err(Malformed),
    };
    Ok(Entry::Checkpoint(Checkpoint {
        inputs,
        time,
        hash: u64::from_le_bytes(hash),
        candle,
    }))
}
