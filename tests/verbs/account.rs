//! balance, orders, positions: the exchange is asked, no ledger is made.

use crate::desk::Desk;
use crate::venue::Venue;
use serde_json::{Value, json};

fn far_bid(id: &str) -> Value {
    json!({
        "client_order_id": id,
        "product_id": "BTC-USD",
        "side": "BUY",
        "order_configuration": {
            "limit_limit_gtc": {"base_size": "0.01", "limit_price": "100.00", "post_only": false},
        },
    })
}

#[test]
fn balances_and_positions_are_what_the_venue_holds() {
    let venue = Venue::start(&["--balance", "USD=5000", "--balance", "BTC=2"]);
    let desk = Desk::at(&venue);
    let balances = desk.run(&["balance", "--json"]).with(0).json();
    let btc = &balances["balances"][0];
    assert_eq!(
        (&btc["currency"], &btc["total"]),
        (&json!("BTC"), &json!("2"))
    );
    assert_eq!(balances["balances"][1]["available"], "5000");
    let text = desk.run(&["balance"]).with(0).stdout;
    assert!(
        text.starts_with("currency  total  available  on hold\n"),
        "{text}"
    );
    let positions = desk.run(&["positions", "--json"]).with(0).json();
    let held = &positions["positions"][0];
    assert_eq!(
        (&held["product"], &held["size"]),
        (&json!("BTC-USD"), &json!("2"))
    );
    assert!(held["value"].is_string(), "{held}");
    assert!(!desk.folder.file("data").exists(), "no ledger is needed");
}

#[test]
fn orders_tell_own_from_foreign_ones() {
    let venue = Venue::start(&[]);
    let mut rest = venue.rest();
    for id in ["somebody-else", "mwabcdef-abcde-aaaaaab-e"] {
        let placed = rest.post("/api/v3/brokerage/orders", &far_bid(id));
        assert_eq!(placed["success"], true, "{placed}");
    }
    let desk = Desk::at(&venue);
    let listed = desk.run(&["orders", "--json"]).with(0).json();
    let orders = listed["orders"].as_array().expect("a list");
    let own: Vec<_> = orders
        .iter()
        .map(|order| {
            (
                order["client_id"].as_str().expect("an id"),
                order["own"] == true,
            )
        })
        .collect();
    assert_eq!(own.len(), 2, "{listed}");
    assert!(
        own.contains(&("somebody-else", false))
            && own.contains(&("mwabcdef-abcde-aaaaaab-e", true))
    );
    let text = desk.run(&["orders", "--all"]).with(0).stdout;
    assert!(text.contains("foreign") && text.contains("entry"), "{text}");
}

#[test]
fn without_a_key_the_account_is_not_asked() {
    let venue = Venue::start(&[]);
    let desk = Desk::at(&venue).without_key(&venue);
    for verb in ["balance", "orders", "positions"] {
        let ended = desk.run(&[verb]).with(78);
        assert!(ended.stderr.contains("cdp_api_key_name"), "{ended:?}");
    }
}

#[test]
fn an_order_on_its_way_into_the_book_is_listed_too() {
    let venue = Venue::start(&["--fault", "frozen_order,count=1"]);
    let mut rest = venue.rest();
    for id in ["on-its-way", "in-the-book"] {
        let placed = rest.post("/api/v3/brokerage/orders", &far_bid(id));
        assert_eq!(placed["success"], true, "{placed}");
    }
    let listed = Desk::at(&venue).run(&["orders", "--json"]).with(0).json();
    let orders = listed["orders"].as_array().expect("a list");
    let mut told: Vec<_> = orders
        .iter()
        .map(|order| (order["client_id"].as_str(), order["status"].as_str()))
        .collect();
    told.sort_unstable();
    assert_eq!(
        told,
        [
            (Some("in-the-book"), Some("open")),
            (Some("on-its-way"), Some("pending"))
        ]
    );
}

#[test]
fn a_verb_that_is_asked_for_quiet_says_that_it_waits_and_how_long() {
    let venue = Venue::start(&["--fault", "too_many_requests,ms=1000,count=1"]);
    let ended = Desk::at(&venue).run(&["balance"]).with(0);
    assert!(
        ended.stderr.contains("asks for quiet: 1 s; waiting"),
        "{ended:?}"
    );
}
