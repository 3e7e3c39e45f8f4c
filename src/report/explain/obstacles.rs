//! The states that stand against a decision, in words: what they are and what would lift them.

use super::facts::Obstacle;

/// The obstacle behind a stable reason; `None` for reasons that are none (a refusal, no signal).
/// `candles`: without a gap so far, and needed.
pub fn obstacle(code: &str, candles: Option<(u64, u64)>) -> Option<Obstacle> {
    let words = match code {
        "paused" => "entries were paused by the operator; they would have had to be resumed",
        "stopping" => "the bot was stopping",
        "emergency_stop" => "the emergency stop was latched; it would have had to be cleared",
        "warm_up" => {
            return Some(Obstacle {
                code: code.to_owned(),
                words: match candles {
                    Some((seen, needed)) => format!(
                        "{seen} of {needed} candles without a gap: {} more were needed",
                        needed.saturating_sub(seen)
                    ),
                    None => "too few candles without a gap so far".to_owned(),
                },
            });
        }
        "price_in_doubt" => "the last price was a jump that no other trade had confirmed yet",
        "circuit_breaker" => "the circuit breaker was open",
        "order_working" => "an order of the symbol was still working",
        "session_closed" => "the exchange did not trade the contract at that time",
        "stale_candle" => "the candle was heard of too late to act on",
        "decision_interval" => "the last decision was less than the decision interval ago",
        "already in position" => "a position on this side was open; it would have had to be flat",
        "no position" => "there was no position to close",
        "close in progress" => "the position was being closed already",
        "shorts not available" => "a SHORT needs a derivative and trading.enable_futures",
        "derivatives not enabled" => "a derivative needs trading.enable_futures",
        "no price" => "there was no traded price yet",
        "price moved" => "the price moved more than 0.5 % before the answer came",
        "superseded" => "an earlier question to the model was still open",
        "no answer in time" => "the model did not answer in time",
        "incomplete_candle" => "the candle was joined midway: it is never decided on",
        _ => return None,
    };
    Some(Obstacle {
        code: code.to_owned(),
        words: words.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warm_up_counts_what_was_missing() {
        let warm = obstacle("warm_up", Some((34, 100))).unwrap();
        assert!(warm.words.contains("66 more"), "{}", warm.words);
        assert_eq!(obstacle("", None), None);
        assert_eq!(obstacle("max_trades_per_day: 20, limit 20", None), None);
    }
}
