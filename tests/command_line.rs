//! The binary as a user meets it: help, usage, configuration, completions, what `trade` says.
//!
//! Each test runs the program in an empty folder of its own with an empty environment, so that
//! nothing of the machine counts. Not here: the start script (`start_script`) and what a replay
//! amounts to.

mod support {
    pub mod program;
}

use clap::CommandFactory;
use minnow::cli::CommandLine;
use serde_json::Value;
use std::process::{Command, Stdio};
use support::program::{Folder, Outcome, minnow};

fn verbs() -> Vec<String> {
    CommandLine::command()
        .get_subcommands()
        // What only other verbs start is not for people.
        .filter(|verb| !verb.is_hide_set())
        .map(|verb| verb.get_name().to_owned())
        .collect()
}

#[test]
fn every_verb_says_in_its_help_what_it_does_and_how() {
    let folder = Folder::new("help");
    let overview = minnow(&folder, &["--help"]).expect(0);
    assert!(verbs().len() >= 11, "{:?}", verbs());
    for verb in verbs() {
        let in_overview = overview.stdout.lines().find_map(|line| {
            let rest = line.trim().strip_prefix(verb.as_str())?;
            rest.starts_with(' ').then(|| rest.trim().to_owned())
        });
        assert!(in_overview.is_some_and(|about| about.len() > 10), "{verb}");
        for arguments in [[verb.as_str(), "--help"], ["help", verb.as_str()]] {
            let help = minnow(&folder, &arguments).expect(0);
            assert!(help.stdout.contains("Usage: minnow"), "{verb}");
            assert_eq!(help.stderr, "", "{verb}");
        }
    }
    assert!(overview.stdout.contains("First steps:"));
    folder.is_empty();
}

#[test]
fn a_wrong_command_line_ends_with_2_and_a_hint() {
    let folder = Folder::new("usage");
    let cases: &[(&[&str], &str)] = &[
        (&[], "Usage: minnow"),
        (&["replya"], "replay"),
        (&["replay"], "<FILE>"),
        (&["replay", "x.mrec", "--speed", "0"], "above 0"),
        (&["replay", "x.mrec", "--from", "soon"], "2018-01-02"),
        (&["report", "--trades", "some"], "all"),
        (&["completions", "basic"], "bash"),
        (&["plan", "--files", "0"], "--files"),
        (&["check-config", "--sett", "a.b=1"], "--set"),
        (&["init", "--yes", "--tier", "huge"], "moderate"),
    ];
    for (arguments, hint) in cases {
        let outcome = minnow(&folder, arguments).expect(2);
        assert!(outcome.stderr.contains(hint), "{arguments:?}: {outcome:?}");
        assert_eq!(outcome.stdout, "", "{arguments:?}");
    }
    folder.is_empty();
}

#[test]
fn the_version_is_the_one_of_the_package() {
    let folder = Folder::new("version");
    let outcome = minnow(&folder, &["--version"]).expect(0);
    assert_eq!(
        outcome.stdout,
        concat!("minnow ", env!("CARGO_PKG_VERSION"), "\n")
    );
}

#[test]
fn a_broken_configuration_ends_with_78_in_every_verb_that_reads_it_and_writes_nothing() {
    let folder = Folder::new("broken");
    let recording = format!("{}/recordings", env!("CARGO_MANIFEST_DIR"));
    let recording = format!("{recording}/btc-perp-2018-01-01.mrec");
    for verb in [
        &["check-config"][..],
        &["plan"],
        &["trade"],
        &["replay", &recording],
    ] {
        let wrong = [
            verb,
            &[
                "--set",
                "system.task_batch_size=two",
                "--set",
                "system.max_concurent_tasks=4",
            ],
        ]
        .concat();
        let outcome = minnow(&folder, &wrong).expect(78);
        let lines: Vec<&str> = outcome.stderr.lines().collect();
        assert!(
            lines.contains(
                &"config: system.max_concurent_tasks (from --set): unknown key; did you mean system.max_concurrent_tasks?"
            ),
            "{verb:?}: {outcome:?}"
        );
        assert!(
            lines
                .iter()
                .any(|line| line.starts_with("config: system.task_batch_size = \"two\"")),
            "{verb:?}: {outcome:?}"
        );
        assert_eq!(outcome.stdout, "", "{verb:?}");
        folder.is_empty();
    }
}

#[test]
fn a_secret_is_never_shown() {
    let folder = Folder::new("secret");
    let secret = "sk-verysecretverysecretverysecret42";
    let environment = [("OPENAI_API_KEY", secret)];
    for arguments in [
        &["check-config"][..],
        &["check-config", "--json"],
        &["trade", "--set", "exchange.name=none"],
        &["plan", "--set", "system.task_batch_size=0"],
    ] {
        let outcome = Outcome::of(&folder, arguments, &environment);
        let all = format!("{}{}", outcome.stdout, outcome.stderr);
        assert!(!all.contains("verysecret"), "{arguments:?}: {outcome:?}");
    }
    let shown = Outcome::of(&folder, &["check-config"], &environment).expect(0);
    assert!(shown.stdout.contains("***(set)"));
}

