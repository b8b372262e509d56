//! `run`: brings actions up to date.

use cofferdam_runtime::{Event, RunOptions};

use crate::Outcome;
use crate::arguments::{Global, How, Run};
use crate::interrupt::Interrupt;
use crate::project;
use crate::report::Report;
use crate::trace::Trace;

pub fn run(global: &Global, arguments: &Run) -> Outcome {
    let project = project::open(global)?;
    let trace = arguments
        .trace
        .as_deref()
        .map(Trace::create)
        .transpose()
        .map_err(|error| vec![error])?;
    let interrupt = Interrupt::default();
    let report = match arguments.json {
        true => Report::for_programs(global, &project.folder, &interrupt),
        false => Report::for_people(global, &project.folder, &interrupt),
    };
    let (report, events) = report.with_trace(trace).listen();
    let result = cofferdam_runtime::run(
        &project,
        &options(global, arguments),
        &interrupt.cancel(),
        &events,
    );
    if arguments.check && result.is_ok() {
        events(Event::Notice {
            message: "checked: every action leaves the same bytes when it runs again".to_owned(),
        });
    }
    Ok(report.close(result.err().unwrap_or_default()))
}

pub fn options(global: &Global, arguments: &Run) -> RunOptions {
    RunOptions {
        actions: arguments.actions.clone(),
        force: arguments.force,
        check: arguments.check,
        ..how(global, &arguments.how)
    }
}

/// The part of the options that `deploy` has too.
pub fn how(global: &Global, how: &How) -> RunOptions {
    let cores = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    RunOptions {
        jobs: global.jobs.unwrap_or_else(cores),
        keep_going: how.keep_going,
        locked: how.locked,
        offline: how.offline,
        ..RunOptions::default()
    }
}
