//! The whole live bot against the local venue, as processes over real TLS: market data, real orders,
//! `kill -9`, lost connections, the service manager.

#[path = "../support/eager.rs"]
mod eager;
#[path = "../support/folder.rs"]
mod folder;
#[path = "../support/process.rs"]
mod process;
#[path = "../support/venue.rs"]
mod venue;

mod adoption;
mod books;
mod bot;
mod connections;
mod deep_books;
mod frames;
mod futures;
mod kills;
mod manager;
mod orders;
mod paper;
mod protective;
mod quiet;
mod reload;
mod rest_books;
mod starting;
mod starts;
