//! Whether somebody asked a batch verb to stop: for work outside the event loop.
//!
//! A flag that SIGINT and SIGTERM raise, looked at between two pieces of work; no thread, no
//! handler of our own. A second such signal ends the process at once with status 3, so that work
//! that waits for something, such as a terminal, can still be left. The loop has its own way
//! ([`super::signals`]); a process uses one of the two.

use super::signals::STOPPED_AT_ONCE;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// The flag of this process, once it is installed.
static INSTALLED: Mutex<Option<Arc<AtomicBool>>> = Mutex::new(None);

/// Asks whether to go on.
#[derive(Debug)]
pub struct Interrupt {
    flag: Arc<AtomicBool>,
    /// Looks until it comes by itself.
    #[cfg(test)]
    looks_left: Option<std::cell::Cell<u32>>,
}

impl Interrupt {
    /// The stop signals of this process. They are installed once and stay for its rest.
    ///
    /// # Errors
    /// The system refuses a handler.
    pub fn of_process() -> io::Result<Self> {
        let mut installed = INSTALLED.lock().unwrap_or_else(PoisonError::into_inner);
        let flag = match &*installed {
            Some(flag) => Arc::clone(flag),
            None => {
                let flag = Arc::new(AtomicBool::new(false));
                for signal in [SIGINT, SIGTERM] {
                    // In this order: the first signal finds the flag down and raises it.
                    flag::register_conditional_shutdown(
                        signal,
                        STOPPED_AT_ONCE,
                        Arc::clone(&flag),
                    )?;
                    flag::register(signal, Arc::clone(&flag))?;
                }
                Arc::clone(installed.insert(flag))
            }
        };
        Ok(Self {
            flag,
            #[cfg(test)]
            looks_left: None,
        })
    }

    /// A stop signal came.
    pub fn came(&self) -> bool {
        #[cfg(test)]
        if let Some(left) = &self.looks_left {
            return match left.get().checked_sub(1) {
                Some(fewer) => {
                    left.set(fewer);
                    false
                }
                None => true,
            };
        }
        self.flag.load(Ordering::Relaxed)
    }

    /// One that comes when it has been asked for so many times; no signal raises it.
    #[cfg(test)]
    pub fn after_looks(looks: u32) -> Self {
        Self {
            flag: Arc::default(),
            looks_left: Some(std::cell::Cell::new(looks)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_askers_of_a_process_share_one_flag() {
        let (one, other) = (
            Interrupt::of_process().unwrap(),
            Interrupt::of_process().unwrap(),
        );
        assert!(Arc::ptr_eq(&one.flag, &other.flag));
        assert!(!one.came() && !other.came());
    }
}
