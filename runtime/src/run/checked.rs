//! `run --check` over all actions of a run: in parallel, and in another order than they ran in.

use std::sync::Mutex;

use crate::error::{Error, ErrorKind};
use crate::event::Event;
use crate::execute::{Done, Environment, Inputs, Mounts, Verdict, check};
use crate::plan::{Action, NeedOf, Plan, Verb};
use crate::schedule::{End, Report};

/// Other random numbers, and clocks this many days ahead.
const VARIATION: u64 = 7;

/// Errors: actions whose output differs though nothing that they may depend on does. A dependence on random
/// numbers or the clock is told in a notice: the same action still gives the same bytes anywhere.
pub fn check_all(
    environment: &Environment,
    plan: &Plan,
    report: &Report,
    jobs: usize,
) -> Vec<Error> {
    let todo: Vec<usize> = (0..report.actions.len())
        .filter(|id| {
            matches!(report.ends[*id], Some(End::Done(_)))
                && report.actions[*id].verb != Verb::Gather
        })
        .collect();
    let todo = Mutex::new(todo);
    let errors = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| {
                loop {
                    let next = todo.lock().expect("no panic while locked").pop();
                    let Some(id) = next else { break };
                    if environment.cancel.is_cancelled() {
                        break;
                    }
                    if let Err(error) = check_one(environment, plan, report, id) {
                        errors
                            .lock()
                            .expect("no panic while locked")
                            .push((id, error));
                    }
                }
            });
        }
    });
    let mut errors = errors.into_inner().expect("no panic while locked");
    errors.sort_by_key(|(id, _)| *id);
    errors.into_iter().map(|(_, error)| error).collect()
}

fn check_one(
    environment: &Environment,
    plan: &Plan,
    report: &Report,
    id: usize,
) -> Result<(), Error> {
    let action = &report.actions[id];
    let Some(End::Done(done)) = &report.ends[id] else {
        return Ok(());
    };
    let mounts = Mounts::new(
        environment,
        action,
        plan.ground(action),
        &inputs(report, action),
    );
    if let Verdict::Differs(path) = check(environment, action, &mounts, done, 0)? {
        let error = Error::new(ErrorKind::Plugin, format!("action `{}` is not deterministic", action.name))
            .cause(format!("run again with equal inputs, random numbers and clock, it gave another `{path}`"))
            .hint("other machines will not get the same bytes, nor profit from the cache: tell the plugin's author");
        return Err(match &action.position {
            Some(position) => error.at(position.clone()),
            None => error,
        });
    }
    if let Verdict::Differs(path) = check(environment, action, &mounts, done, VARIATION)? {
        (environment.events)(Event::Notice {
            message: format!(
                "action `{}` depends on random numbers or the clock: with others, `{path}` differs",
                action.name
            ),
        });
    }
    Ok(())
}

/// What the action was run on.
fn inputs(report: &Report, action: &Action) -> Inputs {
    let done = |id: u32| -> &Done {
        match &report.ends[id as usize] {
            Some(End::Done(done)) => done,
            _ => unreachable!("an action that is done has inputs that are"),
        }
    };
    let mut layers = Vec::new();
    let mut base = action.base;
    while let Some(id) = base {
        layers.push(
            done(id)
                .layer
                .unwrap_or_else(cofferdam_cache::Digest::empty_tree),
        );
        base = report.actions[id as usize].base;
    }
    Inputs {
        needs: action
            .needs
            .iter()
            .map(|need| match need.of {
                NeedOf::Action(id) => done(id).output,
                NeedOf::Recorded { output, .. } => output,
            })
            .collect(),
        layers,
    }
}
