//! The hierarchical timer wheel: O(1) arm and cancel, exact next deadline, no tick.
//!
//! Eight levels of 64 slots of 1 ms (levels above need no cascade tick: a slot is emptied when the
//! clock is moved into it). The level of an entry is given by the highest bit in which now and its
//! deadline differ, so lower levels always expire first. Entries keep their deadline and arming
//! sequence: they fire never early and in the order (deadline, sequence).
//!
//! Times are milliseconds of whatever clock the owner passes in. Delays beyond the horizon
//! (about 4,400 years) are clamped. Hashed and hierarchical wheels: Varghese and Lauck 1987.

const LEVELS: usize = 8;
const BITS: u32 = 6;
const SLOTS: usize = 1 << BITS;

/// Longest delay in milliseconds: half of the top level's lap, so that no far timer can hide a
/// nearer one by wrapping.
pub const HORIZON_MS: u64 = 1 << (BITS as u64 * LEVELS as u64 - 1);

/// Names an armed timer; harmless once that has fired or was cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimerKey {
    index: u32,
    generation: u32,
}

#[derive(Clone, Debug)]
struct Entry<T> {
    generation: u32,
    due: u64,
    sequence: u64,
    /// `None`: free, or cancelled and still lying in its slot.
    value: Option<T>,
}

/// An armed timer with its deadline, so that it can be armed again from a stored state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Armed {
    pub key: TimerKey,
    /// Milliseconds of the wheel's clock.
    pub due: u64,
}

/// A fired timer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fired<T> {
    /// The deadline it was armed for, in milliseconds.
    pub due: u64,
    pub value: T,
}

#[derive(Clone, Debug)]
pub struct Wheel<T> {
    now: u64,
    sequence: u64,
    entries: Vec<Entry<T>>,
    free: Vec<u32>,
    /// One bit a slot that may hold entries.
    occupied: [u64; LEVELS],
    slots: Vec<Vec<u32>>,
    /// Due entries in firing order from `ready_at` on.
    ready: Vec<u32>,
    ready_at: usize,
    /// Entries were added to `ready` since it was sorted.
    unsorted: bool,
    armed: usize,
}

impl<T> Wheel<T> {
    /// A wheel whose clock stands at `now` milliseconds.
    pub fn new(now: u64) -> Self {
        Self {
            now,
            sequence: 0,
            entries: Vec::new(),
            free: Vec::new(),
            occupied: [0; LEVELS],
            slots: (0..LEVELS * SLOTS).map(|_| Vec::new()).collect(),
            ready: Vec::new(),
            ready_at: 0,
            unsorted: false,
            armed: 0,
        }
    }

    /// Bytes of a wheel with room for this many timers.
    pub const fn bytes(timers: usize) -> usize {
        let entry = size_of::<Entry<T>>() + 2 * size_of::<u32>();
        LEVELS * SLOTS * size_of::<Vec<u32>>() + timers * entry
    }

    /// Timers armed and not yet popped or cancelled.
    pub fn len(&self) -> usize {
        self.armed
    }

    pub fn is_empty(&self) -> bool {
        self.armed == 0
    }

    /// The clock of the last `advance`.
    pub fn now(&self) -> u64 {
        self.now
    }

    /// Arms a timer for `due` milliseconds. A deadline in the past is due at once.
    pub fn arm(&mut self, due: u64, value: T) -> TimerKey {
        let due = due.min(self.now + HORIZON_MS);
        let sequence = self.sequence;
        self.sequence += 1;
        self.armed += 1;
        let index = match self.free.pop() {
            Some(index) => {
                let entry = &mut self.entries[index as usize];
                entry.due = due;
                entry.sequence = sequence;
                entry.value = Some(value);
                index
            }
            None => {
                self.entries.push(Entry {
                    generation: 0,
                    due,
                    sequence,
                    value: Some(value),
                });
                (self.entries.len() - 1) as u32
            }
        };
        self.place(index);
        TimerKey {
            index,
            generation: self.entries[index as usize].generation,
        }
    }

    /// Cancels a timer and returns its value; `None` if it has fired or was cancelled.
    pub fn cancel(&mut self, key: TimerKey) -> Option<T> {
        let entry = self.entries.get_mut(key.index as usize)?;
        if entry.generation != key.generation {
            return None;
        }
        // The slot keeps the index until the clock or `first_slot` comes by: the entry is freed then.
        let value = entry.value.take()?;
        entry.generation = entry.generation.wrapping_add(1);
        self.armed -= 1;
        Some(value)
    }

