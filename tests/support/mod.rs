//! What whole-process tests share: the process under test, and how it is watched from outside.

pub mod process;
