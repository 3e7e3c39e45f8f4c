//! The worker pool: one to three threads, bounded lanes, one worker always free of slow jobs.
//!
//! Each class of jobs has a bounded lane of its own. Worker 0 serves only the fast classes; the
//! others serve every class, the highest first (a single worker serves all, and is not given model
//! or notification jobs: those go over non-blocking sockets). So slow jobs hold at most n-1
//! workers and an order never queues behind one. A worker never waits for the loop: results have
//! room for everything that can be under way. It sends first and wakes the loop second.
//!
//! A running job cannot be stopped: the loop gives up on it and recognises its late result. Not
//! here: admission and time-outs (`effect_table`). Panics are contained; the worker lives on.

use super::clock;
use super::jobs::{EffectClass, EffectId, Job, JobEnd, Lane};
use super::worker_thread::{Package, Seat, TAKEN_BACK, Worker, WorkerView};
use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Stack of a worker: pages are touched on use, so this costs address space only.
pub(super) const STACK_BYTES: usize = 512 * 1024;

/// When the threads start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThreadStart {
    /// Each when there is work that no started one is free for.
    OnFirstUse,
    AtOnce,
}

#[derive(Clone, Debug)]
pub struct PoolSettings {
    /// 1 to 3, fixed for the process.
    pub threads: usize,
    pub start: ThreadStart,
    /// Jobs a lane holds: at least what may be in flight, so that admission is the only limit.
    pub lane_capacity: usize,
}

impl Default for PoolSettings {
    fn default() -> Self {
        Self {
            threads: 2,
            start: ThreadStart::OnFirstUse,
            lane_capacity: 25,
        }
    }
}

impl PoolSettings {
    /// Places for results: what is admitted plus what was given up and still runs, twice for good
    /// measure.
    pub const fn results_capacity(&self) -> usize {
        2 * (self.lane_capacity + self.threads)
    }
}

/// Why a job was not taken.
#[derive(Debug)]
pub enum SubmitError<J> {
    /// The lane is full of jobs that nobody has come by to take.
    LaneFull(J),
    /// The pool was shut down.
    Ended(J),
    /// With one worker a model or notification call would hold up orders.
    NotOnThisPool(J),
    /// No thread could be started for it.
    NoThread(J, io::Error),
}

/// What became of the workers at the end.
#[derive(Debug)]
pub struct ShutDown<O> {
    /// Results that came in meanwhile.
    pub results: Vec<JobEnd<O>>,
    /// Workers that did not come back within the limit, with what they were doing.
    pub stuck: Vec<WorkerView>,
    /// Jobs that nobody had taken.
    pub dropped: usize,
}

/// Calls the loop's attention to a result.
pub trait Wake: Send + Sync + 'static {
    fn wake(&self);
}

impl Wake for mio::Waker {
    fn wake(&self) {
        // Fails only when the eventfd is gone, and then there is no loop to wake.
        let _ = Self::wake(self);
    }
}

/// Use of the lane of one class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LaneView {
    pub class: EffectClass,
    pub used: usize,
    pub high_water: usize,
    pub refused: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct LaneMeter {
    high_water: usize,
    refused: u64,
}

/// See the file's head.
pub struct Pool<J: Job> {
    settings: PoolSettings,
    lanes: Vec<Sender<Package<J>>>,
    /// What a worker that is still to start will receive from.
    outlets: Vec<Receiver<Package<J>>>,
    results: Receiver<JobEnd<J::Output>>,
    results_in: Sender<JobEnd<J::Output>>,
    exits: Receiver<usize>,
    exits_in: Sender<usize>,
    wake: Arc<dyn Wake>,
    seats: Vec<Arc<Seat>>,
    threads: Vec<Option<JoinHandle<()>>>,
    /// Jobs submitted whose result has not come back, with the time they were taken at.
    tickets: BTreeMap<EffectId, Arc<AtomicI64>>,
    meters: [LaneMeter; EffectClass::COUNT],
    results_high_water: usize,
}

