//! The shell around an application: what its hooks may ask of the loop.
//!
//! Submitting and abandoning effects, timers that never decide, sources, the end. All of it is
//! bookkeeping that takes effect within the turn; nothing here blocks.

use super::application::{Arrival, EffectOutcome, EffectReport};
use super::effect_table::{Admission, EffectTable, Finish, Handover, Lapsed};
use super::jobs::{EffectClass, EffectId, EffectRequest, Job, JobEnd, JobOutcome, Owner, Verdict};
use super::meters::Meters;
use super::sources::{Readiness, SourceKind, Sources};
use super::workers::{Pool, SubmitError};
use crate::core::schedule::{TimerKey, Wheel, mono_ms};
use crate::core::units::Stamp;
use mio::{Interest, Registry, Token};
use std::collections::{BTreeMap, VecDeque};
use std::io;

/// What an admitted effect consists of.
#[derive(Debug)]
pub(super) enum Work<J> {
    Job(J),
    /// Done by the application itself over non-blocking sockets; it knows what by the tag.
    OnLoop(u64),
}

/// Timers of the shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ShellTimer {
    LogDue,
    /// Is the worker still at this job?
    StuckCheck(EffectId, EffectClass),
    ShutdownDeadline,
    Application(u64),
}

type Output<J> = <J as Job>::Output;

/// See the file's head. Hooks get it mutably, one at a time.
pub struct Shell<J: Job> {
    pub(super) at: Stamp,
    pub(super) started_ms: u64,
    pub(super) registry: Registry,
    pub(super) sources: Sources,
    pub(super) effects: EffectTable<Work<J>>,
    pub(super) pool: Pool<J>,
    pub(super) timers: Wheel<ShellTimer>,
    /// Ends that the application has not heard of: at most one an effect of the table.
    pub(super) reports: VecDeque<EffectReport<Output<J>>>,
    /// Effects on the loop that have their place and were not begun.
    pub(super) begins: VecDeque<(EffectId, u64)>,
    pub(super) stuck: BTreeMap<EffectId, EffectClass>,
    pub(super) meters: Meters,
    pub(super) exit: Option<u8>,
    pub(super) wants_work: bool,
}

impl<J: Job> Shell<J> {
    /// The turn's reading of the clocks; the same for everything in it.
    pub fn at(&self) -> Stamp {
        self.at
    }

    /// The turn's monotonic time in milliseconds.
    pub fn now_ms(&self) -> u64 {
        mono_ms(self.at)
    }

    /// Wants an effect that a worker carries out. Its end comes as a report, unless it is refused
    /// here and now.
    pub fn submit(&mut self, request: EffectRequest<J>) -> Admission<J> {
        let EffectRequest {
            class,
            limit_ms,
            wait,
            owner,
            work,
        } = request;
        let request = EffectRequest {
            class,
            limit_ms,
            wait,
            owner,
            work: Work::Job(work),
        };
        match self.admit(request) {
            Admission::Accepted { id, displaced } => Admission::Accepted { id, displaced },
            Admission::Refused(Work::Job(job)) => Admission::Refused(job),
            Admission::Refused(Work::OnLoop(_)) => unreachable!("a job was submitted"),
        }
    }

    /// Wants an effect that the application carries out itself over non-blocking sockets:
    /// `on_begin` is called with the tag when it has its place, and [`Shell::finish`] ends it. The
    /// same limits hold as for a job.
    pub fn submit_on_loop(&mut self, request: EffectRequest<u64>) -> Admission<u64> {
        let request = EffectRequest {
            class: request.class,
            limit_ms: request.limit_ms,
            wait: request.wait,
            owner: request.owner,
            work: Work::OnLoop(request.work),
        };
        match self.admit(request) {
            Admission::Accepted { id, displaced } => Admission::Accepted { id, displaced },
            Admission::Refused(Work::OnLoop(tag)) => Admission::Refused(tag),
            Admission::Refused(Work::Job(_)) => unreachable!("a tag was submitted"),
        }
    }

    fn admit(&mut self, request: EffectRequest<Work<J>>) -> Admission<Work<J>> {
        let now = self.now_ms();
        let admission = self.effects.submit(now, request);
        if let Admission::Accepted {
            displaced: Some(displaced),
            ..
        } = &admission
        {
            self.report_lapse(*displaced);
        }
        self.hand_over();
        admission
    }