#[test]
fn check_config_as_json_can_be_parsed_and_names_the_source_of_each_value() {
    let folder = Folder::new("json");
    let outcome = Outcome::of(
        &folder,
        &["check-config", "--json", "--set", "trading.leverage=2"],
        &[("SYSTEM__TASK_BATCH_SIZE", "1")],
    )
    .expect(0);
    let json: Value = serde_json::from_str(&outcome.stdout).expect("JSON");
    let source = |key: &str| {
        let keys = json["keys"].as_array().expect("a list");
        let row = keys.iter().find(|row| row["key"] == key).expect("the key");
        row["source"].clone()
    };
    assert_eq!(source("trading.leverage"), "--set");
    assert_eq!(
        source("system.task_batch_size"),
        "environment SYSTEM__TASK_BATCH_SIZE"
    );
    assert_eq!(source("system.async_timeout"), "default");
    assert_eq!(json["threads"], 3);
    let plan = minnow(&folder, &["plan", "--json"]).expect(0);
    let plan: Value = serde_json::from_str(&plan.stdout).expect("JSON");
    assert_eq!(json["planned_memory_bytes"], plan["total_bytes"]);
}

#[test]
fn what_init_writes_passes_check_config_and_is_never_written_over() {
    let folder = Folder::new("init");
    minnow(&folder, &["init", "--yes", "--symbols", "ETH-USD"]).expect(0);
    let outcome = minnow(&folder, &["check-config"]).expect(0);
    assert!(outcome.stdout.contains("configuration file: minnow.json"));
    assert!(outcome.stdout.contains("ETH-USD"));
    let again = minnow(&folder, &["init", "--yes"]).expect(1);
    assert!(again.stderr.contains("writes over nothing"), "{again:?}");
}

#[test]
fn trade_without_an_exchange_is_a_matter_of_configuration_and_leaves_nothing_behind() {
    let folder = Folder::new("trade");
    for (exchange, says) in [
        ("none", "recordings only"),
        ("kraken", "not built yet; built are coinbase, venue"),
    ] {
        let set = format!("exchange.name={exchange}");
        let outcome = minnow(&folder, &["trade", "--set", &set]).expect(78);
        assert!(outcome.stderr.contains(says), "{outcome:?}");
        assert_eq!(outcome.stdout, "");
        folder.is_empty();
    }
}

#[test]
fn trade_refuses_real_orders_as_a_matter_of_configuration() {
    let folder = Folder::new("live");
    let live = ["trade", "--set", "system.dry_run=false"];
    let outcome = minnow(&folder, &live).expect(78);
    assert!(outcome.stderr.contains("trading.live_confirmation"));
    assert!(outcome.stderr.contains("exchange.cdp_private_key"));
    let confirmed = minnow(&folder, &[&live[..], &["--live-confirm"]].concat()).expect(78);
    assert!(
        !confirmed.stderr.contains("trading.live_confirmation"),
        "{confirmed:?}"
    );
    // `--dry-run` wins over everything: only the exchange that is none is left to be told.
    let none = ["--dry-run", "--set", "exchange.name=none"];
    let paper = minnow(&folder, &[&live[..], &none].concat()).expect(78);
    assert!(!paper.stderr.contains("cdp_private_key"), "{paper:?}");
    folder.is_empty();
}

#[test]
fn completions_name_every_verb_and_are_valid_shell() {
    let folder = Folder::new("completions");
    for shell in ["bash", "zsh", "fish"] {
        let script = minnow(&folder, &["completions", shell]).expect(0).stdout;
        for verb in verbs() {
            assert!(script.contains(&verb), "{shell}: {verb}");
        }
        if shell == "bash" {
            let path = folder.path().join("completions.bash");
            std::fs::write(&path, script).expect("a script");
            let check = std::process::Command::new("bash")
                .arg("-n")
                .arg(&path)
                .status();
            assert!(check.expect("bash runs").success());
        }
    }
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let folder = Folder::new("pipe");
    for verb in ["check-config", "plan", "completions bash"] {
        let line = format!("\"$0\" {verb} | head -n 1 >/dev/null; exit \"${{PIPESTATUS[0]}}\"");
        let status = std::process::Command::new("bash")
            .args(["-c", &line, env!("CARGO_BIN_EXE_minnow")])
            .current_dir(folder.path())
            .status()
            .expect("bash runs");
        assert_eq!(status.code(), Some(0), "{verb}");
    }
}

fn bundled() -> String {
    let folder = env!("CARGO_MANIFEST_DIR");
    format!("{folder}/recordings/btc-perp-2018-01-01.mrec")
}

