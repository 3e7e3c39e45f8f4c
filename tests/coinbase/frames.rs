//! Stream frames: the recorded ones, and the ways a frame may be wrong.

use super::{alone, codec, next, recorded, recorded_frames, sampled};
use minnow::exchange::ExchangeCodec;
use minnow::exchange::stream::StreamRole::{Book, Market};

const TICKER: &str = r#"{"channel":"ticker","client_id":"","timestamp":"2026-04-07T14:30:03.000000Z","sequence_num":0,"events":[{"type":"snapshot","tickers":[{"type":"ticker","product_id":"BTC-USD","price":"68900.50","volume_24_h":"15328.12345678","best_bid":"68900.00","best_bid_quantity":"1.50000000","best_ask":"68901.00","best_ask_quantity":"0.50000000"}]}]}"#;
const BOOK: &str = r#"{"channel":"l2_data","timestamp":"2026-09-30T02:39:53.6Z","sequence_num":0,"events":[{"type":"snapshot","product_id":"BTC-USD","updates":[{"side":"bid","event_time":"2026-09-30T02:39:53.407329Z","price_level":"83277.25","new_quantity":"0.00715626"},{"side":"offer","event_time":"2026-09-30T02:39:53.407329Z","price_level":"83281","new_quantity":"0"}]}]}"#;
const TRADES: &str = r#"{"channel":"market_trades","timestamp":"2026-09-30T02:39:53.7Z","sequence_num":0,"events":[{"type":"snapshot","trades":[{"product_id":"ETH-USD","trade_id":"846155105","price":"2666.11","size":"0.11139825","time":"2026-09-30T02:39:02.995145Z","side":"SELL"},{"product_id":"ETH-USD","trade_id":"846155104","price":"2666.15","size":"0.12137309","time":"2026-09-30T02:39:00.953166Z","side":"BUY"}]}]}"#;

#[test]
fn a_ticker_is_told_with_the_time_of_its_frame() {
    assert_eq!(
        alone(TICKER).unwrap(),
        [
            "Ticker(Ticker { product: \"BTC-USD\", price: 68900.5, best_bid: Some(68900), \
             best_bid_quantity: Some(1.5), best_ask: Some(68901), best_ask_quantity: Some(0.5), \
             time: Timestamp(1775572203000000000) })"
        ]
    );
    let without = TICKER
        .replace("\"68900.00\"", "\"\"")
        .replace("\"68901.00\"", "\"0\"");
    let lines = alone(&without).unwrap();
    assert!(lines[0].contains("best_bid: None") && lines[0].contains("best_ask: None"));
    // A product that was never traded has none.
    assert!(
        alone(&TICKER.replace("\"68900.50\"", "\"\""))
            .unwrap()
            .is_empty()
    );
}

#[test]
fn trades_come_oldest_first_with_who_crossed_the_spread() {
    let old = "old trade ETH-USD 2666.15 x 0.12137309 Sell 2026-09-30T02:39:00.953Z #846155104";
    let new = "old trade ETH-USD 2666.11 x 0.11139825 Buy 2026-09-30T02:39:02.995Z #846155105";
    assert_eq!(alone(TRADES).unwrap(), [old, new]);
    let update = TRADES.replace("snapshot", "update");
    assert!(alone(&update).unwrap()[0].starts_with("trade ETH-USD"));
}

#[test]
fn a_snapshot_begins_a_book_and_an_update_goes_on() {
    let levels = [
        "bid BTC-USD 83277.25 x 0.00715626 2026-09-30T02:39:53.407Z",
        "ask BTC-USD 83281 x 0 2026-09-30T02:39:53.407Z",
        "BookEnd { product: \"BTC-USD\" }",
    ];
    let lines = alone(BOOK).unwrap();
    assert_eq!(lines[0], "BookStart { product: \"BTC-USD\" }");
    assert_eq!(lines[1..], levels);
    assert_eq!(alone(&BOOK.replace("snapshot", "update")).unwrap(), levels);
}

