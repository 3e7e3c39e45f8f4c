//! Settings of the core within the ranges that the configuration allows, and a strategy that says
//! what the fuzzer planned.

use libfuzzer_sys::arbitrary::{self, Arbitrary};
use minnow::core::indicators::cipher::{CipherASettings, CipherBSettings};
use minnow::core::input::Answer;
use minnow::core::market::{Instrument, Interval, ProductKind, ProtectiveForm};
use minnow::core::records::{Action, Proposal};
use minnow::core::settings::{
    CipherBFilterSettings, EntryOrderType, Execution, FeeRates, Identity, Intrabar, MarketSettings,
    MeanReversionSettings, MomentumSettings, OnShutdown, PaperSettings, RiskSettings, Settings,
    StrategySettings, TradingSettings, VuManChuSettings,
};
use minnow::core::strategy::decision::{CandleView, hold};
use minnow::core::strategy::{Context, Reply, Strategy};
use minnow::core::units::{Decimal, Span};

/// What is free in the settings; every field is brought into its range.
#[derive(Arbitrary, Clone, Debug)]
pub struct Choice {
    pub grid: u8,
    pub spot: bool,
    pub two_symbols: bool,
    /// A strategy of the program instead of the planned one: see [`Choice::own_strategy`].
    pub strategy: u8,
    pub entry_filter: bool,
    pub scalping: bool,
    pub keep_holds: bool,
    pub interval: u8,
    pub order_type: u8,
    pub intrabar_open_first: bool,
    pub reversal: bool,
    pub close_on_loss_limit: bool,
    pub close_at_stop: bool,
    pub leverage: u8,
    pub taker_fee: u8,
    pub maker_fee: i8,
    pub slippage: u8,
    pub latency_ms: u16,
    pub offered_pct: u8,
    pub trailing: u8,
    pub break_even: u8,
    pub emergency_stop: u8,
    pub hold_quarters: u8,
    pub balance: u32,
}

/// Tick and lot of usual and of extreme products.
const GRIDS: [(&str, &str); 6] = [
    ("0.5", "0.001"),
    ("0.01", "0.00000001"),
    ("0.000000000001", "1"),
    ("1", "1"),
    ("0.00001", "1000"),
    ("25", "0.0001"),
];

impl Choice {
    pub fn instruments(&self) -> Vec<Instrument> {
        let count = if self.two_symbols { 2 } else { 1 };
        (0..count)
            .map(|index: usize| {
                let (tick, lot) = GRIDS[(usize::from(self.grid) + index) % GRIDS.len()];
                let lot = Decimal::parse(lot).expect("a constant");
                Instrument {
                    symbol: format!("S{index}-PERP"),
                    kind: if self.spot {
                        ProductKind::Spot
                    } else {
                        ProductKind::Perpetual
                    },
                    currency: "USD".to_owned(),
                    tick: Decimal::parse(tick).expect("a constant"),
                    lot,
                    contract_value: Decimal::ONE,
                    min_quantity: lot,
                    min_notional: Decimal::ZERO,
                    maker_fee: None,
                    taker_fee: None,
                    protective: ProtectiveForm::None,
                    max_leverage: None,
                    origin: String::new(),
                }
            })
            .collect()
    }

