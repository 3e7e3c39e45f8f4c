//! The session's hooks into the loop.

use super::calls::caller::CallTrouble;
use super::job::{LiveJob, LiveOutput};
use super::reception::Reception;
use super::session::{Session, SessionOutcome, TARGET, kind_of, loop_ms};
use crate::core::input::{Command, Input};
use crate::log::{self, Rotation};
use crate::runtime::application::{Application, Arrival, EffectOutcome, EffectReport};
use crate::runtime::clock::ClockEvent;
use crate::runtime::control::Control;
use crate::runtime::link_sockets::LinkSockets;
use crate::runtime::replay::Recorder;
use crate::runtime::shell::Shell;
use crate::runtime::signals::Signal;
use crate::runtime::sources::{Readiness, SourceState};
use crate::runtime::status::{ApplicationStatus, QueueView};
use crate::runtime::systemd::Notifier;
use mio::Token;

impl Application for Session<'_> {
    type Job = LiveJob;

    fn start(&mut self, shell: &mut Shell<LiveJob>) -> std::io::Result<()> {
        let reception = self.reception.take().map(Reception::take_over);
        let (kept, stopped) = match (reception, self.settings.control.clone()) {
            (Some(mut told), _) => {
                told.control.attach(shell)?;
                self.control = Some(told.control);
                (told.kept, told.stopped)
            }
            (None, Some(path)) => {
                self.control = Some(Control::listen(&path, shell)?);
                (Vec::new(), None)
            }
            (None, None) => (Vec::new(), None),
        };
        self.begin(shell);
        self.heed(kept, shell);
        if let Some(signal) = stopped {
            self.end(SessionOutcome::Stopped(signal));
        }
        Ok(())
    }

    fn on_clock(&mut self, event: ClockEvent, shell: &mut Shell<LiveJob>) {
        if let ClockEvent::Suspended { .. } = event {
            // The connections died meanwhile, whatever the sockets say.
            self.break_off("the machine was suspended", shell);
        }
        self.ask_for_clock();
    }

    fn on_signal(&mut self, signal: Signal, shell: &mut Shell<LiveJob>) {
        match signal {
            Signal::Interrupt | Signal::Terminate => {
                self.end(SessionOutcome::Stopped(signal));
            }
            // What it did stands in the log.
            Signal::Reload => drop(self.reload(shell)),
            Signal::EmergencyStop => {
                let close = self.core.settings().risk.emergency_close;
                self.caller.lift_quiet();
                let stamp = self.stamp(shell);
                self.input(stamp, Input::Command(Command::EmergencyStop { close }));
                self.carry_out(shell);
                log::warn(TARGET, "emergency stop by signal", &[("at", &stamp.wall)]);
            }
            // The loop writes it.
            Signal::StatusDump => {}
        }
    }

    fn on_shutdown_deadline(&mut self, _shell: &mut Shell<LiveJob>) {
        let open: Vec<&str> = self.open_things();
        log::error(TARGET, "not ended in time", &[("open", &open.join(", "))]);
    }

    fn on_effect(&mut self, report: EffectReport<LiveOutput>, shell: &mut Shell<LiveJob>) {
        let id = report.id;
        if report.arrival == Arrival::Late {
            // A journal or recording that comes back late comes back all the same.
            if let EffectOutcome::Done(output) = report.outcome {
                self.late(output, shell);
            }
            return;
        }
        let failure = report.outcome.failure();
        if let Some(owner) = report.owner {
            let result = match report.outcome {
                EffectOutcome::Done(output) => Ok(output),
                _ => Err(failure.unwrap_or_default()),
            };
            self.duty_done(owner, result, shell);
            return;
        }
        match report.outcome {
            EffectOutcome::Done(output) => match output {
                LiveOutput::Replied(reply) => {
                    self.call_ended(id, Ok(&reply), shell);
                }
                LiveOutput::Resolved { host, addresses } => {
                    self.resolved(&host, &addresses, shell);
                }
                LiveOutput::Written(written) => {
                    let stamp = self.stamp(shell);
                    let refused = self.written(written, stamp);
                    self.keep_promises(refused.as_deref(), shell);
                }
                LiveOutput::Recorded(recorded) => self.recorded(recorded),
                // Of a task: they have an owner.
                LiveOutput::Looked(_) | LiveOutput::GivenBack(_) => {}
                LiveOutput::Compressed(Ok(())) => {}
                LiveOutput::Retained(result) => self.retained(result),
                LiveOutput::Compressed(Err(text)) => {
                    log::warn(
                        "log",
                        "a full log file was not compressed",
                        &[("why", &text)],
                    );
                }
            },
            _ => {
                let text = failure.unwrap_or_default();
                // What a worker had begun may have had its effect; what only waited has not.
                let trouble = if text.starts_with("timeout") || text.starts_with("panicked") {
                    CallTrouble::Ambiguous(text.clone())
                } else {
                    CallTrouble::NotSent(text.clone())
                };
                if !self.call_ended(id, Err(trouble), shell) {
                    let class = report.class.name();
                    let fields: log::Fields<'_> = &[("class", &class), ("why", &text)];
                    log::error(TARGET, "a job ended without result", fields);
                }
            }
        }
        self.carry_out(shell);
    }

    fn on_ready(
        &mut self,
        token: Token,
        _readiness: Readiness,
        budget: usize,
        shell: &mut Shell<LiveJob>,
    ) -> SourceState {
        if let Some(control) = &mut self.control
            && control.owns(token)
        {
            for request in control.on_ready(token, shell) {
                self.obey(&request, shell);
            }
            return SourceState::Drained;
        }
        let Some(index) = self.connections.iter().position(|c| c.owns(token)) else {
            return SourceState::Drained;
        };
        let more = self.serve(index, token, budget, shell);
        self.carry_out(shell);
        if more {
            SourceState::More
        } else {
            SourceState::Drained
        }
    }

    fn turn(&mut self, shell: &mut Shell<LiveJob>) {
        let now = shell.now_ms();
        if let Some(control) = &mut self.control {
            control.on_deadline(shell);
        }
        for index in 0..self.connections.len() {
            let kind = kind_of(self.connections[index].role);
            let registrar = &mut LinkSockets { shell, kind };
            if let Some(step) = self.connections[index].on_deadline(now, registrar) {
                self.step(index, step, shell);
            }
        }
        self.run_tasks(shell);
        self.watch_feeds(shell);
        self.watch_books(shell);
        self.ask_for_pages(shell);
        if self.next_round <= shell.at().mono {
            self.reconcile(shell);
        }
        self.ask_for_book(shell.at().mono);
        let ended = self.caller.pump(&*self.codec, shell.at(), shell);
        for ended in ended {
            self.answered(ended, shell);
        }
        let stamp = self.stamp(shell);
        self.core_turn(stamp);
        self.carry_out(shell);
        self.run_errand(shell);
        self.tell_manager(shell);
        if self.has_ended() {
            self.wind_up(shell);
        }
    }

    fn next_deadline(&mut self) -> Option<u64> {
        let offset = self.settings.mono_offset;
        let now = crate::runtime::clock::monotonic_ns();
        let core = self.core.next_deadline().filter(|_| !self.sockets_stopped);
        let core = core.map(|due| loop_ms(due, offset));
        let journal = self.rows_deadline().map(|due| loop_ms(due, offset));
        let ending = self.ending_deadline().map(|due| loop_ms(due, offset));
        let calls = self.caller.next_deadline(now).map(|due| loop_ms(due, 0));
        let feeds = self.feeds_deadline().map(|due| loop_ms(due, 0));
        let round = (self.next_round != i64::MAX && self.round.is_none())
            .then(|| loop_ms(self.next_round.max(now), 0));
        let manager = self.notifier.as_ref().and_then(Notifier::next_deadline);
        let manager = manager.map(|due| loop_ms(due, 0));
        let errand = self.errand_deadline(now).map(|due| loop_ms(due, 0));
        let tasks = self.tasks_deadline();
        let books = self.books_deadline(now).map(|due| loop_ms(due, 0));
        let control = self.control.as_ref().and_then(Control::next_deadline);
        let others = [
            core, journal, calls, feeds, round, manager, errand, tasks, books, ending, control,
        ];
        let others = others.into_iter().flatten();
        let connections = self.connections.iter().filter_map(|c| c.next_deadline());
        connections.chain(others).min()
    }

    fn before_sleep(&mut self, shell: &mut Shell<LiveJob>) {
        if let Some(batch) = self.recorder_mut().and_then(Recorder::everything) {
            super::session::submit(
                shell,
                crate::runtime::jobs::EffectClass::Storage,
                LiveJob::Record(batch),
            );
        }
    }

    fn rotation_job(&mut self, rotation: Rotation) -> Option<LiveJob> {
        Some(LiveJob::Compress(rotation))
    }

    fn status(&self, status: &mut ApplicationStatus) {
        self.describe(status);
        status.queues.push(QueueView {
            name: "calls_waiting".to_owned(),
            used: self.caller.waiting(),
            capacity: super::calls::caller::WAITING_MAX,
            high_water: 0,
            dropped: self.caller.counts.refused,
        });
    }
}
