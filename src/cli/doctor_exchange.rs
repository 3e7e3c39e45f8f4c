//! What `minnow doctor` says of the exchange: names, TLS and time of each endpoint, clock, key, fees,
//! limits, products.

use super::doctor::Check;
use super::exchange::{Exchange, products_call, products_of, request_windows};
use super::replay::loop_settings;
use super::{Exit, Failure};
use crate::config::Effective;
use crate::core::units::{Decimal, Rounding, Span};
use crate::exchange::calls::{Call, CallAnswer};
use crate::exchange::orders::Product;
use crate::exchange::stream::StreamRole;
use crate::net::{Endpoint, LinkSettings};
use crate::runtime::EventLoop;
use crate::runtime::clock::monotonic_ns;
use crate::runtime::live::{Answered, Handshakes, Patience};
use std::net::SocketAddr;
use std::time::Instant;

/// A clock further off than this spoils signatures and candles, ms.
const CLOCK_WARNED_MS: i64 = 1_000;
/// Further off than this a signature is refused sooner or later, ms.
const CLOCK_REFUSED_MS: i64 = 5_000;
/// All questions together: for what the exchange wants to be waited for beyond it, nobody waits.
const PATIENCE: Span = Span::from_secs(30);
/// A way up that takes longer makes orders late, ms.
const SLOW_MS: i64 = 1_000;

/// All of them, in the order in which they are told.
///
/// # Errors
/// The loop cannot be set up, or a stop signal came (130).
pub(super) fn checks(effective: &Effective, exchange: Exchange) -> Result<Vec<Check>, Failure> {
    let mut checks = Vec::new();
    // An address is an address: `https` has the port of `wss`.
    let rest_url = exchange.codec.rest_url().replacen("http", "ws", 1);
    let rest = reach(&exchange, &rest_url, &mut checks);
    let streams = streams(effective, &exchange, &mut checks);
    checks.extend(handshakes(effective, &exchange, streams)?);
    if rest.is_none() {
        return Ok(checks);
    }
    let has_key = exchange.has_key;
    let symbols = effective.symbols();
    let mut questions = vec![Call::ServerTime, Call::ServerTime, products_call(&symbols)];
    if has_key {
        questions.extend([Call::KeyPermissions, Call::FeeTier]);
    }
    let patience = Patience::OnceWithin(monotonic_ns().saturating_add(PATIENCE.0));
    let (exchange, answers) = exchange.ask(effective, questions, patience)?;
    checks.extend(rest_time(&answers));
    checks.extend(clock(&answers));
    checks.extend(key(effective, has_key, &answers));
    checks.extend(fees(&answers));
    checks.push(limits(effective));
    if let Some(why) = exchange.left_out {
        let text = format!("{why}; what stands behind the other calls was not looked at");
        checks.push(Check::problem("calls", text));
    }
    checks.extend(products(&symbols, &answers));
    Ok(checks)
}

/// A connection's way, and the roles that go it: connections to one address are tried once.
struct Stream {
    roles: Vec<StreamRole>,
    endpoint: Endpoint,
    addresses: Vec<SocketAddr>,
}

/// The connections that a session would open; the account's too where there is a key for it.
fn streams(effective: &Effective, exchange: &Exchange, checks: &mut Vec<Check>) -> Vec<Stream> {
    let roles = [
        (StreamRole::Market, true),
        (StreamRole::Book, effective.flag("orderbook.enabled")),
        (StreamRole::Account, exchange.has_key),
    ];
    let mut streams: Vec<Stream> = Vec::new();
    for (role, _) in roles.into_iter().filter(|(_, is_wanted)| *is_wanted) {
        let url = exchange.codec.stream_url(role);
        let endpoint = Endpoint::parse(url);
        let known = streams
            .iter_mut()
            .find(|known| endpoint.as_ref().is_ok_and(|one| *one == known.endpoint));
        if let Some(known) = known {
            known.roles.push(role);
        } else if let Some((endpoint, addresses)) = reach(exchange, url, checks) {
            streams.push(Stream {
                roles: vec![role],
                endpoint,
                addresses,
            });
        }
    }
    streams
}

