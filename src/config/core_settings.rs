//! Fills the plain values that the core decides by, for the instruments of one run.

use super::effective::Effective;
use super::findings::Findings;
use super::rules::as_account_currency;
use crate::core::market::instrument::ProductKind;
use crate::core::market::{Instrument, Interval};
use crate::core::settings::{
    EntryOrderType, Execution, FeeRates, Identity, Intrabar, MarketSettings, MeanReversionSettings,
    MomentumSettings, OnShutdown, PaperSettings, RiskSettings, Settings, StrategySettings,
    TradingSettings,
};
use crate::core::units::Span;
use crate::core::units::calendar::parse_time;

/// Rates that apply where neither account nor recording states one.
pub const FEE_KEYS: [&str; 4] = [
    "trading.maker_fee_rate",
    "trading.taker_fee_rate",
    "trading.futures_maker_fee_rate",
    "trading.futures_fee_rate",
];

/// Entries are off for that long after a row of losses.
const CONSECUTIVE_LOSSES_PAUSE: Span = Span::from_secs(3600);

/// The strategy that decides: without a language model `auto` is vumanchu.
pub(super) fn strategy_type(effective: &Effective) -> &str {
    match effective.text("strategy.type") {
        "auto" => "vumanchu",
        name => name,
    }
}

impl Effective {
    /// The core's settings for these instruments, in their order.
    ///
    /// Fails when there is no instrument, when they do not share one account currency (USDC counts as
    /// USD), or when that is not the stated `paper_trading.currency`.
    pub fn for_core(
        &self,
        instruments: &[Instrument],
        identity: &Identity,
    ) -> Result<Settings, Findings> {
        self.check_currency(instruments)?;
        Ok(Settings {
            seed: self.integer("system.seed").unsigned_abs(),
            identity: identity.clone(),
            instruments: instruments.to_vec(),
            market: MarketSettings {
                close_grace: self.milliseconds("market_data.close_grace_ms"),
                outlier_pct: self.number("market_data.outlier_pct"),
                candle_limit: self.count("indicators.candle_limit"),
                stale_after: self.seconds("data.stale_after_seconds"),
            },
            trading: self.trading_settings(),
            strategy: self.strategy_settings(),
            risk: self.risk_settings(),
            paper: self.paper_settings(instruments),
            execution: Execution::Paper,
        })
    }

    fn check_currency(&self, instruments: &[Instrument]) -> Result<(), Findings> {
        let mut findings = Findings::default();
        let Some(first) = instruments.first() else {
            findings.add(
                "trading.symbols",
                "trading.symbols: no instrument to trade".to_owned(),
            );
            return Err(findings);
        };
        let currency = as_account_currency(&first.currency);
        for other in instruments {
            let another = as_account_currency(&other.currency);
            if another != currency {
                findings.add(
                    "trading.symbols",
                    format!(
                        "trading.symbols: all symbols of a run share one account currency; {} has {currency}, {} has {another}",
                        first.symbol, other.symbol
                    ),
                );
            }
        }
        let entry = self.entry("paper_trading.currency");
        if entry.is_explicit() && as_account_currency(self.text(entry.key.name)) != currency {
            let problem = format!("the account currency of {} is {currency}", first.symbol);
            findings.add_value(entry.key.name, &entry.shown(), &entry.source, &problem);
        }
        if findings.is_empty() {
            Ok(())
        } else {
            Err(findings)
        }
    }

    fn trading_settings(&self) -> TradingSettings {
        TradingSettings {
            interval: Interval::parse(self.text("trading.interval"))
                .expect("the interval was checked when it was loaded"),
            leverage: self.small("trading.leverage"),
            max_futures_leverage: self.small("trading.max_futures_leverage"),
            enable_futures: self.flag("trading.enable_futures"),
            max_size_pct: self.number("trading.max_size_pct"),
            order_timeout: self.seconds("trading.order_timeout_seconds"),
            order_type: match self.text("trading.order_type") {
                "limit" => EntryOrderType::Limit,
                "post_only" => EntryOrderType::PostOnly,
                _ => EntryOrderType::Market,
            },
            slippage_tolerance_pct: self.number("trading.slippage_tolerance_pct"),
            min_profit_pct: self.number("trading.min_profit_pct"),
            min_trading_interval: self.seconds("trading.min_trading_interval_seconds"),
            decision_interval: self
                .optional_seconds("scheduler.trading_interval_seconds")
                .unwrap_or(Span::ZERO),
            min_candles: self.count("trading.min_candles_for_trading"),
            require_24h_data: self.flag("trading.require_24h_data_before_trading"),
            entries_from: parse_time(self.text("trading.entries_from")),
            reversal: self.flag("trading.reversal"),
            adopt_foreign: self.flag("exchange.adopt_foreign"),
            on_shutdown: match self.text("trading.on_shutdown") {
                "close" => OnShutdown::Close,
                _ => OnShutdown::Keep,
            },
            cipher_b_filter: self.cipher_b_filter_settings(),
        }
    }

    fn strategy_settings(&self) -> StrategySettings {
        if strategy_type(self) == "mean_reversion" {
            return StrategySettings::MeanReversion(self.mean_reversion_settings());
        }
        if strategy_type(self) == "vumanchu" {
            return StrategySettings::VuManChu(Box::new(self.vumanchu_settings()));
        }
        StrategySettings::Momentum(MomentumSettings {
            lookback: self.count("strategy.momentum.lookback"),
            entry_threshold: self.number("strategy.momentum.entry_threshold").to_f64(),
            exit_threshold: self.number("strategy.momentum.exit_threshold").to_f64(),
            use_volume: self.flag("strategy.momentum.use_volume"),
        })
    }

