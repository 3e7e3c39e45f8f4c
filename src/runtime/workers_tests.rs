//! The pool with planted jobs. Order and counts are asserted, never how long something took.

use super::super::jobs::{JobOutcome, Slice};
use super::*;
use std::sync::Mutex;

/// Stands for the loop: a channel that the test waits on.
struct Bell(Sender<()>);

impl Wake for Bell {
    fn wake(&self) {
        let _ = self.0.try_send(());
    }
}

enum Planted {
    Value(u32),
    Panic,
    /// Runs until its sender is gone.
    Gate(Receiver<()>),
    /// So many slices; notes each of them and waits for the gate at its end.
    Slices(u32, Receiver<()>, Arc<Mutex<Vec<&'static str>>>),
    Note(&'static str, Arc<Mutex<Vec<&'static str>>>),
}

impl Job for Planted {
    type Output = u32;
    fn run(self) -> Slice<Self> {
        match self {
            Self::Value(value) => Slice::Done(value),
            Self::Panic => panic!("planted"),
            Self::Gate(gate) => {
                let _ = gate.recv();
                Slice::Done(0)
            }
            Self::Slices(left, gate, notes) => {
                notes.lock().unwrap().push("slice");
                let _ = gate.recv();
                if left == 1 {
                    return Slice::Done(0);
                }
                Slice::More(Self::Slices(left - 1, gate, notes))
            }
            Self::Note(text, notes) => {
                notes.lock().unwrap().push(text);
                Slice::Done(0)
            }
        }
    }
}

struct Bench {
    pool: Pool<Planted>,
    bell: Receiver<()>,
    next: u32,
}

impl Bench {
    fn new(threads: usize) -> Self {
        let (sender, bell) = bounded(1);
        let settings = PoolSettings {
            threads,
            ..PoolSettings::default()
        };
        Self {
            pool: Pool::new(settings, Arc::new(Bell(sender))).unwrap(),
            bell,
            next: 0,
        }
    }

    fn submit(&mut self, class: EffectClass, job: Planted) -> EffectId {
        let id = EffectId {
            slot: self.next,
            generation: 0,
        };
        self.next += 1;
        assert!(self.pool.submit(id, class, None, job).is_ok());
        id
    }

    fn result(&mut self) -> JobEnd<u32> {
        loop {
            if let Some(end) = self.pool.try_result() {
                return end;
            }
            self.bell
                .recv_timeout(Duration::from_secs(30))
                .expect("a result comes with a wake-up");
        }
    }

