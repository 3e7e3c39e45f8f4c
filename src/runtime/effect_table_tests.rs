//! The effect table against a linear model of its rules, and its rules one by one.

use super::*;
use crate::core::units::rng::SplitMix64;

fn table(max_in_flight: usize, waiting_capacity: usize) -> EffectTable<u64> {
    let settings = EffectSettings {
        max_in_flight,
        waiting_capacity,
        ..EffectSettings::default()
    };
    EffectTable::new(settings, 0)
}

fn request(class: EffectClass, work: u64) -> EffectRequest<u64> {
    EffectRequest::new(class, work)
}

fn accepted(admission: Admission<u64>) -> EffectId {
    match admission {
        Admission::Accepted { id, .. } => id,
        Admission::Refused(work) => panic!("{work} was refused"),
    }
}

/// Hands over everything that has a place; the works in order.
fn start_all(table: &mut EffectTable<u64>, now: u64) -> Vec<(EffectId, u64)> {
    std::iter::from_fn(|| table.next(now))
        .map(|handover| (handover.id, handover.work))
        .collect()
}

fn works(started: &[(EffectId, u64)]) -> Vec<u64> {
    started.iter().map(|(_, work)| *work).collect()
}

/// What expires by `now` when nothing that was handed over has been taken.
fn expire(table: &mut EffectTable<u64>, now: u64) -> Vec<Lapse> {
    let mut lapsed = Vec::new();
    table.expire(now, |_, _| None, &mut lapsed);
    lapsed.into_iter().map(|lapsed| lapsed.lapse).collect()
}

#[test]
fn higher_classes_start_first_and_equals_in_the_order_of_their_arrival() {
    let mut table = table(25, 100);
    for (work, class) in [
        EffectClass::Notification,
        EffectClass::Llm,
        EffectClass::MarketData,
        EffectClass::Order,
        EffectClass::Llm,
    ]
    .into_iter()
    .enumerate()
    {
        accepted(table.submit(0, request(class, work as u64)));
    }
    assert_eq!(works(&start_all(&mut table, 0)), [3, 2, 1, 4, 0]);
}

#[test]
fn two_places_are_kept_for_orders_and_reconciliation() {
    let mut table = table(25, 100);
    for work in 0..40 {
        accepted(table.submit(0, request(EffectClass::Storage, work)));
    }
    assert_eq!(start_all(&mut table, 0).len(), 23);
    accepted(table.submit(0, request(EffectClass::Order, 100)));
    accepted(table.submit(0, request(EffectClass::Reconciliation, 101)));
    accepted(table.submit(0, request(EffectClass::Order, 102)));
    assert_eq!(works(&start_all(&mut table, 0)), [100, 102]);
    assert_eq!((table.in_flight(), table.waiting()), (25, 18));
}

#[test]
fn a_full_queue_lets_the_newest_of_the_lowest_class_give_way_but_never_an_order() {
    let mut table = table(1, 2);
    accepted(table.submit(0, request(EffectClass::Order, 0)));
    start_all(&mut table, 0);
    accepted(table.submit(0, request(EffectClass::Notification, 1)));
    let newest = accepted(table.submit(0, request(EffectClass::Notification, 2)));
    assert!(matches!(
        table.submit(0, request(EffectClass::Notification, 3)),
        Admission::Refused(3)
    ));
    let Admission::Accepted {
        displaced: Some(displaced),
        ..
    } = table.submit(0, request(EffectClass::Order, 4))
    else {
        panic!("the newest notification gives way");
    };
    assert_eq!((displaced.id, displaced.lapse), (newest, Lapse::Displaced));
    accepted(table.submit(0, request(EffectClass::Order, 5)));
    assert!(matches!(
        table.submit(0, request(EffectClass::Order, 6)),
        Admission::Refused(6)
    ));
}

#[test]
fn an_order_that_waited_five_seconds_is_never_started() {
    let mut table = table(1, 10);
    accepted(table.submit(0, request(EffectClass::Order, 0)));
    let running = start_all(&mut table, 0)[0].0;
    table.taken(running, 0);
    accepted(table.submit(0, request(EffectClass::Order, 1)));
    let mut cancel = request(EffectClass::Order, 2);
    cancel.wait = Wait::Unlimited;
    accepted(table.submit(0, cancel));
    assert_eq!(table.next_deadline(), Some(5000));
    assert_eq!(expire(&mut table, 4999), []);
    assert_eq!(expire(&mut table, 5000), [Lapse::QueueTimeout]);
    assert_eq!(
        expire(&mut table, 20_000),
        [Lapse::TimedOut { limit_ms: 20_000 }]
    );
    assert_eq!(
        works(&start_all(&mut table, 20_000)),
        [2],
        "a cancel waits without limit"
    );
}

