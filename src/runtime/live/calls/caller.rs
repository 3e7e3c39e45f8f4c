//! Calls to the exchange: limited, signed, carried out by workers, tried again where that is safe.
//!
//! Reads are tried up to three times on transport errors, 429 and 5xx; what moves money is never
//! sent twice from here. Waiting calls are bounded; what finds no room is refused, counted and told.

use super::host_breaker::HostBreaker;
use super::limiter::Limiter;
use crate::core::units::stamp::SECOND;
use crate::core::units::{Span, Stamp, Timestamp};
use crate::exchange::ExchangeCodec;
use crate::exchange::calls::{Call, CallAnswer, CallFailure, FailureKind, Method};
use crate::log;
use crate::net::http_call::{HttpErrorKind, HttpLimits, HttpMethod};
use crate::net::{HttpCall, HttpClient, HttpError, HttpReply};
use crate::runtime::application::{Arrival, EffectOutcome, EffectReport};
use crate::runtime::effect_table::Admission;
use crate::runtime::jobs::{EffectClass, EffectId, EffectRequest, Wait};
use crate::runtime::live::job::{LiveJob, LiveOutput};
use crate::runtime::shell::Shell;
use std::collections::{BTreeMap, VecDeque};

/// Calls that wait for their turn.
pub const WAITING_MAX: usize = 256;
/// Tries of a read.
const TRIES: u32 = 3;
/// Bytes of an answer: a list of all products is about 1 MB.
const BODY_MAX: u64 = 8 << 20;
/// A deadline further away than this is a clock that was set.
const QUIET_MAX: i64 = 86_400 * SECOND;
/// What an effect may take beyond the call's own limit before it is given up.
const SLACK_MS: u64 = 1000;

/// How a call ended without an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum CallTrouble {
    /// It never left.
    NotSent(String),
    /// It may have had its effect.
    Ambiguous(String),
    /// The exchange refused it.
    Refused(CallFailure),
}

impl std::fmt::Display for CallTrouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotSent(text) | Self::Ambiguous(text) => f.write_str(text),
            Self::Refused(failure) => failure.fmt(f),
        }
    }
}

/// A call that ended.
#[derive(Clone, Debug)]
pub struct Ended<P> {
    pub purpose: P,
    pub call: Call,
    pub result: Result<CallAnswer, CallTrouble>,
    /// Half the time between sending and answer.
    pub half_trip: Span,
}

/// A call that waits.
#[derive(Clone, Debug)]
pub(in crate::runtime::live) struct Planned<P> {
    call: Call,
    purpose: P,
    class: EffectClass,
    /// Our own limit does not hold it back.
    is_urgent: bool,
    /// Tries that may still be made.
    tries_left: u32,
    /// Not before this monotonic time.
    not_before: i64,
}

#[derive(Clone, Debug)]
struct Flying<P> {
    planned: Planned<P>,
    sent: i64,
}

/// Counts since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CallCounts {
    pub sent: u64,
    pub answered: u64,
    pub failed: u64,
    pub retried: u64,
    pub refused: u64,
    pub rate_limited: u64,
    /// Answers whose headers said that little of the exchange's limit is left.
    pub paused: u64,
}

/// See the file's head. `P` says what a call was for.
#[derive(Debug)]
pub struct Caller<P> {
    client: HttpClient,
    pub(super) limiter: Limiter,
    /// `None`: failures do not hold further calls back.
    pub(super) breaker: Option<HostBreaker>,
    /// The exchange asks for quiet until then, monotonic nanoseconds, and nobody was told yet.
    pub(super) quiet: Option<i64>,
    /// Times in a row that it asked without saying for how long.
    pub(super) limited_in_row: u32,
    /// Time of one try.
    limit_ms: u64,
    waiting: VecDeque<Planned<P>>,
    flying: BTreeMap<EffectId, Flying<P>>,
    /// The exchange's clock minus ours, nanoseconds: signatures carry its time.
    clock_offset: i64,
    nonces: ring::rand::SystemRandom,
    pub counts: CallCounts,
}

