//! Where ledgers lie inside the data directory.

use super::rows::Mode;
use std::path::{Path, PathBuf};

/// Folder of the replays' ledgers.
pub const REPLAYS: &str = "replays";
/// Characters of a recording's name and of a fingerprint that stand in a file name.
const NAME_MAX: usize = 80;
const FINGERPRINT_MAX: usize = 16;

/// The one file of a mode that trades: `paper.sqlite`, `live.sqlite`, `venue.sqlite`. A replay has
/// a file of its own, see [`replay_path`].
pub fn mode_path(data: &Path, mode: Mode) -> PathBuf {
    data.join(format!("{}.sqlite", mode.name()))
}

/// `replays/<recording>-<fingerprint>.sqlite`. Of several recordings the first gives the name, with
/// the number of further ones; what is not a letter, digit, `.`, `_` or `-` becomes `_`.
pub fn replay_path(data: &Path, recordings: &[&Path], fingerprint: &str) -> PathBuf {
    let stem = recordings
        .first()
        .and_then(|path| path.file_stem())
        .map_or_else(|| "recording".into(), |stem| stem.to_string_lossy());
    let mut name = plain(&stem, NAME_MAX);
    if recordings.len() > 1 {
        name.push_str(&format!("+{}", recordings.len() - 1));
    }
    name.push('-');
    name.push_str(&plain(fingerprint, FINGERPRINT_MAX));
    name.push_str(".sqlite");
    data.join(REPLAYS).join(name)
}

fn plain(text: &str, length: usize) -> String {
    text.chars()
        .take(length)
        .map(|c| {
            if c.is_ascii_alphanumeric() || "._-".contains(c) {
                c
            } else {
                '_'
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_recording_and_fingerprint_and_stay_inside_the_directory() {
        let data = Path::new("data");
        let path = |recordings: &[&str]| {
            let recordings: Vec<_> = recordings.iter().map(Path::new).collect();
            replay_path(data, &recordings, "0123456789abcdef0123")
        };
        assert_eq!(
            path(&["/tmp/btc 2018.mnb"]),
            Path::new("data/replays/btc_2018-0123456789abcdef.sqlite")
        );
        assert_eq!(
            path(&["a.mnb", "b.mnb", "c.mnb"]),
            Path::new("data/replays/a+2-0123456789abcdef.sqlite")
        );
        assert_eq!(path(&[".."]).parent(), Some(Path::new("data/replays")));
        assert!(path(&[&"x".repeat(300)]).file_name().unwrap().len() < 128);
        assert_eq!(mode_path(data, Mode::Paper), Path::new("data/paper.sqlite"));
    }
}
