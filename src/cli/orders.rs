//! `minnow orders`: orders as the exchange lists them; minnow's own are told by their ids.

use super::exchange::{ask_account, refused};
use super::table::{Side, render};
use super::{Common, Exit, Failure, sources};
use crate::core::orders::client_id;
use crate::core::records::Leg;
use crate::core::units::{Decimal, Span, Timestamp};
use crate::exchange::calls::{Call, CallAnswer, Standing};
use crate::exchange::orders::{VenueOrder, VenueOrderStatus};
use crate::runtime::clock;
use crate::runtime::live::Answered;
use serde_json::json;

#[derive(Clone, Debug, Default, clap::Args)]
pub struct Arguments {
    /// Also orders that have ended
    #[arg(long)]
    pub all: bool,
    /// With --all: those made since so many hours
    #[arg(long, value_name = "HOURS", default_value_t = 24, value_parser = clap::value_parser!(u32).range(1..=8784), requires = "all")]
    pub hours: u32,
}

/// Asks and shows, newest first.
///
/// # Errors
/// Configuration, no key (78); the exchange refuses or does not answer (1).
pub fn run(common: &Common, arguments: &Arguments) -> Result<Exit, Failure> {
    let effective = sources::configuration(common)?;
    let back = Span::from_secs(i64::from(arguments.hours) * 3600);
    let since = Timestamp(clock::stamp().wall.0 - back.0);
    let question = |standing| Call::Orders {
        product: String::new(),
        standing,
        since: arguments.all.then_some(since),
        cursor: String::new(),
    };
    let questions = if arguments.all {
        vec![question(Standing::Any)]
    } else {
        // In this order none is missed that gets into the book between the two.
        vec![question(Standing::Pending), question(Standing::Open)]
    };
    let answers = ask_account(&effective, questions)?;
    let mut orders = listed(&answers)?;
    orders.sort_by_key(|order| std::cmp::Reverse(order.created));
    super::report::print(&if common.json {
        as_json(&orders)
    } else {
        as_text(&orders)
    })?;
    Ok(Exit::Success)
}

fn listed(answers: &[Answered]) -> Result<Vec<VenueOrder>, Failure> {
    let mut all = Vec::new();
    for answer in answers {
        match (&answer.call, &answer.result) {
            (Call::Orders { .. }, Ok(CallAnswer::Orders { orders, .. })) => {
                // Of an order that two lists have, the later one tells more.
                all.retain(|known: &VenueOrder| {
                    orders.iter().all(|order| order.venue_id != known.venue_id)
                });
                all.extend(orders.iter().cloned());
            }
            (Call::Orders { .. }, Err(trouble)) => return Err(refused("orders", trouble)),
            _ => {}
        }
    }
    Ok(all)
}

/// What an order of minnow is for, by its id; `None`: somebody else's.
fn own_leg(order: &VenueOrder) -> Option<&'static str> {
    client_id::parse(&order.client_id).map(|id| match id.leg {
        Leg::Entry => "entry",
        Leg::Close => "close",
        Leg::Stop => "stop",
        Leg::Target => "target",
        Leg::Guard => "guard",
        Leg::Protective => "protective",
    })
}

const fn status(order: &VenueOrder) -> &'static str {
    match order.status {
        VenueOrderStatus::Pending => "pending",
        VenueOrderStatus::Open => "open",
        VenueOrderStatus::Filled => "filled",
        VenueOrderStatus::Cancelled => "cancelled",
        VenueOrderStatus::Expired => "expired",
        VenueOrderStatus::Failed => "failed",
        VenueOrderStatus::Unknown => "unknown",
    }
}

fn number(value: Option<Decimal>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}

fn as_json(orders: &[VenueOrder]) -> String {
    let text = |value: Option<Decimal>| value.map(|value| value.to_string());
    let list: Vec<_> = orders
        .iter()
        .map(|order| {
            json!({
                "created": order.created.map(|time| time.to_string()),
                "product": order.product,
                "side": order.side.name(),
                "status": status(order),
                "size": text(order.size),
                "filled": order.filled.to_string(),
                "limit_price": text(order.limit_price),
                "stop_price": text(order.stop_price),
                "average_price": text(order.average_price),
                "fees": order.fees.to_string(),
                "own": own_leg(order).is_some(),
                "leg": own_leg(order),
                "client_id": order.client_id,
                "venue_id": order.venue_id,
                "reason": order.reason,
            })
        })
        .collect();
    format!("{}\n", json!({ "orders": list }))
}

fn as_text(orders: &[VenueOrder]) -> String {
    if orders.is_empty() {
        return "no orders\n".to_owned();
    }
    let rows: Vec<_> = orders
        .iter()
        .map(|order| {
            [
                order
                    .created
                    .map_or_else(|| "-".to_owned(), |time| time.to_string()),
                order.product.clone(),
                order.side.name().to_owned(),
                number(order.size),
                order.filled.to_string(),
                number(
                    order
                        .limit_price
                        .or(order.stop_price)
                        .or(order.average_price),
                ),
                status(order).to_owned(),
                own_leg(order).unwrap_or("foreign").to_owned(),
                if order.client_id.is_empty() {
                    order.venue_id.clone()
                } else {
                    order.client_id.clone()
                },
            ]
        })
        .collect();
    let heads = [
        ("created", Side::Left),
        ("product", Side::Left),
        ("side", Side::Left),
        ("size", Side::Right),
        ("filled", Side::Right),
        ("price", Side::Right),
        ("status", Side::Left),
        ("of minnow", Side::Left),
        ("id", Side::Left),
    ];
    render(heads, &rows)
}
