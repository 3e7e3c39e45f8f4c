//! REST calls: blocking, for workers; bounded in every phase, over connections that are kept.
//!
//! An answer of whatever status is a reply. An error says the one thing that matters for an order:
//! whether any of the request may have reached the other side. Redirects are not followed and no
//! proxy of the environment is used, since a signed request goes where it was signed for. No thread
//! is started. Limits: those of the call, and 16 headers of a fixed list, 256 bytes each.

use super::endpoint::USER_AGENT;
use super::http_transport::{PlainGuard, SecureConnector, forget_begun, has_begun};
use super::resolver::{NameCache, host_and_port};
use super::{excerpt, seconds};
use rustls::ClientConfig;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use ureq::http::{HeaderMap, HeaderValue, Request, Response, Uri};
use ureq::unversioned::transport::{Connector, TcpConnector};
use ureq::{Agent, Body, Error, Timeout};

/// Resolving, connecting (with TLS) and sending take at most this each, ms.
const PHASE_MS: u64 = 5_000;
/// Bytes read and written at once; each kept connection has both.
const BUFFER: usize = 16 * 1024;
/// Bytes of the head of an answer.
const HEAD_MAX: usize = 32 * 1024;
/// Connections kept open over all hosts.
const IDLE_MAX: usize = 8;
/// Headers of an answer that are kept, and how long their values may be.
const HEADERS_MAX: usize = 16;
const HEADER_VALUE_MAX: usize = 256;
/// Characters of an error's text.
const ERROR_SHOWN: usize = 300;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HttpMethod {
    Get,
    Post,
    Put,
    Delete,
}

impl HttpMethod {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

/// What a call may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HttpLimits {
    /// From beginning to end, ms; resolving, connecting and sending have at most 5 s each within it.
    pub total_ms: u64,
    /// Largest body of an answer, bytes.
    pub body_max: u64,
}

/// A call as plain values. What it is shown as holds no secret: no header's value, no query, no
/// body.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpCall {
    pub method: HttpMethod,
    /// `https://`, or `http://` of this machine.
    pub url: String,
    pub headers: Vec<(&'static str, String)>,
    pub body: Option<Vec<u8>>,
    pub limits: HttpLimits,
}

impl HttpCall {
    /// The address without query, for errors and logs.
    fn place(&self) -> &str {
        self.url.split(['?', '#']).next().unwrap_or_default()
    }
}

impl fmt::Debug for HttpCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| *name).collect();
        f.debug_struct("HttpCall")
            .field("method", &self.method.name())
            .field("url", &self.place())
            .field("headers", &names)
            .field("body_bytes", &self.body.as_ref().map_or(0, Vec::len))
            .field("limits", &self.limits)
            .finish()
    }
}

/// An answer, whatever its status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpReply {
    pub status: u16,
    /// `retry-after`, `retry-after-ms`, `date`, `content-type` and all `x-ratelimit-`; names in lower
    /// case, values as they came.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl HttpReply {
    /// A kept header; `name` in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(own, _)| own == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// Whether the request may have reached the other side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HttpErrorKind {
    /// Nothing was written: what was asked for did not happen.
    NotSent,
    /// Some of it was written, and no whole answer came: it may have happened.
    Ambiguous,
}

/// No answer. The text names the call and what was expected, without query, headers or body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpError {
    pub kind: HttpErrorKind,
    pub text: String,
}

impl fmt::Display for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for HttpError {}

/// See the file's head. Clones share connections.
#[derive(Clone)]
pub struct HttpClient {
    agent: Agent,
    names: NameCache,
    is_shut_down: Arc<AtomicBool>,
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpClient")
            .field("names", &self.names)
            .finish_non_exhaustive()
    }
}

