//! Candles of a chosen length, folded from whatever a recording holds, with the standard indicators
//! beside them: the values to hold against another program's.
//!
//! Trades go through the core's own filter and series with their built-in settings (jumps of more
//! than 20 % are held back, a candle closes a second after its end), so that the candles are those
//! that a run decides on. The last candle of a recording, which nothing closes, is left out.
//! Indicators are empty until warm; a value that a flat market leaves without meaning is shown as
//! agreed for it, and the last column, `flat`, names it (names apart by a space).

use super::csv_writer::{CsvError, candle_row, quoted};
use super::row_watch::RowWatch;
use crate::core::indicators::{
    Adx, Atr, Bollinger, Ema, Macd, Reading, Rsi, Sma, StochRsi, Stochastic,
};
use crate::core::input::Input;
use crate::core::market::instrument::GridScale;
use crate::core::market::{Candle, Instrument, Interval, SymbolId, TimedTrade};
use crate::core::strategy::decision::CandleView;
use crate::core::units::Stamp;
use crate::report::tape::CandleListener;
use crate::report::tape::market::{Market, MarketRules};
use crate::store::recording::{Batch, Entry, Header, Rows, Sequential, TurnKind};
use std::io::{BufWriter, Write};

/// Column names of the indicators, in the order of [`Indicators::values`].
const NAMES: &str = "sma20,ema20,rsi14,atr14,macd,macd_signal,macd_histogram,bollinger_upper,\
bollinger_middle,bollinger_lower,stochastic_k,stochastic_d,stoch_rsi_k,stoch_rsi_d,plus_di14,\
minus_di14,adx14,flat";
const COLUMNS: usize = 17;

/// The standard indicators with their usual lengths.
#[derive(Debug)]
struct Indicators {
    sma: Sma,
    ema: Ema,
    rsi: Rsi,
    atr: Atr,
    macd: Macd,
    bollinger: Bollinger,
    stochastic: Stochastic,
    stoch_rsi: StochRsi,
    adx: Adx,
}

impl Indicators {
    fn new() -> Self {
        Self {
            sma: Sma::new(20),
            ema: Ema::new(20),
            rsi: Rsi::new(14),
            atr: Atr::new(14),
            macd: Macd::new(12, 26, 9),
            bollinger: Bollinger::new(20, 2.0),
            stochastic: Stochastic::new(14, 3, 3),
            stoch_rsi: StochRsi::new(14, 14, 3, 3),
            adx: Adx::new(14),
        }
    }

    /// Names of the values that their market leaves without meaning, apart by a space.
    fn flat(&self) -> String {
        let flagged = [
            ("rsi14", self.rsi.value()),
            ("plus_di14", self.adx.plus_di()),
            ("minus_di14", self.adx.minus_di()),
        ];
        let flagged = flagged.into_iter();
        let names = flagged.filter(|(_, reading)| reading.is_some_and(|reading| reading.flat));
        let names: Vec<&str> = names.map(|(name, _)| name).collect();
        names.join(" ")
    }

    fn values(&mut self, candle: &CandleView) -> [Option<f64>; COLUMNS] {
        let (high, low, close) = (candle.high, candle.low, candle.close);
        let shown = |reading: Option<Reading>| reading.map(|reading| reading.value);
        self.macd.update(close);
        self.stochastic.update(high, low, close);
        self.stoch_rsi.update(close);
        self.adx.update(high, low, close);
        let bands = self.bollinger.update(close);
        [
            self.sma.update(close),
            self.ema.update(close),
            shown(self.rsi.update(close)),
            self.atr.update(high, low, close),
            self.macd.value(),
            self.macd.signal(),
            self.macd.histogram(),
            bands.map(|bands| bands.upper),
            bands.map(|bands| bands.middle),
            bands.map(|bands| bands.lower),
            self.stochastic.k(),
            self.stochastic.d(),
            self.stoch_rsi.k(),
            self.stoch_rsi.d(),
            shown(self.adx.plus_di()),
            shown(self.adx.minus_di()),
            self.adx.value(),
        ]
    }
}

/// One symbol's row writer.
#[derive(Debug)]
struct Follower {
    symbol: String,
    scale: GridScale,
    indicators: Option<Indicators>,
}

/// Collects the rows of candles as they close; taken out after each batch.
struct Lines<'a> {
    instruments: &'a [Instrument],
    interval: Interval,
    followers: Vec<Follower>,
    text: Vec<u8>,
    rows: u64,
}

impl CandleListener for Lines<'_> {
    fn candle(&mut self, symbol: SymbolId, candle: &Candle) {
        let index = symbol.index();
        let follower = &mut self.followers[index];
        let instrument = &self.instruments[index];
        let row = candle_row(instrument, self.interval, candle);
        let mut line = format!("{},{row}", quoted(&follower.symbol));
        if let Some(indicators) = &mut follower.indicators {
            let view = CandleView::of(candle, &follower.scale);
            for value in indicators.values(&view) {
                line.push(',');
                line.extend(value.map(|value| value.to_string()));
            }
            line.push(',');
            line.push_str(&indicators.flat());
        }
        line.push('\n');
        self.text.extend_from_slice(line.as_bytes());
        self.rows += 1;
    }

    fn restart(&mut self, symbol: SymbolId) {
        let follower = &mut self.followers[symbol.index()];
        if follower.indicators.is_some() {
            follower.indicators = Some(Indicators::new());
        }
    }
}

