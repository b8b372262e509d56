//! `cofferdam:plugin/log` and `/progress`: what a plugin tells its user while it runs.

use super::bindings::cofferdam::plugin::{log, progress};
use crate::event::{Level, LogLine};
use crate::sandbox::GuestEvent;
use crate::sandbox::guest::{Ending, Guest};

/// The lines logged so far and how many more there may be.
pub(in crate::sandbox) struct Reports {
    pub(in crate::sandbox) lines: Vec<LogLine>,
    most_lines: usize,
    bytes_left: u64,
}

impl Reports {
    /// `most_bytes` of text, all lines together.
    pub(in crate::sandbox) fn new(most_lines: usize, most_bytes: u64) -> Reports {
        Reports {
            lines: Vec::new(),
            most_lines,
            bytes_left: most_bytes,
        }
    }

    fn add(&mut self, line: LogLine) -> wasmtime::Result<()> {
        let fields = line
            .fields
            .iter()
            .map(|(name, value)| name.len() + value.len());
        let size = (line.message.len() + fields.sum::<usize>()) as u64;
        if self.lines.len() == self.most_lines {
            return Err(Ending::quota(format!(
                "logged more than {} lines",
                self.most_lines
            )));
        }
        self.bytes_left = self
            .bytes_left
            .checked_sub(size)
            .ok_or_else(|| Ending::quota("logged too much text".to_owned()))?;
        self.lines.push(line);
        Ok(())
    }
}

impl log::Host for Guest {
    fn log(
        &mut self,
        level: log::Level,
        message: String,
        fields: Vec<(String, String)>,
    ) -> wasmtime::Result<()> {
        let level = match level {
            log::Level::Debug => Level::Debug,
            log::Level::Info => Level::Info,
            log::Level::Warn => Level::Warn,
            log::Level::Error => Level::Error,
        };
        let line = LogLine {
            level,
            message,
            fields,
        };
        self.reports.add(line.clone())?;
        (self.events)(GuestEvent::Log(line));
        Ok(())
    }
}

impl progress::Host for Guest {
    fn report(&mut self, done: u64, total: Option<u64>, message: String) -> wasmtime::Result<()> {
        (self.events)(GuestEvent::Progress {
            done,
            total,
            message,
        });
        Ok(())
    }
}
