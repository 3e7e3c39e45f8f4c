//! What stands in `d`: entries as JSON that people and other tools read.
//!
//! Prices, quantities and volumes are decimal strings. A number that no decimal states exactly
//! (grids finer than 1e-18) is written in grid steps: `"17 steps"`.

use super::line::Line;
use crate::core::effect::Checkpoint;
use crate::core::input::{Answer, Input};
use crate::core::market::instrument::GRID_MAX;
use crate::core::market::{
    Aggressor, Candle, CandleSource, Instrument, Interval, SymbolId, TimedTrade, Trade,
};
use crate::core::units::{Decimal, Price, Quantity, Rounding, Stamp, Timestamp};
use crate::store::recording::entry::VOLUME_MAX;
use crate::store::recording::session_input;
use crate::store::recording::{Batch, Entry, Header, Rows};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;

#[derive(Serialize, Deserialize)]
struct TradeData<'a> {
    #[serde(borrow)]
    symbol: Cow<'a, str>,
    #[serde(borrow)]
    price: Cow<'a, str>,
    #[serde(borrow)]
    quantity: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "is_unknown")]
    side: Aggressor,
    time: i64,
    #[serde(default, skip_serializing_if = "is_zero")]
    id: u64,
}

#[derive(Serialize, Deserialize)]
struct CandleData<'a> {
    #[serde(borrow)]
    symbol: Cow<'a, str>,
    interval: Interval,
    open_time: i64,
    #[serde(borrow)]
    open: Cow<'a, str>,
    #[serde(borrow)]
    high: Cow<'a, str>,
    #[serde(borrow)]
    low: Cow<'a, str>,
    #[serde(borrow)]
    close: Cow<'a, str>,
    #[serde(borrow)]
    volume: Cow<'a, str>,
    #[serde(borrow)]
    quote_volume: Cow<'a, str>,
    trades: u64,
    source: CandleSource,
    complete: bool,
}

#[derive(Serialize, Deserialize)]
struct QuietData<'a> {
    #[serde(borrow)]
    symbol: Cow<'a, str>,
    until: i64,
}

#[derive(Serialize, Deserialize)]
struct HistoryData<'a> {
    #[serde(borrow)]
    symbol: Cow<'a, str>,
    interval: Interval,
    #[serde(borrow)]
    candles: Vec<CandleData<'a>>,
}

#[derive(Serialize, Deserialize)]
struct AnswerData {
    run: u64,
    answer: Answer,
}

#[derive(Serialize, Deserialize)]
struct TextData<'a> {
    #[serde(borrow)]
    text: Cow<'a, str>,
}

#[derive(Serialize, Deserialize)]
struct CheckpointData {
    inputs: u64,
    time: i64,
    /// 16 hex digits: a JSON number of 64 bits would lose some in other tools.
    hash: String,
    candle: bool,
}

fn is_unknown(side: &Aggressor) -> bool {
    *side == Aggressor::Unknown
}

fn is_zero(id: &u64) -> bool {
    *id == 0
}

/// The grid of a symbol: steps of price, quantity and of their product where it is exact.
#[derive(Clone, Debug)]
struct Grid {
    symbol: String,
    tick: Option<Decimal>,
    lot: Option<Decimal>,
    tick_lot: Option<Decimal>,
}

impl Grid {
    fn of(instrument: &Instrument) -> Self {
        let (tick, lot) = (instrument.tick, instrument.lot);
        let product = tick
            .checked_mul(lot, Rounding::Down)
            .filter(|p| !p.is_zero() && p.checked_div(lot, Rounding::Down) == Some(tick))
            .filter(|p| p.checked_div(tick, Rounding::Down) == Some(lot));
        Self {
            symbol: instrument.symbol.clone(),
            tick: Some(tick),
            lot: Some(lot),
            tick_lot: product,
        }
    }
}

fn state_number(step: Option<Decimal>, steps: i128) -> Cow<'static, str> {
    let text = step
        .and_then(|step| step.mul_div(steps, 1, Rounding::Down))
        .map(|value| value.to_string())
        // What the reader would not take for the same number is not the same number.
        .filter(|text| read_number(step, text, i128::MAX) == Some(steps));
    Cow::Owned(text.unwrap_or_else(|| format!("{steps} steps")))
}

