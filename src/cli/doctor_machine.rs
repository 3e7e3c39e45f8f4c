//! What `minnow doctor` says of the machine: data directory, disk, memory, open files.

use super::doctor::Check;
use crate::config::Effective;
use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Below it nothing is started, MB; the start script says the same.
const DISK_LEAST_MB: u64 = 100;
/// Below it a session's recording fills the disk within days, MB.
const DISK_WANTED_MB: u64 = 1024;
const MEMORY_LEAST_MB: u64 = 64;
const MEMORY_WANTED_MB: u64 = 256;
/// Sockets, files and the loop's own.
const OPEN_FILES_WANTED: u64 = 128;

/// All of them, in the order in which they are told.
pub(super) fn checks(effective: &Effective) -> Vec<Check> {
    let directory = Path::new(effective.text("data.directory"));
    let mut checks = vec![data_directory(directory)];
    checks.extend(disk(directory));
    checks.push(memory());
    checks.push(open_files());
    checks
}

/// Whether the directory takes a file, and who else may look into it.
fn data_directory(directory: &Path) -> Check {
    const NAME: &str = "data directory";
    let shown = directory.display();
    let Ok(found) = std::fs::metadata(directory) else {
        let parent = existing_parent(directory);
        return match try_to_write(&parent) {
            Ok(()) => Check::ok(NAME, format!("{shown} is made at the first start")),
            Err(error) => Check::problem(
                NAME,
                format!(
                    "{shown} is missing and cannot be made: {}: {error}",
                    parent.display()
                ),
            ),
        };
    };
    if !found.is_dir() {
        return Check::problem(NAME, format!("{shown} is no folder"));
    }
    if let Err(error) = try_to_write(directory) {
        return Check::problem(NAME, format!("{shown} cannot be written: {error}"));
    }
    let mode = found.permissions().mode() & 0o777;
    if mode & 0o077 == 0 {
        Check::ok(NAME, format!("{shown} can be written"))
    } else {
        Check::warning(
            NAME,
            format!(
                "{shown} can be written, and others may look into it (mode {mode:04o}): chmod 700"
            ),
        )
    }
}

/// The nearest folder above that exists.
fn existing_parent(path: &Path) -> std::path::PathBuf {
    path.ancestors()
        .skip(1)
        .find(|parent| parent.is_dir())
        .map_or_else(|| Path::new(".").to_owned(), Path::to_owned)
}

fn try_to_write(folder: &Path) -> std::io::Result<()> {
    let path = folder.join(format!(".minnow-doctor-{}", std::process::id()));
    std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&path)?;
    std::fs::remove_file(&path)
}

fn disk(directory: &Path) -> Option<Check> {
    const NAME: &str = "disk";
    let folder = if directory.is_dir() {
        directory.to_owned()
    } else {
        existing_parent(directory)
    };
    let free = match free_mb(&folder) {
        Ok(free) => free,
        Err(error) => {
            let text = format!("{}: free space is unknown: {error}", folder.display());
            return Some(Check::warning(NAME, text));
        }
    };
    let text = format!("{free} MB free for {}", directory.display());
    Some(if free < DISK_LEAST_MB {
        Check::problem(NAME, format!("{text}: expected {DISK_LEAST_MB} or more"))
    } else if free < DISK_WANTED_MB {
        Check::warning(NAME, format!("{text}: {DISK_WANTED_MB} or more are better"))
    } else {
        Check::ok(NAME, text)
    })
}

/// What an unprivileged process may still write.
fn free_mb(folder: &Path) -> std::io::Result<u64> {
    // An empty path is the current folder.
    let folder = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    let path = CString::new(folder.as_os_str().as_bytes())?;
    // SAFETY: all zeroes is a valid value of this plain structure.
    let mut found: libc::statvfs = unsafe { std::mem::zeroed() };
    // SAFETY: the path ends in a zero byte and `found` is writable for the call.
    if unsafe { libc::statvfs(path.as_ptr(), &raw mut found) } != 0 {
        return Err(std::io::Error::last_os_error());
    }
    #[allow(clippy::unnecessary_cast)]
    let bytes = (found.f_bavail as u64).saturating_mul(found.f_frsize as u64);
    Ok(bytes >> 20)
}

