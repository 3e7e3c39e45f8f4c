//! From configuration to an exchange that can be asked: codec, TLS, names, REST calls.

use super::logging::start_log;
use super::replay::loop_settings;
use super::trade::{mode_of, note};
use super::{Exit, Failure};
use crate::config::Effective;
use crate::core::units::{Span, Timestamp};
use crate::exchange::calls::{Call, CallAnswer, FailureKind};
use crate::exchange::orders::Product;
use crate::exchange::{Access, ExchangeCodec, build};
use crate::net::{HttpClient, NameCache, TlsConfig, client_config};
use crate::runtime::journal::Journal;
use crate::runtime::live::calls::caller::CallTrouble;
use crate::runtime::live::{Answered, Inquiry, Patience, Reception, Window};
use crate::runtime::signals::Signal;
use crate::runtime::systemd::{Notifier, NotifyVariables};
use crate::runtime::{EventLoop, LoopSettings};
use crate::store::ledger::{EXCHANGE_QUIET, Reader, mode_path};
use std::path::Path;
use std::time::Duration;

/// How long calls that only ask are waited for once nobody wants their answers.
const JOIN: Duration = Duration::from_millis(500);

/// An exchange as the configuration names it.
pub struct Exchange {
    pub codec: Box<dyn ExchangeCodec>,
    pub tls: TlsConfig,
    pub names: NameCache,
    pub client: HttpClient,
    pub call_limit: Span,
    /// A key is set: the account can be asked about.
    pub has_key: bool,
    /// An earlier process was asked for quiet until then, by our clock.
    pub quiet_until: Option<Timestamp>,
    /// Where it is kept that this process is asked for quiet.
    pub journal: Option<Journal>,
    /// Where a start is seen and told things while it asks.
    pub reception: Option<Reception>,
    /// Why the last questions were left out, where some were.
    pub left_out: Option<String>,
}

/// The pair of secrets that makes the key, where one is set.
fn key(effective: &Effective) -> Option<(&str, &str)> {
    let name = effective.secret("exchange.cdp_api_key_name")?;
    let private = effective.secret("exchange.cdp_private_key")?;
    Some((name.expose(), private.expose()))
}

impl Exchange {
    /// `with_key`: false for what needs only public data, so that a wrong key is no obstacle.
    ///
    /// # Errors
    /// An exchange that is not built, an address, key or certificate file that is none (78).
    pub fn open(effective: &Effective, with_key: bool) -> Result<Self, Failure> {
        let wrong = |text: String| Failure::new(Exit::Configuration, format!("config: {text}"));
        let name = effective.text("exchange.name");
        let key = key(effective).filter(|_| with_key);
        let access = Access {
            rest: effective.text("exchange.base_url"),
            stream: effective.text("exchange.ws_url"),
            key,
        };
        let codec = build(name, access).map_err(wrong)?;
        let ca_file = effective.text("exchange.ca_file");
        let ca_file = (!ca_file.is_empty()).then(|| Path::new(ca_file));
        let tls = client_config(ca_file).map_err(wrong)?;
        let names = NameCache::default();
        let pool = effective.count("exchange.connection_pool_size");
        let call_limit = effective
            .seconds("exchange.timeout_seconds")
            .min(effective.seconds("system.async_timeout"))
            .min(effective.seconds("functional_programming.effect_timeout"));
        Ok(Self {
            codec,
            client: HttpClient::new(tls.clone(), names.clone(), pool),
            tls,
            names,
            call_limit,
            has_key: key.is_some(),
            quiet_until: None,
            journal: None,
            reception: None,
            left_out: None,
        })
    }

    /// Keeps the quiet that the exchange asked the bot of this configuration for. A ledger that is not
    /// there, or cannot be read, is no obstacle: what only asks needs none.
    pub fn heed_the_bots_quiet(&mut self, effective: &Effective) {
        let data = Path::new(effective.text("data.directory"));
        let ledger = Reader::open(&mode_path(data, mode_of(effective)));
        self.quiet_until = ledger
            .and_then(|ledger| ledger.limit_until(EXCHANGE_QUIET))
            .unwrap_or_default();
    }

