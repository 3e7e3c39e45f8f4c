//! `parallel(jobs, max_workers)`: several jobs at once, results in the order of the jobs.
//!
//! A plain state machine that its owner drives from the loop: [`Parallel::take_next`] gives what to
//! submit, [`Parallel::ended`] takes what came of it. Each job has its own result; one failure
//! cancels nothing; it is over when all have ended. At most min(max_workers, jobs, 2, threads of
//! the pool) are under way. Not here: running jobs.

use super::jobs::EffectId;
use std::collections::VecDeque;
use std::fmt;

/// More at once than this gains nothing on the machines this program is for.
const WORKERS_MAX: usize = 2;

/// `max_workers` was 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoWorkers;

impl fmt::Display for NoWorkers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("parallel: max_workers must be at least 1")
    }
}

impl std::error::Error for NoWorkers {}

#[derive(Debug)]
enum Part<R> {
    Waiting,
    /// Given out by `take_next`; its id is told by `submitted`.
    GivenOut(Option<EffectId>),
    Ended(R),
}

/// A call of `parallel` under way: jobs `J` that come to results `R` (value, error, time-out, ...).
#[derive(Debug)]
pub struct Parallel<J, R> {
    jobs: VecDeque<(usize, J)>,
    parts: Vec<Part<R>>,
    workers: usize,
    under_way: usize,
}

impl<J, R> Parallel<J, R> {
    /// # Errors
    /// `max_workers` is 0.
    pub fn new(jobs: Vec<J>, max_workers: usize, pool_threads: usize) -> Result<Self, NoWorkers> {
        if max_workers < 1 {
            return Err(NoWorkers);
        }
        let limit = max_workers.min(WORKERS_MAX).min(pool_threads.max(1));
        Ok(Self {
            workers: limit.min(jobs.len()),
            parts: jobs.iter().map(|_| Part::Waiting).collect(),
            jobs: jobs.into_iter().enumerate().collect(),
            under_way: 0,
        })
    }

    /// Jobs that may be under way at once.
    pub fn workers(&self) -> usize {
        self.workers
    }

    /// The next job to submit, with its index; `None` when enough are under way or none is left.
    pub fn take_next(&mut self) -> Option<(usize, J)> {
        if self.under_way >= self.workers {
            return None;
        }
        let (index, job) = self.jobs.pop_front()?;
        self.parts[index] = Part::GivenOut(None);
        self.under_way += 1;
        Some((index, job))
    }

    /// The job of this index was admitted under this id.
    pub fn submitted(&mut self, index: usize, id: EffectId) {
        if let Some(Part::GivenOut(known)) = self.parts.get_mut(index) {
            *known = Some(id);
        }
    }

    /// The index of the job with this id; `None` if it is not under way here.
    pub fn find(&self, id: EffectId) -> Option<usize> {
        self.parts
            .iter()
            .position(|part| matches!(part, Part::GivenOut(Some(known)) if *known == id))
    }

    /// The job of this index ended (or was refused): its result is kept. A second result of the
    /// same job, or one of a job that was not given out, is ignored.
    pub fn ended(&mut self, index: usize, result: R) {
        if let Some(part @ Part::GivenOut(_)) = self.parts.get_mut(index) {
            *part = Part::Ended(result);
            self.under_way -= 1;
        }
    }

    /// Every job has ended; an empty list has from the start.
    pub fn is_over(&self) -> bool {
        self.jobs.is_empty() && self.under_way == 0
    }

    /// The results in the order of the jobs.
    ///
    /// # Errors
    /// Not over yet: the call comes back unchanged.
    pub fn into_results(self) -> Result<Vec<R>, Self> {
        if !self.is_over() {
            return Err(self);
        }
        let results = self.parts.into_iter().filter_map(|part| match part {
            Part::Ended(result) => Some(result),
            Part::Waiting | Part::GivenOut(_) => None,
        });
        Ok(results.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_empty_list_is_over_at_once() {
        let parallel = Parallel::<(), ()>::new(vec![], 2, 2).unwrap();
        assert_eq!(parallel.into_results().unwrap(), []);
    }

    #[test]
    fn no_workers_is_refused() {
        assert_eq!(
            Parallel::<u8, ()>::new(vec![1], 0, 2).unwrap_err(),
            NoWorkers
        );
    }

    proptest! {
        #[test]
        fn results_come_in_the_order_of_the_jobs_and_never_too_many_are_under_way(
            count in 0usize..20,
            max_workers in 1usize..5,
            threads in 1usize..4,
            order in proptest::collection::vec(0usize..100, 40),
        ) {
            let jobs: Vec<usize> = (0..count).collect();
            let mut parallel: Parallel<usize, Result<usize, usize>> =
                Parallel::new(jobs, max_workers, threads).unwrap();
            prop_assert_eq!(parallel.workers(), max_workers.min(2).min(threads).min(count));
            let mut open: Vec<usize> = Vec::new();
            let mut order = order.into_iter();
            while !parallel.is_over() {
                while let Some((index, job)) = parallel.take_next() {
                    prop_assert_eq!(index, job);
                    let id = EffectId { slot: index as u32, generation: 7 };
                    parallel.submitted(index, id);
                    prop_assert_eq!(parallel.find(id), Some(index));
                    open.push(index);
                }
                prop_assert!(open.len() <= parallel.workers() && !open.is_empty());
                let index = open.swap_remove(order.next().unwrap_or(0) % open.len());
                let result = if index.is_multiple_of(3) { Err(index) } else { Ok(index) };
                parallel.ended(index, result);
                parallel.ended(index, Ok(999));
            }
            let results = parallel.into_results().unwrap();
            for (index, result) in results.iter().enumerate() {
                prop_assert_eq!(result.unwrap_or_else(|failed| failed), index);
            }
            prop_assert_eq!(results.len(), count);
        }
    }
}
