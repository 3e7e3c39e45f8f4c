//! Whether a request's token (a JWT) is one of a key of this venue, signed, in time and for this
//! very call.
//!
//! The rules are the exchange's: the algorithm belongs to the key, the signature holds, `nbf` is not
//! in the future, `exp` is in the future and at most two minutes after `nbf`, `iss` is one that key
//! libraries write, `sub` and `kid` name the key, and `uri` (or one of `uris`) is this method and path at this venue (`hosts`)
//! or at the exchange's own host.

use super::hosts::Hosts;
use super::keys::{Algorithm, ApiKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{ECDSA_P256_SHA256_FIXED, ED25519, UnparsedPublicKey};
use serde::Deserialize;

/// Longest token that is looked at, bytes.
const TOKEN_MAX: usize = 4_096;
/// Seconds by which a client's clock may be ahead.
const SKEW: i64 = 5;
/// Longest validity, seconds.
const VALIDITY: i64 = 120;
/// The exchange's own host: a client's key library may write it whatever the address is.
const EXCHANGE_HOST: &str = "api.coinbase.com";

/// Who may have issued a token: what the exchange's own libraries write, and what ccxt does.
const ISSUERS: [&str; 2] = ["cdp", "coinbase-cloud"];

/// What a token has to be for.
#[derive(Clone, Copy, Debug)]
pub enum Purpose<'a> {
    /// A REST call to a venue of these names. What the client calls it itself does not count.
    Call {
        method: &'a str,
        path: &'a str,
        hosts: &'a Hosts,
    },
    /// A subscription: any token of a key.
    Stream,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
}

#[derive(Deserialize)]
struct Claims {
    sub: String,
    iss: Option<String>,
    nbf: Option<i64>,
    /// Some libraries state when it was issued instead.
    iat: Option<i64>,
    exp: i64,
    uri: Option<String>,
    #[serde(default)]
    uris: Vec<String>,
}

fn part<T: for<'a> Deserialize<'a>>(text: &str) -> Result<T, &'static str> {
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| "not base64url")?;
    serde_json::from_slice(&bytes).map_err(|_| "not the JSON of a token")
}

/// Checks a token at `now` (Unix seconds); returns the name of its key.
///
/// # Errors
/// What is wrong, for the venue's log: a client learns only that it is not let in.
pub fn verify(
    token: &str,
    keys: &[ApiKey],
    purpose: Purpose<'_>,
    now: i64,
) -> Result<String, &'static str> {
    if token.len() > TOKEN_MAX {
        return Err("token too long");
    }
    let (signed, signature) = token.rsplit_once('.').ok_or("no token of three parts")?;
    let (header, claims) = signed.split_once('.').ok_or("no token of three parts")?;
    let header: Header = part(header)?;
    let claims: Claims = part(claims)?;
    let key = keys
        .iter()
        .find(|key| key.name == claims.sub)
        .ok_or("unknown key in sub")?;
    let kid = header.kid.ok_or("no kid")?;
    if kid != key.name {
        return Err("kid and sub name different keys");
    }
    if header.alg != key.algorithm.name() {
        return Err("alg does not belong to the key");
    }
    let signature = URL_SAFE_NO_PAD
        .decode(signature)
        .map_err(|_| "signature is not base64url")?;
    let holds = match key.algorithm {
        Algorithm::Es256 => UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &key.public)
            .verify(signed.as_bytes(), &signature),
        Algorithm::EdDsa => {
            UnparsedPublicKey::new(&ED25519, &key.public).verify(signed.as_bytes(), &signature)
        }
    };
    holds.map_err(|_| "wrong signature")?;
    if !claims
        .iss
        .as_deref()
        .is_some_and(|iss| ISSUERS.contains(&iss))
    {
        return Err("unknown issuer in iss");
    }
    check_time(&claims, now)?;
    check_purpose(&claims, purpose)?;
    Ok(key.name.clone())
}

fn check_time(claims: &Claims, now: i64) -> Result<(), &'static str> {
    let from = claims.nbf.or(claims.iat).ok_or("neither nbf nor iat")?;
    if from > now.saturating_add(SKEW) {
        return Err("not valid yet");
    }
    if claims.exp <= now {
        return Err("expired");
    }
    if claims.exp.saturating_sub(from) > VALIDITY {
        return Err("valid for more than two minutes");
    }
    Ok(())
}

fn check_purpose(claims: &Claims, purpose: Purpose<'_>) -> Result<(), &'static str> {
    let Purpose::Call {
        method,
        path,
        hosts,
    } = purpose
    else {
        return Ok(());
    };
    let matches = |uri: &str| {
        let rest = uri
            .strip_prefix(method)
            .and_then(|rest| rest.strip_prefix(' '));
        let at = rest.and_then(|rest| rest.strip_suffix(path));
        at.is_some_and(|at| at == EXCHANGE_HOST || hosts.contains(at))
    };
    let mut uris = claims.uri.iter().chain(&claims.uris);
    if uris.any(|uri| matches(uri)) {
        Ok(())
    } else {
        Err("uri is not this call")
    }
}

#[cfg(test)]
#[path = "token_tests.rs"]
mod tests;