    /// The exact deadline of the next timer, in milliseconds; the past for one that is due.
    pub fn next_deadline(&mut self) -> Option<u64> {
        self.drop_dead_ready();
        if self.ready_at < self.ready.len() {
            self.sort_ready();
            return Some(self.entries[self.ready[self.ready_at] as usize].due);
        }
        while let Some((level, slot, _)) = self.first_slot() {
            self.reap(level, slot);
            let nearest = self.slots[level * SLOTS + slot]
                .iter()
                .map(|index| self.entries[*index as usize].due)
                .min();
            if nearest.is_some() {
                return nearest;
            }
        }
        None
    }

    /// Moves the clock to `now`; what is due by then can be popped. A clock that goes back is
    /// ignored.
    pub fn advance(&mut self, now: u64) {
        if now <= self.now {
            return;
        }
        while let Some((level, slot, start)) = self.first_slot() {
            if start > now {
                break;
            }
            self.now = self.now.max(start);
            let mut moved = std::mem::take(&mut self.slots[level * SLOTS + slot]);
            self.occupied[level] &= !(1 << slot);
            for index in moved.drain(..) {
                if self.entries[index as usize].value.is_some() {
                    self.place(index);
                } else {
                    self.free.push(index);
                }
            }
            // Give the slot its allocation back: steady state allocates nothing.
            if self.slots[level * SLOTS + slot].capacity() == 0 {
                self.slots[level * SLOTS + slot] = moved;
            }
        }
        self.now = now;
    }

    /// The next due timer in firing order.
    pub fn pop(&mut self) -> Option<Fired<T>> {
        self.drop_dead_ready();
        if self.ready_at >= self.ready.len() {
            self.ready.clear();
            self.ready_at = 0;
            return None;
        }
        self.sort_ready();
        let index = self.ready[self.ready_at];
        self.ready_at += 1;
        let entry = &mut self.entries[index as usize];
        let value = entry.value.take().expect("dead entries were dropped");
        let due = entry.due;
        entry.generation = entry.generation.wrapping_add(1);
        self.free.push(index);
        self.armed -= 1;
        if self.ready_at == self.ready.len() {
            self.ready.clear();
            self.ready_at = 0;
        }
        Some(Fired { due, value })
    }

    fn place(&mut self, index: u32) {
        let due = self.entries[index as usize].due;
        if due <= self.now {
            self.ready.push(index);
            self.unsorted = true;
            return;
        }
        let differing = (self.now ^ due) | (SLOTS as u64 - 1);
        let level = (((63 - differing.leading_zeros()) / BITS) as usize).min(LEVELS - 1);
        let slot = (due >> (BITS as usize * level)) as usize & (SLOTS - 1);
        self.occupied[level] |= 1 << slot;
        self.slots[level * SLOTS + slot].push(index);
    }

    /// The occupied slot that expires first, as (level, slot, start of its span).
    fn first_slot(&self) -> Option<(usize, usize, u64)> {
        let level = (0..LEVELS).find(|level| self.occupied[*level] != 0)?;
        let shift = BITS as usize * level;
        let current = (self.now >> shift) as u32 & (SLOTS as u32 - 1);
        let ahead = self.occupied[level].rotate_right(current).trailing_zeros();
        let slot = (ahead + current) & (SLOTS as u32 - 1);
        let span = 1u64 << shift;
        let lap_start = self.now & !(span * SLOTS as u64 - 1);
        let wrapped = if slot < current {
            span * SLOTS as u64
        } else {
            0
        };
        let start = lap_start + u64::from(slot) * span + wrapped;
        Some((level, slot as usize, start))
    }

    /// Frees the cancelled entries of a slot; clears its bit when none is left.
    fn reap(&mut self, level: usize, slot: usize) {
        let (entries, free) = (&self.entries, &mut self.free);
        let indices = &mut self.slots[level * SLOTS + slot];
        indices.retain(|index| {
            let alive = entries[*index as usize].value.is_some();
            if !alive {
                free.push(*index);
            }
            alive
        });
        if indices.is_empty() {
            self.occupied[level] &= !(1 << slot);
        }
    }

    fn drop_dead_ready(&mut self) {
        while self.ready_at < self.ready.len() {
            // Sorting first keeps dead entries from hiding behind live ones.
            let index = self.ready[self.ready_at];
            if self.entries[index as usize].value.is_some() {
                break;
            }
            self.free.push(index);
            self.ready_at += 1;
        }
    }

