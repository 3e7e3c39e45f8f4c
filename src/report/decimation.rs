//! A series of any length in a bounded number of members: when the room is used up, neighbours are
//! put together in pairs, and each further member takes twice as many. What a member keeps of those
//! it took is its own matter.

/// What takes up its later neighbours.
pub trait Member: Copy {
    /// Single values in it.
    fn count(&self) -> u64;
    fn absorb(&mut self, later: &Self);
}

/// Pure; at most as many members as there is room for.
#[derive(Clone, Debug)]
pub struct Decimated<T> {
    members: Vec<T>,
    room: usize,
    /// Values that a member takes: a power of two.
    each: u64,
}

impl<T: Member> Decimated<T> {
    /// `room` is made even and at least 2.
    pub const fn new(room: usize) -> Self {
        let even = room / 2 * 2;
        Self {
            members: Vec::new(),
            room: if even < 2 { 2 } else { even },
            each: 1,
        }
    }

    /// Takes a member of one value.
    pub fn push(&mut self, next: T) {
        match self.members.last_mut() {
            Some(last) if last.count() < self.each => last.absorb(&next),
            _ => {
                if self.members.len() == self.room {
                    self.halve();
                }
                self.members.push(next);
            }
        }
    }

    /// The room is even and every member full: pairs leave none over.
    fn halve(&mut self) {
        let half = self.members.len() / 2;
        for index in 0..half {
            let mut merged = self.members[2 * index];
            merged.absorb(&self.members[2 * index + 1]);
            self.members[index] = merged;
        }
        self.members.truncate(half);
        self.each *= 2;
    }

    pub fn members(&self) -> &[T] {
        &self.members
    }

    pub fn into_members(self) -> Vec<T> {
        self.members
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// First and last of whole numbers.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    struct Stretch(u64, u64);

    impl Member for Stretch {
        fn count(&self) -> u64 {
            self.1 - self.0 + 1
        }

        fn absorb(&mut self, later: &Self) {
            assert_eq!(self.1 + 1, later.0, "only neighbours are put together");
            self.1 = later.1;
        }
    }

    #[test]
    fn a_full_room_is_halved_and_members_stay_equally_long() {
        let mut series = Decimated::new(5);
        let mut after = Vec::new();
        for number in 0..17 {
            series.push(Stretch(number, number));
            after.push(series.members().len());
        }
        assert_eq!(after, [1, 2, 3, 4, 3, 3, 4, 4, 3, 3, 3, 3, 4, 4, 4, 4, 3]);
        let members = series.into_members();
        assert_eq!(members, [Stretch(0, 7), Stretch(8, 15), Stretch(16, 16)]);
        let mut narrow = Decimated::new(0);
        (0..3).for_each(|number| narrow.push(Stretch(number, number)));
        assert_eq!(narrow.members(), [Stretch(0, 1), Stretch(2, 2)]);
    }
}