impl<P: Clone> Caller<P> {
    pub fn new(client: HttpClient, limiter: Limiter, limit: Span) -> Self {
        Self {
            client,
            limiter,
            breaker: None,
            quiet: None,
            limited_in_row: 0,
            limit_ms: u64::try_from(limit.as_millis()).unwrap_or(15_000),
            waiting: VecDeque::new(),
            flying: BTreeMap::new(),
            clock_offset: 0,
            nonces: ring::rand::SystemRandom::new(),
            counts: CallCounts::default(),
        }
    }

    /// Holds calls back that can wait while the host does not answer.
    pub fn guard_host(&mut self) {
        self.breaker = Some(HostBreaker::default());
    }

    /// The exchange asked an earlier process for quiet until then, by our clock; how many seconds of it
    /// are left at `at`, if any.
    pub fn stay_quiet(&mut self, until: Option<Timestamp>, at: Stamp) -> Option<i64> {
        let left = until.map_or(0, |until| until.since(at.wall).0.min(QUIET_MAX));
        if left <= 0 {
            return None;
        }
        self.limiter.block_until(at.mono.saturating_add(left));
        let seconds = left / SECOND;
        let fields: log::Fields<'_> = &[("seconds", &seconds)];
        log::warn("exchange", "the exchange asked for quiet", fields);
        Some(seconds)
    }

    /// What waits, and is asked next, does not wait for the quiet that the exchange asked for.
    pub fn lift_quiet(&mut self) {
        self.limiter.lift();
        for planned in &mut self.waiting {
            planned.not_before = i64::MIN;
        }
    }

    /// Until when the exchange asks for quiet, once for each time that it asks.
    pub fn take_quiet(&mut self) -> Option<i64> {
        self.quiet.take()
    }

    /// State of the host's breaker at this time, and how often it has opened.
    pub fn breaker(&self, now: i64) -> Option<(&'static str, u64)> {
        let breaker = self.breaker.as_ref()?;
        Some((breaker.state(now), breaker.opened))
    }

    pub fn set_clock_offset(&mut self, offset: i64) {
        self.clock_offset = offset;
    }

    pub fn clock_offset(&self) -> i64 {
        self.clock_offset
    }

    /// Calls that wait or are under way.
    pub fn open(&self) -> usize {
        self.waiting.len() + self.flying.len()
    }

    /// A call about orders waits or has not been answered.
    pub fn asks_about_orders(&self) -> bool {
        let flying = self.flying.values().map(|flying| &flying.planned);
        let mut all = self.waiting.iter().chain(flying);
        all.any(|planned| planned.class == EffectClass::Order)
    }

    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Wants a call; `false` when there is no room for it.
    pub fn ask(&mut self, call: Call, purpose: P, class: EffectClass) -> bool {
        self.ask_within(call, purpose, class, (TRIES, false))
    }

    /// The same, but our own limit does not hold it back.
    pub fn ask_urgently(&mut self, call: Call, purpose: P, class: EffectClass) -> bool {
        self.ask_within(call, purpose, class, (TRIES, true))
    }

    /// Wants a call that is not tried again: whoever asks will ask for newer things.
    pub fn ask_once(&mut self, call: Call, purpose: P, class: EffectClass) -> bool {
        self.ask_within(call, purpose, class, (1, false))
    }

    fn ask_within(
        &mut self,
        call: Call,
        purpose: P,
        class: EffectClass,
        (tries_left, is_urgent): (u32, bool),
    ) -> bool {
        if self.waiting.len() >= WAITING_MAX {
            self.counts.refused += 1;
            return false;
        }
        self.waiting.push_back(Planned {
            call,
            purpose,
            class,
            is_urgent,
            tries_left,
            not_before: i64::MIN,
        });
        true
    }

    /// Our own limit holds it back.
    const fn is_limited(planned: &Planned<P>) -> bool {
        !planned.class.is_reserved() && !planned.is_urgent
    }

