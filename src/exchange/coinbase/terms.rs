//! What an order asks, in the venue's words: order configurations, sides, states.
//!
//! The venue has no stop that becomes a market order: a protective stop is a stop-limit.

use crate::core::units::{Decimal, Side, Timestamp};
use crate::exchange::orders::{OrderLife, OrderTerms, VenueOrderStatus};
use serde::Serialize;

/// `order_configuration`: one named form and its fields.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Configuration {
    MarketMarketIoc(Sized),
    SorLimitIoc(Limit),
    LimitLimitFok(Limit),
    LimitLimitGtc(RestingLimit),
    LimitLimitGtd(RestingLimit),
    StopLimitStopLimitGtc(StopLimit),
    StopLimitStopLimitGtd(StopLimit),
    TriggerBracketGtc(Bracket),
    TriggerBracketGtd(Bracket),
}

/// One of the two sizes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Sized {
    /// Base units; contracts for futures.
    BaseSize(Decimal),
    /// Quote currency.
    QuoteSize(Decimal),
}

/// A limit that does not rest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Limit {
    base_size: Decimal,
    limit_price: Decimal,
}

/// A limit that rests, for good or until a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RestingLimit {
    base_size: Decimal,
    limit_price: Decimal,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_time: Option<String>,
    post_only: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StopLimit {
    base_size: Decimal,
    limit_price: Decimal,
    stop_price: Decimal,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_time: Option<String>,
    stop_direction: &'static str,
}

/// `limit_price` is the target, `stop_trigger_price` the stop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Bracket {
    base_size: Decimal,
    limit_price: Decimal,
    stop_trigger_price: Decimal,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_time: Option<String>,
}

/// When a resting order ends.
enum Rest {
    Never,
    At(String),
}

/// The life of an order that rests.
fn rest(what: &str, life: OrderLife) -> Result<Rest, String> {
    match life {
        OrderLife::UntilCancelled => Ok(Rest::Never),
        OrderLife::UntilTime(time) => Ok(Rest::At(end_time(time))),
        OrderLife::ImmediateOrCancel | OrderLife::FillOrKill => Err(format!(
            "{what} rests until cancelled or until a time: the venue has no {life:?} of it"
        )),
    }
}

/// RFC 3339 in UTC.
pub(super) fn end_time(time: Timestamp) -> String {
    time.to_string()
}

/// The venue's form of an order's terms.
///
/// # Errors
/// Terms that contradict each other or that the venue has no form for, in words.
pub fn configuration(terms: &OrderTerms) -> Result<Configuration, String> {
    Ok(match *terms {
        OrderTerms::Market { size } => Configuration::MarketMarketIoc(Sized::BaseSize(size)),
        OrderTerms::MarketQuote { quote_size } => {
            Configuration::MarketMarketIoc(Sized::QuoteSize(quote_size))
        }
        OrderTerms::Limit {
            size,
            price,
            life,
            post_only,
        } => limit(size, price, life, post_only)?,
        OrderTerms::StopLimit {
            size,
            price,
            stop,
            falling,
            life,
        } => {
            let order = |end_time| StopLimit {
                base_size: size,
                limit_price: price,
                stop_price: stop,
                end_time,
                stop_direction: if falling {
                    "STOP_DIRECTION_STOP_DOWN"
                } else {
                    "STOP_DIRECTION_STOP_UP"
                },
            };
            match rest("a stop-limit order", life)? {
                Rest::Never => Configuration::StopLimitStopLimitGtc(order(None)),
                Rest::At(time) => Configuration::StopLimitStopLimitGtd(order(Some(time))),
            }
        }
        OrderTerms::Bracket {
            size,
            target,
            stop,
            life,
        } => {
            let order = |end_time| Bracket {
                base_size: size,
                limit_price: target,
                stop_trigger_price: stop,
                end_time,
            };
            match rest("a bracket order", life)? {
                Rest::Never => Configuration::TriggerBracketGtc(order(None)),
                Rest::At(time) => Configuration::TriggerBracketGtd(order(Some(time))),
            }
        }
    })
}

fn limit(
    base_size: Decimal,
    limit_price: Decimal,
    life: OrderLife,
    post_only: bool,
) -> Result<Configuration, String> {
    let at_once = Limit {
        base_size,
        limit_price,
    };
    let resting = |end_time| RestingLimit {
        base_size,
        limit_price,
        end_time,
        post_only,
    };
    match life {
        OrderLife::UntilCancelled => Ok(Configuration::LimitLimitGtc(resting(None))),
        OrderLife::UntilTime(time) => {
            Ok(Configuration::LimitLimitGtd(resting(Some(end_time(time)))))
        }
        OrderLife::ImmediateOrCancel | OrderLife::FillOrKill if post_only => Err(format!(
            "a limit order cannot be post-only and {life:?}: one rests, the other does not"
        )),
        OrderLife::ImmediateOrCancel => Ok(Configuration::SorLimitIoc(at_once)),
        OrderLife::FillOrKill => Ok(Configuration::LimitLimitFok(at_once)),
    }
}

/// `BUY` or `SELL` in either case.
pub(super) fn side(text: &str) -> Result<Side, String> {
    if text.eq_ignore_ascii_case("BUY") {
        Ok(Side::Buy)
    } else if text.eq_ignore_ascii_case("SELL") {
        Ok(Side::Sell)
    } else {
        let text = super::fields::shown(text);
        Err(format!("side {text:?}: expected BUY or SELL"))
    }
}

