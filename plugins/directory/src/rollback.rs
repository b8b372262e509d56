//! Going back to a release that is still there.

use cofferdam_plugin::{Change, Failure, Operation, Result, Rollback};

use crate::deploy::{activate, short, unknown};
use crate::instance::Instance;
use crate::{Config, health};

pub(crate) fn rollback(request: Rollback<Config>) -> Result<Vec<Change>> {
    let mut changes = Vec::new();
    let mut instances = Vec::new();
    for instance in &request.instances {
        let mut instance = Instance::read(instance)?;
        let revision = target(&instance, request.to.as_deref())?;
        health::check(&request.config.health, &instance.release(&revision))?;
        changes.extend(instance.sweep(request.dry_run)?);
        instances.push((instance, revision));
    }
    for (mut instance, revision) in instances {
        forget_after(&mut instance.history, &revision);
        match activate(&mut instance, &revision, request.dry_run)? {
            Some(change) => changes.push(change),
            None => {
                let detail = format!("is at `{}` already", short(&revision));
                changes.push(instance.change(Operation::Keep, "current".to_owned(), detail));
            }
        }
    }
    Ok(changes)
}

/// The revision asked for, by a part of its beginning too, or the one before the current.
fn target(instance: &Instance, to: Option<&str>) -> Result<String> {
    let Some(to) = to else {
        let before = instance.history.iter().rev().find(|revision| {
            Some(*revision) != instance.current.as_ref() && instance.has(revision)
        });
        let none = || {
            Failure::user(format!(
                "`{}` has no release before the current one to go back to",
                instance.name
            ))
        };
        return Ok(before.cloned().ok_or_else(none)?);
    };
    let mut matching = instance
        .releases
        .iter()
        .filter(|release| release.starts_with(to));
    match (matching.next(), matching.next()) {
        (Some(release), None) => Ok(release.clone()),
        (Some(_), Some(_)) => {
            let message = format!(
                "`{}` has several releases that begin with `{to}`",
                instance.name
            );
            Err(Failure::user(message).into())
        }
        _ => Err(unknown(instance, to).into()),
    }
}

/// Going back undoes what came after: the next way back leads further. `activate` adds the revision again.
fn forget_after(history: &mut Vec<String>, revision: &str) {
    if let Some(index) = history.iter().rposition(|entry| entry == revision) {
        history.truncate(index);
    }
}
