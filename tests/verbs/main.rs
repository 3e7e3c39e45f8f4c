//! The verbs around a running bot, each as a process against a venue on this machine: what the
//! account holds, what stands against trading, out of the market, market data into files, a new
//! paper account. Needs real time to pass: the market goes on by the clock.

mod account;
mod desk;
mod doctor;
mod history;
mod leaving;
mod paper;
mod recording;

#[path = "../support/eager.rs"]
mod eager;
#[path = "../support/folder.rs"]
mod folder;
#[path = "../support/process.rs"]
mod process;
#[path = "../support/venue.rs"]
mod venue;
