//! Calls about contracts, from their request to their answer.

use super::tests::{contract_world as world, get, limit, order, post, send, world as spot_world};
use crate::venue::faults::Fault;
use crate::venue::world::World;
use serde_json::{Value, json};

const PREFIX: &str = "/api/v3/brokerage";
const CONTRACT: &str = "BIP-20DEC30-CDE";
const ORDERS: &str = "/api/v3/brokerage/orders";

fn market(id: &str, side: &str, contracts: &str) -> Value {
    let mut order = order(
        id,
        side,
        &json!({"market_market_ioc": {"base_size": contracts}}),
    );
    order["product_id"] = json!(CONTRACT);
    order
}

fn placed(world: &mut World, order: &Value) -> String {
    let answer = post(world, ORDERS, order);
    assert_eq!(answer["success"], true, "{answer}");
    answer["order_id"].as_str().unwrap().to_owned()
}

fn number(value: &Value) -> f64 {
    value.as_str().unwrap().parse().unwrap()
}

#[test]
fn the_contract_is_listed_as_a_future_beside_spot() {
    let mut world = world();
    let all = get(&mut world, &format!("{PREFIX}/market/products"));
    assert_eq!(all["num_products"], 4);
    let futures = get(
        &mut world,
        &format!("{PREFIX}/market/products?product_type=FUTURE"),
    );
    assert_eq!(futures["num_products"], 1);
    let product = &futures["products"][0];
    let shown = |name: &str| product[name].as_str().unwrap();
    assert_eq!(
        (shown("product_id"), shown("status"), shown("product_type")),
        (CONTRACT, "", "FUTURE")
    );
    assert_eq!(
        (
            shown("base_increment"),
            shown("price_increment"),
            shown("quote_min_size")
        ),
        ("1", "5", "0")
    );
    let details = &product["future_product_details"];
    assert_eq!(details["contract_size"], "0.01");
    assert_eq!(details["contract_root_unit"], "BTC");
    assert_eq!(details["perpetual_details"]["max_leverage"], "10");
    assert_eq!(
        product["fcm_trading_session_details"]["is_session_open"],
        true
    );
    for (query, count) in [
        ("product_type=SPOT", 3),
        ("product_type=FUTURE&contract_expiry_type=EXPIRING", 1),
        ("product_type=FUTURE&contract_expiry_type=PERPETUAL", 0),
        ("product_ids=BTC-USD&product_ids=BIP-20DEC30-CDE", 2),
    ] {
        let listed = get(&mut world, &format!("{PREFIX}/products?{query}"));
        assert_eq!(listed["num_products"], count, "{query}");
    }
    let spot = get(&mut world, &format!("{PREFIX}/products/BTC-USD"));
    assert_eq!(spot["future_product_details"], Value::Null);
    let accounts = get(&mut world, &format!("{PREFIX}/accounts"));
    assert_eq!(accounts["size"], 4, "no account of a contract");
}

#[test]
fn a_position_is_told_with_its_entry_and_left_by_a_close() {
    let mut world = world();
    let id = placed(&mut world, &market("a", "SELL", "3"));
    let order = get(&mut world, &format!("{ORDERS}/historical/{id}"));
    let order = &order["order"];
    assert_eq!(
        (
            &order["product_type"],
            &order["filled_size"],
            &order["total_fees"]
        ),
        (&json!("FUTURE"), &json!("3"), &json!("0.45"))
    );
    assert!(number(&order["average_filled_price"]) > 80_000.0, "{order}");
    let positions = get(&mut world, &format!("{PREFIX}/cfm/positions"));
    let position = &positions["positions"][0];
    assert_eq!(
        (&position["side"], &position["number_of_contracts"]),
        (&json!("SHORT"), &json!("3"))
    );
    let entry = &position["avg_entry_price"]["value"];
    assert_eq!(number(entry), number(&order["average_filled_price"]));
    let one = get(&mut world, &format!("{PREFIX}/cfm/positions/{CONTRACT}"));
    assert_eq!(one["position"], *position);
    let close = format!("{ORDERS}/close_position");
    let mut body = json!({"client_order_id": "b", "product_id": CONTRACT, "size": "4"});
    let refused = post(&mut world, &close, &body);
    assert_eq!(refused["success"], false, "more than is held: {refused}");
    body["size"] = json!("1");
    let answer = post(&mut world, &close, &body);
    assert_eq!(answer["success_response"]["side"], "BUY", "{answer}");
    let whole = json!({"client_order_id": "c", "product_id": CONTRACT});
    assert_eq!(post(&mut world, &close, &whole)["success"], true);
    let positions = get(&mut world, &format!("{PREFIX}/cfm/positions"));
    assert_eq!(positions["positions"], json!([]));
    let target = format!("{PREFIX}/cfm/positions/{CONTRACT}");
    assert_eq!(send(&mut world, "GET", &target, "", true).status, 404);
    let fills = get(
        &mut world,
        &format!("{ORDERS}/historical/fills?product_ids={CONTRACT}"),
    );
    let fees = fills["fills"].as_array().unwrap();
    let fees: f64 = fees.iter().map(|fill| number(&fill["commission"])).sum();
    assert!((fees - 0.9).abs() < 1e-9, "{fees}");
    let futures = get(
        &mut world,
        &format!("{ORDERS}/historical/batch?product_type=FUTURE"),
    );
    assert_eq!(futures["orders"].as_array().map(Vec::len), Some(3));
}

