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
    /// No entries until resumed with a reason, also after a restart; closes positions as
    /// `risk.emergency_close` says
    EmergencyStop {
        /// Close every position at market, whatever `risk.emergency_close` says
        #[arg(long, conflicts_with = "keep")]
        close: bool,
        /// Leave positions and their protective orders, whatever `risk.emergency_close` says
        #[arg(long)]
        keep: bool,
    },
    /// End in order, as SIGTERM does
    Stop,
}

impl Control {
    fn request(&self) -> Value {
        match self {
            Self::Pause => json!({ "command": "pause" }),
            Self::Resume { reason } => json!({ "command": "resume", "reason": reason }),
            Self::EmergencyStop { close: true, .. } => {
                json!({ "command": "emergency_stop", "close": true })
            }
            Self::EmergencyStop { keep: true, .. } => {
                json!({ "command": "emergency_stop", "close": false })
            }
            Self::EmergencyStop { .. } => json!({ "command": "emergency_stop" }),
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
    match Bot::reach(path)? {
        Some(mut bot) => bot.ask(request),
        None => Err(Failure::run_time(format!(
            "{}: no running bot of this data directory",
            path.display()
        ))),
    }
}

/// A running bot, at the other end of its control socket.
#[derive(Debug)]
pub struct Bot {
    path: PathBuf,
    stream: BufReader<UnixStream>,
}

impl Bot {
    /// `None`: no bot runs.
    ///
    /// # Errors
    /// The system refuses for another reason.
    pub fn reach(path: &Path) -> Result<Option<Self>, Failure> {
        match UnixStream::connect(path) {
            Ok(stream) => Ok(Some(Self {
                path: path.to_owned(),
                stream: BufReader::new(stream),
            })),
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::NotFound | ErrorKind::ConnectionRefused
                ) =>
            {
                Ok(None)
            }
            Err(error) => Err(Failure::run_time(format!("{}: {error}", path.display()))),
        }
    }

    fn trouble(&self, what: impl std::fmt::Display) -> Failure {
        Failure::run_time(format!("{}: {what}", self.path.display()))
    }

    fn io(&self, error: &std::io::Error) -> Failure {
        match error.kind() {
            ErrorKind::WouldBlock | ErrorKind::TimedOut => self.trouble(format!(
                "the bot does not answer within {} s",
                PATIENCE.as_secs()
            )),
            _ => self.trouble(error),
        }
    }

    /// Asks something; what is no `"ok": true` is a failure.
    ///
    /// # Errors
    /// No answer in time, or a refusal.
    pub fn ask(&mut self, request: &Value) -> Result<Value, Failure> {
        let mut line = String::new();
        // In one piece: each would wake the bot.
        let question = format!("{request}\n");
        let socket = self.stream.get_mut();
        let asked = socket
            .set_read_timeout(Some(PATIENCE))
            .and_then(|()| socket.set_write_timeout(Some(PATIENCE)))
            .and_then(|()| socket.write_all(question.as_bytes()))
            .and_then(|()| (&mut self.stream).take(ANSWER_MAX).read_line(&mut line));
        if let Err(error) = asked {
            return Err(self.io(&error));
        }
        let answer: Value = serde_json::from_str(&line)
            .map_err(|error| self.trouble(format!("answer is no JSON: {error}")))?;
        if answer["ok"] != json!(true) {
            let text = answer["error"].as_str().unwrap_or("refused");
            return Err(Failure::run_time(text));
        }
        Ok(answer)
    }

    /// Lets time pass; notices when the bot ends meanwhile. A bot that gave the place to somebody else is
    /// reached anew.
    ///
    /// # Errors
    /// The bot has ended.
    pub fn wait(&mut self, time: Duration) -> Result<(), Failure> {
        if self.pass(time)? {
            return Ok(());
        }
        *self = Self::reach(&self.path)?.ok_or_else(|| self.trouble("the bot has ended"))?;
        self.pass(time).map(|_| ())
    }

    /// Lets time pass; `false`: the connection was closed meanwhile.
    fn pass(&mut self, time: Duration) -> Result<bool, Failure> {
        let timed = self.stream.get_ref().set_read_timeout(Some(time));
        let came = timed.and_then(|()| self.stream.fill_buf().map(<[u8]>::is_empty));
        match came {
            // It says nothing without being asked.
            Ok(is_closed) => Ok(!is_closed),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                Ok(true)
            }
            Err(error) => Err(self.io(&error)),
        }
    }
}

