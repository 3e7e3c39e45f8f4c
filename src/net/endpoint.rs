//! The address of a stream: where to connect, whom to expect there, and what to ask for.

use tungstenite::client::IntoClientRequest;
use tungstenite::handshake::client::Request;
use tungstenite::http::{HeaderValue, Uri};

/// What we call ourselves to servers; some refuse who says nothing.
pub const USER_AGENT: &str = concat!("minnow/", env!("CARGO_PKG_VERSION"));

/// A `wss://` address, or `ws://` of this machine, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    uri: Uri,
    host: String,
    port: u16,
    is_secure: bool,
}

impl Endpoint {
    /// Reads an address.
    ///
    /// # Errors
    /// It is none: says what it is and what was expected.
    pub fn parse(url: &str) -> Result<Self, String> {
        let wrong =
            |what: &str| format!("stream address {url:?}: {what}; expected wss://host/path");
        let uri: Uri = url.parse().map_err(|error| wrong(&format!("{error}")))?;
        let (is_secure, usual_port) = match uri.scheme_str() {
            Some("wss") => (true, 443),
            Some("ws") => (false, 80),
            Some(other) => return Err(wrong(&format!("scheme {other}"))),
            None => return Err(wrong("no scheme")),
        };
        let authority = uri.authority().ok_or_else(|| wrong("no host"))?;
        if authority.as_str().contains('@') {
            return Err("stream address with a user name or password; expected none".to_owned());
        }
        let host = authority
            .host()
            .trim_start_matches('[')
            .trim_end_matches(']');
        if host.is_empty() {
            return Err(wrong("no host"));
        }
        Ok(Self {
            host: host.to_owned(),
            port: authority.port_u16().unwrap_or(usual_port),
            is_secure,
            uri,
        })
    }

    /// Name or address, without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Over TLS.
    pub fn is_secure(&self) -> bool {
        self.is_secure
    }

    /// The upgrade request, with a new random key.
    pub(super) fn request(&self) -> tungstenite::Result<Request> {
        let mut request = self.uri.clone().into_client_request()?;
        let agent = HeaderValue::from_static(USER_AGENT);
        request.headers_mut().insert("User-Agent", agent);
        Ok(request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_apart() {
        let plain = Endpoint::parse("wss://advanced-trade-ws.coinbase.com").unwrap();
        let parts = (plain.host(), plain.port(), plain.is_secure());
        assert_eq!(parts, ("advanced-trade-ws.coinbase.com", 443, true));
        assert_eq!(plain.request().unwrap().uri().path(), "/");
        let local = Endpoint::parse("ws://[::1]:8443/ws?a=b").unwrap();
        let parts = (local.host(), local.port(), local.is_secure());
        assert_eq!(parts, ("::1", 8443, false));
        let headers = local.request().unwrap();
        assert_eq!(headers.headers()["Host"], "[::1]:8443");
        assert_eq!(headers.headers()["User-Agent"], USER_AGENT);
    }

    #[test]
    fn what_is_no_stream_address_is_refused_with_what_was_expected() {
        for (url, what) in [
            ("https://example.com/", "scheme https"),
            ("example.com", "no scheme"),
            ("wss:///path", "stream address"),
            ("", "stream address"),
            ("wss://user:secret@example.com/", "user name"),
        ] {
            let error = Endpoint::parse(url).unwrap_err();
            assert!(
                error.contains(what) && error.contains("expected"),
                "{error}"
            );
            assert!(!error.contains("secret"));
        }
    }
}
