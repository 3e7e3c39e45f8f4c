//! Calls from their request to their answer, without a socket.

use super::{Answer, answer};
use crate::core::units::stamp::SECOND;
use crate::core::units::{Decimal, Side, Timestamp};
use crate::venue::contract::nano_bitcoin;
use crate::venue::faults::{Fault, Faults};
use crate::venue::limits::RateLimits;
use crate::venue::market::Derived;
use crate::venue::matching::FlowTrade;
use crate::venue::product::{Product, built_in};
use crate::venue::server::hosts::Hosts;
use crate::venue::server::http::take_request;
use crate::venue::server::keys::{Algorithm, ApiKey};
use crate::venue::world::{Start, World};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::{Value, json};

pub const NOW: Timestamp = Timestamp(1_790_000_000 * SECOND);
const NAME: &str = "organizations/a/apiKeys/b";
const ORDERS: &str = "/api/v3/brokerage/orders";

fn pair() -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[9; 32]).unwrap()
}

/// A venue with 10,000 USD and 1 BTC in which BTC-USD has just traded at 83,000.
pub fn world() -> World {
    world_of(built_in(3), None)
}

/// The same with the contract listed, which has just traded at 83,000.
pub fn contract_world() -> World {
    let mut products = built_in(3);
    let contract = nano_bitcoin(products[0].price(products[0].start));
    let trade = FlowTrade {
        product: 3,
        price: contract.start,
        lots: 5,
        aggressor: Side::Buy,
    };
    products.push(contract);
    let mut world = world_of(products, Some(Derived::new(0, 3, 1)));
    world.flow(NOW, &trade);
    world.take_news();
    world
}

/// The same with these products.
fn world_of(products: Vec<Product>, derived: Option<Derived>) -> World {
    let key = ApiKey {
        name: NAME.to_owned(),
        algorithm: Algorithm::EdDsa,
        public: pair().public_key().as_ref().to_vec(),
        file: "",
    };
    let mut world = World::new(Start {
        products,
        derived,
        balances: vec![
            ("USD".to_owned(), Decimal::from_int(10_000)),
            ("BTC".to_owned(), Decimal::ONE),
        ],
        seed: 1,
        id_seed: 2,
        keys: vec![key],
        faults: Faults::new(1),
        limits: RateLimits::new(0, 0),
        started: NOW,
    });
    world.hosts = Hosts::new(([127, 0, 0, 1], 1).into(), None);
    trade(&mut world, 8_300_000, Side::Buy);
    world
}

/// A trade of a tenth of a bitcoin at so many cents.
pub fn trade(world: &mut World, cents: i64, aggressor: Side) {
    let trade = FlowTrade {
        product: 0,
        price: crate::core::units::Price(cents),
        lots: 10_000_000,
        aggressor,
    };
    world.flow(NOW, &trade);
    world.take_news();
}

/// A token for a call, or for a stream.
pub fn token(uri: Option<&str>) -> String {
    let seconds = NOW.0 / SECOND;
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let claims =
        json!({"sub": NAME, "iss": "cdp", "nbf": seconds, "exp": seconds + 120, "uri": uri});
    let header = json!({"alg": "EdDSA", "kid": NAME});
    let signed = format!("{}.{}", part(header), part(claims));
    let signature = URL_SAFE_NO_PAD.encode(pair().sign(signed.as_bytes()).as_ref());
    format!("{signed}.{signature}")
}

pub fn send(world: &mut World, method: &str, target: &str, body: &str, signed: bool) -> Answer {
    let path = target.split('?').next().unwrap();
    let token = token(Some(&format!("{method} localhost:1{path}")));
    let token = if signed {
        format!("Authorization: Bearer {token}\r\n")
    } else {
        String::new()
    };
    let length = body.len();
    let text = format!(
        "{method} {target} HTTP/1.1\r\nHost: localhost:1\r\n{token}Content-Length: {length}\r\n\r\n{body}"
    );
    let request = take_request(&mut text.into_bytes()).unwrap().unwrap();
    answer(world, &request, NOW).answer
}

fn json_of(answer: &Answer) -> Value {
    serde_json::from_str(&answer.body).unwrap()
}

pub fn get(world: &mut World, target: &str) -> Value {
    let answer = send(world, "GET", target, "", true);
    assert_eq!(answer.status, 200, "{}", answer.body);
    json_of(&answer)
}

