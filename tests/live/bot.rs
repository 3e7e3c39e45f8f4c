//! A bot under test: its folder, its settings, its process, its control socket, its ledger.

use crate::eager::EAGER;
use crate::folder::Folder;
use crate::process::Process;
use crate::venue::Venue;
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What only a broken bot does not reach.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// What this bot has beside the eager settings: three symbols and room for many small orders.
const BESIDE: &[&str] = &[
    "trading.symbols=BTC-USD,ETH-USD,SOL-USD",
    "trading.max_size_pct=0.5",
    "market_data.close_grace_ms=50",
    "risk.order_rate=1000",
];

/// A folder with everything that a bot needs and leaves behind.
pub struct Desk {
    pub folder: Folder,
    settings: Vec<String>,
    environment: Vec<(String, String)>,
    client: Option<PathBuf>,
}

impl Desk {
    /// A bot that trades on paper with the data of this venue.
    pub fn paper(venue: &Venue) -> Self {
        let settings = EAGER.iter().chain(BESIDE);
        let settings = settings.map(|setting| (*setting).to_owned()).collect();
        Self {
            folder: Folder::new(),
            settings,
            environment: Vec::new(),
            client: Some(venue.settings_file()),
        }
    }

    /// A bot whose orders go to this venue.
    pub fn real(venue: &Venue) -> Self {
        Self::paper(venue).with("system.dry_run=false")
    }

    /// A further setting; the last one of a key counts.
    pub fn with(mut self, setting: &str) -> Self {
        let (key, _) = setting.split_once('=').expect("KEY=VALUE");
        let prefix = format!("{key}=");
        self.settings.retain(|known| !known.starts_with(&prefix));
        self.settings.push(setting.to_owned());
        self
    }