fn read_number(step: Option<Decimal>, text: &str, limit: i128) -> Option<i128> {
    let steps = match text.strip_suffix(" steps") {
        Some(steps) => steps.parse().ok()?,
        None => {
            let (step, value) = (step?, Decimal::parse_plain(text).ok()?);
            let steps = value.in_steps_of(step, Rounding::Down)?;
            if step.mul_div(steps, 1, Rounding::Down) != Some(value) {
                return None;
            }
            steps
        }
    };
    (0..=limit).contains(&steps).then_some(steps)
}

/// Turns entries into payloads and back.
#[derive(Clone, Debug)]
pub struct PayloadCodec {
    grids: Vec<Grid>,
}

/// Source, kind and payload of a line.
pub type Parts = (&'static str, &'static str, String);

impl PayloadCodec {
    pub fn new(header: &Header) -> Self {
        Self {
            grids: header.instruments.iter().map(Grid::of).collect(),
        }
    }

    /// The parts of an entry's line. Its symbol is one of the header's.
    pub fn encode(&self, entry: &Entry) -> Parts {
        match entry {
            Entry::Input { input, .. } => self.encode_input(input),
            Entry::Turn(_) => ("runtime", "turn", "{}".to_owned()),
            Entry::Checkpoint(c) => {
                let data = CheckpointData {
                    inputs: c.inputs,
                    time: c.time.0,
                    hash: format!("{:016x}", c.hash),
                    candle: c.candle,
                };
                ("core", "checkpoint", json(&data))
            }
            Entry::Record(text) => ("core", "record", text.get().to_owned()),
            Entry::Frame { frame, .. } => ("exchange", "frame", json(frame)),
            Entry::Trailer(trailer) => ("recording", "trailer", json(trailer)),
        }
    }

    fn encode_input(&self, input: &Input) -> Parts {
        match input {
            Input::Trade(trade) => ("market", "trade", json(&self.trade(trade))),
            Input::Candle {
                symbol,
                interval,
                candle,
            } => {
                let data = self.candle(*symbol, *interval, candle);
                ("market", "candle", json(&data))
            }
            Input::Quiet { symbol, until } => {
                let data = QuietData {
                    symbol: Cow::Borrowed(&self.grids[symbol.index()].symbol),
                    until: until.0,
                };
                ("market", "quiet", json(&data))
            }
            Input::Command(command) => ("operator", "command", json(command)),
            Input::Answer { run, answer } => {
                let data = AnswerData {
                    run: *run,
                    answer: answer.clone(),
                };
                ("model", "answer", json(&data))
            }
            Input::LedgerFailed { text } => {
                let text = Cow::Borrowed(text.as_str());
                ("ledger", "ledger_failed", json(&TextData { text }))
            }
            Input::Stop => ("runtime", "stop", "{}".to_owned()),
            Input::History {
                symbol,
                interval,
                candles,
            } => {
                let data = HistoryData {
                    symbol: Cow::Borrowed(&self.grids[symbol.index()].symbol),
                    interval: *interval,
                    candles: candles
                        .iter()
                        .map(|candle| self.candle(*symbol, *interval, candle))
                        .collect(),
                };
                ("market", "history", json(&data))
            }
            other => {
                let name = |id: SymbolId| self.grids[id.index()].symbol.as_str().into();
                session_input::encode(other, &name).expect("every other input is a session's")
            }
        }
    }