    pub fn settings(&self) -> Settings {
        let instruments = self.instruments();
        let thousandths = |n: i64| Decimal::new(n, 3);
        let option = |n: u8| (n > 127).then(|| thousandths(50 + i64::from(n - 127) * 10));
        let fees = FeeRates {
            maker: Decimal::new(i64::from(self.maker_fee.max(-10)), 4),
            taker: Decimal::new(i64::from(self.taker_fee % 100), 4),
        };
        Settings {
            seed: 1,
            identity: Identity {
                instance_head: "abc234".to_owned(),
                session: "q7xyz".to_owned(),
            },
            market: MarketSettings {
                close_grace: Span::from_millis(1000),
                outlier_pct: Decimal::from_int(20),
                candle_limit: 200,
                stale_after: Span::from_secs(120),
            },
            trading: self.trading(),
            strategy: self.strategy(),
            risk: RiskSettings {
                close_on_loss_limit: self.close_on_loss_limit,
                max_position_hold: Span::from_secs(900 * (1 + i64::from(self.hold_quarters))),
                emergency_stop_loss_pct: Decimal::from_int(1 + i64::from(self.emergency_stop % 50)),
                trailing_stop_pct: option(self.trailing),
                break_even_after_pct: option(self.break_even),
                ..risk()
            },
            paper: PaperSettings {
                starting_balance: Decimal::from_int(i64::from(self.balance).max(100)),
                fees: instruments.iter().map(|_| fees).collect(),
                slippage_rate: Decimal::new(i64::from(self.slippage % 51), 4),
                latency: Span::from_millis(i64::from(self.latency_ms % 60_001)),
                funding_enabled: false,
                funding_interval: Span::from_secs(28_800),
                fill_volume_fraction: Decimal::new(1 + i64::from(self.offered_pct % 100), 2),
                intrabar: if self.intrabar_open_first {
                    Intrabar::OpenFirst
                } else {
                    Intrabar::Worst
                },
                report_time: Span::from_secs(86_340),
            },
            instruments,
            execution: Execution::Paper,
        }
    }

    /// Whether a strategy of the program decides; otherwise the planned one does.
    pub fn own_strategy(&self) -> bool {
        !self.strategy.is_multiple_of(4)
    }

    fn cipher_b(&self) -> CipherBSettings {
        if self.scalping {
            CipherBSettings::scalping()
        } else {
            CipherBSettings::standard()
        }
    }

    /// Each with conditions so weak that short runs meet them.
    fn strategy(&self) -> StrategySettings {
        let short = 2 + usize::from(self.hold_quarters % 8);
        match self.strategy % 4 {
            2 => StrategySettings::VuManChu(Box::new(VuManChuSettings {
                cipher_a: if self.scalping {
                    CipherASettings::scalping()
                } else {
                    CipherASettings::standard()
                },
                cipher_b: self.cipher_b(),
                min_confidence: 0.1,
                exit_confidence: 0.1,
                min_candles: 100,
            })),
            3 => StrategySettings::MeanReversion(MeanReversionSettings {
                window: short,
                std_dev: 1.0,
                min_volatility: 0.0,
                max_hold: 20,
                min_stop_loss_pct: Decimal::new(5, 2),
                min_profit_pct: Decimal::ZERO,
            }),
            _ => StrategySettings::Momentum(MomentumSettings {
                lookback: short,
                entry_threshold: 0.0,
                exit_threshold: 0.001,
                use_volume: false,
            }),
        }
    }

    fn trading(&self) -> TradingSettings {
        let intervals = ["1s", "5s", "1m", "1h", "1d"];
        let interval = intervals[usize::from(self.interval) % intervals.len()];
        TradingSettings {
            interval: Interval::parse(interval).expect("a constant"),
            leverage: 1 + u32::from(self.leverage % 20),
            max_futures_leverage: 20,
            enable_futures: true,
            max_size_pct: Decimal::from_int(20),
            order_timeout: Span::from_secs(30),
            order_type: match self.order_type % 3 {
                0 => EntryOrderType::Market,
                1 => EntryOrderType::Limit,
                _ => EntryOrderType::PostOnly,
            },
            slippage_tolerance_pct: Decimal::new(1, 1),
            min_profit_pct: Decimal::ZERO,
            min_trading_interval: Span::ZERO,
            decision_interval: Span::ZERO,
            min_candles: 1,
            require_24h_data: false,
            entries_from: None,
            reversal: self.reversal,
            cipher_b_filter: self.entry_filter.then(|| {
                Box::new(CipherBFilterSettings {
                    cipher_b: self.cipher_b(),
                    wave_bullish: 0.0,
                    wave_bearish: 0.0,
                    money_flow_bullish: 0.0,
                    money_flow_bearish: 0.0,
                })
            }),
            adopt_foreign: false,
            on_shutdown: if self.close_at_stop {
                OnShutdown::Close
            } else {
                OnShutdown::Keep
            },
        }
    }
}

