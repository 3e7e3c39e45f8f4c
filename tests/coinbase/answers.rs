//! Answers about the market and the account, in every form that the venue was seen to give.

use super::{NOW, codec, recorded};
use minnow::core::market::{Interval, ProductKind};
use minnow::core::units::{Decimal, Timestamp};
use minnow::exchange::ExchangeCodec;
use minnow::exchange::calls::{Call, CallAnswer, CallFailure, FailureKind};
use minnow::exchange::orders::{Balance, Product};

pub(crate) fn answer(call: &Call, body: &str) -> Result<CallAnswer, CallFailure> {
    codec().answer(call, 200, body.as_bytes())
}

fn refused(call: &Call, body: &str) -> String {
    let failure = answer(call, body).unwrap_err();
    assert_eq!(
        (failure.kind, failure.status),
        (FailureKind::Undecodable, 200)
    );
    assert!(failure.is_ambiguous());
    failure.text
}

pub(crate) fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

pub(crate) const fn all(futures: bool) -> Call {
    Call::Products {
        ids: Vec::new(),
        futures,
    }
}

pub(crate) fn products(body: &str) -> (Vec<Product>, Vec<String>) {
    match answer(&all(false), body).unwrap() {
        CallAnswer::Products { products, refused } => (products, refused),
        other => panic!("{other:?}"),
    }
}

pub(crate) fn product(json: &str) -> Product {
    let (mut products, refused) = products(&format!("{{\"products\":[{json}]}}"));
    assert_eq!(refused, [""; 0]);
    products.remove(0)
}

const SPOT: &str = r#"{"product_id":"BTC-USD","price":"68923.67","base_increment":"0.00000001","quote_increment":"0.01","quote_min_size":"1","quote_max_size":"150000000","base_min_size":"0.00000001","base_max_size":"3400","is_disabled":false,"status":"online","cancel_only":false,"limit_only":false,"post_only":false,"trading_disabled":false,"auction_mode":false,"product_type":"SPOT","quote_currency_id":"USD","base_currency_id":"BTC","fcm_trading_session_details":null,"mid_market_price":"","alias":"","alias_to":["BTC-USDC"],"view_only":false,"price_increment":"0.01","product_venue":"CBE"}"#;
const FUTURE: &str = r#"{"product_id":"BIT-26APR24-CDE","price":"71145","base_increment":"1","quote_increment":"0.01","quote_min_size":"0","base_min_size":"1","is_disabled":false,"status":"","cancel_only":false,"limit_only":false,"post_only":false,"trading_disabled":false,"auction_mode":false,"product_type":"FUTURE","quote_currency_id":"USD","base_currency_id":"","fcm_trading_session_details":{"is_session_open":true,"open_time":"2024-04-08T22:00:00Z"},"alias":"","alias_to":[],"view_only":false,"price_increment":"5","product_venue":"FCM","future_product_details":{"venue":"cde","contract_code":"BIT","contract_expiry":"2024-04-26T15:00:00Z","contract_size":"0.01","contract_root_unit":"BTC","contract_expiry_type":"EXPIRING","perpetual_details":null}}"#;

#[test]
fn a_spot_product_has_its_grid_and_its_other_name() {
    let btc = product(SPOT);
    let grid = &btc.instrument;
    assert_eq!(
        (grid.symbol.as_str(), grid.kind, grid.currency.as_str()),
        ("BTC-USD", ProductKind::Spot, "USD")
    );
    assert_eq!(
        (grid.tick, grid.lot),
        (decimal("0.01"), decimal("0.00000001"))
    );
    assert_eq!(
        (grid.min_quantity, grid.min_notional),
        (decimal("0.00000001"), Decimal::ONE)
    );
    assert_eq!(
        (grid.contract_value, btc.contract_size),
        (Decimal::ONE, Decimal::ONE)
    );
    assert_eq!(
        (
            btc.id.as_str(),
            btc.alias.as_deref(),
            btc.base_currency.as_str()
        ),
        ("BTC-USD", Some("BTC-USDC"), "BTC")
    );
    assert_eq!(btc.price, Some(decimal("68923.67")));
    assert!(btc.tradable && !btc.limit_only && !btc.post_only);
    let coin = product(&SPOT.replace(
        "\"alias\":\"\",\"alias_to\":[\"BTC-USDC\"]",
        "\"alias\":\"BTC-USD\",\"alias_to\":[]",
    ));
    assert_eq!(coin.alias.as_deref(), Some("BTC-USD"));
    let coarse = product(&SPOT.replace("\"price_increment\":\"0.01\",", ""));
    assert_eq!(coarse.instrument.tick, decimal("0.01"));
}

