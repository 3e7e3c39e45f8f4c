//! The strategy of a session, made again from the configuration that its ledger keeps.
//!
//! Only settings that a strategy and its candles depend on are taken over; secrets and paths never
//! are. What this version does not understand is an error in words, not a guess.

use crate::config::Recorded;
use crate::config::recorded::load_alone;
use crate::core::market::{Instrument, Interval};
use crate::core::settings::{Identity, StrategySettings};
use crate::store::ledger::StoredSession;

/// Sections whose values are taken over.
const SECTIONS: [&str; 2] = ["strategy.", "indicators."];
/// Single values that are.
const KEYS: [&str; 3] = [
    "trading.interval",
    "trading.min_candles_for_trading",
    "market_data.close_grace_ms",
];

/// What decides about indicators in a run.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordedStrategy {
    pub settings: StrategySettings,
    pub interval: Interval,
    /// Candles before the first decision.
    pub min_candles: u64,
    pub instruments: Vec<Instrument>,
}

impl RecordedStrategy {
    /// From a session's row.
    ///
    /// # Errors
    /// What of its configuration cannot be used, in words.
    pub fn of(session: &StoredSession) -> Result<Self, String> {
        let recorded = Recorded::parse(&session.configuration)?;
        let sets = recorded.sets(|key| {
            KEYS.contains(&key) || SECTIONS.iter().any(|section| key.starts_with(section))
        });
        let effective = load_alone(sets, "report").map_err(|findings| findings.to_string())?;
        let identity = Identity {
            instance_head: String::new(),
            session: session.name.clone(),
        };
        let settings = effective
            .for_core(&session.instruments, &identity)
            .map_err(|findings| findings.to_string())?;
        Ok(Self {
            settings: settings.strategy,
            interval: settings.trading.interval,
            min_candles: settings.trading.min_candles as u64,
            instruments: session.instruments.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::units::{Decimal, Timestamp};
    use crate::store::ledger::tests::samples::instrument;
    use crate::store::ledger::{SessionStatus, StoredSession};

    fn session(configuration: &str) -> StoredSession {
        StoredSession {
            id: 1,
            name: "aaaab".into(),
            mode: "replay".into(),
            status: SessionStatus::Complete,
            program: "minnow".into(),
            fingerprint: "f00d".into(),
            configuration: configuration.into(),
            recording: String::new(),
            strategy: "momentum".into(),
            interval: "1m".into(),
            seed: 1,
            currency: "USD".into(),
            starting_balance: Decimal::ONE,
            instruments: vec![instrument()],
            started: Timestamp(0),
            ended: None,
            elapsed_ns: None,
            inputs: None,
            first_data: None,
            last_data: None,
            state_hash: None,
            summary: None,
        }
    }

    #[test]
    fn every_recorded_value_comes_back_as_it_was() {
        let sets = vec![
            "strategy.momentum.lookback=34".into(),
            "strategy.momentum.entry_threshold=0.0125".into(),
            "trading.interval=5m".into(),
            "trading.min_candles_for_trading=77".into(),
            "paper_trading.starting_balance=123".into(),
        ];
        let effective = load_alone(sets, "test").unwrap_or_else(|findings| panic!("{findings}"));
        let json = serde_json::to_string(&effective.recordable()).unwrap();
        let recorded = RecordedStrategy::of(&session(&json)).unwrap();
        let identity = Identity {
            instance_head: String::new(),
            session: "aaaab".into(),
        };
        let settings = effective
            .for_core(&[instrument()], &identity)
            .unwrap_or_else(|findings| panic!("{findings}"));
        assert_eq!(recorded.settings, settings.strategy);
        let plain = RecordedStrategy::of(&session("{}")).unwrap();
        assert_ne!(recorded.settings, plain.settings);
        assert_eq!(recorded.interval.name(), "5m");
        assert_eq!(recorded.min_candles, 77);
    }

    #[test]
    fn what_is_not_understood_is_told() {
        let no_json = RecordedStrategy::of(&session("{")).unwrap_err();
        assert!(no_json.contains("configuration"), "{no_json}");
        let unknown = RecordedStrategy::of(&session("{\"strategy.type\":\"oracle\"}")).unwrap_err();
        assert!(unknown.contains("strategy.type"), "{unknown}");
    }
}
