//! Keys of the Coinbase Developer Platform and the tokens they sign: JWT by ES256 or EdDSA.
//!
//! A token holds for 120 s and for one request or one subscription. Errors never repeat any part of
//! a key.

use super::private_key::{self, PrivateKey};
use crate::core::units::Timestamp;
use crate::core::units::stamp::SECOND;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;

/// Seconds that a token holds.
const LIFE: i64 = 120;
/// Longest key name.
const LONGEST_NAME: usize = 200;

/// The name of a key and its private part.
pub struct ApiKey {
    name: String,
    key: PrivateKey,
}

impl std::fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ApiKey(***)")
    }
}

#[derive(Serialize)]
struct Header<'a> {
    alg: &'static str,
    typ: &'static str,
    kid: &'a str,
    nonce: &'a str,
}

#[derive(Serialize)]
struct Claims<'a> {
    sub: &'a str,
    iss: &'static str,
    nbf: i64,
    exp: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    uri: Option<&'a str>,
}

impl ApiKey {
    /// Takes a key as its portal shows it. `name`: `organizations/…/apiKeys/…` or a UUID; `private`:
    /// an EC key in PEM (SEC1 or PKCS8, its newlines possibly written `\n`), or an Ed25519 key in
    /// PEM or as base64 of 32 or 64 bytes.
    ///
    /// # Errors
    /// What is wrong with the one or the other and what was expected, without repeating either.
    pub fn new(name: &str, private: &str) -> Result<Self, String> {
        let name = name.trim().trim_matches('"');
        if name.is_empty()
            || name.len() > LONGEST_NAME
            || !name.bytes().all(|b| b.is_ascii_graphic())
        {
            return Err(
                "the name of the Coinbase key: expected organizations/…/apiKeys/… or a UUID, \
                 without spaces"
                    .to_owned(),
            );
        }
        if name.contains("PRIVATE") {
            return Err(
                "the name of the Coinbase key is the private key: exchange the two".to_owned(),
            );
        }
        Ok(Self {
            name: name.to_owned(),
            key: private_key::parse(private)?,
        })
    }

    /// `ES256` or `EdDSA`.
    pub const fn algorithm(&self) -> &'static str {
        self.key.algorithm()
    }

    /// A token for `METHOD host/path`, or for a websocket where there is no `uri`. `at` is the
    /// venue's time; no two tokens may share a `nonce`.
    ///
    /// # Errors
    /// When the system has no random numbers, which ES256 needs.
    pub fn token(&self, uri: Option<&str>, at: Timestamp, nonce: u128) -> Result<String, String> {
        let now = at.0.div_euclid(SECOND);
        let nonce = format!("{nonce:032x}");
        let header = Header {
            alg: self.algorithm(),
            typ: "JWT",
            kid: &self.name,
            nonce: &nonce,
        };
        let claims = Claims {
            sub: &self.name,
            iss: "cdp",
            nbf: now,
            exp: now + LIFE,
            uri,
        };
        let mut token = String::with_capacity(800);
        append(&mut token, &json(&header));
        token.push('.');
        append(&mut token, &json(&claims));
        let signature = self.key.sign(token.as_bytes())?;
        token.push('.');
        append(&mut token, signature.as_ref());
        Ok(token)
    }
}

fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("texts and numbers have a JSON form")
}

fn append(token: &mut String, bytes: &[u8]) {
    URL_SAFE_NO_PAD.encode_string(bytes, token);
}
