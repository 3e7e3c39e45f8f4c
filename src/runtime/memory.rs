//! Resident memory of the process, and what of it can go back to the system: free heap, and pages
//! of the program that were only needed for what is over.

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

/// Between two parts of a run (start, work, report): free heap goes back, and with it the program's
/// own pages. What the next part runs comes back by itself, from the file that the system keeps in
/// memory anyway; what only the part before needed stays out.
pub fn turn_over() {
    trim();
    #[cfg(target_os = "linux")]
    // SAFETY: the callback is called for each loaded object with a valid record, and keeps nothing.
    unsafe {
        libc::dl_iterate_phdr(Some(drop_pages), std::ptr::null_mut());
    }
}

/// Gives back the pages of the program that are never written: its code and constants. The program
/// is the first object; nothing of the libraries is touched.
#[cfg(target_os = "linux")]
unsafe extern "C" fn drop_pages(
    object: *mut libc::dl_phdr_info,
    _size: libc::size_t,
    _nothing: *mut libc::c_void,
) -> libc::c_int {
    // SAFETY: the caller hands in a record that is valid for this call.
    let object = unsafe { &*object };
    // SAFETY: the record states where its headers are and how many.
    let headers =
        unsafe { std::slice::from_raw_parts(object.dlpi_phdr, usize::from(object.dlpi_phnum)) };
    let page = page_bytes();
    for header in headers {
        let is_program = header.p_type == libc::PT_LOAD && header.p_flags & libc::PF_W == 0;
        #[allow(clippy::unnecessary_cast)] // 32 bits wide on some targets
        let start = (object.dlpi_addr + header.p_vaddr) as u64;
        #[allow(clippy::unnecessary_cast)]
        let end = start + header.p_memsz as u64;
        // Whole pages only: the ends may be shared with what is written.
        let (from, to) = (start.next_multiple_of(page), end / page * page);
        if is_program && from < to {
            // SAFETY: clean pages of a private mapping of a file: the next access reads them again.
            // A refusal leaves them where they are.
            unsafe {
                libc::madvise(
                    from as *mut libc::c_void,
                    (to - from) as usize,
                    libc::MADV_DONTNEED,
                );
            }
        }
    }
    // The first object was the program: no more.
    1
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

    #[test]
    fn pages_of_the_program_go_back_and_come_again() {
        let resident_code = || {
            let text = std::fs::read_to_string("/proc/self/status").unwrap();
            let line = text.lines().find(|line| line.starts_with("RssFile:"));
            let number = line.and_then(|line| line.split_ascii_whitespace().nth(1));
            number.unwrap().parse::<u64>().unwrap()
        };
        let before = resident_code();
        turn_over();
        let after = resident_code();
        assert!(after < before, "{before} KiB, then {after}");
        // The code that runs now was among them.
        assert_eq!(crate::core::units::Decimal::ONE.to_string(), "1");
    }
}
