//! A page taken apart: its elements with attributes and texts, nesting checked.

use std::collections::BTreeSet;

/// Elements that have no end tag.
const VOID: [&str; 2] = ["meta", "br"];

/// One element in the order of its start tag.
#[derive(Clone, Debug, PartialEq)]
pub struct Element {
    pub name: String,
    pub attributes: Vec<(String, String)>,
    /// Text directly in it, entities as they stand.
    pub text: String,
    /// Index of the element around it.
    pub parent: Option<usize>,
}

impl Element {
    pub fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    pub fn has_class(&self, class: &str) -> bool {
        self.attribute("class")
            .is_some_and(|classes| classes.split(' ').any(|c| c == class))
    }
}

/// A page without the contents of its style and script.
#[derive(Clone, Debug)]
pub struct Document {
    pub elements: Vec<Element>,
    pub style: String,
    pub script: String,
    /// The page with empty style and script.
    pub rest: String,
}

impl Document {
    /// # Panics
    /// On tags that do not nest, attributes that are not quoted, or a second style or script.
    pub fn parse(page: &str) -> Self {
        let mut rest = page.to_owned();
        let style = cut_out(&mut rest, "style");
        let script = cut_out(&mut rest, "script");
        let body = rest.strip_prefix("<!DOCTYPE html>\n").expect("a doctype");
        let (mut elements, mut open): (Vec<Element>, Vec<usize>) = (Vec::new(), Vec::new());
        for piece in body.split('<').skip(1) {
            let (tag, text) = piece.split_once('>').expect("an end of each tag");
            if let Some(name) = tag.strip_prefix('/') {
                let last = open.pop().expect("an element to end");
                assert_eq!(elements[last].name, name, "nesting");
            } else {
                let (tag, closed) = match tag.strip_suffix('/') {
                    Some(tag) => (tag, true),
                    None => (tag, false),
                };
                let (name, attributes) = split_tag(tag);
                elements.push(Element {
                    parent: open.last().copied(),
                    attributes,
                    text: String::new(),
                    name: name.to_owned(),
                });
                if !closed && !VOID.contains(&name) {
                    open.push(elements.len() - 1);
                }
            }
            match open.last() {
                Some(inside) => elements[*inside].text.push_str(text),
                None => assert!(text.trim().is_empty(), "text outside: {text}"),
            }
        }
        assert!(open.is_empty(), "every element ends");
        Self {
            elements,
            style,
            script,
            rest,
        }
    }

    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.elements.iter().filter(move |e| e.name == name)
    }

    pub fn by_id(&self, id: &str) -> Option<&Element> {
        self.elements.iter().find(|e| e.attribute("id") == Some(id))
    }

    /// Elements somewhere inside the one with this id.
    pub fn inside<'a>(&'a self, id: &str) -> Vec<&'a Element> {
        let around = self
            .elements
            .iter()
            .position(|e| e.attribute("id") == Some(id));
        let around = around.unwrap_or_else(|| panic!("nothing is called {id}"));
        let is_inside = |element: &&Element| {
            let mut parent = element.parent;
            while let Some(index) = parent {
                if index == around {
                    return true;
                }
                parent = self.elements[index].parent;
            }
            false
        };
        self.elements.iter().filter(is_inside).collect()
    }

    /// All texts of the section with this id, a line each.
    pub fn text_of(&self, id: &str) -> String {
        let texts = self.inside(id).into_iter().map(|e| e.text.trim());
        texts.collect::<Vec<_>>().join("\n")
    }

    pub fn names(&self) -> BTreeSet<&str> {
        self.elements.iter().map(|e| e.name.as_str()).collect()
    }

    /// Words and numbers of markup and texts.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.rest.split(|c: char| !c.is_alphanumeric())
    }
}

/// The content of the only element of that name, taken out of the page.
fn cut_out(page: &mut String, name: &str) -> String {
    let (start, end) = (format!("<{name}>"), format!("</{name}>"));
    assert_eq!(page.matches(&start).count(), 1, "one {name}");
    assert_eq!(page.matches(&end).count(), 1, "one {name}");
    let from = page.find(&start).expect("counted") + start.len();
    let to = page.find(&end).expect("counted");
    let content = page[from..to].to_owned();
    page.replace_range(from..to, "");
    content
}

fn split_tag(tag: &str) -> (&str, Vec<(String, String)>) {
    let (name, mut rest) = tag.split_once(' ').unwrap_or((tag, ""));
    let mut attributes = Vec::new();
    while !rest.trim().is_empty() {
        let bare = rest.trim_start();
        let Some((key, after)) = bare.split_once("=\"") else {
            assert_eq!(bare, "hidden", "the only attribute without a value");
            attributes.push((bare.to_owned(), String::new()));
            break;
        };
        let (value, after) = after.split_once('"').expect("a closing quote");
        attributes.push((key.to_owned(), value.to_owned()));
        rest = after;
    }
    (name, attributes)
}