#[test]
fn the_order_of_fields_is_no_matter() {
    let late = r#"{"events":[{"updates":[{"side":"bid","event_time":"2026-09-30T02:39:53Z","price_level":"5","new_quantity":"1"}],"product_id":"BTC-USD","type":"snapshot"}],"sequence_num":0,"timestamp":"2026-09-30T02:39:53Z","channel":"l2_data"}"#;
    assert_eq!(
        alone(late).unwrap(),
        [
            "BookStart { product: \"BTC-USD\" }",
            "bid BTC-USD 5 x 1 2026-09-30T02:39:53.000Z",
            "BookEnd { product: \"BTC-USD\" }"
        ]
    );
}

#[test]
fn a_missing_frame_is_a_gap_and_an_old_one_says_nothing() {
    let mut codec = codec();
    let numbered = |n: u32| TICKER.replace("\"sequence_num\":0", &format!("\"sequence_num\":{n}"));
    let mut told = |n: u32| next(&mut codec, Market, &numbered(n)).unwrap();
    assert_eq!(told(0).len(), 1);
    assert_eq!(told(1).len(), 1);
    assert_eq!(told(1), [""; 0]);
    let lines = told(4);
    assert_eq!(lines[0], "Gap { expected: 2, got: 4 }");
    assert_eq!(lines.len(), 2);
    assert_eq!(told(3), [""; 0]);
    assert_eq!(told(5).len(), 1);
}

#[test]
fn each_connection_counts_for_itself_and_anew_when_it_is_made() {
    let mut codec = codec();
    assert_eq!(next(&mut codec, Market, TICKER).unwrap().len(), 1);
    assert_eq!(next(&mut codec, Book, BOOK).unwrap().len(), 4);
    assert_eq!(next(&mut codec, Market, TICKER).unwrap(), [""; 0]);
    codec.connected(Market);
    assert_eq!(next(&mut codec, Market, TICKER).unwrap().len(), 1);
}

#[test]
fn acknowledgements_name_the_whole_set() {
    let frame = r#"{"channel":"subscriptions","timestamp":"2026-09-30T02:39:53.78865513Z","sequence_num":0,"events":[{"subscriptions":{"heartbeats":["heartbeats"],"level2":["BTC-USD","ETH-USD"],"market_trades":["BTC-USD"],"user":["00000000-0000-0000-0000-000000000000"],"futures_balance_summary":["x"]}}]}"#;
    assert_eq!(
        alone(frame).unwrap(),
        [
            "Subscribed { channel: Heartbeats, products: [] }",
            "Subscribed { channel: Book, products: [\"BTC-USD\", \"ETH-USD\"] }",
            "Subscribed { channel: Trades, products: [\"BTC-USD\"] }",
            "Subscribed { channel: Orders, products: [] }",
        ]
    );
}

#[test]
fn heartbeats_status_and_candles_are_told() {
    for counter in ["21697", "\"21697\""] {
        let frame = format!(
            r#"{{"channel":"heartbeats","timestamp":"2026-09-30T02:37:15.057895263Z","sequence_num":0,"events":[{{"current_time":"2026-09-30 02:37:15.057778606 +0000 UTC m=+21697.195984854","heartbeat_counter":{counter}}}]}}"#
        );
        assert_eq!(alone(&frame).unwrap(), ["Heartbeat { counter: 21697 }"]);
    }
    let status = r#"{"channel":"status","timestamp":"2026-09-30T02:37:15Z","sequence_num":0,"events":[{"type":"snapshot","products":[{"product_type":"SPOT","id":"BTC-USD","status":"online"},{"id":"X-USD","status":"delisted"}]}]}"#;
    assert_eq!(
        alone(status).unwrap(),
        [
            "ProductStatus { product: \"BTC-USD\", tradable: true }",
            "ProductStatus { product: \"X-USD\", tradable: false }"
        ]
    );
    let candles = r#"{"channel":"candles","timestamp":"2026-09-30T02:37:15Z","sequence_num":0,"events":[{"type":"snapshot","candles":[{"start":"1688998200","high":"1867.72","low":"1865.63","open":"1867.38","close":"1866.81","volume":"0.20269406","product_id":"ETH-USD"}]}]}"#;
    let lines = alone(candles).unwrap();
    assert!(
        lines[0].starts_with("Candle { product: \"ETH-USD\", seconds: 300"),
        "{lines:?}"
    );
    assert!(lines[0].contains("open: 1867.38, high: 1867.72, low: 1865.63, close: 1866.81"));
}

