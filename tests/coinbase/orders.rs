//! Answers about orders: what was placed, refused, edited, cancelled, listed and filled.

use super::{NOW, codec, recorded, sampled};
use minnow::core::units::{Decimal, Side};
use minnow::exchange::ExchangeCodec;
use minnow::exchange::calls::{Call, CallAnswer, CallFailure, FailureKind, Standing};
use minnow::exchange::orders::{NewOrder, OrderTerms, VenueOrder, VenueOrderStatus};

fn answer(call: &Call, body: &str) -> Result<CallAnswer, CallFailure> {
    codec().answer(call, 200, body.as_bytes())
}

/// A success in status whose order may exist all the same.
fn ambiguous(call: &Call, body: &str) -> String {
    let failure = answer(call, body).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Undecodable);
    assert!(failure.is_ambiguous());
    failure.text
}

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn place(client_id: &str) -> Call {
    Call::Place(NewOrder {
        client_id: client_id.to_owned(),
        product: "LTC-BTC".to_owned(),
        side: Side::Sell,
        terms: OrderTerms::Market { size: Decimal::ONE },
        leverage: None,
    })
}

const PLACED: &str = r#"{"success":true,"failure_reason":"UNKNOWN_FAILURE_REASON","order_id":"52cf","success_response":{"order_id":"52cf","product_id":"LTC-BTC","side":"SELL","client_order_id":"4d76"},"order_configuration":null}"#;
const REFUSED: &str = r#"{"success":false,"failure_reason":"UNKNOWN_FAILURE_REASON","order_id":"","error_response":{"error":"UNSUPPORTED_ORDER_CONFIGURATION","message":"source is not enabled for trading","error_details":"","new_order_failure_reason":"UNSUPPORTED_ORDER_CONFIGURATION"},"order_configuration":{"limit_limit_gtc":{"base_size":"100"}}}"#;

#[test]
fn a_placed_order_has_the_venues_id_and_ours() {
    let placed = CallAnswer::Placed {
        venue_id: "52cf".to_owned(),
        client_id: "4d76".to_owned(),
    };
    assert_eq!(answer(&place("4d76"), PLACED), Ok(placed.clone()));
    let newer =
        r#"{"success":true,"success_response":{"order_id":"52cf","client_order_id":"4d76"}}"#;
    assert_eq!(answer(&place("4d76"), newer), Ok(placed));
}