#[test]
fn a_report_looks_where_the_configuration_puts_ledgers() {
    let folder = Folder::new("data-directory");
    let recording = bundled();
    let short = ["replay", &recording, "--to", "2018-01-01T00:10:00Z"];
    let elsewhere = [("DATA__DIRECTORY", "kept")];
    Outcome::of(&folder, &short, &elsewhere).expect(0);
    let reported = Outcome::of(&folder, &["report"], &elsewhere).expect(0);
    assert!(reported.stdout.contains("kept/replays/"), "{reported:?}");
    let set = ["report", "--set", "data.directory=kept"];
    assert_eq!(minnow(&folder, &set).expect(0).stdout, reported.stdout);
    // Nothing lies in the usual place; the option wins over the configuration.
    let usual = minnow(&folder, &["report"]).expect(1);
    assert!(
        usual.stderr.contains("no ledger in data/replays"),
        "{usual:?}"
    );
    let named = ["report", "--data-dir", "none"];
    let named = Outcome::of(&folder, &named, &elsewhere).expect(1);
    assert!(
        named.stderr.contains("no ledger in none/replays"),
        "{named:?}"
    );
    // The configuration is only asked where nothing else says it.
    let broken = ["report", "--set", "data.directori=x"];
    minnow(&folder, &broken).expect(78);
    let broken = ["report", "--set", "data.directori=x", "--data-dir", "kept"];
    minnow(&folder, &broken).expect(0);
}

#[test]
fn a_stop_signal_ends_an_export_with_130_after_a_whole_row() {
    use std::io::Read;
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_minnow"))
        .args(["export", &bundled()])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut stdout = child.stdout.take().expect("stdout is piped");
    let mut text = vec![0];
    // It has begun to write more than the pipe takes: it waits for us in the middle.
    stdout.read_exact(&mut text).expect("a table");
    let pid = libc::pid_t::try_from(child.id()).expect("a process id");
    // SAFETY: a plain system call; the process is our child and has not been waited for.
    assert_eq!(unsafe { libc::kill(pid, libc::SIGTERM) }, 0);
    stdout.read_to_end(&mut text).expect("the rest");
    let output = child.wait_with_output().expect("our child");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(130), "{said}");
    let text = String::from_utf8(text).expect("a table is text");
    let rows = text.lines().count() - 1;
    assert!(rows < 1_000_000 && text.ends_with('\n'), "{rows} rows");
    let count = said
        .chars()
        .filter(char::is_ascii_digit)
        .collect::<String>();
    assert_eq!(count, rows.to_string(), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.starts_with("minnow: interrupted after "), "{said}");
}

#[test]
fn a_full_disk_leaves_no_output_behind() {
    use std::os::unix::process::CommandExt;
    let folder = Folder::new("full");
    let recording = bundled();
    for arguments in [
        &["compact", &recording, "-o", "out.mrec"][..],
        &["export", &recording, "-o", "out.csv"],
        &[
            "export",
            &recording,
            "--format",
            "jsonl",
            "-o",
            "out.jsonl.gz",
        ],
    ] {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_minnow"));
        command.args(arguments).current_dir(folder.path());
        let limit = || {
            let bytes = libc::rlimit {
                rlim_cur: 100_000,
                rlim_max: 100_000,
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
        let outcome = Outcome::run(command, &[]).expect(1);
        let said = format!("minnow: {}: cannot write: ", arguments[arguments.len() - 1]);
        assert!(outcome.stderr.starts_with(&said), "{outcome:?}");
        folder.is_empty();
    }
}

/// Status and stderr of the program when its standard output is this.
fn with_output(folder: &Folder, arguments: &[&str], to: Stdio) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_minnow"))
        .args(arguments)
        .current_dir(folder.path())
        .env_clear()
        .stdout(to)
        .output()
        .expect("the program starts");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code(), said)
}

#[test]
fn an_output_that_is_full_is_an_error_and_one_that_is_gone_is_none() {
    let folder = Folder::new("outputs");
    let rows = "time,open,high,low,close,volume\n1704067200,1,2,1,2,5\n1704067260,2,3,2,3,5\n";
    std::fs::write(folder.path().join("candles.csv"), rows).expect("written");
    let imports = |output| {
        let mut arguments = vec!["import", "candles.csv", "--json", "--symbol", "ETH-USD"];
        arguments.extend(["--format", "candles-csv", "-o", output]);
        arguments
    };
    let cases = [
        (imports("a.mrec"), imports("b.mrec")),
        (vec!["inspect", "a.mrec"], vec!["inspect", "a.mrec"]),
        (
            vec!["inspect", "a.mrec", "--json"],
            vec!["inspect", "a.mrec", "--json"],
        ),
    ];
    for (full, gone) in cases {
        let device = std::fs::File::options().write(true).open("/dev/full");
        let (status, said) = with_output(&folder, &full, device.expect("a device").into());
        assert_eq!(status, Some(1), "{full:?}: {said}");
        assert!(said.contains("standard output: "), "{full:?}: {said}");
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let (status, said) = with_output(&folder, &gone, writer.into());
        assert_eq!(status, Some(0), "{gone:?}: {said}");
    }
}