impl<J: Job> Pool<J> {
    /// A pool; its threads start as the settings say.
    ///
    /// # Errors
    /// A thread that should start at once does not.
    ///
    /// # Panics
    /// If `threads` is not 1 to 3 or `lane_capacity` is 0 (configuration checks its ranges).
    pub fn new(settings: PoolSettings, wake: Arc<dyn Wake>) -> io::Result<Self> {
        assert!(
            (1..=3).contains(&settings.threads),
            "one to three worker threads"
        );
        assert!(settings.lane_capacity > 0, "a lane holds at least one job");
        let (lanes, outlets) = EffectClass::ALL
            .iter()
            .map(|_| bounded(settings.lane_capacity))
            .unzip();
        let (results_in, results) = bounded(settings.results_capacity());
        let (exits_in, exits) = bounded(settings.threads);
        let mut pool = Self {
            seats: (0..settings.threads).map(|_| Arc::default()).collect(),
            threads: (0..settings.threads).map(|_| None).collect(),
            settings,
            lanes,
            outlets,
            results,
            results_in,
            exits,
            exits_in,
            wake,
            tickets: BTreeMap::new(),
            meters: Default::default(),
            results_high_water: 0,
        };
        if pool.settings.start == ThreadStart::AtOnce {
            for number in 0..pool.settings.threads {
                pool.start(number)?;
            }
        }
        Ok(pool)
    }

    /// Gives a job to its lane. From `start_by_ns` (monotonic) on no worker starts it.
    ///
    /// # Errors
    /// Hands the job back with the reason.
    pub fn submit(
        &mut self,
        id: EffectId,
        class: EffectClass,
        start_by_ns: Option<i64>,
        job: J,
    ) -> Result<(), SubmitError<J>> {
        if self.lanes.is_empty() {
            return Err(SubmitError::Ended(job));
        }
        let calls_out = matches!(class, EffectClass::Llm | EffectClass::Notification);
        if self.settings.threads == 1 && calls_out {
            return Err(SubmitError::NotOnThisPool(job));
        }
        if let Err(error) = self.start_for(class.lane()) {
            return Err(SubmitError::NoThread(job, error));
        }
        let ticket = Arc::new(AtomicI64::new(0));
        let package = Package {
            id,
            class,
            start_by_ns,
            job,
            ticket: Arc::clone(&ticket),
        };
        let (lane, meter) = (&self.lanes[class.index()], &mut self.meters[class.index()]);
        match lane.try_send(package) {
            Ok(()) => {
                meter.high_water = meter.high_water.max(lane.len());
                self.tickets.insert(id, ticket);
                Ok(())
            }
            Err(TrySendError::Full(package) | TrySendError::Disconnected(package)) => {
                meter.refused += 1;
                Err(SubmitError::LaneFull(package.job))
            }
        }
    }

    /// The workers that may serve a lane.
    fn servers(&self, lane: Lane) -> std::ops::Range<usize> {
        match (lane, self.settings.threads) {
            (Lane::Fast, threads) => 0..threads,
            (Lane::Slow, 1) => 0..1,
            (Lane::Slow, threads) => 1..threads,
        }
    }

    /// Starts one more worker of the lane when every started one may be busy.
    fn start_for(&mut self, lane: Lane) -> io::Result<()> {
        let servers = self.servers(lane);
        let started = |pool: &Self, number: usize| pool.threads[number].is_some();
        let serving = servers.clone().filter(|n| started(self, *n)).count();
        let all = self.threads.iter().flatten().count();
        if serving > 0 && self.tickets.len() < all {
            return Ok(());
        }
        match servers.into_iter().find(|n| !started(self, *n)) {
            Some(number) => match self.start(number) {
                // One that runs already will come by.
                Err(_) if serving > 0 => Ok(()),
                result => result,
            },
            None => Ok(()),
        }
    }

    fn start(&mut self, number: usize) -> io::Result<()> {
        let only_fast = number == 0 && self.settings.threads > 1;
        let lanes = EffectClass::ALL
            .into_iter()
            .filter(|class| !only_fast || class.lane() == Lane::Fast)
            .map(|class| (class, self.outlets[class.index()].clone()))
            .collect();
        let worker = Worker {
            lanes,
            results: self.results_in.clone(),
            wake: Arc::clone(&self.wake),
            seat: Arc::clone(&self.seats[number]),
        };
        let exits = self.exits_in.clone();
        let thread = std::thread::Builder::new()
            .name(format!("minnow-worker-{number}"))
            .stack_size(STACK_BYTES)
            .spawn(move || {
                worker.run();
                // The pool may be gone: then nobody wants to know.
                let _ = exits.try_send(number);
            })?;
        self.threads[number] = Some(thread);
        Ok(())
    }

