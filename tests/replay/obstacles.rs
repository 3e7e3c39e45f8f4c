//! What stands in the way of a run besides its recording: a taken ledger, a full disk, a folder that
//! cannot be written, settings that are wrong.

use crate::book::Book;
use crate::bot::{Bot, bundled, end, minnow, wait_until};
use crate::support::folder::Folder;
use rusqlite::Connection;
use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};

/// One line that names the ledger and says all of this, status 1.
fn assert_refused(stderr: &str, status: Option<i32>, ledger: &Path, said: &[&str]) {
    assert_eq!(status, Some(1), "{stderr}");
    assert_eq!(stderr.trim_end().lines().count(), 1, "{stderr}");
    let start = format!("minnow: ledger {}: ", ledger.display());
    assert!(stderr.starts_with(&start), "{start}: {stderr}");
    for text in said.iter().chain(&["Expected: "]) {
        assert!(stderr.contains(text), "{text}: {stderr}");
    }
}

#[test]
fn a_ledger_in_use_names_the_process_that_has_it() {
    let first = Bot::bundled().with(&["--speed", "0.001"]);
    let mut holder = first.start();
    let second = Bot::bundled().ledger_at(first.ledger().to_path_buf());
    let run = second.run();
    let pid = format!("in use by another minnow, process {}", holder.id());
    assert_refused(&run.stderr, run.status, first.ledger(), &[&pid]);
    assert_eq!(run.stdout, "");
    // The first is undisturbed, and gives it up when it ends.
    holder.signal(libc::SIGTERM);
    let interrupted = end(&mut holder);
    assert_eq!(interrupted.status, Some(130), "{}", interrupted.stderr);
    assert_eq!(second.report().status(), "complete");
}

#[test]
fn another_programs_transaction_is_named() {
    let bot = Bot::bundled().with(&["--speed", "20000"]);
    let mut process = bot.start();
    wait_until(&mut process, "a commit", |details| {
        details["rows_written"].as_u64() > Some(0)
    });
    let tool = Connection::open(bot.ledger()).expect("any tool may open it");
    tool.busy_timeout(std::time::Duration::from_secs(10))
        .expect("a setting");
    tool.execute_batch("BEGIN IMMEDIATE")
        .expect("between two commits");
    let run = end(&mut process);
    let said = run.stderr.lines().last().unwrap_or_default();
    assert!(
        said.contains("another program holds a transaction"),
        "{said}"
    );
    assert_eq!(run.status, Some(1), "{}", run.stderr);
    drop(tool);
    let book = Book::open(bot.ledger());
    book.assert_sound("running");
    assert!(
        book.count("SELECT count(*) FROM fills") > 0,
        "what was written stays"
    );
}

#[test]
fn a_place_that_cannot_be_written_is_named() {
    let folder = Folder::new();
    folder.write("file", "no folder");
    let mut places = vec![
        folder.file("file").join("run.sqlite"),
        PathBuf::from("/proc/minnow/run.sqlite"),
    ];
    // The superuser may write everywhere.
    // SAFETY: a plain system call without arguments.
    if unsafe { libc::geteuid() } == 0 {
        eprintln!("skipped: a folder without permission to write, as this is the superuser");
    } else {
        let locked = folder.file("locked");
        std::fs::create_dir(&locked).expect("a folder");
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o500);
        std::fs::set_permissions(&locked, mode).expect("our folder");
        places.push(locked.join("run.sqlite"));
    }
    for place in places {
        let run = Bot::bundled().ledger_at(place.clone()).run();
        assert_refused(&run.stderr, run.status, &place, &["cannot be written"]);
    }
}

#[test]
fn a_foreign_file_in_the_place_of_the_ledger_is_left_alone() {
    let bot = Bot::bundled();
    let content = "my notes, much longer than a header of a database: ".repeat(4);
    bot.folder.write("run.sqlite", &content);
    let run = bot.run();
    assert_refused(
        &run.stderr,
        run.status,
        bot.ledger(),
        &["not a ledger of minnow"],
    );
    assert_eq!(std::fs::read_to_string(bot.ledger()).unwrap(), content);
}

/// A small file system in memory, gone with this value.
struct SmallDisk(CString);

impl SmallDisk {
    /// `None` where this user may not mount.
    fn mount(at: &Path, bytes: u32) -> Option<Self> {
        std::fs::create_dir_all(at).expect("a folder");
        let target = CString::new(at.as_os_str().as_bytes()).expect("a path");
        let options = CString::new(format!("size={bytes}")).expect("text");
        // SAFETY: a plain system call with strings that live as long as it.
        let status = unsafe {
            libc::mount(
                c"none".as_ptr(),
                target.as_ptr(),
                c"tmpfs".as_ptr(),
                0,
                options.as_ptr().cast(),
            )
        };
        (status == 0).then_some(Self(target))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // SAFETY: as above. What cannot be taken away stays with its folder.
        unsafe { libc::umount2(self.0.as_ptr(), libc::MNT_DETACH) };
    }
}

