//! `scripts/start-optimized.sh` with its three modes, against a copy of the repository's start
//! files, so that the checkout stays clean.

mod support {
    pub mod program;
}

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use support::program::{Folder, Outcome};

fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A folder with script, configurations and recordings, as in a fresh clone.
fn fresh_clone(name: &str) -> Folder {
    let folder = Folder::new(&format!("script-{name}"));
    let to = |path: &str| folder.path().join(path);
    std::fs::create_dir(to("scripts")).expect("a folder");
    let script = "scripts/start-optimized.sh";
    std::fs::copy(repository().join(script), to(script)).expect("the script");
    for linked in ["config", "recordings"] {
        std::os::unix::fs::symlink(repository().join(linked), to(linked)).expect("a link");
    }
    folder
}

/// Runs the script from `directory` with the binary under test.
fn start_in(
    clone: &Folder,
    directory: &Path,
    arguments: &[&str],
    environment: &[(&str, &str)],
) -> Outcome {
    let mut command = Command::new(clone.path().join("scripts/start-optimized.sh"));
    command.args(arguments).current_dir(directory);
    let binary = ("MINNOW_BIN", env!("CARGO_BIN_EXE_minnow"));
    Outcome::run(command, &[&[binary], environment].concat())
}

fn start(clone: &Folder, arguments: &[&str], environment: &[(&str, &str)]) -> Outcome {
    start_in(clone, clone.path(), arguments, environment)
}

fn state_hash(outcome: &Outcome) -> String {
    let line = outcome
        .stdout
        .lines()
        .find(|line| line.trim_start().starts_with("state hash"));
    line.expect("the report names the state hash").to_owned()
}

#[test]
fn test_replays_the_bundled_recording_on_paper_with_shorts_and_leverage() {
    let clone = fresh_clone("test");
    let outcome = start(&clone, &["test"], &[]).expect(0);
    assert!(outcome.stdout.contains("1,000,000"), "{outcome:?}");
    assert!(outcome.stdout.contains("SHORT"), "{outcome:?}");
    assert!(outcome.stderr.contains("mode paper"));
    let settings = [
        "concurrent tasks       4      --default",
        "worker threads         2      --default",
        "async timeout, s       15     --default",
        "task batch size        2      --default",
        "update frequency, s    45     --default",
        "websocket queue        200    --default",
        "concurrent effects     25     --default",
        "effect timeout, s      20     --default",
    ];
    for setting in settings {
        assert!(outcome.stderr.contains(setting), "{setting}: {outcome:?}");
    }
    assert!(!outcome.stderr.contains('\u{1b}'), "no colours into a pipe");
    let data = clone.path().join("data").metadata().expect("made");
    assert_eq!(data.permissions().mode() & 0o777, 0o700);
    let mut made: Vec<_> = std::fs::read_dir(clone.path())
        .expect("the clone")
        .map(|entry| entry.expect("an entry").file_name())
        .collect();
    made.sort();
    assert_eq!(made, ["config", "data", "recordings", "scripts"]);
}

#[test]
fn fewer_tasks_and_threads_give_the_same_result() {
    let clone = fresh_clone("same");
    let four = start(&clone, &["test"], &[]).expect(0);
    let two = start(&clone, &["test"], &[("SYSTEM__MAX_CONCURRENT_TASKS", "2")]).expect(0);
    assert!(
        two.stderr
            .contains("concurrent tasks       2      environment")
    );
    let minimal = start(&clone, &["test"], &[("SYSTEM__THREAD_POOL_SIZE", "1")]).expect(0);
    assert_eq!(state_hash(&four), state_hash(&two));
    assert_eq!(state_hash(&four), state_hash(&minimal));
}

#[test]
fn a_file_behind_the_dashes_is_replayed_from_the_callers_folder() {
    let clone = fresh_clone("file");
    let elsewhere = Folder::new("script-elsewhere");
    std::fs::copy(
        repository().join("recordings/btc-perp-2018-01-01.mrec"),
        elsewhere.path().join("mine.mrec"),
    )
    .expect("a recording");
    let arguments = ["test", "--", "mine.mrec", "--to", "2018-01-02"];
    let outcome = start_in(&clone, elsewhere.path(), &arguments, &[]).expect(0);
    assert!(outcome.stdout.contains("mine.mrec"), "{outcome:?}");
    assert!(outcome.stdout.contains("to 2018-01-01 23:5"), "{outcome:?}");
    let missing = ["test", "--", "missing.mrec"];
    let outcome = start_in(&clone, elsewhere.path(), &missing, &[]).expect(1);
    assert!(outcome.stderr.contains("missing.mrec"), "{outcome:?}");
}