/// Clients of the control socket that were closed, where there were any.
fn clients_closed(session: &Value) -> Option<String> {
    let counts = &session["control"]["counts"];
    let count = |name: &str| counts[name].as_u64().unwrap_or(0);
    let told = [
        ("idle", "silent"),
        ("gave_way", "to make room"),
        ("overflowed", "for too much at once"),
        ("strangers", "of another user"),
    ];
    let told = told.map(|(name, why)| (count(name), why));
    let told = told.iter().filter(|(count, _)| *count > 0);
    let told: Vec<String> = told.map(|(count, why)| format!("{count} {why}")).collect();
    let text = told.join(", ");
    (!told.is_empty()).then(|| format!("  {:<18} clients closed: {text}", "control socket"))
}

/// A bot that has no session yet.
fn start_in_words(status: &Value, starting: &Value) -> String {
    let seconds = starting["for_seconds"].as_u64().unwrap_or(0);
    let waits_for = starting["waits_for"].as_str().unwrap_or("-");
    let left = starting["seconds_left"].as_u64();
    let left = left.map_or_else(String::new, |left| format!(", {left} s left"));
    let mut lines = vec![format!(
        "starting for {seconds} s, no session yet, process {}: {waits_for}{left}",
        status["pid"]
    )];
    let kept = starting["kept"].as_array().into_iter().flatten();
    let kept: Vec<&str> = kept.filter_map(Value::as_str).collect();
    if !kept.is_empty() {
        lines.push(format!(
            "taken, acts when the session begins: {}",
            kept.join(", ")
        ));
    }
    lines.extend(clients_closed(starting));
    lines.join("\n")
}

/// A value as it is shown.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "-".to_owned(),
        other => other.to_string(),
    }
}

fn symbol_in_words(symbol: &Value) -> String {
    format!(
        "  {:<18} last {:<14} candles {:<6} {}  position {}{}",
        text(&symbol["symbol"]),
        text(&symbol["last"]),
        text(&symbol["candles"]),
        if symbol["fresh"] == json!(true) {
            "live "
        } else {
            "stale"
        },
        text(&symbol["position"]),
        match symbol["entries_blocked"].as_str() {
            Some(reason) => format!("  no entry: {reason}"),
            None => String::new(),
        }
    )
}

/// The parts that a person looks for first.
fn in_words(status: &Value) -> String {
    let starting = &status["details"]["starting"];
    if starting.is_object() {
        return start_in_words(status, starting);
    }
    let session = &status["details"]["session"];
    let uptime = status["uptime_ms"].as_u64().unwrap_or(0) / 1000;
    let halted = match session["emergency_stop"].as_str() {
        Some(trigger) => format!(", EMERGENCY STOP ({trigger})"),
        None => String::new(),
    };
    let mut lines = vec![
        format!(
            "{}, {}{halted}, up {uptime} s, process {}, {} threads",
            text(&session["execution"]),
            text(&session["mode"]),
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
    let symbols = session["symbols"].as_array().into_iter().flatten();
    lines.extend(symbols.map(symbol_in_words));
    let books = &session["book_calls"];
    if books.is_object() {
        lines.push(format!(
            "  {:<18} {} asked for, {} taken, {} failed, {} too old",
            "books by REST",
            text(&books["asked"]),
            text(&books["taken"]),
            text(&books["failed"]),
            text(&books["stale"])
        ));
    }
    lines.extend(clients_closed(session));
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
