//! Which task is run next, and what becomes of the tasks of a process that died.
//!
//! Tasks are handed out in runs, so that a process starts once for many of them; runs get shorter
//! towards the end, so that no process is left with the last long one. Only the task that a process
//! died in is given up.

use std::collections::VecDeque;

/// Tasks that one process gets at most.
pub const RUN_MAX: usize = 256;
/// Runs that the waiting tasks are divided into, a process.
const RUNS_EACH: usize = 4;

/// Tasks that no process has yet.
#[derive(Clone, Debug)]
pub struct TaskQueue {
    waiting: VecDeque<u32>,
    processes: usize,
}

impl TaskQueue {
    pub fn new(tasks: impl IntoIterator<Item = u32>, processes: usize) -> Self {
        Self {
            waiting: tasks.into_iter().collect(),
            processes: processes.max(1),
        }
    }

    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// The next run of tasks; empty when none is left.
    pub fn take(&mut self) -> VecDeque<u32> {
        let share = self.waiting.len().div_ceil(self.processes * RUNS_EACH);
        let count = share.clamp(1, RUN_MAX).min(self.waiting.len());
        self.waiting.drain(..count).collect()
    }

    /// A process died with these tasks open, the one it was at first: that one is returned, the
    /// others wait again.
    pub fn died(&mut self, mut open: VecDeque<u32>) -> Option<u32> {
        let culprit = open.pop_front();
        while let Some(task) = open.pop_back() {
            self.waiting.push_front(task);
        }
        culprit
    }
}

/// Tasks as a command line names them: `3,7-12`. Ascending runs are drawn together.
pub fn ranges(tasks: impl IntoIterator<Item = u32>) -> String {
    let mut runs: Vec<(u32, u32)> = Vec::new();
    for task in tasks {
        match runs.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(task) => *last = task,
            _ => runs.push((task, task)),
        }
    }
    let texts: Vec<String> = runs
        .into_iter()
        .map(|(first, last)| {
            if first == last {
                first.to_string()
            } else {
                format!("{first}-{last}")
            }
        })
        .collect();
    texts.join(",")
}

/// Reads what [`ranges`] wrote, for tasks below `count`.
///
/// # Errors
/// What was expected.
pub fn parse_ranges(text: &str, count: u32) -> Result<Vec<u32>, String> {
    let wrong = || format!("{text}: expected task numbers below {count}, such as 3,7-12");
    let mut tasks = Vec::new();
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last): (u32, u32) = match (first.parse(), last.parse()) {
            (Ok(first), Ok(last)) => (first, last),
            _ => return Err(wrong()),
        };
        if first > last || last >= count {
            return Err(wrong());
        }
        tasks.extend(first..=last);
    }
    Ok(tasks)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn runs_get_shorter_and_cover_every_task_once() {
        let mut queue = TaskQueue::new(0..1000, 2);
        let mut seen = Vec::new();
        let mut lengths = Vec::new();
        loop {
            let run = queue.take();
            if run.is_empty() {
                break;
            }
            lengths.push(run.len());
            seen.extend(run);
        }
        assert_eq!(seen, (0..1000).collect::<Vec<u32>>());
        assert!(lengths.is_sorted_by(|a, b| a >= b), "{lengths:?}");
        assert_eq!((lengths[0], lengths[lengths.len() - 1]), (125, 1));
        assert!(lengths.len() < 60, "{lengths:?}");
        let mut large = TaskQueue::new(0..100_000, 2);
        assert_eq!(large.take().len(), RUN_MAX);
    }

    #[test]
    fn a_process_that_dies_costs_the_task_it_was_at() {
        let mut queue = TaskQueue::new(10..12, 1);
        assert_eq!(queue.died([3, 4, 5].into()), Some(3));
        let rest: Vec<u32> = std::iter::from_fn(|| queue.take().pop_front()).collect();
        assert_eq!(rest, [4, 5, 10, 11]);
        assert_eq!(queue.died(VecDeque::new()), None);
    }

    proptest! {
        #[test]
        fn ranges_come_back(tasks in prop::collection::btree_set(0u32..200, 1..60)) {
            let tasks: Vec<u32> = tasks.into_iter().collect();
            let text = ranges(tasks.iter().copied());
            prop_assert_eq!(parse_ranges(&text, 200), Ok(tasks));
        }
    }

    #[test]
    fn ranges_are_short_and_nonsense_is_refused() {
        assert_eq!(ranges([3, 7, 8, 9, 12]), "3,7-9,12");
        for wrong in ["", "5-3", "a", "10", "1-", "9-10"] {
            assert!(parse_ranges(wrong, 10).is_err(), "{wrong}");
        }
    }
}