#[test]
fn an_answer_that_is_not_about_our_order_leaves_it_unknown() {
    let text = ambiguous(&place("mine"), PLACED);
    assert!(text.contains("expected mine"), "{text}");
    let call = place("4d76");
    assert!(ambiguous(&call, r#"{"success":true}"#).contains("without order_id"));
    for (body, why) in [
        ("", "EOF"),
        ("{}", "missing field `success`"),
        ("null", "invalid type"),
        ("[]", ""),
        ("<html><title>Sorry</title></html>", "an HTML page"),
        (r#"{"success":"true"}"#, "invalid type"),
    ] {
        let text = ambiguous(&call, body);
        assert!(text.contains(why) && text.contains("4d76"), "{text}");
    }
    let failure = codec().answer(&call, 200, b"\xff\xfe{}").unwrap_err();
    assert!(failure.is_ambiguous());
}

#[test]
fn a_refusal_is_definite_and_gives_the_most_telling_reason() {
    let call = place("4d76");
    let refused = |reason: &str, text: &str| {
        Ok(CallAnswer::PlaceRefused {
            reason: reason.to_owned(),
            text: text.to_owned(),
        })
    };
    let text = "source is not enabled for trading";
    assert_eq!(
        answer(&call, REFUSED),
        refused("UNSUPPORTED_ORDER_CONFIGURATION", text)
    );
    let preview = r#"{"success":false,"error_response":{"error":"UNKNOWN_FAILURE_REASON","message":"","error_details":"","preview_failure_reason":"PREVIEW_STOP_PRICE_ABOVE_LAST_TRADE_PRICE"}}"#;
    assert_eq!(
        answer(&call, preview),
        refused("PREVIEW_STOP_PRICE_ABOVE_LAST_TRADE_PRICE", "")
    );
    let bare = r#"{"success":false}"#;
    assert_eq!(answer(&call, bare), refused("UNKNOWN_FAILURE_REASON", ""));
}

/// The order of an earlier attempt is there: to take this for a refusal would lose it.
#[test]
fn a_repeated_client_order_id_is_no_refusal() {
    let body = REFUSED.replace(
        "UNSUPPORTED_ORDER_CONFIGURATION",
        "DUPLICATE_CLIENT_ORDER_ID",
    );
    assert!(ambiguous(&place("4d76"), &body).contains("exists already"));
}

#[test]
fn a_preview_lists_what_is_wrong() {
    let call = Call::Preview(match place("x") {
        Call::Place(order) => order,
        other => panic!("{other:?}"),
    });
    let body = r#"{"order_total":"1","errs":["PREVIEW_INSUFFICIENT_FUND",{"code":7}],"warning":["BIG_ORDER"],"is_max":false}"#;
    let expected = CallAnswer::Preview {
        errors: vec![
            "PREVIEW_INSUFFICIENT_FUND".to_owned(),
            "{\"code\":7}".to_owned(),
        ],
        warnings: vec!["BIG_ORDER".to_owned()],
    };
    assert_eq!(answer(&call, body), Ok(expected));
    let fine = answer(&call, r#"{"errs":[],"warning":null}"#);
    let expected = CallAnswer::Preview {
        errors: Vec::new(),
        warnings: Vec::new(),
    };
    assert_eq!(fine, Ok(expected));
    assert!(
        ambiguous(&call, "{}").contains("errs"),
        "silence is no approval"
    );
}

#[test]
fn an_edit_names_its_errors_as_object_or_list() {
    let call = Call::Edit {
        venue_id: "52cf".to_owned(),
        price: Decimal::ONE,
        size: Decimal::ONE,
    };
    let unknown = r#"{"edit_failure_reason":"UNKNOWN_EDIT_ORDER_FAILURE_REASON","preview_failure_reason":"UNKNOWN_PREVIEW_FAILURE_REASON"}"#;
    let named = r#"{"edit_failure_reason":"ORDER_NOT_FOUND"}"#;
    for (success, errors, expected) in [
        (true, unknown.to_owned(), vec![]),
        (true, "[]".to_owned(), vec![]),
        (false, format!("[{named}]"), vec!["ORDER_NOT_FOUND"]),
        (false, named.to_owned(), vec!["ORDER_NOT_FOUND"]),
        (
            false,
            unknown.to_owned(),
            vec!["UNKNOWN_EDIT_ORDER_FAILURE_REASON"],
        ),
        (
            false,
            "null".to_owned(),
            vec!["UNKNOWN_EDIT_ORDER_FAILURE_REASON"],
        ),
    ] {
        let body = format!("{{\"success\":{success},\"errors\":{errors}}}");
        let errors = expected.into_iter().map(str::to_owned).collect();
        assert_eq!(
            answer(&call, &body),
            Ok(CallAnswer::Edited { errors }),
            "{body}"
        );
    }
}

#[test]
fn each_cancel_has_its_own_result() {
    let call = Call::Cancel {
        venue_ids: vec!["a".to_owned(), "b".to_owned()],
    };
    let body = r#"{"results":[{"success":true,"failure_reason":"UNKNOWN_CANCEL_FAILURE_REASON","order_id":"a"},{"success":false,"failure_reason":"UNKNOWN_CANCEL_ORDER","order_id":"b"}]}"#;
    let results = vec![
        ("a".to_owned(), Ok(())),
        ("b".to_owned(), Err("UNKNOWN_CANCEL_ORDER".to_owned())),
    ];
    assert_eq!(answer(&call, body), Ok(CallAnswer::CancelResults(results)));
}

const ORDER: &str = r#"{"order_id":"9bc1","product_id":"LTC-BTC","user_id":"1111","order_configuration":{"stop_limit_stop_limit_gtc":{"base_size":"48.54","limit_price":"6.998","stop_price":"7.0687","stop_direction":"STOP_DIRECTION_STOP_DOWN"}},"side":"SELL","client_order_id":"e5fe","status":"OPEN","time_in_force":"GOOD_UNTIL_CANCELLED","created_time":"2023-01-16T23:37:23.947030Z","completion_percentage":"0","filled_size":"0.5","average_filled_price":"7.01","fee":"","number_of_fills":"2","filled_value":"0","pending_cancel":false,"size_in_quote":false,"total_fees":"0.03","trigger_status":"STOP_PENDING","order_type":"STOP_LIMIT","reject_reason":"REJECT_REASON_UNSPECIFIED","settled":false,"product_type":"SPOT","reject_message":"","cancel_message":""}"#;

fn order(json: &str) -> Result<VenueOrder, String> {
    let call = Call::Order {
        venue_id: "9bc1".to_owned(),
    };
    match answer(&call, &format!("{{\"order\":{json}}}")) {
        Ok(CallAnswer::Order(order)) => Ok(order),
        Ok(other) => panic!("{other:?}"),
        Err(failure) => Err(failure.text),
    }
}

#[test]
fn an_order_has_the_terms_of_its_configuration() {
    let expected = VenueOrder {
        venue_id: "9bc1".to_owned(),
        client_id: "e5fe".to_owned(),
        product: "LTC-BTC".to_owned(),
        side: Side::Sell,
        status: VenueOrderStatus::Open,
        size: Some(decimal("48.54")),
        limit_price: Some(decimal("6.998")),
        stop_price: Some(decimal("7.0687")),
        filled: decimal("0.5"),
        average_price: Some(decimal("7.01")),
        fees: decimal("0.03"),
        fills: 2,
        reason: String::new(),
        created: minnow::core::units::calendar::parse_time("2023-01-16T23:37:23.947030Z"),
    };
    assert_eq!(order(ORDER), Ok(expected));
    let bracket = ORDER.replace(
        r#""stop_limit_stop_limit_gtc":{"base_size":"48.54","limit_price":"6.998","stop_price":"7.0687","stop_direction":"STOP_DIRECTION_STOP_DOWN"}"#,
        r#""trigger_bracket_gtc":{"base_size":"1","limit_price":"110","stop_trigger_price":"90"}"#,
    );
    let bracket = order(&bracket).unwrap();
    assert_eq!(
        (bracket.limit_price, bracket.stop_price),
        (Some(decimal("110")), Some(decimal("90")))
    );
    let by_quote = ORDER.replace("\"base_size\"", "\"quote_size\"");
    assert_eq!(order(&by_quote).unwrap().size, None);
    let bare = ORDER.replace("\"order_configuration\":{", "\"was\":{");
    assert_eq!(order(&bare).unwrap().limit_price, None);
    let failed = ORDER
        .replace("REJECT_REASON_UNSPECIFIED", "")
        .replace("\"reject_message\":\"\"", "\"reject_message\":\"no funds\"");
    assert_eq!(order(&failed).unwrap().reason, "no funds");
}

#[test]
fn an_order_that_garbles_what_money_depends_on_is_no_order() {
    for (field, value, why) in [
        ("\"SELL\"", "\"BOTH\"", "expected BUY or SELL"),
        (
            "\"filled_size\":\"0.5\"",
            "\"filled_size\":\"-0.5\"",
            "filled_size",
        ),
        (
            "\"filled_size\":\"0.5\"",
            "\"filled_size\":\"half\"",
            "not a decimal",
        ),
        (
            "\"filled_size\":\"0.5\",",
            "",
            "missing field `filled_size`",
        ),
        (
            "\"number_of_fills\":\"2\"",
            "\"number_of_fills\":\"many\"",
            "not a decimal",
        ),
        ("\"status\":\"OPEN\",", "", "missing field `status`"),
        ("\"side\"", "\"order_id\"", "duplicate field `order_id`"),
    ] {
        let error = order(&ORDER.replace(field, value)).unwrap_err();
        assert!(error.contains(why), "{why}: {error}");
    }
}

#[test]
fn lists_of_orders_say_whether_more_follows() {
    let call = Call::Orders {
        product: String::new(),
        standing: Standing::Any,
        since: Some(NOW),
        cursor: String::new(),
    };
    for (has_next, cursor, next) in [
        ("true", "\"c\"", Some("c")),
        ("false", "\"c\"", None),
        ("true", "\"\"", None),
        ("null", "\"c\"", Some("c")),
        ("false", "null", None),
    ] {
        let body = format!(
            "{{\"orders\":[{ORDER}],\"sequence\":\"0\",\"has_next\":{has_next},\"cursor\":{cursor}}}"
        );
        let CallAnswer::Orders { orders, next: told } = answer(&call, &body).unwrap() else {
            panic!("no orders");
        };
        assert_eq!((orders.len(), told.as_deref()), (1, next));
    }
    // One order that is not understood is not passed over: its absence would mean something.
    let body = format!("{{\"orders\":[{ORDER},{}]}}", ORDER.replace("SELL", "BOTH"));
    assert!(ambiguous(&call, &body).contains("order 9bc1: side"));
}

const FILL: &str = r#"{"entry_id":"b88b","trade_id":"cdc3","order_id":"813a","trade_time":"2023-01-18T01:37:38.091377090Z","trade_type":"FILL","price":"20000","size":"0.5","commission":"0.25","product_id":"BTC-USD","liquidity_indicator":"MAKER","size_in_quote":false,"user_id":"1","side":"BUY"}"#;

fn fill(json: &str) -> Result<minnow::exchange::orders::VenueFill, String> {
    let call = Call::Fills {
        product: String::new(),
        order: String::new(),
        since: None,
        cursor: String::new(),
    };
    match answer(&call, &format!("{{\"fills\":[{json}],\"cursor\":\"c\"}}")) {
        Ok(CallAnswer::Fills { mut fills, next }) => {
            assert_eq!(next.as_deref(), Some("c"));
            Ok(fills.remove(0))
        }
        Ok(other) => panic!("{other:?}"),
        Err(failure) => Err(failure.text),
    }
}

#[test]
fn a_fill_is_exact_and_known_by_its_entry() {
    let told = fill(FILL).unwrap();
    assert_eq!(
        (told.fill_id.as_str(), told.venue_order_id.as_str()),
        ("b88b", "813a")
    );
    assert_eq!(
        (told.side, told.price, told.size, told.fee),
        (Side::Buy, decimal("20000"), decimal("0.5"), decimal("0.25"))
    );
    assert_eq!(told.time.0 % 1_000_000_000, 91_377_090, "to the nanosecond");
    for (indicator, maker) in [
        ("MAKER", Some(true)),
        ("TAKER", Some(false)),
        ("UNKNOWN_LIQUIDITY_INDICATOR", None),
    ] {
        assert_eq!(
            fill(&FILL.replace("MAKER", indicator)).unwrap().maker,
            maker
        );
    }
    // 0.5 quote units at 20000.
    let in_quote = FILL.replace("\"size_in_quote\":false", "\"size_in_quote\":true");
    assert_eq!(fill(&in_quote).unwrap().size, decimal("0.000025"));
    let rebate = FILL.replace("\"0.25\"", "\"-0.01\"");
    assert_eq!(fill(&rebate).unwrap().fee, decimal("-0.01"));
}

#[test]
fn what_is_no_execution_is_never_counted_as_one() {
    for (field, value, why) in [
        (
            "\"FILL\"",
            "\"REVERSAL\"",
            "trade_type \"REVERSAL\": expected FILL",
        ),
        ("\"FILL\"", "\"CORRECTION\"", "expected FILL"),
        ("\"20000\"", "\"0\"", "price: expected above 0"),
        ("\"0.5\"", "\"-0.5\"", "expected 0 or more"),
        ("2023-01-18T", "yesterday ", "expected RFC 3339"),
        ("\"entry_id\"", "\"id\"", "missing field `entry_id`"),
    ] {
        let error = fill(&FILL.replace(field, value)).unwrap_err();
        assert!(error.contains(why), "{why}: {error}");
    }
}

#[test]
fn orders_of_other_clients_decode() {
    let order_call = Call::Order {
        venue_id: String::new(),
    };
    let Some(body) = recorded("coinbase/nautilus_fixtures/http_order.json") else {
        return;
    };
    answer(&order_call, &body).unwrap();
    let orders = Call::Orders {
        product: String::new(),
        standing: Standing::Any,
        since: None,
        cursor: String::new(),
    };
    let fills = Call::Fills {
        product: String::new(),
        order: String::new(),
        since: None,
        cursor: String::new(),
    };
    let cancel = Call::Cancel {
        venue_ids: Vec::new(),
    };
    let edit = Call::Edit {
        venue_id: String::new(),
        price: Decimal::ONE,
        size: Decimal::ONE,
    };
    let ours = place("4d760580-6fca-4094-a70b-ebcca8626288");
    for (place, call) in [
        ("coinbase.create_order", &ours),
        ("coinbase.fetch_order", &order_call),
        ("coinbase.fetch_orders", &orders),
        ("coinbase.fetch_orders_by_status", &orders),
        ("coinbase.fetch_my_trades", &fills),
        ("coinbase.cancel_orders", &cancel),
        ("coinbase.edit_order", &edit),
    ] {
        let samples = sampled(&[place]).unwrap_or_default();
        assert!(!samples.is_empty(), "{place}");
        for sample in samples {
            answer(call, &sample).unwrap_or_else(|error| panic!("{place}: {error}"));
        }
    }
}
