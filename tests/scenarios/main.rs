//! Scenarios of the trading core, one behaviour each, in the words of a trader.

mod candles;
mod commands;
mod daily_report;
mod entries;
mod entry_filter;
mod exits;
mod extremes;
mod fast_path;
mod invariants;
mod limits;
mod mean_reversion;
mod model;
mod past_candles;
mod recovery;
mod snapshots;
mod venue_account;
mod venue_adoption;
mod venue_chaos;
mod venue_exits;
mod venue_inputs;
mod venue_model;
mod venue_orders;
mod venue_protective;
mod venue_unknown;
mod venue_world;
mod world;
