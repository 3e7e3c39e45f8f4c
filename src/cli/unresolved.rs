//! What a session leaves unresolved at its end, in words: it makes the exit status 3.

use crate::core::Core;
use crate::core::orders::Working;
use crate::core::records::OrderState;
use crate::core::settings::OnShutdown;
use crate::core::symbol::Symbol;
use crate::store::ledger::names::order_state;

/// Orders that are neither at rest nor over, and positions that the end was to close.
pub(super) fn unresolved(core: &Core) -> Vec<String> {
    let closes = core.settings().trading.on_shutdown == OnShutdown::Close;
    let of = |symbol: &Symbol| {
        let mut open = orders(symbol);
        open.extend(closes.then(|| position(symbol)).flatten());
        open
    };
    core.symbols().iter().flat_map(of).collect()
}

/// An entry is cancelled and an exit carried out before the end; what protects a position rests.
fn orders(symbol: &Symbol) -> Vec<String> {
    let passing = [&symbol.entry, &symbol.exit].into_iter().flatten();
    let resting = [&symbol.stop, &symbol.target].into_iter().flatten();
    let moving = resting.filter(|working| {
        matches!(
            working.order.state,
            OrderState::Intended
                | OrderState::Durable
                | OrderState::Sent
                | OrderState::Unknown
                | OrderState::Cancelling
        )
    });
    let name = &symbol.instrument.symbol;
    let told = |working: &Working| {
        format!(
            "unresolved: order {} of {name}, {}, {} open: found out at the next start, before \
             anything is sent",
            working.order.client_id,
            order_state(working.order.state),
            symbol.instrument.quantity(working.remaining()),
        )
    };
    passing.chain(moving).map(told).collect()
}

fn position(symbol: &Symbol) -> Option<String> {
    let position = symbol.position.as_ref()?;
    Some(format!(
        "unresolved: {}: {} {} is held, and trading.on_shutdown = close",
        symbol.instrument.symbol,
        position.side.name(),
        symbol.instrument.quantity(position.quantity()),
    ))
}
