//! Mutated frames and answers never panic, and decimals survive whatever surrounds them.

use super::{codec, next};
use minnow::core::market::Interval;
use minnow::core::units::{Decimal, Timestamp};
use minnow::exchange::ExchangeCodec;
use minnow::exchange::calls::{Call, CallAnswer, Standing};
use minnow::exchange::stream::{StreamEvent, StreamRole};
use proptest::prelude::*;

/// One frame of each channel.
const FRAMES: [&str; 8] = [
    r#"{"channel":"ticker","timestamp":"2026-04-07T14:30:03.000000Z","sequence_num":0,"events":[{"type":"snapshot","tickers":[{"type":"ticker","product_id":"BTC-USD","price":"68900.50","best_bid":"68900.00","best_bid_quantity":"1.50000000","best_ask":"68901.00","best_ask_quantity":"0.50000000"}]}]}"#,
    r#"{"channel":"l2_data","timestamp":"2026-09-30T02:39:53.6Z","sequence_num":0,"events":[{"type":"snapshot","product_id":"BTC-USD","updates":[{"side":"bid","event_time":"2026-09-30T02:39:53.407329Z","price_level":"83277.25","new_quantity":"0.00715626"}]}]}"#,
    r#"{"channel":"market_trades","timestamp":"2026-09-30T02:39:53.7Z","sequence_num":0,"events":[{"type":"update","trades":[{"product_id":"ETH-USD","trade_id":"846155105","price":"2666.11","size":"0.11139825","time":"2026-09-30T02:39:02.995145Z","side":"SELL"}]}]}"#,
    r#"{"channel":"user","timestamp":"2026-09-30T02:37:14.089808906Z","sequence_num":7,"events":[{"type":"update","orders":[{"avg_price":"60000.1","client_order_id":"mw-1","cumulative_quantity":"0.1","leaves_quantity":"0.3","limit_price":"60000.1","number_of_fills":"1","order_id":"1","order_side":"SELL","order_type":"LIMIT","product_id":"BTC-USD","status":"OPEN","total_fees":{"value":"0","currency":"USD"}}],"positions":{"expiring_futures_positions":[{"product_id":"B","side":"LONG","number_of_contracts":2}]}}]}"#,
    r#"{"channel":"subscriptions","timestamp":"2026-09-30T02:39:53.78865513Z","sequence_num":0,"events":[{"subscriptions":{"heartbeats":["heartbeats"],"level2":["BTC-USD","ETH-USD"]}}]}"#,
    r#"{"channel":"heartbeats","timestamp":"2026-09-30T02:37:15.057895263Z","sequence_num":3,"events":[{"current_time":"2026-09-30 02:37:15","heartbeat_counter":"21697"}]}"#,
    r#"{"events":[{"updates":[],"type":"snapshot","product_id":"X"}],"channel":"l2_data","sequence_num":0,"timestamp":"2026-09-30T02:39:53Z"}"#,
    r#"{"type":"error","message":"failure to subscribe"}"#,
];

const BODIES: [&str; 6] = [
    r#"{"products":[{"product_id":"BTC-USD","price":"68923.67","base_increment":"0.00000001","quote_increment":"0.01","quote_min_size":"1","base_min_size":"0.00000001","status":"online","product_type":"SPOT","quote_currency_id":"USD","base_currency_id":"BTC","alias_to":["BTC-USDC"]}]}"#,
    r#"{"success":false,"error_response":{"error":"INSUFFICIENT_FUND","message":"no funds"},"order_id":"1","success_response":{"order_id":"1","client_order_id":"2"}}"#,
    r#"{"candles":[{"start":"1673391780","low":"1","high":"4","open":"2","close":"3","volume":"1.8"}]}"#,
    r#"{"orders":[{"order_id":"9","product_id":"L","order_configuration":{"limit_limit_gtc":{"base_size":"0.2","limit_price":"0.006"}},"side":"SELL","status":"OPEN","filled_size":"0","number_of_fills":"0"}],"fills":[{"entry_id":"b","order_id":"8","trade_time":"2023-01-18T01:37:38Z","price":"2","size":"1","commission":"0","product_id":"B","size_in_quote":true,"side":"BUY"}],"has_next":false,"cursor":"c"}"#,
    r#"{"accounts":[{"currency":"USDC","available_balance":{"value":"0.5","currency":"USDC"},"hold":{"value":"0","currency":"USDC"}}],"fee_tier":{"taker_fee_rate":"0.012","maker_fee_rate":0.006},"positions":[{"product_id":"B","side":"LONG","number_of_contracts":"2"}]}"#,
    r#"{"errors":[{"id":"not_found","message":"Not found"}],"results":[{"success":true,"order_id":"1"}],"iso":"2024-02-27T03:37:14Z","epochMillis":"1709005034333","pricebook":{"product_id":"B","bids":[{"price":"2","size":"1"}],"asks":[]},"trades":[],"errs":["X"]}"#,
];