#[test]
fn the_limit_runs_from_when_somebody_took_it() {
    let mut table = table(5, 10);
    let id = accepted(table.submit(0, request(EffectClass::Llm, 0)));
    start_all(&mut table, 0);
    let mut lapsed = Vec::new();
    table.expire(20_000, |_, _| Some(15_000), &mut lapsed);
    assert!(lapsed.is_empty(), "taken at 15 s, so it has until 35 s");
    assert_eq!(table.next_deadline(), Some(35_000));
    table.expire(35_000, |_, _| panic!("known to execute"), &mut lapsed);
    assert_eq!(lapsed[0].lapse, Lapse::TimedOut { limit_ms: 20_000 });
    let finish = table.finished(id, EffectClass::Llm, Verdict::Succeeded, 1);
    assert_eq!(finish, Finish::Late);
    let view = &table.views()[EffectClass::Llm.index()];
    assert_eq!((view.timed_out, view.late, view.succeeded), (1, 1, 0));
}

#[test]
fn an_id_of_an_ended_effect_names_nothing_when_its_place_is_used_again() {
    let mut table = table(5, 10);
    let old = accepted(table.submit(0, request(EffectClass::Llm, 0)));
    start_all(&mut table, 0);
    table.abandon(old).unwrap();
    let new = accepted(table.submit(0, request(EffectClass::Llm, 1)));
    assert_eq!(new.slot, old.slot);
    assert!(table.abandon(old).is_none());
    assert_eq!(
        table.finished(old, EffectClass::Llm, Verdict::Failed, 0),
        Finish::Late
    );
    assert_eq!(table.waiting(), 1);
}

#[test]
fn a_class_keeps_to_its_cap_and_does_not_hold_up_the_others() {
    let mut settings = EffectSettings::default();
    settings.class_caps[EffectClass::Llm.index()] = 1;
    let mut table = EffectTable::new(settings, 0);
    for (work, class) in [EffectClass::Llm, EffectClass::Llm, EffectClass::Storage]
        .into_iter()
        .enumerate()
    {
        accepted(table.submit(0, request(class, work as u64)));
    }
    assert_eq!(works(&start_all(&mut table, 0)), [0, 2]);
}

#[test]
fn one_after_another_means_one_of_an_owner_at_a_time() {
    let settings = EffectSettings {
        per_owner: PerOwner::OneAfterAnother,
        ..EffectSettings::default()
    };
    let mut table = EffectTable::new(settings, 0);
    for work in 0..3 {
        let mut request = request(EffectClass::Storage, work);
        request.owner = Some(Owner(work / 2));
        accepted(table.submit(0, request));
    }
    let started = start_all(&mut table, 0);
    assert_eq!(works(&started), [0, 2]);
    table.finished(started[0].0, EffectClass::Storage, Verdict::Succeeded, 0);
    assert_eq!(works(&start_all(&mut table, 0)), [1]);
}

// --- the model -----------------------------------------------------------------------------

#[derive(Clone, Debug)]
struct Simple {
    work: u64,
    id: EffectId,
    class: EffectClass,
    owner: Option<Owner>,
    limit: u64,
    /// End of the waiting time.
    patience: Option<u64>,
    started: bool,
    taken: Option<u64>,
}

struct Model {
    effects: Vec<Simple>,
    max: usize,
    reserved: usize,
    capacity: usize,
    cap: usize,
}

impl Model {
    fn flying(&self, accept: impl Fn(&Simple) -> bool) -> usize {
        let counted = |effect: &&Simple| effect.started && accept(effect);
        self.effects.iter().filter(counted).count()
    }

    fn has_place(&self, class: EffectClass) -> bool {
        let ordinary = self.flying(|e| e.class > EffectClass::Reconciliation);
        self.flying(|_| true) < self.max
            && (class <= EffectClass::Reconciliation || ordinary + self.reserved < self.max)
            && self.flying(|e| e.class == class) < self.cap
    }

    /// The place in `effects` of the next to start.
    fn next(&self) -> Option<usize> {
        (0..self.effects.len())
            .filter(|i| !self.effects[*i].started && self.has_place(self.effects[*i].class))
            .min_by_key(|i| (self.effects[*i].class, *i))
    }

    fn is_due(effect: &Simple, now: u64) -> bool {
        match (effect.taken, effect.patience) {
            (Some(at), _) => at + effect.limit <= now,
            (None, Some(patience)) => patience <= now,
            (None, None) => false,
        }
    }
}

