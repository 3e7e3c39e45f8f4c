//! A Rust file as the house rules see it: text without comments and strings, paths, functions.
//!
//! A reader for this repository's formatted code, not a compiler: macros are read as plain tokens,
//! and `use` groups are taken apart wherever they stand.

// Each test program uses its own part of this.
#![allow(dead_code)]

use std::path::{Path, PathBuf};

/// A path such as `std::fs::File` and the line it stands on, from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub line: usize,
    pub path: String,
}

/// One file.
pub struct Source {
    /// Relative to the repository.
    pub name: String,
    pub raw: String,
    /// Like `raw`, with spaces for what stands in comments and literals.
    code: String,
    /// Like `code`, with spaces for what is compiled for tests only.
    product: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Token<'a> {
    line: usize,
    text: &'a str,
}

impl Source {
    /// Reads a file.
    ///
    /// # Panics
    /// If it cannot be read: the rules would not hold for it.
    pub fn read(root: &Path, path: &Path) -> Self {
        let raw = std::fs::read_to_string(path)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let name = path.strip_prefix(root).unwrap_or(path);
        Self::new(&name.to_string_lossy(), raw)
    }

    pub fn new(name: &str, raw: String) -> Self {
        let code = without_comments_and_literals(&raw);
        let mut source = Self {
            name: name.to_owned(),
            raw,
            product: String::new(),
            code,
        };
        source.product = if source.is_test_file() {
            String::new()
        } else {
            without_tests(&source.code)
        };
        source
    }

    pub fn lines(&self) -> usize {
        self.raw.lines().count()
    }

    /// The folder below `src`.
    pub fn room(&self) -> Option<&str> {
        self.name.strip_prefix("src/")?.split_once('/').map(|x| x.0)
    }

    /// A file of tests, told by its name.
    pub fn is_test_file(&self) -> bool {
        let file = self.name.rsplit('/').next().unwrap_or_default();
        file == "tests.rs" || file.ends_with("_tests.rs") || self.name.contains("/tests/")
    }

    /// Paths of two and more parts, and single parts that a `use` begins with.
    pub fn paths(&self) -> Vec<Found> {
        paths(&tokens(&self.code))
    }

    pub fn paths_outside_tests(&self) -> Vec<Found> {
        paths(&tokens(&self.product))
    }

    /// Paths of the house without the leading `crate`; `super` is followed to the root. The core is
    /// a crate of its own and a room of the house at once: its paths begin with `core`.
    pub fn crate_paths(&self) -> Vec<Found> {
        let (below_root, root) = match self.name.strip_prefix("src/core/") {
            Some(below) => (below, "core::"),
            None => (self.name.strip_prefix("src/").unwrap_or(&self.name), ""),
        };
        let depth = below_root.matches('/').count() + usize::from(!below_root.ends_with("mod.rs"));
        let mut found = Vec::new();
        for Found { line, path } in self.paths() {
            if let Some(rest) = path.strip_prefix("minnow_core::") {
                let path = format!("core::{rest}");
                found.push(Found { line, path });
                continue;
            }
            let own = if let Some(rest) = path.strip_prefix("crate::") {
                Some(rest)
            } else {
                let mut rest = path.as_str();
                let mut climbed = 0;
                while let Some(up) = rest.strip_prefix("super::") {
                    (rest, climbed) = (up, climbed + 1);
                }
                (climbed > 0 && climbed >= depth).then_some(rest)
            };
            if let Some(own) = own {
                let path = format!("{root}{own}");
                found.push(Found { line, path });
            }
        }
        found
    }

    /// Lines of the product, from 1, that hold `word`.
    pub fn lines_outside_tests_with(&self, word: &str) -> Vec<usize> {
        self.product
            .lines()
            .enumerate()
            .filter(|(_, line)| line.contains(word))
            .map(|(index, _)| index + 1)
            .collect()
    }

    /// Functions outside tests: line, name, length in lines from `fn` to the closing brace.
    pub fn functions(&self) -> Vec<(usize, String, usize)> {
        let tokens = tokens(&self.product);
        let mut found = Vec::new();
        for (index, token) in tokens.iter().enumerate() {
            let Some(name) = tokens.get(index + 1).filter(|_| token.text == "fn") else {
                continue;
            };
            let body = tokens[index..]
                .iter()
                .position(|t| t.text == "{" || t.text == ";")
                .map(|offset| index + offset);
            let Some(open) = body.filter(|open| tokens[*open].text == "{") else {
                continue;
            };
            if let Some(close) = closing(&tokens, open) {
                let length = tokens[close].line - token.line + 1;
                found.push((token.line, name.text.to_owned(), length));
            }
        }
        found
    }

