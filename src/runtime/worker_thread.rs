//! One worker thread: takes the most urgent job it may serve, runs it, sends the result, wakes the
//! loop.
//!
//! It shares two things with the loop, both atomics: the ticket of each job (when it was taken, or
//! that it was taken back) and its seat (what it is doing, for status and stuck detection).

use super::clock;
use super::jobs::{EffectClass, EffectId, Job, JobEnd, JobOutcome, Lane, Slice};
use super::workers::Wake;
use crate::log;
use crossbeam_channel::{Receiver, Select, Sender, TryRecvError};
use serde::Serialize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

/// Ticket of a job that the loop took back before a worker came by.
pub(super) const TAKEN_BACK: i64 = -1;

/// A job on its way to a worker.
pub(super) struct Package<J> {
    pub id: EffectId,
    pub class: EffectClass,
    /// Monotonic nanoseconds from which on it must not be started: the loop may be too busy to take
    /// a stale order back.
    pub start_by_ns: Option<i64>,
    pub job: J,
    /// 0 = waiting, [`TAKEN_BACK`], or the monotonic nanoseconds at which it was taken.
    pub ticket: Arc<AtomicI64>,
}

/// What a worker is doing, written by it and read by the loop.
#[derive(Debug, Default)]
pub(super) struct Seat {
    /// Slot, generation and class of the present job are read together only for display, so that a
    /// torn reading harms nobody.
    effect: AtomicU64,
    /// Class index + 1; 0 = idle.
    class: AtomicU64,
    since_ns: AtomicI64,
    finished: AtomicU64,
    panicked: AtomicU64,
    taken_back: AtomicU64,
}

/// A worker as shown by status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WorkerView {
    pub number: usize,
    pub started: bool,
    /// What it runs, and for how long.
    pub job: Option<WorkerJob>,
    pub finished: u64,
    pub panicked: u64,
    /// Jobs it met that had been taken back or had waited too long.
    pub taken_back: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct WorkerJob {
    pub id: EffectId,
    pub class: EffectClass,
    pub running_ms: u64,
}

impl Seat {
    pub fn view(&self, number: usize, started: bool, now_ns: i64) -> WorkerView {
        let class = self.class.load(Ordering::Acquire);
        let job = (class > 0).then(|| {
            let effect = self.effect.load(Ordering::Acquire);
            let since = self.since_ns.load(Ordering::Acquire);
            WorkerJob {
                id: EffectId {
                    slot: (effect >> 32) as u32,
                    generation: effect as u32,
                },
                class: EffectClass::ALL[class as usize - 1],
                running_ms: u64::try_from((now_ns - since) / 1_000_000).unwrap_or(0),
            }
        });
        WorkerView {
            number,
            started,
            job,
            finished: self.finished.load(Ordering::Relaxed),
            panicked: self.panicked.load(Ordering::Relaxed),
            taken_back: self.taken_back.load(Ordering::Relaxed),
        }
    }

    fn sit(&self, id: EffectId, class: EffectClass, now_ns: i64) {
        let effect = u64::from(id.slot) << 32 | u64::from(id.generation);
        self.effect.store(effect, Ordering::Release);
        self.since_ns.store(now_ns, Ordering::Release);
        self.class
            .store(class.index() as u64 + 1, Ordering::Release);
    }

    fn stand_up(&self) {
        self.class.store(0, Ordering::Release);
    }
}

/// A job between two of its slices.
struct Started<J> {
    id: EffectId,
    class: EffectClass,
    taken_ns: i64,
    job: J,
}

pub(super) struct Worker<J: Job> {
    /// In the order of their priority.
    pub lanes: Vec<(EffectClass, Receiver<Package<J>>)>,
    pub results: Sender<JobEnd<J::Output>>,
    pub wake: Arc<dyn Wake>,
    pub seat: Arc<Seat>,
}

