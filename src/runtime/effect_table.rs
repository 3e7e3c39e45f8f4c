//! The effect table: which effect may start, which waits, which gives way, and when time is up.
//!
//! Pure bookkeeping: no clock, no thread, no socket; times come in as monotonic milliseconds, so a
//! simulation can drive it. It stands in the runtime because the end of every effect is an input of
//! the core and is replayed from the recording, not decided again. Not here: doing the work.
//!
//! An effect waits in one queue by (class, arrival), is handed over when it has a place, executes
//! from the moment somebody takes it, and ends exactly once. Its place is free from then on; what
//! comes later carries an old generation and is counted as late. Limits: `max_in_flight` handed
//! over or executing, `waiting_capacity` in the queue; when that is full, the newest effect of the
//! lowest class gives way to a higher one, otherwise the new one is refused.

use super::effect_counters::{ClassCounters, ClassView};
use super::jobs::{EffectClass, EffectId, EffectRequest, Owner, Verdict, Wait};
use crate::core::schedule::{TimerKey, Wheel};
use std::collections::BTreeSet;

/// Whether several effects of one owner run at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PerOwner {
    Together,
    OneAfterAnother,
}

/// Limits of the table.
#[derive(Clone, Debug)]
pub struct EffectSettings {
    /// Effects handed over or executing (>= 1).
    pub max_in_flight: usize,
    /// Places of these that only orders and reconciliation may take.
    pub reserved: usize,
    /// Effects that may wait.
    pub waiting_capacity: usize,
    /// Places that one class may hold, by [`EffectClass::index`].
    pub class_caps: [usize; EffectClass::COUNT],
    pub per_owner: PerOwner,
}

impl Default for EffectSettings {
    fn default() -> Self {
        Self {
            max_in_flight: 25,
            reserved: 2,
            waiting_capacity: 100,
            class_caps: [usize::MAX; EffectClass::COUNT],
            per_owner: PerOwner::Together,
        }
    }
}

/// Why an effect ended without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lapse {
    /// Gave way in a full queue.
    Displaced,
    /// Never started within its waiting time.
    QueueTimeout,
    /// Not over within its limit, in milliseconds. It may still be running somewhere.
    TimedOut { limit_ms: u64 },
    /// Its owner no longer wants it.
    Abandoned,
}

/// An effect that ended without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lapsed {
    pub id: EffectId,
    pub class: EffectClass,
    pub owner: Option<Owner>,
    pub lapse: Lapse,
    /// Its limit in milliseconds.
    pub limit_ms: u64,
}

/// What became of a request.
#[derive(Debug)]
pub enum Admission<W> {
    /// In the table; `displaced` gave way to it.
    Accepted {
        id: EffectId,
        displaced: Option<Lapsed>,
    },
    /// The queue is full of nothing lower.
    Refused(W),
}

/// An effect to start now.
#[derive(Debug)]
pub struct Handover<W> {
    pub id: EffectId,
    pub class: EffectClass,
    /// Monotonic milliseconds from which on it must not be started; `None` = any time.
    pub start_by_ms: Option<u64>,
    pub work: W,
}

/// Whose effect came to an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finish {
    Counted {
        owner: Option<Owner>,
    },
    /// The effect had ended before: its owner has gone on.
    Late,
}

#[derive(Debug)]
enum State<W> {
    Waiting(W),
    /// Handed over; nobody was seen to take it yet.
    HandedOver,
    Executing,
}

#[derive(Debug)]
struct Entry<W> {
    class: EffectClass,
    owner: Option<Owner>,
    limit_ms: u64,
    wait: Wait,
    /// End of the waiting time, in milliseconds.
    start_by_ms: Option<u64>,
    sequence: u64,
    alarm: Option<TimerKey>,
    state: State<W>,
}

#[derive(Debug)]
struct Slot<W> {
    generation: u32,
    entry: Option<Entry<W>>,
}