pub fn post(world: &mut World, path: &str, body: &Value) -> Value {
    let answer = send(world, "POST", path, &body.to_string(), true);
    assert_eq!(answer.status, 200, "{}", answer.body);
    json_of(&answer)
}

pub fn order(id: &str, side: &str, configuration: &Value) -> Value {
    json!({
        "client_order_id": id,
        "product_id": "BTC-USD",
        "side": side,
        "order_configuration": configuration,
    })
}

pub fn limit(size: &str, price: &str) -> Value {
    json!({"limit_limit_gtc": {"base_size": size, "limit_price": price, "post_only": false}})
}

#[test]
fn private_calls_need_a_token_and_public_ones_none() {
    let mut world = world();
    let status = |world: &mut World, path, signed| send(world, "GET", path, "", signed).status;
    assert_eq!(status(&mut world, "/api/v3/brokerage/time", false), 200);
    assert_eq!(
        status(&mut world, "/api/v3/brokerage/market/products", false),
        200
    );
    for path in [
        "accounts",
        "products",
        "orders/historical/batch",
        "nonsense",
    ] {
        let path = format!("/api/v3/brokerage/{path}");
        assert_eq!(
            send(&mut world, "GET", &path, "", false).status,
            401,
            "{path}"
        );
    }
    assert_eq!(status(&mut world, "/api/v3/brokerage/nonsense", true), 404);
    assert_eq!(status(&mut world, ORDERS, true), 405);
    assert_eq!(status(&mut world, "/elsewhere", false), 404);
}

