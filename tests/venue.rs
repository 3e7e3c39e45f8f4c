//! The local venue as a process: real TLS, REST and websockets, from start to stop.

mod support {
    pub mod folder;
    pub mod process;
    pub mod venue;
}

use serde_json::{Value, json};
use std::time::Duration;
use support::venue::{Rest, Stream, Venue};

const ORDERS: &str = "/api/v3/brokerage/orders";

fn limit_order(id: &str, side: &str, size: &str, price: &str) -> Value {
    json!({
        "client_order_id": id,
        "product_id": "BTC-USD",
        "side": side,
        "order_configuration": {
            "limit_limit_gtc": {"base_size": size, "limit_price": price, "post_only": false},
        },
    })
}

fn market_order(id: &str, side: &str, size: &str) -> Value {
    json!({
        "client_order_id": id,
        "product_id": "BTC-USD",
        "side": side,
        "order_configuration": {"market_market_ioc": {"base_size": size}},
    })
}

/// The balance of a currency: available and hold.
fn balance(rest: &mut Rest, currency: &str) -> (String, String) {
    let accounts = rest.get("/api/v3/brokerage/accounts?limit=250");
    let of_currency = |account: &&Value| account["currency"] == currency;
    let account = accounts["accounts"]
        .as_array()
        .and_then(|all| all.iter().find(of_currency));
    let account = account.unwrap_or_else(|| panic!("{currency} in {accounts}"));
    let text = |value: &Value| value["value"].as_str().expect("a text").to_owned();
    (text(&account["available_balance"]), text(&account["hold"]))
}

#[test]
fn up_to_twenty_products_have_a_market() {
    let venue = Venue::start(&["--products", "20"]);
    let mut rest = venue.rest();
    let products = rest.get("/api/v3/brokerage/market/products");
    let products = products["products"].as_array().expect("products");
    assert_eq!(products.len(), 20);
    for product in products {
        let id = product["product_id"].as_str().expect("a name");
        let path = "/api/v3/brokerage/market/product_book?limit=50&product_id=";
        let book = rest.get(&format!("{path}{id}"));
        let levels = |side: &str| book["pricebook"][side].as_array().map(Vec::len);
        assert_eq!(
            (levels("bids"), levels("asks")),
            (Some(50), Some(50)),
            "{id}"
        );
    }
}

#[test]
fn public_data_is_there_from_the_start() {
    let venue = Venue::start(&[]);
    let mut rest = venue.rest();
    let products = rest.get("/api/v3/brokerage/market/products");
    assert_eq!(products["num_products"], 3);
    let book = rest.get("/api/v3/brokerage/market/product_book?product_id=ETH-USD&limit=10");
    assert_eq!(book["pricebook"]["bids"].as_array().map(Vec::len), Some(10));
    let book = rest.get("/api/v3/brokerage/market/product_book?product_id=ETH-USD&limit=50");
    let levels = |side: &str| book["pricebook"][side].as_array().map(Vec::len);
    assert_eq!((levels("bids"), levels("asks")), (Some(50), Some(50)));
    let time = rest.get("/api/v3/brokerage/time");
    let now: i64 = time["epochSeconds"]
        .as_str()
        .and_then(|text| text.parse().ok())
        .expect("seconds");
    let range = format!("start={}&end={now}&granularity=ONE_MINUTE", now - 1_800);
    let target = format!("/api/v3/brokerage/market/products/BTC-USD/candles?{range}");
    let candles = rest.get(&target);
    assert!(
        candles["candles"].as_array().map_or(0, Vec::len) >= 25,
        "{candles}"
    );
}

#[test]
fn only_a_signed_call_of_a_known_key_is_let_in() {
    let venue = Venue::start(&[]);
    let mut rest = venue.rest();
    for key in [0, 1] {
        rest.sign_with(key);
        assert_eq!(rest.call("GET", "/api/v3/brokerage/accounts", "").0, 200);
    }
    rest.spoil_signature = true;
    assert_eq!(rest.call("GET", "/api/v3/brokerage/accounts", "").0, 401);
    rest.spoil_signature = false;
    rest.clock_offset = -200;
    assert_eq!(
        rest.call("GET", "/api/v3/brokerage/accounts", "").0,
        401,
        "expired"
    );
    rest.clock_offset = 0;
    assert_eq!(
        rest.call("GET", "/api/v3/brokerage/key_permissions", "").0,
        200
    );
}

