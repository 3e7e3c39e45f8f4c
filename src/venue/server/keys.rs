//! API keys of the venue: one ES256 and one Ed25519 key, made on the first start.
//!
//! The private halves lie in files for the client; the venue itself reads the public halves only
//! (`keys.json`).

use super::folder::{FolderError, read, write_private};
use crate::venue::matching::engine::uuid;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _,
};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// How a key signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Algorithm {
    #[serde(rename = "ES256")]
    Es256,
    #[serde(rename = "EdDSA")]
    EdDsa,
}

impl Algorithm {
    /// As a token's header names it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }

    const fn file(self) -> &'static str {
        match self {
            Self::Es256 => "es256.pem",
            Self::EdDsa => "ed25519.key",
        }
    }
}

/// A key that a client may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    pub name: String,
    pub algorithm: Algorithm,
    /// ES256: the uncompressed point, 65 bytes. Ed25519: 32 bytes.
    pub public: Vec<u8>,
    /// File of the private half, in the folder.
    pub file: &'static str,
}

/// A key's public half, as it is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    name: String,
    algorithm: Algorithm,
    /// Base64.
    public: String,
}

const KEYS: &str = "keys.json";

/// Reads the keys, or makes them.
pub(super) fn open(folder: &Path) -> Result<Vec<ApiKey>, FolderError> {
    let path = folder.join(KEYS);
    let Some(bytes) = read(&path)? else {
        return make(folder);
    };
    let wrong = |problem: String| {
        FolderError::new(&path, format!("{problem}; delete it to have new keys made"))
    };
    let kept: Vec<Kept> =
        serde_json::from_slice(&bytes).map_err(|error| wrong(error.to_string()))?;
    let mut keys = Vec::new();
    for key in kept {
        let public = STANDARD
            .decode(&key.public)
            .map_err(|error| wrong(format!("public: {error}")))?;
        keys.push(ApiKey {
            name: key.name,
            file: key.algorithm.file(),
            algorithm: key.algorithm,
            public,
        });
    }
    if keys.is_empty() {
        return Err(wrong("no key".to_owned()));
    }
    Ok(keys)
}

fn make(folder: &Path) -> Result<Vec<ApiKey>, FolderError> {
    let random = SystemRandom::new();
    let failed = || FolderError::new(folder, "the system gives no random numbers for keys");
    let mut keys = Vec::new();
    for algorithm in [Algorithm::Es256, Algorithm::EdDsa] {
        let (private, public) = match algorithm {
            Algorithm::Es256 => es256(&random),
            Algorithm::EdDsa => ed25519(&random),
        }
        .ok_or_else(failed)?;
        write_private(&folder.join(algorithm.file()), private.as_bytes())?;
        let name = format!(
            "organizations/{}/apiKeys/{}",
            random_uuid(&random).ok_or_else(failed)?,
            random_uuid(&random).ok_or_else(failed)?
        );
        keys.push(ApiKey {
            name,
            algorithm,
            public,
            file: algorithm.file(),
        });
    }
    let kept: Vec<Kept> = keys
        .iter()
        .map(|key| Kept {
            name: key.name.clone(),
            algorithm: key.algorithm,
            public: STANDARD.encode(&key.public),
        })
        .collect();
    let text = serde_json::to_vec_pretty(&kept)
        .map_err(|error| FolderError::new(&folder.join(KEYS), error))?;
    write_private(&folder.join(KEYS), &text)?;
    Ok(keys)
}

/// Eight random bytes from the system.
pub fn random_u64() -> Option<u64> {
    let mut bytes = [0; 8];
    SystemRandom::new().fill(&mut bytes).ok()?;
    Some(u64::from_le_bytes(bytes))
}

fn random_uuid(random: &SystemRandom) -> Option<String> {
    let mut bytes = [[0; 8]; 2];
    for half in &mut bytes {
        random.fill(half).ok()?;
    }
    Some(uuid(
        u64::from_le_bytes(bytes[0]),
        u64::from_le_bytes(bytes[1]),
    ))
}

/// A P-256 key in the SEC1 form that the exchange hands out, and its public point.
fn es256(random: &SystemRandom) -> Option<(String, Vec<u8>)> {
    /// Before and after the scalar (RFC 5915; the curve is prime256v1).
    const HEAD: [u8; 7] = [0x30, 0x77, 0x02, 0x01, 0x01, 0x04, 0x20];
    const CURVE: [u8; 12] = [
        0xA0, 0x0A, 0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07,
    ];
    const POINT: [u8; 5] = [0xA1, 0x44, 0x03, 0x42, 0x00];
    /// Where the scalar stands in a PKCS8 document of this library.
    const SCALAR: std::ops::Range<usize> = 36..68;
    let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, random).ok()?;
    let pair = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), random).ok()?;
    let public = pair.public_key().as_ref().to_vec();
    let scalar = pkcs8.as_ref().get(SCALAR)?;
    // Proves that this was the scalar.
    EcdsaKeyPair::from_private_key_and_public_key(algorithm, scalar, &public, random).ok()?;
    let der = [&HEAD[..], scalar, &CURVE, &POINT, &public].concat();
    let text = STANDARD.encode(der);
    let mut pem = "-----BEGIN EC PRIVATE KEY-----\n".to_owned();
    for line in text.as_bytes().chunks(64) {
        pem.push_str(&String::from_utf8_lossy(line));
        pem.push('\n');
    }
    pem.push_str("-----END EC PRIVATE KEY-----\n");
    Some((pem, public))
}

/// An Ed25519 key as base64 of seed and public key, the form that the exchange hands out.
fn ed25519(random: &SystemRandom) -> Option<(String, Vec<u8>)> {
    let mut seed = [0; 32];
    random.fill(&mut seed).ok()?;
    let pair = Ed25519KeyPair::from_seed_unchecked(&seed).ok()?;
    let public = pair.public_key().as_ref().to_vec();
    let text = STANDARD.encode([&seed[..], &public].concat());
    Some((format!("{text}\n"), public))
}
