//! The lines that stay, of each event: the same with and without a terminal.

use std::path::{Path, PathBuf};
use std::time::Duration;

use cofferdam_runtime::{Error, Event, Level, LogLine, Summary};

use crate::terminal::held::{Held, Told};
use crate::terminal::{Look, Verbosity};
use crate::text::{Sources, Tone, duration, errors, guest_line, guest_text, line, width};

/// Names are padded to the longest so far, within these bounds.
const NARROWEST: usize = 10;
const WIDEST: usize = 40;
/// The last lines of what a failed action printed.
const KEPT_LINES: usize = 400;
/// How many errors of one action are shown; more only to those who ask.
const SHOWN_ERRORS: usize = 20;

/// What the cache has to save to be praised.
const WORTH_TELLING: Duration = Duration::from_secs(1);

pub struct Lines {
    look: Look,
    project: Option<PathBuf>,
    /// The width of the column of names.
    names: usize,
    cached: Held,
    skipped: Held,
    /// What failed, as it was shown.
    failed: String,
    /// Whether other lines came after what failed.
    buried: bool,
    /// Whether anything was said.
    said: bool,
    summary: Option<Summary>,
}

impl Lines {
    pub fn new(look: Look, project: Option<&Path>) -> Lines {
        Lines {
            look,
            project: project.map(Path::to_path_buf),
            names: NARROWEST,
            cached: Held::default(),
            skipped: Held::default(),
            failed: String::new(),
            buried: false,
            said: false,
            summary: None,
        }
    }

    /// What to print now: whole lines, or nothing.
    pub fn tell(&mut self, event: &Event) -> String {
        if let Event::Finished(summary) = event {
            self.summary = Some(summary.clone());
            return String::new();
        }
        if let Event::Failed {
            action,
            errors,
            stdout,
            stderr,
        } = event
        {
            let text = self.failure(action, errors, stdout, stderr);
            self.failed.push_str(&text);
            self.said = true;
            return text;
        }
        if self.look.verbosity == Verbosity::Quiet {
            return String::new();
        }
        let text = self.ordinary(event);
        let news = !matches!(event, Event::Cached { .. } | Event::Unchanged { .. });
        self.said |= news && !text.is_empty();
        let beside = matches!(event, Event::Skipped { .. });
        self.buried |= !beside && !text.is_empty() && !self.failed.is_empty();
        match event {
            Event::Cached { .. } if self.look.only_news => String::new(),
            _ => text,
        }
    }

    /// What ends the run: what was kept back, what failed once more, errors, the summary.
    pub fn close(&mut self, unseen: &[Error]) -> String {
        let mut text = String::new();
        if self.look.verbosity > Verbosity::Quiet && !self.look.only_news {
            for told in self.cached.take() {
                text.push_str(&self.held("Cached", Tone::Calm, told));
            }
        }
        for told in self.skipped.take() {
            text.push_str(&self.held("Skipped", Tone::Warning, told));
        }
        if self.buried {
            text.push_str(&self.failed);
        }
        text.push_str(&errors(
            self.look.paint,
            Sources(self.project.as_deref()),
            unseen,
        ));
        let silent = self.look.verbosity == Verbosity::Quiet
            || (self.look.only_news && !self.said && unseen.is_empty());
        if let Some(summary) = &self.summary
            && !silent
        {
            if summary.saved >= WORTH_TELLING {
                text.push_str(&self.line(Tone::Calm, "Saved", &duration(summary.saved)));
            }
            text.push_str(&self.line(Tone::Strong, "Summary", &summary_text(summary)));
        }
        text
    }

    fn ordinary(&mut self, event: &Event) -> String {
        let verbose = self.look.verbosity >= Verbosity::Verbose;
        match event {
            Event::Compiled { component, elapsed } => {
                self.row(Tone::Calm, "Compiled", component, &duration(*elapsed))
            }
            Event::Log { action, line } => self.log(action, line),
            Event::Cached { action, output, .. } if verbose || self.cached.add(action, output) => {
                self.row(Tone::Calm, "Cached", action, output)
            }
            Event::Unchanged {
                planner, actions, ..
            } => {
                self.cached.add_unnamed(planner, *actions);
                String::new()
            }
            Event::Executed {
                action,
                output,
                elapsed,
            } => {
                let rest = format!("{output}  {}", duration(*elapsed));
                self.row(Tone::Good, "Executed", action, &rest)
            }
            Event::Skipped { action, because } => {
                let because = format!("because `{because}` failed");
                if verbose || self.skipped.add(action, &because) {
                    self.row(Tone::Warning, "Skipped", action, &because)
                } else {
                    String::new()
                }
            }
            Event::Notice { message } => self.line(Tone::Warning, "Notice", &guest_line(message)),
            Event::Wrote {
                folder,
                files,
                deleted,
            } => match (*files, *deleted) {
                (0, 0) => String::new(),
                (0, deleted) => self.line(
                    Tone::Warning,
                    "Deleted",
                    &format!("{folder}: {}", count_files(deleted)),
                ),
                (files, 0) => self.line(
                    Tone::Good,
                    "Wrote",
                    &format!("{folder}: {}", count_files(files)),
                ),
                (files, deleted) => {
                    let rest = format!("{folder}: {}, {deleted} deleted", count_files(files));
                    self.line(Tone::Good, "Wrote", &rest)
                }
            },
            _ => String::new(),
        }
    }