impl HttpClient {
    /// `connections_per_host`: how many are kept open (`connection_pool_size`).
    pub fn new(tls: Arc<ClientConfig>, names: NameCache, connections_per_host: usize) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .user_agent(USER_AGENT)
            .accept("application/json")
            .input_buffer_size(BUFFER)
            .output_buffer_size(BUFFER)
            .max_response_header_size(HEAD_MAX)
            .max_idle_connections(IDLE_MAX)
            .max_idle_connections_per_host(connections_per_host)
            .build();
        let connector =
            ().chain(PlainGuard)
                .chain(TcpConnector::default())
                .chain(SecureConnector { tls });
        Self {
            agent: Agent::with_parts(config, connector, names.clone()),
            names,
            is_shut_down: Arc::default(),
        }
    }

    /// Makes a call and waits for the answer. Blocks for at most `total_ms`, apart from a name
    /// lookup that hangs in the system.
    ///
    /// # Errors
    /// No whole answer came within the limits: see [`HttpErrorKind`].
    pub fn call(&self, call: &HttpCall) -> Result<HttpReply, HttpError> {
        forget_begun();
        if self.is_shut_down.load(Ordering::Acquire) {
            return Err(error(call, "not sent: stopping".to_owned()));
        }
        let response = self.send(call).map_err(|cause| {
            if !has_begun() {
                self.distrust(call);
            }
            error(call, describe(&cause, call.limits))
        })?;
        read(response, call.limits).map_err(|text| error(call, text))
    }

    /// Ends calls in flight on other threads (a lookup or connect in progress only by its own
    /// limit), and refuses new ones. For all clones.
    pub fn shut_down(&self) {
        self.is_shut_down.store(true, Ordering::Release);
        self.agent.clone().shutdown();
    }

    fn send(&self, call: &HttpCall) -> Result<Response<Body>, Error> {
        let mut head = Request::builder()
            .method(call.method.name())
            .uri(call.url.as_str());
        for (name, value) in &call.headers {
            let mut value = HeaderValue::from_str(value).map_err(ureq::http::Error::from)?;
            value.set_sensitive(true);
            head = head.header(*name, value);
        }
        match &call.body {
            Some(body) => {
                let request = head.body(body.as_slice())?;
                self.agent.run(self.bounded(request, call.limits))
            }
            None => self.agent.run(self.bounded(head.body(())?, call.limits)),
        }
    }

    fn bounded<B: ureq::AsSendBody>(&self, request: Request<B>, limits: HttpLimits) -> Request<B> {
        let total = Duration::from_millis(limits.total_ms);
        let phase = Some(total.min(Duration::from_millis(PHASE_MS)));
        self.agent
            .configure_request(request)
            .timeout_global(Some(total))
            .timeout_resolve(phase)
            .timeout_connect(phase)
            .timeout_send_request(phase)
            .timeout_send_body(phase)
            .build()
    }

    fn distrust(&self, call: &HttpCall) {
        if let Ok(uri) = call.url.parse::<Uri>()
            && let Some((host, port)) = host_and_port(&uri)
        {
            self.names.distrust(host, port);
        }
    }
}

fn read(mut response: Response<Body>, limits: HttpLimits) -> Result<HttpReply, String> {
    let status = response.status().as_u16();
    let headers = kept(response.headers());
    let body = response
        .body_mut()
        .with_config()
        .limit(limits.body_max)
        .read_to_vec()
        .map_err(|cause| match cause {
            Error::BodyExceedsLimit(limit) => {
                format!("status {status} with a body of more than {limit} bytes; expected less")
            }
            cause => format!("status {status}, then {}", describe(&cause, limits)),
        })?;
    Ok(HttpReply {
        status,
        headers,
        body,
    })
}

/// Headers of the fixed list; a value that is no plain text is left out.
fn kept(headers: &HeaderMap) -> Vec<(String, String)> {
    let listed = ["retry-after", "retry-after-ms", "date", "content-type"];
    headers
        .iter()
        .filter_map(|(name, value)| {
            let name = name.as_str();
            let is_kept = listed.contains(&name) || name.starts_with("x-ratelimit-");
            let value = value.to_str().ok()?;
            let fits = value.len() <= HEADER_VALUE_MAX;
            (is_kept && fits).then(|| (name.to_owned(), value.to_owned()))
        })
        .take(HEADERS_MAX)
        .collect()
}

fn error(call: &HttpCall, what: String) -> HttpError {
    let kind = if has_begun() {
        HttpErrorKind::Ambiguous
    } else {
        HttpErrorKind::NotSent
    };
    let text = format!("{} {}: {what}", call.method.name(), call.place());
    HttpError {
        kind,
        text: excerpt(&text, ERROR_SHOWN),
    }
}

fn describe(cause: &Error, limits: HttpLimits) -> String {
    match cause {
        Error::Timeout(Timeout::Global) => format!("no answer within {}", seconds(limits.total_ms)),
        Error::Timeout(phase) => {
            let limit = seconds(limits.total_ms.min(PHASE_MS));
            format!("{phase}: not done within {limit}")
        }
        // These may show the address with its query.
        Error::BadUri(_) | Error::Http(_) => {
            "not an address or a header that can be sent; expected https://host/path".to_owned()
        }
        Error::HostNotFound => "host not found".to_owned(),
        Error::Io(error) => error.to_string(),
        other => other.to_string(),
    }
}
