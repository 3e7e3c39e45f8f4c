//! What a job and an effect are: plain values that the loop hands to a worker and gets back.
//!
//! Not here: who admits them (`effect_table`) and who runs them (`workers`). A job owns its inputs;
//! it can be printed, queued and dropped, and it never touches the loop.

use crate::core::schedule::Run;
use serde::Serialize;
use std::fmt;

/// Effects by priority: the first class is served first, the last gives way first.
///
/// Ledger writes that an order waits for belong to `Order`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EffectClass {
    /// Orders, cancels, order queries, and what must be durable before them.
    Order,
    Reconciliation,
    /// Rows that no order waits for.
    Ledger,
    /// Names to addresses.
    Resolve,
    /// Backfill, snapshots, downloads.
    MarketData,
    /// Questions to a model.
    Llm,
    /// Compression, rotation, retention, checks.
    Storage,
    Notification,
}

impl EffectClass {
    pub const ALL: [Self; 8] = [
        Self::Order,
        Self::Reconciliation,
        Self::Ledger,
        Self::Resolve,
        Self::MarketData,
        Self::Llm,
        Self::Storage,
        Self::Notification,
    ];
    pub const COUNT: usize = Self::ALL.len();

    pub const fn index(self) -> usize {
        self as usize
    }

    /// Has a share in the places reserved for what moves money.
    pub const fn is_reserved(self) -> bool {
        matches!(self, Self::Order | Self::Reconciliation)
    }

    pub const fn lane(self) -> Lane {
        match self {
            Self::Order | Self::Reconciliation | Self::Ledger | Self::Resolve => Lane::Fast,
            Self::MarketData | Self::Llm | Self::Storage | Self::Notification => Lane::Slow,
        }
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::Order => "order",
            Self::Reconciliation => "reconciliation",
            Self::Ledger => "ledger",
            Self::Resolve => "resolve",
            Self::MarketData => "market_data",
            Self::Llm => "llm",
            Self::Storage => "storage",
            Self::Notification => "notification",
        }
    }
}

/// Which workers may run a job: one worker is always free of slow ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    Fast,
    Slow,
}

/// Names an effect: a place in the table and how often that place was used before. A late result
/// carries an old generation and is recognised by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct EffectId {
    pub slot: u32,
    pub generation: u32,
}

impl fmt::Display for EffectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.slot, self.generation)
    }
}

/// Who asked for an effect: effects of one owner can be abandoned together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Owner(pub u64);

impl Owner {
    /// A run of a task as owner. Run numbers beyond 2^48 are not reached: a run a millisecond for
    /// 8,900 years.
    pub const fn of_run(run: Run) -> Self {
        Self((run.task.0 as u64) << 48 | (run.number & ((1 << 48) - 1)))
    }

    /// The run that [`Owner::of_run`] was made from.
    pub const fn run(self) -> Run {
        Run {
            task: crate::core::schedule::TaskId((self.0 >> 48) as u16),
            number: self.0 & ((1 << 48) - 1),
        }
    }
}

/// How long an effect may wait before it is started, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    AtMost(u64),
    /// Cancels and closes: late is better than never.
    Unlimited,
}

/// An effect that somebody wants carried out.
#[derive(Clone, Debug)]
pub struct EffectRequest<W> {
    pub class: EffectClass,
    /// Time from its start to its end, in milliseconds (> 0).
    pub limit_ms: u64,
    pub wait: Wait,
    pub owner: Option<Owner>,
    pub work: W,
}

impl<W> EffectRequest<W> {
    /// A request with the defaults of its class: 20 s to run, as long to wait, 5 s for an order (a
    /// stale entry is worse than none).
    pub fn new(class: EffectClass, work: W) -> Self {
        let limit_ms = 20_000;
        let wait = match class {
            EffectClass::Order => Wait::AtMost(5_000),
            _ => Wait::AtMost(limit_ms),
        };
        Self {
            class,
            limit_ms,
            wait,
            owner: None,
            work,
        }
    }
}

/// Work for a worker thread. The product's jobs are an enum of plain values; tests plant their own.
pub trait Job: Send + Sized + 'static {
    type Output: Send + 'static;

    /// Runs the job, or one slice of it. A panic is contained and reported as such.
    fn run(self) -> Slice<Self>;

    /// Whether this output counts as success in the statistics.
    fn verdict(_output: &Self::Output) -> Verdict {
        Verdict::Succeeded
    }
}

/// What one call of [`Job::run`] came to.
#[derive(Debug)]
pub enum Slice<J: Job> {
    Done(J::Output),
    /// More to do: the worker first serves the fast jobs that wait, then goes on. Long slow jobs
    /// cut themselves into slices of at most 50 ms, so that a single worker keeps orders moving.
    More(J),
}

/// Whether an ended effect did what was wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Succeeded,
    Failed,
}

/// How a job ended on its worker.
#[derive(Debug)]
pub enum JobOutcome<O> {
    Done(O),
    /// `panicked: ...`; the worker lives on.
    Panicked(String),
}

/// A job as it comes back from its worker. Times are monotonic nanoseconds.
#[derive(Debug)]
pub struct JobEnd<O> {
    pub id: EffectId,
    pub class: EffectClass,
    pub taken_ns: i64,
    pub ended_ns: i64,
    pub outcome: JobOutcome<O>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::schedule::TaskId;

    #[test]
    fn a_run_survives_being_an_owner() {
        let run = Run {
            task: TaskId(65_535),
            number: 123_456_789,
        };
        assert_eq!(Owner::of_run(run).run(), run);
    }

    #[test]
    fn classes_are_listed_in_the_order_of_their_priority() {
        for (index, class) in EffectClass::ALL.iter().enumerate() {
            assert_eq!(class.index(), index);
        }
        assert!(EffectClass::ALL.is_sorted());
    }
}
