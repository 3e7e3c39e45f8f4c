//! Everything that belongs to a question, from the ledger's rows and what a run of the recording kept.
//!
//! Where both know a decision, both must say the same; a difference is a note, never hidden.

use super::case::{Case, Moment};
use super::conditions::rules_of;
use super::counterfactual::difference;
use super::exits::tell_otherwise;
use super::facts::{CandleFacts, CheckFacts, DecisionFacts, ExitFacts, OrderFacts, ProposalFacts};
use super::obstacles::obstacle;
use super::orders::{exit_facts, order_facts, tell_reached};
use super::sizing::sizing_facts;
use crate::core::market::Instrument;
use crate::core::records::{Check, Decision};
use crate::core::strategy::Explained;
use crate::core::units::{Decimal, Quantity, Timestamp};
use crate::report::summary::Millis;
use crate::report::trade_facts::TradeFacts;
use crate::store::ledger::Reader;
use crate::store::ledger::names;
use crate::store::ledger::read_explain::{StoredCheck, StoredDecision};
use serde::Serialize;
use std::collections::BTreeMap;

/// Version of the JSON form; it rises when a field changes its meaning or goes.
const FORMAT: u32 = 1;

/// What came of running the recording again.
#[derive(Debug)]
pub struct Again {
    /// In the order of `Case::wanted`.
    pub explained: Vec<Option<Explained>>,
    /// State hashes at candle closes that were compared with the ledger's.
    pub compared: u64,
    /// Open time of the first candle whose hash differs; what is kept lies before it.
    pub differs_from: Option<Timestamp>,
    /// Decisions of the whole run.
    pub decisions: u64,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explanation {
    pub format: u32,
    /// What was asked for: `d17`, `o5`, `t3`, a time.
    pub asked: String,
    pub ledger: String,
    pub session: String,
    pub strategy: String,
    pub interval: String,
    pub currency: String,
    pub source: Source,
    pub trade: Option<TradeFacts>,
    /// The decision asked about, or the one behind the order or trade.
    pub decision: Option<DecisionFacts>,
    pub orders: Vec<OrderFacts>,
    pub exit: Option<ExitFacts>,
}

/// Where it comes from.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Source {
    /// The recording was run again; otherwise only the ledger speaks.
    pub recording_run_again: bool,
    pub state_hashes_equal: Option<u64>,
    pub notes: Vec<String>,
}

/// Explains a case.
///
/// # Errors
/// In words: what was asked for does not exist, or only the recording knows it and cannot be had.
pub fn explain(
    reader: &Reader,
    case: &Case,
    again: &Result<Again, String>,
) -> Result<Explanation, String> {
    let mut notes = Vec::new();
    match again {
        Ok(again) => {
            if let Some(from) = again.differs_from {
                notes.push(format!(
                    "the run differs from the ledger from the candle of {from} on; what comes \
                     after it is the ledger's alone"
                ));
            }
        }
        Err(why) => notes.push(format!(
            "{why}. Rules, candle, sizing and quiet minutes need the recording: \
             --recording FILE names it"
        )),
    }
    let kept = |index: usize| again.as_ref().ok()?.explained.get(index)?.as_ref();
    let decision = match &case.moment {
        Some(moment) => Some(decision_of(case, moment, kept(0), again, &mut notes)?),
        None => None,
    };
    let mut exit = exit_facts(case);
    if let (Some(exit), Some(moment)) = (&mut exit, &case.exit) {
        exit.decision = Some(decision_of(case, moment, kept(1), again, &mut notes)?);
    }
    let orders = order_facts(reader, case).map_err(|e| e.to_string())?;
    if let Some(exit) = &mut exit {
        tell_reached(exit, &orders);
        tell_otherwise(exit, reader, case, &orders).map_err(|e| e.to_string())?;
    }
    let session = &case.session;
    Ok(Explanation {
        format: FORMAT,
        asked: case.asked.to_string(),
        ledger: reader.path().display().to_string(),
        session: session.name.clone(),
        strategy: session.strategy.clone(),
        interval: session.interval.clone(),
        currency: session.currency.clone(),
        source: Source {
            recording_run_again: again.is_ok(),
            state_hashes_equal: again.as_ref().ok().map(|again| again.compared),
            notes,
        },
        trade: case.trade.as_ref().map(TradeFacts::from),
        decision,
        orders,
        exit,
    })
}

