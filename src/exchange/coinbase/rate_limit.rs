//! What the exchange's headers say of its limit of requests: `x-ratelimit-limit`, `-remaining`, `-reset`.

use crate::core::units::Span;

/// The share of the limit that calls which can wait leave to orders and cancels: a fifth.
const RESERVED: u64 = 5;
/// Seconds that are waited at most.
const LONGEST: u64 = 60;
/// A larger number is a time, in seconds since 1970, and no number of seconds.
const TIMES_FROM: u64 = 1_000_000_000;

/// Until the limit begins anew, where less than a fifth of it is left. Its windows are seconds, so that
/// one second does where the headers name a time.
pub fn pause<'a>(header: &dyn Fn(&str) -> Option<&'a str>) -> Option<Span> {
    let number = |name| header(name)?.trim().parse::<u64>().ok();
    let limit = number("x-ratelimit-limit")?;
    let remaining = number("x-ratelimit-remaining")?;
    if remaining.saturating_mul(RESERVED) >= limit {
        return None;
    }
    let seconds = match number("x-ratelimit-reset") {
        Some(reset) if reset < TIMES_FROM => reset.clamp(1, LONGEST),
        _ => 1,
    };
    Some(Span::from_secs(seconds as i64))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(limit: &'static str, remaining: &'static str, reset: &'static str) -> Option<i64> {
        let header = |name: &str| match name {
            "x-ratelimit-limit" => Some(limit),
            "x-ratelimit-remaining" => Some(remaining),
            "x-ratelimit-reset" => Some(reset),
            _ => None,
        };
        pause(&header).map(|span| span.0 / 1_000_000_000)
    }

    #[test]
    fn the_last_fifth_is_left_to_orders() {
        assert_eq!(wait("30", "6", "1"), None);
        assert_eq!(wait("30", "5", "3"), Some(3));
        assert_eq!(wait("10", "0", "0"), Some(1));
        assert_eq!(wait("10", "1", "86400"), Some(60));
        assert_eq!(wait("10", "1", "1796500000"), Some(1), "a time");
    }

    #[test]
    fn headers_that_say_nothing_hold_nothing_back() {
        assert_eq!(wait("", "0", "1"), None);
        assert_eq!(wait("10", "-1", "1"), None);
        assert_eq!(wait("10", "many", "1"), None);
        assert_eq!(wait("10", "0", "soon"), Some(1));
        assert_eq!(pause(&|_| None), None);
    }
}