#[test]
fn a_full_disk_is_named_and_what_was_written_before_is_sound() {
    let folder = Folder::new();
    let Some(disk) = SmallDisk::mount(&folder.file("disk"), 700 << 10) else {
        eprintln!("skipped: this user may not mount a small file system");
        return;
    };
    let bot = Bot::bundled().ledger_at(folder.file("disk").join("run.sqlite"));
    let run = bot.run();
    assert_refused(&run.stderr, run.status, bot.ledger(), &["the disk is full"]);
    assert_eq!(run.stdout, "");
    // There is no room for a reader's own files there.
    for suffix in ["", "-wal"] {
        let name = format!("run.sqlite{suffix}");
        std::fs::copy(folder.file("disk").join(&name), folder.file(&name)).expect("a copy");
    }
    Book::open(&folder.file("run.sqlite")).assert_sound("running");
    drop(disk);
}

#[test]
fn a_limit_on_the_size_of_files_is_named_and_what_was_written_before_is_sound() {
    let bot = Bot::bundled();
    let mut command = bot.command();
    let limit = || {
        let bytes = libc::rlimit {
            rlim_cur: 300 << 10,
            rlim_max: 300 << 10,
        };
        // SAFETY: two plain system calls, both allowed between fork and exec.
        unsafe {
            // Otherwise the signal ends the process instead of the error.
            libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
            match libc::setrlimit(libc::RLIMIT_FSIZE, &raw const bytes) {
                0 => Ok(()),
                _ => Err(std::io::Error::last_os_error()),
            }
        }
    };
    // SAFETY: the closure does nothing but system calls.
    unsafe { command.pre_exec(limit) };
    let output = command.output().expect("the program starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    let said = ["cannot be written", "a limit on the size of files"];
    assert_refused(&stderr, output.status.code(), bot.ledger(), &said);
    Book::open(bot.ledger()).assert_sound("running");
}

#[test]
fn wrong_settings_end_with_78_and_nothing_is_written() {
    for (set, said) in [
        ("trading.leverag=3", "did you mean trading.leverage"),
        ("trading.leverage=many", "trading.leverage"),
        ("system.thread_pool_size=9", "allowed 1..3"),
        ("trading.symbol=FOO-USD", "FOO-USD is not in the recording"),
    ] {
        let bot = Bot::bundled().with(&["--set", set]);
        let run = bot.run();
        assert_eq!(run.status, Some(78), "{set}: {}", run.stderr);
        assert!(run.stderr.starts_with("config: "), "{set}: {}", run.stderr);
        assert!(run.stderr.contains(said), "{set}: {}", run.stderr);
        let left: Vec<_> = std::fs::read_dir(bot.folder.path()).unwrap().collect();
        assert!(left.is_empty(), "{set}: {left:?}");
    }
}

#[test]
fn a_wrong_command_line_ends_with_2_and_nothing_is_written() {
    for (arguments, said) in [
        (vec!["--speed", "0"], "expected a number above 0"),
        (vec!["--speed", "fast"], "expected a number above 0"),
        (vec!["--from", "yesterday"], "expected a UTC time"),
        (vec!["--trades", "some"], "expected a number of trades"),
        (vec!["--sped", "1"], "--speed"),
    ] {
        let bot = Bot::bundled().with(&arguments);
        let run = bot.run();
        assert_eq!(run.status, Some(2), "{arguments:?}: {}", run.stderr);
        assert!(run.stderr.contains(said), "{arguments:?}: {}", run.stderr);
        assert!(!bot.ledger().exists(), "{arguments:?}");
    }
    let folder = Folder::new();
    let output = minnow(&folder).arg("replay").output().expect("it starts");
    assert_eq!(output.status.code(), Some(2), "no recording named");
}

#[test]
fn by_default_the_ledger_lies_in_the_data_directory_named_after_recording_and_settings() {
    let folder = Folder::new();
    let output = minnow(&folder)
        .arg("replay")
        .arg(bundled())
        .args(["--dry-run", "--to", "2018-01-01T01:00:00Z"])
        .args(["--set", "data.directory=kept"])
        .output()
        .expect("it starts");
    assert!(output.status.success());
    let files: Vec<String> = std::fs::read_dir(folder.file("kept").join("replays"))
        .expect("made by the run")
        .map(|file| {
            file.expect("a file")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    assert_eq!(files.len(), 1, "no log, no lock is left: {files:?}");
    assert!(files[0].starts_with("btc-perp-2018-01-01-"), "{files:?}");
    Book::open(&folder.file("kept").join("replays").join(&files[0])).assert_sound("complete");
}
