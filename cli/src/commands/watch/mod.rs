//! `run --watch`: runs, waits for a change, runs again.
//!
//! No change is missed: the watch is set before the first run, so what changes during a run is waiting at its end;
//! and because a new folder is watched only a moment after it is told of, another look follows once all is quiet.
//! It costs as much as a run that does nothing.

mod eye;
mod wake;

use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, PoisonError};

use cofferdam_runtime::{Event, Events};

use crate::Outcome;
use crate::arguments::{Global, Run};
use crate::commands::run::options;
use crate::exit::Exit;
use crate::interrupt::Interrupt;
use crate::project;
use crate::report::Report;
use crate::stderr::say;
use crate::text::Tone;
use eye::{Eye, Ignored};
use wake::{Waiting, Wake};

pub fn run(global: &Global, arguments: &Run) -> Outcome {
    let project = project::open(global)?;
    let options = options(global, arguments);
    let interrupt = Interrupt::default();
    interrupt.arm();
    let (sender, receiver) = channel();
    let ignored = Arc::new(Mutex::new(Ignored::new(&project)));
    let _eye =
        Eye::open(&project.folder, ignored.clone(), sender.clone()).map_err(|error| vec![error])?;
    interrupt.on_first(move || {
        // If nobody waits, the run under way ends by itself.
        let _ = sender.send(Wake::Interrupted);
    });

    let (mut first, mut failed) = (true, false);
    let mut waiting = Waiting::new();
    loop {
        let report = match (arguments.json, first || failed) {
            (true, _) => Report::for_programs(global, &project.folder, &interrupt),
            (false, true) => Report::for_people(global, &project.folder, &interrupt),
            (false, false) => Report::of_news(global, &project.folder, &interrupt),
        };
        let (report, events) = report.listen();
        let events = learn_outputs(events, ignored.clone());
        let result = cofferdam_runtime::run(&project, &options, &interrupt.cancel(), &events);
        let exit = report.close(result.err().unwrap_or_default());
        if first && !arguments.json {
            say(
                global,
                Tone::Dim,
                "Watching",
                &project.folder.display().to_string(),
            );
        }
        (first, failed) = (false, exit != Exit::Done);
        // What failed is not tried again without a reason.
        match waiting.next(&receiver, exit == Exit::Done) {
            Wake::Interrupted => return Ok(Exit::Interrupted),
            Wake::Changed => {}
        }
    }
}

/// Changes below folders that the run itself writes are not told of.
fn learn_outputs(events: Events, ignored: Arc<Mutex<Ignored>>) -> Events {
    Arc::new(move |event| {
        if let Event::Wrote { folder, .. } = &event {
            ignored
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .add(folder);
        }
        events(event);
    })
}