#[test]
fn a_market_order_is_filled_and_balances_and_fills_agree() {
    let venue = Venue::start(&["--balance", "USD=100000"]);
    let mut rest = venue.rest();
    let placed = rest.post(ORDERS, &market_order("buy-1", "BUY", "0.1"));
    assert_eq!(placed["success"], true, "{placed}");
    let id = placed["order_id"].as_str().expect("an id").to_owned();
    let order = rest.get(&format!("{ORDERS}/historical/{id}"));
    let order = &order["order"];
    assert_eq!(
        (&order["status"], &order["filled_size"]),
        (&json!("FILLED"), &json!("0.1"))
    );
    assert_eq!(
        balance(&mut rest, "BTC"),
        ("0.1".to_owned(), "0".to_owned())
    );
    let fills = rest.get(&format!("{ORDERS}/historical/fills?order_ids={id}"));
    let count = order["number_of_fills"]
        .as_str()
        .and_then(|n| n.parse().ok());
    assert_eq!(fills["fills"].as_array().map(Vec::len), count);
    let again = rest.post(ORDERS, &market_order("buy-1", "BUY", "0.1"));
    assert_eq!(
        again["error_response"]["error"],
        "DUPLICATE_CLIENT_ORDER_ID"
    );
}

#[test]
fn market_channels_stream_under_one_unbroken_sequence() {
    let venue = Venue::start(&[]);
    let mut stream = venue.stream();
    for channel in ["heartbeats", "market_trades", "ticker", "level2"] {
        stream.say(&json!({
            "type": "subscribe", "channel": channel, "product_ids": ["BTC-USD", "SOL-USD"],
        }));
    }
    let mut seen = std::collections::BTreeMap::new();
    let mut next = 0;
    while seen.get("heartbeats").is_none_or(|count| *count < 2) {
        let frame = stream.frame();
        assert_eq!(frame["sequence_num"], next, "{frame}");
        next += 1;
        let channel = frame["channel"].as_str().expect("a channel").to_owned();
        *seen.entry(channel).or_insert(0) += 1;
    }
    for channel in ["subscriptions", "market_trades", "ticker", "l2_data"] {
        assert!(
            seen.get(channel).is_some_and(|count| *count >= 2),
            "{channel}: {seen:?}"
        );
    }
}

#[test]
fn the_user_channel_tells_an_order_from_its_beginning_to_its_end() {
    let venue = Venue::start(&[]);
    let (mut rest, mut stream) = (venue.rest(), venue.stream());
    stream.say(&json!({"type": "subscribe", "channel": "user"}));
    assert_eq!(stream.frame()["message"], "authentication failure");
    let token = rest.token(None);
    stream.say(&json!({"type": "subscribe", "channel": "user", "jwt": token}));
    assert_eq!(stream.frame()["events"][0]["type"], "snapshot");
    let placed = rest.post(ORDERS, &limit_order("rest-1", "BUY", "0.01", "1000.00"));
    let id = placed["order_id"].as_str().expect("an id").to_owned();
    let opened = stream.update(&id, "OPEN");
    assert_eq!(opened["leaves_quantity"], "0.01");
    let cancelled = rest.post(
        &format!("{ORDERS}/batch_cancel"),
        &json!({"order_ids": [id]}),
    );
    assert_eq!(cancelled["results"][0]["success"], true);
    stream.update(&id, "CANCELLED");
    let placed = rest.post(ORDERS, &market_order("take-1", "BUY", "0.01"));
    let id = placed["order_id"].as_str().expect("an id").to_owned();
    assert_eq!(stream.update(&id, "FILLED")["cumulative_quantity"], "0.01");
    assert_eq!(balance(&mut rest, "USD").1, "0", "nothing is held");
}

