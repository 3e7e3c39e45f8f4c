//! The venue's certificate: an authority of its own that signs one certificate for this machine.
//!
//! Clients trust the authority's certificate (`certificate.pem`). Its key is thrown away once it has
//! signed, so that nobody can sign another one with it.

use super::folder::{FolderError, read, write_private};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::path::Path;
use std::sync::Arc;

/// What clients trust.
pub const CERTIFICATE: &str = "certificate.pem";
/// What the venue shows, and the key that belongs to it.
const SERVER: &str = "server.pem";
const KEY: &str = "key.pem";
/// Names of this machine to itself.
const NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// What the venue shows of itself.
#[derive(Debug)]
pub struct Identity {
    certificate: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
}

impl Identity {
    /// What it shows.
    pub fn certificate(&self) -> CertificateDer<'static> {
        self.certificate.clone()
    }

    /// TLS settings of the server.
    ///
    /// # Errors
    /// Certificate and key do not belong together.
    pub fn tls(self) -> Result<Arc<ServerConfig>, rustls::Error> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![self.certificate], self.key)?;
        Ok(Arc::new(config))
    }
}

/// Reads the certificate, or makes it.
pub(super) fn open(folder: &Path) -> Result<Identity, FolderError> {
    let (server, key) = (folder.join(SERVER), folder.join(KEY));
    let trusted = read(&folder.join(CERTIFICATE))?;
    let (certificate, secret) = match (trusted, read(&server)?, read(&key)?) {
        (Some(_), Some(certificate), Some(secret)) => (certificate, secret),
        _ => make(folder)?,
    };
    Ok(Identity {
        certificate: CertificateDer::from_pem_slice(&certificate).map_err(|error| {
            FolderError::new(
                &server,
                format!("no PEM certificate: {error}; delete it to have a new one made"),
            )
        })?,
        key: PrivateKeyDer::from_pem_slice(&secret).map_err(|_| {
            FolderError::new(&key, "no PEM private key; delete it to have a new one made")
        })?,
    })
}

fn make(folder: &Path) -> Result<(Vec<u8>, Vec<u8>), FolderError> {
    let made = sign().map_err(|error| {
        FolderError::new(folder, format!("a certificate cannot be made: {error}"))
    })?;
    write_private(&folder.join(CERTIFICATE), made.authority.as_bytes())?;
    write_private(&folder.join(SERVER), made.server.as_bytes())?;
    write_private(&folder.join(KEY), made.key.as_bytes())?;
    Ok((made.server.into_bytes(), made.key.into_bytes()))
}

/// PEM texts.
struct Made {
    authority: String,
    server: String,
    key: String,
}

fn sign() -> Result<Made, rcgen::Error> {
    let authority_key = KeyPair::generate()?;
    let mut authority = CertificateParams::default();
    authority
        .distinguished_name
        .push(DnType::CommonName, "minnow venue authority");
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    authority.key_usages = vec![
        KeyUsagePurpose::KeyCertSign,
        KeyUsagePurpose::DigitalSignature,
    ];
    let authority_certificate = authority.self_signed(&authority_key)?;
    let issuer = Issuer::new(authority, authority_key);
    let key = KeyPair::generate()?;
    let mut server = CertificateParams::new(NAMES.map(str::to_owned).to_vec())?;
    server
        .distinguished_name
        .push(DnType::CommonName, "minnow venue");
    server.use_authority_key_identifier_extension = true;
    server.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let certificate = server.signed_by(&key, &issuer)?;
    Ok(Made {
        authority: authority_certificate.pem(),
        server: certificate.pem(),
        key: key.serialize_pem(),
    })
}