    /// `i64::MAX`: not before another call has ended.
    fn due(&self, planned: &Planned<P>, now: i64) -> i64 {
        let at = planned.not_before.max(now);
        if planned.class == EffectClass::Order {
            return at;
        }
        // However slowly the exchange answers, one worker is left for orders, ledger and names.
        let mut flying = self.flying.values().map(|flying| flying.planned.class);
        if flying.any(|class| class != EffectClass::Order) {
            return i64::MAX;
        }
        let host = self
            .breaker
            .map_or(Some(now), |breaker| breaker.next_allowed(now))
            .unwrap_or(i64::MAX);
        let ours = if Self::is_limited(planned) {
            self.limiter.next_allowed(now)
        } else {
            self.limiter.blocked_until()
        };
        at.max(host).max(ours)
    }

    /// When [`Caller::pump`] is wanted next, monotonic nanoseconds.
    pub fn next_deadline(&self, now: i64) -> Option<i64> {
        let due = self.waiting.iter().map(|p| self.due(p, now)).min();
        due.filter(|due| *due != i64::MAX)
    }

    /// Hands over every call whose time has come. Calls that cannot even be sent come back.
    pub fn pump(
        &mut self,
        codec: &dyn ExchangeCodec,
        at: Stamp,
        shell: &mut Shell<LiveJob>,
    ) -> Vec<Ended<P>> {
        let mut ended = Vec::new();
        while let Some(planned) = self.next(at.mono) {
            ended.extend(self.send(codec, at, planned, shell));
        }
        ended
    }

    /// The most important call whose time has come, of equal ones the one asked for first.
    fn next(&mut self, now: i64) -> Option<Planned<P>> {
        let waiting = self.waiting.iter().enumerate();
        let due = waiting.filter(|(_, planned)| self.due(planned, now) <= now);
        let (index, _) = due.min_by_key(|(_, planned)| planned.class.index())?;
        self.waiting.remove(index)
    }

    /// A random number that was never used before.
    pub fn nonce(&self) -> u128 {
        ring::rand::generate(&self.nonces)
            .map(|random: ring::rand::Random<[u8; 16]>| u128::from_be_bytes(random.expose()))
            .unwrap_or_default()
    }

    fn send(
        &mut self,
        codec: &dyn ExchangeCodec,
        at: Stamp,
        mut planned: Planned<P>,
        shell: &mut Shell<LiveJob>,
    ) -> Option<Ended<P>> {
        let not_sent = |planned: Planned<P>, text: String| Ended {
            purpose: planned.purpose,
            call: planned.call,
            result: Err(CallTrouble::NotSent(text)),
            half_trip: Span::ZERO,
        };
        let now = Timestamp(at.wall.0.saturating_add(self.clock_offset));
        let call = match http_call(codec, &planned.call, now, self.nonce(), self.limit_ms) {
            Ok(call) => call,
            Err(text) => return Some(not_sent(planned, text)),
        };
        let client = self.client.clone();
        let mut request = EffectRequest::new(planned.class, LiveJob::Call { client, call });
        request.limit_ms = self.limit_ms + SLACK_MS;
        if matches!(planned.call, Call::Cancel { .. }) || planned.class != EffectClass::Order {
            request.wait = Wait::Unlimited;
        }
        match shell.submit(request) {
            Admission::Accepted { id, .. } => {
                planned.tries_left = planned.tries_left.saturating_sub(1);
                if Self::is_limited(&planned) {
                    self.limiter.note(at.mono);
                }
                if let Some(breaker) = &mut self.breaker
                    && planned.class != EffectClass::Order
                {
                    breaker.sent();
                }
                self.counts.sent += 1;
                let sent = at.mono;
                self.flying.insert(id, Flying { planned, sent });
                None
            }
            Admission::Refused(_) => {
                self.counts.refused += 1;
                Some(not_sent(planned, "refused: queue full".to_owned()))
            }
        }
    }

    /// A call under way: what it asks, and when it was handed over (monotonic nanoseconds).
    pub fn under_way(&self, id: EffectId) -> Option<(&Call, i64)> {
        let flying = self.flying.get(&id)?;
        Some((&flying.planned.call, flying.sent))
    }

