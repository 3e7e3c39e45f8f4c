//! Tests of the report as a whole, and the ledgers that its parts are tried on.

pub(crate) mod scene;
mod whole_runs;