#[test]
fn a_future_is_counted_in_contracts() {
    let bit = product(FUTURE);
    let grid = &bit.instrument;
    assert_eq!(
        (grid.kind, grid.tick, grid.lot),
        (ProductKind::Perpetual, decimal("5"), Decimal::ONE)
    );
    assert_eq!(
        (grid.min_quantity, grid.min_notional),
        (Decimal::ONE, Decimal::ZERO)
    );
    assert_eq!(
        (grid.contract_value, bit.contract_size),
        (decimal("0.01"), decimal("0.01"))
    );
    assert_eq!(
        (bit.base_currency.as_str(), bit.alias.as_deref()),
        ("BTC", None)
    );
    assert!(bit.tradable, "an empty status is a future's usual one");
    // Two contracts at 71145 are worth 2 x 0.01 x 71145.
    let price = grid.exact_price(decimal("71145")).unwrap();
    let two = grid.exact_quantity(decimal("2")).unwrap();
    assert_eq!(grid.notional(price, two), decimal("1422.9"));
}

#[test]
fn only_what_is_online_and_not_barred_is_tradable() {
    for flag in [
        "is_disabled",
        "trading_disabled",
        "view_only",
        "cancel_only",
        "auction_mode",
    ] {
        let barred = SPOT.replace(&format!("\"{flag}\":false"), &format!("\"{flag}\":true"));
        assert!(!product(&barred).tradable, "{flag}");
    }
    assert!(!product(&SPOT.replace("online", "delisted")).tradable);
    assert!(!product(&SPOT.replace("\"online\"", "\"\"")).tradable);
    assert!(!product(&FUTURE.replace("open\":true", "open\":false")).tradable);
    let limited = product(&SPOT.replace(
        "\"limit_only\":false,\"post_only\":false",
        "\"limit_only\":true,\"post_only\":true",
    ));
    assert!(limited.tradable && limited.limit_only && limited.post_only);
}

#[test]
fn a_product_that_is_not_understood_is_named_and_spoils_no_other() {
    let broken = [
        (
            SPOT.replace("SPOT", "PREDICTION"),
            "BTC-USD: product_type \"PREDICTION\"",
        ),
        (
            SPOT.replace(
                "\"base_increment\":\"0.00000001\"",
                "\"base_increment\":\"0\"",
            ),
            "BTC-USD: base_increment",
        ),
        (
            SPOT.replace("_increment\":\"0.01\"", "_increment\":\"\""),
            "BTC-USD: neither",
        ),
        (
            SPOT.replace("\"base_min_size\":\"0.00000001\"", "\"base_min_size\":-1"),
            "BTC-USD: base_min_size",
        ),
        (
            SPOT.replace("\"view_only\":false", "\"view_only\":\"no\""),
            "BTC-USD: invalid type",
        ),
        (
            SPOT.replace("BTC-USD\",\"price\"", "BTC USD\",\"price\""),
            "BTC USD: symbol",
        ),
        (
            FUTURE.replace("contract_size\":\"0.01\"", "contract_size\":\"\""),
            "BIT-26APR24-CDE: contract_size",
        ),
        (
            FUTURE.replace("\"future_product_details\"", "\"other\""),
            "BIT-26APR24-CDE: a future without",
        ),
        ("{}".to_owned(), "product 9: missing field"),
        ("7".to_owned(), "product 10: invalid type"),
    ];
    let all: Vec<&str> = broken.iter().map(|(json, _)| json.as_str()).collect();
    let (known, refused) = products(&format!("{{\"products\":[{},{SPOT}]}}", all.join(",")));
    assert_eq!(known.len(), 1);
    assert_eq!(refused.len(), broken.len());
    for (text, (_, expected)) in refused.iter().zip(&broken) {
        assert!(text.starts_with(expected), "{expected}: {text}");
    }
}

#[test]
fn one_product_is_answered_without_a_list() {
    let call = Call::Products {
        ids: vec!["BTC-USD".to_owned()],
        futures: false,
    };
    let CallAnswer::Products { products, .. } = answer(&call, SPOT).unwrap() else {
        panic!("no products");
    };
    assert_eq!(products[0].id, "BTC-USD");
    let other = refused(
        &call,
        &SPOT.replace("BTC-USD\",\"price\"", "ETH-USD\",\"price\""),
    );
    assert!(other.contains("expected BTC-USD"), "{other}");
}

#[test]
fn the_time_is_told_to_the_millisecond() {
    let body = r#"{"iso":"2024-02-27T03:37:14Z","epochSeconds":"1709005034","epochMillis":"1709005034333"}"#;
    let time = |millis| CallAnswer::ServerTime(Timestamp::from_millis(millis));
    assert_eq!(answer(&Call::ServerTime, body), Ok(time(1_709_005_034_333)));
    let seconds = r#"{"iso":"2024-02-27T03:37:14Z"}"#;
    assert_eq!(
        answer(&Call::ServerTime, seconds),
        Ok(time(1_709_005_034_000))
    );
    assert!(refused(&Call::ServerTime, "{}").contains("expected epochMillis or iso"));
    let huge = r#"{"epochMillis":"18446744073709551615"}"#;
    assert!(refused(&Call::ServerTime, huge).contains("no time"));
}

