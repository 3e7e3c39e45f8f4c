//! Keys in every form, and the tokens they sign against published vectors.

use super::{KEY_NAME, NOW, SEED, recorded};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use minnow::exchange::ExchangeCodec;
use minnow::exchange::calls::Call;
use minnow::exchange::coinbase::{Addresses, ApiKey, Coinbase};
use ring::signature::{ECDSA_P256_SHA256_FIXED, ED25519, UnparsedPublicKey, VerificationAlgorithm};
use serde::Deserialize;

#[derive(Deserialize)]
struct Vectors {
    coinbase: Keys,
}

#[derive(Deserialize)]
struct Keys {
    key_name: String,
    ed25519: Ed25519Vectors,
    es256: Es256Vectors,
}

#[derive(Deserialize)]
struct Ed25519Vectors {
    private_pem_pkcs8: String,
    private_b64_32: String,
    private_b64_64: String,
    jwts: Vec<Token>,
}

#[derive(Deserialize)]
struct Token {
    header: Header,
    claims: Claims,
    jwt: String,
}

#[derive(Deserialize)]
struct Es256Vectors {
    private_pem_sec1: String,
    private_pem_sec1_escaped: String,
    private_pem_pkcs8: String,
    public_key_pem: String,
}

#[derive(Debug, Deserialize, PartialEq)]
struct Header {
    alg: String,
    typ: String,
    kid: String,
    nonce: String,
}

#[derive(Debug, Deserialize, PartialEq)]
struct Claims {
    sub: String,
    iss: String,
    nbf: i64,
    exp: i64,
    uri: Option<String>,
}

fn vectors() -> Option<Keys> {
    let text = recorded("signing_vectors.json")?;
    let all: Vectors = serde_json::from_str(&text).unwrap();
    Some(all.coinbase)
}

/// Header, claims and signature of a token whose signature is good.
fn verified(
    token: &str,
    algorithm: &'static dyn VerificationAlgorithm,
    public: &[u8],
) -> (Header, Claims) {
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    assert_eq!(signature.len(), 64, "r and s, not DER");
    UnparsedPublicKey::new(algorithm, public)
        .verify(signed.as_bytes(), &signature)
        .unwrap();
    let (header, claims) = signed.split_once('.').unwrap();
    let json = |part| URL_SAFE_NO_PAD.decode(part).unwrap();
    (
        serde_json::from_slice(&json(header)).unwrap(),
        serde_json::from_slice(&json(claims)).unwrap(),
    )
}

#[test]
fn ed25519_tokens_are_those_of_the_vectors_whatever_form_the_key_has() {
    let Some(vectors) = vectors() else { return };
    let spread = vectors.ed25519.private_b64_64.replace('+', "+\n ");
    let escaped = vectors.ed25519.private_pem_pkcs8.replace('\n', "\\n");
    let unpadded = vectors
        .ed25519
        .private_b64_32
        .trim_end_matches('=')
        .to_owned();
    let quoted = format!("\"{escaped}\"");
    let dos = vectors.ed25519.private_pem_pkcs8.replace('\n', "\r\n");
    for form in [
        &vectors.ed25519.private_pem_pkcs8,
        &vectors.ed25519.private_b64_32,
        &vectors.ed25519.private_b64_64,
        &spread,
        &escaped,
        &unpadded,
        &quoted,
        &dos,
    ] {
        let key = ApiKey::new(&vectors.key_name, form).unwrap();
        assert_eq!(key.algorithm(), "EdDSA");
        for expected in &vectors.ed25519.jwts {
            let nonce = u128::from_str_radix(&expected.header.nonce, 16).unwrap();
            let at = minnow::core::units::Timestamp(expected.claims.nbf * 1_000_000_000);
            let token = key
                .token(expected.claims.uri.as_deref(), at, nonce)
                .unwrap();
            assert_eq!(token, expected.jwt);
        }
    }
}

#[test]
fn es256_tokens_verify_whatever_form_the_key_has() {
    let Some(vectors) = vectors() else { return };
    let public = vectors
        .es256
        .public_key_pem
        .lines()
        .filter(|line| !line.starts_with("---"))
        .collect::<String>();
    // The point stands at the end of the public key's DER.
    let public = STANDARD.decode(public).unwrap();
    let point = &public[public.len() - 65..];
    for form in [
        &vectors.es256.private_pem_sec1,
        &vectors.es256.private_pem_sec1_escaped,
        &vectors.es256.private_pem_pkcs8,
    ] {
        let key = ApiKey::new(&vectors.key_name, form).unwrap();
        assert_eq!(key.algorithm(), "ES256");
        let uri = "GET api.coinbase.com/api/v3/brokerage/accounts";
        let sign = |nonce| key.token(Some(uri), NOW, nonce).unwrap();
        let (header, claims) = verified(&sign(0x0a0b), &ECDSA_P256_SHA256_FIXED, point);
        let expected = Header {
            alg: "ES256".to_owned(),
            typ: "JWT".to_owned(),
            kid: vectors.key_name.clone(),
            nonce: "00000000000000000000000000000a0b".to_owned(),
        };
        assert_eq!(header, expected);
        let expected = Claims {
            sub: vectors.key_name.clone(),
            iss: "cdp".to_owned(),
            nbf: 1_764_000_000,
            exp: 1_764_000_120,
            uri: Some(uri.to_owned()),
        };
        assert_eq!(claims, expected);
        assert_ne!(
            sign(1),
            sign(1),
            "no signature has the random number of another"
        );
    }
}

