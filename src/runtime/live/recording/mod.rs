//! Market data into a recording, without a core: `minnow record`.
//!
//! | file | what it is |
//! |---|---|
//! | `tape` | the application: trades in the order of their time |
//! | `tape_settings` | what it is told, what it counts |

pub mod tape;
pub(super) mod tape_settings;
