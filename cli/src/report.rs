//! Who hears of a run: people or programs, and the timeline.

use std::io::IsTerminal;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use cofferdam_runtime::{Error, Event, Events};

use crate::arguments::Global;
use crate::exit::Exit;
use crate::interrupt::Interrupt;
use crate::json::Json;
use crate::stdout::Stdout;
use crate::terminal::{Look, Terminal, Verbosity};
use crate::text::Paint;
use crate::trace::Trace;

/// Takes a run's events, then its end.
pub struct Report {
    terminal: Terminal,
    json: Option<Json>,
    trace: Option<Trace>,
    interrupt: Interrupt,
    /// Errors of actions: already shown.
    told: Mutex<Vec<Error>>,
}

impl Report {
    /// For people, on stderr.
    pub fn for_people(global: &Global, project: &Path, interrupt: &Interrupt) -> Report {
        Report::looking(look(global), project, interrupt)
    }

    /// For people who already know: says nothing if nothing was done.
    pub fn of_news(global: &Global, project: &Path, interrupt: &Interrupt) -> Report {
        let look = Look {
            only_news: true,
            ..look(global)
        };
        Report::looking(look, project, interrupt)
    }

    fn looking(look: Look, project: &Path, interrupt: &Interrupt) -> Report {
        let stderr = Box::new(std::io::stderr());
        Report {
            terminal: Terminal::new(look, stderr, Some(project), interrupt.cancel()),
            json: None,
            trace: None,
            interrupt: interrupt.clone(),
            told: Mutex::default(),
        }
    }

    /// For programs, on stdout; people still see errors.
    pub fn for_programs(global: &Global, project: &Path, interrupt: &Interrupt) -> Report {
        let look = Look {
            verbosity: Verbosity::Quiet,
            ..look(global)
        };
        Report {
            json: Some(Json::new(Stdout::new())),
            ..Report::looking(look, project, interrupt)
        }
    }

    #[must_use]
    pub fn with_trace(mut self, trace: Option<Trace>) -> Report {
        self.trace = trace;
        self
    }

    /// The report, and the way for events to it.
    pub fn listen(self) -> (Arc<Report>, Events) {
        let report = Arc::new(self);
        let listener = report.clone();
        (report, Arc::new(move |event| listener.tell(event)))
    }

    fn tell(&self, event: Event) {
        if matches!(event, Event::Started { .. } | Event::Compiling { .. }) {
            self.interrupt.arm();
        }
        self.terminal.tell(&event);
        if let Some(json) = &self.json {
            json.tell(&event);
        }
        if let Some(trace) = &self.trace {
            trace.tell(&event);
        }
        if let Event::Failed { errors, .. } = event {
            self.told
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .extend(errors);
        }
    }

    /// Tells what went wrong and was not told yet, ends every subscriber and says how the program is to end.
    pub fn close(&self, errors: Vec<Error>) -> Exit {
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let mut unseen = errors;
        unseen.retain(|error| !told.contains(error));
        unseen.extend(self.trace.as_ref().and_then(|trace| trace.close().err()));
        if let Some(json) = &self.json {
            unseen.extend(json.close(&unseen).err());
        }
        self.terminal.close(&unseen);
        Exit::of(told.iter().chain(&unseen))
    }
}

fn look(global: &Global) -> Look {
    let terminal = std::io::stderr().is_terminal();
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    Look {
        paint: stderr_paint(global),
        verbosity: match (global.quiet, global.verbose) {
            (true, _) => Verbosity::Quiet,
            (false, 0) => Verbosity::Normal,
            (false, 1) => Verbosity::Verbose,
            (false, _) => Verbosity::Debug,
        },
        live: terminal && !dumb,
        only_news: false,
    }
}

pub fn stderr_paint(global: &Global) -> Paint {
    Paint::decide(global.color, std::io::stderr().is_terminal(), |name| {
        std::env::var(name).ok()
    })
}

pub fn stdout_paint(global: &Global) -> Paint {
    Paint::decide(global.color, std::io::stdout().is_terminal(), |name| {
        std::env::var(name).ok()
    })
}
