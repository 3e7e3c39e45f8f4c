//! Market data into a recording without a core (`minnow record`), and what a session keeps as received.
//!
//! | file | what it is |
//! |---|---|
//! | `kept_frames` | which messages and answers a session records as received |
//! | `of_session` | the recording of a session on its way to the disk |
//! | `tape` | the application: trades in the order of their time |
//! | `tape_settings` | what it is told, what it counts |

pub mod kept_frames;
mod of_session;
pub mod tape;
pub(super) mod tape_settings;
