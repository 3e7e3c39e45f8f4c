//! The world at a venue: spot BTC-USD, reconciled, with the words in which a venue speaks.

use crate::world::*;
use minnow::core::Core;
use minnow::core::effect::Effect;
use minnow::core::input::*;
use minnow::core::market::{Instrument, ProductKind, SymbolId};
use minnow::core::modes::Turns;
use minnow::core::records::*;
use minnow::core::settings::{Execution, Settings};
use minnow::core::units::*;
use minnow::core::venue::OrderRequest;

/// Tick 0.5, lot 0.001, fee 0.0015, orders at a venue.
pub fn venue_settings() -> Settings {
    let mut s = settings();
    s.execution = Execution::Venue;
    s.instruments = vec![Instrument {
        min_quantity: d("0.001"),
        ..Instrument::linear("BTC-USD", ProductKind::Spot, "USD", d("0.5"), d("0.001"))
    }];
    s
}

/// A world at a venue that has said what it has: 10,000 in cash and nothing else.
pub fn at_venue(settings: Settings, script: Script) -> World {
    let mut world = World::of(Core::with_strategies(settings, Turns::History, |_| {
        Box::new(script.clone())
    }));
    world.input(0, cash("10000"));
    world.input(0, reconciled());
    world
}

pub fn cash(amount: &str) -> Input {
    Input::Account(AccountNews {
        cash: d(amount),
        fees: Vec::new(),
    })
}

pub fn reconciled() -> Input {
    Input::Reconciled {
        ok: true,
        text: String::new(),
    }
}

pub fn feed(name: &str, fresh: bool) -> Input {
    Input::Feed {
        symbol: SymbolId(0),
        feed: name.to_owned(),
        fresh,
    }
}

/// A world with an entry of 0.04 at 50,000 just submitted, at 61 s.
pub fn entering(script: Script) -> (World, OrderRequest) {
    let mut world = at_venue(venue_settings(), script);
    world.trade(30_000, "50000", "10");
    world.trade(61_001, "50000", "10");
    let request = world.submitted();
    (world, request)
}

/// The same, filled whole at 50,000 with a fee of 3, at 91 s.
pub fn entered(script: Script) -> World {
    let (mut world, request) = entering(script);
    world.news(91_000, &request, accepted("v1"));
    world.news(91_000, &request, fill("f1", "50000", "0.04", "3"));
    assert_eq!(world.position(), d("0.04"));
    world
}

pub fn accepted(venue_id: &str) -> OrderNews {
    OrderNews::Accepted {
        venue_id: venue_id.to_owned(),
    }
}

pub fn unknown() -> OrderNews {
    OrderNews::Unknown {
        reason: "no answer within 15 s".to_owned(),
    }
}

pub fn rejected(reason: &str) -> OrderNews {
    OrderNews::Rejected {
        reason: reason.to_owned(),
    }
}

pub fn stands(status: VenueState, lots: i64) -> OrderNews {
    OrderNews::State {
        status,
        filled: Quantity(lots),
    }
}

pub fn fill(id: &str, price: &str, quantity: &str, fee: &str) -> OrderNews {
    OrderNews::Filled {
        fill_id: id.to_owned(),
        price: ticks(price),
        quantity: lots(quantity),
        fee: d(fee),
        maker: false,
        time: Timestamp::from_millis(START + 90_000),
    }
}

pub fn ticks(price: &str) -> Price {
    let grid = &venue_settings().instruments[0];
    grid.exact_price(d(price)).expect("on the grid")
}

pub fn lots(quantity: &str) -> Quantity {
    let grid = &venue_settings().instruments[0];
    grid.exact_quantity(d(quantity)).expect("on the lot")
}

/// An order of this request as the venue lists it.
pub fn listed(request: &OrderRequest, id: &str, status: VenueState, filled: i64) -> ListedOrder {
    ListedOrder {
        venue_id: id.to_owned(),
        client_id: request.order.client_id.clone(),
        symbol: Some(SymbolId(0)),
        side: request.order.side,
        status,
        quantity: request.order.quantity,
        filled: Quantity(filled),
        price: None,
    }
}

/// A complete listing with nothing in it.
pub fn nothing_listed(millis: i64) -> VenueListing {
    VenueListing {
        at: Timestamp::from_millis(START + millis),
        complete: true,
        open: Vec::new(),
        recent: Vec::new(),
        fills: Vec::new(),
        positions: Vec::new(),
    }
}

impl World {
    pub fn news(&mut self, millis: i64, request: &OrderRequest, news: OrderNews) {
        let client_id = request.order.client_id.clone();
        self.input(millis, Input::Order(OrderEvent { client_id, news }));
    }

    pub fn listing(&mut self, listing: VenueListing) {
        let millis = listing.at.as_millis() - START;
        self.input(millis, Input::Listing(Box::new(listing)));
    }

    /// Orders that were to be sent so far.
    pub fn submissions(&self) -> Vec<&OrderRequest> {
        fn submit(wish: &Effect) -> Option<&OrderRequest> {
            match wish {
                Effect::Submit(request) => Some(request),
                _ => None,
            }
        }
        self.wishes.iter().filter_map(submit).collect()
    }

    /// The order that was to be sent last.
    pub fn submitted(&self) -> OrderRequest {
        let all = self.submissions();
        (*all.last().expect("an order was submitted")).clone()
    }

    pub fn cancels(&self) -> usize {
        let cancel = |wish: &&Effect| matches!(wish, Effect::Cancel { .. });
        self.wishes.iter().filter(cancel).count()
    }

    pub fn queries(&self) -> usize {
        let query = |wish: &&Effect| matches!(wish, Effect::Query { .. });
        self.wishes.iter().filter(query).count()
    }

    pub fn reconciliations_wanted(&self) -> usize {
        let wanted = |wish: &&Effect| matches!(wish, Effect::Reconcile);
        self.wishes.iter().filter(wanted).count()
    }

    pub fn state(&self, request: &OrderRequest) -> OrderState {
        self.orders[&request.order.id].state
    }

    pub fn told(&self, code: &str) -> usize {
        self.events.iter().filter(|e| e.code == code).count()
    }
}
