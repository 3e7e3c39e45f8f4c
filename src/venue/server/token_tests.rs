//! Tokens as the exchange's own libraries make them, and every way in which one may be wrong.

use super::*;
use base64::engine::general_purpose::STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _,
};
use serde_json::{Value, json};

const NOW: i64 = 1_764_000_000;
const NAME: &str = "organizations/11111111-2222-3333-4444-555555555555/apiKeys/66666666-7777-8888-9999-000000000000";
const PATH: &str = "/api/v3/brokerage/accounts";

/// A call to a venue on this machine, at this port.
fn call(hosts: &Hosts) -> Purpose<'_> {
    Purpose::Call {
        method: "GET",
        path: PATH,
        hosts,
    }
}

fn hosts() -> Hosts {
    Hosts::new(([127, 0, 0, 1], 8443).into(), None)
}

type Sign = dyn Fn(&[u8]) -> Vec<u8>;

/// A key that signs.
struct Signer {
    key: ApiKey,
    sign: Box<Sign>,
}

fn es256() -> Signer {
    let random = SystemRandom::new();
    let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random).unwrap();
    Signer {
        key: ApiKey {
            name: NAME.to_owned(),
            algorithm: Algorithm::Es256,
            public: pair.public_key().as_ref().to_vec(),
            file: "",
        },
        sign: Box::new(move |bytes| pair.sign(&random, bytes).unwrap().as_ref().to_vec()),
    }
}

fn ed25519() -> Signer {
    let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
    Signer {
        key: ApiKey {
            name: NAME.to_owned(),
            algorithm: Algorithm::EdDsa,
            public: pair.public_key().as_ref().to_vec(),
            file: "",
        },
        sign: Box::new(move |bytes| pair.sign(bytes).as_ref().to_vec()),
    }
}

impl Signer {
    fn header(&self) -> Value {
        json!({"alg": self.key.algorithm.name(), "kid": NAME, "nonce": "00", "typ": "JWT"})
    }

    fn token(&self, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(header), part(claims));
        let signature = URL_SAFE_NO_PAD.encode((self.sign)(signed.as_bytes()));
        format!("{signed}.{signature}")
    }

    fn check(&self, claims: &Value) -> Result<String, &'static str> {
        let token = self.token(&self.header(), claims);
        verify(&token, std::slice::from_ref(&self.key), call(&hosts()), NOW)
    }
}

fn claims(uri: &str) -> Value {
    json!({"sub": NAME, "iss": "cdp", "nbf": NOW, "exp": NOW + 120, "uri": uri})
}

#[test]
fn every_form_that_known_clients_send_is_accepted() {
    let own = format!("GET localhost:8443{PATH}");
    let official = format!("GET api.coinbase.com{PATH}");
    for signer in [es256(), ed25519()] {
        for uri in [own.as_str(), &official, &format!("GET localhost{PATH}")] {
            assert_eq!(signer.check(&claims(uri)), Ok(NAME.to_owned()));
        }
        let list = json!({
            "sub": NAME, "iss": "cdp", "aud": ["cdp_service"], "iat": NOW, "nbf": NOW,
            "exp": NOW + 120, "uris": [official],
        });
        assert_eq!(signer.check(&list), Ok(NAME.to_owned()));
        let stream = json!({"sub": NAME, "iss": "cdp", "nbf": NOW, "exp": NOW + 120});
        let token = signer.token(&signer.header(), &stream);
        let keys = [signer.key.clone()];
        assert_eq!(
            verify(&token, &keys, Purpose::Stream, NOW),
            Ok(NAME.to_owned())
        );
        assert_eq!(
            verify(&token, &keys, call(&hosts()), NOW),
            Err("uri is not this call")
        );
    }
}

#[test]
fn a_token_for_another_call_another_time_or_another_key_is_refused() {
    let signer = es256();
    let good = claims(&format!("GET localhost:8443{PATH}"));
    let with = |name: &str, value: Value| {
        let mut changed = good.clone();
        changed[name] = value;
        signer.check(&changed)
    };
    for uri in [
        format!("POST localhost:8443{PATH}"),
        format!("GET localhost:8443{PATH}?limit=1"),
        format!("GET evil.example{PATH}"),
        format!("GET localhost:8444{PATH}"),
        format!("GET {PATH}"),
        "GET localhost:8443/api/v3/brokerage/orders".to_owned(),
        String::new(),
    ] {
        assert_eq!(
            with("uri", json!(uri)),
            Err("uri is not this call"),
            "{uri}"
        );
    }
    assert_eq!(with("nbf", json!(NOW + 60)), Err("not valid yet"));
    assert_eq!(with("exp", json!(NOW)), Err("expired"));
    assert_eq!(
        with("exp", json!(NOW + 121)),
        Err("valid for more than two minutes")
    );
    assert_eq!(with("sub", json!("somebody")), Err("unknown key in sub"));
    for iss in [json!("evil"), json!(""), Value::Null] {
        assert_eq!(with("iss", iss), Err("unknown issuer in iss"));
    }
    assert_eq!(with("iss", json!("coinbase-cloud")), Ok(NAME.to_owned()));
    let mut header = signer.header();
    header["kid"] = json!("somebody");
    let keys = [signer.key.clone()];
    let checked = |token: &str| verify(token, &keys, call(&hosts()), NOW);
    assert_eq!(
        checked(&signer.token(&header, &good)),
        Err("kid and sub name different keys")
    );
    header["kid"] = Value::Null;
    assert_eq!(checked(&signer.token(&header, &good)), Err("no kid"));
    header = signer.header();
    for alg in ["none", "EdDSA", "HS256"] {
        header["alg"] = json!(alg);
        let refused = checked(&signer.token(&header, &good));
        assert_eq!(refused, Err("alg does not belong to the key"));
    }
    let other = es256();
    assert_eq!(
        checked(&other.token(&other.header(), &good)),
        Err("wrong signature")
    );
}

#[test]
fn no_change_of_a_token_is_overlooked_and_nonsense_is_no_panic() {
    let signer = ed25519();
    let keys = [signer.key.clone()];
    let good = claims(&format!("GET localhost:8443{PATH}"));
    let token = signer.token(&signer.header(), &good);
    assert!(verify(&token, &keys, call(&hosts()), NOW).is_ok());
    for index in 0..token.len() {
        let mut bytes = token.clone().into_bytes();
        bytes[index] = if bytes[index] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(bytes).unwrap();
        assert!(
            verify(&changed, &keys, call(&hosts()), NOW).is_err(),
            "{index}"
        );
        assert!(verify(&token[..index], &keys, call(&hosts()), NOW).is_err());
    }
    let long = "x".repeat(10_000);
    for text in ["", ".", "..", "...", "a.b.c", "é.é.é", long.as_str()] {
        assert!(verify(text, &keys, call(&hosts()), NOW).is_err());
    }
}

#[test]
fn the_published_vector_verifies() {
    // The Ed25519 example of the request-signing vectors: key, claims and signature.
    let key = ApiKey {
        name: NAME.to_owned(),
        algorithm: Algorithm::EdDsa,
        public: STANDARD
            .decode("3r/y400TDjOhVBLhRCK/ASpopTqT5pPcPvpJcqOnmLw=")
            .unwrap(),
        file: "",
    };
    let token = include_str!("token_vector.txt").trim();
    assert_eq!(
        verify(token, &[key], call(&hosts()), NOW),
        Ok(NAME.to_owned())
    );
}
