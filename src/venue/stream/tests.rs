//! What a connection gets for what it asks, without a socket.

use super::Session;
use crate::core::units::{Price, Side};
use crate::venue::faults::Fault;
use crate::venue::matching::OrderRequest;
use crate::venue::matching::admission::{OrderTime, Shape};
use crate::venue::rest::tests::{NOW, contract_world, token, trade, world};
use crate::venue::world::{News, World};
use serde_json::{Value, json};

fn say(session: &mut Session, world: &mut World, message: &Value) -> Vec<Value> {
    session.receive(&message.to_string(), world, NOW);
    frames(session)
}

fn frames(session: &mut Session) -> Vec<Value> {
    let parse = |text: String| serde_json::from_str(&text).unwrap();
    session.take_frames().into_iter().map(parse).collect()
}

fn subscribe(channel: &str, products: &[&str]) -> Value {
    json!({"type": "subscribe", "channel": channel, "product_ids": products})
}

fn numbers(frames: &[Value]) -> Vec<u64> {
    frames
        .iter()
        .map(|frame| frame["sequence_num"].as_u64().unwrap())
        .collect()
}

#[test]
fn a_subscription_gives_a_snapshot_and_the_whole_set_under_one_sequence() {
    let (mut world, mut session) = (world(), Session::default());
    let mut all = say(
        &mut session,
        &mut world,
        &subscribe("market_trades", &["BTC-USD"]),
    );
    assert_eq!(all[0]["channel"], "market_trades");
    assert_eq!(all[0]["events"][0]["type"], "snapshot");
    assert_eq!(
        all[0]["events"][0]["trades"][0]["side"], "SELL",
        "the maker's side"
    );
    all.extend(say(&mut session, &mut world, &subscribe("heartbeats", &[])));
    all.extend(say(
        &mut session,
        &mut world,
        &subscribe("ticker", &["BTC-USD", "ETH-USD"]),
    ));
    let expected = json!({
        "heartbeats": ["heartbeats"],
        "market_trades": ["BTC-USD"],
        "ticker": ["BTC-USD", "ETH-USD"],
    });
    assert_eq!(all.last().unwrap()["events"][0]["subscriptions"], expected);
    session.second(&mut world, NOW);
    all.extend(frames(&mut session));
    assert_eq!(all.last().unwrap()["channel"], "heartbeats");
    assert_eq!(numbers(&all), (0..all.len() as u64).collect::<Vec<_>>());
    let gone =
        json!({"type": "unsubscribe", "channel": "ticker", "product_ids": ["BTC-USD", "ETH-USD"]});
    let ack = say(&mut session, &mut world, &gone);
    assert!(ack[0]["events"][0]["subscriptions"]["ticker"].is_null());
}

#[test]
fn what_is_refused_is_an_error_frame_without_a_number() {
    let (mut world, mut session) = (world(), Session::default());
    for (message, text) in [
        (subscribe("ticker", &["DOGE-USD"]), "failure to subscribe"),
        (subscribe("ticker", &[]), "failure to subscribe"),
        (subscribe("magic", &["BTC-USD"]), "authentication failure"),
        (subscribe("user", &[]), "authentication failure"),
        (json!({"type": "dance"}), "failure to subscribe"),
        (json!([1, 2]), "failure to subscribe"),
    ] {
        let frames = say(&mut session, &mut world, &message);
        assert_eq!(
            frames,
            [json!({"type": "error", "message": text})],
            "{message}"
        );
    }
    let mut with_token = subscribe("ticker", &["BTC-USD"]);
    with_token["jwt"] = json!("a.b.c");
    let frames = say(&mut session, &mut world, &with_token);
    assert_eq!(frames[0]["message"], "authentication failure");
    assert!(!session.is_subscribed());
}

