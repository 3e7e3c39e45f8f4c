//! Names to addresses: a blocking lookup for workers, and a cache that loop and workers share.
//!
//! The system's resolver tells no lifetime and may hang: an answer counts as fresh for 60 s, and the
//! last good one is kept for ever and used when the system does not answer. [`NameCache::known`]
//! never blocks and is for the loop; [`NameCache::resolve`] may block for as long as the system lets
//! it (bounded by RES_OPTIONS in the unit file) and is for workers. Limits: 64 hosts, 16 addresses
//! each; beyond them the host that was asked for longest ago is forgotten.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

/// How long an answer counts as fresh.
const FRESH: Duration = Duration::from_secs(60);
/// Hosts kept.
const HOSTS_MAX: usize = 64;
/// Addresses kept of a host; ureq takes no more.
const ADDRESSES_MAX: usize = 16;

type Lookup = dyn Fn(&str, u16) -> io::Result<Vec<SocketAddr>> + Send + Sync;

/// What is known of a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known {
    /// Asked within the last minute, or an address in the first place.
    Fresh(Vec<SocketAddr>),
    /// Of use if nobody knows better: ask a worker first.
    Old(Vec<SocketAddr>),
    Nothing,
}

struct Entry {
    addresses: Vec<SocketAddr>,
    /// `None`: not to be trusted any more.
    resolved: Option<Instant>,
    used: Instant,
}

/// See the file's head. Clones share the same cache.
#[derive(Clone)]
pub struct NameCache {
    entries: Arc<Mutex<BTreeMap<(String, u16), Entry>>>,
    lookup: Arc<Lookup>,
}

impl std::fmt::Debug for NameCache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NameCache")
            .field("hosts", &self.lock().len())
            .finish_non_exhaustive()
    }
}

impl Default for NameCache {
    fn default() -> Self {
        Self::with_lookup(|host, port| Ok((host, port).to_socket_addrs()?.collect()))
    }
}

impl NameCache {
    /// A cache over another way to look names up.
    pub fn with_lookup(
        lookup: impl Fn(&str, u16) -> io::Result<Vec<SocketAddr>> + Send + Sync + 'static,
    ) -> Self {
        Self {
            entries: Arc::default(),
            lookup: Arc::new(lookup),
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<(String, u16), Entry>> {
        // Entries are whole after each statement: a panic elsewhere leaves nothing half done.
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known without asking anybody.
    pub fn known(&self, host: &str, port: u16) -> Known {
        if let Ok(address) = host.parse::<IpAddr>() {
            return Known::Fresh(vec![SocketAddr::new(address, port)]);
        }
        let mut entries = self.lock();
        let Some(entry) = entries.get_mut(&(host.to_owned(), port)) else {
            return Known::Nothing;
        };
        let now = Instant::now();
        entry.used = now;
        let is_fresh = entry
            .resolved
            .is_some_and(|at| now.duration_since(at) < FRESH);
        if is_fresh {
            Known::Fresh(entry.addresses.clone())
        } else {
            Known::Old(entry.addresses.clone())
        }
    }

    /// Fresh addresses, from the cache or from the system; the last good ones when the system does
    /// not answer. Blocks. Never empty.
    ///
    /// # Errors
    /// The name is not known to the system, and never was: names the host.
    pub fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        let old = match self.known(host, port) {
            Known::Fresh(addresses) => return Ok(addresses),
            Known::Old(addresses) => Some(addresses),
            Known::Nothing => None,
        };
        let failed = |error: io::Error| {
            io::Error::new(error.kind(), format!("name {host} not resolved: {error}"))
        };
        match ((self.lookup)(host, port), old) {
            (Ok(mut addresses), _) if !addresses.is_empty() => {
                addresses.truncate(ADDRESSES_MAX);
                self.keep(host, port, addresses.clone());
                Ok(addresses)
            }
            (_, Some(old)) => Ok(old),
            (Ok(_), None) => Err(failed(io::Error::other("it has no address"))),
            (Err(error), None) => Err(failed(error)),
        }
    }

    /// Nobody was reached at these addresses: ask anew next time. They are kept as the last known.
    pub fn distrust(&self, host: &str, port: u16) {
        if let Some(entry) = self.lock().get_mut(&(host.to_owned(), port)) {
            entry.resolved = None;
        }
    }

    fn keep(&self, host: &str, port: u16, addresses: Vec<SocketAddr>) {
        let now = Instant::now();
        let entry = Entry {
            addresses,
            resolved: Some(now),
            used: now,
        };
        let mut entries = self.lock();
        entries.insert((host.to_owned(), port), entry);
        if entries.len() > HOSTS_MAX {
            let oldest = entries.iter().min_by_key(|(_, entry)| entry.used);
            if let Some(key) = oldest.map(|(key, _)| key.clone()) {
                entries.remove(&key);
            }
        }
    }
}

/// Without this, ureq would start a thread for each lookup.
impl Resolver for NameCache {
    fn resolve(
        &self,
        uri: &Uri,
        _config: &Config,
        _timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let (host, port) = host_and_port(uri).ok_or(ureq::Error::HostNotFound)?;
        let mut addresses = self.empty();
        for address in Self::resolve(self, host, port)? {
            addresses.push(address);
        }
        Ok(addresses)
    }
}

/// Host (without brackets) and port of an http or https address.
pub(super) fn host_and_port(uri: &Uri) -> Option<(&str, u16)> {
    let usual = match uri.scheme_str()? {
        "https" => 443,
        "http" => 80,
        _ => return None,
    };
    let host = uri.host()?.trim_start_matches('[').trim_end_matches(']');
    Some((host, uri.port_u16().unwrap_or(usual)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    fn address(last: u8) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, last], 443))
    }

