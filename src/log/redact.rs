//! Redaction: what must never leave the process in a log line, error, notification or recording.
//!
//! Registered secret values, and what looks like one: keys with well-known prefixes, PEM private
//! keys, bearer and web tokens, values after a telling name, user and password in addresses, long
//! hexadecimal after `private_key`, word phrases after `mnemonic` or `seed`. All become `***`.
//! Numbers, hashes and order ids stay. Not a parser of what it reads: when in doubt it hides.
//!
//! Invariant: the output never contains a registered secret; redacting twice changes nothing more.

use super::redact_patterns as patterns;
use std::borrow::Cow;
use std::ops::Range;
use std::sync::{PoisonError, RwLock};

/// What stands in place of a secret.
pub const MASK: &str = "***";
/// Shorter values would hide ordinary words.
const SECRET_MIN: usize = 8;

/// Passes over a text before all of it is hidden: two are needed for anything but mischief.
const PASSES_MAX: usize = 8;

static SECRETS: RwLock<Vec<String>> = RwLock::new(Vec::new());

/// From now on this value is hidden everywhere. Values of less than 8 characters are ignored.
/// Bounded by the configuration: a few dozen keys have secret values.
pub fn register(value: &str) {
    if value.chars().count() < SECRET_MIN {
        return;
    }
    let mut secrets = SECRETS.write().unwrap_or_else(PoisonError::into_inner);
    if !secrets.iter().any(|known| known == value) {
        secrets.push(value.to_owned());
    }
}

/// The text without its secrets.
pub fn redact(text: &str) -> Cow<'_, str> {
    let secrets = SECRETS.read().unwrap_or_else(PoisonError::into_inner);
    redact_with(text, &secrets)
}

/// The value of a named field: hidden altogether when the name tells that it is secret.
pub fn redact_named(name: &str, value: &str) -> String {
    if patterns::is_telling(name) && !patterns::is_harmless(value) {
        return MASK.to_owned();
    }
    redact(value).into_owned()
}

fn redact_with<'a>(text: &'a str, secrets: &[String]) -> Cow<'a, str> {
    let mut masked = Cow::Borrowed(text);
    // Masking joins what was apart; what looks like a secret only then is hidden as well.
    for _ in 0..PASSES_MAX {
        let mut found = Vec::new();
        find_secrets(&masked, secrets, &mut found);
        patterns::find_all(&masked, &mut found);
        if found.is_empty() {
            return masked;
        }
        masked = Cow::Owned(mask(&masked, &mut found));
    }
    Cow::Borrowed(MASK)
}

fn find_secrets(text: &str, secrets: &[String], found: &mut Vec<Range<usize>>) {
    for secret in secrets {
        // Overlapping occurrences as well: each start is tried.
        let mut from = 0;
        while let Some(at) = text[from..].find(secret.as_str()) {
            let start = from + at;
            found.push(start..start + secret.len());
            from = start + text[start..].chars().next().map_or(1, char::len_utf8);
        }
    }
}