#[test]
fn an_order_is_placed_listed_edited_and_cancelled() {
    let mut world = world();
    let placed = post(
        &mut world,
        ORDERS,
        &order("one", "BUY", &limit("0.01", "80000.00")),
    );
    assert_eq!(placed["success"], true);
    let id = placed["success_response"]["order_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let open = "/api/v3/brokerage/orders/historical/batch?order_status=OPEN&product_ids=BTC-USD";
    let listed = get(&mut world, open);
    assert_eq!(listed["orders"][0]["order_id"], id.as_str());
    assert_eq!(listed["orders"][0]["outstanding_hold_amount"], "809.6");
    let edit = json!({"order_id": id, "price": "79000", "size": "0.02"});
    assert_eq!(
        post(&mut world, "/api/v3/brokerage/orders/edit", &edit)["success"],
        true
    );
    let shown = get(
        &mut world,
        &format!("/api/v3/brokerage/orders/historical/{id}"),
    );
    let shown = &shown["order"];
    assert_eq!(
        shown["order_configuration"],
        json!({"limit_limit_gtc": {
            "base_size": "0.02", "limit_price": "79000", "post_only": false,
        }})
    );
    assert_eq!(shown["edit_history"][0]["size"], "0.02");
    let cancel = json!({"order_ids": [id, id, "unknown"]});
    let results = post(&mut world, "/api/v3/brokerage/orders/batch_cancel", &cancel);
    let reasons: Vec<_> = (0..3)
        .map(|i| &results["results"][i]["failure_reason"])
        .collect();
    let expected = [
        "UNKNOWN_CANCEL_FAILURE_REASON",
        "DUPLICATE_CANCEL_REQUEST",
        "UNKNOWN_CANCEL_ORDER",
    ];
    assert_eq!(reasons, expected);
    assert_eq!(get(&mut world, open)["orders"], json!([]));
    let accounts = get(&mut world, "/api/v3/brokerage/accounts");
    let usd = accounts["accounts"]
        .as_array()
        .unwrap()
        .iter()
        .find(|a| a["currency"] == "USD");
    assert_eq!(usd.unwrap()["available_balance"]["value"], "10000");
}

#[test]
fn a_fill_is_told_with_price_fee_and_side() {
    let mut world = world();
    let market = json!({"market_market_ioc": {"base_size": "0.01"}});
    let placed = post(&mut world, ORDERS, &order("one", "SELL", &market));
    let id = placed["order_id"].as_str().unwrap().to_owned();
    let target = format!("/api/v3/brokerage/orders/historical/fills?order_ids={id}");
    let fills = get(&mut world, &target);
    let fill = &fills["fills"][0];
    assert_eq!(
        (fill["side"].as_str(), fill["size"].as_str()),
        (Some("SELL"), Some("0.01"))
    );
    assert_eq!(fill["liquidity_indicator"], "TAKER");
    let shown = get(
        &mut world,
        &format!("/api/v3/brokerage/orders/historical/{id}"),
    );
    let shown = &shown["order"];
    assert_eq!(shown["status"], "FILLED");
    assert_eq!(shown["total_fees"], fill["commission"]);
    assert_eq!(shown["average_filled_price"], fill["price"]);
    assert_eq!(shown["completion_percentage"], "100");
}

#[test]
fn a_field_that_makes_no_sense_is_named() {
    let mut world = world();
    let good = order("one", "BUY", &limit("0.01", "80000"));
    for (pointer, value, named) in [
        ("/client_order_id", json!(""), "client_order_id"),
        ("/client_order_id", json!(7), "client_order_id"),
        ("/product_id", json!(null), "product_id"),
        ("/order_configuration", json!({}), "order_configuration"),
        ("/order_configuration", json!({"magic": {}}), "magic"),
        (
            "/order_configuration/limit_limit_gtc/base_size",
            json!(0.01),
            "base_size",
        ),
        (
            "/order_configuration/limit_limit_gtc/base_size",
            json!("-1"),
            "base_size",
        ),
        (
            "/order_configuration/limit_limit_gtc/limit_price",
            json!("1e5"),
            "limit_price",
        ),
        (
            "/order_configuration/limit_limit_gtc/limit_price",
            json!(null),
            "limit_price",
        ),
        (
            "/order_configuration/limit_limit_gtc/post_only",
            json!("yes"),
            "post_only",
        ),
    ] {
        let mut body = good.clone();
        *body.pointer_mut(pointer).unwrap() = value;
        let answer = send(&mut world, "POST", ORDERS, &body.to_string(), true);
        assert_eq!(answer.status, 400, "{pointer}");
        let answer = json_of(&answer);
        assert_eq!(answer["error"], "INVALID_ARGUMENT");
        assert!(
            answer["message"].as_str().unwrap().contains(named),
            "{answer}"
        );
    }
    for body in ["", "[]", "{", "\u{0}"] {
        assert_eq!(
            send(&mut world, "POST", ORDERS, body, true).status,
            400,
            "{body:?}"
        );
    }
    assert_eq!(world.engine.orders().count(), 0);
}

#[test]
fn a_refused_order_is_an_answer_of_its_own() {
    let mut world = world();
    let refused = post(
        &mut world,
        ORDERS,
        &order("one", "BUY", &limit("1", "80000.00")),
    );
    assert_eq!(refused["success"], false);
    assert_eq!(refused["error_response"]["error"], "INSUFFICIENT_FUND");
    let preview = json!({
        "product_id": "BTC-USD", "side": "BUY", "order_configuration": limit("1", "80000.00"),
    });
    let previewed = post(&mut world, "/api/v3/brokerage/orders/preview", &preview);
    assert_eq!(previewed["errs"], json!(["PREVIEW_INSUFFICIENT_FUND"]));
    let small = json!({
        "product_id": "BTC-USD", "side": "BUY", "order_configuration": limit("0.01", "80000.00"),
    });
    let previewed = post(&mut world, "/api/v3/brokerage/orders/preview", &small);
    assert_eq!(
        (&previewed["errs"], previewed["order_total"].as_str()),
        (&json!([]), Some("809.6"))
    );
}

#[test]
fn the_market_is_shown_as_it_is() {
    let mut world = world();
    trade(&mut world, 8_310_000, Side::Sell);
    let book = get(
        &mut world,
        "/api/v3/brokerage/market/product_book?product_id=BTC-USD&limit=2",
    );
    assert_eq!(book["pricebook"]["bids"][0]["price"], "83100");
    assert_eq!(book["pricebook"]["asks"].as_array().unwrap().len(), 2);
    assert_eq!(book["last"], "83100");
    let ticker = get(
        &mut world,
        "/api/v3/brokerage/market/products/BTC-USD/ticker?limit=5",
    );
    let trades = ticker["trades"].as_array().unwrap();
    assert_eq!(
        (trades.len(), &trades[0]["side"]),
        (2, &json!("BUY")),
        "the maker's side"
    );
    let seconds = NOW.0 / SECOND;
    let range = format!(
        "start={}&end={seconds}&granularity=ONE_MINUTE",
        seconds - 600
    );
    let candles = "/api/v3/brokerage/market/products/BTC-USD/candles";
    let shown = get(&mut world, &format!("{candles}?{range}"));
    assert_eq!(shown["candles"][0]["high"], "83100");
    assert_eq!(shown["candles"][0]["volume"], "0.2");
    for wrong in [
        "start=0&end=21000&granularity=ONE_MINUTE".to_owned(),
        "start=0&end=60&granularity=ONE_SECOND".to_owned(),
        "end=60&granularity=ONE_MINUTE".to_owned(),
    ] {
        let answer = send(&mut world, "GET", &format!("{candles}?{wrong}"), "", true);
        assert_eq!(answer.status, 400, "{wrong}");
    }
    let unknown = "/api/v3/brokerage/market/products/DOGE-USD";
    assert_eq!(send(&mut world, "GET", unknown, "", true).status, 404);
}

#[test]
fn faults_are_armed_by_a_call_and_strike() {
    let mut world = world();
    let arm =
        r#"{"fault":"server_error","count":1,"status":502,"path":"/api/v3/brokerage/orders"}"#;
    assert_eq!(
        send(&mut world, "POST", "/venue/faults", arm, false).status,
        200
    );
    let body = order("one", "BUY", &limit("0.01", "80000")).to_string();
    assert_eq!(send(&mut world, "POST", ORDERS, &body, true).status, 502);
    assert_eq!(world.engine.orders().count(), 0, "nothing was done");
    assert_eq!(send(&mut world, "POST", ORDERS, &body, true).status, 200);
    let wrong = send(
        &mut world,
        "POST",
        "/venue/faults",
        r#"{"fault":"x"}"#,
        false,
    );
    assert_eq!(wrong.status, 400);
    world
        .faults
        .arm(Fault::parse("answer_lost").unwrap())
        .unwrap();
    let text = "GET /api/v3/brokerage/time HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let request = take_request(&mut text.as_bytes().to_vec())
        .unwrap()
        .unwrap();
    assert!(answer(&mut world, &request, NOW).lost);
    assert_eq!(
        send(&mut world, "DELETE", "/venue/faults", "", false).status,
        200
    );
    assert!(!answer(&mut world, &request, NOW).lost);
}

#[test]
fn more_requests_than_granted_are_told_to_wait() {
    let mut world = world();
    world.limits = RateLimits::new(2, 0);
    let call = |world: &mut World| send(world, "GET", "/api/v3/brokerage/time", "", false);
    assert_eq!(
        (call(&mut world).status, call(&mut world).status),
        (200, 200)
    );
    let refused = call(&mut world);
    assert_eq!(refused.status, 429);
    let header = |name| {
        refused
            .headers
            .iter()
            .find(|(of, _)| *of == name)
            .map(|(_, v)| v.as_str())
    };
    assert_eq!(header("x-ratelimit-remaining"), Some("0"));
    assert!(header("retry-after").is_some());
}

#[test]
fn a_key_that_may_only_look_places_nothing() {
    let mut world = world();
    world.permissions.trade = false;
    let permissions = get(&mut world, "/api/v3/brokerage/key_permissions");
    assert_eq!(permissions["can_trade"], false);
    let body = order("one", "BUY", &limit("0.01", "80000")).to_string();
    let refused = send(&mut world, "POST", ORDERS, &body, true);
    assert_eq!(
        (refused.status, json_of(&refused)["error"].as_str()),
        (403, Some("PERMISSION_DENIED"))
    );
    assert_eq!(
        send(&mut world, "POST", ORDERS, &body, false).status,
        401,
        "the token comes first"
    );
    assert_eq!(world.engine.orders().count(), 0);
}

#[test]
fn other_clients_find_the_older_answers_they_ask_for() {
    let mut world = world();
    let currencies = get(&mut world, "/v2/currencies");
    assert_eq!(
        currencies["data"][0],
        json!({"id": "USD", "name": "US Dollar", "min_size": "0.01"})
    );
    let crypto = get(&mut world, "/v2/currencies/crypto");
    assert_eq!(crypto["data"][0]["code"], "BTC");
    let rates = get(&mut world, "/v2/exchange-rates?currency=USD");
    assert!(
        rates["data"]["rates"]["BTC"]
            .as_str()
            .unwrap()
            .starts_with("0.000012")
    );
    assert!(get(&mut world, "/v2/time")["data"]["epoch"].is_i64());
    assert_eq!(
        get(&mut world, "/v2/accounts?limit=250")["data"][0]["balance"]["amount"],
        "1.00000000"
    );
}
