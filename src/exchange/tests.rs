//! Frames decode to the trades they state; mutilated ones never panic.

use super::recorded::unwrap_line;
use super::{Decoded, decode};
use crate::core::market::Aggressor;
use crate::core::units::calendar::parse_time;
use proptest::prelude::*;

/// (product, price, quantity, aggressor, time, id) in text.
type Row = (String, String, String, Aggressor, String, u64);

fn rows(frame: &str) -> Result<(Decoded, Vec<Row>), String> {
    let mut rows = Vec::new();
    let decoded = decode(frame, &mut |t| {
        rows.push((
            t.product.to_owned(),
            t.price.to_string(),
            t.quantity.to_string(),
            t.aggressor,
            t.time.to_string(),
            t.id,
        ));
    });
    decoded
        .map(|d| (d, rows))
        .map_err(|error| error.to_string())
}

fn one(frame: &str) -> Row {
    let (decoded, rows) = rows(frame).unwrap();
    assert_eq!((decoded, rows.len()), (Decoded::Trades, 1));
    rows.into_iter().next().unwrap()
}

const COINBASE: &str = r#"{"channel":"market_trades","timestamp":"2026-09-30T02:39:53.7Z","sequence_num":9,"events":[{"type":"snapshot","trades":[{"product_id":"ETH-USD","trade_id":"846155105","price":"2666.11","size":"0.11139825","time":"2026-09-30T02:39:02.995145Z","side":"SELL"}]}]}"#;
const MATCH: &str = r#"{"type":"last_match","trade_id":881613,"maker_order_id":"27fff20b","taker_order_id":"1da6ce16","side":"sell","size":"0.04","price":"14.7775","product_id":"BAND-GBP","sequence":333938798,"time":"2021-04-17T16:43:30.244075Z"}"#;
const BINANCE: &str = r#"{"stream":"btcusdt@trade","data":{"e":"trade","E":1723161255343,"s":"BTCUSDT","t":3735683259,"p":"61837.63000000","q":"0.02000000","T":1723161255342,"m":true,"M":true}}"#;
const AGGREGATE: &str = r#"{"e":"aggTrade","E":1626992742291,"a":14888302,"s":"AKROUSDT","p":"0.01731","q":"312","f":27931348,"l":27931348,"T":1626992742134,"m":false}"#;
const KRAKEN_1: &str =
    r#"[993,[["354.11000000","0.89594024","1618678142.557535","s","l",""]],"trade","XMR/USD"]"#;
const KRAKEN_2: &str = r#"{"channel":"trade","type":"update","data":[{"symbol":"MATIC/USD","side":"sell","price":0.5117,"qty":40.0,"ord_type":"market","trade_id":4665906,"timestamp":"2023-09-25T07:49:37.708706Z"}]}"#;
const ALL: [&str; 6] = [COINBASE, MATCH, BINANCE, AGGREGATE, KRAKEN_1, KRAKEN_2];

#[test]
fn coinbase_states_the_side_of_the_maker() {
    let row = one(COINBASE);
    assert_eq!(
        (
            row.0.as_str(),
            row.1.as_str(),
            row.2.as_str(),
            row.3,
            row.4.as_str(),
            row.5
        ),
        (
            "ETH-USD",
            "2666.11",
            "0.11139825",
            Aggressor::Buy,
            "2026-09-30T02:39:02.995Z",
            846_155_105
        )
    );
    let row = one(MATCH);
    assert_eq!(
        (row.0.as_str(), row.1.as_str(), row.3, row.5),
        ("BAND-GBP", "14.7775", Aggressor::Buy, 881_613)
    );
}

#[test]
fn binance_states_whether_the_buyer_is_the_maker() {
    let row = one(BINANCE);
    assert_eq!(
        (row.0.as_str(), row.1.as_str(), row.2.as_str(), row.3, row.5),
        (
            "BTCUSDT",
            "61837.63",
            "0.02",
            Aggressor::Sell,
            3_735_683_259
        )
    );
    let row = one(AGGREGATE);
    assert_eq!(
        (row.1.as_str(), row.3, row.5),
        ("0.01731", Aggressor::Buy, 14_888_302)
    );
    // An older spot frame, where `a` and `b` are the orders.
    let old = BINANCE.replace("\"T\":", "\"b\":88,\"a\":50,\"T\":");
    assert_eq!(one(&old).5, 3_735_683_259);
    // An insurance fund fill is no market price.
    let fund = BINANCE.replace("\"m\":true", "\"X\":\"INSURANCE_FUND\",\"m\":true");
    assert_eq!(rows(&fund).unwrap(), (Decoded::Other, vec![]));
}

#[test]
fn kraken_states_the_side_of_the_taker() {
    let row = one(KRAKEN_1);
    assert_eq!(
        (row.0.as_str(), row.1.as_str(), row.3, row.4.as_str()),
        (
            "XMR/USD",
            "354.11",
            Aggressor::Sell,
            "2021-04-17T16:49:02.557Z"
        )
    );
    let row = one(KRAKEN_2);
    assert_eq!(
        (row.1.as_str(), row.2.as_str(), row.3, row.5),
        ("0.5117", "40", Aggressor::Sell, 4_665_906)
    );
    let time = parse_time("2023-09-25T07:49:37.708706Z").unwrap();
    assert_eq!(row.4, time.to_string());
}

#[test]
fn other_frames_bring_nothing_and_broken_ones_say_why() {
    for other in [
        r#"{"channel":"heartbeats","events":[]}"#,
        r#"{"event":"subscribed","feed":"trade","product_ids":["PI_XRPUSD"]}"#,
        r#"{"channel":"subscriptions","events":[{"subscriptions":{"market_trades":["BTC-USD"]}}]}"#,
        r#"{"result":null,"id":1}"#,
    ] {
        assert_eq!(rows(other).unwrap(), (Decoded::Other, vec![]), "{other}");
    }
    for (frame, reason) in [
        (COINBASE.replace("2666.11", "-5"), "expected above 0"),
        (COINBASE.replace("2666.11", "abc"), "price \"abc\""),
        (COINBASE.replace("SELL", "UP"), "expected BUY or SELL"),
        (
            BINANCE.replace("\"p\":\"61837.63000000\",", ""),
            "missing field `p`",
        ),
        (
            BINANCE.replace("1723161255342", "9223372036854775807"),
            "expected milliseconds",
        ),
        (KRAKEN_1.replace("\"s\"", "\"x\""), "side \"x\""),
        ("{\"trade".to_owned(), "EOF"),
    ] {
        let error = rows(&frame).unwrap_err();
        assert!(error.contains(reason), "{error}");
    }
}

proptest! {
    #[test]
    fn mutilated_frames_never_panic(
        which in 0usize..ALL.len(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<char>()), 1..5),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut text: Vec<char> = ALL[which].chars().collect();
        for (at, with) in changes {
            let at = at.index(text.len());
            text[at] = with;
        }
        text.truncate(cut.index(text.len()) + 1);
        let text: String = text.into_iter().collect();
        let _ = rows(&text);
        let _ = unwrap_line(&text);
        let _ = super::coinbase::stream::decode(&text, &mut |_| {});
        let _ = super::binance::stream::decode(&text, &mut |_| {});
        let _ = super::kraken::stream::decode(&text, &mut |_| {});
    }
}
