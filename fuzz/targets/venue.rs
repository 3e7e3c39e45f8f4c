//! What clients send to the local venue, a line each: raw bytes, signed and unsigned calls, messages on
//! a stream, trades of the market in between. No panic, an answer to everything, and accounts that
//! never go below zero.

#![no_main]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use libfuzzer_sys::fuzz_target;
use minnow::core::units::{Decimal, Price, Side, Timestamp};
use minnow::venue::faults::Faults;
use minnow::venue::limits::RateLimits;
use minnow::venue::matching::FlowTrade;
use minnow::venue::product::built_in;
use minnow::venue::rest::answer;
use minnow::venue::server::http::take_request;
use minnow::venue::server::keys::{Algorithm, ApiKey};
use minnow::venue::stream::Session;
use minnow::venue::world::{Start, World};
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::{Value, json};

const SECOND: i64 = 1_000_000_000;
const NAME: &str = "organizations/a/apiKeys/b";

fuzz_target!(|bytes: &[u8]| {
    let pair = Ed25519KeyPair::from_seed_unchecked(&[9; 32]).expect("any seed will do");
    let mut now = Timestamp(1_790_000_000 * SECOND);
    let mut world = world(&pair, now);
    let mut session = Session::default();
    for line in bytes.split(|byte| *byte == b'\n') {
        let Some((head, rest)) = line.split_first() else {
            continue;
        };
        now.0 += SECOND / 7;
        match (head, std::str::from_utf8(rest)) {
            (b'h', _) => {
                let mut inbox = rest.to_vec();
                if let Ok(Some(request)) = take_request(&mut inbox) {
                    sound(&answer(&mut world, &request, now).answer.body);
                }
            }
            (b'c', Ok(text)) => call(&mut world, now, text, None),
            (b's', Ok(text)) => call(&mut world, now, text, Some(&pair)),
            (b'w', Ok(text)) => {
                session.receive(text, &mut world, now);
                session.take_frames().iter().for_each(|frame| sound(frame));
            }
            (b't', Ok(text)) => flow(&mut world, now, text),
            _ => {}
        }
        solvent(&mut world, now, &pair);
        world.take_news();
    }
});

fn world(pair: &Ed25519KeyPair, started: Timestamp) -> World {
    let key = ApiKey {
        name: NAME.to_owned(),
        algorithm: Algorithm::EdDsa,
        public: pair.public_key().as_ref().to_vec(),
        file: "",
    };
    let mut world = World::new(Start {
        products: built_in(3),
        derived: None,
        balances: vec![
            ("USD".to_owned(), Decimal::from_int(10_000)),
            ("BTC".to_owned(), Decimal::ONE),
        ],
        seed: 1,
        id_seed: 2,
        keys: vec![key],
        faults: Faults::new(1),
        limits: RateLimits::new(0, 0),
        started,
    });
    flow(&mut world, started, "8300000 10000000");
    world
}

/// A trade of the market: ticks and lots of the first product; a dash before the lots: a sell.
fn flow(world: &mut World, now: Timestamp, text: &str) {
    let mut words = text.split(' ');
    let mut number = || words.next()?.parse::<i64>().ok();
    let (Some(price), Some(lots)) = (number(), number()) else {
        return;
    };
    let trade = FlowTrade {
        product: 0,
        price: Price(price.clamp(1, 1_000_000_000)),
        lots: lots.abs().clamp(1, 100_000_000_000),
        aggressor: if lots < 0 { Side::Sell } else { Side::Buy },
    };
    world.flow(now, &trade);
}

/// `METHOD TARGET BODY`, as a client of the venue puts it.
fn call(world: &mut World, now: Timestamp, text: &str, pair: Option<&Ed25519KeyPair>) {
    let mut words = text.splitn(3, ' ');
    let (Some(method), Some(target)) = (words.next(), words.next()) else {
        return;
    };
    let body = words.next().unwrap_or_default();
    let path = target.split('?').next().unwrap_or_default();
    let token = pair.map_or(String::new(), |pair| {
        let token = token(pair, now, &format!("{method} localhost:1{path}"));
        format!("Authorization: Bearer {token}\r\n")
    });
    let length = body.len();
    let text = format!(
        "{method} {target} HTTP/1.1\r\nHost: localhost:1\r\n{token}Content-Length: {length}\r\n\r\n{body}"
    );
    if let Ok(Some(request)) = take_request(&mut text.into_bytes()) {
        let answer = answer(world, &request, now).answer;
        assert!((200..600).contains(&answer.status), "{}", answer.status);
        sound(&answer.body);
    }
}

fn token(pair: &Ed25519KeyPair, now: Timestamp, uri: &str) -> String {
    let seconds = now.0 / SECOND;
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let claims =
        json!({"sub": NAME, "iss": "cdp", "nbf": seconds, "exp": seconds + 120, "uri": uri});
    let header = json!({"alg": "EdDSA", "kid": NAME});
    let signed = format!("{}.{}", part(header), part(claims));
    let signature = URL_SAFE_NO_PAD.encode(pair.sign(signed.as_bytes()).as_ref());
    format!("{signed}.{signature}")
}

/// What is sent to a client is JSON, or a text in one line.
fn sound(text: &str) {
    let parsed: Result<Value, _> = serde_json::from_str(text);
    assert!(
        parsed.is_ok() || !text.contains(char::is_control),
        "{text:?}"
    );
}

fn solvent(world: &mut World, now: Timestamp, pair: &Ed25519KeyPair) {
    let token = token(pair, now, "GET localhost:1/api/v3/brokerage/accounts");
    let text = format!(
        "GET /api/v3/brokerage/accounts HTTP/1.1\r\nHost: localhost:1\r\nAuthorization: Bearer {token}\r\n\r\n"
    );
    let request = take_request(&mut text.into_bytes());
    let request = request.expect("it is a request").expect("a whole one");
    let answer = answer(world, &request, now).answer;
    if answer.status != 200 {
        // A fault that was armed.
        return;
    }
    let told: Value = serde_json::from_str(&answer.body).expect("JSON");
    for account in told["accounts"].as_array().expect("accounts") {
        for part in ["available_balance", "hold"] {
            let value = account[part]["value"].as_str().expect("a text");
            let value = Decimal::parse_plain(value).expect("a number");
            assert!(!value.is_negative(), "{account}");
        }
    }
}