    pub fn environment(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Without the venue's address and keys, but with what is in this file.
    pub fn client(mut self, file: PathBuf) -> Self {
        self.client = Some(file);
        self
    }

    /// minnow with this desk's settings.
    pub fn minnow(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_minnow"));
        command
            .env_clear()
            .envs(self.environment.iter().cloned())
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .args(arguments);
        if let Some(file) = &self.client {
            command.arg("--env-file").arg(file);
        }
        for setting in &self.settings {
            command.args(["--set", setting]);
        }
        command
    }

    /// Starts trading and waits until the session has begun.
    pub fn start(&self) -> Bot {
        self.start_to("session begins")
    }

    /// Starts trading and waits for a line with this in it.
    pub fn start_to(&self, line: &str) -> Bot {
        let process = Process::start(self.minnow(&["trade"]), line);
        let socket = self.folder.file("data/control.sock");
        Bot { process, socket }
    }

    /// Runs a verb to its end: status, stdout, stderr.
    pub fn run(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        ended(self.minnow(arguments))
    }

    /// The ledger of a mode, to be read while the bot writes.
    pub fn ledger(&self, mode: &str) -> Connection {
        let path = self.folder.file(&format!("data/{mode}.sqlite"));
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let ledger = Connection::open_with_flags(&path, flags).expect("the ledger opens");
        ledger.busy_timeout(PATIENCE).expect("a time-out");
        ledger
    }

    /// Recorded sessions, oldest first.
    pub fn recordings(&self) -> Vec<PathBuf> {
        let folder = self.folder.file("data/recordings");
        let mut found: Vec<PathBuf> = std::fs::read_dir(&folder)
            .expect("sessions are recorded")
            .map(|entry| entry.expect("it can be read").path())
            .collect();
        found.sort();
        found
    }

    /// Replays the last session, which compares each state hash that was recorded; the last one, as it
    /// was printed when the session stopped, must come again.
    pub fn replay_is_identical(&self, hash: &str) {
        let recording = self.recordings().pop().expect("a session was recorded");
        let path = recording.display().to_string();
        let (status, _, stderr) = self.run(&["inspect", &path]);
        assert_eq!(status, Some(0), "{stderr}");
        let mut replay = self.minnow(&["replay", &path]);
        // A replay is never live; of the keys and addresses it needs none.
        replay.args(["--set", "system.dry_run=true"]);
        let (status, stdout, stderr) = ended(replay);
        assert_eq!(status, Some(0), "{stderr}");
        let told = stdout
            .lines()
            .find_map(|line| line.trim().strip_prefix("state hash"));
        assert_eq!(told.map(str::trim), Some(hash), "{stderr}\n{stdout}");
        assert!(
            stderr.contains("identical to the recording"),
            "{stderr}\n{stdout}"
        );
    }
}

/// Runs a command to its end: status, stdout, stderr.
fn ended(mut command: Command) -> (Option<i32>, String, String) {
    let output = command.output().expect("minnow starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let status = output.status.code();
    (status, text(&output.stdout), text(&output.stderr))
}

/// A bot that trades; it is killed with the test.
pub struct Bot {
    pub process: Process,
    socket: PathBuf,
}

impl Bot {
    /// What a line on the control socket is answered with.
    pub fn tell(&self, request: &Value) -> Value {
        let mut stream = UnixStream::connect(&self.socket).expect("the bot listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a time-out");
        // In one piece: each would wake the loop.
        let request = format!("{request}\n");
        stream.write_all(request.as_bytes()).expect("it reads");
        let mut line = String::new();
        let mut reader = BufReader::new(stream);
        reader.read_line(&mut line).expect("it answers");
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }

    /// The whole status.
    pub fn status(&self) -> Value {
        let answer = self.tell(&json!({"command": "status"}));
        assert_eq!(answer["ok"], true, "{answer}");
        answer["status"].clone()
    }

    /// The session's part of the status.
    pub fn session(&self) -> Value {
        self.status()["details"]["session"].clone()
    }

    /// Asks until the session's status satisfies the condition.
    pub fn until(&mut self, what: &str, condition: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let session = self.session();
            if condition(&session) {
                return session;
            }
            assert!(
                Instant::now() < deadline,
                "never came to `{what}`: {session:#}\n{:#?}",
                self.process.lines_with("")
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Waits until it has filled so many orders.
    pub fn until_fills(&mut self, count: u64) -> Value {
        self.until("fills", |session| {
            session["fills"]
                .as_u64()
                .is_some_and(|fills| fills >= count)
        })
    }

    /// Ends it in order, with exit status 0; the state hash that it prints.
    pub fn stop(self) -> String {
        self.stop_with(0)
    }

    /// The same with another exit status.
    pub fn stop_with(mut self, status: i32) -> String {
        self.process.signal(libc::SIGTERM);
        let ended = self.process.wait().code();
        assert_eq!(ended, Some(status), "{:#?}", self.process.lines_with(""));
        let lines = self.process.lines_with("state hash ");
        let hash = lines
            .last()
            .and_then(|line| line.split_whitespace().nth(2))
            .unwrap_or_else(|| panic!("a state hash: {:#?}", self.process.lines_with("")));
        hash.to_owned()
    }

    /// Ends it without a word.
    pub fn kill(mut self) {
        self.process.signal(libc::SIGKILL);
        self.process.wait();
    }
}

/// The connection of this role in a session's status.
pub fn connection<'a>(session: &'a Value, role: &str) -> &'a Value {
    session["connections"]
        .as_array()
        .and_then(|all| all.iter().find(|connection| connection["role"] == role))
        .unwrap_or_else(|| panic!("connection {role} in {session:#}"))
}

/// Every connection is subscribed and every symbol has live data.
pub fn is_whole(session: &Value) -> bool {
    let all = |list: &Value, condition: &dyn Fn(&Value) -> bool| {
        list.as_array()
            .is_some_and(|list| !list.is_empty() && list.iter().all(condition))
    };
    all(&session["connections"], &|c| c["stage"] == "subscribed")
        && all(&session["symbols"], &|symbol| symbol["fresh"] == true)
}
