//! What the venue takes no order, edit or preview for, from request to answer.

use super::answer;
use super::tests::{NOW, get, limit, order, post, send, token, world};
use crate::venue::server::http::take_request;
use crate::venue::world::World;
use serde_json::{Value, json};

const ORDERS: &str = "/api/v3/brokerage/orders";
const PREVIEW: &str = "/api/v3/brokerage/orders/preview";

/// The refusal of an order: reason, and that of its preview. Both ways say the same.
fn refusal(world: &mut World, body: &Value) -> (String, String) {
    let answer = post(world, ORDERS, body);
    assert_eq!(answer["success"], false, "{answer}");
    let text = |name: &str| answer["error_response"][name].as_str().unwrap().to_owned();
    let (reason, preview) = (text("error"), text("preview_failure_reason"));
    assert_eq!(post(world, PREVIEW, body)["errs"], json!([preview]));
    assert_eq!(world.engine.orders().count(), 0, "nothing was placed");
    (reason, preview)
}

#[test]
fn an_edit_below_the_minimum_is_refused_and_its_preview_says_so() {
    let mut world = world();
    let sent = order("one", "BUY", &limit("0.01", "1000"));
    let placed = post(&mut world, ORDERS, &sent);
    let id = placed["order_id"].as_str().unwrap();
    let small = json!({"order_id": id, "price": "1000", "size": "0.0000001"});
    let expected = json!("INVALID_EDITED_SIZE");
    for call in ["edit", "edit_preview"] {
        let answer = post(&mut world, &format!("{ORDERS}/{call}"), &small);
        assert_eq!(answer["errors"][0]["edit_failure_reason"], expected);
    }
    let shown = get(&mut world, &format!("{ORDERS}/historical/{id}"));
    let form = &shown["order"]["order_configuration"]["limit_limit_gtc"];
    assert_eq!(form["base_size"], "0.01");
    let sound = json!({"order_id": id, "price": "1000", "size": "0.02"});
    let preview = post(&mut world, &format!("{ORDERS}/edit_preview"), &sound);
    let shown = ["errors", "quote_size", "order_total"].map(|name| &preview[name]);
    assert_eq!(shown, [&json!([]), &json!("20"), &json!("20.24")]);
}

#[test]
fn a_market_order_below_the_minimum_is_refused_as_a_limit_order_is() {
    let mut world = world();
    let small = "PREVIEW_INVALID_QUOTE_SIZE_TOO_SMALL";
    let expected = ("INVALID_SIZE_PRECISION".to_owned(), small.to_owned());
    let market = json!({"market_market_ioc": {"base_size": "0.00000001"}});
    for side in ["BUY", "SELL"] {
        let sent = order("one", side, &market);
        assert_eq!(refusal(&mut world, &sent), expected);
        let sent = order("one", side, &limit("0.00000001", "83000"));
        assert_eq!(refusal(&mut world, &sent), expected);
    }
}

#[test]
fn an_order_with_another_attached_is_refused_as_what_is_not_offered() {
    let mut world = world();
    let mut sent = order("one", "BUY", &limit("0.01", "80000"));
    let levels = json!({"limit_price": "90000", "stop_trigger_price": "70000"});
    sent["attached_order_configuration"] = json!({"trigger_bracket_gtc": levels});
    let expected = (
        "UNSUPPORTED_ORDER_CONFIGURATION".to_owned(),
        "PREVIEW_INVALID_ORDER_CONFIG".to_owned(),
    );
    assert_eq!(refusal(&mut world, &sent), expected);
    let answer = post(&mut world, ORDERS, &sent);
    let message = answer["error_response"]["message"].as_str().unwrap();
    assert!(
        message.starts_with("attached_order_configuration"),
        "{message}"
    );
    sent["attached_order_configuration"] = json!(null);
    assert_eq!(post(&mut world, ORDERS, &sent)["success"], true);
}

#[test]
fn a_stop_without_its_direction_and_a_number_with_a_sign_are_malformed() {
    let mut world = world();
    let stop = json!({"base_size": "0.01", "limit_price": "80000", "stop_price": "81000"});
    let stop = json!({"stop_limit_stop_limit_gtc": stop});
    let mut leveraged = order("one", "BUY", &limit("0.01", "80000"));
    leveraged["leverage"] = json!("much");
    for (sent, named) in [
        (order("one", "SELL", &stop), "stop_direction"),
        (order("one", "BUY", &limit("+0.01", "80000")), "base_size"),
        (order("one", "BUY", &limit("0.01", "+80000")), "limit_price"),
        (leveraged, "leverage"),
    ] {
        let answer = send(&mut world, "POST", ORDERS, &sent.to_string(), true);
        assert_eq!(answer.status, 400, "{}", answer.body);
        assert!(answer.body.contains(named), "{}", answer.body);
    }
    assert_eq!(world.engine.orders().count(), 0);
}