/// One decision from what is known of it.
fn decision_of(
    case: &Case,
    moment: &Moment,
    explained: Option<&Explained>,
    again: &Result<Again, String>,
    notes: &mut Vec<String>,
) -> Result<DecisionFacts, String> {
    let instrument = explained.and_then(|e| case.session.instruments.get(e.symbol.index()));
    let of_run: Vec<StoredDecision> = explained
        .zip(instrument)
        .map(|(explained, instrument)| {
            let decisions = explained.decisions.iter();
            decisions.map(|d| as_stored(d, instrument)).collect()
        })
        .unwrap_or_default();
    let (stored, chosen) = match moment {
        Moment::Stored(stored) => (
            Some(stored.as_ref()),
            of_run.iter().find(|d| d.id == stored.id),
        ),
        Moment::Number(id) => (None, of_run.iter().find(|d| d.id == *id)),
        Moment::Candle { stored, .. } => (stored.first(), of_run.first()),
    };
    if let (Some(stored), Some(chosen)) = (stored, chosen)
        && !same(stored, chosen)
    {
        notes.push(format!(
            "decision d{} came out otherwise than the ledger stores it; shown is what is stored",
            stored.id
        ));
    }
    let mut facts = match (stored.or(chosen), explained) {
        (Some(decision), _) => decided(decision),
        (None, Some(explained)) if !matches!(moment, Moment::Number(_)) => {
            undecided(case, explained)
        }
        _ => return Err(not_there(case, moment, again)),
    };
    if let (Some(explained), Some(instrument)) = (explained, instrument) {
        add_run(&mut facts, explained, instrument);
    } else if let Ok(again) = again
        && again.differs_from.is_none()
    {
        notes.push("the run did not come to the decision again".to_owned());
    }
    let mut also: Vec<i64> = of_run.iter().map(|d| d.id).collect();
    if let Moment::Candle { stored, .. } = moment {
        also.extend(stored.iter().map(|d| d.id));
    }
    also.sort_unstable();
    also.dedup();
    also.retain(|id| Some(*id) != facts.id);
    facts.also_decided = also;
    facts.difference = difference(&facts);
    Ok(facts)
}

/// Why there is nothing to show.
fn not_there(case: &Case, moment: &Moment, again: &Result<Again, String>) -> String {
    match (moment, again) {
        (Moment::Number(id), Ok(again)) if *id > again.decisions as i64 => format!(
            "no decision d{id}: the session made {} decisions",
            again.decisions
        ),
        (Moment::Candle { open_time, .. }, Ok(_)) => {
            format!("no candle of {open_time} closed in the session")
        }
        (_, Ok(_)) => format!("{}: the run did not come to it again", case.asked),
        (_, Err(why)) => format!(
            "{}: the ledger holds no row for it, as for a HOLD that is only counted, and {why}; \
             --recording FILE names the recording",
            case.asked
        ),
    }
}

/// Whether run and ledger say the same. Indicators are compared by the state hash already.
fn same(stored: &StoredDecision, of_run: &StoredDecision) -> bool {
    let bare = |decision: &StoredDecision| StoredDecision {
        indicators: BTreeMap::new(),
        ..decision.clone()
    };
    bare(stored) == bare(of_run)
}

fn as_stored(decision: &Decision, instrument: &Instrument) -> StoredDecision {
    let proposal = &decision.proposal;
    let finite = |value: f64| Some(value).filter(|v| v.is_finite());
    StoredDecision {
        id: i64::try_from(decision.id).unwrap_or(i64::MAX),
        symbol: instrument.symbol.clone(),
        candle: decision.candle,
        time: decision.time,
        price: instrument.price(decision.price),
        strategy: decision.strategy.to_owned(),
        proposed: proposal.action.name().to_owned(),
        strength: finite(proposal.strength),
        confidence: finite(proposal.confidence),
        size_pct: proposal.size_pct,
        take_profit_pct: proposal.take_profit_pct,
        stop_loss_pct: proposal.stop_loss_pct,
        leverage: proposal.leverage,
        rationale: proposal.rationale.clone(),
        action: decision.action.name().to_owned(),
        reason: decision.reason.clone(),
        indicators: values(&decision.indicators),
        checks: decision.checks.iter().map(stored_check).collect(),
        position: instrument.quantity(Quantity(decision.position)),
        equity: decision.equity,
    }
}

fn stored_check(check: &Check) -> StoredCheck {
    StoredCheck {
        name: check.name.to_owned(),
        outcome: names::check_outcome(check.outcome).to_owned(),
        value: check.value,
        limit: check.limit,
        margin: check.margin,
    }
}