#[test]
fn a_request_is_signed_with_its_method_host_and_path() {
    for (rest, host) in [
        ("https://api.coinbase.com", "api.coinbase.com"),
        ("https://localhost:8443", "localhost:8443"),
    ] {
        let addresses = Addresses {
            rest: rest.to_owned(),
            ..Addresses::default()
        };
        let key = ApiKey::new(KEY_NAME, SEED).unwrap();
        let codec = Coinbase::new(addresses, Some(key)).unwrap();
        let call = Call::Accounts {
            cursor: "a".to_owned(),
        };
        let headers = codec.sign(&codec.request(&call), NOW, 7).unwrap();
        let [(name, value)] = headers.as_slice() else {
            panic!("one header");
        };
        assert_eq!(*name, "Authorization");
        let token = value.strip_prefix("Bearer ").unwrap();
        let public = STANDARD
            .decode("3r/y400TDjOhVBLhRCK/ASpopTqT5pPcPvpJcqOnmLw=")
            .unwrap();
        let (_, claims) = verified(token, &ED25519, &public);
        // The query is not signed.
        let uri = format!("GET {host}/api/v3/brokerage/accounts");
        assert_eq!(claims.uri.as_deref(), Some(uri.as_str()));
    }
    let without = super::codec();
    let request = without.request(&Call::FeeTier);
    assert!(
        without
            .sign(&request, NOW, 7)
            .unwrap_err()
            .contains("no API key")
    );
}

#[test]
fn keys_print_as_stars() {
    let key = ApiKey::new(KEY_NAME, SEED).unwrap();
    assert_eq!(format!("{key:?}"), "ApiKey(***)");
    let codec = Coinbase::new(Addresses::default(), Some(key)).unwrap();
    let shown = format!("{codec:?}");
    assert!(
        !shown.contains("organizations") && !shown.contains(SEED),
        "{shown}"
    );
}

#[test]
fn a_wrong_key_is_told_in_words_without_the_key() {
    let pem = |label: &str, body: &str| {
        format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")
    };
    let secret = "c2VjcmV0c2VjcmV0c2VjcmV0";
    for (key, why) in [
        (String::new(), "is empty"),
        ("  \n ".to_owned(), "is empty"),
        ("not base64 at all!".to_owned(), "is no base64"),
        (secret.to_owned(), "is base64 of 18 bytes"),
        ("A".repeat(10_000), "is too long"),
        (
            format!("{{\"name\":\"x\",\"privateKey\":\"{secret}\"}}"),
            "only its field privateKey",
        ),
        (pem("PUBLIC KEY", secret), "is a public key"),
        (pem("ENCRYPTED PRIVATE KEY", secret), "is encrypted"),
        (pem("RSA PRIVATE KEY", secret), "is of another kind"),
        (pem("OPENSSH PRIVATE KEY", secret), "is of another kind"),
        (pem("EC PRIVATE KEY", secret), "is a damaged EC key"),
        (
            pem(
                "EC PRIVATE KEY",
                &format!("Proc-Type: 4,ENCRYPTED\n\n{secret}"),
            ),
            "is encrypted",
        ),
        (
            pem("PRIVATE KEY", secret),
            "is neither an EC nor an Ed25519 key",
        ),
        (
            format!("-----BEGIN PRIVATE KEY-----\n{secret}"),
            "is cut off",
        ),
        // An Ed25519 and an EC key whose bodies are cut short, and one of another curve.
        (
            pem("PRIVATE KEY", "MC4CAQAwBQYDK2VwBCIEIOgQHSHb"),
            "is a damaged Ed25519 key",
        ),
        (
            pem(
                "PRIVATE KEY",
                "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg",
            ),
            "is a damaged EC key",
        ),
        (
            pem("PRIVATE KEY", "MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGe"),
            "is of another curve",
        ),
        // The seed of one key with the public part of another.
        (
            STANDARD.encode([7u8; 64]),
            "whose parts do not belong together",
        ),
    ] {
        let error = ApiKey::new(KEY_NAME, &key).unwrap_err();
        assert!(
            error.contains(why) && error.contains("expected an EC key"),
            "{why}: {error}"
        );
        assert!(
            !error.contains(secret) && !error.contains("MC4C"),
            "{error}"
        );
    }
    for name in ["", "two words", "-----BEGIN-PRIVATE-KEY", &"x".repeat(500)] {
        let error = ApiKey::new(name, SEED).unwrap_err();
        assert!(error.contains("the name of the Coinbase key"), "{error}");
        assert!(!error.contains(SEED), "{error}");
    }
}

#[test]
fn an_ec_key_without_its_public_part_says_how_to_add_it() {
    // SEQUENCE { version 1, private key of 32 bytes, parameters prime256v1 }.
    let mut der = vec![0x30, 0x31, 0x02, 0x01, 0x01, 0x04, 0x20];
    der.extend([7u8; 32]);
    der.extend([
        0xa0, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07,
    ]);
    let pem = format!(
        "-----BEGIN EC PRIVATE KEY-----\n{}\n-----END EC PRIVATE KEY-----",
        STANDARD.encode(&der)
    );
    let error = ApiKey::new(KEY_NAME, &pem).unwrap_err();
    assert!(error.contains("openssl ec -in KEY -out NEW_KEY"), "{error}");
    // The same with secp384r1 for its curve.
    let other: Vec<u8> = [
        &der[..39],
        &[0xa0, 0x07, 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22],
    ]
    .concat();
    let mut other = other;
    other[1] -= 3;
    let pem = pem.replace(&STANDARD.encode(&der), &STANDARD.encode(&other));
    let error = ApiKey::new(KEY_NAME, &pem).unwrap_err();
    assert!(error.contains("is of another curve"), "{error}");
}
