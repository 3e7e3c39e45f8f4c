//! Plain values that the core decides by. `config` fills them; nothing here reads a file.

use super::indicators::cipher::{CipherASettings, CipherBSettings};
use super::market::{Instrument, Interval};
use super::units::{Decimal, Span, Timestamp};
use serde::{Deserialize, Serialize};

/// Everything the core reads of the configuration (behaviour: the rows that the fingerprint covers).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// Of the core's random numbers.
    pub seed: u64,
    pub identity: Identity,
    /// In the configured order; `SymbolId` is the index.
    pub instruments: Vec<Instrument>,
    pub market: MarketSettings,
    pub trading: TradingSettings,
    pub strategy: StrategySettings,
    pub risk: RiskSettings,
    pub paper: PaperSettings,
    /// Where orders go. Set by the runtime of a session, not by a key.
    #[serde(default, skip_serializing_if = "Execution::is_paper")]
    pub execution: Execution,
}

/// Who fills orders.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Execution {
    /// The paper account of the core.
    #[default]
    Paper,
    /// A venue: orders leave as effects, and only what it says happens to them.
    Venue,
}

impl Execution {
    pub const fn is_paper(&self) -> bool {
        matches!(self, Self::Paper)
    }
}

/// What client order ids are made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Six base32 digits of SHA-256(instance_id).
    pub instance_head: String,
    /// Five base32 digits that name the session.
    pub session: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MarketSettings {
    /// Wait for late trades after a bucket's end before the clock closes it.
    pub close_grace: Span,
    /// Price jump in % against the last accepted trade that holds a trade back.
    pub outlier_pct: Decimal,
    /// Closed candles kept per symbol.
    pub candle_limit: usize,
    /// Silence after which a live symbol is stale; imported history is never stale.
    pub stale_after: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryOrderType {
    Market,
    Limit,
    PostOnly,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnShutdown {
    Keep,
    Close,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TradingSettings {
    pub interval: Interval,
    pub leverage: u32,
    pub max_futures_leverage: u32,
    /// Derivatives and shorts allowed.
    pub enable_futures: bool,
    pub max_size_pct: Decimal,
    pub order_timeout: Span,
    pub order_type: EntryOrderType,
    pub slippage_tolerance_pct: Decimal,
    pub min_profit_pct: Decimal,
    pub min_trading_interval: Span,
    /// Additional minimum distance between two decisions; zero = every closed candle.
    pub decision_interval: Span,
    pub min_candles: usize,
    pub require_24h_data: bool,
    /// What lies before only warms up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entries_from: Option<Timestamp>,
    pub reversal: bool,
    pub on_shutdown: OnShutdown,
    /// Orders and positions at the venue that are not ours are taken over.
    #[serde(default)]
    pub adopt_foreign: bool,
    /// Entries are held against cipher B; off when `None`.
    pub cipher_b_filter: Option<Box<CipherBFilterSettings>>,
}

/// What the Cipher-B filter asks of an entry: levels of wt1 and of the money flow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CipherBFilterSettings {
    pub cipher_b: CipherBSettings,
    /// Long entries need wt1 above it.
    pub wave_bullish: f64,
    /// Short entries need wt1 below it.
    pub wave_bearish: f64,
    pub money_flow_bullish: f64,
    pub money_flow_bearish: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum StrategySettings {
    Momentum(MomentumSettings),
    MeanReversion(MeanReversionSettings),
    #[serde(rename = "vumanchu")]
    VuManChu(Box<VuManChuSettings>),
}

impl StrategySettings {
    /// As `strategy.type` spells it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Momentum(_) => "momentum",
            Self::MeanReversion(_) => "mean_reversion",
            Self::VuManChu(_) => "vumanchu",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VuManChuSettings {
    pub cipher_a: CipherASettings,
    pub cipher_b: CipherBSettings,
    /// Least combined confidence of an entry, 0..=1.
    pub min_confidence: f64,
    /// Least combined confidence against a position that ends it, 0..=1.
    pub exit_confidence: f64,
    /// Closed candles before anything is combined; at least 100 are needed.
    pub min_candles: usize,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MomentumSettings {
    /// Bars of the long average and of the breakout window; the short average has half of it.
    pub lookback: usize,
    /// Fraction that a close must exceed the window's high by.
    pub entry_threshold: f64,
    /// Fraction of the best close since entry that ends a trade when given back.
    pub exit_threshold: f64,
    pub use_volume: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MeanReversionSettings {
    /// Bars of the mean and its standard deviation.
    pub window: usize,
    /// Standard deviations from the mean for an entry.
    pub std_dev: f64,
    /// Least standard deviation as a fraction of the mean.
    pub min_volatility: f64,
    /// Candles closed after the entry fill that end a trade.
    pub max_hold: u32,
    /// The risk rules' least stop in %.
    pub min_stop_loss_pct: Decimal,
    /// Way back to the mean in % that an entry needs at least.
    pub min_profit_pct: Decimal,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RiskSettings {
    pub min_stop_loss_pct: Decimal,
    pub max_stop_loss_pct: Decimal,
    pub min_take_profit_pct: Decimal,
    pub max_take_profit_pct: Decimal,
    pub default_stop_loss_pct: Decimal,
    pub default_take_profit_pct: Decimal,
    pub min_reward_risk: Decimal,
    pub max_daily_loss_pct: Decimal,
    pub max_weekly_loss_pct: Decimal,
    pub max_monthly_loss_pct: Decimal,
    pub close_on_loss_limit: bool,
    pub max_concurrent_trades: u32,
    pub max_trades_per_day: u32,
    pub consecutive_losses: u32,
    pub consecutive_losses_pause: Span,
    pub min_account_balance: Decimal,
    pub max_leverage: u32,
    pub max_position_pct: Decimal,
    pub max_total_exposure_pct: Decimal,
    pub max_margin_used_pct: Decimal,
    pub max_loss_per_trade_pct: Decimal,
    pub price_collar_pct: Decimal,
    /// Entries within 60 s; two a second is fixed.
    pub order_rate: u32,
    pub max_position_hold: Span,
    pub emergency_stop_loss_pct: Decimal,
    /// Off when `None`.
    pub trailing_stop_pct: Option<Decimal>,
    pub break_even_after_pct: Option<Decimal>,
    pub emergency_close: bool,
    pub emergency_rapid_loss_pct: Decimal,
    pub emergency_api_failures: u32,
    pub emergency_position_errors: u32,
    pub emergency_margin_pct: Decimal,
    pub breaker_failures: u32,
    pub breaker_window: Span,
    pub breaker_open: Span,
}

impl RiskSettings {
    /// The documented defaults of the `risk` keys. The configuration has a table of its own with
    /// ranges and words; a test there keeps the two alike.
    pub fn defaults() -> Self {
        let pct = Decimal::from_int;
        Self {
            min_stop_loss_pct: Decimal::new(1, 1),
            max_stop_loss_pct: pct(10),
            min_take_profit_pct: Decimal::new(1, 1),
            max_take_profit_pct: pct(20),
            default_stop_loss_pct: pct(2),
            default_take_profit_pct: pct(4),
            min_reward_risk: pct(1),
            max_daily_loss_pct: pct(5),
            max_weekly_loss_pct: pct(15),
            max_monthly_loss_pct: pct(30),
            close_on_loss_limit: false,
            max_concurrent_trades: 3,
            max_trades_per_day: 100,
            consecutive_losses: 5,
            consecutive_losses_pause: Span::from_secs(3600),
            min_account_balance: pct(100),
            max_leverage: 20,
            max_position_pct: pct(100),
            max_total_exposure_pct: pct(300),
            max_margin_used_pct: pct(80),
            max_loss_per_trade_pct: Decimal::new(25, 1),
            price_collar_pct: pct(5),
            order_rate: 10,
            max_position_hold: Span::from_secs(24 * 3600),
            emergency_stop_loss_pct: pct(10),
            trailing_stop_pct: None,
            break_even_after_pct: None,
            emergency_close: true,
            emergency_rapid_loss_pct: pct(5),
            emergency_api_failures: 10,
            emergency_position_errors: 3,
            emergency_margin_pct: pct(95),
            breaker_failures: 5,
            breaker_window: Span::from_secs(300),
            breaker_open: Span::from_secs(300),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Intrabar {
    /// Stop and target inside one candle: the stop.
    Worst,
    /// The one nearer to the open.
    OpenFirst,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PaperSettings {
    pub starting_balance: Decimal,
    /// Fee rates that apply, chosen by `config` (paper_trading, recording or trading keys), one
    /// pair per instrument in the order of `Settings::instruments`.
    pub fees: Vec<FeeRates>,
    pub slippage_rate: Decimal,
    /// Delay from decision to venue.
    pub latency: Span,
    pub funding_enabled: bool,
    pub funding_interval: Span,
    pub fill_volume_fraction: Decimal,
    pub intrabar: Intrabar,
    /// Time of day of the daily report, after 00:00 UTC.
    pub report_time: Span,
}

/// Fee rates as fractions of the fill's value; negative = rebate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeeRates {
    pub maker: Decimal,
    pub taker: Decimal,
}
