//! The user channel: cumulative orders, positions, and when the snapshot is whole.

use super::{alone, codec, next, recorded_frames};
use minnow::core::units::Side;
use minnow::exchange::ExchangeCodec;
use minnow::exchange::orders::{VenueOrder, VenueOrderStatus};
use minnow::exchange::stream::{StreamEvent, StreamRole::Account};

const ORDER: &str = r#"{"avg_price":"60000.1","cancel_reason":"","client_order_id":"mw-1","cumulative_quantity":"0.1","leaves_quantity":"0.3","limit_price":"60000.1","number_of_fills":"1","order_id":"11111111-2222-4333-8444-555555555555","order_side":"SELL","order_type":"LIMIT","post_only":"true","product_id":"BTC-USD","reject_reason":"","status":"OPEN","stop_price":"0","total_fees":"0.25","creation_time":"2026-09-30T02:37:14.0Z"}"#;

fn frame(number: u32, kind: &str, orders: &[&str], positions: &str) -> String {
    format!(
        r#"{{"channel":"user","client_id":"","timestamp":"2026-09-30T02:37:14.089808906Z","sequence_num":{number},"events":[{{"type":"{kind}","orders":[{}],"positions":{positions}}}]}}"#,
        orders.join(",")
    )
}

fn order(json: &str) -> Result<VenueOrder, String> {
    let mut found = None;
    codec()
        .decode(Account, &frame(0, "update", &[json], "{}"), &mut |event| {
            if let StreamEvent::Order(order) = event {
                found = Some(order);
            }
        })
        .map_err(|error| error.to_string())?;
    Ok(found.expect("the frame holds an order"))
}

fn decimal(text: &str) -> minnow::core::units::Decimal {
    text.parse().unwrap()
}

#[test]
fn an_order_is_told_as_its_cumulative_state() {
    let told = order(ORDER).unwrap();
    let expected = VenueOrder {
        venue_id: "11111111-2222-4333-8444-555555555555".to_owned(),
        client_id: "mw-1".to_owned(),
        product: "BTC-USD".to_owned(),
        side: Side::Sell,
        status: VenueOrderStatus::Open,
        size: Some(decimal("0.4")),
        limit_price: Some(decimal("60000.1")),
        stop_price: None,
        filled: decimal("0.1"),
        average_price: Some(decimal("60000.1")),
        fees: decimal("0.25"),
        fills: 1,
        reason: String::new(),
        created: Some(minnow::core::units::Timestamp(1_790_735_834_000_000_000)),
    };
    assert_eq!(told, expected);
}

#[test]
fn the_size_of_what_works_no_more_is_not_made_up() {
    let done = ORDER.replace("\"OPEN\"", "\"CANCELLED\"").replace(
        "\"cancel_reason\":\"\"",
        "\"cancel_reason\":\"User requested cancel\"",
    );
    let done = order(&done).unwrap();
    assert_eq!(
        (done.size, done.reason.as_str()),
        (None, "User requested cancel")
    );
    let market = ORDER.replace("\"LIMIT\"", "\"Market\"");
    assert_eq!(order(&market).unwrap().size, None);
}

#[test]
fn an_average_with_many_digits_is_cut_and_a_fill_is_refused() {
    let long = ORDER.replace(
        "\"60000.1\",\"cancel",
        "\"60000.1234567890123456789\",\"cancel",
    );
    let average = order(&long).unwrap().average_price;
    assert_eq!(average, Some(decimal("60000.123456789012345678")));
    for (field, value) in [
        (
            "\"cumulative_quantity\":\"0.1\"",
            "\"cumulative_quantity\":\"0.1234567890123456789\"",
        ),
        (
            "\"cumulative_quantity\":\"0.1\"",
            "\"cumulative_quantity\":\"-1\"",
        ),
        ("\"number_of_fills\":\"1\"", "\"number_of_fills\":\"1.5\""),
        ("\"SELL\"", "\"\""),
        ("\"order_id\"", "\"id\""),
    ] {
        assert!(order(&ORDER.replace(field, value)).is_err(), "{value}");
    }
}

#[test]
fn a_snapshot_with_fewer_than_fifty_orders_is_whole() {
    for (orders, told) in [(0, 0), (1, 1), (49, 49)] {
        let lines = alone(&frame(0, "snapshot", &vec![ORDER; orders], "{}")).unwrap();
        assert_eq!(lines.len(), told + 1);
        assert_eq!(lines.last().unwrap(), "OrdersComplete");
    }
}

#[test]
fn full_frames_are_followed_until_something_else_comes() {
    let heartbeat = r#"{"channel":"heartbeats","timestamp":"2026-09-30T02:37:15Z","sequence_num":2,"events":[{"heartbeat_counter":1}]}"#;
    for (last, expected) in [
        (frame(2, "snapshot", &[ORDER; 3], "{}"), 3),
        (frame(2, "update", &[ORDER], "{}"), 1),
        (heartbeat.to_owned(), 1),
    ] {
        let mut codec = codec();
        for number in [0, 1] {
            let full = frame(number, "snapshot", &[ORDER; 50], "{}");
            assert_eq!(next(&mut codec, Account, &full).unwrap().len(), 50);
        }
        let lines = next(&mut codec, Account, &last).unwrap();
        let complete = lines
            .iter()
            .filter(|line| *line == "OrdersComplete")
            .count();
        assert_eq!((lines.len(), complete), (expected + 1, 1), "{lines:?}");
    }
}

#[test]
fn positions_are_signed_and_named_in_either_way() {
    let positions = r#"{"perpetual_futures_positions":[{"product_id":"BTC-PERP-INTX","position_side":"Short","net_size":"-0.5","entry_vwap":{"value":"60000","currency":"USDC"}}],"expiring_futures_positions":[{"product_id":"BIT-26APR24-CDE","side":"LONG","number_of_contracts":"2","entry_price":"70980","unrealized_pnl":"33"}],"prediction_market_positions":[]}"#;
    let lines = alone(&frame(0, "update", &[], positions)).unwrap();
    assert_eq!(
        lines,
        [
            "Position(VenuePosition { product: \"BTC-PERP-INTX\", size: -0.5, entry_price: Some(60000) })",
            "Position(VenuePosition { product: \"BIT-26APR24-CDE\", size: 2, entry_price: Some(70980) })",
        ]
    );
    let error = alone(&frame(0, "update", &[], &positions.replace("LONG", "UP"))).unwrap_err();
    assert!(error.contains("expected LONG or SHORT"), "{error}");
}

#[test]
fn the_recorded_session_decodes_whole() {
    let Some(frames) = recorded_frames() else {
        return;
    };
    let mut codec = codec();
    let mut told = Vec::new();
    for frame in frames.iter().filter(|frame| frame.contains("client_id")) {
        // It was recorded once more from 0.
        if frame.contains("\"sequence_num\":0,") {
            codec.connected(Account);
        }
        told.extend(next(&mut codec, Account, frame).unwrap());
    }
    for expected in [
        "OrdersComplete",
        "Subscribed { channel: Orders",
        "Order(VenueOrder",
    ] {
        assert!(
            told.iter().any(|line| line.starts_with(expected)),
            "{expected}: {told:?}"
        );
    }
}