    /// Hands over every effect that has a place.
    pub(super) fn hand_over(&mut self) {
        let now = self.now_ms();
        while let Some(handover) = self.effects.next(now) {
            let Handover {
                id,
                class,
                start_by_ms,
                work,
            } = handover;
            match work {
                Work::OnLoop(tag) => {
                    self.effects.taken(id, now);
                    self.begins.push_back((id, tag));
                }
                Work::Job(job) => {
                    let start_by_ns = start_by_ms.map(|by| {
                        i64::try_from(by)
                            .unwrap_or(i64::MAX)
                            .saturating_mul(1_000_000)
                    });
                    if let Err(error) = self.pool.submit(id, class, start_by_ns, job) {
                        self.refuse(id, class, &error);
                    }
                }
            }
        }
    }

    fn refuse(&mut self, id: EffectId, class: EffectClass, error: &SubmitError<J>) {
        let text = match error {
            SubmitError::Ended(_) => "refused: stopping".to_owned(),
            SubmitError::LaneFull(_) => "refused: lane full".to_owned(),
            SubmitError::NotOnThisPool(_) => "refused: not on a single worker".to_owned(),
            SubmitError::NoThread(_, error) => format!("refused: no worker thread: {error}"),
        };
        if let Some(owner) = self.effects.refused(id) {
            self.reports.push_back(EffectReport {
                id,
                class,
                owner,
                arrival: Arrival::InTime,
                outcome: EffectOutcome::Refused(text),
            });
        }
    }

    pub(super) fn report_lapse(&mut self, lapsed: Lapsed) {
        self.reports.push_back(EffectReport {
            id: lapsed.id,
            class: lapsed.class,
            owner: lapsed.owner,
            arrival: Arrival::InTime,
            outcome: EffectOutcome::Lapsed(lapsed.lapse),
        });
    }

    /// Books the end of a job and makes the report of it.
    pub(super) fn book(&mut self, end: JobEnd<Output<J>>) -> EffectReport<Output<J>> {
        let JobEnd {
            id,
            class,
            taken_ns,
            ended_ns,
            outcome,
        } = end;
        self.stuck.remove(&id);
        let (verdict, outcome) = match outcome {
            JobOutcome::Done(output) => (J::verdict(&output), EffectOutcome::Done(output)),
            JobOutcome::Panicked(text) => (Verdict::Failed, EffectOutcome::Panicked(text)),
        };
        let took_us = u64::try_from((ended_ns - taken_ns) / 1000).unwrap_or(0);
        let (owner, arrival) = match self.effects.finished(id, class, verdict, took_us) {
            Finish::Counted { owner } => (owner, Arrival::InTime),
            Finish::Late => (None, Arrival::Late),
        };
        EffectReport {
            id,
            class,
            owner,
            arrival,
            outcome,
        }
    }

    /// Ends effects whose time is up.
    pub(super) fn expire_effects(&mut self) {
        let now = self.now_ms();
        let mut lapsed = Vec::new();
        let pool = &mut self.pool;
        self.effects.expire(
            now,
            |id, wait| {
                let began = match wait {
                    super::jobs::Wait::AtMost(_) => pool.take_back(id),
                    super::jobs::Wait::Unlimited => pool.taken_at(id),
                };
                began.map(|ns| u64::try_from(ns / 1_000_000).unwrap_or(0))
            },
            &mut lapsed,
        );
        for lapsed in lapsed {
            self.watch(&lapsed);
            self.report_lapse(lapsed);
        }
    }

    /// Looks at a worker again that goes on with a job nobody waits for any more.
    fn watch(&mut self, lapsed: &Lapsed) {
        if self.pool.is_running(lapsed.id) {
            let limit = lapsed.limit_ms.saturating_mul(2);
            let due = self.now_ms().saturating_add(limit);
            let timer = ShellTimer::StuckCheck(lapsed.id, lapsed.class);
            self.timers.arm(due, timer);
        }
    }