/// The addresses of an endpoint, each name told once.
fn reach(
    exchange: &Exchange,
    url: &str,
    checks: &mut Vec<Check>,
) -> Option<(Endpoint, Vec<SocketAddr>)> {
    const NAME: &str = "name";
    let endpoint = match Endpoint::parse(url) {
        Ok(endpoint) => endpoint,
        Err(text) => {
            checks.push(Check::problem(NAME, text));
            return None;
        }
    };
    let began = Instant::now();
    match exchange.names.resolve(endpoint.host(), endpoint.port()) {
        Ok(addresses) => {
            let text = format!(
                "{}: {} addresses in {} ms",
                endpoint.host(),
                addresses.len(),
                began.elapsed().as_millis()
            );
            let told = |check: &Check| {
                check.name == NAME && check.text.starts_with(&format!("{}:", endpoint.host()))
            };
            if !checks.iter().any(told) {
                checks.push(Check::ok(NAME, text));
            }
            Some((endpoint, addresses))
        }
        Err(error) => {
            let text = format!("{}: no address: {error}", endpoint.host());
            checks.push(Check::problem(NAME, text));
            None
        }
    }
}

fn handshakes(
    effective: &Effective,
    exchange: &Exchange,
    streams: Vec<Stream>,
) -> Result<Vec<Check>, Failure> {
    const NAME: &str = "stream";
    let stage_limit = effective.seconds("system.async_timeout").as_millis();
    let settings = LinkSettings {
        tls: exchange.tls.clone(),
        stage_limit_ms: u64::try_from(stage_limit).unwrap_or(15_000),
        message_max: exchange.codec.rhythm(StreamRole::Market).max_message,
    };
    let names: Vec<String> = streams
        .iter()
        .map(|stream| {
            let roles: Vec<&str> = stream.roles.iter().map(|role| role.name()).collect();
            let (host, port) = (stream.endpoint.host(), stream.endpoint.port());
            format!("{}, {host}:{port}", roles.join(" and "))
        })
        .collect();
    let endpoints = streams
        .into_iter()
        .map(|stream| (stream.endpoint, stream.addresses));
    let mut handshakes = Handshakes::new(settings, endpoints);
    EventLoop::new(loop_settings(effective))
        .and_then(|machine| machine.run(&mut handshakes))
        .map_err(|error| Failure::run_time(format!("the event loop failed: {error}")))?;
    let (results, stopped) = handshakes.into_results();
    if let Some(signal) = stopped {
        let text = format!("stopped by {}", signal.name());
        return Err(Failure::new(Exit::Interrupted, text));
    }
    let told = names
        .iter()
        .zip(results)
        .map(|(name, result)| match result {
            Ok(took) => timed(NAME, name, "TLS and websocket", took / 1_000_000),
            Err(why) => Check::problem(NAME, format!("{name}: {why}")),
        });
    Ok(told.collect())
}

fn timed(name: &'static str, what: &str, how: &str, ms: i64) -> Check {
    let text = format!("{what}: {how} in {ms} ms");
    if ms > SLOW_MS {
        Check::warning(name, format!("{text}: expected less than {SLOW_MS}"))
    } else {
        Check::ok(name, text)
    }
}

/// The first answer with the connection's way up, the second on the warm connection.
fn rest_time(answers: &[Answered]) -> Vec<Check> {
    const NAME: &str = "calls";
    let times = answers
        .iter()
        .filter(|answer| answer.call == Call::ServerTime);
    let how = ["connect, TLS and answer", "answer on the same connection"];
    let mut checks = Vec::new();
    for (answer, how) in times.zip(how) {
        match &answer.result {
            Ok(_) => {
                let ms = answer.half_trip.0.saturating_mul(2) / 1_000_000;
                checks.push(timed(NAME, "REST", how, ms));
            }
            Err(trouble) => {
                checks.push(Check::problem(NAME, format!("REST: {trouble}")));
                break;
            }
        }
    }
    checks
}

/// By the warm answer, whose half trip says most.
fn clock(answers: &[Answered]) -> Option<Check> {
    const NAME: &str = "clock";
    let (answer, time) = answers
        .iter()
        .rev()
        .find_map(|answer| match &answer.result {
            Ok(CallAnswer::ServerTime(time)) => Some((answer, time)),
            _ => None,
        })?;
    let offset = (time.0 - (answer.at - answer.half_trip.0)) / 1_000_000;
    let text = format!("the exchange's clock is {offset} ms from ours");
    Some(if offset.abs() >= CLOCK_REFUSED_MS {
        Check::problem(NAME, format!("{text}: set the clock (chrony, timesyncd)"))
    } else if offset.abs() >= CLOCK_WARNED_MS {
        Check::warning(NAME, format!("{text}: is a time service running?"))
    } else {
        Check::ok(NAME, text)
    })
}