/// Available memory, or the control group's limit where that is less.
fn memory() -> Check {
    const NAME: &str = "memory";
    let available = std::fs::read_to_string("/proc/meminfo")
        .ok()
        .and_then(|text| available_mb(&text));
    let limit = cgroup_limit_mb();
    let Some(least) = [available, limit].into_iter().flatten().min() else {
        return Check::warning(NAME, "available memory is unknown");
    };
    let mut text = format!("{least} MB");
    if let Some(limit) = limit {
        text.push_str(&format!(" (the control group allows {limit})"));
    }
    if least < MEMORY_LEAST_MB {
        Check::problem(NAME, format!("{text}: expected {MEMORY_LEAST_MB} or more"))
    } else if least < MEMORY_WANTED_MB {
        Check::warning(
            NAME,
            format!("{text}: use the minimal tier, CONFIG_FILE=config/minimal.json"),
        )
    } else {
        Check::ok(NAME, text)
    }
}

/// `MemAvailable` of /proc/meminfo.
fn available_mb(text: &str) -> Option<u64> {
    let line = text
        .lines()
        .find(|line| line.starts_with("MemAvailable:"))?;
    let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes >> 10)
}

/// The memory limit of this process's own control group, or of the root of its view; `max` is none.
fn cgroup_limit_mb() -> Option<u64> {
    let own = std::fs::read_to_string("/proc/self/cgroup").ok();
    let own = own.as_deref().and_then(|text| {
        let path = text.lines().find_map(|line| line.strip_prefix("0::"))?;
        Some(format!("/sys/fs/cgroup{path}/memory.max"))
    });
    let files = own.into_iter().chain([
        "/sys/fs/cgroup/memory.max".to_owned(),
        "/sys/fs/cgroup/memory/memory.limit_in_bytes".to_owned(),
    ]);
    files
        .filter_map(|file| std::fs::read_to_string(file).ok())
        .filter_map(|text| text.trim().parse::<u64>().ok())
        // The older form writes a huge number where there is none.
        .filter(|bytes| *bytes < 1 << 60)
        .min()
        .map(|bytes| bytes >> 20)
}

fn open_files() -> Check {
    const NAME: &str = "open files";
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: `limit` is writable for the call.
    if unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) } != 0 {
        return Check::warning(NAME, "their limit is unknown");
    }
    if limit.rlim_cur == libc::RLIM_INFINITY {
        return Check::ok(NAME, "not limited");
    }
    let text = format!("limited to {}", limit.rlim_cur);
    if limit.rlim_cur < OPEN_FILES_WANTED {
        Check::warning(
            NAME,
            format!("{text}: expected {OPEN_FILES_WANTED} or more (ulimit -n)"),
        )
    } else {
        Check::ok(NAME, text)
    }
}

#[cfg(test)]
mod tests {
    use super::super::doctor::State;
    use super::*;

    #[test]
    fn available_memory_is_read_from_its_line() {
        let text = "MemTotal:  100 kB\nMemAvailable:    2097152 kB\n";
        assert_eq!(available_mb(text), Some(2048));
        assert_eq!(available_mb("MemTotal: 100 kB\n"), None);
    }

    #[test]
    fn a_data_directory_below_a_file_is_a_problem_and_a_missing_one_is_not() {
        let root = std::env::temp_dir().join(format!("minnow-doctor-{}", std::process::id()));
        std::fs::create_dir_all(&root).unwrap();
        std::fs::write(root.join("file"), "").unwrap();
        assert_eq!(data_directory(&root.join("new/deep")).state, State::Ok);
        assert_eq!(data_directory(&root.join("file")).state, State::Problem);
        std::fs::set_permissions(&root, std::fs::Permissions::from_mode(0o755)).unwrap();
        assert_eq!(data_directory(&root).state, State::Warning);
        std::fs::set_permissions(&root, std::fs::Permissions::from_mode(0o700)).unwrap();
        assert_eq!(data_directory(&root).state, State::Ok);
        std::fs::remove_dir_all(&root).unwrap();
    }
}