    fn sort_ready(&mut self) {
        if !self.unsorted {
            return;
        }
        let (entries, free) = (&self.entries, &mut self.free);
        if self.ready_at > 0 {
            self.ready.drain(..self.ready_at);
            self.ready_at = 0;
        }
        self.ready.retain(|index| {
            let alive = entries[*index as usize].value.is_some();
            if !alive {
                free.push(*index);
            }
            alive
        });
        self.ready.sort_unstable_by_key(|index| {
            let entry = &entries[*index as usize];
            (entry.due, entry.sequence)
        });
        self.unsorted = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::rng::SplitMix64;
    use std::collections::BTreeMap;

    /// Live timers in the model test: enough to fill slots on every level, few enough that the
    /// linear scan of a far slot stays cheap.
    const LIVE_MAX: usize = 200;

    /// Random steps against a sorted map, the obviously right timer.
    fn agree_with_the_model(seed: u64, steps: u32) {
        let mut rng = SplitMix64::new(seed);
        let mut wheel: Wheel<u64> = Wheel::new(rng.below(1 << 40));
        let mut model: BTreeMap<(u64, u64), u64> = BTreeMap::new();
        let mut keys: Vec<(TimerKey, (u64, u64))> = Vec::new();
        let mut sequence = 0;
        for _ in 0..steps {
            match rng.below(10) {
                0..=4 if model.len() < LIVE_MAX => {
                    let bits = rng.below(45);
                    let delay = rng.below(1 << bits);
                    let due = (wheel.now() + delay).saturating_sub(rng.below(3));
                    let key = wheel.arm(due, sequence);
                    model.insert((due, sequence), sequence);
                    keys.push((key, (due, sequence)));
                    sequence += 1;
                }
                5..=6 if !keys.is_empty() => {
                    let at = rng.below(keys.len() as u64) as usize;
                    let (key, place) = keys.swap_remove(at);
                    assert_eq!(wheel.cancel(key), model.remove(&place), "seed {seed}");
                    assert_eq!(wheel.cancel(key), None, "a key works once, seed {seed}");
                }
                7 => {
                    let bits = rng.below(36);
                    let step = rng.below(1 << bits);
                    wheel.advance(wheel.now() + step);
                }
                8 => {
                    if let Some(next) = wheel.next_deadline() {
                        wheel.advance(next);
                    }
                }
                _ => {
                    for _ in 0..rng.below(4) {
                        let expected = model
                            .first_key_value()
                            .filter(|((due, _), _)| *due <= wheel.now())
                            .map(|(place, value)| (*place, *value));
                        let fired = wheel.pop();
                        assert_eq!(
                            fired.as_ref().map(|f| (f.due, f.value)),
                            expected.map(|((due, _), value)| (due, value)),
                            "seed {seed}"
                        );
                        if let Some((place, _)) = expected {
                            model.remove(&place);
                        }
                    }
                }
            }
            assert_eq!(wheel.len(), model.len(), "seed {seed}");
            assert_eq!(
                wheel.next_deadline(),
                model.keys().next().map(|(due, _)| *due),
                "seed {seed}"
            );
        }
    }

    #[test]
    fn agrees_with_a_sorted_map_over_millions_of_steps() {
        for seed in 1..=4 {
            agree_with_the_model(seed, 500_000);
        }
    }

    #[test]
    fn a_year_ahead_fires_to_the_millisecond() {
        let year = 366 * 86_400_000;
        let mut wheel = Wheel::new(5);
        wheel.arm(5 + year, "year");
        assert_eq!(wheel.next_deadline(), Some(5 + year));
        wheel.advance(4 + year);
        assert_eq!(wheel.pop(), None);
        wheel.advance(5 + year);
        assert_eq!(wheel.pop().unwrap().value, "year");
    }

    #[test]
    fn beyond_the_horizon_is_clamped() {
        let mut wheel = Wheel::new(0);
        wheel.arm(u64::MAX, ());
        assert_eq!(wheel.next_deadline(), Some(HORIZON_MS));
    }

    #[test]
    fn equal_deadlines_fire_in_arming_order() {
        let mut wheel = Wheel::new(0);
        for name in ["a", "b", "c"] {
            wheel.arm(100, name);
        }
        wheel.advance(1000);
        let order: Vec<_> = std::iter::from_fn(|| wheel.pop())
            .map(|f| f.value)
            .collect();
        assert_eq!(order, ["a", "b", "c"]);
    }
}
