//! One invocation: [`run`] is the way of the data from the project file to the summary.

mod checked;
mod clean;
mod fast;
mod open;
mod remember;
mod written;

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::collect::upkeep;
use crate::error::{Error, ErrorKind};
use crate::event::{Event, Events, Summary};
use crate::execute::{Done, Environment, How, Last};
use crate::plan::{Plan, Programs, read_checked};
use crate::project::FileTable;
use crate::record::RunRecord;
use crate::sandbox::Cancel;
use crate::schedule::{Clean, End, Report, Schedule};
use crate::trees::Trees;

use crate::open::OpenOptions;
pub use clean::clean;
use fast::{Fast, Seen};
pub use open::Workspace;

#[derive(Clone, Debug, Default)]
pub struct RunOptions {
    /// Names of actions; none means all.
    pub actions: Vec<String>,
    /// Executions at a time.
    pub jobs: usize,
    pub keep_going: bool,
    /// Execute whether or not there is a result.
    pub force: bool,
    /// Execute every action again, twice, and compare what it leaves.
    pub check: bool,
    /// Refuse any change of the lock.
    pub locked: bool,
    pub offline: bool,
}

/// Brings actions up to date and writes their outputs.
pub fn run(
    open: &OpenOptions,
    options: &RunOptions,
    cancel: &Cancel,
    events: &Events,
) -> Result<Summary, Vec<Error>> {
    let start = Instant::now();
    let seen = match fast::up_to_date(open, options, start) {
        Fast::UpToDate(summary) => {
            events(Event::Finished(summary.clone()));
            return Ok(summary);
        }
        Fast::Stale(seen) => seen,
    };
    let workspace = Workspace::open(open, events)?;
    // Before the lock was ours, another run may have left another record.
    let seen = seen.filter(|seen| seen.record.is_at(&open.record_file()));
    run_seen(
        &workspace,
        seen.map(|seen| *seen),
        options,
        cancel,
        events,
        start,
    )
    .map(|(summary, _)| summary)
}

/// [`run`] without the fast path; for those who go on with the result.
pub fn run_in(
    workspace: &Workspace,
    options: &RunOptions,
    cancel: &Cancel,
    events: &Events,
    start: Instant,
) -> Result<(Summary, Report), Vec<Error>> {
    run_seen(workspace, None, options, cancel, events, start)
}

fn run_seen(
    workspace: &Workspace,
    mut seen: Option<Seen>,
    options: &RunOptions,
    cancel: &Cancel,
    events: &Events,
    start: Instant,
) -> Result<(Summary, Report), Vec<Error>> {
    loop {
        if let Some(done) = attempt(workspace, seen.take(), options, cancel, events, start)? {
            return Ok(done);
        }
    }
}