    fn mean_reversion_settings(&self) -> MeanReversionSettings {
        MeanReversionSettings {
            window: self.count("strategy.mean_reversion.window"),
            std_dev: self.number("strategy.mean_reversion.std_dev").to_f64(),
            min_volatility: self
                .number("strategy.mean_reversion.min_volatility")
                .to_f64(),
            max_hold: self.small("strategy.mean_reversion.max_hold"),
            min_stop_loss_pct: self.number("risk.min_stop_loss_pct"),
            min_profit_pct: self.number("trading.min_profit_pct"),
        }
    }

    fn risk_settings(&self) -> RiskSettings {
        RiskSettings {
            min_stop_loss_pct: self.number("risk.min_stop_loss_pct"),
            max_stop_loss_pct: self.number("risk.max_stop_loss_pct"),
            min_take_profit_pct: self.number("risk.min_take_profit_pct"),
            max_take_profit_pct: self.number("risk.max_take_profit_pct"),
            default_stop_loss_pct: self.number("risk.default_stop_loss_pct"),
            default_take_profit_pct: self.number("risk.default_take_profit_pct"),
            min_reward_risk: self.number("risk.min_reward_risk"),
            max_daily_loss_pct: self.number("risk.max_daily_loss_pct"),
            max_weekly_loss_pct: self.number("risk.max_weekly_loss_pct"),
            max_monthly_loss_pct: self.number("risk.max_monthly_loss_pct"),
            close_on_loss_limit: self.flag("risk.close_on_loss_limit"),
            max_concurrent_trades: self.small("risk.max_concurrent_trades"),
            max_trades_per_day: self.small("risk.max_trades_per_day"),
            consecutive_losses: self.small("risk.consecutive_losses"),
            consecutive_losses_pause: CONSECUTIVE_LOSSES_PAUSE,
            min_account_balance: self.number("risk.min_account_balance"),
            max_leverage: self.small("risk.max_leverage"),
            max_position_pct: self.number("risk.max_position_pct"),
            max_total_exposure_pct: self.number("risk.max_total_exposure_pct"),
            max_margin_used_pct: self.number("risk.max_margin_used_pct"),
            max_loss_per_trade_pct: self.number("risk.max_loss_per_trade_pct"),
            price_collar_pct: self.number("risk.price_collar_pct"),
            order_rate: self.small("risk.order_rate"),
            max_position_hold: self.hours("risk.max_position_hold_hours"),
            emergency_stop_loss_pct: self.number("risk.emergency_stop_loss_pct"),
            trailing_stop_pct: self.optional_number("risk.trailing_stop_pct"),
            break_even_after_pct: self.optional_number("risk.break_even_after_pct"),
            emergency_close: self.flag("risk.emergency_close"),
            emergency_rapid_loss_pct: self.number("risk.emergency_rapid_loss_pct"),
            emergency_api_failures: self.small("risk.emergency_api_failures"),
            emergency_position_errors: self.small("risk.emergency_position_errors"),
            emergency_margin_pct: self.number("risk.emergency_margin_pct"),
            breaker_failures: self.small("risk.breaker_failures"),
            breaker_window: self.seconds("risk.breaker_window_seconds"),
            breaker_open: self.seconds("risk.breaker_open_seconds"),
        }
    }

    fn paper_settings(&self, instruments: &[Instrument]) -> PaperSettings {
        PaperSettings {
            starting_balance: self.number("paper_trading.starting_balance"),
            fees: instruments.iter().map(|i| self.fee_rates(i)).collect(),
            slippage_rate: self.number("paper_trading.slippage_rate"),
            latency: self.milliseconds("paper_trading.latency_ms"),
            funding_enabled: self.flag("paper_trading.funding_enabled"),
            funding_interval: self.hours("paper_trading.funding_interval_hours"),
            fill_volume_fraction: self.number("paper_trading.fill_volume_fraction"),
            intrabar: match self.text("paper_trading.intrabar") {
                "open_first" => Intrabar::OpenFirst,
                _ => Intrabar::Worst,
            },
            report_time: time_of_day(self.text("paper_trading.report_time_utc")),
        }
    }

    /// `paper_trading.*`, else a stated `trading.*` rate, else the instrument's own, else the default
    /// of `trading.*`; the futures pair for derivatives.
    fn fee_rates(&self, instrument: &Instrument) -> FeeRates {
        let (maker_key, taker_key) = match instrument.kind {
            ProductKind::Spot => ("trading.maker_fee_rate", "trading.taker_fee_rate"),
            ProductKind::Perpetual => {
                ("trading.futures_maker_fee_rate", "trading.futures_fee_rate")
            }
        };
        let otherwise = |key: &str, own| match own {
            Some(rate) if !self.entry(key).is_explicit() => rate,
            _ => self.number(key),
        };
        let all = self.optional_number("paper_trading.fee_rate");
        let maker = self.optional_number("paper_trading.maker_fee_rate").or(all);
        FeeRates {
            maker: maker.unwrap_or_else(|| otherwise(maker_key, instrument.maker_fee)),
            taker: all.unwrap_or_else(|| otherwise(taker_key, instrument.taker_fee)),
        }
    }

    /// A whole number whose range in the table fits.
    fn small(&self, key: &str) -> u32 {
        u32::try_from(self.integer(key)).expect("the table's range fits 32 bits")
    }
}

/// `HH:MM` after 00:00; the form was checked when it was loaded.
fn time_of_day(text: &str) -> Span {
    let mut parts = text.split(':').map(|part| part.parse().unwrap_or(0));
    let mut part = || parts.next().unwrap_or(0);
    let (hours, minutes): (i64, i64) = (part(), part());
    Span::from_secs(hours * 3600 + minutes * 60)
}
