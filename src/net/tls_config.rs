//! The TLS configuration of every connection that we open: which certificates count, and how.
//!
//! Roots are those compiled in, and those of one file if the operator names one (the local venue,
//! a proxy of one's own). There is no way to switch the check of certificates off. Limits: the file
//! has at most 1 MiB, sessions of 8 hosts are kept for resumption.

use crate::files::open_regular;
use rustls::client::Resumption;
use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

/// Largest file of root certificates, bytes.
const FILE_MAX: u64 = 1 << 20;
/// Tickets kept for resumption; rustls keeps 8 a host.
const TICKETS: usize = 64;

/// The configuration to connect with; make it once and share it, so that sessions are resumed.
///
/// # Errors
/// The file of root certificates cannot be read or holds something else: in words for whoever wrote
/// its name into the configuration.
pub fn client_config(ca_file: Option<&Path>) -> Result<Arc<ClientConfig>, String> {
    let mut roots = RootCertStore::empty();
    roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    if let Some(path) = ca_file {
        add_file(&mut roots, path).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    // The provider is named: with two of them compiled in, the default one is a panic.
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("TLS versions: {error}"))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    // Websockets and our REST calls are HTTP/1.1; a server that would rather speak HTTP/2 is told.
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config.resumption = Resumption::in_memory_sessions(TICKETS);
    Ok(Arc::new(config))
}

fn add_file(roots: &mut RootCertStore, path: &Path) -> Result<(), String> {
    let file = open_regular(path).map_err(|error| error.to_string())?;
    let mut text = Vec::new();
    file.take(FILE_MAX + 1)
        .read_to_end(&mut text)
        .map_err(|error| error.to_string())?;
    if text.len() as u64 > FILE_MAX {
        return Err(format!(
            "larger than {FILE_MAX} bytes; expected certificates in PEM form"
        ));
    }
    let mut added = 0;
    for certificate in CertificateDer::pem_slice_iter(&text) {
        let number = added + 1;
        let certificate =
            certificate.map_err(|error| format!("certificate {number}: {error:?}"))?;
        roots
            .add(certificate)
            .map_err(|error| format!("certificate {number} is no root certificate: {error}"))?;
        added = number;
    }
    match added {
        0 => Err(format!(
            "no certificate in it{}; expected -----BEGIN CERTIFICATE----- and base64",
            other_content(&text)
        )),
        _ => Ok(()),
    }
}

/// What a file holds instead, where it is recognised.
fn other_content(text: &[u8]) -> &'static str {
    let holds = |words: &[u8]| text.windows(words.len()).any(|part| part == words);
    if holds(b"PRIVATE KEY-----") {
        " but a private key"
    } else if text.first() == Some(&0x30) {
        " but binary (DER) data"
    } else if text.is_empty() {
        ", it is empty"
    } else {
        ""
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Folder(std::path::PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("minnow-{name}-{}", std::process::id()));
            std::fs::create_dir_all(&path).unwrap();
            Self(path)
        }

        fn file(&self, name: &str, content: &[u8]) -> std::path::PathBuf {
            let path = self.0.join(name);
            std::fs::write(&path, content).unwrap();
            path
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn a_file_of_roots_is_taken_and_anything_else_is_named() {
        let folder = Folder::new("roots");
        let own = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let good = folder.file("good.pem", own.cert.pem().as_bytes());
        let config = client_config(Some(&good)).unwrap();
        assert_eq!(config.alpn_protocols, [b"http/1.1"]);

        let key = own.signing_key.serialize_pem();
        let cut = own.cert.pem().replace("-----END CERTIFICATE-----", "");
        let wrong = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        for (name, content, expected) in [
            ("key.pem", key.as_bytes(), "but a private key"),
            ("root.der", own.cert.der().as_ref(), "but binary (DER) data"),
            ("empty.pem", b"", "it is empty"),
            ("cut.pem", cut.as_bytes(), "certificate 1:"),
            (
                "wrong.pem",
                wrong.as_bytes(),
                "certificate 1 is no root certificate",
            ),
            ("text.pem", b"hello", "no certificate in it; expected"),
        ] {
            let path = folder.file(name, content);
            let error = client_config(Some(&path)).unwrap_err();
            assert!(error.contains(name) && error.contains(expected), "{error}");
        }
        let missing = client_config(Some(&folder.0.join("none"))).unwrap_err();
        assert!(missing.contains("none: "), "{missing}");
    }

    #[test]
    fn a_file_beyond_all_measure_is_refused_before_it_is_parsed() {
        let folder = Folder::new("huge-roots");
        let path = folder.file("huge.pem", &vec![b' '; 1 << 21]);
        let error = client_config(Some(&path)).unwrap_err();
        assert!(error.contains("larger than 1048576 bytes"), "{error}");
    }
}
