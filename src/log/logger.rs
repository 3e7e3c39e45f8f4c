//! The logger: buffer, repetition, sinks. One stands behind the facade; tests make their own.
//!
//! Lines are buffered until the oldest has waited for the flush interval, the buffer is full (of lines
//! or of text), or a line of level warn or above comes. A sink that cannot be written to loses lines, which are
//! counted and told when it works again; the log never stops the program.

use super::Fields;
use super::file::{FileSettings, FileSink, Rotation};
use super::level::Level;
use super::line::{Format, Line};
use super::repeat::{Repeats, Suppressed, Verdict};
use crate::core::units::Timestamp;
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Text that is buffered at most before it is written, bytes; the line that fills it comes on top.
pub(super) const BUFFER_TEXT: usize = 256 << 10;

/// Whether lines may wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Buffering {
    /// Up to so many lines (>= 1) and so long.
    Lines { lines: usize, interval: Duration },
    /// Every line is written at once.
    Off,
}

/// What configuration says of the log.
#[derive(Clone, Debug)]
pub struct LogSettings {
    pub level: Level,
    pub format: Format,
    pub buffering: Buffering,
    pub file: Option<FileSettings>,
}

impl Default for LogSettings {
    fn default() -> Self {
        Self {
            level: Level::Info,
            format: Format::Auto,
            buffering: Buffering::Lines {
                lines: 100,
                interval: Duration::from_secs(5),
            },
            file: None,
        }
    }
}

/// What the log has written and lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct LogStatistics {
    pub lines: u64,
    /// Repetitions that were counted instead of written.
    pub suppressed: u64,
    /// Lines that a sink did not take.
    pub lost: u64,
    pub buffered: usize,
    pub buffer_lines: usize,
    pub buffer_high_water: usize,
}

/// Whether lines carry the priority prefix that journald reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Prefix {
    Journal,
    None,
}

pub struct Logger {
    out: Box<dyn Write + Send>,
    file: Option<FileSink>,
    format: Format,
    prefix: Prefix,
    buffering: Buffering,
    /// Rendered for the stream, with prefixes.
    stream_text: String,
    /// Rendered for the file; empty without one.
    file_text: String,
    oldest: Option<Instant>,
    repeats: Repeats,
    started: Instant,
    statistics: LogStatistics,
    /// Lost lines that were not told yet.
    untold: u64,
}

impl Logger {
    /// Text to stderr at once: what stands there until the configuration is known.
    pub(super) fn plain() -> Self {
        Self::new(
            Box::new(std::io::stderr()),
            Format::Text,
            Buffering::Off,
            None,
        )
    }

    /// To stderr and the configured file.
    ///
    /// # Errors
    /// The log file cannot be opened.
    pub(super) fn to_stderr(settings: &LogSettings) -> std::io::Result<Self> {
        let file = settings.file.as_ref().map(FileSink::open).transpose()?;
        let format = match settings.format {
            Format::Auto if std::io::stderr().is_terminal() => Format::Text,
            Format::Auto => Format::Json,
            format => format,
        };
        let mut logger = Self::new(
            Box::new(std::io::stderr()),
            format,
            settings.buffering,
            file,
        );
        if std::env::var_os("JOURNAL_STREAM").is_some() {
            logger.prefix = Prefix::Journal;
        }
        Ok(logger)
    }

    pub(super) fn new(
        out: Box<dyn Write + Send>,
        format: Format,
        buffering: Buffering,
        file: Option<FileSink>,
    ) -> Self {
        Self {
            out,
            file,
            format,
            prefix: Prefix::None,
            buffering,
            stream_text: String::new(),
            file_text: String::new(),
            oldest: None,
            repeats: Repeats::default(),
            started: Instant::now(),
            statistics: LogStatistics {
                buffer_lines: match buffering {
                    Buffering::Lines { lines, .. } => lines,
                    Buffering::Off => 0,
                },
                ..LogStatistics::default()
            },
            untold: 0,
        }
    }