fn calls() -> Vec<Call> {
    let nothing = String::new;
    let product = || "B".to_owned();
    vec![
        Call::ServerTime,
        Call::KeyPermissions,
        Call::Products {
            ids: Vec::new(),
            futures: false,
        },
        Call::Book {
            product: product(),
            levels: 1,
        },
        Call::Candles {
            product: product(),
            interval: Interval::MINUTE,
            from: Timestamp(0),
            to: Timestamp(i64::MAX),
        },
        Call::Trades {
            product: product(),
            limit: 1,
            from: None,
            to: None,
        },
        Call::Accounts { cursor: nothing() },
        Call::FeeTier,
        Call::Cancel {
            venue_ids: Vec::new(),
        },
        Call::Order {
            venue_id: nothing(),
        },
        Call::Orders {
            product: nothing(),
            standing: Standing::Any,
            since: None,
            cursor: nothing(),
        },
        Call::Fills {
            product: nothing(),
            order: nothing(),
            since: None,
            cursor: nothing(),
        },
        Call::Positions,
        Call::FuturesBalance,
    ]
}

/// Changes characters of a text, cuts it and puts pieces of it twice.
fn mutated(
    text: &str,
    changes: &[(prop::sample::Index, char)],
    piece: (prop::sample::Index, prop::sample::Index),
    cut: prop::sample::Index,
) -> String {
    let mut all: Vec<char> = text.chars().collect();
    for (at, with) in changes {
        let at = at.index(all.len());
        all[at] = *with;
    }
    let (from, to) = (piece.0.index(all.len()), piece.1.index(all.len()));
    if from < to {
        let copy: Vec<char> = all[from..to].to_vec();
        all.splice(to..to, copy);
    }
    // Mostly whole: a cut frame ends at the same error each time.
    let end = cut.index(all.len() * 4);
    all.truncate(end.max(1));
    all.into_iter().collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn mutated_frames_never_panic_and_errors_are_one_line(
        which in 0..FRAMES.len(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), "[\"{}:,0-9a-z\\[\\]\\\\.-]".prop_map(|s| s.chars().next().unwrap())), 0..4),
        piece in (any::<prop::sample::Index>(), any::<prop::sample::Index>()),
        cut in any::<prop::sample::Index>(),
    ) {
        let frame = mutated(FRAMES[which], &changes, piece, cut);
        let mut codec = codec();
        for role in [StreamRole::Market, StreamRole::Account] {
            if let Err(error) = next(&mut codec, role, &frame) {
                prop_assert!(!error.contains('\n') && error.len() < 400, "{}", error);
            }
        }
    }

    #[test]
    fn mutated_answers_never_panic(
        which in 0..BODIES.len(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<char>()), 0..4),
        piece in (any::<prop::sample::Index>(), any::<prop::sample::Index>()),
        cut in any::<prop::sample::Index>(),
        status in prop::sample::select(vec![200u16, 400, 401, 403, 404, 429, 500]),
    ) {
        let body = mutated(BODIES[which], &changes, piece, cut);
        for call in calls() {
            if let Err(failure) = codec().answer(&call, status, body.as_bytes()) {
                prop_assert!(!failure.text.contains('\n') && failure.text.len() < 400);
            }
        }
    }

    #[test]
    fn prices_and_quantities_come_out_as_they_were_printed(
        raw in 1i128..10i128.pow(30),
        quantity in 0i128..10i128.pow(30),
        padding in 0usize..3,
    ) {
        let (price, quantity) = (Decimal::from_raw(raw), Decimal::from_raw(quantity));
        let print = |value: Decimal| {
            let text = value.to_string();
            if text.contains('.') { format!("{text}{}", "0".repeat(padding)) } else { text }
        };
        let frame = format!(
            r#"{{"channel":"l2_data","timestamp":"2026-09-30T02:39:53.6Z","sequence_num":0,"events":[{{"type":"update","product_id":"B","updates":[{{"side":"bid","event_time":"2026-09-30T02:39:53Z","price_level":"{}","new_quantity":"{}"}}]}}]}}"#,
            print(price), print(quantity)
        );
        let mut seen = None;
        codec().decode(StreamRole::Book, &frame, &mut |event| {
            if let StreamEvent::BookLevel { level, .. } = event {
                seen = Some((level.price, level.quantity));
            }
        }).unwrap();
        prop_assert_eq!(seen, Some((price, quantity)));
        let body = format!(r#"{{"pricebook":{{"product_id":"B","bids":[{{"price":"{}","size":"{}"}}],"asks":[]}}}}"#, print(price), print(quantity));
        let call = Call::Book { product: "B".to_owned(), levels: 1 };
        let answer = codec().answer(&call, 200, body.as_bytes()).unwrap();
        let CallAnswer::Book { levels, .. } = answer else { panic!("no book") };
        prop_assert_eq!((levels[0].price, levels[0].quantity), (price, quantity));
    }
}
