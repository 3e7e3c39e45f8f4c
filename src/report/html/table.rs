//! Tables with caption, scopes and a box of their own to scroll in.
//!
//! The first cell of a row names it. Numbers stand at the right; a sign is never only a colour.

use super::markup::Markup;

/// Longest text of a cell that is shown whole, characters.
const CELL: usize = 40;
/// The same of a table with sentences in its cells.
const LONG_CELL: usize = 300;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Text,
    Number,
    /// A number whose sign is coloured.
    Signed,
    /// A share of 0 to 100 drawn as a bar; its number stands in a column of its own.
    Bar,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    title: String,
    kind: Kind,
}

impl Column {
    pub fn text(title: &str) -> Self {
        Self::of(title, Kind::Text)
    }

    pub fn number(title: &str) -> Self {
        Self::of(title, Kind::Number)
    }

    pub fn signed(title: &str) -> Self {
        Self::of(title, Kind::Signed)
    }

    pub fn bar(title: &str) -> Self {
        Self::of(title, Kind::Bar)
    }

    fn of(title: &str, kind: Kind) -> Self {
        Self {
            title: title.to_owned(),
            kind,
        }
    }
}

/// A table under construction.
#[derive(Clone, Debug)]
pub struct Table {
    caption: String,
    columns: Vec<Column>,
    rows: Markup,
    sortable: bool,
    cell: usize,
}

impl Table {
    pub fn new(caption: &str, columns: Vec<Column>) -> Self {
        Self {
            caption: caption.to_owned(),
            columns,
            rows: Markup::new(),
            sortable: false,
            cell: CELL,
        }
    }

    /// Its rows can be sorted by any column where there is a script.
    pub fn sortable(mut self) -> Self {
        self.sortable = true;
        self
    }

    /// Its cells hold sentences.
    pub fn with_long_cells(mut self) -> Self {
        self.cell = LONG_CELL;
        self
    }

    /// A row; one text for each column.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        let out = &mut self.rows;
        out.raw("<tr>");
        for (index, (cell, column)) in cells.into_iter().zip(&self.columns).enumerate() {
            let tag = if index == 0 { "th" } else { "td" };
            out.raw("<").raw(tag);
            if index == 0 {
                out.raw(" scope=\"row\"");
            }
            match column.kind {
                Kind::Text | Kind::Bar => {}
                Kind::Number => {
                    out.raw(" class=\"n\"");
                }
                Kind::Signed => {
                    out.raw(sign_class(&cell));
                }
            }
            out.raw(">");
            if column.kind == Kind::Bar {
                out.raw("<svg class=\"share\" aria-hidden=\"true\"><rect class=\"f-level\" height=\"100%\"")
                    .attribute("width", &cell)
                    .raw("/></svg>");
            } else {
                out.short_text(&cell, self.cell);
            }
            out.raw("</").raw(tag).raw(">");
        }
        out.raw("</tr>\n");
    }

    pub fn write(&self, out: &mut Markup) {
        out.raw("<div class=\"scroll\" tabindex=\"0\" role=\"region\"")
            .attribute("aria-label", &self.caption)
            .raw(">\n<table");
        if self.sortable {
            out.raw(" class=\"sortable\"");
        } else if self.cell == LONG_CELL {
            out.raw(" class=\"prose\"");
        }
        out.raw("><caption>")
            .text(&self.caption)
            .raw("</caption>\n<thead><tr>");
        for column in &self.columns {
            out.raw(match column.kind {
                Kind::Text | Kind::Bar => "<th scope=\"col\">",
                Kind::Number | Kind::Signed => "<th scope=\"col\" class=\"n\">",
            });
            out.short_text(&column.title, CELL).raw("</th>");
        }
        out.raw("</tr></thead>\n<tbody>\n")
            .append(&self.rows)
            .raw("</tbody></table></div>\n");
    }
}

fn sign_class(number: &str) -> &'static str {
    let is_something = number.bytes().any(|b| b.is_ascii_digit() && b != b'0');
    match number.strip_prefix('-') {
        Some(_) if is_something => " class=\"n loss\"",
        None if is_something => " class=\"n win\"",
        _ => " class=\"n\"",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_has_a_caption_scopes_and_escaped_cells() {
        let columns = vec![Column::text("what"), Column::signed("net"), Column::bar("")];
        let mut table = Table::new("A <caption>", columns).sortable();
        table.row(["<b>".to_owned(), "-1.50".to_owned(), "50%".to_owned()]);
        table.row(["x".to_owned(), "2".to_owned(), "0%".to_owned()]);
        table.row(["y".to_owned(), "-".to_owned(), "0%".to_owned()]);
        let mut out = Markup::new();
        table.write(&mut out);
        let text = out.as_str();
        for part in [
            "<caption>A &lt;caption&gt;</caption>",
            "aria-label=\"A &lt;caption&gt;\"",
            "<table class=\"sortable\">",
            "<th scope=\"col\" class=\"n\">net</th>",
            "<th scope=\"row\">&lt;b&gt;</th><td class=\"n loss\">-1.50</td>",
            "<td class=\"n win\">2</td>",
            "<td class=\"n\">-</td>",
            "width=\"50%\"",
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
    }
}
