//! The patterns of the redaction: where in a text something stands that looks like a secret.
//!
//! Each finder pushes byte ranges. All delimiters are ASCII, so every range begins and ends on a
//! character boundary. Linear in the text but for a small factor; no regular expressions.

use std::ops::Range;

type Found = Vec<Range<usize>>;

const PREFIXES: [&str; 4] = ["sk-", "pk-", "xox", "ghp_"];
/// Characters after a prefix that make it a key.
const AFTER_PREFIX: usize = 10;
/// Endings of names whose values are secret.
const TELLING: [&str; 7] = [
    "key",
    "token",
    "secret",
    "password",
    "passphrase",
    "mnemonic",
    "authorization",
];
const PHRASE_WORDS: std::ops::RangeInclusive<usize> = 12..=24;

pub(super) fn find_all(text: &str, found: &mut Found) {
    let lower = text.to_ascii_lowercase();
    prefixed(text, found);
    private_keys(text, found);
    bearer(text, &lower, found);
    web_tokens(text, found);
    named_values(text, found);
    user_and_password(text, found);
    private_hexadecimal(text, &lower, found);
    phrases(text, &lower, found);
}

/// A name such as `api_key`, `apiSecret`, `X-Auth-Token`.
pub(super) fn is_telling(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    TELLING.iter().any(|ending| lower.ends_with(ending))
}

/// What stands for no value, or is hidden already.
pub(super) fn is_harmless(value: &str) -> bool {
    value.is_empty()
        || matches!(value, "null" | "None" | "true" | "false" | "(unset)")
        || matches!(value, "***" | "***(set)")
        || value.starts_with(['{', '['])
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
}

fn is_key_character(byte: u8) -> bool {
    is_word(byte) || byte == b'_' || byte == b'-'
}

/// End of the run of accepted bytes from `start`.
fn run(text: &str, start: usize, accept: impl Fn(u8) -> bool) -> usize {
    let rest = &text.as_bytes()[start..];
    start + rest.iter().position(|b| !accept(*b)).unwrap_or(rest.len())
}

/// Nothing that belongs to the same word stands before `at`.
fn begins_word(text: &str, at: usize) -> bool {
    at == 0 || !is_word(text.as_bytes()[at - 1])
}

fn prefixed(text: &str, found: &mut Found) {
    for prefix in PREFIXES {
        for (at, _) in text.match_indices(prefix) {
            let end = run(text, at + prefix.len(), is_key_character);
            if begins_word(text, at) && end - at - prefix.len() >= AFTER_PREFIX {
                found.push(at..end);
            }
        }
    }
}

fn private_keys(text: &str, found: &mut Found) {
    const END: &str = "PRIVATE KEY-----";
    for (at, begin) in text.match_indices("-----BEGIN ") {
        let body = at + begin.len();
        // `EC `, `RSA `, `OPENSSH `, `ENCRYPTED `, or nothing.
        let label_end = run(text, body, |b| b.is_ascii_uppercase() || b == b' ');
        let Some(label) = text[body..label_end.min(text.len())].find("PRIVATE KEY") else {
            continue;
        };
        if !text[body + label..].starts_with(END) {
            continue;
        }
        let body = body + label + END.len();
        let end = text[body..]
            .find(END)
            .map_or(text.len(), |end| body + end + END.len());
        found.push(at..end);
    }
}

fn bearer(text: &str, lower: &str, found: &mut Found) {
    for (at, word) in lower.match_indices("bearer ") {
        let start = at + word.len();
        let end = run(text, start, |b| {
            is_key_character(b) || b"._~+/=".contains(&b)
        });
        if begins_word(text, at) && end > start {
            found.push(start..end);
        }
    }
}

