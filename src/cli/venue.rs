//! `minnow venue`: an exchange on this machine that speaks the protocol of Coinbase Advanced Trade.
//!
//! Listens on a loopback address only: its keys lie in its folder, and its faults need none.

use super::logging::start_log;
use super::{Common, Exit, Failure, sources};
use crate::config::Effective;
use crate::core::market::{Instrument, ProductKind};
use crate::core::units::{Decimal, Price, Rounding};
use crate::runtime::{EventLoop, LoopSettings, clock};
use crate::venue::contract::nano_bitcoin;
use crate::venue::faults::{Fault, Faults};
use crate::venue::limits::{PRIVATE_A_SECOND, PUBLIC_A_SECOND, RateLimits};
use crate::venue::market::random::{HISTORY_MAX_HOURS, HOUR};
use crate::venue::market::{Derived, Playback, RandomMarket, recorded};
use crate::venue::matching::LEVELS;
use crate::venue::product::{BUILT_IN_MAX, Product, built_in};
use crate::venue::server::keys::random_u64;
use crate::venue::server::source::Source;
use crate::venue::world::{Permissions, Start, World};
use crate::venue::{Folder, Settings, VenueServer};
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

#[derive(Clone, Debug, clap::Args)]
pub struct Arguments {
    /// Port on 127.0.0.1; 0: any free one
    #[arg(
        long,
        default_value_t = 8443,
        value_name = "PORT",
        conflicts_with = "listen"
    )]
    pub port: u16,
    /// Another loopback address to listen on
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = loopback)]
    pub listen: Option<SocketAddr>,
    /// Folder of certificate and keys [default: venue in the data directory]
    #[arg(long, value_name = "FOLDER")]
    pub folder: Option<PathBuf>,
    /// Seed of the random market
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub seed: u64,
    /// Products of the random market: BTC-USD, ETH-USD, SOL-USD and further ones
    #[arg(long, default_value_t = 3, value_name = "N", conflicts_with = "recording",
          value_parser = clap::value_parser!(u8).range(1..=i64::from(BUILT_IN_MAX)))]
    pub products: u8,
    /// Hours that are past when the venue starts: made by the seed, or the recording's first ones
    #[arg(long, value_name = "HOURS", value_parser = clap::value_parser!(u32).range(0..=i64::from(HISTORY_MAX_HOURS)))]
    pub history: Option<u32>,
    /// Levels that each book has on either side; with more they lie closer, as far as the tick allows
    #[arg(long, default_value_t = LEVELS, value_name = "N", value_parser = clap::value_parser!(u16).range(i64::from(LEVELS)..=20_000))]
    pub levels: u16,
    /// List a US perpetual-style bitcoin contract too, whose market follows BTC-USD
    #[arg(long)]
    pub futures: bool,
    /// Play this recording instead of a random market
    #[arg(long, value_name = "FILE")]
    pub recording: Option<PathBuf>,
    /// Play it N times as fast as it happened
    #[arg(long, default_value = "1", value_name = "N", value_parser = speed, requires = "recording")]
    pub speed: f64,
    /// Stop at its end instead of beginning again
    #[arg(long, requires = "recording")]
    pub once: bool,
    /// What the account begins with; may be given several times [default: USD=100000]
    #[arg(long = "balance", value_name = "CURRENCY=AMOUNT", value_parser = balance)]
    pub balances: Vec<(String, Decimal)>,
    /// Let something go wrong: NAME[,chance=0..1][,count=N][,after=N][,ms=N][,status=N][,path=P]
    #[arg(long = "fault", value_name = "FAULT", value_parser = Fault::parse)]
    pub faults: Vec<Fault>,
    /// Seed of the chances of faults
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub fault_seed: u64,
    /// Grant any number of requests
    #[arg(long)]
    pub no_rate_limit: bool,
    /// The keys may look, not trade
    #[arg(long)]
    pub view_only: bool,
    /// The keys say that they may withdraw, as a careful client refuses
    #[arg(long)]
    pub key_can_transfer: bool,
    /// Answer a repeated client order id with its order instead of a refusal
    #[arg(long)]
    pub answer_repeated_ids: bool,
}

