//! The subscriber for people: lines on stderr, and below them, where it is a terminal, what runs now.

mod held;
mod lines;
mod live;
mod screen;

use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use cofferdam_runtime::{Cancel, Error, Event};

use crate::text::Paint;
use lines::Lines;
pub use lines::{count_files, level_name, log_text};
use live::Live;
use screen::Screen;

/// How often what runs is drawn again, and lines are written.
const TICK: Duration = Duration::from_millis(80);

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Verbosity {
    /// Errors only.
    Quiet,
    Normal,
    /// Every cached action; what actions log for information.
    Verbose,
    /// What they log for debugging.
    Debug,
}

/// How a person wants to see a run.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    pub paint: Paint,
    pub verbosity: Verbosity,
    /// Whether the cursor can be moved.
    pub live: bool,
    /// Say nothing at all about a run that did nothing.
    pub only_news: bool,
}

pub struct Terminal {
    shared: Arc<Shared>,
    ticker: Mutex<Option<JoinHandle<()>>>,
}

struct Shared {
    state: Mutex<State>,
    closed: Condvar,
}

struct State {
    lines: Lines,
    live: Live,
    screen: Screen,
    /// Lines that wait for the next tick.
    waiting: String,
    moves: bool,
    ticking: bool,
    closed: bool,
}

impl Terminal {
    /// `out` is stderr, but for tests; `project` is where errors' positions are looked up.
    pub fn new(
        look: Look,
        out: Box<dyn Write + Send>,
        project: Option<&Path>,
        cancel: Cancel,
    ) -> Terminal {
        let state = State {
            lines: Lines::new(look, project),
            live: Live::new(look.paint, cancel),
            screen: Screen::new(out),
            waiting: String::new(),
            moves: look.live && look.verbosity > Verbosity::Quiet,
            ticking: false,
            closed: false,
        };
        Terminal {
            shared: Arc::new(Shared {
                state: Mutex::new(state),
                closed: Condvar::new(),
            }),
            ticker: Mutex::default(),
        }
    }

    pub fn tell(&self, event: &Event) {
        let mut state = self
            .shared
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        state.tell(event);
        let begins = matches!(event, Event::Started { .. } | Event::Compiling { .. });
        if begins && state.moves && !state.ticking {
            state.ticking = true;
            let shared = self.shared.clone();
            let ticker = std::thread::Builder::new()
                .name("terminal".to_owned())
                .spawn(move || shared.tick());
            state.ticking = ticker.is_ok();
            *self.ticker.lock().unwrap_or_else(PoisonError::into_inner) = ticker.ok();
        }
    }

    /// Ends with errors that no event told, and the summary.
    pub fn close(&self, errors: &[Error]) {
        let mut state = self
            .shared
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        state.closed = true;
        let mut text = std::mem::take(&mut state.waiting);
        text.push_str(&state.lines.close(errors));
        state.screen.show(&text, &[]);
        drop(state);
        self.shared.closed.notify_all();
        let ticker = self
            .ticker
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(ticker) = ticker {
            // It ends at once: `closed` is set.
            let _ = ticker.join();
        }
    }
}

impl State {
    fn tell(&mut self, event: &Event) {
        self.live.tell(event, Instant::now());
        let text = self.lines.tell(event);
        if self.ticking {
            self.waiting.push_str(&text);
        } else if !text.is_empty() {
            self.screen.show(&text, &[]);
        }
    }
}

impl Shared {
    fn tick(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let waited = self.closed.wait_timeout(state, TICK);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
            if state.closed {
                return;
            }
            let text = std::mem::take(&mut state.waiting);
            let (columns, rows) = screen::size();
            let rows = state.live.rows(Instant::now(), columns, rows);
            state.screen.show(&text, &rows);
        }
    }
}

#[cfg(test)]
mod tests;
