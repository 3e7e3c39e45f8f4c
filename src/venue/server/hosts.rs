//! What the venue is called by those who may call it: names of this machine to itself, the address it
//! listens on, and the names in its certificate.

use rustls::client::verify_server_name;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::server::ParsedCertificate;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The venue's own names.
#[derive(Clone, Debug)]
pub struct Hosts {
    address: SocketAddr,
    certificate: Option<CertificateDer<'static>>,
}

impl Hosts {
    /// Those of a venue that listens there and shows this certificate, if any.
    pub const fn new(address: SocketAddr, certificate: Option<CertificateDer<'static>>) -> Self {
        Self {
            address,
            certificate,
        }
    }

    /// Whether this is the venue, with its port or with none.
    pub fn contains(&self, stated: &str) -> bool {
        let (name, port) = split_port(stated);
        port.is_none_or(|port| port == self.address.port().to_string()) && self.is_named(name)
    }

    fn is_named(&self, name: &str) -> bool {
        if name.eq_ignore_ascii_case("localhost") {
            return true;
        }
        let bare = name.strip_prefix('[').and_then(|n| n.strip_suffix(']'));
        let address = match bare {
            Some(bare) => bare.parse().ok().map(IpAddr::V6),
            None => name.parse().ok().map(IpAddr::V4),
        };
        let own = [
            IpAddr::V4(Ipv4Addr::LOCALHOST),
            IpAddr::V6(Ipv6Addr::LOCALHOST),
            self.address.ip(),
        ];
        address.is_some_and(|address| own.contains(&address))
            || self.is_certified(bare.unwrap_or(name))
    }

    fn is_certified(&self, name: &str) -> bool {
        let parsed = self.certificate.as_ref().map(ParsedCertificate::try_from);
        let (Some(Ok(certificate)), Ok(name)) = (parsed, ServerName::try_from(name)) else {
            return false;
        };
        verify_server_name(&certificate, &name).is_ok()
    }
}

/// Name and port; an IPv6 address stands in brackets.
fn split_port(host: &str) -> (&str, Option<&str>) {
    match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => (name, Some(port)),
        _ => (host, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_venue_has_its_own_names_and_no_others() {
        let made = rcgen::generate_simple_self_signed(vec!["venue.lan".to_owned()]).unwrap();
        let address = SocketAddr::from(([127, 0, 0, 5], 8443));
        let hosts = Hosts::new(address, Some(made.cert.der().clone()));
        for name in [
            "localhost",
            "LocalHost",
            "127.0.0.1",
            "[::1]",
            "127.0.0.5",
            "venue.lan",
        ] {
            assert!(hosts.contains(name), "{name}");
            assert!(hosts.contains(&format!("{name}:8443")), "{name}");
            for port in ["8444", "", "+8443", "x"] {
                assert!(!hosts.contains(&format!("{name}:{port}")), "{name}:{port}");
            }
        }
        for name in [
            "",
            ":8443",
            "evil.example",
            "127.0.0.6",
            "::1",
            "venue.lan.evil.example",
        ] {
            assert!(!hosts.contains(name), "{name}");
        }
        let bare = Hosts::new(address, None);
        assert!(!bare.contains("venue.lan"));
    }
}
