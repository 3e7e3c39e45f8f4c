//! Clients that others wrote against the local venue: the exchange's own Python library
//! (`coinbase-advanced-py`) and `ccxt`, unchanged, pointed at it by their own settings. Both make calls
//! and stream.
//!
//! `clients.py` beside this file does the calls and checks what comes back. They run with the Python
//! that `MINNOW_PYTHON` names, or `python3`; without it, or without a library, the test says so and
//! passes.

#[path = "../support/folder.rs"]
mod folder;
#[path = "../support/process.rs"]
mod process;

use folder::Folder;
use process::Process;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(30);

fn python() -> Command {
    let name = std::env::var_os("MINNOW_PYTHON").unwrap_or_else(|| "python3".into());
    let mut command = Command::new(name);
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/venue_clients/clients.py"));
    command
}

/// Whether a library is there; otherwise says that its test is skipped.
fn is_available(library: &str) -> bool {
    let output = python().arg("available").output();
    let text = output.map_or_else(
        |_| String::new(),
        |o| String::from_utf8_lossy(&o.stdout).into_owned(),
    );
    let found = text.lines().any(|line| line == library);
    if !found {
        eprintln!("no Python with {library}: SKIPPED");
    }
    found
}

/// Starts a venue; returns it with its folder and port.
fn venue(folder: &Folder) -> (Process, PathBuf, String) {
    let path = folder.path().join("venue");
    let mut command = Command::new(env!("CARGO_BIN_EXE_minnow"));
    command.env_clear().current_dir(folder.path()).args([
        "venue",
        "--port",
        "0",
        "--folder",
        "venue",
        "--history",
        "2",
    ]);
    let process = Process::start_silent(command);
    let deadline = Instant::now() + PATIENCE;
    loop {
        let text = std::fs::read_to_string(path.join("venue.env")).unwrap_or_default();
        let url = text
            .lines()
            .find_map(|line| line.strip_prefix("EXCHANGE__BASE_URL="));
        if let Some((_, port)) = url.and_then(|url| url.rsplit_once(':')) {
            return (process, path, port.to_owned());
        }
        assert!(Instant::now() < deadline, "the venue says where it listens");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn run(library: &str) {
    if !is_available(library) {
        return;
    }
    let folder = Folder::new();
    let (_process, path, port) = venue(&folder);
    let output = python()
        .arg(library)
        .arg(&path)
        .arg(&port)
        .env("REQUESTS_CA_BUNDLE", path.join("certificate.pem"))
        .env("SSL_CERT_FILE", path.join("certificate.pem"))
        .output()
        .expect("Python runs");
    let told = String::from_utf8_lossy(&output.stdout);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}\n{error}");
    assert!(
        told.lines().any(|line| line == format!("ok {library}")),
        "{told}\n{error}"
    );
}

#[test]
fn the_exchanges_own_python_library_trades_on_the_venue() {
    run("sdk");
}

#[test]
fn ccxt_trades_on_the_venue() {
    run("ccxt");
}

#[test]
fn ccxt_watches_the_market_and_its_orders_on_the_venue() {
    run("ccxt.pro");
}
