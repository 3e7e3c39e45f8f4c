//! A page of 80 columns that sections are written on.
//!
//! Knows nothing of what a report says; colour only marks what its sign tells as well.

use std::cmp::Ordering;

/// Columns of a label.
pub const LABEL: usize = 15;
/// Columns of a page.
const WIDTH: usize = 80;

/// Whether gains and losses are coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paint {
    Plain,
    Coloured,
}

impl Paint {
    /// `text`, green above zero and red below.
    pub fn signed(self, text: &str, sign: Ordering) -> String {
        match (self, sign) {
            (Self::Coloured, Ordering::Greater) => format!("\x1b[32m{text}\x1b[0m"),
            (Self::Coloured, Ordering::Less) => format!("\x1b[31m{text}\x1b[0m"),
            _ => text.to_owned(),
        }
    }

    pub fn heading(self, text: &str) -> String {
        match self {
            Self::Plain => text.to_owned(),
            Self::Coloured => format!("\x1b[1m{text}\x1b[0m"),
        }
    }
}

/// Text that grows by lines; none ends in a space.
#[derive(Debug)]
pub struct Page {
    pub text: String,
    pub paint: Paint,
}

impl Page {
    pub const fn new(paint: Paint) -> Self {
        Self {
            text: String::new(),
            paint,
        }
    }

    pub fn line(&mut self, text: impl AsRef<str>) {
        self.text.push_str(text.as_ref().trim_end());
        self.text.push('\n');
    }

    /// A heading, apart from what stands before it.
    pub fn section(&mut self, name: &str) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        let heading = self.paint.heading(name);
        self.line(heading);
    }

    /// A label and its value.
    pub fn entry(&mut self, label: &str, value: impl AsRef<str>) {
        self.line(format!("  {label:<LABEL$} {}", value.as_ref()));
    }

    /// A list that goes on in further lines.
    pub fn wrapped(&mut self, label: &str, words: &[String]) {
        let mut label = label;
        let mut text = String::new();
        for word in words {
            let separator = if text.is_empty() { "" } else { ", " };
            if !text.is_empty() && text.chars().count() + 2 + word.chars().count() > 60 {
                self.entry(label, format!("{text},"));
                label = "";
                text = word.clone();
            } else {
                text.push_str(separator);
                text.push_str(word);
            }
        }
        self.entry(label, text);
    }

    /// Prose behind a label, broken between words; further lines stand under its beginning. A word
    /// longer than a line stays whole.
    pub fn indented(&mut self, label: &str, prose: &str) {
        let mut line = if label.is_empty() {
            "  ".to_owned()
        } else {
            format!("  {label:<LABEL$} ")
        };
        let indent = line.chars().count();
        let mut empty = true;
        for word in prose.split(' ').filter(|word| !word.is_empty()) {
            if !empty && line.chars().count() + 1 + word.chars().count() > WIDTH {
                self.line(&line);
                line = " ".repeat(indent);
                empty = true;
            }
            if !empty {
                line.push(' ');
            }
            line.push_str(word);
            empty = false;
        }
        self.line(&line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn prose_goes_on_under_its_beginning() {
        let mut page = Page::new(Paint::Plain);
        page.indented("verdict", &"word ".repeat(20));
        let lines: Vec<&str> = page.text.lines().collect();
        assert_eq!(lines.len(), 2);
        assert!(lines[0].starts_with("  verdict         word word"));
        assert!(lines[1].starts_with(&format!("{}word", " ".repeat(18))));
    }

    proptest! {
        #[test]
        fn no_line_of_short_words_passes_the_page(words in prop::collection::vec("[a-z]{1,20}", 0..60)) {
            let mut page = Page::new(Paint::Plain);
            page.indented("label", &words.join(" "));
            prop_assert!(page.text.lines().all(|line| line.chars().count() <= WIDTH));
            let said: Vec<&str> = page.text.split_whitespace().skip(1).collect();
            prop_assert_eq!(said, words);
        }
    }
}
