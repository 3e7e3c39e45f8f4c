//! Both forms tell the same story, and nothing that happens to a file goes unnoticed.

use super::*;
use crate::core::effect::Checkpoint;
use crate::core::input::{
    AccountNews, Answer, Command, Input, ListedFill, ListedOrder, ListedPosition, OrderEvent,
    OrderNews, VenueListing, VenueState,
};
use crate::core::market::instrument::GRID_MAX;
use crate::core::market::{
    Aggressor, Candle, CandleSource, Instrument, Interval, ProductKind, Quote, SymbolId,
    TimedTrade, Trade,
};
use crate::core::settings::FeeRates;
use crate::core::units::{Decimal, Price, Quantity, Side, Span, Stamp, Timestamp};
use proptest::prelude::*;
use serde_json::value::RawValue;
use std::path::{Path, PathBuf};

/// A folder of its own that is removed at the end.
pub struct Scratch(pub PathBuf);

impl Scratch {
    pub fn new(name: &str) -> Self {
        use std::sync::atomic::{AtomicU32, Ordering};
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!(
            "minnow-test-{}-{name}-{number}",
            std::process::id()
        ));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub fn instrument(symbol: &str, tick: Decimal, lot: Decimal) -> Instrument {
    Instrument {
        min_quantity: lot,
        ..Instrument::linear(symbol, ProductKind::Perpetual, "USD", tick, lot)
    }
}

pub fn header() -> Header {
    Header::new(vec![
        instrument("BTC-PERP", Decimal::new(5, 1), Decimal::new(1, 5)),
        instrument("ETH-USD", Decimal::new(1, 12), Decimal::new(1, 8)),
        instrument(
            "BIG",
            Decimal::from_int(100_000),
            Decimal::from_int(100_000),
        ),
    ])
}

pub fn read_all(path: &Path, skip_damaged: bool) -> Result<(Vec<Entry>, u64), RecordingError> {
    let options = OpenOptions {
        skip_damaged,
        ..OpenOptions::default()
    };
    let (entries, damages, error) = read_until_error(path, &options)?;
    match error {
        Some(error) => Err(error),
        None => Ok((entries, damages.len() as u64)),
    }
}

/// Entries, damages, and the error that ended the reading.
pub type Read = (Vec<Entry>, Vec<Damage>, Option<RecordingError>);

pub fn read_until_error(path: &Path, options: &OpenOptions) -> Result<Read, RecordingError> {
    let opened = open(path, options)?;
    let mut source = Sequential::new(opened.reader, opened.decoder);
    let mut rows = Rows::new(7);
    let mut entries = Vec::new();
    let error = loop {
        match source.next_batch(&mut rows) {
            Ok(None) => break None,
            Ok(Some(Batch::Trades)) => entries.extend(rows.iter().map(|row| Entry::trade(*row))),
            Ok(Some(Batch::Candles)) => {
                entries.extend(rows.candles().iter().map(|row| Entry::candle(*row)));
            }
            Ok(Some(Batch::Entry(entry))) => entries.push(entry),
            Err(error) => break Some(error),
        }
    };
    let mut damages = source.reader.damages().named().to_vec();
    damages.extend_from_slice(source.decoder.damages().named());
    Ok((entries, damages, error))
}

fn stamps() -> impl Strategy<Value = (i64, i64)> {
    prop_oneof![
        4 => (0i64..5_000_000_000, -3i64..3),
        1 => (Just(0i64), Just(0i64)),
        1 => (0i64..i64::MAX / 400, -1_000_000_000_000i64..1_000_000_000_000),
    ]
}

fn steps() -> impl Strategy<Value = i64> {
    prop_oneof![3 => 1i64..100_000, 1 => 0..=GRID_MAX]
}

fn trade() -> impl Strategy<Value = (Trade, bool)> {
    let aggressor = prop_oneof![
        Just(Aggressor::Buy),
        Just(Aggressor::Sell),
        Just(Aggressor::Unknown)
    ];
    (
        0u16..3,
        aggressor,
        steps(),
        steps(),
        any::<i64>(),
        prop_oneof![Just(0u64), any::<u64>()],
        any::<bool>(),
    )
        .prop_map(
            |(symbol, aggressor, price, quantity, time, id, of_history)| {
                let trade = Trade {
                    symbol: SymbolId(symbol),
                    aggressor,
                    price: Price(price),
                    quantity: Quantity(quantity),
                    time: Timestamp(time),
                    id,
                };
                (trade, of_history)
            },
        )
}

fn candle() -> impl Strategy<Value = Input> {
    let source = prop_oneof![
        Just(CandleSource::Trades),
        Just(CandleSource::Venue),
        Just(CandleSource::Flat)
    ];
    let interval = prop_oneof![Just("1m"), Just("1d"), Just("5s")];
    (
        0u16..3,
        interval,
        -1i64..1_000_000_000,
        [steps(), steps(), steps(), steps()],
        0i128..10i128.pow(34),
        prop_oneof![Just(0i128), 0i128..10i128.pow(34)],
        prop_oneof![Just(0u64), any::<u64>()],
        source,
        any::<bool>(),
    )
        .prop_map(
            |(symbol, interval, bucket, prices, volume, quote_volume, trades, source, complete)| {
                let interval = Interval::parse(interval).unwrap();
                Input::Candle {
                    symbol: SymbolId(symbol),
                    interval,
                    candle: Candle {
                        open_time: Timestamp(interval.bucket(Timestamp(bucket * 1_000_000_000)).0),
                        open: Price(prices[0]),
                        high: Price(prices[1]),
                        low: Price(prices[2]),
                        close: Price(prices[3]),
                        volume,
                        quote_volume,
                        trades,
                        source,
                        complete,
                    },
                }
            },
        )
}

fn history() -> impl Strategy<Value = Input> {
    (0u16..3, prop::collection::vec(candle(), 0..5)).prop_map(|(symbol, candles)| {
        let candles = candles.into_iter().filter_map(|each| match each {
            Input::Candle { candle, .. } => Some(candle),
            _ => None,
        });
        Input::History {
            symbol: SymbolId(symbol),
            interval: Interval::MINUTE,
            candles: candles.collect(),
        }
    })
}

fn decimal() -> impl Strategy<Value = Decimal> {
    any::<i128>().prop_map(Decimal::from_raw)
}

fn side() -> impl Strategy<Value = Side> {
    prop_oneof![Just(Side::Buy), Just(Side::Sell)]
}

fn venue_state() -> impl Strategy<Value = VenueState> {
    prop_oneof![
        Just(VenueState::Open),
        Just(VenueState::Filled),
        Just(VenueState::Cancelled),
        Just(VenueState::Expired),
        Just(VenueState::Failed),
    ]
}

fn order_news() -> impl Strategy<Value = OrderNews> {
    let filled = (any::<String>(), any::<[i64; 3]>(), decimal(), any::<bool>());
    prop_oneof![
        Just(OrderNews::Durable),
        Just(OrderNews::Sent),
        any::<String>().prop_map(|venue_id| OrderNews::Accepted { venue_id }),
        any::<String>().prop_map(|reason| OrderNews::Rejected { reason }),
        any::<String>().prop_map(|reason| OrderNews::NeverSent { reason }),
        any::<String>().prop_map(|reason| OrderNews::Unknown { reason }),
        any::<String>().prop_map(|reason| OrderNews::CancelRefused { reason }),
        (venue_state(), any::<i64>()).prop_map(|(status, lots)| OrderNews::State {
            status,
            filled: Quantity(lots),
        }),
        filled.prop_map(
            |(fill_id, [price, lots, time], fee, maker)| OrderNews::Filled {
                fill_id,
                price: Price(price),
                quantity: Quantity(lots),
                fee,
                maker,
                time: Timestamp(time),
            }
        ),
    ]
}

fn listing() -> impl Strategy<Value = Input> {
    let order = (
        any::<[String; 2]>(),
        prop::option::of(0u16..3),
        side(),
        venue_state(),
        any::<[i64; 2]>(),
        prop::option::of(any::<i64>()),
    )
        .prop_map(
            |([venue_id, client_id], symbol, side, status, lots, price)| ListedOrder {
                venue_id,
                client_id,
                symbol: symbol.map(SymbolId),
                side,
                status,
                quantity: Quantity(lots[0]),
                filled: Quantity(lots[1]),
                price: price.map(Price),
            },
        );
    let fill = (
        any::<[String; 2]>(),
        0u16..3,
        side(),
        any::<[i64; 3]>(),
        decimal(),
        any::<bool>(),
    )
        .prop_map(
            |([fill_id, venue_id], symbol, side, n, fee, maker)| ListedFill {
                fill_id,
                venue_id,
                symbol: SymbolId(symbol),
                side,
                price: Price(n[0]),
                quantity: Quantity(n[1]),
                fee,
                maker,
                time: Timestamp(n[2]),
            },
        );
    let position = (0u16..3, any::<i64>()).prop_map(|(symbol, lots)| ListedPosition {
        symbol: SymbolId(symbol),
        lots,
    });
    let orders = prop::collection::vec(order, 0..4);
    let fills = prop::collection::vec(fill, 0..4);
    let positions = prop::collection::vec(position, 0..3);
    (any::<i64>(), any::<bool>(), orders, fills, positions).prop_map(
        |(at, complete, open, fills, positions)| {
            let recent = open.iter().rev().cloned().collect();
            Input::Listing(Box::new(VenueListing {
                at: Timestamp(at),
                complete,
                open,
                recent,
                fills,
                positions,
            }))
        },
    )
}

/// What only live sessions have.
fn session_input() -> impl Strategy<Value = Input> {
    let rates = (0u16..3, decimal(), decimal())
        .prop_map(|(symbol, maker, taker)| (SymbolId(symbol), FeeRates { maker, taker }));
    prop_oneof![
        history(),
        listing(),
        (0u16..3, any::<String>(), any::<bool>()).prop_map(|(symbol, feed, fresh)| Input::Feed {
            symbol: SymbolId(symbol),
            feed,
            fresh,
        }),
        (0u16..3, any::<i64>()).prop_map(|(symbol, until)| Input::Partial {
            symbol: SymbolId(symbol),
            until: Timestamp(until),
        }),
        trade().prop_map(|(trade, _)| Input::Ahead(trade)),
        (0u16..3).prop_map(|symbol| Input::Whole {
            symbol: SymbolId(symbol),
        }),
        (0u16..3, any::<i64>(), any::<i64>(), decimal()).prop_map(|(symbol, bid, ask, limit)| {
            Input::Quote {
                symbol: SymbolId(symbol),
                quote: Quote {
                    bid: Price(bid),
                    ask: Price(ask),
                },
                max_spread_bps: limit,
            }
        }),
        (any::<String>(), order_news())
            .prop_map(|(client_id, news)| Input::Order(OrderEvent { client_id, news })),
        (decimal(), prop::collection::vec(rates, 0..3))
            .prop_map(|(cash, fees)| Input::Account(AccountNews { cash, fees })),
        (any::<bool>(), any::<String>()).prop_map(|(ok, text)| Input::Reconciled { ok, text }),
    ]
}

fn frame() -> impl Strategy<Value = Frame> {
    let call = (
        any::<String>(),
        any::<Option<u16>>(),
        any::<Option<String>>(),
        any::<u64>(),
    );
    let message = (any::<u64>(), any::<String>())
        .prop_map(|(epoch, text)| Frame::message("market", epoch, text.as_bytes()));
    let answer =
        (call, any::<Vec<u8>>()).prop_map(|((request, status, text, latency_ms), body)| {
            let call = FrameCall {
                request,
                status,
                failure: text.clone(),
                latency_ms,
                retry_after: text,
            };
            Frame::call(call, status.map(|_| body.as_slice()))
        });
    prop_oneof![message, answer]
}

#[derive(Clone, Debug)]
enum Part {
    Trade(Trade, bool),
    Input(Input),
    Turn,
    Checkpoint(Checkpoint),
    Record(String),
    Frame(Frame),
}

fn part() -> impl Strategy<Value = Part> {
    prop_oneof![
        12 => trade().prop_map(|(t, h)| Part::Trade(t, h)),
        4 => candle().prop_map(Part::Input),
        1 => (0u16..3, any::<i64>()).prop_map(|(s, until)| Part::Input(Input::Quiet {
            symbol: SymbolId(s),
            until: Timestamp(until),
        })),
        1 => Just(Part::Input(Input::Command(Command::Pause))),
        1 => Just(Part::Input(Input::Command(Command::CancelAll))),
        1 => Just(Part::Input(Input::Command(Command::CloseAll))),
        1 => any::<String>().prop_map(|reason| Part::Input(Input::Command(Command::Resume { reason }))),
        1 => any::<bool>().prop_map(|close| Part::Input(Input::Command(Command::EmergencyStop { close }))),
        1 => (any::<u64>(), any::<String>(), any::<u64>()).prop_map(|(run, body, latency_ms)| {
            Part::Input(Input::Answer { run, answer: Answer::Text { body, latency_ms } })
        }),
        1 => (any::<u64>(), any::<String>()).prop_map(|(run, text)| {
            Part::Input(Input::Answer { run, answer: Answer::Failed { text } })
        }),
        1 => any::<String>().prop_map(|text| Part::Input(Input::LedgerFailed { text })),
        1 => Just(Part::Input(Input::Stop)),
        4 => session_input().prop_map(Part::Input),
        3 => Just(Part::Turn),
        1 => (any::<u64>(), any::<i64>(), any::<u64>(), any::<bool>()).prop_map(
            |(inputs, time, hash, candle)| Part::Checkpoint(Checkpoint {
                inputs, time: Timestamp(time), hash, candle
            })
        ),
        2 => frame().prop_map(Part::Frame),
        1 => any::<String>().prop_map(|text| Part::Record(
            serde_json::json!({"record": "event", "text": text}).to_string()
        )),
    ]
}

/// Random entries with clocks that do not go back.
pub fn entries(size: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Entry>> {
    prop::collection::vec((part(), stamps()), size).prop_map(|parts| {
        let mut stamp = Stamp::default();
        let mut made = Vec::new();
        for (part, (step, drift)) in parts {
            stamp.mono = stamp.mono.saturating_add(step);
            stamp.wall = stamp.wall + Span(step) + Span(drift);
            made.push(match part {
                Part::Trade(mut trade, of_history) => {
                    if of_history {
                        stamp.wall = Timestamp(stamp.mono);
                        trade.time = Timestamp(stamp.mono);
                    }
                    Entry::trade(TimedTrade { stamp, trade })
                }
                Part::Input(input) => Entry::Input { stamp, input },
                Part::Turn => Entry::Turn(stamp),
                Part::Checkpoint(checkpoint) => Entry::Checkpoint(checkpoint),
                Part::Record(text) => Entry::Record(RawValue::from_string(text).unwrap()),
                Part::Frame(frame) => {
                    let frame = Box::new(frame);
                    Entry::Frame { stamp, frame }
                }
            });
        }
        made
    })
}

pub fn write(writer: &mut dyn RecordingWriter, entries: &[Entry]) -> Trailer {
    for entry in entries {
        writer.entry(entry).unwrap();
    }
    writer.finish().unwrap()
}

fn with_trailer(entries: &[Entry], trailer: Trailer) -> Vec<Entry> {
    let mut all = entries.to_vec();
    all.push(Entry::Trailer(trailer));
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn both_forms_give_back_what_was_written(entries in entries(0..400)) {
        let folder = Scratch::new("forms");
        let header = header();
        let paths = ["a.mrec", "a.jsonl", "a.jsonl.gz", "a"].map(|name| folder.0.join(name));
        let trailers = [
            write(&mut BlockWriter::create(&paths[0], &header).unwrap(), &entries),
            write(&mut LineWriter::create_file(&paths[1], &header).unwrap(), &entries),
            write(&mut LineWriter::create_file(&paths[2], &header).unwrap(), &entries),
            write(&mut LineWriter::create_folder(&paths[3], &header, 1, true).unwrap(), &entries),
        ];
        for (path, trailer) in paths.iter().zip(trailers) {
            prop_assert_eq!(trailer, trailers[0]);
            let opened = open(path, &OpenOptions::default()).unwrap();
            prop_assert_eq!(&opened.header, &header);
            let (read, damages) = read_all(path, false).unwrap();
            prop_assert_eq!(damages, 0);
            prop_assert_eq!(read, with_trailer(&entries, trailer));
        }
    }
}