fn web_tokens(text: &str, found: &mut Found) {
    for (at, _) in text.match_indices("eyJ") {
        let head = run(text, at, is_key_character);
        let body = run(text, (head + 1).min(text.len()), is_key_character);
        let dotted = |at: usize| text.as_bytes().get(at) == Some(&b'.');
        if begins_word(text, at) && head - at >= 8 && dotted(head) && dotted(body) {
            found.push(at..run(text, body + 1, is_key_character));
        }
    }
}

/// `name = value`, `"name": "value"`, `name: value`, also inside escaped JSON.
fn named_values(text: &str, found: &mut Found) {
    let mut at = 0;
    while at < text.len() {
        let start = at + run(&text[at..], 0, |b| !is_key_character(b));
        let end = run(text, start, is_key_character);
        at = end.max(start + 1);
        let name = &text[start..end];
        if !is_telling(name) {
            continue;
        }
        let after = run(text, end, |b| b"\\\"' ".contains(&b));
        let separator = text.as_bytes().get(after).copied();
        // `unknown key: system.foo` names no secret.
        let is_plain_word = name.eq_ignore_ascii_case("key") && after == end;
        let is_value = match separator {
            Some(b'=') => true,
            Some(b':') => !is_plain_word && !text[after..].starts_with("://"),
            _ => false,
        };
        if is_value {
            named_value(text, name, after + 1, found);
        }
    }
}

fn named_value(text: &str, name: &str, after: usize, found: &mut Found) {
    let start = run(text, after, |b| b == b' ');
    let quote = run(text, start, |b| b"\\\"'".contains(&b));
    let end = if quote > start {
        run(text, quote, |b| !b"\\\"'\n".contains(&b))
    } else if name.to_ascii_lowercase().ends_with("authorization") {
        run(text, quote, |b| !b"\"',;&\n".contains(&b))
    } else {
        run(text, quote, |b| {
            !b.is_ascii_whitespace() && !b"\\\"',;&)}]".contains(&b)
        })
    };
    if !is_harmless(&text[quote..end]) {
        found.push(quote..end);
    }
}

fn user_and_password(text: &str, found: &mut Found) {
    for (at, separator) in text.match_indices("://") {
        let start = at + separator.len();
        let end = run(text, start, |b| {
            !b.is_ascii_whitespace() && !b"/?#\"'<>\\".contains(&b)
        });
        if let Some(length) = text[start..end].rfind('@')
            && !is_harmless(&text[start..start + length])
        {
            found.push(start..start + length);
        }
    }
}

fn private_hexadecimal(text: &str, lower: &str, found: &mut Found) {
    for name in ["private_key", "private key", "privatekey", "private-key"] {
        for (at, name) in lower.match_indices(name) {
            let mut start = at + name.len();
            start = run(text, start, |b| b.is_ascii() && !is_word(b));
            if lower[start..].starts_with("0x") {
                start += 2;
            }
            let end = run(text, start, |b| b.is_ascii_hexdigit());
            if end - start >= 64 {
                found.push(start..end);
            }
        }
    }
}

/// 12 to 24 words of lower case after `mnemonic` or `seed`, and an optional `phrase`.
fn phrases(text: &str, lower: &str, found: &mut Found) {
    for name in ["mnemonic", "seed"] {
        for (at, name) in lower.match_indices(name) {
            let mut start = run(text, at + name.len(), |b| b.is_ascii() && !is_word(b));
            if lower[start..].starts_with("phrase") {
                start = run(text, start + "phrase".len(), |b| {
                    b.is_ascii() && !is_word(b)
                });
            }
            let (mut end, mut next, mut words) = (start, start, 0);
            while words < *PHRASE_WORDS.end() {
                let word_end = run(text, next, |b| b.is_ascii_lowercase());
                if word_end == next {
                    break;
                }
                words += 1;
                end = word_end;
                next = run(text, word_end, |b| b == b' ' || b == b',');
                if next == word_end {
                    break;
                }
            }
            if PHRASE_WORDS.contains(&words) {
                found.push(start..end);
            }
        }
    }
}