#[test]
fn level2_is_a_snapshot_then_absolute_changes() {
    let (mut world, mut session) = (world(), Session::default());
    let frames_now = say(&mut session, &mut world, &subscribe("level2", &["BTC-USD"]));
    assert_eq!(frames_now[0]["channel"], "l2_data");
    let updates = frames_now[0]["events"][0]["updates"].as_array().unwrap();
    assert!(
        updates.iter().any(|u| u["side"] == "bid") && updates.iter().any(|u| u["side"] == "offer")
    );
    session.levels(&mut world, NOW, 0, &[(Side::Sell, Price(8_300_000), 0)]);
    let change = &frames(&mut session)[0]["events"][0]["updates"][0];
    assert_eq!(
        (&change["side"], &change["new_quantity"]),
        (&json!("offer"), &json!("0"))
    );
    session.levels(&mut world, NOW, 1, &[(Side::Sell, Price(1), 5)]);
    assert!(frames(&mut session).is_empty(), "another product");
}

#[test]
fn the_user_channel_tells_the_state_of_orders() {
    let (mut world, mut session) = (world(), Session::default());
    let mut message = subscribe("user", &[]);
    message["jwt"] = json!(token(None));
    let first = say(&mut session, &mut world, &message);
    assert_eq!(first[0]["events"][0]["orders"], json!([]));
    assert!(first[1]["events"][0]["subscriptions"]["user"][0].is_string());
    let mut order = crate::venue::matching::OrderRequest {
        client_id: "one".to_owned(),
        product_id: "BTC-USD".to_owned(),
        side: Some(Side::Buy),
        shape: crate::venue::matching::admission::Shape::Limit,
        life: crate::venue::matching::admission::OrderTime::UntilCancelled,
        base_size: Some("0.05".parse().unwrap()),
        quote_size: None,
        limit_price: Some("82000".parse().unwrap()),
        stop_price: None,
        rising: None,
        post_only: false,
        leverage: None,
        configuration: Value::Null,
    };
    world.engine.place(NOW, &order).unwrap();
    order.client_id = "two".to_owned();
    let told = |world: &mut World, session: &mut Session| {
        for news in world.take_news() {
            if let News::Order(order) = news {
                session.order(world, NOW, &order);
            }
        }
        frames(session)
    };
    let opened = told(&mut world, &mut session);
    assert_eq!(opened[0]["events"][0]["orders"][0]["status"], "OPEN");
    let flow = crate::venue::matching::FlowTrade {
        product: 0,
        price: Price(8_190_000),
        lots: 2_000_000,
        aggressor: Side::Sell,
    };
    world.flow(NOW, &flow);
    let filled = told(&mut world, &mut session);
    let part = &filled[0]["events"][0]["orders"][0];
    assert_eq!(
        (&part["cumulative_quantity"], &part["leaves_quantity"]),
        (&json!("0.02"), &json!("0.03"))
    );
    // A second connection of the same key begins with what is open.
    order.limit_price = Some("80000".parse().unwrap());
    world.engine.place(NOW, &order).unwrap();
    let mut second = Session::default();
    let snapshot = say(&mut second, &mut world, &message);
    let open = snapshot[0]["events"][0]["orders"].as_array().unwrap();
    assert!(open.iter().any(|order| order["client_order_id"] == "two"));
}

#[test]
fn faults_of_frames_show_in_the_sequence() {
    let (mut world, mut session) = (world(), Session::default());
    say(&mut session, &mut world, &subscribe("heartbeats", &[]));
    let mut beat = |world: &mut World, fault: &str| {
        world.faults.clear();
        world.faults.arm(Fault::parse(fault).unwrap()).unwrap();
        session.second(world, NOW);
        numbers(&frames(&mut session))
    };
    assert_eq!(beat(&mut world, "duplicate_frame,count=1"), [1, 1]);
    assert!(beat(&mut world, "missing_frame,count=1").is_empty());
    assert_eq!(beat(&mut world, "sequence_gap,count=1"), [6]);
    assert!(beat(&mut world, "silence,count=1,ms=1000").is_empty());
    session.second(&mut world, NOW + crate::core::units::Span::from_secs(2));
    assert_eq!(
        numbers(&frames(&mut session)),
        [8],
        "what fell into the silence is lost"
    );
    trade(&mut world, 8_300_000, Side::Buy);
    world
        .faults
        .arm(Fault::parse("disconnect").unwrap())
        .unwrap();
    session.second(&mut world, NOW);
    assert!(session.is_cut());
}

