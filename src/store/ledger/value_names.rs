//! Names of a decision's indicators and checks: kept once for all rows that have the same.
//!
//! Names written out in every row were more than half of it. Some few lists cover a strategy's rows;
//! beyond [`LISTS_MAX`] of them a row writes its names out.

use super::statements::{Insert, Statements};

/// Lists known to the writer at once.
pub const LISTS_MAX: usize = 64;

/// The lists that the file has, as far as this writer needed them.
#[derive(Debug, Default)]
pub struct ValueNames {
    known: Vec<(Vec<&'static str>, i64)>,
}

impl ValueNames {
    /// The number of the list of these names, which is stored where the file has none yet; `None` =
    /// they are written out in the row.
    ///
    /// # Errors
    /// What SQLite reports. What was stored in a transaction that fails must be forgotten
    /// ([`ValueNames::forget`]).
    pub fn number<N>(
        &mut self,
        statements: &mut Statements<'_>,
        names: N,
    ) -> rusqlite::Result<Option<i64>>
    where
        N: Iterator<Item = &'static str> + Clone,
    {
        let known = self.known.iter();
        let mut known = known.filter(|(list, _)| list.iter().copied().eq(names.clone()));
        if let Some((_, number)) = known.next() {
            return Ok(Some(*number));
        }
        if self.known.len() == LISTS_MAX {
            return Ok(None);
        }
        let list: Vec<&'static str> = names.collect();
        let text = serde_json::Value::from(list.clone()).to_string();
        let statement = statements.get(Insert::ValueNames)?;
        let number = statement.query_row([text], |row| row.get(0))?;
        self.known.push((list, number));
        Ok(Some(number))
    }

    /// Looks everything up anew.
    pub fn forget(&mut self) {
        self.known.clear();
    }
}