fn agree_with_the_model(seed: u64) {
    let mut rng = SplitMix64::new(seed);
    let max = 3 + rng.below(6) as usize;
    let settings = EffectSettings {
        max_in_flight: max,
        reserved: rng.below(3) as usize,
        waiting_capacity: 1 + rng.below(8) as usize,
        class_caps: [1 + rng.below(4) as usize; EffectClass::COUNT],
        per_owner: PerOwner::Together,
    };
    let mut model = Model {
        effects: Vec::new(),
        max,
        reserved: settings.reserved,
        capacity: settings.waiting_capacity,
        cap: settings.class_caps[0],
    };
    let mut table = EffectTable::new(settings, 0);
    let mut now = 0;
    for work in 0..4000 {
        now += rng.below(20);
        expire_both(&mut table, &mut model, now, seed);
        submit_to_both(&mut table, &mut model, &mut rng, now, work);
        loop {
            let expected = model.next();
            let handed = table.next(now);
            assert_eq!(
                handed.as_ref().map(|h| h.work),
                expected.map(|i| model.effects[i].work),
                "seed {seed} at {now}"
            );
            let Some(index) = expected else { break };
            model.effects[index].started = true;
        }
        let flying: Vec<usize> = (0..model.effects.len())
            .filter(|i| model.effects[*i].started)
            .collect();
        if !flying.is_empty() {
            let index = flying[rng.below(flying.len() as u64) as usize];
            if model.effects[index].taken.is_none() {
                model.effects[index].taken = Some(now);
                table.taken(model.effects[index].id, now);
            } else {
                let effect = model.effects.remove(index);
                let finish = table.finished(effect.id, effect.class, Verdict::Succeeded, 1);
                assert_eq!(
                    finish,
                    Finish::Counted {
                        owner: effect.owner
                    }
                );
            }
        }
        assert_eq!(table.in_flight(), model.flying(|_| true), "seed {seed}");
        assert!(table.in_flight() <= max);
        assert!(table.waiting() <= model.capacity, "seed {seed}");
        assert_eq!(table.waiting(), model.effects.len() - table.in_flight());
    }
}

fn expire_both(table: &mut EffectTable<u64>, model: &mut Model, now: u64, seed: u64) {
    let mut lapsed = Vec::new();
    table.expire(now, |_, _| None, &mut lapsed);
    let mut ended: Vec<EffectId> = lapsed.iter().map(|lapsed| lapsed.id).collect();
    ended.sort();
    let mut expected: Vec<EffectId> = model
        .effects
        .iter()
        .filter(|effect| Model::is_due(effect, now))
        .map(|effect| effect.id)
        .collect();
    expected.sort();
    assert_eq!(ended, expected, "seed {seed} at {now}");
    model.effects.retain(|effect| !Model::is_due(effect, now));
}

fn submit_to_both(
    table: &mut EffectTable<u64>,
    model: &mut Model,
    rng: &mut SplitMix64,
    now: u64,
    work: u64,
) {
    let class = EffectClass::ALL[rng.below(8) as usize];
    let wait = 1 + rng.below(400);
    let request = EffectRequest {
        class,
        limit_ms: 1 + rng.below(300),
        wait: if wait > 350 {
            Wait::Unlimited
        } else {
            Wait::AtMost(wait)
        },
        owner: Some(Owner(rng.below(4))),
        work,
    };
    let (limit, owner) = (request.limit_ms, request.owner);
    let waiting: Vec<usize> = (0..model.effects.len())
        .filter(|i| !model.effects[*i].started)
        .collect();
    let full = waiting.len() >= model.capacity && !model.has_place(class);
    let lowest = waiting
        .into_iter()
        .max_by_key(|i| (model.effects[*i].class, *i))
        .filter(|i| class < model.effects[*i].class);
    match table.submit(now, request) {
        Admission::Refused(_) => assert!(full && lowest.is_none()),
        Admission::Accepted { id, displaced } => {
            assert!(!full || lowest.is_some());
            let gone = lowest.filter(|_| full).map(|i| model.effects.remove(i).id);
            assert_eq!(displaced.map(|lapsed| lapsed.id), gone);
            model.effects.push(Simple {
                work,
                id,
                class,
                owner,
                limit,
                patience: (wait <= 350).then_some(now + wait),
                started: false,
                taken: None,
            });
        }
    }
}

#[test]
fn agrees_with_a_linear_model_of_the_rules() {
    for seed in 1..=100 {
        agree_with_the_model(seed);
    }
}