#[test]
fn candles_leave_oldest_first_and_only_those_asked_for() {
    let body = r#"{"candles":[{"start":"1764000120","low":"1","high":"4","open":"2","close":"3","volume":"0.5"},{"start":"1764000000","low":"1","high":"4","open":"2","close":"3","volume":"0"},{"start":"1763999940","low":"1","high":"4","open":"2","close":"3","volume":"9"}]}"#;
    let call = Call::Candles {
        product: "BTC-USD".to_owned(),
        interval: Interval::MINUTE,
        from: NOW,
        to: Timestamp(NOW.0 + 120_000_000_000),
    };
    let CallAnswer::Candles(candles) = answer(&call, body).unwrap() else {
        panic!("no candles");
    };
    let opened: Vec<i64> = candles
        .iter()
        .map(|c| c.open_time.0 / 1_000_000_000)
        .collect();
    assert_eq!(
        opened,
        [1_764_000_000, 1_764_000_120],
        "the bucket between stays missing"
    );
    let last = candles[1];
    let (open, high, low, close) = (last.open, last.high, last.low, last.close);
    assert_eq!(
        [open, high, low, close, last.volume],
        ["2", "4", "1", "3", "0.5"].map(decimal)
    );
    assert!(
        refused(&call, &body.replace("\"low\":\"1\"", "\"low\":\"0\"")).contains("a price above 0")
    );
}

#[test]
fn a_book_has_its_bids_and_asks_and_must_be_the_one_asked_for() {
    let body = r#"{"pricebook":{"product_id":"BTC-USD","bids":[{"price":"68923.66","size":"0.17"}],"asks":[{"price":"68923.67","size":"0.16"},{"price":"68926","size":"0.058"}],"time":"2026-04-07T00:28:59.662782Z"},"last":"68923.665"}"#;
    let call = |product: &str| Call::Book {
        product: product.to_owned(),
        levels: 50,
    };
    let CallAnswer::Book { levels, time } = answer(&call("BTC-USD"), body).unwrap() else {
        panic!("no book");
    };
    let sides: Vec<(bool, String)> = levels
        .iter()
        .map(|l| (l.is_bid, l.price.to_string()))
        .collect();
    let expected = [(true, "68923.66"), (false, "68923.67"), (false, "68926")];
    assert_eq!(sides, expected.map(|(bid, price)| (bid, price.to_owned())));
    assert!(time.is_some());
    assert!(
        answer(&call("BTC-USDC"), body).is_ok(),
        "one book of two names"
    );
    assert!(refused(&call("ETH-USD"), body).contains("expected ETH-USD"));
}

#[test]
fn a_recorded_book_comes_level_by_level_to_the_last_digit() {
    let Some(body) = recorded("coinbase/nautilus_fixtures/http_product_book.json") else {
        return;
    };
    let call = Call::Book {
        product: "BTC-USD".to_owned(),
        levels: 50,
    };
    let CallAnswer::Book { levels, time } = answer(&call, &body).unwrap() else {
        panic!("no book");
    };
    let text = |is_bid: bool| -> Vec<String> {
        let side = levels.iter().filter(|level| level.is_bid == is_bid);
        side.map(|level| format!("{} x {}", level.price, level.quantity))
            .collect()
    };
    let (bids, asks) = (text(true), text(false));
    assert_eq!((bids.len(), asks.len()), (5, 5));
    assert_eq!(bids[0], "68923.66 x 0.17189468");
    assert_eq!(bids[3], "68921.72 x 0.000016");
    assert_eq!(asks[0], "68923.67 x 0.16987193");
    assert_eq!(asks[4], "68928 x 0.058");
    assert_eq!(time.unwrap().to_string(), "2026-04-07T00:28:59.662Z");
}

#[test]
fn trades_leave_oldest_first() {
    let body = r#"{"trades":[{"trade_id":"2","product_id":"BTC-USD","price":"28208.1","size":"0.1","time":"2023-04-04T23:05:34.492746Z","side":"BUY","bid":"","ask":""},{"trade_id":"1","product_id":"BTC-USD","price":"28208.2","size":"0.2","time":"2023-04-04T23:05:34.492746Z","side":"SELL","bid":"","ask":""}],"best_bid":"28208.61","best_ask":"28208.62"}"#;
    let call = Call::Trades {
        product: "BTC-USD".to_owned(),
        limit: 2,
        from: None,
        to: None,
    };
    let CallAnswer::Trades(trades) = answer(&call, body).unwrap() else {
        panic!("no trades");
    };
    let ids: Vec<u64> = trades.iter().map(|trade| trade.id).collect();
    assert_eq!(ids, [1, 2]);
    assert_eq!(trades[0].aggressor, minnow::core::market::Aggressor::Buy);
}

