//! RUNS. The one event loop and its machinery; knows no trading rule.
pub mod clock;
mod effect_counters;
pub mod effect_table;
pub mod jobs;
pub mod meters;
mod worker_thread;
pub mod workers;