/// What is folded, and whether indicators stand beside it.
pub(super) struct CandleTable<'a> {
    pub header: &'a Header,
    pub interval: Interval,
    pub indicators: bool,
}

impl CandleTable<'_> {
    /// Writes heading and rows; returns how many. What was written when it ends is whole rows.
    ///
    /// # Errors
    /// Those of reading and writing; a stop signal.
    pub fn write(
        &self,
        source: &mut Sequential,
        watch: &RowWatch,
        sink: impl Write,
    ) -> Result<u64, CsvError> {
        let mut out = BufWriter::with_capacity(64 << 10, sink);
        let more = if self.indicators {
            format!(",{NAMES}")
        } else {
            String::new()
        };
        writeln!(
            out,
            "symbol,interval,timestamp,open,high,low,close,volume,trades,source{more}"
        )?;
        let mut fold = Fold {
            markets: self.markets(),
            history: self.header.turns != TurnKind::Session,
        };
        let mut written = 0;
        let mut lines = self.lines();
        let mut rows = Rows::new(512);
        while let Some(batch) = source.next_batch(&mut rows)? {
            fold.batch(&batch, &rows, &mut lines);
            out.write_all(&lines.text)?;
            lines.text.clear();
            let more = std::mem::take(&mut lines.rows);
            watch.add_rows(more);
            written += more;
            if let Err(stopped) = watch.check() {
                out.flush()?;
                return Err(stopped.into());
            }
        }
        out.flush()?;
        Ok(written)
    }

    fn markets(&self) -> Vec<Market> {
        let rules = MarketRules::built_in(self.interval);
        (0..self.header.instruments.len())
            .map(|index| Market::new(SymbolId(index as u16), rules, 2, 2))
            .collect()
    }

    fn lines(&self) -> Lines<'_> {
        let follower = |instrument: &Instrument| Follower {
            symbol: instrument.symbol.clone(),
            scale: instrument.scale(),
            indicators: self.indicators.then(Indicators::new),
        };
        Lines {
            instruments: &self.header.instruments,
            interval: self.interval,
            followers: self.header.instruments.iter().map(follower).collect(),
            text: Vec::new(),
            rows: 0,
        }
    }
}

/// Every symbol's market, driven as a run drives it.
struct Fold {
    markets: Vec<Market>,
    /// The clock is that of the inputs; otherwise recorded turns move it.
    history: bool,
}

impl Fold {
    fn batch(&mut self, batch: &Batch, rows: &Rows, lines: &mut Lines<'_>) {
        match batch {
            Batch::Trades => rows.iter().for_each(|row| self.trade(row, lines)),
            Batch::Candles => {
                for row in rows.candles() {
                    if let Some(market) = self.market(row.symbol, row.stamp, lines) {
                        market.candle(row.interval, &row.candle, lines);
                    }
                }
            }
            Batch::Entry(Entry::Input { stamp, input }) => self.input(*stamp, input, lines),
            Batch::Entry(Entry::Turn(stamp)) => {
                for market in &mut self.markets {
                    market.clock(stamp.wall, lines);
                }
            }
            Batch::Entry(_) => {}
        }
    }

    fn input(&mut self, stamp: Stamp, input: &Input, lines: &mut Lines<'_>) {
        match input {
            Input::Trade(trade) => self.trade(
                &TimedTrade {
                    stamp,
                    trade: *trade,
                },
                lines,
            ),
            Input::Candle {
                symbol,
                interval,
                candle,
            } => {
                if let Some(market) = self.market(*symbol, stamp, lines) {
                    market.candle(*interval, candle, lines);
                }
            }
            Input::Quiet { symbol, until } => {
                if let Some(market) = self.market(*symbol, stamp, lines) {
                    market.quiet(*until);
                }
            }
            _ => {}
        }
    }

    fn trade(&mut self, row: &TimedTrade, lines: &mut Lines<'_>) {
        if let Some(market) = self.market(row.trade.symbol, row.stamp, lines) {
            market.trade(row, lines);
        }
    }

    /// The symbol's market, its clock at the input's time.
    fn market(
        &mut self,
        symbol: SymbolId,
        stamp: Stamp,
        lines: &mut Lines<'_>,
    ) -> Option<&mut Market> {
        let market = self.markets.get_mut(symbol.index())?;
        if self.history {
            market.clock(stamp.wall, lines);
        }
        Some(market)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::units::Timestamp;

    fn candle(close: f64) -> CandleView {
        CandleView {
            open_time: Timestamp::default(),
            open: close,
            high: close,
            low: close,
            close,
            volume: 1.0,
        }
    }

    #[test]
    fn values_without_meaning_are_named_and_as_many_as_there_are_columns() {
        let mut indicators = Indicators::new();
        for _ in 0..14 {
            indicators.values(&candle(100.0));
        }
        assert_eq!(indicators.flat(), "", "what is not warm is empty, not flat");
        indicators.values(&candle(100.0));
        assert_eq!(indicators.flat(), "rsi14 plus_di14 minus_di14");
        indicators.values(&candle(101.0));
        assert_eq!(indicators.flat(), "");
        assert_eq!(NAMES.split(',').count(), COLUMNS + 1);
    }
}