    /// Waits until the job runs.
    fn wait_until_taken(&self, id: EffectId) {
        while self.pool.taken_at(id).is_none() {
            std::thread::yield_now();
        }
    }
}

#[test]
fn a_panic_is_reported_and_the_worker_lives_on() {
    let mut bench = Bench::new(2);
    bench.submit(EffectClass::Llm, Planted::Panic);
    let JobOutcome::Panicked(text) = bench.result().outcome else {
        panic!("the panic is the outcome");
    };
    assert!(text.starts_with("panicked: planted"), "{text}");
    bench.submit(EffectClass::Llm, Planted::Value(7));
    assert!(matches!(bench.result().outcome, JobOutcome::Done(7)));
    assert_eq!(bench.pool.views()[1].panicked, 1);
}

#[test]
fn one_worker_is_free_of_slow_jobs_with_two_and_with_three() {
    for threads in [2, 3] {
        let mut bench = Bench::new(threads);
        let (gate, closed) = bounded(0);
        let slow: Vec<_> = (0..5)
            .map(|_| bench.submit(EffectClass::Llm, Planted::Gate(closed.clone())))
            .collect();
        for id in &slow[..threads - 1] {
            bench.wait_until_taken(*id);
        }
        bench.submit(EffectClass::Order, Planted::Value(1));
        assert!(matches!(bench.result().outcome, JobOutcome::Done(1)));
        let running = slow.iter().filter(|id| bench.pool.is_running(**id)).count();
        assert_eq!(running, threads - 1);
        assert!(bench.pool.views()[0].job.is_none());
        drop(gate);
        assert!(
            bench
                .pool
                .shut_down(Duration::from_secs(30))
                .stuck
                .is_empty()
        );
    }
}

#[test]
fn a_job_taken_back_never_runs_and_one_that_runs_is_not_taken_back() {
    let mut bench = Bench::new(2);
    let (gate, closed) = bounded(0);
    let running = bench.submit(EffectClass::Llm, Planted::Gate(closed));
    bench.wait_until_taken(running);
    let notes = Arc::new(Mutex::new(Vec::new()));
    let waiting = bench.submit(EffectClass::Llm, Planted::Note("ran", notes.clone()));
    assert_eq!(bench.pool.take_back(waiting), None);
    assert!(bench.pool.take_back(running).is_some());
    drop(gate);
    assert_eq!(bench.result().id, running);
    bench.submit(EffectClass::Llm, Planted::Value(2));
    assert!(matches!(bench.result().outcome, JobOutcome::Done(2)));
    assert!(notes.lock().unwrap().is_empty());
    assert_eq!(bench.pool.views()[1].taken_back, 1);
}

#[test]
fn workers_take_the_highest_class_first() {
    let mut bench = Bench::new(2);
    let (gate, closed) = bounded(0);
    let first = bench.submit(EffectClass::Llm, Planted::Gate(closed));
    bench.wait_until_taken(first);
    let notes = Arc::new(Mutex::new(Vec::new()));
    for (class, text) in [
        (EffectClass::Notification, "notification"),
        (EffectClass::Storage, "storage"),
        (EffectClass::MarketData, "market data"),
    ] {
        bench.submit(class, Planted::Note(text, notes.clone()));
    }
    drop(gate);
    for _ in 0..4 {
        bench.result();
    }
    assert_eq!(
        *notes.lock().unwrap(),
        ["market data", "storage", "notification"]
    );
}

#[test]
fn fast_jobs_go_in_between_the_slices_of_a_single_worker() {
    let mut bench = Bench::new(1);
    let (gate, closed) = bounded(0);
    let notes = Arc::new(Mutex::new(Vec::new()));
    let sliced = Planted::Slices(3, closed, notes.clone());
    let sliced = bench.submit(EffectClass::Storage, sliced);
    bench.wait_until_taken(sliced);
    bench.submit(EffectClass::Storage, Planted::Note("other", notes.clone()));
    bench.submit(EffectClass::Order, Planted::Note("order", notes.clone()));
    gate.send(()).unwrap();
    assert_eq!(bench.result().class, EffectClass::Order);
    drop(gate);
    for _ in 0..2 {
        bench.result();
    }
    assert_eq!(
        *notes.lock().unwrap(),
        ["slice", "order", "slice", "slice", "other"]
    );
    let id = EffectId {
        slot: 99,
        generation: 0,
    };
    assert!(matches!(
        bench
            .pool
            .submit(id, EffectClass::Llm, None, Planted::Value(0)),
        Err(SubmitError::NotOnThisPool(_))
    ));
}

#[test]
fn threads_start_when_there_is_work_for_them() {
    let mut bench = Bench::new(2);
    let started = |bench: &Bench| bench.pool.views().iter().filter(|v| v.started).count();
    assert_eq!(started(&bench), 0);
    bench.submit(EffectClass::Order, Planted::Value(0));
    assert_eq!(started(&bench), 1);
    bench.result();
    bench.submit(EffectClass::Order, Planted::Value(0));
    assert_eq!(started(&bench), 1, "the first one is free");
    bench.submit(EffectClass::Llm, Planted::Value(0));
    assert_eq!(started(&bench), 2, "the first one takes no slow jobs");
}

#[test]
fn a_full_lane_hands_the_job_back() {
    let mut bench = Bench::new(2);
    let (gate, closed) = bounded(0);
    let first = bench.submit(EffectClass::Storage, Planted::Gate(closed));
    bench.wait_until_taken(first);
    for _ in 0..25 {
        bench.submit(EffectClass::Storage, Planted::Value(0));
    }
    let id = EffectId {
        slot: 99,
        generation: 0,
    };
    assert!(matches!(
        bench
            .pool
            .submit(id, EffectClass::Storage, None, Planted::Value(7)),
        Err(SubmitError::LaneFull(Planted::Value(7)))
    ));
    drop(gate);
}

#[test]
fn at_the_end_a_hanging_worker_is_reported_and_nobody_waits_for_it() {
    let mut bench = Bench::new(2);
    let (gate, closed) = bounded(0);
    let hanging = bench.submit(EffectClass::Llm, Planted::Gate(closed));
    bench.wait_until_taken(hanging);
    bench.submit(EffectClass::Llm, Planted::Value(1));
    let end = bench.pool.shut_down(Duration::from_millis(1));
    assert_eq!(end.dropped, 1);
    assert!(
        end.stuck
            .iter()
            .any(|view| view.job.is_some_and(|job| job.id == hanging))
    );
    drop(gate);
}

#[test]
fn a_job_that_waited_too_long_is_not_started_even_if_nobody_takes_it_back() {
    let mut bench = Bench::new(2);
    let notes = Arc::new(Mutex::new(Vec::new()));
    let id = EffectId {
        slot: 99,
        generation: 0,
    };
    let stale = Planted::Note("stale", notes.clone());
    let submitted = bench.pool.submit(id, EffectClass::Order, Some(1), stale);
    assert!(submitted.is_ok());
    bench.submit(EffectClass::Order, Planted::Value(1));
    assert!(matches!(bench.result().outcome, JobOutcome::Done(1)));
    while bench.pool.views().iter().all(|view| view.taken_back == 0) {
        std::thread::yield_now();
    }
    assert_eq!(bench.pool.take_back(id), None);
    assert!(notes.lock().unwrap().is_empty());
    assert_eq!(bench.pool.outstanding(), 0);
}

/// The lanes end one after the other, and whoever ends them may be interrupted in between: a worker
/// does what is left and goes, rather than ask again and again what has ended.
#[test]
fn a_worker_ends_with_the_first_lane_that_ends_and_leaves_nothing() {
    let (sender, _bell) = bounded(1);
    let (results, done) = bounded(8);
    let (mut ends, lanes): (Vec<_>, Vec<_>) = [EffectClass::Order, EffectClass::Storage]
        .into_iter()
        .map(|class| {
            let (lane, outlet) = bounded(4);
            (lane, (class, outlet))
        })
        .unzip();
    let package = |slot| Package {
        id: EffectId {
            slot,
            generation: 0,
        },
        class: EffectClass::Storage,
        start_by_ns: None,
        job: Planted::Value(slot),
        ticket: Arc::new(AtomicI64::new(0)),
    };
    for slot in 0..3 {
        assert!(ends[1].try_send(package(slot)).is_ok());
    }
    ends.remove(0);
    let worker = Worker {
        lanes,
        results,
        wake: Arc::new(Bell(sender)),
        seat: Arc::default(),
    };
    let thread = std::thread::spawn(move || worker.run());
    // The other lane is open still: a worker that waited for it would never come back.
    thread.join().unwrap();
    assert_eq!(done.try_iter().count(), 3);
    drop(ends);
}
