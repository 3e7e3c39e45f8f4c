//! `minnow status` and `minnow ctl`: what a running bot does, and commands to it, by its control
//! socket.

use super::{Common, Exit, Failure, sources};
use crate::config::Effective;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long the bot may take to answer: it answers between two turns of its loop.
const PATIENCE: Duration = Duration::from_secs(5);
/// Longest answer that is read.
const ANSWER_MAX: u64 = 4 << 20;

#[derive(Clone, Debug, Default, clap::Args)]
pub struct StatusArguments {
    /// Only say whether a bot runs and answers: status 0 when it does, 1 when not
    #[arg(long)]
    pub live: bool,
}

/// What may be told to a running bot.
#[derive(Clone, Debug, clap::Args)]
pub struct ControlArguments {
    #[command(subcommand)]
    pub command: Control,
}

#[derive(Clone, Debug, clap::Subcommand)]
pub enum Control {
    /// No entries until resumed; exits go on
    Pause,
    /// Entries again; also ends an emergency stop
    Resume {
        /// Why, at least 8 characters; needed after an emergency stop
        #[arg(long, default_value = "")]
        reason: String,
    },
    /// No entries until resumed with a reason, also after a restart
    EmergencyStop {
        /// Also close every position at market
        #[arg(long)]
        close: bool,
    },
    /// End in order, as SIGTERM does
    Stop,
}

impl Control {
    fn request(&self) -> Value {
        match self {
            Self::Pause => json!({ "command": "pause" }),
            Self::Resume { reason } => json!({ "command": "resume", "reason": reason }),
            Self::EmergencyStop { close } => {
                json!({ "command": "emergency_stop", "close": close })
            }
            Self::Stop => json!({ "command": "stop" }),
        }
    }
}

/// Shows what the running bot does.
///
/// # Errors
/// No bot runs in this data directory, or it does not answer (1).
pub fn status(common: &Common, arguments: &StatusArguments) -> Result<Exit, Failure> {
    let effective = sources::configuration(common)?;
    let answer = ask(&socket(&effective), &json!({ "command": "status" }))?;
    let status = &answer["status"];
    if arguments.live {
        return Ok(Exit::Success);
    }
    let text = if common.json {
        status.to_string()
    } else {
        in_words(status)
    };
    super::report::print(&format!("{}\n", text.trim_end()))?;
    Ok(Exit::Success)
}

/// Tells the running bot something.
///
/// # Errors
/// No bot runs in this data directory, it does not answer, or it refuses (1).
pub fn control(common: &Common, arguments: &ControlArguments) -> Result<Exit, Failure> {
    let effective = sources::configuration(common)?;
    let answer = ask(&socket(&effective), &arguments.command.request())?;
    super::report::print(&format!("{answer}\n"))?;
    Ok(Exit::Success)
}

/// Where a bot of this data directory listens.
pub fn socket(effective: &Effective) -> PathBuf {
    Path::new(effective.text("data.directory")).join("control.sock")
}

/// One request and its answer.
///
/// # Errors
/// Nobody listens, nobody answers in time, or the answer is a refusal.
pub fn ask(path: &Path, request: &Value) -> Result<Value, Failure> {
    let named = |error: std::io::Error| {
        let what = match error.kind() {
            ErrorKind::NotFound | ErrorKind::ConnectionRefused => {
                "no running bot of this data directory".to_owned()
            }
            ErrorKind::WouldBlock | ErrorKind::TimedOut => {
                format!("the bot does not answer within {} s", PATIENCE.as_secs())
            }
            _ => error.to_string(),
        };
        Failure::run_time(format!("{}: {what}", path.display()))
    };
    let mut stream = UnixStream::connect(path).map_err(named)?;
    stream
        .set_read_timeout(Some(PATIENCE))
        .and_then(|()| stream.set_write_timeout(Some(PATIENCE)))
        .and_then(|()| writeln!(stream, "{request}"))
        .map_err(named)?;
    let mut line = String::new();
    BufReader::new(stream.take(ANSWER_MAX))
        .read_line(&mut line)
        .map_err(named)?;
    let answer: Value = serde_json::from_str(&line).map_err(|error| {
        Failure::run_time(format!("{}: answer is no JSON: {error}", path.display()))
    })?;
    if answer["ok"] != json!(true) {
        let text = answer["error"].as_str().unwrap_or("refused");
        return Err(Failure::run_time(text));
    }
    Ok(answer)
}

/// The parts that a person looks for first.
fn in_words(status: &Value) -> String {
    let session = &status["details"]["session"];
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Null => "-".to_owned(),
        other => other.to_string(),
    };
    let uptime = status["uptime_ms"].as_u64().unwrap_or(0) / 1000;
    let mut lines = vec![
        format!(
            "{}, running for {uptime} s, process {}, {} threads",
            text(&session["execution"]),
            text(&status["pid"]),
            text(&status["threads"])
        ),
        format!(
            "equity {}  decisions {}  orders {}  fills {}",
            text(&session["equity"]),
            text(&session["decisions"]),
            text(&session["orders"]),
            text(&session["fills"])
        ),
    ];
    for symbol in session["symbols"].as_array().into_iter().flatten() {
        lines.push(format!(
            "  {:<18} last {:<14} candles {:<6} {}  position {}",
            text(&symbol["symbol"]),
            text(&symbol["last"]),
            text(&symbol["candles"]),
            if symbol["fresh"] == json!(true) {
                "live "
            } else {
                "stale"
            },
            text(&symbol["position"])
        ));
    }
    for connection in session["connections"].as_array().into_iter().flatten() {
        lines.push(format!(
            "  {:<18} {}, {} messages, lost {} times",
            text(&connection["role"]),
            text(&connection["stage"]),
            text(&connection["messages"]),
            text(&connection["lost"])
        ));
    }
    lines.join("\n")
}
