//! REST calls to the exchange: limited, signed, carried out by workers, tried again where that is safe.
//!
//! | file | what it is |
//! |---|---|
//! | `caller` | calls that wait, fly and end |
//! | `limiter`, `host_breaker` | when the next one may leave |
//! | `kept_quiet` | what the exchange asks for outlives the process |
//! | `judgement` | what an answer says of limits and health |
//! | `inquiry` | a few questions, before a session or for a verb |
//! | `download` | candles and trades of a span, page by page |
//! | `handshake` | how long the way up of a stream takes, for a diagnosis |

pub mod caller;
pub mod download;
pub mod handshake;
pub mod host_breaker;
pub mod inquiry;
mod judgement;
pub(in crate::runtime::live) mod kept_quiet;
pub mod limiter;
