//! The HTML report as a whole: what `minnow report --html` and `minnow replay --html` write, read
//! back as a browser, a screen reader and an attacker would.
//!
//! No browser takes part: the page's structure, texts and numbers are looked at.

#[path = "../support/folder.rs"]
mod folder;

mod document;
mod hostile;
mod markets;
mod run;
mod size;
mod whole;