    fn trade(&self, trade: &Trade) -> TradeData<'_> {
        let grid = &self.grids[trade.symbol.index()];
        TradeData {
            symbol: Cow::Borrowed(&grid.symbol),
            price: state_number(grid.tick, i128::from(trade.price.0)),
            quantity: state_number(grid.lot, i128::from(trade.quantity.0)),
            side: trade.aggressor,
            time: trade.time.0,
            id: trade.id,
        }
    }

    fn candle(&self, symbol: SymbolId, interval: Interval, candle: &Candle) -> CandleData<'_> {
        let grid = &self.grids[symbol.index()];
        let price = |price: Price| state_number(grid.tick, i128::from(price.0));
        CandleData {
            symbol: Cow::Borrowed(&grid.symbol),
            interval,
            open_time: candle.open_time.0,
            open: price(candle.open),
            high: price(candle.high),
            low: price(candle.low),
            close: price(candle.close),
            volume: state_number(grid.lot, candle.volume),
            quote_volume: state_number(grid.tick_lot, candle.quote_volume),
            trades: candle.trades,
            source: candle.source,
            complete: candle.complete,
        }
    }

    /// The entry of a line; the text says what is wrong with its payload.
    pub fn decode(&self, line: &Line<'_>) -> Result<Entry, String> {
        let stamp = Stamp {
            mono: line.t,
            wall: Timestamp(line.w),
        };
        let input = match line.k {
            "trade" => Input::Trade(self.read_trade(parse(line.d)?)?),
            "candle" => self.read_candle(parse(line.d)?)?,
            "quiet" => {
                let data: QuietData<'_> = parse(line.d)?;
                Input::Quiet {
                    symbol: self.symbol(&data.symbol)?.0,
                    until: Timestamp(data.until),
                }
            }
            "command" => Input::Command(parse(line.d)?),
            "answer" => {
                let AnswerData { run, answer } = parse(line.d)?;
                Input::Answer { run, answer }
            }
            "ledger_failed" => {
                let TextData { text } = parse(line.d)?;
                Input::LedgerFailed {
                    text: text.into_owned(),
                }
            }
            "stop" => Input::Stop,
            "turn" => return Ok(Entry::Turn(stamp)),
            "checkpoint" => {
                let data: CheckpointData = parse(line.d)?;
                return Ok(Entry::Checkpoint(Checkpoint {
                    inputs: data.inputs,
                    time: Timestamp(data.time),
                    hash: u64::from_str_radix(&data.hash, 16)
                        .map_err(|_| "hash: expected 16 hex digits")?,
                    candle: data.candle,
                }));
            }
            "record" if line.d.get().contains('\r') => {
                return Err("expected JSON without a line break".to_owned());
            }
            "record" => return Ok(Entry::Record(line.d.to_owned())),
            "frame" => {
                let frame = parse(line.d)?;
                return Ok(Entry::Frame { stamp, frame });
            }
            "trailer" => return Ok(Entry::Trailer(parse(line.d)?)),
            "history" => self.read_history(parse(line.d)?)?,
            other => {
                let symbol = |name: &serde_json::Value| {
                    let name = name.as_str().ok_or("symbol: expected a name")?;
                    self.symbol(name).map(|(id, _)| id)
                };
                session_input::decode(other, line.d.get(), &symbol)
                    .unwrap_or_else(|| Err(format!("unknown kind {other:?}")))?
            }
        };
        Ok(Entry::Input { stamp, input })
    }

    fn symbol(&self, name: &str) -> Result<(SymbolId, &Grid), String> {
        (0u16..)
            .zip(&self.grids)
            .find(|(_, grid)| grid.symbol == name)
            .map(|(index, grid)| (SymbolId(index), grid))
            .ok_or_else(|| format!("symbol {name:?} is not in the header"))
    }

    fn read_trade(&self, data: TradeData<'_>) -> Result<Trade, String> {
        let (symbol, grid) = self.symbol(&data.symbol)?;
        Ok(Trade {
            symbol,
            aggressor: data.side,
            price: Price(grid_number("price", grid.tick, &data.price)?),
            quantity: Quantity(grid_number("quantity", grid.lot, &data.quantity)?),
            time: Timestamp(data.time),
            id: data.id,
        })
    }

    fn read_history(&self, data: HistoryData<'_>) -> Result<Input, String> {
        let (symbol, _) = self.symbol(&data.symbol)?;
        let interval = data.interval;
        let candles = data.candles.into_iter().map(|each| {
            let Input::Candle {
                symbol: s,
                interval: i,
                candle,
            } = self.read_candle(each)?
            else {
                return Err("expected candles".to_owned());
            };
            if (s, i) != (symbol, interval) {
                return Err("a candle of another symbol or interval".to_owned());
            }
            Ok(candle)
        });
        Ok(Input::History {
            symbol,
            interval,
            candles: candles.collect::<Result<_, _>>()?,
        })
    }

    fn read_candle(&self, data: CandleData<'_>) -> Result<Input, String> {
        let (symbol, grid) = self.symbol(&data.symbol)?;
        let price = |name, text: &str| grid_number(name, grid.tick, text).map(Price);
        let volume = |name, step, text: &str| {
            read_number(step, text, VOLUME_MAX)
                .ok_or_else(|| format!("{name} {text:?}: not on the grid"))
        };
        Ok(Input::Candle {
            symbol,
            interval: data.interval,
            candle: Candle {
                open_time: Timestamp(data.open_time),
                open: price("open", &data.open)?,
                high: price("high", &data.high)?,
                low: price("low", &data.low)?,
                close: price("close", &data.close)?,
                volume: volume("volume", grid.lot, &data.volume)?,
                quote_volume: volume("quote_volume", grid.tick_lot, &data.quote_volume)?,
                trades: data.trades,
                source: data.source,
                complete: data.complete,
            },
        })
    }
}