    pub fn log(&mut self, level: Level, target: &str, message: &str, fields: Fields<'_>) {
        let line = Line::new(level, target, message, fields);
        let mut ended = Vec::new();
        let verdict = self.repeats.check(self.now_ms(), &line, &mut ended);
        self.tell(ended);
        match verdict {
            Verdict::Write => self.push(&line),
            Verdict::Suppress => self.statistics.suppressed += 1,
        }
    }

    /// A line whose fields are one JSON value, written at once.
    pub fn dump(&mut self, target: &str, message: &str, json: &str) {
        self.push(&Line::of_json(Level::Info, target, message, json));
        self.write();
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn tell(&mut self, ended: Vec<Suppressed>) {
        for Suppressed { mut line, times } in ended {
            line.message = format!("{}: repeated {times} times", line.message);
            self.push(&line);
        }
    }

    fn push(&mut self, line: &Line) {
        let time = wall_time();
        if self.prefix == Prefix::Journal {
            self.stream_text.push('<');
            self.stream_text
                .push(char::from(b'0' + line.level.journal_priority()));
            self.stream_text.push('>');
        }
        let start = self.stream_text.len();
        line.render(time, self.format, &mut self.stream_text);
        if self.file.is_some() {
            self.file_text.push_str(&self.stream_text[start..]);
        }
        self.statistics.lines += 1;
        self.statistics.buffered += 1;
        let buffered = self.statistics.buffered;
        self.statistics.buffer_high_water = self.statistics.buffer_high_water.max(buffered);
        self.oldest.get_or_insert_with(Instant::now);
        let may_wait = match self.buffering {
            Buffering::Lines { lines, .. } => {
                let room = buffered < lines && self.stream_text.len() < BUFFER_TEXT;
                line.level > Level::Warn && room
            }
            Buffering::Off => false,
        };
        if !may_wait {
            self.write();
        }
    }

    /// Time until the oldest buffered line must go out or a suppressed one must be told.
    pub fn due_in(&self) -> Option<Duration> {
        let flush = match (self.oldest, self.buffering) {
            (Some(oldest), Buffering::Lines { interval, .. }) => {
                Some(interval.saturating_sub(oldest.elapsed()))
            }
            _ => None,
        };
        let told = self
            .repeats
            .next_end_ms()
            .map(|end| Duration::from_millis(end.saturating_sub(self.now_ms())));
        [flush, told].into_iter().flatten().min()
    }

    /// Does what is due.
    pub fn tick(&mut self) {
        let mut ended = Vec::new();
        self.repeats.expire(self.now_ms(), &mut ended);
        self.tell(ended);
        if let (Some(oldest), Buffering::Lines { interval, .. }) = (self.oldest, self.buffering)
            && oldest.elapsed() >= interval
        {
            self.write();
        }
    }

    /// Writes everything, suppressed counts included.
    pub fn flush(&mut self) {
        let mut ended = Vec::new();
        self.repeats.finish(&mut ended);
        self.tell(ended);
        self.write();
        // Nothing can be done about a stderr that does not take its last bytes.
        let _ = self.out.flush();
    }

    fn write(&mut self) {
        let lines = self.statistics.buffered as u64;
        if lines == 0 {
            return;
        }
        let mut lost = 0;
        if self.untold > 0 {
            let text = format!("{} log lines were lost\n", self.untold);
            if self.out.write_all(text.as_bytes()).is_ok() {
                self.untold = 0;
            }
        }
        if self.out.write_all(self.stream_text.as_bytes()).is_err() {
            lost += lines;
        }
        if let Some(file) = &mut self.file
            && file.append(self.file_text.as_bytes()).is_err()
        {
            lost += lines;
        }
        self.statistics.lost += lost;
        self.untold += lost;
        self.stream_text.clear();
        self.file_text.clear();
        self.statistics.buffered = 0;
        self.oldest = None;
    }

    pub fn take_rotation(&mut self) -> Option<Rotation> {
        self.file.as_mut()?.take_rotation()
    }

    pub fn statistics(&self) -> LogStatistics {
        self.statistics
    }
}

fn wall_time() -> Timestamp {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    /// A sink that can be read and can be broken.
    #[derive(Clone, Default)]
    struct Sink(Arc<Mutex<(Vec<u8>, bool)>>);

    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            let mut inner = self.0.lock().unwrap();
            if inner.1 {
                return Err(std::io::ErrorKind::BrokenPipe.into());
            }
            inner.0.extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    impl Sink {
        fn lines(&self) -> Vec<String> {
            let text = String::from_utf8(self.0.lock().unwrap().0.clone()).unwrap();
            text.lines().map(str::to_owned).collect()
        }
    }

    fn logger(lines: usize, interval: Duration) -> (Logger, Sink) {
        let sink = Sink::default();
        let buffering = Buffering::Lines { lines, interval };
        let logger = Logger::new(Box::new(sink.clone()), Format::Text, buffering, None);
        (logger, sink)
    }

    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn lines_wait_until_a_warning_takes_them_along_in_order() {
        let (mut logger, sink) = logger(100, HOUR);
        logger.log(Level::Info, "t", "first", &[]);
        assert!(sink.lines().is_empty());
        assert!(logger.due_in().is_some());
        logger.log(Level::Warn, "t", "second", &[]);
        assert!(sink.lines()[0].ends_with("first") && sink.lines()[1].ends_with("second"));
        assert_eq!(
            logger.due_in(),
            None,
            "nothing is buffered, nobody needs to wake up"
        );
    }

    #[test]
    fn a_full_buffer_is_written() {
        let (mut logger, sink) = logger(3, HOUR);
        for i in 0..4 {
            logger.log(Level::Info, "t", "line", &[("i", &i)]);
        }
        assert_eq!(sink.lines().len(), 3);
        logger.flush();
        assert_eq!(sink.lines().len(), 4);
    }

    #[test]
    fn a_tick_writes_what_is_old_enough_and_only_that() {
        let (mut patient, sink) = logger(100, HOUR);
        patient.log(Level::Info, "t", "line", &[]);
        patient.tick();
        assert!(sink.lines().is_empty());
        let (mut hasty, sink) = logger(100, Duration::ZERO);
        hasty.log(Level::Info, "t", "line", &[]);
        hasty.tick();
        assert_eq!(sink.lines().len(), 1);
    }

    #[test]
    fn a_flood_of_one_line_ends_in_a_count() {
        let (mut logger, sink) = logger(100, HOUR);
        for _ in 0..50 {
            logger.log(Level::Error, "t", "down", &[("host", &"a")]);
        }
        logger.flush();
        assert_eq!(sink.lines().len(), 11);
        assert!(sink.lines()[10].contains("down: repeated 40 times host=a"));
        assert_eq!(logger.statistics().suppressed, 40);
    }

    #[test]
    fn lines_that_a_sink_did_not_take_are_counted_and_told() {
        let (mut logger, sink) = logger(100, HOUR);
        sink.0.lock().unwrap().1 = true;
        logger.log(Level::Error, "t", "lost", &[]);
        assert_eq!(logger.statistics().lost, 1);
        sink.0.lock().unwrap().1 = false;
        logger.log(Level::Error, "t", "kept", &[]);
        assert_eq!(sink.lines()[0], "1 log lines were lost");
        assert!(sink.lines()[1].ends_with("kept"));
    }

    #[test]
    fn journald_gets_priorities() {
        let (mut logger, sink) = logger(100, HOUR);
        logger.prefix = Prefix::Journal;
        logger.log(Level::Warn, "t", "line", &[]);
        assert!(sink.lines()[0].starts_with("<4>2"));
    }
}
