//! Answers as the fixtures of other clients hold them.

use super::answers::{all, answer, decimal, product};
use super::{NOW, recorded, sampled};
use minnow::core::market::Interval;
use minnow::core::units::Timestamp;
use minnow::exchange::calls::{Call, CallAnswer};

#[test]
fn answers_of_other_clients_decode() {
    let fixture = |name: &str| recorded(&format!("coinbase/nautilus_fixtures/{name}.json"));
    let candles = Call::Candles {
        product: "BTC-USD".to_owned(),
        interval: Interval::parse("1h").unwrap(),
        from: Timestamp(0),
        to: NOW,
    };
    let one = Call::Products {
        ids: vec!["BTC-USD".to_owned()],
        futures: false,
    };
    let book = Call::Book {
        product: "BTC-USD".to_owned(),
        levels: 5,
    };
    let accounts = Call::Accounts {
        cursor: String::new(),
    };
    for (name, call) in [
        ("http_accounts", &accounts),
        ("http_candles", &candles),
        ("http_product", &one),
        ("http_products", &all(false)),
        ("http_product_book", &book),
    ] {
        let Some(body) = fixture(name) else { return };
        let answer = answer(call, &body).unwrap_or_else(|error| panic!("{name}: {error}"));
        if let CallAnswer::Products { refused, .. } = answer {
            assert_eq!(refused, [""; 0], "{name}");
        }
    }
    // The one position of the fixture, in a list as the call answers.
    let Some(position) = fixture("http_cfm_position") else {
        return;
    };
    let list = position.replacen("\"position\": {", "\"positions\": [{", 1);
    let end = list.rfind('}').unwrap();
    let list = format!("{}]}}", &list[..end]);
    let CallAnswer::Positions(positions) = answer(&Call::Positions, &list).unwrap() else {
        panic!("no positions");
    };
    assert_eq!(positions[0].size, decimal("-3"));
    let Some(summary) = fixture("http_cfm_balance_summary") else {
        return;
    };
    let CallAnswer::FuturesBalance(balance) = answer(&Call::FuturesBalance, &summary).unwrap()
    else {
        panic!("no balance");
    };
    assert_eq!(balance.total, decimal("10000"));
    assert_eq!(balance.clearing, decimal("8000"));
    let Some(samples) = sampled(&[
        "coinbase.parse_spot_market",
        "coinbase.parse_contract_market",
    ]) else {
        return;
    };
    assert_eq!(samples.len(), 3);
    for sample in samples {
        let product = product(&sample);
        assert!(product.tradable);
        let leverage = product.id.ends_with("-INTX").then_some(10);
        assert_eq!(product.instrument.max_leverage, leverage, "{}", product.id);
    }
    for (place, call) in [
        ("coinbase.fetch_accounts_v3", &accounts),
        ("coinbase.fetch_tickers_v3", &all(false)),
        ("coinbase.fetch_trading_fees", &Call::FeeTier),
        ("coinbase.fetch_positions", &Call::Positions),
        ("coinbase.fetch_ohlcv", &candles),
    ] {
        for sample in sampled(&[place]).unwrap() {
            answer(call, &sample).unwrap_or_else(|error| panic!("{place}: {error}"));
        }
    }
}
