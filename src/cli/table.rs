//! A few columns of text for a person: as wide as their widest cell, numbers to the right.

use std::fmt::Write;

/// How a column lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Left,
    Right,
}

/// Heads and rows as lines; each row has a cell for each head.
pub fn render<const N: usize>(heads: [(&str, Side); N], rows: &[[String; N]]) -> String {
    let widths: [usize; N] = std::array::from_fn(|column| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells
            .chain([heads[column].0.chars().count()])
            .max()
            .unwrap_or(0)
    });
    let mut text = String::new();
    let mut line = |cells: [&str; N]| {
        let mut line = String::new();
        for (column, cell) in cells.into_iter().enumerate() {
            let width = widths[column];
            // Writing into a string cannot fail.
            let _ = match heads[column].1 {
                Side::Left => write!(line, "{cell:<width$}  "),
                Side::Right => write!(line, "{cell:>width$}  "),
            };
        }
        text.push_str(line.trim_end());
        text.push('\n');
    };
    line(heads.map(|(head, _)| head));
    for row in rows {
        line(std::array::from_fn(|column| row[column].as_str()));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [
            ["BTC".to_owned(), "1.5".to_owned()],
            ["USDC".to_owned(), "100000".to_owned()],
        ];
        let text = render([("coin", Side::Left), ("held", Side::Right)], &rows);
        assert_eq!(text, "coin    held\nBTC      1.5\nUSDC  100000\n");
    }
}
