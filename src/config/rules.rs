//! What texts and lists may be: addresses, symbols, intervals, times and the like.

use super::key::{Key, Kind, ListRule, TextRule};
use crate::core::market::Interval;
use crate::core::units::calendar::parse_time;
use std::collections::BTreeSet;

/// Longest text of any key, in bytes.
const TEXT_MAX: usize = 1000;
/// Most symbols of one run.
pub const SYMBOLS_MAX: usize = 20;

/// Whether the key's value is an address.
pub fn is_address(key: &Key) -> bool {
    matches!(
        key.kind,
        Kind::Text(TextRule::Address(_)) | Kind::List(ListRule::Addresses { .. })
    )
}

/// Checks a text; the error says what is wrong and what is allowed.
pub fn check_text(rule: TextRule, text: &str) -> Result<(), String> {
    if text.len() > TEXT_MAX {
        return Err(format!("longer than {TEXT_MAX} bytes"));
    }
    if text.chars().any(char::is_control) {
        return Err("holds a control character".to_owned());
    }
    let sound = match rule {
        TextRule::OneOf(names) => names.contains(&text),
        TextRule::Free | TextRule::Path => true,
        TextRule::Address(schemes) => return check_address(schemes, text),
        TextRule::HostPort => is_host_port(text),
        TextRule::Symbol => return check_symbol(text),
        TextRule::Interval => Interval::parse(text).is_some(),
        TextRule::InstanceId => {
            (1..=32).contains(&text.len())
                && text
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        }
        TextRule::Exactly(words) => text.is_empty() || text == words,
        TextRule::TimeOfDay => is_time_of_day(text),
        TextRule::Time => text.is_empty() || parse_time(text).is_some(),
        TextRule::Currency => {
            (3..=5).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_uppercase())
        }
    };
    if sound {
        Ok(())
    } else {
        Err(format!("allowed {}", allowed_text(rule)))
    }
}

/// What a text may be, for messages.
pub fn allowed_text(rule: TextRule) -> String {
    match rule {
        TextRule::OneOf(names) => names.join(", "),
        TextRule::Free => format!("a text of at most {TEXT_MAX} bytes"),
        TextRule::Path => "a path".to_owned(),
        TextRule::Address(schemes) => format!("an address with {}", schemes.join(" or ")),
        TextRule::HostPort => "host:port".to_owned(),
        TextRule::Symbol => {
            "BASE-QUOTE, BASE-PERP or the exchange's own product id, such as BTC-USD".to_owned()
        }
        TextRule::Interval => Interval::ALLOWED.to_owned(),
        TextRule::InstanceId => "1..32 of a-z, 0-9 and -".to_owned(),
        TextRule::Exactly(words) => format!("exactly \"{words}\", or nothing"),
        TextRule::Time => "nothing, or a time, such as 2018-01-02T12:00:00Z".to_owned(),
        TextRule::TimeOfDay => "a time of day, HH:MM".to_owned(),
        TextRule::Currency => "3..5 capital letters, such as USD".to_owned(),
    }
}

/// Checks a list; the error names the element.
pub fn check_list(rule: ListRule, items: &[String]) -> Result<(), String> {
    let max = match rule {
        ListRule::Symbols => SYMBOLS_MAX,
        ListRule::Addresses { max, .. } | ListRule::Words { max } => max,
    };
    if items.len() > max {
        return Err(format!("{} elements; allowed at most {max}", items.len()));
    }
    let mut seen = BTreeSet::new();
    for (index, item) in items.iter().enumerate() {
        let place = index + 1;
        if item.is_empty() {
            return Err(format!("element {place} is empty"));
        }
        if !seen.insert(item) {
            return Err(format!("element {place} stands there twice"));
        }
        let checked = match rule {
            ListRule::Symbols => check_text(TextRule::Symbol, item),
            ListRule::Addresses { schemes, .. } => check_text(TextRule::Address(schemes), item),
            ListRule::Words { .. } => {
                if item.contains(char::is_whitespace) {
                    Err("a word without space expected".to_owned())
                } else {
                    check_text(TextRule::Free, item)
                }
            }
        };
        checked.map_err(|problem| format!("element {place}: {problem}"))?;
    }
    Ok(())
}

/// What a list may be, for messages.
pub fn allowed_list(rule: ListRule) -> String {
    match rule {
        ListRule::Symbols => format!("at most {SYMBOLS_MAX} symbols"),
        ListRule::Addresses { max, schemes } => {
            format!("at most {max} addresses with {}", schemes.join(" or "))
        }
        ListRule::Words { max } => format!("at most {max} words"),
    }
}

fn check_symbol(text: &str) -> Result<(), String> {
    let plain = (1..=40).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_graphic() && !matches!(b, b',' | b'"' | b'\''));
    if !plain {
        return Err(format!("allowed {}", allowed_text(TextRule::Symbol)));
    }
    let capitals = text.to_ascii_uppercase();
    if capitals != text && text.to_ascii_lowercase() == text {
        return Err(format!("symbols are written in capitals: {capitals}"));
    }
    Ok(())
}

/// The account currency of a `BASE-QUOTE` symbol, USDC counted as USD; `None` where the name does
/// not tell it.
pub fn currency_of(symbol: &str) -> Option<&str> {
    let (_, quote) = symbol.split_once('-')?;
    let stated = !quote.contains('-')
        && quote != "PERP"
        && (3..=5).contains(&quote.len())
        && quote.bytes().all(|b| b.is_ascii_uppercase());
    stated.then(|| as_account_currency(quote))
}

/// USDC counts as USD.
pub fn as_account_currency(currency: &str) -> &str {
    if currency == "USDC" { "USD" } else { currency }
}

fn check_address(schemes: &'static [&'static str], text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Ok(());
    }
    let rest = schemes.iter().find_map(|scheme| text.strip_prefix(scheme));
    let authority = rest.map(|r| r.split(['/', '?', '#']).next().unwrap_or(""));
    match authority {
        Some(authority) if authority.contains('@') => {
            Err("an address must not hold a user or a password".to_owned())
        }
        Some(authority) if !authority.is_empty() && !text.contains(char::is_whitespace) => Ok(()),
        _ => Err(format!(
            "allowed {}",
            allowed_text(TextRule::Address(schemes))
        )),
    }
}

fn is_host_port(text: &str) -> bool {
    let Some((host, port)) = text.rsplit_once(':') else {
        return false;
    };
    let bracketed = host.starts_with('[') && host.ends_with(']');
    let plain = !host.is_empty() && !host.contains(char::is_whitespace);
    plain && (bracketed || !host.contains(':')) && port.parse::<u16>().is_ok_and(|p| p > 0)
}

/// Whether only this machine can reach `host:port`.
pub fn is_loopback(host_port: &str) -> bool {
    let host = host_port
        .rsplit_once(':')
        .map_or(host_port, |(host, _)| host);
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|ip| ip.is_loopback())
}

fn is_time_of_day(text: &str) -> bool {
    let Some((hours, minutes)) = text.split_once(':') else {
        return false;
    };
    let two = |part: &str, below: u8| {
        part.len() == 2
            && part.bytes().all(|b| b.is_ascii_digit())
            && part.parse::<u8>().is_ok_and(|n| n < below)
    };
    two(hours, 24) && two(minutes, 60)
}