    /// When the job began, in monotonic nanoseconds; `None` while it waits in its lane or when it is
    /// unknown.
    pub fn taken_at(&self, id: EffectId) -> Option<i64> {
        let at = self.tickets.get(&id)?.load(Ordering::Acquire);
        (at > 0).then_some(at)
    }

    /// Takes a job back that no worker has taken: it never runs. Otherwise tells when it began;
    /// `None` also for a job that is unknown.
    pub fn take_back(&mut self, id: EffectId) -> Option<i64> {
        let ticket = self.tickets.get(&id)?;
        match ticket.compare_exchange(0, TAKEN_BACK, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => {
                self.tickets.remove(&id);
                None
            }
            // A worker met it too late to start it.
            Err(TAKEN_BACK) => {
                self.tickets.remove(&id);
                None
            }
            Err(at) => Some(at),
        }
    }

    /// The next finished job.
    pub fn try_result(&mut self) -> Option<JobEnd<J::Output>> {
        self.results_high_water = self.results_high_water.max(self.results.len());
        let end = self.results.try_recv().ok()?;
        self.tickets.remove(&end.id);
        Some(end)
    }

    /// Finished jobs wait to be fetched.
    pub fn has_results(&self) -> bool {
        !self.results.is_empty()
    }

    /// The job was taken and has not come back.
    pub fn is_running(&self, id: EffectId) -> bool {
        self.taken_at(id).is_some()
    }

    /// Jobs in lanes or on workers.
    pub fn outstanding(&self) -> usize {
        self.tickets.len()
    }

    /// What each worker is doing.
    pub fn views(&self) -> Vec<WorkerView> {
        let now = clock::monotonic_ns();
        (0..self.settings.threads)
            .map(|number| self.seats[number].view(number, self.threads[number].is_some(), now))
            .collect()
    }

    /// Finished jobs that wait to be fetched: now, at most, and the most there were.
    pub fn results_use(&self) -> (usize, usize, usize) {
        let capacity = self.results.capacity().unwrap_or(usize::MAX);
        (self.results.len(), capacity, self.results_high_water)
    }

    /// Use of each lane.
    pub fn lane_views(&self) -> impl Iterator<Item = LaneView> + '_ {
        self.lanes
            .iter()
            .zip(EffectClass::ALL)
            .map(|(lane, class)| LaneView {
                class,
                used: lane.len(),
                high_water: self.meters[class.index()].high_water,
                refused: self.meters[class.index()].refused,
            })
    }

    pub fn settings(&self) -> &PoolSettings {
        &self.settings
    }

    /// Drops what nobody has taken and waits for the workers, at most `limit`.
    pub fn shut_down(&mut self, limit: Duration) -> ShutDown<J::Output> {
        let waiting: Vec<EffectId> = self.tickets.keys().copied().collect();
        let dropped = waiting
            .into_iter()
            .filter(|id| self.take_back(*id).is_none())
            .count();
        // Without senders the lanes end, and with them the workers.
        self.lanes.clear();
        self.outlets.clear();
        let deadline = Instant::now() + limit;
        let mut results = Vec::new();
        while self.threads.iter().any(Option::is_some) {
            let left = deadline.saturating_duration_since(Instant::now());
            crossbeam_channel::select! {
                recv(self.results) -> end => results.extend(end),
                recv(self.exits) -> number => {
                    if let Some(thread) = number.ok().and_then(|n| self.threads[n].take()) {
                        // It has said its last word; its panics were contained.
                        let _ = thread.join();
                    }
                }
                default(left) => break,
            }
        }
        results.extend(self.results.try_iter());
        let stuck = self
            .views()
            .into_iter()
            .filter(|view| self.threads[view.number].is_some())
            .collect();
        ShutDown {
            results,
            stuck,
            dropped,
        }
    }
}

#[cfg(test)]
#[path = "workers_tests.rs"]
mod tests;
