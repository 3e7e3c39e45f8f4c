//! `minnow trade`: checks the configuration as trading will, then says that trading on live data is
//! not in this version.
//!
//! Opens nothing and writes nothing, in every case.

use super::{Common, Exit, Failure, sources};
use crate::config::Effective;

/// `trade` has no arguments of its own.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Arguments {}

/// Refuses to trade, with status 78 when the configuration is not sound, else with 1.
pub fn run(common: &Common, _arguments: &Arguments) -> Result<Exit, Failure> {
    let effective = sources::configuration(common)?;
    Err(Failure::run_time(refusal(&effective)))
}

/// What a user reads who wanted to trade.
fn refusal(effective: &Effective) -> String {
    let mode = if effective.flag("system.dry_run") {
        "paper"
    } else {
        "live"
    };
    format!(
        "trade: the configuration is sound ({mode}, {}), but trading on live data, on paper or with \
         real orders, arrives with a later version.\nNothing was opened, sent or written. \
         Try it on recorded trades: minnow replay recordings/btc-perp-2018-01-01.mrec",
        effective.symbols().join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Sources, load};

    #[test]
    fn the_refusal_names_mode_and_symbols_and_what_works_today() {
        let effective = load(&Sources {
            sets: vec!["trading.symbols=BTC-USD,ETH-USD".to_owned()],
            directory: "/nonexistent".into(),
            ..Sources::default()
        })
        .unwrap_or_else(|findings| panic!("{findings}"));
        let text = refusal(&effective);
        assert!(text.contains("(paper, BTC-USD, ETH-USD)"), "{text}");
        assert!(text.contains("later version"), "{text}");
        assert!(text.contains("Nothing was opened"), "{text}");
        assert!(text.contains("minnow replay"), "{text}");
    }
}