    /// Constants of type `usize` outside tests, with their lines: counts, sizes and limits.
    pub fn sizes(&self) -> Vec<(usize, String)> {
        let tokens = tokens(&self.product);
        tokens
            .windows(4)
            .filter(|t| t[0].text == "const" && t[2].text == ":" && t[3].text == "usize")
            .map(|t| (t[1].line, t[1].text.to_owned()))
            .collect()
    }

    /// `#[cfg(test)] mod name;` for this file name, with or without `#[path]`.
    pub fn declares_for_tests(&self, file: &str) -> bool {
        let module = format!("mod {};", file.trim_end_matches(".rs"));
        let by_path = format!("#[path = \"{file}\"]");
        let lines: Vec<&str> = self.raw.lines().map(str::trim).collect();
        (1..lines.len()).any(|at| {
            let gated = lines[at - 1] == "#[cfg(test)]";
            gated && (lines[at] == module || lines[at] == by_path)
        }) || (file == "mod.rs"
            && lines
                .windows(2)
                .any(|w| w == ["#[cfg(test)]", "mod tests;"]))
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn tokens(code: &str) -> Vec<Token<'_>> {
    let bytes = code.as_bytes();
    let mut tokens = Vec::new();
    let (mut at, mut line) = (0, 1);
    while at < bytes.len() {
        let start = at;
        match bytes[at] {
            b'\n' => line += 1,
            b':' if bytes.get(at + 1) == Some(&b':') => at += 1,
            byte if is_word(byte) => {
                while bytes.get(at + 1).copied().is_some_and(is_word) {
                    at += 1;
                }
            }
            _ => {}
        }
        at += 1;
        // Literals became spaces, so what is left outside ASCII is a name: none here.
        if let Some(text) = code.get(start..at).filter(|text| !text.trim().is_empty()) {
            tokens.push(Token { line, text });
        }
    }
    tokens
}

/// Index of the brace that closes the one at `open`.
fn closing(tokens: &[Token<'_>], open: usize) -> Option<usize> {
    let mut depth = 0usize;
    for (index, token) in tokens.iter().enumerate().skip(open) {
        match token.text {
            "{" => depth += 1,
            "}" => {
                depth -= 1;
                if depth == 0 {
                    return Some(index);
                }
            }
            _ => {}
        }
    }
    None
}

fn is_name(text: &str) -> bool {
    text.bytes().all(is_word) && !text.as_bytes()[0].is_ascii_digit()
}

fn paths(tokens: &[Token<'_>]) -> Vec<Found> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let begins = is_name(tokens[at].text)
            && tokens
                .get(at.wrapping_sub(1))
                .is_none_or(|t| t.text != "::");
        let goes_on = tokens.get(at + 1).is_some_and(|t| t.text == "::");
        if begins && goes_on {
            at = path_tree(tokens, at, String::new(), &mut found);
        } else {
            at += 1;
        }
    }
    found
}

/// Reads the path at `at`, taking groups apart; returns where it ends.
fn path_tree(tokens: &[Token<'_>], at: usize, before: String, found: &mut Vec<Found>) -> usize {
    let text = |index: usize| tokens.get(index).map_or("", |token| token.text);
    let (mut at, mut path) = (at, before);
    let line = tokens[at].line;
    loop {
        if text(at) == "{" {
            at += 1;
            while at < tokens.len() && text(at) != "}" {
                if text(at) == "," {
                    at += 1;
                } else {
                    at = path_tree(tokens, at, path.clone(), found);
                }
            }
            return at + 1;
        }
        if !path.is_empty() {
            path.push_str("::");
        }
        path.push_str(text(at));
        at += 1;
        let joined = text(at) == "::" && (is_next_name(text(at + 1)) || text(at + 1) == "{");
        if !joined {
            break;
        }
        at += 1;
    }
    // `as` and the name after it say nothing about where it comes from.
    if text(at) == "as" {
        at += 2;
    }
    found.push(Found { line, path });
    at
}

fn is_next_name(text: &str) -> bool {
    !text.is_empty() && is_name(text)
}

/// Spaces for everything compiled only for tests.
fn without_tests(code: &str) -> String {
    let mut text = code.as_bytes().to_vec();
    let mut from = 0;
    while let Some(offset) = code[from..].find("#[cfg(test)]") {
        let start = from + offset;
        let rest = &code[start..];
        let semicolon = rest.find(';').unwrap_or(rest.len());
        let brace = rest.find('{').unwrap_or(rest.len());
        let end = if semicolon < brace {
            start + semicolon + 1
        } else {
            start + brace + length_of_block(&rest[brace..])
        };
        blank(&mut text[start..end]);
        from = end;
    }
    String::from_utf8_lossy(&text).into_owned()
}

/// Bytes from an opening brace to behind the one that closes it.
fn length_of_block(text: &str) -> usize {
    let mut depth = 0;
    for (index, byte) in text.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => {
                depth -= 1;
                if depth == 0 {
                    return index + 1;
                }
            }
            _ => {}
        }
    }
    text.len()
}

fn blank(bytes: &mut [u8]) {
    for byte in bytes.iter_mut().filter(|byte| **byte != b'\n') {
        *byte = b' ';
    }
}

fn without_comments_and_literals(raw: &str) -> String {
    let mut text = raw.as_bytes().to_vec();
    let mut at = 0;
    while at < text.len() {
        let length = literal_length(&raw.as_bytes()[at..], at > 0 && is_word(text[at - 1]));
        if length > 0 {
            blank(&mut text[at..at + length]);
        }
        at += length.max(1);
    }
    String::from_utf8_lossy(&text).into_owned()
}

/// Length of the comment or literal that begins here, 0 if none does. `in_word`: the byte before
/// belongs to a name, so a letter here begins nothing.
fn literal_length(rest: &[u8], in_word: bool) -> usize {
    match rest {
        [b'/', b'/', ..] => rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len()),
        [b'/', b'*', ..] => block_comment(rest),
        [b'"', ..] => quoted(rest, 0),
        [b'b' | b'c', b'"', ..] if !in_word => quoted(rest, 1),
        [b'r', b'"' | b'#', ..] if !in_word => raw_string(rest, 1),
        [b'b' | b'c', b'r', b'"' | b'#', ..] if !in_word => raw_string(rest, 2),
        [b'\'', b'\\', ..] => rest[2..]
            .iter()
            .skip(1)
            .position(|b| *b == b'\'')
            .map_or(0, |n| n + 4),
        // A lifetime has no quote behind its first character.
        [b'\'', first, tail @ ..] => {
            let width = match first {
                0..=0x7F => 1,
                0xC0..=0xDF => 2,
                0xE0..=0xEF => 3,
                _ => 4,
            };
            if tail.get(width - 1) == Some(&b'\'') {
                width + 2
            } else {
                0
            }
        }
        _ => 0,
    }
}