fn key(effective: &Effective, has_key: bool, answers: &[Answered]) -> Option<Check> {
    const NAME: &str = "key";
    if !has_key {
        let text = "none is set";
        return Some(if effective.flag("system.dry_run") {
            Check::ok(NAME, format!("{text}: paper needs none"))
        } else {
            Check::problem(NAME, format!("{text}: real orders need one"))
        });
    }
    let answer = answers
        .iter()
        .find(|answer| answer.call == Call::KeyPermissions)?;
    let source = effective.entry("exchange.cdp_private_key").source.clone();
    Some(match &answer.result {
        Ok(CallAnswer::Permissions {
            can_view,
            can_trade,
            can_transfer,
            ..
        }) => {
            let may = [
                (*can_view, "view"),
                (*can_trade, "trade"),
                (*can_transfer, "withdraw"),
            ];
            let may: Vec<&str> = may
                .into_iter()
                .filter_map(|(may, what)| may.then_some(what))
                .collect();
            let text = format!("accepted, may {} (from {source})", may.join(", "));
            if *can_transfer && !effective.flag("exchange.allow_withdraw_keys") {
                Check::problem(
                    NAME,
                    format!(
                        "{text}: a bot's key must not withdraw; make one that may only view and trade"
                    ),
                )
            } else if *can_transfer {
                Check::warning(
                    NAME,
                    format!("{text}: exchange.allow_withdraw_keys allows it"),
                )
            } else if !can_trade || !can_view {
                Check::problem(NAME, format!("{text}: expected view and trade"))
            } else {
                Check::ok(NAME, text)
            }
        }
        Ok(_) => Check::problem(NAME, "an answer of another kind"),
        Err(trouble) => Check::problem(NAME, format!("{trouble} (from {source})")),
    })
}

fn fees(answers: &[Answered]) -> Option<Check> {
    const NAME: &str = "fees";
    let answer = answers.iter().find(|answer| answer.call == Call::FeeTier)?;
    Some(match &answer.result {
        Ok(CallAnswer::FeeTier {
            maker,
            taker,
            volume,
        }) => {
            let volume = volume.map_or_else(String::new, |v| {
                format!(", volume of 30 days {}", v.round(2, Rounding::HalfEven))
            });
            let text = format!(
                "maker {}, taker {}{volume}",
                percent(*maker),
                percent(*taker)
            );
            Check::ok(NAME, text)
        }
        Ok(_) => Check::warning(NAME, "an answer of another kind"),
        Err(trouble) => Check::warning(NAME, format!("the account's tier is not told: {trouble}")),
    })
}

fn percent(rate: Decimal) -> String {
    let hundred = Decimal::from_int(100);
    let percent = rate.checked_mul(hundred, Rounding::HalfEven);
    percent.map_or_else(|| rate.to_string(), |percent| format!("{percent} %"))
}

fn limits(effective: &Effective) -> Check {
    let windows: Vec<String> = request_windows(effective)
        .iter()
        .map(|window| {
            format!(
                "{} in {} s",
                window.requests,
                window.span.as_millis() / 1000
            )
        })
        .collect();
    Check::ok(
        "limits",
        format!(
            "our own requests for market data and downloads: {}; orders wait for none",
            windows.join(", ")
        ),
    )
}

fn products(symbols: &[&str], answers: &[Answered]) -> Vec<Check> {
    const NAME: &str = "product";
    let was_asked = |answer: &Answered| matches!(answer.call, Call::Products { .. });
    if !answers.iter().any(was_asked) {
        return Vec::new();
    }
    match products_of(symbols, answers) {
        Ok(products) => products.iter().map(product).collect(),
        Err(failure) => vec![Check::problem(
            NAME,
            failure.message.trim_start_matches("config: ").to_owned(),
        )],
    }
}

fn product(product: &Product) -> Check {
    const NAME: &str = "product";
    let instrument = &product.instrument;
    let text = format!(
        "{}: tick {}, lot {}, at least {}",
        product.id, instrument.tick, instrument.lot, instrument.min_quantity
    );
    if !product.tradable {
        Check::problem(NAME, format!("{text}: not tradable now"))
    } else if product.limit_only || product.post_only {
        Check::warning(NAME, format!("{text}: takes only limit orders now"))
    } else {
        Check::ok(NAME, text)
    }
}