#[derive(Debug)]
pub struct EffectTable<W> {
    settings: EffectSettings,
    slots: Vec<Slot<W>>,
    free: Vec<u32>,
    /// Waiting effects in the order of service; the last one gives way first.
    waiting: BTreeSet<(EffectClass, u64, u32)>,
    sequence: u64,
    in_flight: usize,
    in_flight_reserved: usize,
    waiting_high_water: usize,
    wheel: Wheel<EffectId>,
    counters: [ClassCounters; EffectClass::COUNT],
}

impl<W> EffectTable<W> {
    /// Bytes of one effect in the table.
    pub const SLOT_BYTES: usize = size_of::<Slot<W>>();

    /// An empty table at `now` milliseconds.
    ///
    /// # Panics
    /// If `max_in_flight` is 0 (a programming error: configuration checks its range).
    pub fn new(settings: EffectSettings, now: u64) -> Self {
        assert!(settings.max_in_flight > 0, "nothing could ever start");
        Self {
            settings,
            slots: Vec::new(),
            free: Vec::new(),
            waiting: BTreeSet::new(),
            sequence: 0,
            in_flight: 0,
            in_flight_reserved: 0,
            waiting_high_water: 0,
            wheel: Wheel::new(now),
            counters: Default::default(),
        }
    }

    /// Puts an effect into the queue; [`EffectTable::next`] hands it over when it has a place.
    pub fn submit(&mut self, now: u64, request: EffectRequest<W>) -> Admission<W> {
        let mut displaced = None;
        let has_room = self.waiting.len() < self.settings.waiting_capacity
            || self.has_place(request.class, request.owner);
        if !has_room {
            let lowest = self.waiting.last().copied();
            match lowest.filter(|(class, ..)| request.class < *class) {
                Some((_, _, slot)) => displaced = Some(self.end(slot, Lapse::Displaced)),
                None => {
                    self.counters[request.class.index()].refused += 1;
                    return Admission::Refused(request.work);
                }
            }
        }
        let id = self.insert(now, request);
        Admission::Accepted { id, displaced }
    }