#[test]
fn spot_has_no_leverage() {
    let mut world = world();
    let mut sent = order("one", "BUY", &limit("0.01", "80000"));
    sent["leverage"] = json!("5");
    let unsupported = "UNSUPPORTED_ORDER_CONFIGURATION".to_owned();
    let leverage = (unsupported, "PREVIEW_INVALID_LEVERAGE".to_owned());
    assert_eq!(refusal(&mut world, &sent), leverage);
    sent["leverage"] = json!("1.0");
    assert_eq!(post(&mut world, ORDERS, &sent)["success"], true);
}

#[test]
fn a_limit_on_the_wrong_side_of_its_stop_and_a_bracket_beside_the_price_are_refused() {
    let mut world = world();
    let stop = |limit: &str, stop: &str, direction: &str| {
        json!({"stop_limit_stop_limit_gtc": {
            "base_size": "0.01", "limit_price": limit, "stop_price": stop,
            "stop_direction": format!("STOP_DIRECTION_STOP_{direction}"),
        }})
    };
    let bracket = |target: &str, stop: &str| {
        json!({"trigger_bracket_gtc": {
            "base_size": "0.01", "limit_price": target, "stop_trigger_price": stop,
        }})
    };
    let limit = "INVALID_LIMIT_PRICE";
    let prices = ("INVALID_BRACKET_PRICES", "PREVIEW_INVALID_BRACKET_PRICES");
    // The last price is 83,000.
    for (side, sent, expected) in [
        (
            "SELL",
            stop("80000.01", "80000", "DOWN"),
            (limit, "PREVIEW_STOP_PRICE_BELOW_LIMIT_PRICE"),
        ),
        (
            "BUY",
            stop("84999.99", "85000", "UP"),
            (limit, "PREVIEW_STOP_PRICE_ABOVE_LIMIT_PRICE"),
        ),
        ("SELL", bracket("83000", "80000"), prices),
        ("SELL", bracket("81000", "80000"), prices),
        ("SELL", bracket("90000", "83000"), prices),
        ("SELL", bracket("90000", "90001"), prices),
    ] {
        let refused = refusal(&mut world, &order("one", side, &sent));
        assert_eq!((refused.0.as_str(), refused.1.as_str()), expected, "{sent}");
    }
    for (id, side, sent) in [
        ("a", "SELL", stop("80000", "80000", "DOWN")),
        ("b", "BUY", stop("85000", "85000", "UP")),
        ("c", "SELL", bracket("83000.01", "82999.99")),
    ] {
        let answer = post(&mut world, ORDERS, &order(id, side, &sent));
        assert_eq!(answer["success"], true, "{answer}");
    }
}

#[test]
fn a_token_for_another_host_is_refused_whatever_the_client_calls_the_venue() {
    let mut world = world();
    let path = "/api/v3/brokerage/accounts";
    let mut status = |host: &str, stated: &str| {
        let token = token(Some(&format!("GET {stated}{path}")));
        let text =
            format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\r\n");
        let request = take_request(&mut text.into_bytes()).unwrap().unwrap();
        answer(&mut world, &request, NOW).answer.status
    };
    assert_eq!(status("evil.example", "evil.example"), 401);
    assert_eq!(status("", ""), 401);
    for host in ["localhost:1", "evil.example"] {
        for stated in ["localhost:1", "127.0.0.1:1", "[::1]", "api.coinbase.com"] {
            assert_eq!(status(host, stated), 200, "{stated} at {host}");
        }
    }
}

#[test]
fn a_body_that_says_a_thing_twice_is_malformed() {
    let mut world = world();
    let sent = order("one", "BUY", &limit("0.01", "80000")).to_string();
    let twice = sent.replacen('{', r#"{"side":"SELL","#, 1);
    for path in [ORDERS, PREVIEW] {
        let answer = send(&mut world, "POST", path, &twice, true);
        assert_eq!(answer.status, 400, "{}", answer.body);
    }
    assert_eq!(world.engine.orders().count(), 0);
    assert_eq!(send(&mut world, "POST", ORDERS, &sent, true).status, 200);
}