    /// An effect that the application carried out itself has ended. `Late`: it had ended before.
    pub fn finish(
        &mut self,
        id: EffectId,
        class: EffectClass,
        verdict: Verdict,
        took_us: u64,
    ) -> Arrival {
        let finish = self.effects.finished(id, class, verdict, took_us);
        self.hand_over();
        match finish {
            Finish::Counted { .. } => Arrival::InTime,
            Finish::Late => Arrival::Late,
        }
    }

    /// Gives up everything this owner has open: jobs that nobody took never run, results of the
    /// others come late. No report is made of them.
    pub fn abandon_owner(&mut self, owner: Owner) {
        self.abandon_where(|_, who| who == Some(owner));
    }

    /// Gives up every effect of a class, as at shutdown. No report is made of them.
    pub fn abandon_class(&mut self, class: EffectClass) {
        self.abandon_where(|what, _| what == class);
    }

    fn abandon_where(&mut self, unwanted: impl Fn(EffectClass, Option<Owner>) -> bool) {
        let mut lapsed = Vec::new();
        self.effects.abandon_where(unwanted, &mut lapsed);
        for lapsed in lapsed {
            if self.pool.take_back(lapsed.id).is_some() {
                // It runs, and its result will come late.
                self.watch(&lapsed);
            }
            self.begins.retain(|(id, _)| *id != lapsed.id);
        }
        self.hand_over();
    }

    /// Effects handed over or executing.
    pub fn effects_in_flight(&self) -> usize {
        self.effects.in_flight()
    }

    /// Effects in the queue.
    pub fn effects_waiting(&self) -> usize {
        self.effects.waiting()
    }

    /// Places in the queue of effects.
    pub fn effects_waiting_capacity(&self) -> usize {
        self.effects.settings().waiting_capacity
    }

    /// Worker threads of the pool, started or not.
    pub fn pool_threads(&self) -> usize {
        self.pool.settings().threads
    }

    /// Workers that do not come back from a job. Not 0: readiness fails.
    pub fn stuck_workers(&self) -> usize {
        self.stuck.len()
    }

    pub fn meters(&self) -> &Meters {
        &self.meters
    }

    /// Arms a timer for what never decides; `on_timer` gets the tag. Milliseconds of the monotonic
    /// clock.
    pub fn arm(&mut self, due_ms: u64, tag: u64) -> TimerKey {
        self.timers.arm(due_ms, ShellTimer::Application(tag))
    }

    /// Cancels a timer; harmless once it has fired.
    pub fn cancel(&mut self, key: TimerKey) {
        self.timers.cancel(key);
    }

    /// Registers a source for reading and writing, once for its life.
    ///
    /// # Errors
    /// The system refuses it.
    pub fn register(
        &mut self,
        source: &mut impl mio::event::Source,
        kind: SourceKind,
    ) -> io::Result<Token> {
        let token = self.sources.add(kind);
        let both = Interest::READABLE | Interest::WRITABLE;
        match source.register(&self.registry, token, both) {
            Ok(()) => Ok(token),
            Err(error) => {
                self.sources.close(token);
                Err(error)
            }
        }
    }

    /// Takes a source out; close it afterwards.
    ///
    /// # Errors
    /// The system does not know it; its token is given up all the same.
    pub fn deregister(
        &mut self,
        source: &mut impl mio::event::Source,
        token: Token,
    ) -> io::Result<()> {
        self.sources.close(token);
        source.deregister(&self.registry)
    }

    /// Gives up the token of a source that is closed, or will be within the turn: the system forgets
    /// it with its last handle.
    pub fn release(&mut self, token: Token) {
        self.sources.close(token);
    }

    /// Serve this source next turn although no event will come: after a handshake, or when bytes
    /// are left in a buffer above the socket.
    pub fn mark_ready(&mut self, token: Token) {
        self.sources.mark(token, Readiness::default());
    }

    /// Call `work` again from the next turn on.
    pub fn resume_work(&mut self) {
        self.wants_work = true;
    }

    /// The loop ends after this turn with this status. The first wish counts.
    pub fn request_exit(&mut self, code: u8) {
        self.exit.get_or_insert(code);
    }

    /// The loop is about to end.
    pub fn is_ending(&self) -> bool {
        self.exit.is_some()
    }
}