/// A market order of the contract.
fn contract_order(side: Side, contracts: &str) -> OrderRequest {
    OrderRequest {
        client_id: format!("{side:?} {contracts}"),
        product_id: "BIP-20DEC30-CDE".to_owned(),
        side: Some(side),
        shape: Shape::Market,
        life: OrderTime::ImmediateOrCancel,
        base_size: Some(contracts.parse().unwrap()),
        quote_size: None,
        limit_price: None,
        stop_price: None,
        rising: None,
        post_only: false,
        leverage: None,
        configuration: Value::Null,
    }
}

#[test]
fn positions_stand_in_the_snapshot_in_every_update_and_come_by_themselves() {
    let mut world = contract_world();
    world
        .engine
        .place(NOW, &contract_order(Side::Sell, "2"))
        .unwrap();
    world.take_news();
    let mut session = Session::default();
    let mut message = subscribe("user", &[]);
    message["jwt"] = json!(token(None));
    let snapshot = say(&mut session, &mut world, &message);
    let held = |frame: &Value| {
        let positions = &frame["events"][0]["positions"]["expiring_futures_positions"];
        (
            positions[0]["side"].clone(),
            positions[0]["number_of_contracts"].clone(),
        )
    };
    assert_eq!(held(&snapshot[0]), (json!("SHORT"), json!("2")));
    world
        .engine
        .place(NOW, &contract_order(Side::Sell, "1"))
        .unwrap();
    for news in world.take_news() {
        if let News::Order(order) = news {
            session.order(&mut world, NOW, &order);
        }
    }
    let told = frames(&mut session);
    assert_eq!(held(told.last().unwrap()), (json!("SHORT"), json!("3")));
    // Nothing has changed: nothing comes.
    (0..5).for_each(|_| session.second(&mut world, NOW));
    assert!(frames(&mut session).is_empty());
    let price = Price(world.product(3).start.0 - 100);
    let trade = crate::venue::matching::FlowTrade {
        product: 3,
        price,
        lots: 1,
        aggressor: Side::Sell,
    };
    world.flow(NOW, &trade);
    world.take_news();
    (0..5).for_each(|_| session.second(&mut world, NOW));
    let told = frames(&mut session);
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0]["events"][0]["orders"], json!([]));
    let profit = &told[0]["events"][0]["positions"]["expiring_futures_positions"][0];
    assert!(
        profit["unrealized_pnl"]
            .as_str()
            .unwrap()
            .starts_with("14."),
        "{profit}"
    );
}

#[test]
fn the_balance_summary_needs_a_key_and_comes_when_it_changes() {
    let mut world = contract_world();
    let mut session = Session::default();
    let mut message = subscribe("futures_balance_summary", &[]);
    let refused = say(&mut session, &mut world, &message);
    assert_eq!(refused[0]["message"], "authentication failure");
    message["jwt"] = json!(token(None));
    let told = say(&mut session, &mut world, &message);
    let summary = &told[0]["events"][0];
    assert_eq!(summary["type"], "snapshot");
    assert_eq!(summary["fcm_balance_summary"]["total_usd_balance"], "10000");
    session.second(&mut world, NOW);
    assert!(frames(&mut session).is_empty(), "as it was told");
    world
        .engine
        .place(NOW, &contract_order(Side::Buy, "2"))
        .unwrap();
    world.take_news();
    session.second(&mut world, NOW);
    let told = frames(&mut session);
    let summary = &told[0]["events"][0];
    assert_eq!(summary["type"], "update");
    assert_eq!(
        summary["fcm_balance_summary"]["total_usd_balance"],
        "9999.7"
    );
}
