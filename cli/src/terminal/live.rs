//! What runs now: a row for each execution, and one for the whole run.

use std::time::{Duration, Instant};

use cofferdam_runtime::{Cancel, Event};

use crate::text::{Paint, Tone, VERB, cut, duration, guest_line, line, width};

/// Executions shorter than this are not drawn: they would only flicker.
const PATIENCE: Duration = Duration::from_millis(150);
/// Rows for executions, at most.
const ROWS: usize = 12;
/// Columns of the bar.
const BAR: usize = 24;

pub struct Live {
    paint: Paint,
    cancel: Cancel,
    began: Option<Instant>,
    running: Vec<Running>,
    planned: usize,
    cached: usize,
    executed: usize,
    failed: usize,
    skipped: usize,
    saved: Duration,
}

struct Running {
    verb: &'static str,
    name: String,
    since: Instant,
    progress: String,
}

impl Live {
    pub fn new(paint: Paint, cancel: Cancel) -> Live {
        Live {
            paint,
            cancel,
            began: None,
            running: Vec::new(),
            planned: 0,
            cached: 0,
            executed: 0,
            failed: 0,
            skipped: 0,
            saved: Duration::ZERO,
        }
    }

    pub fn tell(&mut self, event: &Event, now: Instant) {
        self.began.get_or_insert(now);
        match event {
            Event::Compiling { component } => self.begin("Compiling", component, now),
            Event::Compiled { component, .. } => self.end("Compiling", component),
            Event::Started { action, planned } => {
                self.planned = self.planned.max(*planned);
                self.begin("Executing", action, now);
            }
            Event::Progress {
                action,
                done,
                total,
                message,
            } => {
                if let Some(running) = self
                    .running
                    .iter_mut()
                    .find(|running| running.name == *action)
                {
                    let done = match total {
                        Some(total) => format!("{done}/{total}"),
                        None => done.to_string(),
                    };
                    running.progress = format!("{done} {}", guest_line(message));
                }
            }
            Event::Cached { action, saved, .. } => {
                self.cached += 1;
                self.saved += *saved;
                self.end("Executing", action);
            }
            Event::Unchanged { actions, saved, .. } => {
                self.cached += actions;
                self.saved += *saved;
            }
            Event::Executed { action, .. } => {
                self.executed += 1;
                self.end("Executing", action);
            }
            Event::Failed { action, .. } => {
                self.failed += 1;
                self.end("Executing", action);
            }
            Event::Skipped { .. } => self.skipped += 1,
            Event::Log { .. } | Event::Notice { .. } | Event::Wrote { .. } | Event::Finished(_) => {
            }
        }
    }

    fn begin(&mut self, verb: &'static str, name: &str, now: Instant) {
        self.running.push(Running {
            verb,
            name: name.to_owned(),
            since: now,
            progress: String::new(),
        });
    }

    fn end(&mut self, verb: &str, name: &str) {
        self.running
            .retain(|running| running.verb != verb || running.name != name);
    }

    /// The rows for a terminal of so many columns and rows. None at first: what is done at once needs no picture.
    pub fn rows(&self, now: Instant, columns: usize, rows: usize) -> Vec<String> {
        let Some(began) = self
            .began
            .filter(|began| now.duration_since(*began) >= PATIENCE)
        else {
            return Vec::new();
        };
        let shown: Vec<&Running> = self
            .running
            .iter()
            .filter(|running| now.duration_since(running.since) >= PATIENCE)
            .collect();
        let most = ROWS.min(rows.saturating_sub(4));
        let widest = shown
            .iter()
            .take(most)
            .map(|running| width(&running.name))
            .max()
            .unwrap_or(0)
            .min(40);
        let row = |tone, verb: &str, rest: &str| {
            line(
                self.paint,
                tone,
                verb,
                &cut(rest, columns.saturating_sub(VERB + 2)),
            )
        };
        let mut drawn: Vec<String> = shown
            .iter()
            .take(most)
            .map(|running| {
                let gap = " ".repeat(widest.saturating_sub(width(&running.name)));
                let elapsed = elapsed(now.duration_since(running.since));
                row(
                    Tone::Good,
                    running.verb,
                    &format!("{}{gap}  {elapsed:>6}  {}", running.name, running.progress),
                )
            })
            .collect();
        if shown.len() > most {
            drawn.push(row(
                Tone::Dim,
                "",
                &format!("and {} more", shown.len() - most),
            ));
        }
        let (tone, verb) = match self.cancel.is_cancelled() {
            true => (Tone::Warning, "Cancelling"),
            false => (Tone::Strong, "Running"),
        };
        // Before anything is planned there is only compilation to see.
        if self.planned > 0 {
            drawn.push(row(tone, verb, &self.whole(now.duration_since(began))));
        }
        drawn
    }

    /// The bar and the counts.
    fn whole(&self, since: Duration) -> String {
        let ended = self.cached + self.executed + self.failed + self.skipped;
        let planned = self.planned.max(ended);
        let filled = (BAR * ended).checked_div(planned).unwrap_or(0);
        let bar: String = (0..BAR)
            .map(|at| match at.cmp(&filled) {
                std::cmp::Ordering::Less => '=',
                std::cmp::Ordering::Equal => '>',
                std::cmp::Ordering::Greater => ' ',
            })
            .collect();
        let mut text = format!(
            "[{bar}] {ended}/{planned}  {} cached, {} executed",
            self.cached, self.executed
        );
        for (count, what) in [(self.failed, "failed"), (self.skipped, "skipped")] {
            if count > 0 {
                text.push_str(&format!(", {count} {what}"));
            }
        }
        text.push_str(&format!(", {}", elapsed(since)));
        if self.saved >= Duration::from_secs(1) {
            text.push_str(&format!(", saved {}", elapsed(self.saved)));
        }
        text
    }
}

/// With tenths of a second, or as longer ones are written: milliseconds would only flicker.
fn elapsed(time: Duration) -> String {
    match time.as_secs() {
        0..60 => format!("{:.1} s", time.as_secs_f64()),
        _ => duration(time),
    }
}
