//! The counter of a connection: one for all its channels, from 0 by 1, acknowledgements included.

/// How a frame's number continues what was received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Continuation {
    Next,
    /// Frames from `expected` on are missing.
    Gap {
        expected: u64,
    },
    /// Received already, or overtaken: says nothing new.
    Stale,
}

/// Where the counter of one connection stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sequence {
    next: u64,
}

impl Sequence {
    /// Takes a frame's number; after a gap counting goes on behind it.
    pub fn take(&mut self, number: u64) -> Continuation {
        let expected = self.next;
        if number < expected {
            return Continuation::Stale;
        }
        // The last number there is has no successor: all that follows is stale.
        self.next = number.saturating_add(1);
        if number == expected {
            Continuation::Next
        } else {
            Continuation::Gap { expected }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counting_goes_on_behind_a_gap_and_repeats_are_stale() {
        let mut sequence = Sequence::default();
        let taken: Vec<Continuation> = [0, 1, 1, 5, 6, 2, 7]
            .into_iter()
            .map(|n| sequence.take(n))
            .collect();
        use Continuation::{Gap, Next, Stale};
        let expected = [Next, Next, Stale, Gap { expected: 2 }, Next, Stale, Next];
        assert_eq!(taken, expected);
    }

    #[test]
    fn a_connection_that_does_not_begin_at_0_has_lost_its_beginning() {
        let mut sequence = Sequence::default();
        assert_eq!(sequence.take(3), Continuation::Gap { expected: 0 });
        assert_eq!(sequence.take(u64::MAX), Continuation::Gap { expected: 4 });
        assert_eq!(sequence.take(u64::MAX - 1), Continuation::Stale);
    }
}
