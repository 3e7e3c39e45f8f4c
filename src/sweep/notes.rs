//! What has to be known of parts of a sweep beside their figures: candles that were left out, a
//! warm-up that the recording is too short for.
//!
//! Equal notes are told once, with the configurations that they are of; of many the most frequent.

use crate::store::sweep_results::{Part, ResultRow};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Different notes that the text shows; every row has its own in CSV.
const SHOWN: usize = 4;
/// Configurations named with a note.
const NAMED: usize = 8;
/// Columns of a line.
const WIDTH: usize = 80;

/// The lines under the table; empty where there is nothing to say.
pub fn lines(rows: &[ResultRow]) -> String {
    let mut found: BTreeMap<(&str, Part, u32), Vec<u32>> = BTreeMap::new();
    for row in rows {
        let Ok(figures) = &row.outcome else {
            continue;
        };
        for note in &figures.notes {
            let of = found.entry((note, row.part, row.window)).or_default();
            of.push(row.combination);
        }
    }
    let windows = rows.iter().map(|row| row.window).max().unwrap_or(1);
    let mut found: Vec<_> = found.into_iter().collect();
    found.sort_by_key(|((_, part, window), of)| (Reverse(of.len()), *window, *part));
    let mut text = String::new();
    for ((note, part, window), of) in found.iter().take(SHOWN) {
        let named: Vec<String> = of.iter().take(NAMED).map(u32::to_string).collect();
        let more = match of.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let part = match part {
            Part::In => "in-sample",
            Part::Out => "out-of-sample",
        };
        let of_window = if windows > 1 {
            format!(" of window {window}")
        } else {
            String::new()
        };
        let line = format!(
            "Note on config {}{more}, {part}{of_window}: {note}",
            named.join(", ")
        );
        text.push('\n');
        wrapped(&mut text, &line);
    }
    if found.len() > SHOWN {
        let _ = writeln!(
            text,
            "\n{} further notes are in the rows (--csv FILE).",
            found.len() - SHOWN
        );
    }
    text
}

fn wrapped(text: &mut String, line: &str) {
    let mut column = 0;
    for word in line.split(' ') {
        let length = word.chars().count();
        if column > 0 && column + 1 + length > WIDTH {
            text.push_str("\n  ");
            column = 2;
        } else if column > 0 {
            text.push(' ');
            column += 1;
        }
        text.push_str(word);
        column += length;
    }
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::ranking::tests::row;

    fn noted(window: u32, combination: u32, note: &str) -> ResultRow {
        let mut row = row(window, Part::In, combination, 0.1);
        if let Ok(figures) = &mut row.outcome {
            figures.notes = vec![note.to_owned()];
        }
        row
    }

    #[test]
    fn equal_notes_are_told_once_with_their_configurations() {
        assert_eq!(lines(&[row(1, Part::In, 1, 0.1)]), "");
        let rows: Vec<ResultRow> = (1..=10)
            .map(|n| noted(1, n, if n == 4 { "rare" } else { "often" }))
            .collect();
        assert_eq!(
            lines(&rows),
            "\nNote on config 1, 2, 3, 5, 6, 7, 8, 9 and 1 more, in-sample: often\n\
             \nNote on config 4, in-sample: rare\n"
        );
        let rows: Vec<ResultRow> = (1..=6).map(|window| noted(window, 1, "short")).collect();
        let text = lines(&rows);
        assert!(text.contains("in-sample of window 4: short"), "{text}");
        assert!(text.contains("2 further notes are in the rows"), "{text}");
    }

    #[test]
    fn a_long_note_is_wrapped() {
        let text = lines(&[noted(1, 1, &"candles ".repeat(40))]);
        assert!(text.lines().all(|line| line.len() <= WIDTH), "{text}");
    }
}