#[test]
fn refusals_are_told_without_a_number() {
    for text in ["authentication failure", "failure to subscribe"] {
        let frame = format!(r#"{{"type":"error","message":"{text}"}}"#);
        let mut codec = codec();
        let lines = next(&mut codec, Market, &frame).unwrap();
        assert_eq!(lines, [format!("Refused {{ text: \"{text}\" }}")]);
        assert_eq!(next(&mut codec, Market, TICKER).unwrap().len(), 1, "no gap");
    }
}

#[test]
fn what_is_no_frame_says_what_was_expected() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for (frame, why) in [
        (String::new(), "EOF"),
        ("[]".to_owned(), "expected an object with channel"),
        ("{}".to_owned(), "missing field `channel`"),
        (deep.clone(), "expected an object"),
        (
            TICKER.replace("\"events\":", &format!("\"x\":{deep},\"events\":")),
            "",
        ),
        (
            TICKER.replace("\"events\":[{", &format!("\"events\":[{deep},{{")),
            "expected",
        ),
        (
            TICKER.replace("ticker\",\"client", "weather\",\"client"),
            "channel \"weather\"",
        ),
        (
            TICKER.replace("\"68900.50\"", "68900.5"),
            "expected a price",
        ),
        (TICKER.replace("\"68900.50\"", "\"-1\""), "expected a price"),
        (
            TICKER.replace("\"68900.50\"", "\"NaN\""),
            "expected a price",
        ),
        (
            TICKER.replace("\"68900.50\"", "\"1e999\""),
            "expected a price",
        ),
        (
            TICKER.replace("2026-04-07", "2026-13-07"),
            "expected RFC 3339",
        ),
        (
            TICKER.replace("\"sequence_num\":0", "\"sequence_num\":-1"),
            "invalid value",
        ),
        (
            TICKER.replace("\"sequence_num\":0,", ""),
            "missing field `sequence_num`",
        ),
        (
            TICKER.replace("\"client_id\"", "\"channel\""),
            "duplicate field `channel`",
        ),
        (
            TICKER.replace("\"price\"", "\"product_id\""),
            "duplicate field `product_id`",
        ),
        (TICKER.replace("}]}]}", "}]}]"), "EOF"),
        (format!("{TICKER}x"), "trailing"),
        (BOOK.replace("\"bid\"", "\"up\""), "unknown variant"),
        (BOOK.replace("snapshot", "delta"), "unknown variant"),
        (BOOK.replace("\"83281\"", "\"0\""), "a price above 0"),
        (
            BOOK.replace("\"0.00715626\"", "\"-1\""),
            "a quantity of 0 or more",
        ),
        (BOOK.replace("T02:39:53.407329Z", ""), ""),
        (
            BOOK.replace("2026-09-30T02:39:53.407329Z", "now"),
            "event_time \"now\"",
        ),
        (
            BOOK.replace("\"product_id\":\"BTC-USD\",", ""),
            "missing field `product_id`",
        ),
        (TRADES.replace("SELL", "UP"), "expected BUY or SELL"),
        (TRADES.replace("\"846155105\"", "\"x\""), "a whole number"),
        (
            TRADES.replace("\"trades\"", "\"deals\""),
            "missing field `trades`",
        ),
    ] {
        let outcome = alone(&frame);
        let Err(error) = outcome else {
            assert!(why.is_empty(), "{why}: {outcome:?}");
            continue;
        };
        assert!(error.contains(why), "{why}: {error}");
        assert!(error.len() < 400 && !error.contains('\n'), "{error}");
    }
}