fn block_comment(rest: &[u8]) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        match &rest[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

fn quoted(rest: &[u8], prefix: usize) -> usize {
    let mut at = prefix + 1;
    while at < rest.len() {
        match rest[at] {
            b'\\' => at += 1,
            b'"' => return at + 1,
            _ => {}
        }
        at += 1;
    }
    rest.len()
}

fn raw_string(rest: &[u8], prefix: usize) -> usize {
    let hashes = rest[prefix..].iter().take_while(|b| **b == b'#').count();
    if rest.get(prefix + hashes) != Some(&b'"') {
        return 0;
    }
    let mut end = vec![b'"'];
    end.extend(std::iter::repeat_n(b'#', hashes));
    let body = prefix + hashes + 1;
    rest[body..]
        .windows(end.len())
        .position(|window| window == end)
        .map_or(rest.len(), |at| body + at + end.len())
}

/// Every Rust file below these folders of the repository, in order.
///
/// # Panics
/// If there is none.
pub fn sources(root: &Path, folders: &[&str]) -> Vec<Source> {
    let mut paths = Vec::new();
    for folder in folders {
        collect(&root.join(folder), &mut paths);
    }
    paths.sort();
    assert!(!paths.is_empty(), "no source file below {folders:?}");
    paths.iter().map(|path| Source::read(root, path)).collect()
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    // A folder that a checkout does not have has no files.
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries {
        let path = entry.expect("a readable folder").path();
        if path.is_dir() {
            if path.file_name().is_some_and(|name| name != "target") {
                collect(&path, paths);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            paths.push(path);
        }
    }
}
