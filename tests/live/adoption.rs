//! Orders and holdings that somebody else left at the venue, taken over where that is wanted.

use crate::books;
use crate::bot::{Bot, Desk};
use crate::venue::{Rest, Venue};
use serde_json::{Value, json};

const ORDERS: &str = "/api/v3/brokerage/orders/historical/batch?limit=250";

/// A bot that decides nothing meanwhile.
fn patient(venue: &Venue, adopts: bool) -> Desk {
    Desk::real(venue)
        .with("trading.symbols=BTC-USD")
        .with("trading.interval=1h")
        .with("exchange.rate_limit_requests=1000")
        .with("trading.min_candles_for_trading=500")
        .with("trading.order_timeout_seconds=300")
        .with(&format!("exchange.adopt_foreign={adopts}"))
}

/// A limit order by hand.
fn place(rest: &mut Rest, id: &str, side: &str, size: &str, price: &str) {
    let order = json!({
        "client_order_id": id,
        "product_id": "BTC-USD",
        "side": side,
        "order_configuration": {
            "limit_limit_gtc": {"base_size": size, "limit_price": price, "post_only": false},
        },
    });
    let (status, body) = rest.call("POST", "/api/v3/brokerage/orders", &order.to_string());
    assert_eq!(status, 200, "{body}");
    let answer: Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!(answer["success"], true, "{answer}");
}

/// The status at the venue of the order with this client id, and of protective ones that are open.
fn status(rest: &mut Rest, id: &str) -> Vec<String> {
    let page = rest.get(ORDERS);
    let orders = page["orders"].as_array().expect("orders").iter();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    orders
        .filter(|order| text(&order["client_order_id"]).ends_with(id))
        .map(|order| text(&order["status"]))
        .collect()
}

fn held(session: &Value) -> Option<&str> {
    let symbols = session["symbols"].as_array().expect("symbols");
    let bitcoin = symbols.iter().find(|symbol| symbol["symbol"] == "BTC-USD");
    bitcoin.expect("it is traded")["position"].as_str()
}

/// A venue with half a bitcoin, and two orders by hand in its books.
fn used_venue() -> Venue {
    let venue = Venue::start(&["--balance", "USD=100000", "--balance", "BTC=0.5"]);
    let mut rest = venue.rest();
    place(&mut rest, "by-hand-buy", "BUY", "0.01", "20000");
    place(&mut rest, "by-hand-sell", "SELL", "0.2", "900000");
    venue
}

fn guarded(rest: &mut Rest) -> bool {
    status(rest, "-p").iter().any(|status| status == "OPEN")
}

fn taken_over(bot: &mut Bot, venue: &Venue) {
    bot.until("taken over and guarded", |session| {
        held(session) == Some("0.5") && guarded(&mut venue.rest())
    });
    let mut rest = venue.rest();
    assert_eq!(status(&mut rest, "by-hand-sell"), ["CANCELLED"]);
    assert_eq!(status(&mut rest, "by-hand-buy"), ["OPEN"]);
}

#[test]
fn what_is_there_is_taken_over_once_guarded_and_left_on_request() {
    let venue = used_venue();
    let desk = patient(&venue, true);
    let mut bot = desk.start();
    taken_over(&mut bot, &venue);
    bot.kill();
    let mut bot = desk.start();
    bot.until("reconciled", |session| session["reconciled"] == true);
    taken_over(&mut bot, &venue);
    let ledger = desk.ledger("venue");
    for code in [
        "position_adopted",
        "foreign_order_adopted",
        "foreign_order_cancelled",
    ] {
        assert_eq!(books::events(&ledger, code), 1, "{code}");
    }
    bot.tell(&json!({"command": "close_all"}));
    bot.until("flat", |session| held(session).is_none());
    let mut rest = venue.rest();
    assert_eq!(status(&mut rest, "by-hand-buy"), ["CANCELLED"]);
    assert!(!guarded(&mut rest));
    assert_eq!(books::balances(&mut rest)["BTC"], books::decimal("0"));
    let hash = bot.stop();
    desk.replay_is_identical(&hash);
    for code in ["inconsistency", "balance_anomaly"] {
        assert_eq!(books::events(&ledger, code), 0, "{code}");
    }
}

#[test]
fn what_is_not_ours_is_told_and_left_alone_otherwise() {
    let venue = used_venue();
    let desk = patient(&venue, false);
    let mut bot = desk.start();
    bot.until("reconciled", |session| session["reconciled"] == true);
    bot.tell(&json!({"command": "close_all"}));
    let ledger = desk.ledger("venue");
    bot.until("told", |_| books::events(&ledger, "foreign_order") == 2);
    let mut rest = venue.rest();
    assert_eq!(status(&mut rest, "by-hand-sell"), ["OPEN"]);
    assert_eq!(status(&mut rest, "by-hand-buy"), ["OPEN"]);
    assert_eq!(books::balances(&mut rest)["BTC"], books::decimal("0.5"));
    assert_eq!(held(&bot.session()), None);
    bot.stop();
}