#[test]
fn the_balance_summary_counts_swept_dollars_once() {
    let mut world = world();
    let summary = |world: &mut World| {
        let answer = get(world, &format!("{PREFIX}/cfm/balance_summary"));
        answer["balance_summary"].clone()
    };
    let before = summary(&mut world);
    assert_eq!(before["total_usd_balance"]["value"], "10000");
    placed(&mut world, &market("a", "BUY", "2"));
    let after = summary(&mut world);
    let amount = |name: &str| number(&after[name]["value"]);
    assert_eq!(after["total_usd_balance"]["value"], "9999.7", "the fees");
    assert!(amount("cfm_usd_balance") > 160.0 && amount("cbi_usd_balance") < 9_840.0);
    let accounts = get(&mut world, &format!("{PREFIX}/accounts"));
    let usd = accounts["accounts"].as_array().unwrap();
    let usd = usd
        .iter()
        .find(|account| account["currency"] == "USD")
        .unwrap();
    assert_eq!(
        usd["available_balance"]["value"],
        after["cbi_usd_balance"]["value"]
    );
    assert!(
        number(&after["liquidation_buffer_percentage"]) > 1_000.0,
        "{after}"
    );
    let portfolios = get(&mut world, &format!("{PREFIX}/portfolios"));
    let id = portfolios["portfolios"][0]["uuid"]
        .as_str()
        .unwrap()
        .to_owned();
    let breakdown = get(&mut world, &format!("{PREFIX}/portfolios/{id}"));
    let held = &breakdown["breakdown"]["futures_positions"][0];
    assert_eq!(
        (&held["amount"], &held["side"]),
        (&json!("2"), &json!("FUTURES_POSITION_SIDE_LONG"))
    );
}

#[test]
fn what_cannot_be_ordered_is_refused_by_name_and_previewed_with_its_margin() {
    let mut world = world();
    let refused = |world: &mut World, order: &Value| {
        let answer = post(world, ORDERS, order);
        assert_eq!(answer["success"], false, "{answer}");
        answer["error_response"]["new_order_failure_reason"].clone()
    };
    assert_eq!(
        refused(&mut world, &market("a", "SELL", "1000")),
        "INSUFFICIENT_FUND"
    );
    assert_eq!(
        refused(&mut world, &market("a", "SELL", "0.5")),
        "INVALID_SIZE_PRECISION"
    );
    let preview = post(
        &mut world,
        &format!("{ORDERS}/preview"),
        &market("", "SELL", "2"),
    );
    assert_eq!(preview["errs"], json!([]));
    assert_eq!(preview["commission_total"], "0.3");
    assert_eq!(preview["order_margin_total"], "166.3");
    let fault = Fault::parse("session_closed").unwrap();
    world.faults.arm(fault).unwrap();
    super::apply_faults(&mut world);
    assert_eq!(
        refused(&mut world, &market("a", "SELL", "1")),
        "ORDER_ENTRY_DISABLED"
    );
    let product = get(&mut world, &format!("{PREFIX}/products/{CONTRACT}"));
    assert_eq!(
        product["fcm_trading_session_details"]["is_session_open"],
        false
    );
    let mut spot = order("b", "BUY", &limit("0.001", "80000"));
    assert_eq!(
        post(&mut world, ORDERS, &spot)["success"],
        true,
        "spot trades on"
    );
    spot["client_order_id"] = json!("c");
    world.faults.clear();
    super::apply_faults(&mut world);
    placed(&mut world, &market("d", "SELL", "1"));
}

#[test]
fn an_account_without_contracts_has_no_clearing_side() {
    let mut world = spot_world();
    let positions = get(&mut world, &format!("{PREFIX}/cfm/positions"));
    assert_eq!(positions["positions"], json!([]));
    let target = format!("{PREFIX}/cfm/balance_summary");
    assert_eq!(send(&mut world, "GET", &target, "", true).status, 404);
}
