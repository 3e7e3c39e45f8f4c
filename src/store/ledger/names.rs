//! The text under which enumerations stand in the ledger; the same words as in JSON.
//!
//! Written out so that a row costs no serialiser; a test holds them against the JSON names.

use crate::core::effect::AlertLevel;
use crate::core::records::{CheckOutcome, EquityKind, Leg, OrderKind, OrderState};

pub const fn leg(value: Leg) -> &'static str {
    match value {
        Leg::Entry => "entry",
        Leg::Close => "close",
        Leg::Stop => "stop",
        Leg::Target => "target",
        Leg::Guard => "guard",
        Leg::Protective => "protective",
    }
}

pub const fn order_kind(value: OrderKind) -> &'static str {
    match value {
        OrderKind::Market => "market",
        OrderKind::Limit => "limit",
        OrderKind::PostOnly => "post_only",
        OrderKind::StopMarket => "stop_market",
        OrderKind::TakeProfitLimit => "take_profit_limit",
        OrderKind::StopLimit => "stop_limit",
        OrderKind::Bracket => "bracket",
    }
}

pub const fn order_state(value: OrderState) -> &'static str {
    match value {
        OrderState::Intended => "intended",
        OrderState::Durable => "durable",
        OrderState::Sent => "sent",
        OrderState::Unknown => "unknown",
        OrderState::Open => "open",
        OrderState::PartlyFilled => "partly_filled",
        OrderState::Cancelling => "cancelling",
        OrderState::Filled => "filled",
        OrderState::Cancelled => "cancelled",
        OrderState::Rejected => "rejected",
        OrderState::Expired => "expired",
        OrderState::Refused => "refused",
        OrderState::NeverSent => "never_sent",
    }
}

pub const fn check_outcome(value: CheckOutcome) -> &'static str {
    match value {
        CheckOutcome::Passed => "passed",
        CheckOutcome::Changed => "changed",
        CheckOutcome::Refused => "refused",
    }
}

pub const fn equity_kind(value: EquityKind) -> &'static str {
    match value {
        EquityKind::Candle => "candle",
        EquityKind::Fill => "fill",
    }
}

pub const fn alert_level(value: AlertLevel) -> &'static str {
    match value {
        AlertLevel::Info => "info",
        AlertLevel::Warning => "warning",
        AlertLevel::Critical => "critical",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::records::ExitReason;
    use serde::Serialize;

    fn json(value: impl Serialize) -> String {
        serde_json::to_string(&value).unwrap().replace('"', "")
    }

    #[test]
    fn names_equal_those_of_json() {
        for v in Leg::ALL {
            assert_eq!(leg(v), json(v));
        }
        for v in [
            OrderKind::Market,
            OrderKind::Limit,
            OrderKind::PostOnly,
            OrderKind::StopMarket,
            OrderKind::TakeProfitLimit,
            OrderKind::StopLimit,
            OrderKind::Bracket,
        ] {
            assert_eq!(order_kind(v), json(v));
        }
        use OrderState::*;
        for v in [
            Intended,
            Durable,
            Sent,
            Unknown,
            Open,
            PartlyFilled,
            Cancelling,
            Filled,
            Cancelled,
            Rejected,
            Expired,
            Refused,
            NeverSent,
        ] {
            assert_eq!(order_state(v), json(v));
        }
        for v in [
            ExitReason::TakeProfit,
            ExitReason::StopLoss,
            ExitReason::Strategy,
            ExitReason::MaxHold,
            ExitReason::EmergencyStop,
            ExitReason::Liquidation,
            ExitReason::LossLimit,
            ExitReason::Operator,
            ExitReason::Shutdown,
            ExitReason::Reconciled,
            ExitReason::Unprotected,
        ] {
            assert_eq!(v.name(), json(v));
        }
        for v in [
            CheckOutcome::Passed,
            CheckOutcome::Changed,
            CheckOutcome::Refused,
        ] {
            assert_eq!(check_outcome(v), json(v));
        }
        for v in [EquityKind::Candle, EquityKind::Fill] {
            assert_eq!(equity_kind(v), json(v));
        }
        for v in [AlertLevel::Info, AlertLevel::Warning, AlertLevel::Critical] {
            assert_eq!(alert_level(v), json(v));
        }
    }
}