    /// Answers with 127.0.0.n at the n-th call until `fails_from`.
    fn counting(fails_from: u32) -> (NameCache, Arc<AtomicU32>) {
        let calls = Arc::new(AtomicU32::new(0));
        let seen = Arc::clone(&calls);
        let cache = NameCache::with_lookup(move |_, _| {
            let call = seen.fetch_add(1, Ordering::Relaxed) + 1;
            if call >= fails_from {
                return Err(io::Error::other("no such name"));
            }
            Ok(vec![address(u8::try_from(call).unwrap())])
        });
        (cache, calls)
    }

    #[test]
    fn a_fresh_answer_is_not_asked_for_again_and_the_loop_sees_it() {
        let (cache, calls) = counting(9);
        assert_eq!(cache.known("a.example", 443), Known::Nothing);
        for _ in 0..3 {
            assert_eq!(cache.resolve("a.example", 443).unwrap(), [address(1)]);
        }
        let on_the_loop = cache.clone();
        assert_eq!(
            on_the_loop.known("a.example", 443),
            Known::Fresh(vec![address(1)])
        );
        assert_eq!(on_the_loop.known("a.example", 80), Known::Nothing);
        assert_eq!(calls.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn what_is_distrusted_is_asked_for_again_and_used_when_nobody_answers() {
        let (cache, calls) = counting(3);
        cache.resolve("a.example", 443).unwrap();
        cache.distrust("a.example", 443);
        assert_eq!(cache.known("a.example", 443), Known::Old(vec![address(1)]));
        assert_eq!(cache.resolve("a.example", 443).unwrap(), [address(2)]);
        cache.distrust("a.example", 443);
        assert_eq!(
            cache.resolve("a.example", 443).unwrap(),
            [address(2)],
            "last known good"
        );
        assert_eq!(calls.load(Ordering::Relaxed), 3);
        let error = cache.resolve("b.example", 443).unwrap_err().to_string();
        assert!(
            error.contains("b.example") && error.contains("no such name"),
            "{error}"
        );
    }

    #[test]
    fn addresses_need_no_resolver_and_an_empty_answer_is_none() {
        let cache = NameCache::with_lookup(|_, _| Ok(Vec::new()));
        let literal = SocketAddr::from(([0, 0, 0, 0, 0, 0, 0, 1], 8443));
        assert_eq!(cache.resolve("::1", 8443).unwrap(), [literal]);
        let error = cache.resolve("a.example", 1).unwrap_err().to_string();
        assert!(error.contains("has no address"), "{error}");
    }

    #[test]
    fn the_host_asked_for_longest_ago_is_forgotten() {
        let cache = NameCache::with_lookup(|_, _| Ok(vec![address(1)]));
        for n in 0..HOSTS_MAX {
            cache.resolve(&format!("host{n}"), 443).unwrap();
        }
        assert!(matches!(cache.known("host0", 443), Known::Fresh(_)));
        cache.resolve("one-more", 443).unwrap();
        assert!(matches!(cache.known("host0", 443), Known::Fresh(_)));
        assert_eq!(cache.known("host1", 443), Known::Nothing);
    }
}
