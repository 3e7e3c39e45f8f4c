//! The report as one HTML file that asks nobody else for anything.
//!
//! A page is complete without its script, which adds a readout, zoom and sorting. Its size is
//! bounded whatever the run's length, and the same ledger gives the same bytes. Money in it is
//! exact; doubles place pixels only.

mod axis;
mod bar_chart;
mod breakdowns;
mod chart;
mod content;
mod course;
mod decision_indicators;
mod drawing;
mod drawn_trades;
mod equity_charts;
mod explained;
mod indicator_charts;
mod indicator_names;
mod indicator_series;
mod lists;
mod market;
mod markup;
mod overview;
mod page;
mod palette;
mod policy;
mod price_chart;
mod recorded_strategy;
mod table;
mod thin;

pub use content::Content;
pub use page::{BYTES_MAX, FIRST_LINE, render};
