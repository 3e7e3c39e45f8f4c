//! Recorded lines of websocket traffic through the envelopes and the codecs of all exchanges.

#![no_main]

use libfuzzer_sys::fuzz_target;
use minnow::core::units::{Decimal, Timestamp};
use minnow::exchange::recorded::{RecordedLine, unwrap_line};
use minnow::exchange::{
    DecodeError, Decoded, PublicTrade, TradeSink, binance, coinbase, decode, kraken,
};

type Codec = fn(&str, &mut TradeSink<'_>) -> Result<Decoded, DecodeError>;

/// What is compared of a trade.
type Seen = (String, Decimal, Decimal, Timestamp, u64);

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    for line in text.lines() {
        if let RecordedLine::Frame(frame) = unwrap_line(line) {
            check(&frame);
        }
    }
});

fn check(frame: &str) {
    let any = run(decode, frame);
    let codecs: [Codec; 3] = [
        binance::stream::decode,
        coinbase::stream::decode,
        kraken::stream::decode,
    ];
    let each = codecs.map(|codec| run(codec, frame.trim()));
    if let Some(trades) = &any
        && !trades.is_empty()
    {
        assert!(
            each.contains(&any),
            "one of the codecs decodes the same: {frame}"
        );
    }
}

/// The trades of a frame that is one; every one of them is a possible trade.
fn run(codec: Codec, frame: &str) -> Option<Vec<Seen>> {
    let mut trades = Vec::new();
    let outcome = codec(frame, &mut |trade: &PublicTrade<'_>| {
        assert!(trade.price.is_positive() && !trade.quantity.is_negative());
        trades.push((
            trade.product.to_owned(),
            trade.price,
            trade.quantity,
            trade.time,
            trade.id,
        ));
    });
    match outcome {
        Ok(Decoded::Trades) => Some(trades),
        Ok(Decoded::Other) => {
            assert!(trades.is_empty(), "a frame without trades brought some");
            None
        }
        Err(error) => {
            assert!(!error.to_string().is_empty());
            None
        }
    }
}