/// The venue's state of an order; queued wishes change nothing yet.
pub(super) fn status(text: &str) -> VenueOrderStatus {
    match text {
        "PENDING" | "QUEUED" => VenueOrderStatus::Pending,
        "OPEN" | "CANCEL_QUEUED" | "EDIT_QUEUED" => VenueOrderStatus::Open,
        "FILLED" => VenueOrderStatus::Filled,
        "CANCELLED" => VenueOrderStatus::Cancelled,
        "EXPIRED" => VenueOrderStatus::Expired,
        "FAILED" => VenueOrderStatus::Failed,
        _ => VenueOrderStatus::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn d(text: &str) -> Decimal {
        Decimal::parse(text).unwrap()
    }

    fn json(terms: &OrderTerms) -> String {
        serde_json::to_string(&configuration(terms).unwrap()).unwrap()
    }

    #[test]
    fn market_orders_name_one_size() {
        assert_eq!(
            json(&OrderTerms::Market { size: d("0.001") }),
            r#"{"market_market_ioc":{"base_size":"0.001"}}"#
        );
        assert_eq!(
            json(&OrderTerms::MarketQuote {
                quote_size: d("6.36")
            }),
            r#"{"market_market_ioc":{"quote_size":"6.36"}}"#
        );
    }

    #[test]
    fn limits_are_named_by_their_life() {
        let limit = |life, post_only| OrderTerms::Limit {
            size: d("0.001"),
            price: d("10000.00"),
            life,
            post_only,
        };
        let time = OrderLife::UntilTime(Timestamp(1_764_000_000_000_000_000));
        for (life, post_only, expected) in [
            (
                OrderLife::UntilCancelled,
                false,
                r#"{"limit_limit_gtc":{"base_size":"0.001","limit_price":"10000","post_only":false}}"#,
            ),
            (
                time,
                true,
                r#"{"limit_limit_gtd":{"base_size":"0.001","limit_price":"10000","end_time":"2025-11-24T16:00:00.000Z","post_only":true}}"#,
            ),
            (
                OrderLife::ImmediateOrCancel,
                false,
                r#"{"sor_limit_ioc":{"base_size":"0.001","limit_price":"10000"}}"#,
            ),
            (
                OrderLife::FillOrKill,
                false,
                r#"{"limit_limit_fok":{"base_size":"0.001","limit_price":"10000"}}"#,
            ),
        ] {
            assert_eq!(json(&limit(life, post_only)), expected);
        }
        for life in [OrderLife::ImmediateOrCancel, OrderLife::FillOrKill] {
            let error = configuration(&limit(life, true)).unwrap_err();
            assert!(error.contains("post-only"), "{error}");
        }
    }

    #[test]
    fn stops_and_brackets_rest() {
        let stop = |falling, life| OrderTerms::StopLimit {
            size: d("48.54"),
            price: d("6.998"),
            stop: d("7.0687"),
            falling,
            life,
        };
        let time = OrderLife::UntilTime(Timestamp(1_764_000_000_000_000_000));
        assert_eq!(
            json(&stop(true, OrderLife::UntilCancelled)),
            r#"{"stop_limit_stop_limit_gtc":{"base_size":"48.54","limit_price":"6.998","stop_price":"7.0687","stop_direction":"STOP_DIRECTION_STOP_DOWN"}}"#
        );
        assert_eq!(
            json(&stop(false, time)),
            r#"{"stop_limit_stop_limit_gtd":{"base_size":"48.54","limit_price":"6.998","stop_price":"7.0687","end_time":"2025-11-24T16:00:00.000Z","stop_direction":"STOP_DIRECTION_STOP_UP"}}"#
        );
        let bracket = |life| OrderTerms::Bracket {
            size: d("1"),
            target: d("110"),
            stop: d("90"),
            life,
        };
        assert_eq!(
            json(&bracket(OrderLife::UntilCancelled)),
            r#"{"trigger_bracket_gtc":{"base_size":"1","limit_price":"110","stop_trigger_price":"90"}}"#
        );
        assert_eq!(
            json(&bracket(time)),
            r#"{"trigger_bracket_gtd":{"base_size":"1","limit_price":"110","stop_trigger_price":"90","end_time":"2025-11-24T16:00:00.000Z"}}"#
        );
        for terms in [
            stop(true, OrderLife::ImmediateOrCancel),
            bracket(OrderLife::FillOrKill),
        ] {
            assert!(configuration(&terms).unwrap_err().contains("rests"));
        }
    }

    #[test]
    fn a_state_that_is_new_is_unknown_and_never_final() {
        for (text, expected) in [
            ("QUEUED", VenueOrderStatus::Pending),
            ("CANCEL_QUEUED", VenueOrderStatus::Open),
            ("EDIT_QUEUED", VenueOrderStatus::Open),
            ("EXPIRED", VenueOrderStatus::Expired),
            ("UNKNOWN_ORDER_STATUS", VenueOrderStatus::Unknown),
            ("HALTED", VenueOrderStatus::Unknown),
        ] {
            assert_eq!(status(text), expected, "{text}");
        }
        assert!(!status("HALTED").is_final());
    }
}