    /// Puts questions and waits for the answers, signals served.
    ///
    /// # Errors
    /// The loop cannot be set up, a stop signal came (130), or the time was up (3).
    pub fn ask(
        self,
        effective: &Effective,
        questions: Vec<Call>,
        patience: Patience,
    ) -> Result<(Self, Vec<Answered>), Failure> {
        let Self {
            codec,
            tls,
            names,
            client,
            call_limit,
            has_key,
            quiet_until,
            journal,
            reception,
            ..
        } = self;
        let mut inquiry = Inquiry::new(codec, client.clone(), call_limit, questions, patience);
        if let Some(until) = quiet_until {
            inquiry.stay_quiet(until);
        }
        let writes = journal.is_some();
        if let Some(journal) = journal {
            inquiry.remember_in(journal);
        }
        match reception {
            Some(reception) => inquiry.receive(reception),
            // Nobody else says what is waited for.
            None => inquiry.announce(note),
        }
        if !patience.asks_once() {
            let notifier = Notifier::new(&notify_variables(), std::process::id());
            inquiry.tell(notifier, effective.flag("system.dry_run"));
        }
        let machine = EventLoop::new(asking(effective, patience, writes))
            .map_err(|error| Failure::run_time(format!("cannot set up the event loop: {error}")))?;
        machine
            .run(&mut inquiry)
            .map_err(|error| Failure::run_time(format!("the event loop failed: {error}")))?;
        let gave_up = inquiry.gave_up();
        let left_out = inquiry.left_out();
        let journal = inquiry.take_journal();
        let reception = inquiry.take_reception();
        let (codec, answers, stopped) = inquiry.into_parts();
        if let Some(signal) = stopped {
            let kept = reception.as_ref().map(Reception::kept);
            return Err(interrupted(signal, &kept.unwrap_or_default()));
        }
        if gave_up {
            return Err(Failure::new(
                Exit::Unresolved,
                "the exchange did not answer in time: what is open is not known",
            ));
        }
        let exchange = Self {
            codec,
            tls,
            names,
            client,
            call_limit,
            has_key,
            quiet_until,
            journal,
            reception,
            left_out,
        };
        Ok((exchange, answers))
    }
}

/// Settings of the loop that asks. A call that hangs must not make the time longer that was given; it
/// changes nothing, where the ledger is not written.
fn asking(effective: &Effective, patience: Patience, writes: bool) -> LoopSettings {
    let mut settings = loop_settings(effective);
    if patience.end().is_some() && !writes {
        settings.executor_shutdown_timeout = JOIN;
    }
    settings
}

/// What was taken for the session that now does not begin is named.
fn interrupted(signal: Signal, kept: &[&str]) -> Failure {
    let lost = match kept {
        [] => String::new(),
        kept => format!("; not carried out: {}", kept.join(", ")),
    };
    let text = format!(
        "stopped by {} before the exchange answered{lost}",
        signal.name()
    );
    Failure::new(Exit::Interrupted, text)
}

/// Asks the exchange about the account, with the key and the exchange's time; answers in the order of
/// the questions, lists with all of their pages.
///
/// # Errors
/// There is no key (78); the loop cannot be set up; a stop signal came (130).
pub fn ask_account(
    effective: &Effective,
    questions: impl IntoIterator<Item = Call>,
) -> Result<Vec<Answered>, Failure> {
    let mut exchange = Exchange::open(effective, true)?;
    if !exchange.has_key {
        return Err(Failure::new(
            Exit::Configuration,
            "config: exchange.cdp_api_key_name, exchange.cdp_private_key: the account is asked \
             about with a key; set EXCHANGE__CDP_API_KEY_NAME and EXCHANGE__CDP_PRIVATE_KEY",
        ));
    }
    start_log(effective)?;
    exchange.heed_the_bots_quiet(effective);
    let questions = std::iter::once(Call::ServerTime).chain(questions).collect();
    let (_, answers) = exchange.ask(effective, questions, Patience::Once)?;
    Ok(answers)
}