fn values(indicators: &[(&'static str, f64)]) -> BTreeMap<String, Option<f64>> {
    indicators
        .iter()
        .map(|(name, value)| ((*name).to_owned(), Some(*value).filter(|v| v.is_finite())))
        .collect()
}

fn candle_at(open_time: Timestamp) -> CandleFacts {
    CandleFacts {
        open_time_ms: open_time.into(),
        open: None,
        high: None,
        low: None,
        close: None,
        volume: None,
        trades: None,
    }
}

fn decided(decision: &StoredDecision) -> DecisionFacts {
    DecisionFacts {
        id: Some(decision.id),
        symbol: decision.symbol.clone(),
        candle: candle_at(decision.candle),
        time_ms: Some(decision.time.into()),
        price: Some(decision.price),
        strategy: decision.strategy.clone(),
        position: Some(decision.position),
        equity: Some(decision.equity),
        indicators: decision.indicators.clone(),
        rules: None,
        proposal: Some(ProposalFacts {
            action: decision.proposed.clone(),
            strength: decision.strength,
            confidence: decision.confidence,
            size_pct: decision.size_pct,
            take_profit_pct: decision.take_profit_pct,
            stop_loss_pct: decision.stop_loss_pct,
            leverage: decision.leverage,
            rationale: decision.rationale.clone(),
        }),
        action: decision.action.clone(),
        reason: decision.reason.clone(),
        obstacle: obstacle(&decision.reason, None),
        checks: decision.checks.iter().map(check_facts).collect(),
        unasked_gate: None,
        sizing: None,
        difference: super::facts::Difference::default(),
        also_decided: Vec::new(),
    }
}

/// A candle that closed without a decision.
fn undecided(case: &Case, explained: &Explained) -> DecisionFacts {
    let reason = if explained.candle.complete {
        "decision_interval"
    } else {
        "incomplete_candle"
    };
    let symbol = case.session.instruments.get(explained.symbol.index());
    DecisionFacts {
        id: None,
        symbol: symbol.map(|i| i.symbol.clone()).unwrap_or_default(),
        candle: candle_at(explained.candle.open_time),
        time_ms: None,
        price: None,
        strategy: case.session.strategy.clone(),
        position: None,
        equity: None,
        indicators: BTreeMap::new(),
        rules: None,
        proposal: None,
        action: "NONE".to_owned(),
        reason: reason.to_owned(),
        obstacle: obstacle(reason, None),
        checks: Vec::new(),
        unasked_gate: None,
        sizing: None,
        difference: super::facts::Difference::default(),
        also_decided: Vec::new(),
    }
}

/// What only the run of the recording knows.
fn add_run(facts: &mut DecisionFacts, explained: &Explained, instrument: &Instrument) {
    let candle = &explained.candle;
    facts.candle = CandleFacts {
        open_time_ms: Millis::from(candle.open_time),
        open: Some(instrument.price(candle.open)),
        high: Some(instrument.price(candle.high)),
        low: Some(instrument.price(candle.low)),
        close: Some(instrument.price(candle.close)),
        volume: instrument
            .lot
            .mul_div(candle.volume, 1, crate::core::units::Rounding::HalfEven),
        trades: Some(candle.trades),
    };
    if facts.indicators.is_empty() {
        facts.indicators = values(&explained.indicators);
    }
    facts.rules = Some(rules_of(explained));
    facts.obstacle = obstacle(&facts.reason, Some(explained.candles));
    let own = |(id, _): &&(u64, _)| facts.id == i64::try_from(*id).ok();
    facts.sizing = explained
        .sizings
        .iter()
        .find(own)
        .map(|(_, sizing)| sizing_facts(sizing, instrument));
    let mut unasked = explained.unasked_gate.iter();
    facts.unasked_gate = unasked
        .find(|(id, _)| facts.id == i64::try_from(*id).ok())
        .map(|(_, checks)| {
            checks
                .iter()
                .map(|c| check_facts(&stored_check(c)))
                .collect()
        });
}

fn check_facts(check: &StoredCheck) -> CheckFacts {
    let margin_pct = check
        .margin
        .zip(check.limit)
        .filter(|(_, limit)| !limit.is_zero())
        .map(|(margin, limit)| margin.to_f64() / limit.abs().to_f64() * 100.0);
    CheckFacts {
        name: check.name.clone(),
        outcome: check.outcome.clone(),
        value: check.value,
        limit: check.limit,
        margin: check.margin,
        margin_pct,
    }
}

/// Whether a position was open.
pub fn in_position(facts: &DecisionFacts) -> bool {
    facts.position.is_some_and(|held| held != Decimal::ZERO)
}
