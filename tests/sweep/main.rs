//! `minnow sweep` as a whole: rows are what `minnow replay` gives, whatever dies on the way, however
//! the tasks are shared out; what cannot be swept is refused before anything runs.

#[path = "../support/mod.rs"]
mod support;

mod desk;
mod plans;
mod sameness;
mod survival;
