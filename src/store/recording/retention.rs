//! How much of past sessions is kept: the oldest segments go first.
//!
//! Every segment opens with the state that it starts from, so that the ones after a deleted segment
//! can still be replayed.

use super::line_form::segments;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What was removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Removed {
    pub segments: u64,
    pub bytes: u64,
}

/// Removes the oldest segments of the sessions below `directory` until all together have at most
/// `max_bytes`. The newest segment of `active`, which is being written, always stays. Folders are in
/// time order by their names; what is no session is left alone.
///
/// # Errors
/// What the system says of the directory or of a file that cannot be removed.
pub fn keep_below(directory: &Path, max_bytes: u64, active: &Path) -> io::Result<Removed> {
    let mut kept: Vec<(PathBuf, u64)> = Vec::new();
    for folder in folders(directory)? {
        let Ok(mut files) = segments::list(&folder) else {
            continue;
        };
        if folder == active {
            files.pop();
        }
        for file in files {
            let bytes = fs::metadata(&file)?.len();
            kept.push((file, bytes));
        }
    }
    let mut total: u64 = kept.iter().map(|(_, bytes)| bytes).sum();
    total += segments::list(active)
        .ok()
        .and_then(|files| files.last().and_then(|file| fs::metadata(file).ok()))
        .map_or(0, |newest| newest.len());
    let mut removed = Removed::default();
    for (file, bytes) in kept {
        if total <= max_bytes {
            break;
        }
        fs::remove_file(&file)?;
        total -= bytes;
        removed.segments += 1;
        removed.bytes += bytes;
        if let Some(folder) = file.parent().filter(|folder| *folder != active) {
            remove_if_spent(folder)?;
        }
    }
    Ok(removed)
}

/// Folders below a directory, in the order of their names.
fn folders(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut folders = Vec::new();
    match fs::read_dir(directory) {
        Ok(entries) => {
            for entry in entries {
                let entry = entry?;
                if entry.file_type()?.is_dir() {
                    folders.push(entry.path());
                }
            }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    folders.sort_unstable();
    Ok(folders)
}

/// A session without segments is gone, its list of segments with it.
fn remove_if_spent(folder: &Path) -> io::Result<()> {
    if segments::list(folder).is_ok() {
        return Ok(());
    }
    match fs::remove_file(folder.join(segments::INDEX)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    // Something of somebody else's in it keeps the folder.
    let _ = fs::remove_dir(folder);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Scratch(PathBuf);

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn session(root: &Path, name: &str, sizes: &[usize]) -> PathBuf {
        let folder = root.join(name);
        fs::create_dir_all(&folder).unwrap();
        for (number, size) in sizes.iter().enumerate() {
            let file = folder.join(segments::plain_name(number as u64 + 1));
            fs::write(file, vec![b'x'; *size]).unwrap();
        }
        fs::write(folder.join(segments::INDEX), "{}").unwrap();
        folder
    }

    #[test]
    fn the_oldest_segments_go_and_the_one_being_written_stays() {
        let root =
            Scratch(std::env::temp_dir().join(format!("minnow-retention-{}", std::process::id())));
        let old = session(&root.0, "2026-01-01-aaaaa", &[100, 100]);
        let middle = session(&root.0, "2026-01-02-bbbbb", &[100, 100]);
        let active = session(&root.0, "2026-01-03-ccccc", &[100, 100, 100]);
        fs::write(root.0.join("notes.txt"), "mine").unwrap();
        let removed = keep_below(&root.0, 700, &active).unwrap();
        assert_eq!(removed, Removed::default());
        let removed = keep_below(&root.0, 450, &active).unwrap();
        assert_eq!((removed.segments, removed.bytes), (3, 300));
        assert!(!old.exists());
        assert_eq!(segments::list(&middle).unwrap().len(), 1);
        let removed = keep_below(&root.0, 10, &active).unwrap();
        assert_eq!(removed.segments, 3);
        assert!(!middle.exists());
        let left = segments::list(&active).unwrap();
        assert_eq!(left, [active.join(segments::plain_name(3))]);
        assert!(root.0.join("notes.txt").exists());
    }

    #[test]
    fn no_directory_yet_is_nothing_to_remove() {
        let nowhere = std::env::temp_dir().join("minnow-retention-nowhere");
        let removed = keep_below(&nowhere, 1, &nowhere.join("x")).unwrap();
        assert_eq!(removed, Removed::default());
    }
}
