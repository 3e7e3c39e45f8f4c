//! Frames, answers and keys of Coinbase through its codec, a line each.

#![no_main]

use libfuzzer_sys::fuzz_target;
use minnow::core::market::Interval;
use minnow::core::units::{Decimal, Side, Timestamp};
use minnow::exchange::ExchangeCodec;
use minnow::exchange::calls::{Call, CallAnswer, Standing};
use minnow::exchange::coinbase::{Addresses, ApiKey, Coinbase};
use minnow::exchange::orders::{NewOrder, OrderTerms};
use minnow::exchange::stream::{StreamEvent, StreamRole};

fuzz_target!(|bytes: &[u8]| {
    let mut codec = Coinbase::new(Addresses::default(), None).expect("the venue's own addresses");
    let products = ["BTC-USDC".to_owned(), "ETH-USD".to_owned()];
    codec
        .subscribe(StreamRole::Market, &products, Timestamp(0), &mut || 0)
        .expect("market data needs no key");
    for line in bytes.split(|byte| *byte == b'\n') {
        let Some((head, rest)) = line.split_first() else {
            continue;
        };
        let text = std::str::from_utf8(rest);
        match (head, text) {
            (b'm', Ok(frame)) => decode(&mut codec, StreamRole::Market, frame),
            (b'b', Ok(frame)) => decode(&mut codec, StreamRole::Book, frame),
            (b'a', Ok(frame)) => decode(&mut codec, StreamRole::Account, frame),
            (b'k', Ok(key)) => check_key(key),
            (number @ b'0'..=b'?', _) => answer(&codec, usize::from(number - b'0'), rest),
            _ => {}
        }
    }
});

/// Every price is possible, and a book ends only after what began it.
fn decode(codec: &mut Coinbase, role: StreamRole, frame: &str) {
    let mut open = 0;
    let outcome = codec.decode(role, frame, &mut |event| match event {
        StreamEvent::Trade { trade, .. } => possible(trade.price, trade.quantity),
        StreamEvent::Ticker(ticker) => {
            possible(ticker.price, ticker.best_bid_quantity.unwrap_or_default());
            possible(ticker.best_bid.unwrap_or(Decimal::ONE), Decimal::ZERO);
            possible(ticker.best_ask.unwrap_or(Decimal::ONE), Decimal::ZERO);
        }
        StreamEvent::BookStart { .. } => open += 1,
        StreamEvent::BookLevel { level, .. } => possible(level.price, level.quantity),
        StreamEvent::BookEnd { .. } => open = 0,
        StreamEvent::Candle { candle, .. } => {
            for price in [candle.open, candle.high, candle.low, candle.close] {
                possible(price, candle.volume);
            }
        }
        StreamEvent::Order(order) => assert!(!order.filled.is_negative()),
        StreamEvent::Gap { expected, got } => assert!(expected < got),
        StreamEvent::Refused { text } => one_line(&text),
        _ => {}
    });
    match outcome {
        Ok(()) => assert_eq!(open, 0, "a book was left open: {frame}"),
        Err(error) => one_line(&error.to_string()),
    }
}

fn possible(price: Decimal, quantity: Decimal) {
    assert!(price.is_positive() && !quantity.is_negative());
}

fn one_line(text: &str) {
    assert!(!text.is_empty() && text.len() < 500);
    assert!(!text.contains(char::is_control), "{text:?}");
}

/// Three digits of a status, then the body.
fn answer(codec: &Coinbase, number: usize, rest: &[u8]) {
    let Some((status, body)) = rest.split_at_checked(3) else {
        return;
    };
    let status = std::str::from_utf8(status)
        .ok()
        .and_then(|s| s.parse().ok());
    let Some(status) = status else { return };
    let calls = calls();
    let Some(call) = calls.get(number) else {
        return;
    };
    match codec.answer(call, status, body) {
        Ok(CallAnswer::Products { products, refused }) => {
            for product in products {
                product
                    .instrument
                    .check()
                    .expect("only usable grids are told");
                assert!(product.contract_size.is_positive());
            }
            refused.iter().for_each(|text| one_line(text));
        }
        Ok(CallAnswer::Candles(candles)) => {
            assert!(candles.is_sorted_by_key(|candle| candle.open_time));
        }
        Ok(CallAnswer::Trades(trades)) => {
            assert!(trades.is_sorted_by_key(|trade| (trade.time, trade.id)));
        }
        Ok(CallAnswer::Fills { fills, .. }) => {
            for fill in fills {
                possible(fill.price, fill.size);
            }
        }
        Ok(_) => assert!((200..300).contains(&status)),
        Err(failure) => {
            one_line(&failure.text);
            assert_eq!(failure.status, status);
        }
    }
}

fn calls() -> Vec<Call> {
    let text = || "B".to_owned();
    let order = NewOrder {
        client_id: text(),
        product: text(),
        side: Side::Buy,
        terms: OrderTerms::Market { size: Decimal::ONE },
        leverage: None,
    };
    vec![
        Call::ServerTime,
        Call::KeyPermissions,
        Call::Products {
            ids: Vec::new(),
            futures: false,
        },
        Call::Book {
            product: text(),
            levels: 1,
        },
        Call::Candles {
            product: text(),
            interval: Interval::MINUTE,
            from: Timestamp(0),
            to: Timestamp(i64::MAX),
        },
        Call::Trades {
            product: text(),
            limit: 1,
            from: None,
            to: None,
        },
        Call::Accounts { cursor: text() },
        Call::FeeTier,
        Call::Place(order.clone()),
        Call::Preview(order),
        Call::Edit {
            venue_id: text(),
            price: Decimal::ONE,
            size: Decimal::ONE,
        },
        Call::Cancel {
            venue_ids: Vec::new(),
        },
        Call::Order { venue_id: text() },
        Call::Orders {
            product: text(),
            standing: Standing::Any,
            since: None,
            cursor: text(),
        },
        Call::Fills {
            product: text(),
            order: text(),
            since: None,
            cursor: text(),
        },
        Call::Positions,
        Call::FuturesBalance,
    ]
}

fn check_key(text: &str) {
    // Keys in seeds have their newlines written out.
    if let Err(error) = ApiKey::new("a-name", text) {
        assert!(!error.contains('\n') && error.len() < 500);
        let words = text.split(|c: char| !c.is_ascii_alphanumeric());
        for word in words.filter(|word| word.len() > 12) {
            assert!(!error.contains(word), "a part of a key in an error");
        }
    }
}