fn grid_number(name: &str, step: Option<Decimal>, text: &str) -> Result<i64, String> {
    read_number(step, text, i128::from(GRID_MAX))
        .and_then(|steps| i64::try_from(steps).ok())
        .ok_or_else(|| {
            format!("{name} {text:?}: not on the grid of the header's instrument, or out of range")
        })
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("plain values are JSON")
}

fn parse<'a, T: Deserialize<'a>>(data: &'a RawValue) -> Result<T, String> {
    serde_json::from_str(data.get()).map_err(|error| error.to_string())
}

/// Decodes the lines of one chunk after the other.
#[derive(Debug)]
pub struct LineDecoder {
    codec: PayloadCodec,
    bytes: Vec<u8>,
    at: usize,
    /// Read while a run of trades was gathered and not yet handed out.
    waiting: Option<Entry>,
}

impl LineDecoder {
    pub fn new(header: &Header) -> Self {
        Self {
            codec: PayloadCodec::new(header),
            bytes: Vec::new(),
            at: 0,
            waiting: None,
        }
    }

    /// Takes the next chunk's lines and gives the last buffer back.
    pub fn begin(&mut self, bytes: Vec<u8>) -> Vec<u8> {
        self.at = 0;
        self.waiting = None;
        std::mem::replace(&mut self.bytes, bytes)
    }

    /// The next run of trades or other entry; the text says what is wrong with a line.
    pub fn next_batch(&mut self, rows: &mut Rows) -> Result<Option<Batch>, String> {
        let mut count = 0;
        let capacity = rows.capacity();
        loop {
            let entry = match self.waiting.take() {
                Some(entry) => entry,
                None => match self.next_entry() {
                    Ok(Some(entry)) => entry,
                    Ok(None) => break,
                    // What was gathered first; the line is read again in the next call.
                    Err((line, _)) if count > 0 => {
                        self.at = line;
                        break;
                    }
                    Err((_, reason)) => return Err(reason),
                },
            };
            match entry {
                Entry::Input {
                    stamp,
                    input: Input::Trade(trade),
                } if count < capacity => {
                    rows.set(count, TimedTrade { stamp, trade });
                    count += 1;
                }
                other if count > 0 => {
                    self.waiting = Some(other);
                    break;
                }
                other => return Ok(Some(Batch::Entry(other))),
            }
        }
        rows.places(count);
        Ok((count > 0).then_some(Batch::Trades))
    }

    fn next_entry(&mut self) -> Result<Option<Entry>, (usize, String)> {
        let start = self.at;
        let rest = &self.bytes[start..];
        if rest.is_empty() {
            return Ok(None);
        }
        let length = rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len());
        self.at = (start + length + 1).min(self.bytes.len());
        let line: Line<'_> =
            serde_json::from_slice(&rest[..length]).map_err(|error| (start, error.to_string()))?;
        self.codec
            .decode(&line)
            .map(Some)
            .map_err(|reason| (start, format!("{}: {reason}", line.k)))
    }
}