#[test]
fn an_order_whose_answer_is_lost_exists_all_the_same() {
    let fault = "answer_lost,count=1,path=/api/v3/brokerage/orders";
    let venue = Venue::start(&["--fault", fault]);
    let mut rest = venue.rest();
    let body = limit_order("lost-1", "BUY", "0.01", "1000.00").to_string();
    assert!(rest.try_call("POST", ORDERS, &body).is_err(), "no answer");
    let mut rest = venue.rest();
    let open = rest.get(&format!("{ORDERS}/historical/batch?order_status=OPEN"));
    assert_eq!(open["orders"][0]["client_order_id"], "lost-1");
}

#[test]
fn faults_are_armed_and_cleared_while_it_runs() {
    let venue = Venue::start(&[]);
    let mut rest = venue.rest();
    let armed = rest.call(
        "POST",
        "/venue/faults",
        r#"{"fault":"slow_answer","ms":3000,"count":1}"#,
    );
    assert_eq!(armed.0, 200, "{}", armed.1);
    let mut slow = venue.rest();
    slow.ask("GET", "/api/v3/brokerage/time", "")
        .expect("it is sent");
    while rest.get("/venue/faults")["struck"]["slow_answer"] != 1 {}
    assert!(
        slow.is_unanswered(),
        "what is asked later is answered first"
    );
    assert_eq!(slow.answer().expect("it comes late").0, 200);
    rest.call("POST", "/venue/faults", r#"{"fault":"too_many_requests"}"#);
    assert_eq!(rest.call("GET", "/api/v3/brokerage/time", "").0, 429);
    rest.call("DELETE", "/venue/faults", "");
    assert_eq!(rest.call("GET", "/api/v3/brokerage/time", "").0, 200);
    let mut stream = venue.stream();
    stream.say(&json!({"type": "subscribe", "channel": "heartbeats"}));
    stream.frame();
    rest.call(
        "POST",
        "/venue/faults",
        r#"{"fault":"disconnect","count":1}"#,
    );
    stream.wait_for_end();
}

#[test]
fn who_subscribes_to_nothing_is_sent_away() {
    let venue = Venue::start(&[]);
    let began = std::time::Instant::now();
    venue.stream().wait_for_end();
    // Five seconds from its upgrade on: never at once.
    assert!(began.elapsed() >= Duration::from_secs(2));
}

#[test]
fn a_recording_is_the_market_when_asked_for() {
    let recording = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/recordings/btc-perp-2018-01-01.mrec"
    );
    let venue = Venue::start(&[
        "--recording",
        recording,
        "--speed",
        "1000",
        "--history",
        "1",
    ]);
    let mut rest = venue.rest();
    let products = rest.get("/api/v3/brokerage/market/products");
    assert_eq!(products["num_products"], 1);
    assert_eq!(products["products"][0]["product_id"], "BTC-USD");
    let mut stream = venue.stream();
    stream
        .say(&json!({"type": "subscribe", "channel": "market_trades", "product_ids": ["BTC-USD"]}));
    let trades = |frame: &Value| frame["events"][0]["trades"].as_array().map_or(0, Vec::len);
    while !(stream.frame_of("market_trades", |frame| {
        frame["events"][0]["type"] == "update" && trades(frame) > 10
    })) {}
}

#[test]
fn nonsense_does_not_bring_it_down() {
    let venue = Venue::start(&[]);
    venue.send_raw(b"GET / HTTP/1.1\r\n\r\n");
    venue.send_raw(&[0x16, 0x03, 0x01, 0x00, 0x05, 1, 2, 3, 4, 5]);
    let mut rest = venue.rest();
    assert!(
        rest.try_raw(b"\x00\x01\x02 nonsense\r\n\r\n")
            .starts_with("HTTP/1.1 400")
    );
    let mut stream = venue.stream();
    for text in [
        "",
        "{",
        "[]",
        "null",
        "{\"type\":\"subscribe\"}",
        "\u{1F41F}",
    ] {
        stream.say_text(text);
        assert_eq!(stream.frame()["type"], "error", "{text:?}");
    }
    let mut deep = "[".repeat(20_000);
    deep.push_str(&"]".repeat(20_000));
    stream.say_text(&deep);
    assert_eq!(stream.frame()["type"], "error");
    assert_eq!(
        venue.rest().call("GET", "/api/v3/brokerage/time", "").0,
        200
    );
}