/// The limits that our own requests keep.
pub fn request_windows(effective: &Effective) -> Vec<Window> {
    let mut windows = vec![Window {
        requests: effective.count("exchange.rate_limit_requests"),
        span: effective.seconds("exchange.rate_limit_window_seconds"),
    }];
    for (key, seconds) in [
        ("exchange.rate_limit_per_second", 1),
        ("exchange.rate_limit_per_minute", 60),
        ("exchange.rate_limit_per_hour", 3600),
    ] {
        if let Some(requests) = effective.optional_integer(key) {
            windows.push(Window {
                requests: usize::try_from(requests).unwrap_or(1),
                span: Span::from_secs(seconds),
            });
        }
    }
    windows
}

/// Names of derivatives have a third part: their expiry, or PERP.
pub fn has_derivatives(symbols: &[&str]) -> bool {
    symbols.iter().any(|symbol| symbol.matches('-').count() > 1)
}

/// The question for the products of these symbols.
pub fn products_call(symbols: &[&str]) -> Call {
    Call::Products {
        ids: symbols.iter().map(|symbol| (*symbol).to_owned()).collect(),
        futures: has_derivatives(symbols),
    }
}

/// The products of the configured symbols, in their order.
///
/// # Errors
/// The exchange refuses the question (1), or does not have a symbol (78).
pub fn products_of(symbols: &[&str], answers: &[Answered]) -> Result<Vec<Product>, Failure> {
    let mut known: Vec<&Product> = Vec::new();
    for answer in answers {
        match (&answer.call, &answer.result) {
            (Call::Products { .. }, Ok(CallAnswer::Products { products, .. })) => {
                known.extend(products);
            }
            (Call::Products { ids, .. }, Err(CallTrouble::Refused(failure)))
                if matches!(failure.kind, FailureKind::NotFound | FailureKind::Invalid) =>
            {
                return Err(Failure::new(
                    Exit::Configuration,
                    format!(
                        "config: trading.symbols: {}: the exchange does not know all of them ({})",
                        ids.join(", "),
                        failure.text
                    ),
                ));
            }
            (Call::Products { .. }, Err(trouble)) => return Err(refused("products", trouble)),
            _ => {}
        }
    }
    symbols
        .iter()
        .map(|symbol| {
            known
                .iter()
                .find(|product| product.id == *symbol || product.alias.as_deref() == Some(*symbol))
                .map(|product| (*product).clone())
                .ok_or_else(|| {
                    Failure::new(
                        Exit::Configuration,
                        format!(
                            "config: trading.symbols: {symbol} is no product of the exchange; \
                             expected one of its {} as it lists them",
                            known.len()
                        ),
                    )
                })
        })
        .collect()
}

/// A question that was refused, as a failure of the verb.
pub fn refused(what: &str, trouble: &CallTrouble) -> Failure {
    let hint = match trouble {
        CallTrouble::Refused(failure) if failure.kind == FailureKind::Unauthorized => {
            ": the exchange refuses the key; expected one that it knows, with its private part, and a \
             clock that is right"
        }
        _ => "",
    };
    Failure::run_time(format!("{what}: {trouble}{hint}"))
}

/// Who started the process and wants to hear of it.
pub(super) fn notify_variables() -> NotifyVariables {
    let variable = |name: &str| std::env::var(name).ok();
    NotifyVariables {
        socket: variable("NOTIFY_SOCKET"),
        watchdog_usec: variable("WATCHDOG_USEC"),
        watchdog_pid: variable("WATCHDOG_PID"),
    }
}