/// The script in a mode that trades, until the test stops it.
struct Trading(Child);

impl Trading {
    fn start(clone: &Folder, arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let mut command = Command::new(clone.path().join("scripts/start-optimized.sh"));
        command
            .args(arguments)
            .current_dir(clone.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("MINNOW_BIN", env!("CARGO_BIN_EXE_minnow"))
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        Self(command.spawn().expect("the script starts"))
    }

    /// Reads what it says until a line has this in it.
    fn until(&mut self, wanted: &str) -> String {
        let stderr = self.0.stderr.as_mut().expect("its stderr");
        let mut said = String::new();
        for line in BufReader::new(stderr).lines() {
            said.push_str(&line.expect("text"));
            said.push('\n');
            if said.contains(wanted) {
                return said;
            }
        }
        panic!("it never said {wanted:?}: {said}");
    }

    /// SIGTERM, and its status.
    fn stop(mut self) -> Option<i32> {
        // SAFETY: a signal to a child that was not waited for.
        unsafe { libc::kill(self.0.id() as i32, libc::SIGTERM) };
        self.0.wait().expect("it ends").code()
    }
}

impl Drop for Trading {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A local venue in the clone's data folder, at a port of its own.
fn venue(clone: &Folder) -> Trading {
    let mut command = Command::new(env!("CARGO_BIN_EXE_minnow"));
    command
        .args(["venue", "--port", "0"])
        .current_dir(clone.path())
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let venue = Trading(command.spawn().expect("the venue starts"));
    let settings = clone.path().join("data/venue/venue.env");
    for _ in 0..600 {
        if std::fs::read_to_string(&settings).is_ok_and(|text| text.contains("CDP_API_KEY_NAME")) {
            return venue;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    panic!("the venue did not write {}", settings.display());
}

#[test]
fn dev_trades_on_the_local_venue_with_orders_to_it_and_ends_in_order() {
    let clone = fresh_clone("dev");
    let _venue = venue(&clone);
    let mut trading = Trading::start(&clone, &["dev"], &[]);
    let said = trading.until("agree with the venue");
    assert!(said.contains("mode orders to the local venue"), "{said}");
    assert!(said.contains("\"execution\":\"venue\""), "{said}");
    assert_eq!(trading.stop(), Some(0));
    assert!(clone.path().join("data/venue.sqlite").exists());
}

/// Of a real exchange nothing is used, in whatever spelling and place it stands.
#[test]
fn dev_uses_the_key_and_the_address_of_the_local_venue_whatever_else_is_set() {
    let clone = fresh_clone("dev-other-key");
    let _venue = venue(&clone);
    let key = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n";
    let real = clone.path().join("real.pem");
    std::fs::write(&real, key).expect("a key");
    let file = format!(
        "CDP_PRIVATE_KEY_FILE={0}\nCOINBASE_PRIVATE_KEY_FILE={0}\nEXCHANGE__BASE_URL=https://b.example\n",
        real.display()
    );
    std::fs::write(clone.path().join(".env"), file).expect("a .env");
    for path in [&real, &clone.path().join(".env")] {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).expect("ours");
    }
    let name = "organizations/0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f/apiKeys/0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f";
    let mut trading = Trading::start(
        &clone,
        &["dev"],
        &[
            ("EXCHANGE__CDP_API_KEY_NAME", name),
            ("COINBASE_API_KEY", name),
            ("EXCHANGE__CDP_PRIVATE_KEY", key.trim_end()),
            ("EXCHANGE__CDP_PRIVATE_KEY_FILE", "real.pem"),
            ("exchange__base_url", "https://exchange.example"),
            ("EXCHANGE__WS_URL", "wss://exchange.example"),
            ("EXCHANGE__CA_FILE", "nowhere.pem"),
        ],
    );
    let said = trading.until("agree with the venue");
    assert!(said.contains("mode orders to the local venue"), "{said}");
    assert_eq!(trading.stop(), Some(0));
}

#[test]
fn dev_without_a_venue_says_how_to_start_one() {
    let clone = fresh_clone("no-venue");
    let outcome = start(&clone, &["dev"], &[]).expect(1);
    assert!(
        outcome.stderr.contains("start the local venue first"),
        "{outcome:?}"
    );
    assert!(!clone.path().join("data").exists());
}

#[test]
fn production_trades_on_paper_unless_told_otherwise_and_signals_reach_the_program() {
    let clone = fresh_clone("production");
    let _venue = venue(&clone);
    let text = std::fs::read_to_string(clone.path().join("data/venue/venue.env")).expect("it");
    std::fs::write(clone.path().join(".env"), text).expect("a .env");
    let mut trading = Trading::start(&clone, &[], &[]);
    let said = trading.until("\"subscribed\"");
    assert!(said.contains("minnow production, mode paper"), "{said}");
    assert_eq!(trading.stop(), Some(0));
    assert!(clone.path().join("data/paper.sqlite").exists());
}

#[test]
fn confirmation_and_credentials_are_asked_for_before_anything_is_made() {
    let clone = fresh_clone("live");
    let live = ("SYSTEM__DRY_RUN", "false");
    let outcome = start(&clone, &[], &[live]).expect(78);
    assert!(outcome.stderr.contains("trading.live_confirmation"));
    let confirmed = ("MINNOW_LIVE_CONFIRM", "I accept real orders");
    for outcome in [
        start(&clone, &[], &[live, confirmed]),
        start(&clone, &["--", "--live-confirm"], &[live]),
    ] {
        let outcome = outcome.expect(78);
        assert!(!outcome.stderr.contains("trading.live_confirmation"));
        assert!(outcome.stderr.contains("exchange.cdp_api_key_name"));
    }
    assert!(!clone.path().join("data").exists());
    // `test` stays on paper whatever the environment says.
    let outcome = start(
        &clone,
        &["test", "--", "--to", "2018-01-01T01:00:00Z"],
        &[live],
    )
    .expect(0);
    assert!(outcome.stderr.contains("mode paper"));
}

#[test]
fn another_argument_is_a_usage_error() {
    let clone = fresh_clone("usage");
    for arguments in [&["live"][..], &["test", "my.mrec"], &["--fast"]] {
        let outcome = start(&clone, arguments, &[]).expect(2);
        assert!(outcome.stderr.contains("usage: scripts/start-optimized.sh"));
        assert!(!clone.path().join("data").exists());
    }
    let help = start(&clone, &["--help"], &[]).expect(0);
    assert!(help.stdout.contains("usage: scripts/start-optimized.sh"));
}

#[test]
fn mistakes_of_the_configuration_are_shown_with_78_and_nothing_is_made() {
    let clone = fresh_clone("broken");
    let outcome = start(&clone, &["test"], &[("SYSTEM__TASK_BATCH_SIZE", "two")]).expect(78);
    assert!(outcome.stderr.contains("system.task_batch_size = \"two\""));
    assert!(!clone.path().join("data").exists());
}

#[test]
fn the_env_file_wins_over_the_scripts_defaults_and_is_never_run_as_shell_code() {
    let clone = fresh_clone("env");
    let text = "SYSTEM__TASK_BATCH_SIZE=1\nUNRELATED=$(touch run-as-code)\n";
    std::fs::write(clone.path().join(".env"), text).expect("a .env");
    let outcome = start(&clone, &["test", "--", "--to", "2018-01-01T01:00:00Z"], &[]).expect(0);
    let row = "task batch size        1      .env:1 SYSTEM__TASK_BATCH_SIZE";
    assert!(outcome.stderr.contains(row), "{outcome:?}");
    assert!(!clone.path().join("run-as-code").exists());
}

#[test]
fn a_configuration_that_the_caller_names_keeps_its_own_values() {
    let clone = fresh_clone("tier");
    let minimal = ("CONFIG_FILE", "config/minimal.json");
    let short = ["test", "--", "--to", "2018-01-01T01:00:00Z"];
    let outcome = start(&clone, &short, &[minimal]).expect(0);
    let row = "concurrent tasks       2      config/minimal.json";
    assert!(outcome.stderr.contains(row), "{outcome:?}");
}

/// A folder that stands for the machine's own, with these files below it.
fn machine(name: &str, files: &[(&str, &str)]) -> Folder {
    let folder = Folder::new(&format!("script-machine-{name}"));
    let memory = ("proc/meminfo", "MemAvailable: 4194304 kB\n");
    for (path, text) in [memory].iter().chain(files) {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("folders");
        std::fs::write(path, text).expect("a file");
    }
    folder
}

const SHORT: [&str; 4] = ["test", "--", "--to", "2018-01-01T01:00:00Z"];

/// What the script says on such a machine, and its status.
fn start_on(machine: &Folder, status: i32) -> String {
    let clone = fresh_clone("machine");
    let root = machine.path().to_str().expect("text");
    start(&clone, &SHORT, &[("MINNOW_TEST_ROOT", root)])
        .expect(status)
        .stderr
}

#[test]
fn the_least_of_the_groups_on_the_way_to_the_root_counts_and_half_a_core_is_less_than_two() {
    let machine = machine(
        "v2",
        &[
            ("proc/self/cgroup", "0::/slice/service\n"),
            ("sys/fs/cgroup/cpu.max", "max 100000\n"),
            ("sys/fs/cgroup/slice/cpu.max", "50000 100000\n"),
            ("sys/fs/cgroup/slice/service/cpu.max", "400000 100000\n"),
            ("sys/fs/cgroup/slice/memory.max", "209715200\n"),
            ("sys/fs/cgroup/slice/service/memory.max", "max\n"),
            ("sys/fs/cgroup/slice/service/pids.max", "40\n"),
        ],
    );
    let said = start_on(&machine, 0);
    for expected in [
        "0.5 cores and 4 concurrent tasks: use the minimal tier",
        "200 MB of memory available: use the minimal tier",
        "processes limited to 40",
        "machine: cores 0.5, memory 200 MB",
    ] {
        assert!(said.contains(expected), "{expected}: {said}");
    }
}

#[test]
fn limits_of_older_control_groups_count_too() {
    let machine = machine(
        "v1",
        &[
            (
                "proc/self/cgroup",
                "4:memory:/a/b\n3:cpu,cpuacct:/a\n1:name=systemd:/x\n0::/\n",
            ),
            ("sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us", "125000\n"),
            ("sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_period_us", "100000\n"),
            ("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1\n"),
            ("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n"),
            (
                "sys/fs/cgroup/memory/memory.limit_in_bytes",
                "9223372036854771712\n",
            ),
            ("sys/fs/cgroup/memory/a/memory.limit_in_bytes", "33554432\n"),
        ],
    );
    let said = start_on(&machine, 1);
    assert!(said.contains("1.25 cores and 4 concurrent tasks"), "{said}");
    assert!(
        said.contains("32 MB of memory available: expected 64 MB"),
        "{said}"
    );
}

/// A PATH on which `date` says `now` and `timedatectl` says whether the clock is synchronised.
fn clock_commands(name: &str, now: &str, synchronised: &str) -> (Folder, String) {
    let folder = Folder::new(&format!("script-clock-{name}"));
    let date = format!(
        "#!/bin/sh\nif [ \"$1\" = +%s ]; then echo {now}; else PATH=${{PATH#*:}} exec date \"$@\"; fi\n"
    );
    let service = format!("#!/bin/sh\necho {synchronised}\n");
    for (name, text) in [("date", date), ("timedatectl", service)] {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("a command");
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).expect("it runs");
    }
    let others = std::env::var("PATH").unwrap_or_default();
    let path = format!("{}:{others}", folder.path().display());
    (folder, path)
}

#[test]
fn a_clock_before_the_build_is_an_error_and_one_that_nobody_sets_a_warning() {
    // Of 2001, of 2090, and a plausible one.
    let later = "1830000000";
    for (now, synchronised, status, expected) in [
        ("1000000000", "yes", 1, "before the program was built"),
        ("3786912000", "yes", 0, "expected a year up to"),
        (later, "no", 0, "warning: the clock is not synchronised"),
        (later, "yes", 0, "clock synchronised"),
        (later, "", 0, "clock unknown"),
    ] {
        let clone = fresh_clone("clock");
        let (_commands, path) = clock_commands("all", now, synchronised);
        let outcome = start(&clone, &SHORT, &[("PATH", &path)]).expect(status);
        assert!(outcome.stderr.contains(expected), "{expected}: {outcome:?}");
        let warned = outcome.stderr.contains("warning: the clock");
        let is_right = now == later && synchronised != "no";
        assert_eq!(warned, status == 0 && !is_right, "{outcome:?}");
        assert_eq!(clone.path().join("data").exists(), status == 0);
    }
}

#[test]
fn a_binary_that_is_not_there_is_named() {
    let clone = fresh_clone("binary");
    let outcome = start(&clone, &["test"], &[("MINNOW_BIN", "/nonexistent/minnow")]).expect(1);
    assert!(outcome.stderr.contains("MINNOW_BIN=/nonexistent/minnow"));
}