/// `None`: planning changed the project's folder, as it may once, and all must be looked at again.
fn attempt(
    workspace: &Workspace,
    seen: Option<Seen>,
    options: &RunOptions,
    cancel: &Cancel,
    events: &Events,
    start: Instant,
) -> Result<Option<(Summary, Report)>, Vec<Error>> {
    let fault = |fault: crate::observe::Fault| vec![Error::environment(fault.to_string())];
    let seen = match seen {
        Some(seen) => Some(seen),
        None => match workspace.last_run() {
            Some(record) => {
                let folder = workspace.folder().map_err(fault)?;
                let swept =
                    crate::project::sweep(&folder, &record.rows, options.jobs).map_err(fault)?;
                Some(Seen { record, swept })
            }
            None => None,
        },
    };
    let generation = workspace.generation()?;
    let is_same = |record: &RunRecord| fast::is_of(record, workspace.options(), options);
    let (last, swept) = match seen {
        Some(Seen { record, swept }) => (Last::new(record), Some(swept)),
        None => (None, None),
    };
    // Before anything of this run changes what it rests on.
    let same_ground = last.as_ref().is_some_and(|last| is_same(&last.record));
    let known = last
        .as_ref()
        .map_or_else(crate::project::Rows::empty, |last| last.rows().clone());
    let present = swept.clone();
    let table = Arc::new(FileTable::new(
        workspace.folder().map_err(fault)?,
        known,
        swept,
    ));
    let spec = read_checked(workspace.options(), &table)?;
    if written::take_away_unnamed(workspace, &spec, &table, events)? {
        return Ok(None);
    }
    let sandbox = workspace.sandbox(events);
    let programs = Programs::new(sandbox.clone(), table.clone(), workspace.options().builtins);
    let plan = Plan::build(
        workspace.options(),
        spec,
        &table,
        programs,
        options.locked,
        events,
    )?;
    let selected = plan.select(&options.actions)?;
    let outputs = written::Outputs::new(workspace, &plan, last.as_ref(), present.clone());
    if outputs.make_folders(&selected, &table)? || plan.wrote_lock {
        return Ok(None);
    }
    let trusted = |last: &Last| {
        let basis = last.record.basis;
        basis.generation == generation && basis.hidden == plan.hidden() && !options.force
    };
    let before = match (&last, &present) {
        (Some(last), Some(present)) if trusted(last) => Some((last, present)),
        _ => None,
    };
    let same_plan = |last: &Last, swept: &crate::project::Swept| {
        let is_host = |row: &usize| last.rows().roles(*row).host;
        same_ground && !options.check && !swept.changes.iter().any(is_host)
    };
    let clean = match before {
        Some((last, present)) => Clean::new(last, present, &table, same_plan(last, present)),
        None => Clean::default(),
    };

    let environment = Environment {
        trees: Arc::new(Trees::new(workspace.store.clone())),
        table: table.clone(),
        sandbox: &sandbox,
        last: last.as_ref(),
        force: options.force,
        cancel,
        events,
    };
    let jobs = options.jobs.max(1);
    let mut report =
        Schedule::new(&environment, &plan, &selected, clean, options.keep_going).run(jobs);
    let before = before.filter(|(last, present)| same_plan(last, present));
    let written = match outputs.write(&environment, &report, before.is_some(), jobs) {
        Ok(written) => Some(written),
        Err(errors) => {
            report.errors.extend(errors);
            None
        }
    };
    if options.check && report.errors.is_empty() && !report.cancelled {
        let found = checked::check_all(&environment, &plan, &report, jobs);
        report.errors.extend(found);
    }
    if report
        .errors
        .iter()
        .any(|error| error.kind == ErrorKind::Environment)
    {
        // Something may be lost that the record takes for granted: the next run looks everything up.
        workspace.forget_last_run();
    }
    let summary = summarize(&report, start);
    workspace.remember_reasons(&report);
    if let Some(outputs) = written
        && report.errors.is_empty()
        && !report.cancelled
        && summary.skipped == 0
        && !table.disturbed()
        && workspace.generation().is_ok_and(|now| now == generation)
    {
        let ran = remember::Ran {
            plan: &plan,
            environment: &environment,
            report: &report,
            outputs,
            generation,
            before,
        };
        remember::remember(workspace, options, ran);
    }
    if let Err(error) = workspace.store.sync() {
        events(Event::Notice {
            message: format!(
                "the cache may lose what this run stored if the machine fails: {error}"
            ),
        });
    }
    events(Event::Finished(summary.clone()));
    if summary.executed > 0 {
        upkeep(&workspace.store);
    }
    if report.cancelled {
        report.errors.push(
            Error::new(ErrorKind::Interrupted, "interrupted").hint("what was done so far is kept"),
        );
    }
    if report.errors.is_empty() {
        Ok(Some((summary, report)))
    } else {
        Err(report.errors)
    }
}

fn summarize(report: &Report, start: Instant) -> Summary {
    let unlisted = report.unlisted;
    let mut summary = Summary {
        actions: unlisted.actions,
        cached: unlisted.actions,
        executed: 0,
        failed: 0,
        skipped: 0,
        elapsed: start.elapsed(),
        saved: Duration::from_micros(unlisted.microseconds),
    };
    for end in report.ends.iter().flatten() {
        summary.actions += 1;
        match end {
            End::Done(done) => match done.how {
                How::Cached => {
                    summary.cached += 1;
                    summary.saved += done.took;
                }
                How::Executed(_) => summary.executed += 1,
            },
            End::Failed => summary.failed += 1,
            End::Skipped => summary.skipped += 1,
        }
    }
    summary
}

/// The result of an action of the report, if it has one.
pub fn done_of<'a>(report: &'a Report, name: &str) -> Option<&'a Done> {
    let index = report
        .actions
        .iter()
        .position(|action| &*action.name == name)?;
    match report.ends[index].as_ref()? {
        End::Done(done) => Some(done),
        _ => None,
    }
}