#[test]
fn an_enormous_wrong_value_makes_a_short_error() {
    let frame = BOOK.replace("\"bid\"", &format!("\"{}\"", "bid".repeat(100_000)));
    assert!(alone(&frame).unwrap_err().len() < 400);
}

#[test]
fn a_frame_that_breaks_off_leaves_its_book_open() {
    let broken = BOOK.replace("\"83281\"", "\"\"");
    let mut lines = Vec::new();
    let outcome = codec().decode(Book, &broken, &mut |event| lines.push(super::line(&event)));
    assert!(outcome.is_err());
    assert_eq!(lines.len(), 3, "start and one level, no end: {lines:?}");
    assert_eq!(lines[2], "Lost { channel: Book }");
}

#[test]
fn what_was_subscribed_under_an_alias_is_told_under_it() {
    let mut codec = codec();
    let products = ["BTC-USDC".to_owned()];
    codec
        .subscribe(Market, &products, super::NOW, &mut || 0)
        .unwrap();
    let lines = next(&mut codec, Market, TICKER).unwrap();
    assert!(lines[0].contains("product: \"BTC-USDC\""), "{lines:?}");
}

/// Frames of one session are numbered by one counter over all their channels.
#[test]
fn recorded_frames_decode_whole() {
    let Some(frames) = recorded_frames() else {
        return;
    };
    let mut codec = codec();
    let (mut levels, mut trades, mut gaps, mut refused) = (0, 0, 0, 0);
    for frame in &frames {
        // The frames of the user channel are of another connection.
        if frame.contains("client_id") {
            continue;
        }
        for line in next(&mut codec, Market, frame).unwrap_or_else(|e| panic!("{e}: {frame}")) {
            levels += usize::from(line.starts_with("bid") || line.starts_with("ask"));
            trades += usize::from(line.contains("trade "));
            gaps += usize::from(line.starts_with("Gap"));
            refused += usize::from(line.starts_with("Refused"));
        }
    }
    let stated = |text: &str| {
        frames
            .iter()
            .map(|f| f.matches(text).count())
            .sum::<usize>()
    };
    assert_eq!(levels, stated("\"price_level\""));
    assert_eq!(trades, stated("\"trade_id\""));
    // Frames 1 to 8 were not kept; 9 to 16 follow each other.
    assert_eq!((gaps, refused), (1, 2));
    assert_eq!((levels, trades), (58, 22));
}

#[test]
fn frames_of_other_clients_decode() {
    for (name, count) in [
        ("ws_heartbeats", 1),
        ("ws_l2_data_snapshot", 8),
        ("ws_l2_data_update", 3),
        ("ws_market_trades", 2),
        ("ws_subscriptions", 2),
        ("ws_ticker", 1),
        ("ws_user", 2),
    ] {
        let Some(frame) = recorded(&format!("coinbase/nautilus_fixtures/{name}.json")) else {
            return;
        };
        let lines = alone(&frame).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(lines.len(), count, "{name}: {lines:?}");
    }
    let places = [
        "pro/coinbase.handle_tickers",
        "pro/coinbase.handle_trade",
        "pro/coinbase.handle_order",
        "pro/coinbase.handle_order_book",
        "pro/coinbase.handle_heartbeats",
    ];
    let Some(samples) = sampled(&places) else {
        return;
    };
    assert_eq!(samples.len(), places.len());
    for sample in samples {
        alone(&sample).unwrap_or_else(|error| panic!("{error}: {sample}"));
    }
}
