//! RUNS. The one event loop and its machinery; knows no trading rule.
//!
//! | file | what it is |
//! |---|---|
//! | `event_loop` | poll, the phases of a turn, exact sleeping |
//! | `application` | the trait that is run: a product, a replay, a test |
//! | `shell` | what an application may ask of the loop |
//! | `sources`, `signals`, `clock` | what wakes the loop and what time it is |
//! | `link_sockets` | registers the sockets of `net` |
//! | `interrupt` | the stop signals of verbs that run without the loop |
//! | `effect_table` | admission, priorities, time-outs of effects |
//! | `jobs`, `workers`, `worker_thread` | what a job is, and the threads that run it |
//! | `parallel` | several jobs at once with results in order |
//! | `live`, `replay` | a session on live data, and recorded inputs: the two applications |
//! | `systemd` | what a service manager is told |
//! | `processes` | other processes, read through the loop |
//! | `meters`, `status` | what is measured, and the dump that shows it |
//!
//! Imports `core`, `log` and `net`. There are no threads but the loop's and the pool's one to three.

pub mod application;
pub mod clock;
pub mod control;
mod effect_counters;
pub mod effect_table;
pub mod event_loop;
pub mod interrupt;
pub mod jobs;
pub mod journal;
pub mod link_sockets;
pub mod live;
pub mod memory;
pub mod meters;
pub mod parallel;
mod planned;
pub mod processes;
pub mod reloaded;
pub mod replay;
pub mod shell;
pub mod signals;
pub mod sources;
pub mod status;
pub mod systemd;
mod worker_thread;
pub mod workers;

pub use application::{Application, Arrival, EffectOutcome, EffectReport, Progress, WorkBudget};
pub use effect_counters::ClassView;
pub use effect_table::{Admission, EffectSettings, EffectTable, Lapse, PerOwner};
pub use event_loop::{EventLoop, LoopEnd, LoopSettings};
pub use interrupt::Interrupt;
pub use jobs::{EffectClass, EffectId, EffectRequest, Job, Owner, Slice, Verdict, Wait};
pub use mio::Token;
pub use parallel::Parallel;
pub use processes::{ProcessLines, ProcessState};
pub use shell::Shell;
pub use signals::Signal;
pub use sources::{Readiness, SourceKind, SourceState};
pub use status::{ApplicationStatus, QueueView, Status};
pub use worker_thread::{WorkerJob, WorkerView};
pub use workers::{PoolSettings, ThreadStart};