fn loopback(text: &str) -> Result<SocketAddr, String> {
    text.parse()
        .ok()
        .filter(|address: &SocketAddr| address.ip().is_loopback())
        .ok_or_else(|| "expected a loopback address with a port, such as 127.0.0.1:8443".to_owned())
}

fn speed(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|speed: &f64| (0.001..=100_000.0).contains(speed))
        .ok_or_else(|| "expected 0.001 to 100000".to_owned())
}

fn balance(text: &str) -> Result<(String, Decimal), String> {
    let wrong = || "expected CURRENCY=AMOUNT, such as USD=100000".to_owned();
    let (currency, amount) = text.split_once('=').ok_or_else(wrong)?;
    let is_code = (1..=10).contains(&currency.len())
        && currency
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    let amount = Decimal::parse_plain(amount).map_err(|_| wrong())?;
    let fits = !amount.is_negative() && amount <= Decimal::from_int(1_000_000_000_000);
    if is_code && fits {
        Ok((currency.to_owned(), amount))
    } else {
        Err(wrong())
    }
}

/// Runs the venue until a stop signal.
///
/// # Errors
/// Configuration (78); the folder, the recording or the address cannot be used (1).
pub fn run(common: &Common, arguments: &Arguments) -> Result<Exit, Failure> {
    let effective = sources::paper_configuration(common, "venue")?;
    start_log(&effective)?;
    let path = match &arguments.folder {
        Some(folder) => folder.clone(),
        None => Path::new(effective.text("data.directory")).join("venue"),
    };
    let folder = Folder::open(&path).map_err(Failure::run_time)?;
    let (mut products, source) = market(arguments)?;
    let derived = match arguments.futures {
        true => Some(list_contract(&mut products, arguments.seed)?),
        false => None,
    };
    for product in &mut products {
        product.step = (product.step * i64::from(LEVELS) / i64::from(arguments.levels)).max(1);
    }
    let mut server = bind(arguments, folder, (products, derived), source)?;
    let settings = loop_settings(&effective);
    let end = EventLoop::new(settings)
        .and_then(|event_loop| event_loop.run(&mut server))
        .map_err(|error| Failure::run_time(format!("venue: {error}")))?;
    match (server.failure(), end.exit_code()) {
        (Some(text), _) => Err(Failure::run_time(format!("venue: {text}"))),
        (None, 0) => Ok(Exit::Success),
        (None, _) => Ok(Exit::Unresolved),
    }
}

fn loop_settings(effective: &Effective) -> LoopSettings {
    super::replay::loop_settings(effective)
}

/// The products, and where their trades come from.
fn market(arguments: &Arguments) -> Result<(Vec<Product>, Source), Failure> {
    let Some(path) = &arguments.recording else {
        let products = built_in(arguments.products);
        let market = RandomMarket::new(&products, arguments.seed);
        let history = i64::from(arguments.history.unwrap_or(48)) * HOUR;
        return Ok((products, Source::random(market, history)));
    };
    let (instruments, first) = recorded::survey(path).map_err(Failure::run_time)?;
    let mut products: Vec<Product> = Vec::new();
    for (instrument, first) in instruments.iter().zip(first) {
        let product = listed(instrument, first);
        if let Some(other) = products.iter().find(|other| other.id == product.id) {
            return Err(Failure::run_time(format!(
                "{}: two instruments would both be listed as {}: expected one of each base",
                path.display(),
                other.id
            )));
        }
        products.push(product);
    }
    let playback = Playback::new(path.clone(), products.len(), !arguments.once);
    let history = i64::from(arguments.history.unwrap_or(0)) * HOUR;
    Ok((
        products,
        Source::recorded(playback, history, arguments.speed),
    ))
}

