//! Placing a revision.

use std::fs;
use std::path::Path;

use cofferdam_plugin::files::{self, Kind};
use cofferdam_plugin::{Change, Deployment, Failure, Failures, Operation, Result, input, log};

use crate::instance::Instance;
use crate::{Config, health};

pub(crate) fn deploy(deployment: Deployment<Config>) -> Result<Vec<Change>> {
    let Deployment {
        config,
        revision,
        dry_run,
        ..
    } = deployment;
    let read = deployment.instances.iter().map(Instance::read);
    let mut instances = read.collect::<Result<Vec<Instance>>>()?;
    let mut changes = Vec::new();
    let mut added = Vec::new();
    for instance in &mut instances {
        changes.extend(instance.sweep(dry_run)?);
        if !instance.has(&revision) {
            added.push(instance.name.clone());
        }
        match prepare(instance, &config, &revision, dry_run) {
            Ok(change) => changes.push(change),
            Err(failures) => return Err(take_back(failures, instances, &revision, &added)),
        }
    }
    for mut instance in instances {
        changes.extend(activate(&mut instance, &revision, dry_run)?);
        changes.extend(prune(&mut instance, config.keep.get(), dry_run)?);
    }
    Ok(changes)
}

/// A whole and healthy release beside the current one.
fn prepare(
    instance: &mut Instance,
    config: &Config,
    revision: &str,
    dry_run: bool,
) -> Result<Change> {
    let path = format!("releases/{revision}");
    if instance.has(revision) {
        health::check(&config.health, &instance.release(revision))?;
        return Ok(instance.change(Operation::Keep, path, "is there already".to_owned()));
    }
    let source = input("revision");
    let detail = compare(&source, instance)?;
    if dry_run {
        health::check(&config.health, &source)?;
    } else {
        instance.add(revision, &source)?;
        health::check(&config.health, &instance.release(revision))?;
    }
    Ok(instance.change(Operation::Create, path, detail))
}

/// Removes what was added; no instance was switched.
fn take_back(
    mut failures: Failures,
    instances: Vec<Instance>,
    revision: &str,
    added: &[String],
) -> Failures {
    for mut instance in instances {
        if instance.has(revision) && added.contains(&instance.name) {
            failures.keep(instance.remove(revision));
        }
        let stays = match &instance.current {
            Some(current) => format!("`{}` stays at `{}`", instance.name, short(current)),
            None => format!("nothing was deployed to `{}`", instance.name),
        };
        log::warn(&stays);
    }
    failures
}

/// Makes the release the current one, in the record too.
pub(crate) fn activate(
    instance: &mut Instance,
    revision: &str,
    dry_run: bool,
) -> Result<Option<Change>> {
    let before = instance.current.clone();
    if before.as_deref() == Some(revision) {
        return Ok(None);
    }
    if !dry_run {
        instance.switch(revision)?;
    }
    instance.history.push(revision.to_owned());
    if !dry_run {
        instance.write_history()?;
    }
    let detail = match before {
        Some(before) => format!("from `{}` to `{}`", short(&before), short(revision)),
        None => format!("`{}`, the first", short(revision)),
    };
    Ok(Some(instance.change(
        Operation::Activate,
        "current".to_owned(),
        detail,
    )))
}

/// Removes all releases but the last `keep` that were current.
fn prune(instance: &mut Instance, keep: usize, dry_run: bool) -> Result<Vec<Change>> {
    let mut kept: Vec<String> = Vec::new();
    for revision in instance.history.iter().rev() {
        if kept.len() < keep && !kept.contains(revision) {
            kept.push(revision.clone());
        }
    }
    let mut changes = Vec::new();
    for release in instance.releases.clone() {
        if !kept.contains(&release) {
            if !dry_run {
                instance.remove(&release)?;
            }
            let detail = format!("beyond the {keep} that are kept");
            changes.push(instance.change(Operation::Delete, format!("releases/{release}"), detail));
        }
    }
    if !changes.is_empty() && !dry_run {
        instance.history.retain(|revision| kept.contains(revision));
        instance.write_history()?;
    }
    Ok(changes)
}

/// How many files the new release has, and how they differ from the current one's.
fn compare(source: &Path, instance: &Instance) -> Result<String> {
    let new = files::walk(source)?;
    let count = new
        .iter()
        .filter(|entry| entry.kind != Kind::Directory)
        .count();
    let old = match &instance.current {
        Some(current) if instance.has(current) => instance.release(current),
        _ => return Ok(format!("{count} files")),
    };
    let (mut added, mut changed) = (0, 0);
    for entry in new.iter().filter(|entry| entry.kind != Kind::Directory) {
        match equal(&entry.path, &old.join(&entry.name)) {
            Some(true) => {}
            Some(false) => changed += 1,
            None => added += 1,
        }
    }
    let old_files = files::walk(&old)?
        .into_iter()
        .filter(|entry| entry.kind != Kind::Directory);
    let removed = old_files
        .filter(|entry| fs::symlink_metadata(source.join(&entry.name)).is_err())
        .count();
    Ok(format!(
        "{count} files: {added} new, {changed} changed, {removed} gone"
    ))
}

/// None when the other is not there.
fn equal(new: &Path, old: &Path) -> Option<bool> {
    let (new_stat, old_stat) = (
        fs::symlink_metadata(new).ok()?,
        fs::symlink_metadata(old).ok()?,
    );
    if new_stat.file_type() != old_stat.file_type() || new_stat.len() != old_stat.len() {
        return Some(false);
    }
    Some(match new_stat.is_symlink() {
        true => fs::read_link(new).ok() == fs::read_link(old).ok(),
        false => fs::read(new).ok() == fs::read(old).ok(),
    })
}

/// Enough of a digest for people.
pub(crate) fn short(revision: &str) -> &str {
    revision.get(..8).unwrap_or(revision)
}

/// For a revision that nobody has.
pub(crate) fn unknown(instance: &Instance, revision: &str) -> Failure {
    let there = match instance.releases.is_empty() {
        true => "there are none".to_owned(),
        false => {
            let names: Vec<&str> = instance.releases.iter().map(|name| short(name)).collect();
            format!("there are `{}`", names.join("`, `"))
        }
    };
    Failure::user(format!(
        "`{}` has no release `{revision}`: {there}",
        instance.name
    ))
}
