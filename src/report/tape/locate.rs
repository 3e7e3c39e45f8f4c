//! Where the recordings of a session lie, from the one text that its row holds.
//!
//! The text is the names joined by spaces, and a name may hold spaces itself: of the ways to cut
//! it, the one is taken whose names all exist, longest first. Relative names count from the current
//! directory and then from the ledger's.

use std::path::{Path, PathBuf};

/// The recordings, in the order in which they were replayed.
///
/// # Errors
/// In words, where a name cannot be found.
pub fn recordings(text: &str, ledger: &Path) -> Result<Vec<PathBuf>, String> {
    if text.trim().is_empty() {
        return Err("the session names no recording".to_owned());
    }
    let beside = ledger.parent().unwrap_or(Path::new(""));
    let find = |name: &str| {
        [PathBuf::from(name), beside.join(name)]
            .into_iter()
            .find(|path| path.exists())
    };
    cut(text, &find).ok_or_else(|| {
        let shown: String = text.chars().take(200).collect();
        format!("the recording is not where it was: {shown}")
    })
}

/// The names that `text` is made of, found from the end so that each rest is looked at once.
fn cut(text: &str, find: &dyn Fn(&str) -> Option<PathBuf>) -> Option<Vec<PathBuf>> {
    /// Words of a text that is looked at; each pair of them may be a name.
    const WORDS_MAX: usize = 200;
    let starts: Vec<usize> = std::iter::once(0)
        .chain(text.match_indices(' ').map(|(at, _)| at + 1))
        .collect();
    if starts.len() > WORDS_MAX {
        return None;
    }
    // For each start, where the name that begins there ends so that the rest can be cut too.
    let mut ends: Vec<Option<(usize, PathBuf)>> = vec![None; starts.len()];
    for first in (0..starts.len()).rev() {
        ends[first] = (first + 1..=starts.len()).rev().find_map(|next| {
            if next < starts.len() && ends[next].is_none() {
                return None;
            }
            let end = starts.get(next).map_or(text.len(), |at| at - 1);
            find(&text[starts[first]..end]).map(|path| (next, path))
        });
    }
    let (mut names, mut at) = (Vec::new(), 0);
    while at < starts.len() {
        let (next, path) = ends[at].take()?;
        names.push(path);
        at = next;
    }
    Some(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn among<'a>(known: &'a [&'a str]) -> impl Fn(&str) -> Option<PathBuf> + 'a {
        |name| known.contains(&name).then(|| PathBuf::from(name))
    }

    #[test]
    fn names_with_spaces_are_told_from_several_names() {
        let known = ["a.mrec", "my data/b.mrec", "b.mrec"];
        let names = cut("a.mrec my data/b.mrec", &among(&known)).unwrap();
        assert_eq!(names, ["a.mrec", "my data/b.mrec"].map(PathBuf::from));
        assert_eq!(
            cut(
                "a.mrec b.mrec",
                &among(&["a.mrec b.mrec", "a.mrec", "b.mrec"])
            )
            .unwrap(),
            [PathBuf::from("a.mrec b.mrec")]
        );
        assert_eq!(cut("a.mrec gone.mrec", &among(&known)), None);
        assert_eq!(cut("", &among(&known)), None);
    }

    #[test]
    fn what_is_gone_is_named() {
        let error = recordings("no/such.mrec", Path::new("x/run.sqlite")).unwrap_err();
        assert!(error.contains("no/such.mrec"), "{error}");
        let none = recordings(" ", Path::new("run.sqlite")).unwrap_err();
        assert!(none.contains("names no recording"), "{none}");
    }
}
