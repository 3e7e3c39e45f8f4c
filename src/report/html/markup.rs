//! Markup under construction: what the program says goes in as it is, everything else is escaped.
//!
//! Only texts of the program's own source (`&'static str`) can become tags, so that no text of a
//! ledger ever does. Texts are bounded: a name of a megabyte is cut, visibly.

/// Longest text that is shown whole, characters.
const TEXT_SHOWN: usize = 2000;

/// A piece of a page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Markup(String);

impl Markup {
    pub fn new() -> Self {
        Self::default()
    }

    /// Tags from the program's source.
    pub fn raw(&mut self, tags: &'static str) -> &mut Self {
        self.0.push_str(tags);
        self
    }

    /// Text between tags.
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.short_text(text, TEXT_SHOWN)
    }

    /// Text between tags, cut to `limit` characters.
    pub fn short_text(&mut self, text: &str, limit: usize) -> &mut Self {
        push_escaped(&mut self.0, text, limit);
        self
    }

    /// ` name="value"` of a tag that is still open.
    pub fn attribute(&mut self, name: &'static str, value: &str) -> &mut Self {
        self.0.push(' ');
        self.0.push_str(name);
        self.0.push_str("=\"");
        push_escaped(&mut self.0, value, TEXT_SHOWN);
        self.0.push('"');
        self
    }

    /// `<tag>text</tag>` and a line break.
    pub fn element(&mut self, tag: &'static str, text: &str) -> &mut Self {
        self.raw("<").raw(tag).raw(">").text(text);
        self.raw("</").raw(tag).raw(">\n")
    }

    pub fn append(&mut self, other: &Self) -> &mut Self {
        self.0.push_str(&other.0);
        self
    }

    /// SVG elements that a chart's drawing made of numbers only.
    pub(super) fn drawn(elements: String) -> Self {
        Self(elements)
    }

    #[cfg(test)]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    #[cfg(test)]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn into_string(self) -> String {
        self.0
    }
}

/// Controls and the marks that turn the direction of writing show as U+FFFD: neither says anything,
/// and the latter can make a text look like another one.
fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

fn push_escaped(out: &mut String, text: &str, limit: usize) {
    let is_long = text.chars().nth(limit).is_some();
    let shown = if is_long {
        limit.saturating_sub(3)
    } else {
        limit
    };
    for c in text.chars().take(shown) {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if is_unseen(c) => out.push('\u{FFFD}'),
            c => out.push(c),
        }
    }
    if is_long {
        out.push_str("...");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn text_never_becomes_a_tag_or_leaves_its_attribute() {
        let mut markup = Markup::new();
        markup.element("b", "<script>alert(1)</script> & 'x' \"y\"\u{202E}\n");
        assert_eq!(
            markup.as_str(),
            "<b>&lt;script&gt;alert(1)&lt;/script&gt; &amp; &#39;x&#39; &quot;y&quot;\u{FFFD}\u{FFFD}</b>\n"
        );
        let mut markup = Markup::new();
        markup.raw("<i").attribute("id", "\" onload=\"x").raw(">");
        assert_eq!(markup.as_str(), "<i id=\"&quot; onload=&quot;x\">");
    }

    #[test]
    fn a_long_text_is_cut_visibly() {
        let mut markup = Markup::new();
        markup.short_text("0123456789", 10).raw("|");
        markup.short_text("0123456789a", 10);
        assert_eq!(markup.as_str(), "0123456789|0123456...");
    }

    proptest! {
        #[test]
        fn no_text_brings_a_character_with_meaning(text: String) {
            let mut markup = Markup::new();
            markup.text(&text);
            prop_assert!(!markup.as_str().contains(['<', '>', '"', '\'']));
        }
    }
}
