//! Every kind of error body, and what it means for the call.

use super::codec;
use minnow::core::units::{Decimal, Side};
use minnow::exchange::ExchangeCodec;
use minnow::exchange::calls::{Call, CallFailure, FailureKind};
use minnow::exchange::orders::{NewOrder, OrderTerms};

fn failure(status: u16, body: &[u8]) -> CallFailure {
    let order = NewOrder {
        client_id: "mw-1".to_owned(),
        product: "BTC-USD".to_owned(),
        side: Side::Buy,
        terms: OrderTerms::Market { size: Decimal::ONE },
        leverage: None,
    };
    let failure = codec()
        .answer(&Call::Place(order), status, body)
        .unwrap_err();
    assert_eq!(failure.status, status);
    assert!(
        failure.text.starts_with("order mw-1 of BTC-USD: HTTP "),
        "{failure}"
    );
    assert!(
        failure.text.len() < 400 && !failure.text.contains('\n'),
        "{failure}"
    );
    failure
}

#[test]
fn each_body_of_the_venue_is_of_its_kind() {
    use FailureKind::{Forbidden, Invalid, NotFound, RateLimited, Unauthorized, Unavailable};
    let page = "<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title></head></html>";
    for (status, body, kind, text) in [
        (
            401,
            r#"{"error":"UNAUTHORIZED","code":16,"message":"Unauthorized","details":[]}"#,
            Unauthorized,
            "UNAUTHORIZED: Unauthorized",
        ),
        (401, "Unauthorized", Unauthorized, "Unauthorized"),
        (
            400,
            r#"{"error":"INVALID_ARGUMENT","error_details":"number of candles requested should be less than 350","message":"bad"}"#,
            Invalid,
            "INVALID_ARGUMENT: bad: number of candles",
        ),
        (
            403,
            r#"{"error":"PERMISSION_DENIED","error_details":"Missing required scopes","message":"no"}"#,
            Forbidden,
            "PERMISSION_DENIED: no: Missing required scopes",
        ),
        (403, "Too many errors", RateLimited, "Too many errors"),
        (451, "", Forbidden, "an empty body"),
        (
            404,
            r#"{"error":"NOT_FOUND","error_details":"order with this orderID was not found","message":""}"#,
            NotFound,
            "NOT_FOUND: order with this orderID",
        ),
        (
            404,
            r#"{"errors":[{"id":"not_found","message":"Not found"}]}"#,
            NotFound,
            "not_found: Not found",
        ),
        (
            429,
            r#"{"errors":[{"id":"rate_limit_exceeded","message":"slow down"}]}"#,
            RateLimited,
            "rate_limit_exceeded: slow down",
        ),
        (
            429,
            r#"{"error":"too_many","message":"Rate limit exceeded"}"#,
            RateLimited,
            "too_many: Rate limit exceeded",
        ),
        (429, page, RateLimited, "an HTML page (502 Bad Gateway)"),
        (
            400,
            r#"{"error":"invalid_request","error_description":"The request is missing a parameter"}"#,
            Invalid,
            "invalid_request: The request is missing",
        ),
        (
            400,
            r#"{"error":"PERMISSION_DENIED"}"#,
            Forbidden,
            "PERMISSION_DENIED",
        ),
        (400, "[1,2]", Invalid, "[1,2]"),
        (405, "", Invalid, "an empty body"),
        (403, page, Unavailable, "an HTML page (502 Bad Gateway)"),
        (404, page, Unavailable, "an HTML page (502 Bad Gateway)"),
        (408, "", Unavailable, "an empty body"),
        (409, r#"{"error":"CONFLICT"}"#, Unavailable, "CONFLICT"),
        (
            500,
            r#"{"error":"INTERNAL","message":"x"}"#,
            Unavailable,
            "INTERNAL: x",
        ),
        (502, page, Unavailable, "an HTML page (502 Bad Gateway)"),
        (503, "<html>", Unavailable, "an HTML page (without title)"),
        (504, "", Unavailable, "an empty body"),
        (524, "error code: 524", Unavailable, "error code: 524"),
        (302, "", Unavailable, "an empty body"),
        (0, "", Unavailable, "an empty body"),
    ] {
        let failure = failure(status, body.as_bytes());
        assert_eq!(failure.kind, kind, "{status} {body}");
        let expected = format!("HTTP {status}: {text}");
        assert!(failure.text.contains(&expected), "{expected}: {failure}");
        assert_eq!(
            failure.is_ambiguous(),
            kind == Unavailable,
            "{status} {body}"
        );
    }
    let binary = failure(502, b"\xff\xfe\x00");
    assert!(binary.text.ends_with("a body that is no text"), "{binary}");
}

#[test]
fn bodies_are_cut_and_tokens_in_them_are_hidden() {
    let long = failure(400, "ü\n".repeat(10_000).as_bytes());
    assert!(long.text.contains("ü ü"), "{long}");
    let token = "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJvcmcifQ.c2ln";
    for body in [
        format!("rejected header: Bearer {token}"),
        format!(r#"{{"error":"INVALID_ARGUMENT","message":"token \"{token}\" has expired"}}"#),
    ] {
        let failure = failure(400, body.as_bytes());
        assert!(
            !failure.text.contains("eyJ") && failure.text.contains("***"),
            "{failure}"
        );
    }
}

#[test]
fn a_tower_of_brackets_is_told_in_one_line() {
    for body in ["[".repeat(200_000), "{\"error\":".repeat(50_000)] {
        assert_eq!(failure(400, body.as_bytes()).kind, FailureKind::Invalid);
        assert!(failure(200, body.as_bytes()).is_ambiguous());
    }
}