/// Limits so wide that a planned trade gets through most of the time.
fn risk() -> RiskSettings {
    let pct = Decimal::from_int;
    RiskSettings {
        min_stop_loss_pct: Decimal::new(5, 2),
        max_stop_loss_pct: pct(20),
        min_take_profit_pct: Decimal::new(1, 1),
        max_take_profit_pct: pct(50),
        default_stop_loss_pct: pct(2),
        default_take_profit_pct: pct(4),
        min_reward_risk: Decimal::ZERO,
        max_daily_loss_pct: pct(50),
        max_weekly_loss_pct: pct(75),
        max_monthly_loss_pct: pct(90),
        close_on_loss_limit: false,
        max_concurrent_trades: 3,
        max_trades_per_day: 10_000,
        consecutive_losses: 50,
        consecutive_losses_pause: Span::from_secs(3600),
        min_account_balance: Decimal::ZERO,
        max_leverage: 20,
        max_position_pct: pct(2000),
        max_total_exposure_pct: pct(5000),
        max_margin_used_pct: pct(95),
        max_loss_per_trade_pct: pct(8),
        price_collar_pct: pct(50),
        order_rate: 1000,
        max_position_hold: Span::from_secs(86_400),
        emergency_stop_loss_pct: pct(50),
        trailing_stop_pct: None,
        break_even_after_pct: None,
        emergency_close: true,
        emergency_rapid_loss_pct: pct(50),
        emergency_api_failures: 10,
        emergency_position_errors: 3,
        emergency_margin_pct: pct(95),
        breaker_failures: 5,
        breaker_window: Span::from_secs(300),
        breaker_open: Span::from_secs(300),
    }
}

/// One reply of the planned strategy.
#[derive(Arbitrary, Clone, Copy, Debug)]
pub struct Say {
    kind: u8,
    size: u8,
    stop: u8,
    target: u8,
}

/// Says one planned thing after the other, from the start again at the end.
#[derive(Clone, Debug)]
pub struct Planned {
    pub plan: Vec<Say>,
    pub seen: usize,
}

impl Planned {
    fn proposal(&self) -> Proposal {
        let Some(say) = self.plan.get(self.seen % self.plan.len().max(1)) else {
            return hold();
        };
        let action = match say.kind % 4 {
            0 => Action::Hold,
            1 => Action::Long,
            2 => Action::Short,
            _ => Action::Close,
        };
        Proposal {
            action,
            strength: 1.0,
            confidence: 1.0,
            size_pct: Decimal::new(1 + i64::from(say.size), 1),
            take_profit_pct: (say.target > 0).then(|| Decimal::new(i64::from(say.target), 1)),
            stop_loss_pct: (say.stop > 0).then(|| Decimal::new(i64::from(say.stop), 1)),
            leverage: None,
            rationale: String::new(),
        }
    }
}

impl Strategy for Planned {
    fn name(&self) -> &'static str {
        "planned"
    }

    fn observe(&mut self, _: &CandleView) {
        self.seen += 1;
    }

    fn reset(&mut self) {}

    fn propose(&mut self, _: &Context<'_>) -> Reply {
        let asks = self.plan.get(self.seen % self.plan.len().max(1));
        if asks.is_some_and(|say| say.kind >= 200) {
            let prompt = self.seen.to_string();
            return Reply::Ask { prompt };
        }
        Reply::Decide(self.proposal())
    }

    fn answered(&mut self, answer: &Answer, _: &Context<'_>) -> Result<Proposal, String> {
        match answer {
            Answer::Text { .. } => Ok(self.proposal()),
            Answer::Failed { text } => Err(text.clone()),
        }
    }

    fn save(&self) -> serde_json::Value {
        self.seen.into()
    }

    fn load(&mut self, state: &serde_json::Value) -> Result<(), String> {
        let seen = state.as_u64().ok_or("expected a number")?;
        self.seen = usize::try_from(seen).map_err(|error| error.to_string())?;
        Ok(())
    }

    fn indicators(&self, out: &mut Vec<(&'static str, f64)>) {
        out.push(("seen", self.seen as f64));
    }
}
