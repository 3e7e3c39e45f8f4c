//! The venue as a server: certificate, keys and tokens, HTTP, connections, and the application that
//! the loop runs.

pub mod application;
pub mod certificate;
mod client;
pub mod folder;
pub mod hosts;
pub mod http;
pub mod keys;
pub mod source;
mod telling;
pub mod token;

pub use application::{Settings, VenueServer};
pub use folder::{Folder, FolderError};
