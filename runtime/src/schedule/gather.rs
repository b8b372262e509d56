//! A planner's output: the union of what its exported actions left.

use std::collections::HashMap;

use cofferdam_cache::Digest;

use crate::error::{Error, ErrorKind};
use crate::execute::{Done, Ending, Environment, Last};
use crate::observe::Fault;
use crate::plan::Action;
use crate::schedule::board::Part;
use crate::trees::{Change, union};

/// Below this many differences the last run's union is changed instead of made anew.
const FEW: usize = 64;

/// `partial`: what is not among the parts is as in the last run's record.
pub fn gather(
    environment: &Environment,
    action: &Action,
    done: &Done,
    parts: &[Part],
    partial: bool,
) -> Ending {
    match union_of_parts(environment, action, parts, partial) {
        Ok(Ok(output)) => Ending::Done(Done {
            output,
            ..done.clone()
        }),
        Ok(Err(error)) => Ending::failed(error),
        Err(fault) => Ending::fault(action, &fault),
    }
}

fn union_of_parts(
    environment: &Environment,
    action: &Action,
    parts: &[Part],
    partial: bool,
) -> Result<Result<Digest, Error>, Fault> {
    let trees = &environment.trees;
    let mut batch = trees
        .store()
        .batch()
        .map_err(|error| Fault::new(error.to_string()))?;
    if let Some(output) = changed_union(environment, action, parts, partial, &mut batch)? {
        commit(batch)?;
        return Ok(Ok(output));
    }
    let with_recorded;
    let parts = if partial {
        with_recorded = all_parts(environment, action, parts);
        &with_recorded
    } else {
        parts
    };
    let digests: Vec<Digest> = parts.iter().map(|part| part.output).collect();
    match union(trees, &digests, &mut batch)? {
        Ok(output) => {
            commit(batch)?;
            Ok(Ok(output))
        }
        Err(conflict) => {
            let name = |part: usize| &parts[part].name;
            Ok(Err(Error::new(
                ErrorKind::User,
                format!(
                    "`{}` and `{}` both write `{}`",
                    name(conflict.parts.0),
                    name(conflict.parts.1),
                    conflict.path
                ),
            )
            .hint(format!(
                "the actions of the planner `{}` must write different files",
                action.name
            ))))
        }
    }
}

fn commit(batch: cofferdam_cache::Batch) -> Result<(), Fault> {
    batch
        .commit()
        .map_err(|error| Fault::new(error.to_string()))
}

/// What the actions of a planner left in the last run.
fn exported_by(last: &Last, planner: usize) -> HashMap<&str, Digest> {
    let exported = last.planned_by(planner).filter_map(|number| {
        let entry = &last.actions.entries()[number];
        let (_, exported) = entry.planner?;
        exported.then(|| (last.actions.name(number), entry.output))
    });
    exported.collect()
}

fn all_parts(environment: &Environment, action: &Action, parts: &[Part]) -> Vec<Part> {
    let (Some(last), Some(planner)) = (
        environment.last,
        environment.last.and_then(|last| last.of(action)),
    ) else {
        unreachable!("only what has a record is expanded in part");
    };
    let mut all = exported_by(last, planner);
    all.extend(parts.iter().map(|part| (&*part.name, part.output)));
    let all = all.into_iter().map(|(name, output)| Part {
        name: name.into(),
        recorded: None,
        output,
    });
    let mut all: Vec<Part> = all.collect();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    all
}

/// Whether the store may have lost what the last run made: its parts are made anew, and its union would not be.
fn trees_are_gone(environment: &Environment, last: &Last) -> Result<bool, Fault> {
    let generation = environment.trees.store().generation();
    let generation = generation.map_err(|error| Fault::new(error.to_string()))?;
    Ok(generation != last.record.basis.generation)
}

/// The last run's union, changed where its parts differ; `None` where that is not less work, or not possible.
fn changed_union(
    environment: &Environment,
    action: &Action,
    parts: &[Part],
    partial: bool,
    batch: &mut cofferdam_cache::Batch,
) -> Result<Option<Digest>, Fault> {
    let Some(last) = environment.last else {
        return Ok(None);
    };
    if trees_are_gone(environment, last)? {
        return Ok(None);
    }
    let Some(planner) = last.of(action) else {
        return Ok(None);
    };
    let mut changes: Vec<(Option<Digest>, Option<Digest>)> = Vec::new();
    if partial {
        for part in parts {
            let entry = |number: usize| &last.actions.entries()[number];
            let old = part.recorded.map(entry);
            let old = old.filter(|entry| entry.planner.is_some_and(|(_, exported)| exported));
            changes.push((old.map(|entry| entry.output), Some(part.output)));
        }
    } else {
        let mut before = exported_by(last, planner);
        if before.is_empty() {
            // Perhaps it was no planner then, and what it left no union.
            return Ok(None);
        }
        for part in parts {
            changes.push((before.remove(&*part.name), Some(part.output)));
        }
        changes.extend(before.into_values().map(|old| (Some(old), None)));
    }
    changes.retain(|(old, new)| old != new);
    if changes.len() > FEW {
        return Ok(None);
    }
    let mut change = Change::new(&environment.trees, &last.actions.entries()[planner].output)?;
    // First take away, then add: two parts may have exchanged a file.
    let (away, add): (Vec<_>, Vec<_>) = changes.into_iter().partition(|(_, new)| new.is_none());
    for (old, new) in away.into_iter().chain(add) {
        if !change.replace(old.as_ref(), new.as_ref())? {
            return Ok(None);
        }
    }
    change.finish(batch).map(Some)
}