#[test]
fn a_body_that_is_too_large_is_answered_before_the_connection_ends() {
    let venue = Venue::start(&[]);
    // More than what sockets hold: its sender is still at it when the answer comes.
    for bytes in [64 * 1024 + 1, 16 << 20] {
        let mut rest = venue.rest();
        let (status, body) = rest.call("POST", ORDERS, &"x".repeat(bytes));
        assert_eq!(status, 413, "{body}");
        let error: Value = serde_json::from_str(&body).expect("JSON");
        assert_eq!(error["error"], "CONTENT_TOO_LARGE");
        assert_eq!(error["message"], "body is larger than 64 KiB");
        assert!(rest.try_call("GET", "/api/v3/brokerage/time", "").is_err());
    }
    assert_eq!(balance(&mut venue.rest(), "USD").1, "0");
}

#[test]
fn keys_and_certificate_outlive_a_restart_and_orders_do_not() {
    let mut venue = Venue::start(&[]);
    let mut rest = venue.rest();
    rest.post(ORDERS, &limit_order("gone-1", "BUY", "0.01", "1000.00"));
    let keys = venue.file("keys.json");
    drop(rest);
    venue.restart();
    assert_eq!(venue.file("keys.json"), keys);
    let mut rest = venue.rest();
    let open = rest.get(&format!("{ORDERS}/historical/batch?order_status=OPEN"));
    assert_eq!(open["orders"], json!([]));
    assert_eq!(venue.stop(), Some(0));
}

/// The connection's type is what the tests above use.
const _: fn(&Venue) -> Stream = Venue::stream;

#[test]
fn a_contract_is_sold_short_held_on_margin_and_closed() {
    let venue = Venue::start(&["--futures"]);
    let mut rest = venue.rest();
    let id = "BIP-20DEC30-CDE";
    let product = rest.get(&format!("/api/v3/brokerage/market/products/{id}"));
    assert_eq!(product["product_type"], "FUTURE");
    let time = rest.get("/api/v3/brokerage/time");
    let now: i64 = time["epochSeconds"]
        .as_str()
        .and_then(|text| text.parse().ok())
        .expect("seconds");
    let range = format!("start={}&end={now}&granularity=ONE_MINUTE", now - 1_800);
    let target = format!("/api/v3/brokerage/market/products/{id}/candles?{range}");
    let candles = rest.get(&target);
    assert!(
        candles["candles"].as_array().map_or(0, Vec::len) >= 25,
        "{candles}"
    );
    let mut stream = venue.stream();
    let token = rest.token(None);
    stream.say(&json!({"type": "subscribe", "channel": "user", "jwt": token}));
    let none =
        |frame: &Value| frame["events"][0]["positions"]["expiring_futures_positions"] == json!([]);
    assert!(stream.frame_of("user", none));
    let mut order = market_order("short", "SELL", "3");
    order["product_id"] = json!(id);
    let placed = rest.post(ORDERS, &order);
    assert_eq!(placed["success"], true, "{placed}");
    stream.update(placed["order_id"].as_str().expect("an id"), "FILLED");
    let positions = rest.get("/api/v3/brokerage/cfm/positions");
    assert_eq!(positions["positions"][0]["side"], "SHORT", "{positions}");
    let summary = rest.get("/api/v3/brokerage/cfm/balance_summary");
    let total = &summary["balance_summary"]["total_usd_balance"]["value"];
    assert_eq!(
        total, "99999.55",
        "the fees, and dollars that moved count once"
    );
    assert_ne!(balance(&mut rest, "USD").0, "100000");
    let close = json!({"client_order_id": "close", "product_id": id});
    let closed = rest.post(&format!("{ORDERS}/close_position"), &close);
    assert_eq!(closed["success"], true, "{closed}");
    let positions = rest.get("/api/v3/brokerage/cfm/positions");
    assert_eq!(positions["positions"], json!([]));
}
