//! Exact units: decimals, prices and quantities on an instrument's grid, time, identifiers.
//!
//! Imports nothing outside this folder. Every operation is checked: an overflow is an error or a
//! stated assertion, never a wrapped number.

pub mod calendar;
pub mod decimal;
pub mod decimal_text;
pub mod grid;
pub mod hexadecimal;
pub mod ring;
pub mod rng;
pub mod stamp;
pub mod wide;

pub use decimal::{Decimal, DecimalError, Rounding};
pub use decimal_text::DecimalText;
pub use grid::{Price, Quantity, Side};
pub use ring::Ring;
pub use stamp::{Span, Stamp, Timestamp};