    fn insert(&mut self, now: u64, request: EffectRequest<W>) -> EffectId {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot {
                generation: 0,
                entry: None,
            });
            (self.slots.len() - 1) as u32
        });
        let id = EffectId {
            slot,
            generation: self.slots[slot as usize].generation,
        };
        self.wheel.advance(now);
        let start_by_ms = match request.wait {
            Wait::AtMost(wait) => Some(now.saturating_add(wait)),
            Wait::Unlimited => None,
        };
        let alarm = start_by_ms.map(|due| self.wheel.arm(due, id));
        let sequence = self.sequence;
        self.sequence += 1;
        self.waiting.insert((request.class, sequence, slot));
        self.waiting_high_water = self.waiting_high_water.max(self.waiting.len());
        self.slots[slot as usize].entry = Some(Entry {
            class: request.class,
            owner: request.owner,
            limit_ms: request.limit_ms,
            wait: request.wait,
            start_by_ms,
            sequence,
            alarm,
            state: State::Waiting(request.work),
        });
        self.counters[request.class.index()].waiting += 1;
        id
    }

    /// Whether an effect of this class and owner could start now.
    fn has_place(&self, class: EffectClass, owner: Option<Owner>) -> bool {
        let settings = &self.settings;
        if self.in_flight >= settings.max_in_flight {
            return false;
        }
        // At least one place is for everybody.
        let open = settings
            .max_in_flight
            .saturating_sub(settings.reserved)
            .max(1);
        if !class.is_reserved() && self.in_flight - self.in_flight_reserved >= open {
            return false;
        }
        let index = class.index();
        if self.counters[index].in_flight >= settings.class_caps[index] {
            return false;
        }
        settings.per_owner == PerOwner::Together
            || owner.is_none_or(|owner| !self.is_executing_for(owner))
    }

    fn is_executing_for(&self, owner: Owner) -> bool {
        self.slots.iter().any(|slot| {
            slot.entry.as_ref().is_some_and(|entry| {
                entry.owner == Some(owner) && !matches!(entry.state, State::Waiting(_))
            })
        })
    }

    /// The next effect that has a place: start it.
    pub fn next(&mut self, now: u64) -> Option<Handover<W>> {
        let (class, sequence, slot) = self.waiting.iter().copied().find(|(class, _, slot)| {
            let entry = self.slots[*slot as usize].entry.as_ref();
            self.has_place(*class, entry.and_then(|entry| entry.owner))
        })?;
        self.waiting.remove(&(class, sequence, slot));
        let generation = self.slots[slot as usize].generation;
        let id = EffectId { slot, generation };
        let entry = self.slots[slot as usize]
            .entry
            .as_mut()
            .expect("a waiting effect has an entry");
        let State::Waiting(work) = std::mem::replace(&mut entry.state, State::HandedOver) else {
            unreachable!("what waits has its work");
        };
        let start_by_ms = entry.start_by_ms;
        if entry.alarm.is_none() {
            self.wheel.advance(now);
            entry.alarm = Some(self.wheel.arm(now.saturating_add(entry.limit_ms), id));
        }
        let counters = &mut self.counters[class.index()];
        counters.waiting -= 1;
        counters.in_flight += 1;
        counters.started += 1;
        self.in_flight += 1;
        self.in_flight_reserved += usize::from(class.is_reserved());
        Some(Handover {
            id,
            class,
            start_by_ms,
            work,
        })
    }

    /// The effect began to execute at `at` milliseconds: its limit runs from here.
    pub fn taken(&mut self, id: EffectId, at: u64) {
        let Some(entry) = self.entry(id) else {
            return;
        };
        entry.state = State::Executing;
        let due = at.saturating_add(entry.limit_ms);
        let old = entry.alarm.take();
        if let Some(key) = old {
            self.wheel.cancel(key);
        }
        let key = self.wheel.arm(due, id);
        self.entry(id).expect("found above").alarm = Some(key);
    }

    /// The effect came to an end by itself after `duration_us` of execution.
    pub fn finished(
        &mut self,
        id: EffectId,
        class: EffectClass,
        verdict: Verdict,
        duration_us: u64,
    ) -> Finish {
        if self.entry(id).is_none() {
            self.counters[class.index()].late += 1;
            return Finish::Late;
        }
        let entry = self.remove(id.slot);
        let counters = &mut self.counters[class.index()];
        match verdict {
            Verdict::Succeeded => counters.succeeded += 1,
            Verdict::Failed => counters.failed += 1,
        }
        counters.durations.record(duration_us);
        Finish::Counted { owner: entry.owner }
    }

    /// The lane took no more: the effect ends as refused. `None` if it had ended.
    pub fn refused(&mut self, id: EffectId) -> Option<Option<Owner>> {
        self.entry(id)?;
        let entry = self.remove(id.slot);
        self.counters[entry.class.index()].refused += 1;
        Some(entry.owner)
    }

    /// Ends what has run out of time by `now`. `began` tells when an effect that was handed over
    /// began to execute. When it answers `None` for one whose waiting time is limited, it has taken
    /// the work back: that effect never starts, and so may be called queue-timed-out.
    pub fn expire(
        &mut self,
        now: u64,
        mut began: impl FnMut(EffectId, Wait) -> Option<u64>,
        lapsed: &mut Vec<Lapsed>,
    ) {
        self.wheel.advance(now);
        while let Some(fired) = self.wheel.pop() {
            let id = fired.value;
            let Some(entry) = self.entry(id) else {
                continue;
            };
            entry.alarm = None;
            let (limit_ms, wait) = (entry.limit_ms, entry.wait);
            let lapse = match entry.state {
                State::Waiting(_) => Lapse::QueueTimeout,
                State::Executing => Lapse::TimedOut { limit_ms },
                State::HandedOver => match (began(id, wait), wait) {
                    (Some(at), _) => {
                        self.taken(id, at);
                        continue;
                    }
                    (None, Wait::Unlimited) => {
                        // Look again: it may be taken any time.
                        let key = self.wheel.arm(now.saturating_add(limit_ms.max(1)), id);
                        self.entry(id).expect("found above").alarm = Some(key);
                        continue;
                    }
                    (None, Wait::AtMost(_)) => Lapse::QueueTimeout,
                },
            };
            lapsed.push(self.end(id.slot, lapse));
        }
    }

    /// Gives up one effect. `None` if it had ended.
    pub fn abandon(&mut self, id: EffectId) -> Option<Lapsed> {
        self.entry(id)?;
        Some(self.end(id.slot, Lapse::Abandoned))
    }

    /// Gives up everything that `unwanted` says of class and owner, in the order of the slots.
    pub fn abandon_where(
        &mut self,
        unwanted: impl Fn(EffectClass, Option<Owner>) -> bool,
        lapsed: &mut Vec<Lapsed>,
    ) {
        for slot in 0..self.slots.len() {
            let entry = self.slots[slot].entry.as_ref();
            if entry.is_some_and(|entry| unwanted(entry.class, entry.owner)) {
                lapsed.push(self.end(slot as u32, Lapse::Abandoned));
            }
        }
    }

    fn entry(&mut self, id: EffectId) -> Option<&mut Entry<W>> {
        let slot = self.slots.get_mut(id.slot as usize)?;
        if slot.generation != id.generation {
            return None;
        }
        slot.entry.as_mut()
    }

    fn end(&mut self, slot: u32, lapse: Lapse) -> Lapsed {
        let generation = self.slots[slot as usize].generation;
        let entry = self.remove(slot);
        let counters = &mut self.counters[entry.class.index()];
        match lapse {
            Lapse::Displaced => counters.refused += 1,
            Lapse::QueueTimeout => counters.queue_timed_out += 1,
            Lapse::TimedOut { .. } => counters.timed_out += 1,
            Lapse::Abandoned => counters.abandoned += 1,
        }
        Lapsed {
            id: EffectId { slot, generation },
            class: entry.class,
            owner: entry.owner,
            lapse,
            limit_ms: entry.limit_ms,
        }
    }

    /// Frees the place of an effect; its generation moves on.
    fn remove(&mut self, slot: u32) -> Entry<W> {
        let place = &mut self.slots[slot as usize];
        place.generation = place.generation.wrapping_add(1);
        let entry = place.entry.take().expect("callers have found the effect");
        self.free.push(slot);
        if let Some(key) = entry.alarm {
            self.wheel.cancel(key);
        }
        let counters = &mut self.counters[entry.class.index()];
        if let State::Waiting(_) = entry.state {
            counters.waiting -= 1;
            self.waiting.remove(&(entry.class, entry.sequence, slot));
        } else {
            counters.in_flight -= 1;
            self.in_flight -= 1;
            self.in_flight_reserved -= usize::from(entry.class.is_reserved());
        }
        entry
    }

    /// The exact time of the next expiry, in milliseconds.
    pub fn next_deadline(&mut self) -> Option<u64> {
        self.wheel.next_deadline()
    }

    /// Effects handed over or executing.
    pub fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// Effects in the queue.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// The most that ever waited.
    pub fn waiting_high_water(&self) -> usize {
        self.waiting_high_water
    }

    pub fn settings(&self) -> &EffectSettings {
        &self.settings
    }

    /// Counters by class, in the order of priority.
    pub fn views(&self) -> Vec<ClassView> {
        EffectClass::ALL
            .into_iter()
            .map(|class| self.counters[class.index()].view(class))
            .collect()
    }
}

#[cfg(test)]
#[path = "effect_table_tests.rs"]
mod tests;
