//! The standard indicators against reference values, against formulas over whole series, over
//! markets that do not move, and across a save and load.

mod bars;
mod batch;
mod battery;
mod flat;
mod reference;
mod same;
