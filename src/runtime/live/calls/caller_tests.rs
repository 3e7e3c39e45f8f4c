//! Which call leaves next, and what an answer's limits do to those that follow.

use super::*;
use crate::exchange::{Access, build};
use crate::net::{NameCache, client_config};

const NOW: i64 = 1_000 * SECOND;

fn caller() -> Caller<u8> {
    let client = HttpClient::new(client_config(None).unwrap(), NameCache::default(), 1);
    Caller::new(client, Limiter::new(Vec::new()), Span::from_secs(15))
}

fn codec() -> Box<dyn ExchangeCodec> {
    build("coinbase", Access::default()).unwrap()
}

fn ask(caller: &mut Caller<u8>, purpose: u8, class: EffectClass) {
    assert!(caller.ask(Call::ServerTime, purpose, class));
}

/// The next call is under way, as if a worker had it.
fn fly(caller: &mut Caller<u8>, slot: u32) -> Option<(u8, EffectId)> {
    let planned = caller.next(NOW)?;
    let (purpose, id) = (
        planned.purpose,
        EffectId {
            slot,
            generation: 0,
        },
    );
    caller.flying.insert(id, Flying { planned, sent: NOW });
    Some((purpose, id))
}

fn reply(status: u16, headers: &[(&str, &str)], body: &str) -> Result<HttpReply, HttpError> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    Ok(HttpReply {
        status,
        headers: headers.iter().map(owned).collect(),
        body: body.as_bytes().to_vec(),
    })
}

#[test]
fn calls_that_can_wait_leave_one_at_a_time_and_orders_beside_them() {
    let mut caller = caller();
    ask(&mut caller, 1, EffectClass::MarketData);
    ask(&mut caller, 2, EffectClass::Reconciliation);
    ask(&mut caller, 3, EffectClass::MarketData);
    ask(&mut caller, 4, EffectClass::Order);
    ask(&mut caller, 5, EffectClass::Order);
    let leaves: Vec<_> = (0..5).map_while(|slot| fly(&mut caller, slot)).collect();
    let purposes: Vec<_> = leaves.iter().map(|(purpose, _)| *purpose).collect();
    assert_eq!(purposes, [4, 5, 2], "the rest waits for 2 alone");
    assert_eq!(caller.next_deadline(NOW), None);
    let time = reply(
        200,
        &[],
        r#"{"iso":"2026-11-30T00:00:00Z","epochSeconds":"1","epochMillis":"1000"}"#,
    );
    let (_, order) = leaves[0];
    caller.ended(&*codec(), NOW, order, Ok(&time));
    assert_eq!(fly(&mut caller, 6), None, "an order's end changes nothing");
    let (_, reconciliation) = leaves[2];
    caller.ended(&*codec(), NOW, reconciliation, Ok(&time));
    assert_eq!(fly(&mut caller, 7).map(|(purpose, _)| purpose), Some(1));
    assert_eq!(fly(&mut caller, 8), None);
}

#[test]
fn our_own_limit_holds_back_what_is_not_urgent() {
    let mut caller = caller();
    let window = super::super::limiter::Window {
        requests: 1,
        span: Span::from_secs(60),
    };
    caller.limiter = Limiter::new(vec![window]);
    caller.limiter.note(NOW);
    ask(&mut caller, 1, EffectClass::MarketData);
    assert_eq!(fly(&mut caller, 0), None);
    assert!(caller.ask_urgently(Call::ServerTime, 2, EffectClass::MarketData));
    assert_eq!(fly(&mut caller, 1).map(|(purpose, _)| purpose), Some(2));
}

#[test]
fn little_left_of_the_exchanges_limit_and_a_429_hold_back_all_but_orders() {
    let mut caller = caller();
    let headers = [
        ("x-ratelimit-limit", "10"),
        ("x-ratelimit-remaining", "1"),
        ("x-ratelimit-reset", "3"),
    ];
    let judge = |caller: &mut Caller<u8>, reply: Result<HttpReply, HttpError>| {
        let _ = caller.judge(&*codec(), &Call::ServerTime, &reply.unwrap(), NOW);
        (caller.limiter.blocked_until() - NOW) / SECOND
    };
    assert_eq!(judge(&mut caller, reply(200, &headers, "{}")), 3);
    assert_eq!((caller.counts.paused, caller.take_quiet()), (1, None));
    // A 429 that names no time is waited for longer each time, and until an answer comes.
    caller.limiter = Limiter::new(Vec::new());
    let waits = (0..9).map(|_| judge(&mut caller, reply(429, &[], "{}")));
    assert_eq!(waits.collect::<Vec<_>>(), [1, 2, 4, 8, 16, 32, 64, 64, 64]);
    assert_eq!(caller.take_quiet(), Some(NOW + 64 * SECOND));
    ask(&mut caller, 1, EffectClass::Reconciliation);
    ask(&mut caller, 2, EffectClass::Order);
    assert_eq!(fly(&mut caller, 0).map(|(purpose, _)| purpose), Some(2));
    assert_eq!(fly(&mut caller, 1), None);
    let time = reply(
        200,
        &[],
        r#"{"iso":"2026-11-30T00:00:00Z","epochSeconds":"1","epochMillis":"1000"}"#,
    );
    judge(&mut caller, time);
    caller.limiter = Limiter::new(Vec::new());
    assert_eq!(
        judge(&mut caller, reply(429, &[], "{}")),
        1,
        "from the beginning"
    );
}
