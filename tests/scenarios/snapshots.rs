//! A core restored from its snapshot goes on as if it had never stopped.

use crate::fast_path::{busy_settings, market};
use crate::world::World;
use minnow::core::Core;
use minnow::core::market::TimedTrade;
use minnow::core::modes::Turns;
use minnow::core::settings::Settings;
use minnow::core::snapshot::Snapshot;
use minnow::core::units::Span;
use minnow::core::units::rng::SplitMix64;

pub fn seeded(settings: &Settings, seed: u64) -> Vec<TimedTrade> {
    let mut rng = SplitMix64::new(seed);
    let mut drift = 0i64;
    let steps: Vec<_> = (0..12_000)
        .map(|index| {
            if index % 400 == 0 {
                drift = rng.below(3000) as i64 - 1500;
            }
            let step = drift + rng.below(6000) as i64 - 3000;
            let (kind, delay) = (rng.below(200) as u8, rng.below(3000) as u16);
            (kind, delay, step as i16, 1 + rng.below(1999) as u16)
        })
        .collect();
    market(&steps, settings.instruments.len() as u16)
}

#[test]
fn a_run_cut_anywhere_and_restored_equals_one_that_went_through() {
    for flags in [1, 6, 9, 15] {
        let settings = busy_settings(flags);
        let rows = seeded(&settings, 40 + u64::from(flags));
        let mut whole = World::of(Core::new(settings.clone(), Turns::History));
        whole.rows(&rows);
        assert!(whole.fills.len() > 10, "flags {flags}");
        // Many cuts, among them some with an order, a position or a held price.
        let mut rng = SplitMix64::new(7);
        for _ in 0..25 {
            let cut = 1 + rng.below(rows.len() as u64 - 1) as usize;
            let mut first = World::of(Core::new(settings.clone(), Turns::History));
            first.rows(&rows[..cut]);
            let text = serde_json::to_string(&first.core.snapshot(rows[cut - 1].stamp)).unwrap();
            let snapshot: Snapshot = serde_json::from_str(&text).unwrap();
            let core = Core::restore(settings.clone(), Turns::History, snapshot).unwrap();
            let again = serde_json::to_string(&core.snapshot(rows[cut - 1].stamp)).unwrap();
            assert_eq!(text, again, "canonical: flags {flags}, cut {cut}");
            let mut second = World::of(core);
            second.rows(&rows[cut..]);
            assert_eq!(
                second.core.state_hash(),
                whole.core.state_hash(),
                "flags {flags}, cut {cut}"
            );
            let fills = first.fills.len();
            assert_eq!(second.fills, whole.fills[fills..]);
            assert_eq!(second.core.inputs(), whole.core.inputs());
        }
    }
}

#[test]
fn a_snapshot_of_something_else_is_refused_by_name() {
    let settings = busy_settings(0);
    let core = Core::new(settings.clone(), Turns::History);
    let mut other = settings.clone();
    other.instruments[0].symbol = "DOGE-PERP".into();
    let snapshot = core.snapshot(Default::default());
    let error = Core::restore(other, Turns::History, snapshot).unwrap_err();
    assert_eq!(error, "state of BTC-PERP: expected DOGE-PERP");
    let text = serde_json::to_string(&core.snapshot(Default::default())).unwrap();
    let newer = text.replacen("\"version\":3", "\"version\":4", 1);
    let snapshot: Snapshot = serde_json::from_str(&newer).unwrap();
    let error = Core::restore(settings, Turns::History, snapshot).unwrap_err();
    assert_eq!(error, "state of version 4: expected 3");
}

#[test]
fn a_bucket_ends_when_it_was_to_end_although_the_wall_clock_was_set_before_the_snapshot() {
    let settings = busy_settings(0);
    let mut core = Core::new(settings.clone(), Turns::Session);
    let rows = seeded(&settings, 3);
    core.handle_trades(&rows[..1], &mut Vec::new());
    let deadline = core.next_deadline();
    assert!(deadline.is_some());
    let mut at = rows[0].stamp;
    at.wall = at.wall + Span::from_secs(7200);
    let mut restored = Core::restore(settings, Turns::Session, core.snapshot(at)).unwrap();
    assert_eq!(restored.next_deadline(), deadline);
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    core.turn(at, &mut ours);
    restored.turn(at, &mut theirs);
    assert_eq!(ours, theirs);
}