/// Lists the contract beside the pair that its market follows.
fn list_contract(products: &mut Vec<Product>, seed: u64) -> Result<Derived, Failure> {
    const PAIR: &str = "BTC-USD";
    let leader = products.iter().position(|product| product.id == PAIR);
    let leader = leader.ok_or_else(|| {
        let text = format!("venue: --futures: expected a recording of {PAIR}, which it follows");
        Failure::new(Exit::Usage, text)
    })?;
    let contract = nano_bitcoin(products[leader].price(products[leader].start));
    products.push(contract);
    Ok(Derived::new(leader, products.len() - 1, seed))
}

/// A recorded instrument as a spot pair of its base and its currency.
fn listed(instrument: &Instrument, first: Option<Price>) -> Product {
    /// Value of a typical level of the book, in quote currency.
    const LEVEL_VALUE: i64 = 5_000;
    let symbol = instrument.symbol.as_str();
    let (base, quote) = match (instrument.kind, symbol.split_once('-')) {
        (ProductKind::Spot, Some((base, quote))) => (base, quote),
        (_, Some((base, _))) => (base, instrument.currency.as_str()),
        (_, None) => (symbol, instrument.currency.as_str()),
    };
    let price = first.map_or(Decimal::ONE, |first| instrument.price(first));
    let level = Decimal::from_int(LEVEL_VALUE).checked_div(price, Rounding::Up);
    let grid = (instrument.tick, instrument.lot);
    Product::new(base, quote, grid, price, level.unwrap_or(instrument.lot))
}

fn bind(
    arguments: &Arguments,
    folder: Folder,
    (products, derived): (Vec<Product>, Option<Derived>),
    source: Source,
) -> Result<VenueServer, Failure> {
    let no_random = || Failure::run_time("venue: the system gives no random numbers");
    let mut faults = Faults::new(arguments.fault_seed);
    for fault in &arguments.faults {
        faults
            .arm(fault.clone())
            .map_err(|text| Failure::new(Exit::Usage, text))?;
    }
    let mut balances = arguments.balances.clone();
    if balances.is_empty() {
        balances = vec![("USD".to_owned(), Decimal::from_int(100_000))];
    }
    let limits = match arguments.no_rate_limit {
        true => RateLimits::new(0, 0),
        false => RateLimits::new(PUBLIC_A_SECOND, PRIVATE_A_SECOND),
    };
    let mut world = World::new(Start {
        products,
        derived,
        balances,
        seed: arguments.seed,
        id_seed: random_u64().ok_or_else(no_random)?,
        keys: folder.keys.clone(),
        faults,
        limits,
        started: clock::stamp().wall,
    });
    world.permissions = Permissions {
        trade: !arguments.view_only,
        transfer: arguments.key_can_transfer,
    };
    world.engine.house_levels = arguments.levels;
    world.engine.repeated_id_is_answered = arguments.answer_repeated_ids;
    let default = SocketAddr::from((Ipv4Addr::LOCALHOST, arguments.port));
    let listen = arguments.listen.unwrap_or(default);
    let (certificate, path) = (folder.certificate(), folder.path.clone());
    let Folder { identity, keys, .. } = folder;
    let shown = identity.certificate();
    let tls = identity
        .tls()
        .map_err(|error| Failure::run_time(format!("{}: {error}", path.display())))?;
    let server = VenueServer::bind(Settings {
        listen,
        tls,
        certificate: shown,
        world,
        source,
    })
    .map_err(|error| Failure::run_time(format!("venue: {listen} cannot be used: {error}")))?;
    let port = server.address().port();
    let client = crate::venue::server::folder::write_client_settings(&path, &keys, port)
        .map_err(Failure::run_time)?;
    tell(port, &certificate, &client)?;
    Ok(server)
}

/// Says where it listens and what a client needs.
fn tell(port: u16, certificate: &Path, client: &Path) -> Result<(), Failure> {
    let whole = |path: &Path| std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let text = format!(
        "venue: https://localhost:{port} and wss://localhost:{port}\n\
         venue: certificate for exchange.ca_file: {}\n\
         venue: settings for a client: {}\n",
        whole(certificate).display(),
        whole(client).display()
    );
    let mut stdout = std::io::stdout().lock();
    match stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
    {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::run_time(format!("standard output: {error}")))
        }
        _ => Ok(()),
    }
}
