//! Pages of public data, one after the other, within our own limit of requests.
//!
//! What does not come is asked for again, more and more slowly; a definite refusal or a stop signal
//! ends it. Which page is next, and what becomes of an answer, is the business of [`Pages`].

use super::caller::{CallTrouble, Caller, Ended};
use super::limiter::{Limiter, Window};
use crate::core::units::Span;
use crate::exchange::ExchangeCodec;
use crate::exchange::calls::{Call, CallAnswer, FailureKind};
use crate::log;
use crate::net::{BackOff, HttpClient};
use crate::runtime::application::{Application, EffectReport};
use crate::runtime::jobs::EffectClass;
use crate::runtime::live::job::{LiveJob, LiveOutput};
use crate::runtime::shell::Shell;
use crate::runtime::signals::Signal;

/// A range of data in pages.
pub trait Pages {
    /// The call for the next page; `None` = everything is there.
    fn next(&self) -> Option<Call>;

    /// The answer to the call that [`next`](Self::next) gave.
    ///
    /// # Errors
    /// An answer that cannot be used, or a disk that takes nothing more: ends the download.
    fn take(&mut self, answer: CallAnswer) -> Result<(), String>;
}

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DownloadEnd {
    Complete,
    Stopped(Signal),
    /// In words.
    Failed(String),
}

/// See the file's head.
pub struct Download<'a> {
    codec: Box<dyn ExchangeCodec>,
    caller: Caller<()>,
    pages: &'a mut dyn Pages,
    back_off: BackOff,
    /// The page that failed is asked for again at this time, milliseconds.
    again: Option<u64>,
    end: Option<DownloadEnd>,
}

impl<'a> Download<'a> {
    pub fn new(
        codec: Box<dyn ExchangeCodec>,
        client: HttpClient,
        call_limit: Span,
        limits: Vec<Window>,
        pages: &'a mut dyn Pages,
    ) -> Self {
        Self {
            codec,
            caller: Caller::new(client, Limiter::new(limits), call_limit),
            pages,
            back_off: BackOff::new(5, 1),
            again: None,
            end: None,
        }
    }

    pub fn end(self) -> DownloadEnd {
        self.end
            .unwrap_or_else(|| DownloadEnd::Failed("the loop ended before it".to_owned()))
    }

    fn finish(&mut self, end: DownloadEnd, shell: &mut Shell<LiveJob>) {
        self.end.get_or_insert(end);
        shell.request_exit(0);
    }

    fn ask(&mut self, shell: &mut Shell<LiveJob>) {
        match self.pages.next() {
            Some(call) => {
                self.caller.ask(call, (), EffectClass::MarketData);
                self.pump(shell);
            }
            None => self.finish(DownloadEnd::Complete, shell),
        }
    }

    fn pump(&mut self, shell: &mut Shell<LiveJob>) {
        let ended = self.caller.pump(&*self.codec, shell.at(), shell);
        for ended in ended {
            self.took(ended, shell);
        }
    }

    fn took(&mut self, ended: Ended<()>, shell: &mut Shell<LiveJob>) {
        if self.end.is_some() {
            return;
        }
        match ended.result {
            Ok(answer) => {
                self.back_off = BackOff::new(5, 1);
                match self.pages.take(answer) {
                    Ok(()) => self.ask(shell),
                    Err(text) => self.finish(DownloadEnd::Failed(text), shell),
                }
            }
            Err(CallTrouble::Refused(failure)) if failure.kind != FailureKind::RateLimited => {
                self.finish(DownloadEnd::Failed(failure.text), shell);
            }
            Err(trouble) => {
                let pause = self.back_off.next_delay_ms();
                let fields: log::Fields<'_> = &[("why", &trouble), ("again_in_ms", &pause)];
                log::warn("download", "no answer", fields);
                self.again = Some(shell.now_ms().saturating_add(pause));
            }
        }
    }
}

impl Application for Download<'_> {
    type Job = LiveJob;

    fn start(&mut self, shell: &mut Shell<LiveJob>) -> std::io::Result<()> {
        self.ask(shell);
        Ok(())
    }

    fn on_signal(&mut self, signal: Signal, shell: &mut Shell<LiveJob>) {
        if signal.is_stop() {
            self.finish(DownloadEnd::Stopped(signal), shell);
        }
    }

    fn on_effect(&mut self, report: EffectReport<LiveOutput>, shell: &mut Shell<LiveJob>) {
        let now = shell.at().mono;
        if let Some(ended) = self.caller.reported(&*self.codec, now, report) {
            self.took(ended, shell);
        }
    }

    fn turn(&mut self, shell: &mut Shell<LiveJob>) {
        if self.end.is_some() {
            return;
        }
        if self.again.is_some_and(|again| again <= shell.now_ms()) {
            self.again = None;
            self.ask(shell);
        } else {
            self.pump(shell);
        }
    }

    fn next_deadline(&mut self) -> Option<u64> {
        if self.end.is_some() {
            return None;
        }
        let calls = self
            .caller
            .next_deadline(crate::runtime::clock::monotonic_ns())
            .map(|due| u64::try_from(due.max(0)).unwrap_or(0).div_ceil(1_000_000));
        [self.again, calls].into_iter().flatten().min()
    }
}
