//! What the fuzz targets share: reading and rewriting recordings, checksums set right again,
//! programs for the core, imports that must lose nothing.
//!
//! Each file of `targets` is one program around libFuzzer; none of this is part of minnow.

pub mod books;
pub mod importing;
pub mod program;
pub mod recording;
pub mod scratch;
pub mod seal;
pub mod world;
