//! The clock and the HALT file, from what is found out to what the core does.

use super::super::scene::{at, with_session};
use super::*;

#[test]
fn a_clock_beyond_five_seconds_blocks_entries_until_it_is_right() {
    with_session("clock", |session| {
        let reason = |session: &Session<'_>| session.core.symbols()[0].stale.reason();
        session.judge_clock(-5 * SECOND, 0, at(3));
        assert_eq!(reason(session), None, "at the bound");
        session.judge_clock(9 * SECOND, 5 * SECOND, at(3));
        assert_eq!(reason(session), None, "the answer itself took that long");
        session.judge_clock(-5 * SECOND - 1, 0, at(3));
        assert_eq!(reason(session), Some("stale:clock"));
        let inputs = session.core.inputs();
        session.judge_clock(8 * SECOND, 0, at(4));
        assert_eq!(session.core.inputs(), inputs, "told once");
        session.judge_clock(2 * SECOND, 0, at(5));
        assert_eq!(reason(session), None);
    });
}

#[test]
fn a_halt_file_latches_the_stop_and_stands_above_a_resume() {
    with_session("halt", |session| {
        session.look_for_halt(at(3));
        assert!(!session.core.emergency().is_latched());
        std::fs::write(&session.settings.tasks.halt_file, "").unwrap();
        session.look_for_halt(at(4));
        assert!(session.core.emergency().is_latched());
        let inputs = session.core.inputs();
        session.look_for_halt(at(5));
        assert_eq!(session.core.inputs(), inputs, "latched once");
        let reason = "looked into it".to_owned();
        session.input(at(6), Input::Command(Command::Resume { reason }));
        assert!(!session.core.emergency().is_latched());
        session.look_for_halt(at(7));
        assert!(
            session.core.emergency().is_latched(),
            "the file is still there"
        );
    });
}

#[test]
fn a_folder_in_which_no_halt_file_can_be_looked_for_counts_as_a_wish_to_stop() {
    with_session("halt-missed", |session| {
        let file = session.settings.tasks.halt_file.clone();
        std::fs::write(&file, "").unwrap();
        session.settings.tasks.halt_file = file.join("HALT");
        session.look_for_halt(at(3));
        assert!(session.core.emergency().is_latched());
    });
}