    /// The end of an effect, for those whose effects are calls and nothing else. `None`: late, not
    /// ours, or tried again.
    pub fn reported(
        &mut self,
        codec: &dyn ExchangeCodec,
        now: i64,
        report: EffectReport<LiveOutput>,
    ) -> Option<Ended<P>> {
        if report.arrival == Arrival::Late {
            return None;
        }
        let failure = report.outcome.failure();
        let reply = match report.outcome {
            EffectOutcome::Done(LiveOutput::Replied(reply)) => Ok(reply),
            _ => Err(CallTrouble::Ambiguous(failure.unwrap_or_default())),
        };
        self.ended(codec, now, report.id, reply.as_ref().map_err(Clone::clone))
    }

    /// A worker brought a reply (or none, and why). `None`: it is not ours, or is tried again.
    pub fn ended(
        &mut self,
        codec: &dyn ExchangeCodec,
        now: i64,
        id: EffectId,
        reply: Result<&Result<HttpReply, HttpError>, CallTrouble>,
    ) -> Option<Ended<P>> {
        let Flying { mut planned, sent } = self.flying.remove(&id)?;
        let result = match reply {
            Ok(Ok(reply)) => self.judge(codec, &planned.call, reply, now),
            Ok(Err(error)) => Err(match error.kind {
                HttpErrorKind::NotSent => CallTrouble::NotSent(error.text.clone()),
                HttpErrorKind::Ambiguous => CallTrouble::Ambiguous(error.text.clone()),
            }),
            Err(trouble) => Err(trouble),
        };
        self.judge_host(&result, now);
        if let Err(trouble) = &result {
            self.counts.failed += 1;
            if planned.call.is_repeatable() && planned.tries_left > 0 && is_transient(trouble) {
                let pause = SECOND << TRIES.saturating_sub(planned.tries_left + 1);
                let asked = match trouble {
                    CallTrouble::Refused(CallFailure {
                        retry_after: Some(seconds),
                        ..
                    }) => i64::from(*seconds) * SECOND,
                    _ => 0,
                };
                planned.not_before = now.saturating_add(pause.max(asked));
                self.counts.retried += 1;
                self.waiting.push_front(planned);
                return None;
            }
        } else {
            self.counts.answered += 1;
        }
        Some(Ended {
            purpose: planned.purpose,
            call: planned.call,
            result,
            half_trip: Span((now - sent) / 2),
        })
    }
}

/// Asked again the answer may be another one.
pub(super) fn is_transient(trouble: &CallTrouble) -> bool {
    match trouble {
        CallTrouble::NotSent(_) | CallTrouble::Ambiguous(_) => true,
        CallTrouble::Refused(failure) => {
            matches!(
                failure.kind,
                FailureKind::RateLimited | FailureKind::Unavailable
            )
        }
    }
}

/// The call as HTTP, signed at `now`.
///
/// # Errors
/// There is no key to sign it with.
pub fn http_call(
    codec: &dyn ExchangeCodec,
    call: &Call,
    now: Timestamp,
    nonce: u128,
    limit_ms: u64,
) -> Result<HttpCall, String> {
    let request = codec.request(call);
    let mut headers = if request.signed {
        codec.sign(&request, now, nonce)?
    } else {
        Vec::new()
    };
    if request.body.is_some() {
        headers.push(("content-type", "application/json".to_owned()));
    }
    let mut url = format!("{}{}", codec.rest_url(), request.path);
    if !request.query.is_empty() {
        url.push('?');
        url.push_str(&request.query);
    }
    Ok(HttpCall {
        method: match request.method {
            Method::Get => HttpMethod::Get,
            Method::Post => HttpMethod::Post,
            Method::Delete => HttpMethod::Delete,
        },
        url,
        headers,
        body: request.body.map(String::into_bytes),
        limits: HttpLimits {
            total_ms: limit_ms,
            body_max: BODY_MAX,
        },
    })
}

#[cfg(test)]
#[path = "caller_tests.rs"]
mod tests;