impl<J: Job> Worker<J> {
    /// Works until the lanes have ended.
    pub fn run(self) {
        log::contain_panics_here();
        // At most one job is between two slices: fast jobs go in between, slow ones do not.
        let mut paused: Option<Started<J>> = None;
        loop {
            let next = match paused {
                Some(_) => self.take_fast(),
                None => match self.take() {
                    Some(package) => Some(package),
                    None => return,
                },
            };
            let started = match next {
                Some(package) => self.begin(package),
                None => paused.take(),
            };
            let Some(started) = started else {
                continue;
            };
            if let Some(rest) = self.work(started) {
                match paused {
                    // A fast job in slices: it is finished before the paused one goes on.
                    Some(_) => self.work_to_the_end(rest),
                    None => paused = Some(rest),
                }
            }
        }
    }

    /// The most urgent job, waiting for one; `None` when the lanes have ended.
    fn take(&self) -> Option<Package<J>> {
        let mut select = Select::new();
        for (_, lane) in &self.lanes {
            select.recv(lane);
        }
        // The lanes end one after the other, and one that has ended counts as ready for ever: waiting
        // for the rest would spin. Whoever ends one sends nothing more, so that one further look
        // finds everything.
        let mut ending = false;
        loop {
            let mut ended = false;
            for (_, lane) in &self.lanes {
                match lane.try_recv() {
                    Ok(package) => return Some(package),
                    Err(TryRecvError::Empty) => {}
                    Err(TryRecvError::Disconnected) => ended = true,
                }
            }
            if ending {
                return None;
            }
            ending = ended;
            if !ended {
                select.ready();
            }
        }
    }

    fn take_fast(&self) -> Option<Package<J>> {
        self.lanes
            .iter()
            .filter(|(class, _)| class.lane() == Lane::Fast)
            .find_map(|(_, lane)| lane.try_recv().ok())
    }

    /// Marks the job as taken; `None` when it was taken back or came too late.
    fn begin(&self, package: Package<J>) -> Option<Started<J>> {
        let now_ns = clock::monotonic_ns();
        let is_late = package.start_by_ns.is_some_and(|by| by <= now_ns);
        let mark = if is_late { TAKEN_BACK } else { now_ns };
        let taken = package
            .ticket
            .compare_exchange(0, mark, Ordering::AcqRel, Ordering::Acquire);
        if is_late || taken.is_err() {
            self.seat.taken_back.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        Some(Started {
            id: package.id,
            class: package.class,
            taken_ns: now_ns,
            job: package.job,
        })
    }

    /// Runs one slice; what is left of the job comes back.
    fn work(&self, started: Started<J>) -> Option<Started<J>> {
        let Started {
            id,
            class,
            taken_ns,
            job,
        } = started;
        self.seat.sit(id, class, taken_ns);
        // The job owns everything it touches, so nothing half-changed survives its panic.
        let slice = catch_unwind(AssertUnwindSafe(|| job.run()));
        self.seat.stand_up();
        let outcome = match slice {
            Ok(Slice::More(job)) => {
                return Some(Started {
                    id,
                    class,
                    taken_ns,
                    job,
                });
            }
            Ok(Slice::Done(output)) => JobOutcome::Done(output),
            Err(payload) => {
                self.seat.panicked.fetch_add(1, Ordering::Relaxed);
                JobOutcome::Panicked(panic_text(payload.as_ref()))
            }
        };
        self.seat.finished.fetch_add(1, Ordering::Relaxed);
        let end = JobEnd {
            id,
            class,
            taken_ns,
            ended_ns: clock::monotonic_ns(),
            outcome,
        };
        // Fails only when the pool is gone, and with it everyone who could want the result.
        if self.results.send(end).is_ok() {
            self.wake.wake();
        }
        None
    }

    fn work_to_the_end(&self, mut started: Started<J>) {
        while let Some(rest) = self.work(started) {
            started = rest;
        }
    }
}

/// What the panic said: with its place when the process's panic hook has kept it.
fn panic_text(payload: &(dyn std::any::Any + Send)) -> String {
    let text = log::take_panic().unwrap_or_else(|| {
        let text = payload
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
            .unwrap_or("no text");
        log::redact::redact(text).into_owned()
    });
    format!("panicked: {text}")
}
