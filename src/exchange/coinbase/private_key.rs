//! Private keys in the forms that portals and files have: found out, read, used to sign.
//!
//! P-256 in SEC1 or PKCS8, Ed25519 in PKCS8 or as bare bytes. Whatever is copied out of the text on
//! the way is overwritten.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_PAD_INDIFFERENT;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, Signature};

/// Longest text of a key.
const LONGEST: usize = 8192;
/// Object identifiers in DER: id-ecPublicKey, prime256v1 (RFC 5480) and Ed25519 (RFC 8410).
const EC: &[u8] = &[0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const P256: &[u8] = &[0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const ED25519: &[u8] = &[0x06, 0x03, 0x2b, 0x65, 0x70];
/// The same curve as a name.
const PRIME256V1: &str = "1.2.840.10045.3.1.7";

/// What a private key must look like.
const EXPECTED: &str = "expected an EC key in PEM (BEGIN EC PRIVATE KEY or BEGIN PRIVATE KEY), or an \
                        Ed25519 key in PEM or as base64 of 32 or 64 bytes";

/// A key that can sign.
pub(super) enum PrivateKey {
    Es256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

/// Bytes of a key that are overwritten when they are done with.
struct Wiped(Vec<u8>);

impl Drop for Wiped {
    fn drop(&mut self) {
        self.0.fill(0);
        // Keeps the compiler from leaving the writes out.
        std::hint::black_box(&mut self.0);
    }
}

impl PrivateKey {
    pub(super) const fn algorithm(&self) -> &'static str {
        match self {
            Self::Es256(_) => "ES256",
            Self::Ed25519(_) => "EdDSA",
        }
    }

    /// The raw signature of 64 bytes.
    pub(super) fn sign(&self, message: &[u8]) -> Result<Signature, String> {
        match self {
            Self::Es256(key) => key
                // ECDSA needs a secret random number for each signature, from the system and from
                // nowhere else: one that is handed in twice gives the key away. No result but the
                // signature depends on it.
                .sign(&SystemRandom::new(), message)
                .map_err(|_| "the system gives no random numbers to sign with".to_owned()),
            Self::Ed25519(key) => Ok(key.sign(message)),
        }
    }
}

/// How what is wrong begins.
const SUBJECT: &str = "the private Coinbase key ";

fn wrong(what: &str) -> String {
    format!("{SUBJECT}{what}: {EXPECTED}")
}

/// Whether a text is a key that can sign.
///
/// # Errors
/// What is wrong with it, said of it without naming or repeating it.
pub fn check(text: &str) -> Result<(), String> {
    match parse(text) {
        Ok(_) => Ok(()),
        Err(problem) => Err(problem.strip_prefix(SUBJECT).unwrap_or(&problem).to_owned()),
    }
}

/// Reads a key of any of the forms.
pub(super) fn parse(text: &str) -> Result<PrivateKey, String> {
    if text.len() > LONGEST {
        return Err(wrong("is too long"));
    }
    let text = Wiped(text.replace("\\r", "").replace("\\n", "\n").into_bytes());
    let text = std::str::from_utf8(&text.0).map_err(|_| wrong("is no text"))?;
    let text = text.trim().trim_matches(['"', '\'']).trim();
    if text.is_empty() {
        return Err(wrong("is empty"));
    }
    if text.starts_with('{') {
        return Err(wrong(
            "is a whole key file: only its field privateKey is wanted",
        ));
    }
    if text.contains("-----BEGIN") {
        return from_pem(text);
    }
    from_bytes(&base64(text)?.0)
}

/// Base64 with whatever white space in it.
fn base64(text: &str) -> Result<Wiped, String> {
    let compact = Wiped(text.bytes().filter(|b| !b.is_ascii_whitespace()).collect());
    STANDARD_PAD_INDIFFERENT
        .decode(&compact.0)
        .map(Wiped)
        .map_err(|_| wrong("is no base64"))
}

/// The block of a PEM text that holds the key; parameters may stand in front of it.
fn from_pem(text: &str) -> Result<PrivateKey, String> {
    for (label, is_sec1) in [("EC PRIVATE KEY", true), ("PRIVATE KEY", false)] {
        let Some(body) = block(text, label) else {
            continue;
        };
        if body.contains(':') {
            return Err(wrong("is encrypted with a passphrase"));
        }
        let der = base64(body)?;
        return if is_sec1 {
            from_sec1(&der.0)
        } else {
            from_pkcs8(&der.0)
        };
    }
    Err(if text.contains("ENCRYPTED") {
        wrong("is encrypted with a passphrase")
    } else if text.contains("PUBLIC KEY") {
        wrong("is a public key")
    } else if text.contains("RSA") || text.contains("OPENSSH") {
        wrong("is of another kind")
    } else {
        wrong("is cut off: its END line is missing")
    })
}

/// What stands between the lines of a label.
fn block<'a>(text: &'a str, label: &str) -> Option<&'a str> {
    let (begin, end) = (
        format!("-----BEGIN {label}-----"),
        format!("-----END {label}-----"),
    );
    let from = text.find(&begin)? + begin.len();
    let rest = text.get(from..)?;
    rest.get(..rest.find(&end)?)
}

fn contains(der: &[u8], part: &[u8]) -> bool {
    der.windows(part.len()).any(|window| window == part)
}

fn from_pkcs8(der: &[u8]) -> Result<PrivateKey, String> {
    if contains(der, ED25519) && !contains(der, EC) {
        return Ed25519KeyPair::from_pkcs8_maybe_unchecked(der)
            .map(PrivateKey::Ed25519)
            .map_err(|_| wrong("is a damaged Ed25519 key"));
    }
    if !contains(der, EC) {
        return Err(wrong("is neither an EC nor an Ed25519 key"));
    }
    if !contains(der, P256) {
        return Err(wrong("is of another curve than P-256"));
    }
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der, &SystemRandom::new())
        .map(PrivateKey::Es256)
        .map_err(|_| wrong("is a damaged EC key, or lacks its public part"))
}

fn from_sec1(der: &[u8]) -> Result<PrivateKey, String> {
    let key = sec1::EcPrivateKey::try_from(der).map_err(|_| wrong("is a damaged EC key"))?;
    let curve = key.parameters.and_then(sec1::EcParameters::named_curve);
    if curve.is_some_and(|curve| curve.to_string() != PRIME256V1) {
        return Err(wrong("is of another curve than P-256"));
    }
    let public = key.public_key.ok_or_else(|| {
        wrong("lacks its public part, which `openssl ec -in KEY -out NEW_KEY` adds")
    })?;
    EcdsaKeyPair::from_private_key_and_public_key(
        &ECDSA_P256_SHA256_FIXED_SIGNING,
        key.private_key,
        public,
        &SystemRandom::new(),
    )
    .map(PrivateKey::Es256)
    .map_err(|_| wrong("is an EC key whose parts do not belong together"))
}

/// An Ed25519 seed, alone or with its public key behind it.
fn from_bytes(bytes: &[u8]) -> Result<PrivateKey, String> {
    let key = match bytes.len() {
        32 => Ed25519KeyPair::from_seed_unchecked(bytes),
        64 => {
            let (seed, public) = bytes.split_at(32);
            Ed25519KeyPair::from_seed_and_public_key(seed, public)
        }
        length => {
            return Err(wrong(&format!("is base64 of {length} bytes")));
        }
    };
    key.map(PrivateKey::Ed25519)
        .map_err(|_| wrong("is an Ed25519 key whose parts do not belong together"))
}
