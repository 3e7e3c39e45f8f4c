//! Sweeps: many configurations over the same recordings, and how much of the best is luck.
//!
//! Three steps, each a plain file or command, so that other machines can take a share of the middle
//! one: a **plan** lists every task; a **run** of it, or of a slice, replays tasks in processes of
//! this program and stores a row each; a **merge** brings rows of several runs together. What is
//! shown is computed from the rows.
//!
//! | file | what it is |
//! |---|---|
//! | `axis`, `combinations` | the settings that are tried: grids and seeded samples |
//! | `windows` | in-sample and out-of-sample parts: split, walk-forward |
//! | `recording_file` | which data a plan is about |
//! | `plan` | all of it in one JSON file |
//! | `queue`, `run` | tasks to processes, rows to the results |
//! | `returns`, `moments` | returns of a run by period, and their moments |
//! | `normal`, `deflated` | how likely a Sharpe ratio is the best of many tries |
//! | `ranking` | which configuration was best, and what it did afterwards |
//! | `table`, `json`, `csv` | how that is shown |
//!
//! Imports `runtime`, `store`, `core`; the replays themselves are wired by `cli`.

pub mod axis;
pub mod combinations;
pub mod csv;
pub mod deflated;
pub mod json;
mod moments;
pub mod normal;
pub mod notes;
pub mod plan;
pub mod queue;
pub mod ranking;
pub mod recording_file;
pub mod returns;
pub mod run;
pub mod table;
mod verdict;
pub mod windows;

pub use axis::Axis;
pub use plan::{Plan, Task};
pub use returns::PeriodReturns;
pub use run::{SweepOutcome, SweepProgress, SweepRun};
pub use windows::{Division, Window};
