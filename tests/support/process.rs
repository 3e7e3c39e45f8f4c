//! A process under test: started, sent signals, read through its log and status dumps, waited for.
//!
//! Waiting has generous limits that only a broken program reaches; nothing asserts how long
//! something took. A process that a test leaves behind is killed with its handle.

// Each test program uses its own part of this.
#![allow(dead_code)]

use serde_json::Value;
use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// What a working program never takes.
const PATIENCE: Duration = Duration::from_secs(30);

pub struct Process {
    child: Child,
    lines: Receiver<String>,
    /// Collects what it writes to stdout, where that was asked for.
    output: Option<JoinHandle<String>>,
    /// Lines that came while something else was waited for.
    seen: VecDeque<String>,
}

impl Process {
    /// Starts the process under test and waits for a log line that contains `ready`: before that its
    /// signal handlers may not be installed.
    pub fn start(mut command: Command, ready: &str) -> Self {
        command.stdout(Stdio::null());
        let mut process = Self::spawn(command);
        process.wait_for_line(ready);
        process
    }

    /// Starts a process that says nothing when it is ready, and waits until its handlers of SIGHUP,
    /// SIGINT, SIGUSR1, SIGUSR2 and SIGTERM are installed. Its stdout is collected for
    /// [`output`](Self::output).
    pub fn start_silent(mut command: Command) -> Self {
        command.stdout(Stdio::piped());
        let mut process = Self::spawn(command);
        let mut stdout = process.child.stdout.take().expect("stdout is piped");
        process.output = Some(std::thread::spawn(move || {
            let mut text = String::new();
            // What is no text fails the test that reads it.
            let _ = stdout.read_to_string(&mut text);
            text
        }));
        process.wait_for_handlers();
        process
    }

    fn spawn(mut command: Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the process under test starts");
        let stderr = child.stderr.take().expect("stderr is piped");
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Self {
            child,
            lines,
            output: None,
            seen: VecDeque::new(),
        }
    }

    fn wait_for_handlers(&mut self) {
        let signals = [
            libc::SIGHUP,
            libc::SIGINT,
            libc::SIGUSR1,
            libc::SIGUSR2,
            libc::SIGTERM,
        ];
        let wanted = signals.iter().fold(0u64, |mask, n| mask | 1 << (n - 1));
        let deadline = Instant::now() + PATIENCE;
        loop {
            let caught = self.status_field("SigCgt").unwrap_or_default();
            let caught = u64::from_str_radix(&caught, 16).unwrap_or(0);
            if caught & wanted == wanted {
                // A handler is there a moment before what it does is known to it: a signal in
                // between is lost.
                std::thread::sleep(Duration::from_millis(50));
                return;
            }
            let ended = self.child.try_wait().expect("our child");
            assert!(ended.is_none(), "ended at once: {:#?}", self.all_lines());
            assert!(Instant::now() < deadline, "never installed its handlers");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// A line of /proc/PID/status; `None` once it has ended.
    pub fn status_field(&self, name: &str) -> Option<String> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        Some(line.trim_start_matches(':').trim().to_owned())
    }

    /// What it wrote to stdout, once it has ended.
    pub fn output(&mut self) -> String {
        let reader = self.output.take().expect("started with start_silent");
        reader.join().expect("the reader does not panic")
    }

    /// Every line of stderr, once it has ended.
    pub fn all_lines(&mut self) -> Vec<String> {
        self.seen.extend(self.lines.iter());
        self.seen.iter().cloned().collect()
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn signal(&self, number: i32) {
        let pid = libc::pid_t::try_from(self.child.id()).expect("a process id");
        // SAFETY: a plain system call; the process is our child and has not been waited for.
        let status = unsafe { libc::kill(pid, number) };
        assert_eq!(status, 0, "signal {number} was sent");
    }

    /// Waits for a line that contains `text`; what came before it is kept for later calls.
    pub fn wait_for_line(&mut self, text: &str) -> String {
        if let Some(at) = self.seen.iter().position(|line| line.contains(text)) {
            return self.seen.remove(at).expect("found above");
        }
        self.wait_for_new_line(text)
    }

    fn wait_for_new_line(&mut self, text: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self
                .lines
                .recv_timeout(deadline.saturating_duration_since(Instant::now()))
            {
                Ok(line) if line.contains(text) => return line,
                Ok(line) => self.seen.push_back(line),
                Err(RecvTimeoutError::Timeout) => {
                    panic!("no line `{text}`; the last lines: {:#?}", self.last_lines())
                }
                Err(RecvTimeoutError::Disconnected) => {
                    panic!("ended without line `{text}`: {:#?}", self.last_lines())
                }
            }
        }
    }

    fn last_lines(&self) -> Vec<&String> {
        let from = self.seen.len().saturating_sub(10);
        self.seen.range(from..).collect()
    }

    /// Every line so far that contains `text`, oldest first.
    pub fn lines_with(&mut self, text: &str) -> Vec<String> {
        self.seen.extend(self.lines.try_iter());
        let matching = |line: &&String| line.contains(text);
        self.seen.iter().filter(matching).cloned().collect()
    }

    /// The status dump that SIGUSR1 asks for.
    pub fn dump(&mut self) -> Value {
        const HEAD: &str = " loop status ";
        self.signal(libc::SIGUSR1);
        let line = self.wait_for_new_line(HEAD);
        let (_, json) = line.split_once(HEAD).expect("found above");
        serde_json::from_str(json).expect("the dump is JSON")
    }

    /// Dumps until one satisfies the condition.
    pub fn dump_until(&mut self, what: &str, condition: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let dump = self.dump();
            if condition(&dump) {
                return dump;
            }
            assert!(
                Instant::now() < deadline,
                "never came to `{what}`: {dump:#}"
            );
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// The status it ends with by itself.
    pub fn wait(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("our child") {
                self.seen.extend(self.lines.iter());
                return status;
            }
            assert!(Instant::now() < deadline, "never ended");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Names of its threads, as the system knows them.
    pub fn threads(&self) -> Vec<String> {
        self.for_each_thread("comm")
            .map(|name| name.trim().to_owned())
            .collect()
    }

    /// How often its threads went to sleep of their own will.
    pub fn sleeps(&self) -> u64 {
        self.for_each_thread("status")
            .map(|status| {
                let count = status
                    .lines()
                    .find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"))
                    .expect("the system counts context switches");
                count.trim().parse::<u64>().expect("a number")
            })
            .sum()
    }

    fn for_each_thread(&self, file: &str) -> impl Iterator<Item = String> {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.id())).expect("it runs");
        tasks.map(move |task| {
            let path = task.expect("it runs").path().join(file);
            std::fs::read_to_string(path).expect("it runs")
        })
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail for a process that has ended: nothing is left to do then.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The task of this name in a dump.
pub fn task<'a>(dump: &'a Value, name: &str) -> &'a Value {
    dump["scheduler"]["tasks"]
        .as_array()
        .and_then(|tasks| tasks.iter().find(|task| task["name"] == name))
        .unwrap_or_else(|| panic!("task {name} in {dump:#}"))
}

/// The effects of this class in a dump.
pub fn class<'a>(dump: &'a Value, name: &str) -> &'a Value {
    dump["effects"]["classes"]
        .as_array()
        .and_then(|classes| classes.iter().find(|class| class["class"] == name))
        .unwrap_or_else(|| panic!("class {name} in {dump:#}"))
}

/// A count in a dump.
pub fn count(value: &Value) -> u64 {
    value
        .as_u64()
        .unwrap_or_else(|| panic!("a count, not {value}"))
}
