//! The exact request of every call, subscriptions included.

use super::{NOW, codec, codec_with_key};
use minnow::core::market::Interval;
use minnow::core::units::{Side, Span};
use minnow::exchange::ExchangeCodec;
use minnow::exchange::calls::{Call, Method, Standing};
use minnow::exchange::coinbase::{Addresses, Coinbase};
use minnow::exchange::orders::{NewOrder, OrderLife, OrderTerms};
use minnow::exchange::stream::StreamRole;

/// `METHOD path?query` without the prefix, `signed` or nothing, and the body.
fn shown(codec: &Coinbase, call: &Call) -> String {
    let request = codec.request(call);
    let path = request
        .path
        .strip_prefix("/api/v3/brokerage")
        .expect("every path has the prefix");
    let mark = if request.query.is_empty() { "" } else { "?" };
    let signed = if request.signed { " signed" } else { "" };
    assert_eq!(request.body.is_some(), request.method == Method::Post);
    format!(
        "{} {path}{mark}{}{signed} {}",
        request.method.name(),
        request.query,
        request.body.unwrap_or_default()
    )
    .trim_end()
    .to_owned()
}

fn order(terms: OrderTerms) -> NewOrder {
    NewOrder {
        client_id: "mwabcdef-00001-0000001-1".to_owned(),
        product: "BTC-USD".to_owned(),
        side: Side::Buy,
        terms,
        leverage: None,
    }
}