#[test]
fn balances_of_a_currency_are_one_and_vaults_do_not_count() {
    let account = |currency: &str, available: &str, hold: &str, more: &str| {
        format!(
            r#"{{"uuid":"u","currency":"{currency}","available_balance":{{"value":"{available}","currency":"{currency}"}},"hold":{{"value":"{hold}","currency":"{currency}"}}{more}}}"#
        )
    };
    let accounts = [
        account(
            "USD",
            "10",
            "1",
            r#","type":"ACCOUNT_TYPE_FIAT","active":true"#,
        ),
        account("BTC", "0.1", "0", ""),
        account(
            "USD",
            "-2",
            "0.5",
            r#","platform":"ACCOUNT_PLATFORM_CFM_CONSUMER""#,
        ),
        account("BTC", "7", "0", r#","type":"ACCOUNT_TYPE_VAULT""#),
        account("BTC", "5", "0", r#","active":false"#),
    ];
    let body = |next: &str| {
        format!(
            "{{\"accounts\":[{}],{next},\"size\":5}}",
            accounts.join(",")
        )
    };
    let call = Call::Accounts {
        cursor: String::new(),
    };
    let balance = |currency: &str, available: &str, hold: &str| Balance {
        currency: currency.to_owned(),
        available: decimal(available),
        hold: decimal(hold),
    };
    let expected = |next: Option<&str>| CallAnswer::Accounts {
        balances: vec![balance("USD", "8", "1.5"), balance("BTC", "0.1", "0")],
        next: next.map(str::to_owned),
    };
    assert_eq!(
        answer(&call, &body(r#""has_next":false,"cursor":"""#)),
        Ok(expected(None))
    );
    assert_eq!(
        answer(&call, &body(r#""has_next":true,"cursor":"c""#)),
        Ok(expected(Some("c")))
    );
    assert_eq!(
        answer(&call, &body(r#""has_next":false,"cursor":"c""#)),
        Ok(expected(None))
    );
}

#[test]
fn fee_rates_are_read_from_text_or_number() {
    let expected = |volume: &str| CallAnswer::FeeTier {
        maker: decimal("0.006"),
        taker: decimal("0.012"),
        volume: Some(decimal(volume)),
    };
    for (volume, taker) in [
        ("9.995989116664404", "\"0.012\""),
        ("\"9.995989116664404\"", "0.012"),
    ] {
        let body = format!(
            r#"{{"total_volume":{volume},"total_fees":0.08,"fee_tier":{{"pricing_tier":"Advanced 1","taker_fee_rate":{taker},"maker_fee_rate":"0.006"}},"has_promo_fee":false}}"#
        );
        assert_eq!(
            answer(&Call::FeeTier, &body),
            Ok(expected("9.995989116664404"))
        );
    }
    let without = r#"{"fee_tier":{"taker_fee_rate":"","maker_fee_rate":"0.006"}}"#;
    assert!(refused(&Call::FeeTier, without).contains("taker_fee_rate"));
}

#[test]
fn a_key_is_known_by_what_it_may_do() {
    let body = r#"{"can_view":true,"can_trade":true,"can_transfer":false,"portfolio_uuid":"p","portfolio_type":"DEFAULT"}"#;
    let expected = CallAnswer::Permissions {
        can_view: true,
        can_trade: true,
        can_transfer: false,
        portfolio: "p".to_owned(),
    };
    assert_eq!(answer(&Call::KeyPermissions, body), Ok(expected));
    let silent = body.replace("\"can_transfer\":false,", "");
    assert!(refused(&Call::KeyPermissions, &silent).contains("can_transfer"));
}

#[test]
fn positions_are_read_in_both_forms() {
    let body = r#"{"positions":[{"product_id":"BIT-26APR24-CDE","side":"LONG","number_of_contracts":"2","current_price":"71145","avg_entry_price":"70980"},{"product_id":"BIP-20DEC30-CDE","side":"SHORT","number_of_contracts":"3","avg_entry_price":{"value":"51000.00","currency":"USD"}}]}"#;
    let CallAnswer::Positions(positions) = answer(&Call::Positions, body).unwrap() else {
        panic!("no positions");
    };
    let shown: Vec<_> = positions.iter().map(|p| (p.size, p.entry_price)).collect();
    assert_eq!(
        shown,
        [
            (decimal("2"), Some(decimal("70980"))),
            (decimal("-3"), Some(decimal("51000")))
        ]
    );
}
