//! What whole-process tests share: the process under test, how it is watched from outside, and the
//! folder that it works in.

pub mod folder;
pub mod process;
