//! The ciphers as a whole: against reference values, against formulas over whole series, rule by rule
//! with each nearest miss, over markets that do not move, and across a save and load.

mod batch;
mod batch_frames;
mod batch_signals;
mod divergence_rules;
mod markets;
mod nearest_misses;
mod quiet;
mod reference;
mod rules_a;
mod rules_b;
mod same;
mod strategy;
