//! The grammar of `.env`: `NAME=value` lines, never run as shell code.
//!
//! Optional `export `, `#` comments on their own line or after a space, single quotes literal, double
//! quotes with `\n \t \" \\`. No interpolation, no value over several lines. Pure: text in, lines out.

/// One assignment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// From 1.
    pub number: usize,
    pub name: String,
    pub value: String,
}

/// One line that is none, with what is wrong. Never holds a value: it could be a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadLine {
    pub number: usize,
    pub problem: String,
}

/// Parses a whole file. All lines are read; bad ones are reported beside the good ones.
pub fn parse(text: &str) -> (Vec<Line>, Vec<BadLine>) {
    let mut lines = Vec::new();
    let mut bad = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let number = index + 1;
        match parse_line(line) {
            Ok(Some((name, value))) => lines.push(Line {
                number,
                name,
                value,
            }),
            Ok(None) => {}
            Err(problem) => bad.push(BadLine { number, problem }),
        }
    }
    (lines, bad)
}

fn parse_line(line: &str) -> Result<Option<(String, String)>, String> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return Ok(None);
    }
    let line = match line.strip_prefix("export") {
        Some(rest) if rest.starts_with([' ', '\t']) => rest.trim_start(),
        _ => line,
    };
    let (name, rest) = line
        .split_once('=')
        .ok_or_else(|| "expected NAME=value".to_owned())?;
    let name = name.trim_end();
    let named = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if !named || name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
        return Err("expected NAME=value with a name of letters, digits and _".to_owned());
    }
    let rest = rest.trim_start();
    let (value, after) = match rest.chars().next() {
        Some('\'') => single_quoted(&rest[1..])?,
        Some('"') => double_quoted(&rest[1..])?,
        _ => return Ok(Some((name.to_owned(), bare(rest)))),
    };
    let after = after.trim();
    if !after.is_empty() && !after.starts_with('#') {
        return Err(format!("{name}: text after the closing quote"));
    }
    Ok(Some((name.to_owned(), value)))
}

/// A value without quotes ends at the line or at a `#` after a space.
fn bare(text: &str) -> String {
    let mut previous_is_space = true;
    for (at, c) in text.char_indices() {
        if c == '#' && previous_is_space {
            return text[..at].trim_end().to_owned();
        }
        previous_is_space = c.is_whitespace();
    }
    text.to_owned()
}

fn single_quoted(text: &str) -> Result<(String, &str), String> {
    text.split_once('\'')
        .map(|(value, after)| (value.to_owned(), after))
        .ok_or_else(|| "the single quote is not closed on its line".to_owned())
}

fn double_quoted(text: &str) -> Result<(String, &str), String> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, c)) = characters.next() {
        match c {
            '"' => return Ok((value, &text[at + 1..])),
            '\\' => match characters.next() {
                Some((_, 'n')) => value.push('\n'),
                Some((_, 't')) => value.push('\t'),
                Some((_, c @ ('"' | '\\'))) => value.push(c),
                _ => return Err(r#"unknown escape; allowed \n \t \" \\"#.to_owned()),
            },
            c => value.push(c),
        }
    }
    Err("the double quote is not closed on its line".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn one(line: &str) -> (String, String) {
        let (lines, bad) = parse(line);
        assert_eq!(bad, [], "{line}");
        (lines[0].name.clone(), lines[0].value.clone())
    }

    #[test]
    fn every_form_of_a_line_is_read() {
        for (line, value) in [
            ("A=b", "b"),
            ("export A=b", "b"),
            ("  A=b  ", "b"),
            ("A=b # note", "b"),
            ("A=b#c", "b#c"),
            ("A= # note", ""),
            ("A=", ""),
            ("A='b # \\n \"c\"' # note", "b # \\n \"c\""),
            (r#"A="b\n\t\"c\\" # note"#, "b\n\t\"c\\"),
            ("A=$HOME", "$HOME"),
            ("A=b=c", "b=c"),
        ] {
            assert_eq!(one(line), ("A".to_owned(), value.to_owned()), "{line}");
        }
    }

    #[test]
    fn a_bad_line_is_named_and_the_others_are_read() {
        let (lines, bad) = parse("A=1\nnonsense\nB='x\nC=\"x\nD=\"\\x\"\nE='x' y\n9=1\n\n# c\nF=2");
        assert_eq!(lines.iter().map(|l| l.number).collect::<Vec<_>>(), [1, 10]);
        assert_eq!(
            bad.iter().map(|b| b.number).collect::<Vec<_>>(),
            [2, 3, 4, 5, 6, 7]
        );
    }

    proptest! {
        #[test]
        fn any_value_survives_double_quotes(value in "[ -~\n\tä€😀]{0,40}") {
            let quoted = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n").replace('\t', "\\t");
            prop_assert_eq!(one(&format!("A=\"{quoted}\"")).1, value);
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,80}|[A='\"\\\\# \n]{0,40}") {
            let _ = parse(&text);
        }
    }
}