/// Replaces the ranges, overlapping ones as one.
fn mask(text: &str, found: &mut [Range<usize>]) -> String {
    found.sort_unstable_by_key(|range| (range.start, range.end));
    let mut out = String::with_capacity(text.len());
    let mut written = 0;
    let mut ranges = found.iter().peekable();
    while let Some(first) = ranges.next() {
        let mut end = first.end;
        while let Some(next) = ranges.next_if(|next| next.start <= end) {
            end = end.max(next.end);
        }
        out.push_str(&text[written..first.start]);
        out.push_str(MASK);
        written = end;
    }
    out.push_str(&text[written..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn hidden(text: &str) -> String {
        redact_with(text, &[]).into_owned()
    }

    #[test]
    fn what_looks_like_a_secret_is_hidden() {
        let jwt = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl_-x";
        let hex = "0123456789abcdef".repeat(4);
        let words = "legal winner thank year wave sausage worth useful legal winner thank yellow";
        let cases = [
            ("key sk-abcdefghij1 used".to_owned(), "key *** used"),
            ("pk-0123456789".to_owned(), "***"),
            ("xoxb-1234567890-x".to_owned(), "***"),
            ("ghp_abcdefghijKLM.".to_owned(), "***."),
            (
                "a -----BEGIN EC PRIVATE KEY-----\nMHc\n-----END EC PRIVATE KEY----- b".to_owned(),
                "a *** b",
            ),
            ("-----BEGIN PRIVATE KEY-----\ncut off".to_owned(), "***"),
            (
                "GET / Bearer abc.def-1 ok".to_owned(),
                "GET / Bearer *** ok",
            ),
            (format!("jwt {jwt}!"), "jwt ***!"),
            ("api_key=abc&x=1".to_owned(), "api_key=***&x=1"),
            ("API-Key: abc, n: 1".to_owned(), "API-Key: ***, n: 1"),
            (
                r#"{"apiSecret":"a b","n":1}"#.to_owned(),
                r#"{"apiSecret":"***","n":1}"#,
            ),
            (
                r#"\"passphrase\": \"p q\" x"#.to_owned(),
                r#"\"passphrase\": \"***\" x"#,
            ),
            ("PASSWORD = hunter2".to_owned(), "PASSWORD = ***"),
            (
                "Authorization: Basic dXNlcg==\nHost: a".to_owned(),
                "Authorization: ***\nHost: a",
            ),
            ("wss://me:pw@host:1/p".to_owned(), "wss://***@host:1/p"),
            (format!("private_key 0x{hex}."), "private_key 0x***."),
            (
                format!("seed phrase {words}. next"),
                "seed phrase ***. next",
            ),
            (format!("mnemonic {words}"), "mnemonic ***"),
        ];
        for (text, expected) in cases {
            assert_eq!(hidden(&text), expected, "{text}");
        }
    }

    #[test]
    fn numbers_hashes_ids_and_words_stay() {
        for text in [
            "order mnw-abcde-f-12-e filled at 64000.10, fee 0.25",
            "hash 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "task-monitoring risk-monitoring-all seed = 42",
            "tokens=1234 max_tokens: 500 keyboard: us",
            "unknown key: system.foo",
            "https://example.com/a@b?x=1",
            r#"{"token":null,"keys":["a"]}"#,
            "0b5c6b2e-7b0a-4a55-9b5f-5a0e2e3a1c11",
            "the seed of a tree grows",
        ] {
            assert_eq!(hidden(text), text);
        }
    }

    #[test]
    fn a_registered_secret_is_hidden_wherever_it_stands() {
        register("log-redact-test-secret");
        assert_eq!(
            redact("x=log-redact-test-secretlog-redact-test-secret;"),
            "x=***;"
        );
        register("short");
        assert_eq!(redact("short words stay"), "short words stay");
    }

    proptest! {
        #[test]
        fn no_registered_secret_survives(
            secret in "[ab*]{8,10}",
            text in "[ab*]{0,60}",
            around in "\\PC{0,20}",
        ) {
            let text = format!("{around}{secret}{text}{secret}{around}");
            let secrets = [secret.clone()];
            prop_assert!(!redact_with(&text, &secrets).contains(&secret) || secret.chars().all(|c| c == '*'));
        }

        #[test]
        fn any_text_is_survived_and_redacting_twice_changes_nothing(text in "\\PC*") {
            let once = hidden(&text);
            prop_assert_eq!(hidden(&once), once);
        }

        #[test]
        fn text_made_of_patterns_is_survived(
            parts in proptest::collection::vec(
                prop_oneof![
                    Just("key"), Just("="), Just(":"), Just("\""), Just("\\"), Just("Bearer "),
                    Just("eyJhbGciOiJI."), Just("://"), Just("@"), Just("-----BEGIN "),
                    Just("PRIVATE KEY-----"), Just("sk-"), Just("abcdefghijkl"), Just(" "),
                    Just("mnemonic"), Just("seed "), Just("private_key"), Just("é"), Just("***"),
                    Just("authorization"), Just("\n"), Just("token"),
                ],
                0..30,
            ),
        ) {
            let text = parts.concat();
            let once = hidden(&text);
            prop_assert_eq!(hidden(&once), once.clone(), "{}", text);
        }
    }
}