    fn line(&self, tone: Tone, verb: &str, rest: &str) -> String {
        format!("{}\n", line(self.look.paint, tone, verb, rest))
    }

    /// A line with a name in the column of names.
    fn row(&mut self, tone: Tone, verb: &str, name: &str, rest: &str) -> String {
        let taken = width(name);
        if taken > self.names {
            self.names = taken.next_multiple_of(4).min(WIDEST);
        }
        let gap = " ".repeat(self.names.saturating_sub(taken) + 4);
        self.line(tone, verb, &format!("{name}{gap}{rest}"))
    }

    fn held(&mut self, verb: &str, tone: Tone, told: Told) -> String {
        match told {
            Told::One(action, note) => self.row(tone, verb, &action, &note),
            Told::Many(planner, count) => {
                self.line(tone, verb, &format!("{planner}: {count} actions"))
            }
            Told::More(count) => self.line(tone, verb, &format!("{count} more actions")),
        }
    }

    fn log(&self, action: &str, log: &LogLine) -> String {
        let (tone, verb, least) = match log.level {
            Level::Debug => (Tone::Dim, "Debug", Verbosity::Debug),
            Level::Info => (Tone::Calm, "Info", Verbosity::Verbose),
            Level::Warn => (Tone::Warning, "Warning", Verbosity::Normal),
            Level::Error => (Tone::Bad, "Error", Verbosity::Normal),
        };
        if self.look.verbosity < least {
            return String::new();
        }
        self.line(tone, verb, &format!("{action}: {}", log_text(log)))
    }

    fn failure(&self, action: &str, found: &[Error], stdout: &[u8], stderr: &[u8]) -> String {
        let paint = self.look.paint;
        let mut text = self.line(Tone::Bad, "Failed", action);
        let shown = match self.look.verbosity {
            Verbosity::Quiet | Verbosity::Normal => found.len().min(SHOWN_ERRORS),
            _ => found.len(),
        };
        let sources = Sources(self.project.as_deref());
        text.push_str(&errors(paint, sources, &found[..shown]));
        if shown < found.len() {
            let more = found.len() - shown;
            text.push_str(&format!(
                "\n… and {more} more errors of `{action}`; `-v` shows them\n"
            ));
        }
        for (name, bytes) in [("stdout", stdout), ("stderr", stderr)] {
            let output = guest_text(paint, bytes);
            let output = output.trim_end();
            if output.is_empty() {
                continue;
            }
            let lines: Vec<&str> = output.lines().collect();
            let left_out = lines.len().saturating_sub(KEPT_LINES);
            let header = match left_out {
                0 => format!("{name} of `{action}`:"),
                _ => format!("{name} of `{action}`, without its first {left_out} lines:"),
            };
            text.push_str(&format!("{}\n", paint.tone(Tone::Strong, &header)));
            for line in &lines[left_out..] {
                text.push_str(format!("    {line}").trim_end());
                text.push('\n');
            }
        }
        text
    }
}

/// `1 file`, `34 files`
pub fn count_files(count: usize) -> String {
    match count {
        1 => "1 file".to_owned(),
        count => format!("{count} files"),
    }
}

pub fn level_name(level: Level) -> &'static str {
    match level {
        Level::Debug => "debug",
        Level::Info => "info",
        Level::Warn => "warn",
        Level::Error => "error",
    }
}

/// A log line as one line: its message, then its fields.
pub fn log_text(log: &LogLine) -> String {
    let mut text = guest_line(&log.message);
    for (name, value) in &log.fields {
        text.push_str(&format!(" {}={}", guest_line(name), guest_line(value)));
    }
    text
}

/// `7 actions: 4 cached, 2 executed, 1 failed, 31 ms`: always these words, for scripts that look for them.
pub fn summary_text(summary: &Summary) -> String {
    let Summary {
        actions,
        cached,
        executed,
        failed,
        skipped,
        elapsed,
        saved: _,
    } = summary;
    let skipped = match skipped {
        0 => String::new(),
        skipped => format!(", {skipped} skipped"),
    };
    let elapsed = duration(*elapsed);
    format!(
        "{actions} actions: {cached} cached, {executed} executed, {failed} failed{skipped}, {elapsed}"
    )
}
