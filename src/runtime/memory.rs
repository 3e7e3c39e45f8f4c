//! Resident memory of the process, and free heap back to the system.

use std::io;

/// What giving back came to, in bytes of resident memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GivenBack {
    pub before: u64,
    /// `None` = it was below the limit, and nothing was done.
    pub after: Option<u64>,
}

/// Bytes of the process that are in memory.
///
/// # Errors
/// The system does not tell.
pub fn resident() -> io::Result<u64> {
    let text = std::fs::read_to_string("/proc/self/statm")?;
    let pages = text
        .split_ascii_whitespace()
        .nth(1)
        .and_then(|pages| pages.parse::<u64>().ok())
        .ok_or_else(|| io::Error::other(format!("/proc/self/statm: {text:?}: expected numbers")))?;
    Ok(pages * page_bytes())
}

fn page_bytes() -> u64 {
    // SAFETY: takes a constant and returns a number.
    let bytes = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    u64::try_from(bytes).unwrap_or(4096)
}

/// Bytes that the process's control group may use; `None` where there is no such limit.
pub fn group_limit() -> Option<u64> {
    let text = std::fs::read_to_string("/sys/fs/cgroup/memory.max").ok()?;
    text.trim().parse().ok()
}

/// Gives free heap back where resident memory is above `above` bytes.
///
/// # Errors
/// The system does not tell how much there is.
pub fn give_back(above: u64) -> io::Result<GivenBack> {
    let before = resident()?;
    if before <= above {
        return Ok(GivenBack {
            before,
            after: None,
        });
    }
    trim();
    Ok(GivenBack {
        before,
        after: Some(resident()?),
    })
}

/// Gives free heap back, whatever there is of it.
pub fn trim() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: takes no pointer; the allocator locks its arenas itself.
    unsafe {
        libc::malloc_trim(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_given_back_only_above_the_limit() {
        let now = resident().unwrap();
        assert!(now > 100 << 10, "{now} bytes are a running process");
        assert_eq!(give_back(1 << 40).unwrap().after, None);
        assert!(give_back(0).unwrap().after.is_some());
    }
}
