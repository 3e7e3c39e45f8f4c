//! Scenarios of the trading core, one behaviour each, in the words of a trader.

mod candles;
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
mod snapshots;
mod world;
