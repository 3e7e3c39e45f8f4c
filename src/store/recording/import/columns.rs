//! Which column means what: given by the user, else guessed from usual headers.

use std::fmt;

/// What a column may mean, its name in `--columns`, and the headers it is known by.
const MEANINGS: [(&str, &[&str]); 13] = [
    (
        "time",
        &[
            "time",
            "timestamp",
            "ts",
            "t",
            "trade_time",
            "transact_time",
            "open_time",
            "opentime",
            "datetime",
            "date",
            "start",
        ],
    ),
    ("price", &["price", "px", "p", "trade_price", "rate"]),
    (
        "quantity",
        &[
            "quantity",
            "qty",
            "amount",
            "size",
            "q",
            "sz",
            "contracts",
            "volume",
            "vol",
            "base_volume",
        ],
    ),
    (
        "side",
        &[
            "side",
            "taker_side",
            "aggressor",
            "aggressor_side",
            "takerside",
            "direction",
        ],
    ),
    (
        "buyer_maker",
        &["buyer_maker", "is_buyer_maker", "isbuyermaker"],
    ),
    (
        "id",
        &[
            "id",
            "trade_id",
            "tradeid",
            "tid",
            "agg_trade_id",
            "trdmatchid",
        ],
    ),
    (
        "symbol",
        &["symbol", "product_id", "pair", "instrument", "market"],
    ),
    ("open", &["open", "o"]),
    ("high", &["high", "h"]),
    ("low", &["low", "l"]),
    ("close", &["close", "c"]),
    (
        "volume",
        &["volume", "vol", "v", "volume_base", "base_volume"],
    ),
    ("sequence", &["sequence", "seq", "sequence_num"]),
];

/// The columns of a file by meaning.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Columns {
    /// (meaning, name or position from 1) as given by the user.
    given: Vec<(String, String)>,
    found: Vec<(&'static str, usize)>,
}

/// The columns cannot be told apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnError(pub String);

impl fmt::Display for ColumnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Columns {
    /// Reads `time=ts,price=p,quantity=q`; positions from 1 where a file has no header.
    ///
    /// # Errors
    /// A text that says which part is wrong.
    pub fn parse(text: &str) -> Result<Self, ColumnError> {
        let mut given = Vec::new();
        for part in text.split(',').filter(|part| !part.trim().is_empty()) {
            let (meaning, name) = part.split_once('=').ok_or_else(|| {
                ColumnError(format!("--columns: {part:?}: expected MEANING=NAME"))
            })?;
            let (meaning, name) = (meaning.trim(), name.trim());
            if !MEANINGS.iter().any(|(known, _)| *known == meaning) {
                let known: Vec<&str> = MEANINGS.iter().map(|(known, _)| *known).collect();
                return Err(ColumnError(format!(
                    "--columns: {meaning:?}: expected one of {}",
                    known.join(", ")
                )));
            }
            given.push((meaning.to_owned(), name.to_owned()));
        }
        Ok(Self {
            given,
            found: Vec::new(),
        })
    }

    /// Whether the first row of a file is data: one of its fields starts like a number.
    pub fn is_data(first: &[String]) -> bool {
        first.iter().any(|field| {
            let field = field.trim();
            let digits = field.strip_prefix(['-', '+']).unwrap_or(field);
            digits.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        })
    }

    /// Finds the columns of a file whose first row is this.
    ///
    /// # Errors
    /// When a needed one is missing; the text lists the header.
    pub fn resolve(
        mut self,
        first: &[String],
        needed: &[&'static str],
    ) -> Result<Self, ColumnError> {
        let header = !Self::is_data(first);
        for (meaning, known) in MEANINGS {
            let given = self
                .given
                .iter()
                .find(|(m, _)| m == meaning)
                .map(|(_, n)| n);
            let place = match given {
                Some(name) => Some(find_given(meaning, name, first, header)?),
                None if header => known.iter().find_map(|name| find(first, name)),
                None => None,
            };
            if let Some(place) = place {
                self.found.push((meaning, place));
            }
        }
        let missing: Vec<&str> = needed
            .iter()
            .copied()
            .filter(|meaning| self.get(meaning).is_none())
            .collect();
        if missing.is_empty() {
            return Ok(self);
        }
        let row = first.join(",");
        Err(ColumnError(if header {
            format!(
                "no column for {} in the header {row:?}: name it with --columns, such as {}",
                missing.join(", "),
                missing
                    .iter()
                    .map(|m| format!("{m}=NAME"))
                    .collect::<Vec<_>>()
                    .join(",")
            )
        } else {
            format!(
                "no header, the first row is {row:?}: say by position from 1 what the columns are, such as --columns {}",
                needed
                    .iter()
                    .enumerate()
                    .map(|(i, m)| format!("{m}={}", i + 1))
                    .collect::<Vec<_>>()
                    .join(",")
            )
        }))
    }

    /// Position of a column from 0.
    pub fn get(&self, meaning: &str) -> Option<usize> {
        self.found
            .iter()
            .find(|(found, _)| *found == meaning)
            .map(|(_, place)| *place)
    }
}

fn find(first: &[String], name: &str) -> Option<usize> {
    first.iter().position(|field| {
        field
            .trim()
            .trim_start_matches('\u{FEFF}')
            .eq_ignore_ascii_case(name)
    })
}

fn find_given(
    meaning: &str,
    name: &str,
    first: &[String],
    header: bool,
) -> Result<usize, ColumnError> {
    if header && let Some(place) = find(first, name) {
        return Ok(place);
    }
    match name.parse::<usize>() {
        Ok(position) if (1..=first.len()).contains(&position) => Ok(position - 1),
        _ => Err(ColumnError(format!(
            "--columns {meaning}={}: expected {} of {:?}",
            name.escape_debug(),
            if header {
                "a name or a position from 1"
            } else {
                "a position from 1"
            },
            first.join(",")
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(text: &str) -> Vec<String> {
        text.split(',').map(str::to_owned).collect()
    }

    #[test]
    fn usual_headers_are_understood_and_odd_ones_asked_for() {
        let needed = ["time", "price", "quantity"];
        let resolve = |given: &str, header: &str| {
            Columns::parse(given)
                .unwrap()
                .resolve(&row(header), &needed)
        };
        let columns = resolve("", ",timestamp,id,type,side,price,amount,cost,date").unwrap();
        assert_eq!(columns.get("time"), Some(1));
        assert_eq!(columns.get("quantity"), Some(6));
        assert_eq!(columns.get("side"), Some(4));
        let error = resolve("", "when,price,much").unwrap_err();
        assert!(
            error.0.contains("time, quantity") && error.0.contains("when,price,much"),
            "{error}"
        );
        let columns = resolve("time=when,quantity=much", "when,price,much").unwrap();
        assert_eq!(columns.get("time"), Some(0));
        let error = resolve("", "1605499846,15993.5,0.026472,ANY").unwrap_err();
        assert!(
            error.0.contains("--columns time=1,price=2,quantity=3"),
            "{error}"
        );
        let columns = resolve(
            "time=1,price=2,quantity=3,side=4",
            "1605499846,15993.5,0.026472,ANY",
        )
        .unwrap();
        assert_eq!(columns.get("side"), Some(3));
        assert!(resolve("time=9,price=2,quantity=3", "1,2,3").is_err());
        assert!(Columns::parse("volumen=3").is_err());
        assert!(Columns::parse("time").is_err());
    }
}
