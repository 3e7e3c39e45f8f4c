//! What an answer says: of the question, of the exchange's limits, and of the exchange's health.

use super::caller::{CallTrouble, Caller};
use crate::core::units::stamp::SECOND;
use crate::exchange::ExchangeCodec;
use crate::exchange::calls::{Call, CallAnswer, FailureKind};
use crate::log;
use crate::net::HttpReply;

/// The longest wait that is chosen where the exchange does not say how long, as a power of two in
/// seconds: 64 s.
const DOUBLINGS_MAX: u32 = 6;

impl<P: Clone> Caller<P> {
    /// What the end of a call says of the host: a refusal is an answer too.
    pub(super) fn judge_host(&mut self, result: &Result<CallAnswer, CallTrouble>, now: i64) {
        let Some(breaker) = &mut self.breaker else {
            return;
        };
        match result {
            Ok(_) | Err(CallTrouble::Refused(_)) => breaker.succeeded(),
            Err(trouble) => {
                if breaker.failed(now) {
                    let fields: log::Fields<'_> = &[("why", trouble)];
                    log::warn(
                        "exchange",
                        "the exchange does not answer: calls that can wait do, for 60 s",
                        fields,
                    );
                }
            }
        }
    }

    pub(super) fn judge(
        &mut self,
        codec: &dyn ExchangeCodec,
        call: &Call,
        reply: &HttpReply,
        now: i64,
    ) -> Result<CallAnswer, CallTrouble> {
        if let Some(pause) = codec.pause(&|name| reply.header(name)) {
            self.counts.paused += 1;
            self.limiter.block_until(now.saturating_add(pause.0));
        }
        let answer = codec.answer(call, reply.status, &reply.body);
        if answer.is_ok() {
            self.limited_in_row = 0;
        }
        answer.map_err(|mut failure| {
            if failure.retry_after.is_none() {
                failure.retry_after = reply.header("retry-after").and_then(|t| t.parse().ok());
            }
            if failure.kind == FailureKind::RateLimited {
                self.counts.rate_limited += 1;
                let unsaid = 1 << self.limited_in_row.min(DOUBLINGS_MAX);
                self.limited_in_row = self.limited_in_row.saturating_add(1);
                let seconds = failure.retry_after.unwrap_or(unsaid).max(1);
                let until = now.saturating_add(i64::from(seconds) * SECOND);
                self.limiter.block_until(until);
                self.quiet = self.quiet.max(Some(until));
            }
            if failure.is_ambiguous() {
                CallTrouble::Ambiguous(failure.text)
            } else {
                CallTrouble::Refused(failure)
            }
        })
    }
}