fn limit(life: OrderLife, post_only: bool) -> OrderTerms {
    OrderTerms::Limit {
        size: "0.001".parse().unwrap(),
        price: "10000.00".parse().unwrap(),
        life,
        post_only,
    }
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[test]
fn market_data_is_asked_without_a_key() {
    let products = |ids: &[&str], futures| Call::Products {
        ids: texts(ids),
        futures,
    };
    let hour = |name: &str| Call::Candles {
        product: "BTC-USD".to_owned(),
        interval: Interval::parse(name).unwrap(),
        from: NOW,
        to: NOW + Span::from_secs(3600),
    };
    let trades = |from| Call::Trades {
        product: "BTC-USD".to_owned(),
        limit: 100,
        from,
        to: None,
    };
    for (call, expected) in [
        (Call::ServerTime, "GET /time"),
        (
            products(&[], false),
            "GET /market/products?product_type=SPOT",
        ),
        (
            products(&[], true),
            "GET /market/products?product_type=FUTURE",
        ),
        (
            products(&["BTC-USD"], false),
            "GET /market/products/BTC-USD",
        ),
        (
            products(&["BTC-USD", "A&B=C/ä"], false),
            "GET /market/products?product_type=SPOT&product_ids=BTC-USD&product_ids=A%26B%3DC%2F%C3%A4",
        ),
        (
            products(&["BTC-PERP-INTX", "ETH-PERP-INTX"], true),
            "GET /market/products?product_type=FUTURE&contract_expiry_type=PERPETUAL&product_ids=BTC-PERP-INTX&product_ids=ETH-PERP-INTX",
        ),
        (
            products(&["BTC-USD", "BIP-20DEC30-CDE"], true),
            "GET /market/products?product_ids=BTC-USD&product_ids=BIP-20DEC30-CDE",
        ),
        (
            Call::Book {
                product: "BTC-USD".to_owned(),
                levels: 50,
            },
            "GET /market/product_book?product_id=BTC-USD&limit=50",
        ),
        (
            hour("5m"),
            "GET /market/products/BTC-USD/candles?start=1764000000&end=1764003600&granularity=FIVE_MINUTE",
        ),
        (
            hour("3m"),
            "GET /market/products/BTC-USD/candles?start=1764000000&end=1764003600&granularity=UNKNOWN_GRANULARITY",
        ),
        (
            trades(None),
            "GET /market/products/BTC-USD/ticker?limit=100",
        ),
        (
            trades(Some(NOW)),
            "GET /market/products/BTC-USD/ticker?limit=100&start=1764000000",
        ),
    ] {
        assert_eq!(shown(&codec(), &call), expected);
    }
    assert_eq!(
        shown(&codec_with_key(), &products(&[], false)),
        "GET /products?product_type=SPOT&get_tradability_status=true signed"
    );
    assert_eq!(
        shown(&codec_with_key(), &products(&["BTC-USD"], false)),
        "GET /products/BTC-USD?get_tradability_status=true signed"
    );
}

#[test]
fn the_account_is_asked_with_a_key() {
    let orders = |product: &str, standing, since, cursor: &str| Call::Orders {
        product: product.to_owned(),
        standing,
        since,
        cursor: cursor.to_owned(),
    };
    for (call, expected) in [
        (Call::KeyPermissions, "GET /key_permissions signed"),
        (
            Call::Accounts {
                cursor: String::new(),
            },
            "GET /accounts?limit=250 signed",
        ),
        (
            Call::Accounts {
                cursor: "a+b".to_owned(),
            },
            "GET /accounts?limit=250&cursor=a%2Bb signed",
        ),
        (Call::FeeTier, "GET /transaction_summary signed"),
        (Call::Positions, "GET /cfm/positions signed"),
        (Call::FuturesBalance, "GET /cfm/balance_summary signed"),
        (
            Call::Order {
                venue_id: "52cf".to_owned(),
            },
            "GET /orders/historical/52cf signed",
        ),
        (
            orders("BTC-USD", Standing::Open, None, ""),
            "GET /orders/historical/batch?product_ids=BTC-USD&order_status=OPEN&limit=100 signed",
        ),
        (
            orders("", Standing::Pending, None, ""),
            "GET /orders/historical/batch?order_status=PENDING&order_status=QUEUED&order_status=CANCEL_QUEUED&order_status=EDIT_QUEUED&limit=100 signed",
        ),
        (
            orders("", Standing::Any, Some(NOW), "next"),
            "GET /orders/historical/batch?start_date=2025-11-24T16%3A00%3A00.000Z&limit=100&cursor=next signed",
        ),
        (
            Call::Fills {
                product: "BTC-USD".to_owned(),
                order: "52cf".to_owned(),
                since: Some(NOW),
                cursor: String::new(),
            },
            "GET /orders/historical/fills?order_ids=52cf&product_ids=BTC-USD&start_sequence_timestamp=2025-11-24T16%3A00%3A00.000Z&limit=100 signed",
        ),
    ] {
        assert_eq!(shown(&codec_with_key(), &call), expected);
    }
}

#[test]
fn orders_are_placed_edited_and_cancelled_by_post() {
    let until_cancelled = limit(OrderLife::UntilCancelled, false);
    let future = NewOrder {
        product: "BIT-26APR24-CDE".to_owned(),
        side: Side::Sell,
        leverage: Some(3),
        ..order(OrderTerms::Market {
            size: "2".parse().unwrap(),
        })
    };
    for (call, expected) in [
        (
            Call::Place(order(until_cancelled.clone())),
            r#"POST /orders signed {"client_order_id":"mwabcdef-00001-0000001-1","product_id":"BTC-USD","side":"BUY","order_configuration":{"limit_limit_gtc":{"base_size":"0.001","limit_price":"10000","post_only":false}}}"#,
        ),
        (
            Call::Place(future),
            r#"POST /orders signed {"client_order_id":"mwabcdef-00001-0000001-1","product_id":"BIT-26APR24-CDE","side":"SELL","order_configuration":{"market_market_ioc":{"base_size":"2"}},"leverage":"3"}"#,
        ),
        (
            Call::Preview(order(until_cancelled)),
            r#"POST /orders/preview signed {"product_id":"BTC-USD","side":"BUY","order_configuration":{"limit_limit_gtc":{"base_size":"0.001","limit_price":"10000","post_only":false}}}"#,
        ),
        (
            Call::Edit {
                venue_id: "52cf".to_owned(),
                price: "10001".parse().unwrap(),
                size: "0.000000000000000002".parse().unwrap(),
            },
            r#"POST /orders/edit signed {"order_id":"52cf","price":"10001","size":"0.000000000000000002"}"#,
        ),
        (
            Call::Cancel {
                venue_ids: texts(&["52cf", "a\"b"]),
            },
            r#"POST /orders/batch_cancel signed {"order_ids":["52cf","a\"b"]}"#,
        ),
    ] {
        assert_eq!(shown(&codec_with_key(), &call), expected);
    }
}

/// A post-only order that does not rest takes liquidity as anything else: the venue gets to refuse it.
#[test]
fn terms_that_contradict_each_other_never_become_another_order() {
    let terms = limit(OrderLife::ImmediateOrCancel, true);
    let shown = shown(&codec_with_key(), &Call::Place(order(terms)));
    assert!(shown.ends_with(r#""order_configuration":{}}"#), "{shown}");
}

fn subscribe(codec: &mut Coinbase, role: StreamRole, products: &[&str]) -> Vec<String> {
    codec
        .subscribe(role, &texts(products), NOW, &mut || 7)
        .unwrap()
}

#[test]
fn each_role_subscribes_its_channels() {
    let mut codec = codec();
    assert_eq!(
        subscribe(&mut codec, StreamRole::Market, &["BTC-USD", "ETH-USD"]),
        [
            r#"{"type":"subscribe","channel":"heartbeats"}"#,
            r#"{"type":"subscribe","product_ids":["BTC-USD","ETH-USD"],"channel":"market_trades"}"#,
            r#"{"type":"subscribe","product_ids":["BTC-USD","ETH-USD"],"channel":"ticker"}"#,
            r#"{"type":"subscribe","product_ids":["BTC-USD","ETH-USD"],"channel":"status"}"#,
        ]
    );
    assert_eq!(
        subscribe(&mut codec, StreamRole::Book, &["BTC-USD"]),
        [
            r#"{"type":"subscribe","channel":"heartbeats"}"#,
            r#"{"type":"subscribe","product_ids":["BTC-USD"],"channel":"level2"}"#,
        ]
    );
    assert_eq!(
        subscribe(&mut codec, StreamRole::Market, &[]),
        [r#"{"type":"subscribe","channel":"heartbeats"}"#]
    );
    let end = codec.unsubscribe(StreamRole::Book, &texts(&["BTC-USD"]), NOW, &mut || 7);
    assert_eq!(
        end.unwrap(),
        [r#"{"type":"unsubscribe","product_ids":["BTC-USD"],"channel":"level2"}"#]
    );
}

#[test]
fn the_account_stream_wants_a_key_and_a_token() {
    let error = codec()
        .subscribe(StreamRole::Account, &[], NOW, &mut || 7)
        .unwrap_err();
    assert!(error.contains("no API key"), "{error}");
    let messages = subscribe(&mut codec_with_key(), StreamRole::Account, &[]);
    let start = r#"{"type":"subscribe","product_ids":[],"channel":"user","jwt":"eyJ"#;
    assert!(messages[0].starts_with(start), "{messages:?}");
    assert_eq!(
        messages[1],
        r#"{"type":"subscribe","channel":"heartbeats"}"#
    );
}

#[test]
fn addresses_are_checked_and_used() {
    let local = |rest: &str| Addresses {
        rest: rest.to_owned(),
        market_stream: "wss://localhost:8443".to_owned(),
        account_stream: "wss://localhost:8444".to_owned(),
    };
    let codec = Coinbase::new(local("https://localhost:8443/"), None).unwrap();
    assert_eq!(codec.rest_url(), "https://localhost:8443");
    assert_eq!(codec.stream_url(StreamRole::Market), "wss://localhost:8443");
    assert_eq!(codec.stream_url(StreamRole::Book), "wss://localhost:8443");
    assert_eq!(
        codec.stream_url(StreamRole::Account),
        "wss://localhost:8444"
    );
    for wrong in [
        "",
        "localhost",
        "https://",
        "https://a/b",
        "https://user@a",
        "ftp://a",
    ] {
        let error = Coinbase::new(local(wrong), None).unwrap_err();
        assert!(error.contains("expected https://host"), "{error}");
    }
}

#[test]
fn lengths_that_the_venue_lacks_are_made_of_the_next_smaller_one() {
    let codec = codec();
    for (wanted, asked) in [
        ("1m", Some("1m")),
        ("3m", Some("1m")),
        ("15m", Some("15m")),
        ("4h", Some("2h")),
        ("6h", Some("6h")),
        ("12h", Some("6h")),
        ("1d", Some("1d")),
        ("30s", None),
        ("1s", None),
    ] {
        let native = codec.native_interval(Interval::parse(wanted).unwrap());
        assert_eq!(native.map(Interval::name), asked, "{wanted}");
    }
    assert_eq!(codec.candle_page(), 300);
    assert_eq!(codec.rhythm(StreamRole::Book).max_message, 32 << 20);
}
