//! The lock beside the project: what is found is compared with it before anything runs.

use std::path::Path;

use crate::config::{self, Comparison, Found, Group, Lock, ProjectSpec, Requested};
use crate::error::Error;
use crate::observe::{Fault, Kind};
use crate::plan::programs::Programs;
use crate::project::FileTable;
use crate::sandbox::Program;

/// Compares what the project names with its lock, and writes the lock where that needs nobody's consent.
/// Gives what to tell.
pub(super) fn pin(
    table: &FileTable,
    spec: &ProjectSpec,
    programs: &Programs,
    locked: bool,
) -> Result<Vec<String>, Vec<Error>> {
    let comparison = comparison(table, spec, programs)?;
    let errors = comparison.errors(locked);
    if !errors.is_empty() {
        return Err(errors);
    }
    if comparison.changes.is_empty() {
        return Ok(Vec::new());
    }
    put_lock(table.folder().path(), &comparison.lock).map_err(|error| vec![error])?;
    table.forget(config::LOCK);
    Ok(comparison.notices())
}

pub fn comparison(
    table: &FileTable,
    spec: &ProjectSpec,
    programs: &Programs,
) -> Result<Comparison, Vec<Error>> {
    let fault = |fault: Fault| vec![Error::environment(fault.to_string())];
    let locked = match table.identity(config::LOCK).map_err(fault)?.kind {
        Kind::Absent => None,
        _ => {
            let text = table.read(config::LOCK).map_err(fault)?;
            Some(Lock::parse(Path::new(config::LOCK), &text.bytes)?)
        }
    };
    let mut found = Vec::new();
    let mut errors = Vec::new();
    for (group, component) in of_project(spec) {
        let program = match group {
            Group::Plugin => programs.plugin(&component.name),
            Group::Tool => programs.tool(&component.name),
        };
        match program {
            Ok(program) => found.push(Found {
                group,
                name: component.name.value.clone(),
                source: component.source.value.clone(),
                digest: program.digest(),
                capabilities: requested(&program),
            }),
            Err(error) if error.at.is_some() => errors.push(error),
            Err(error) => errors.push(error.at(spec.position(component.source.place))),
        }
    }
    if errors.is_empty() {
        Ok(config::compare(locked.as_ref(), &found))
    } else {
        Err(errors)
    }
}

pub fn of_project(spec: &ProjectSpec) -> impl Iterator<Item = (Group, &config::ComponentSpec)> {
    let plugins = spec.plugins.iter().map(|plugin| (Group::Plugin, plugin));
    plugins.chain(spec.tools.iter().map(|tool| (Group::Tool, tool)))
}

/// What a program's description asks for.
pub fn requested(program: &Program) -> Requested {
    let capabilities = program
        .description()
        .map(|description| description.capabilities.as_slice());
    let capabilities = capabilities.unwrap_or_default().iter();
    capabilities
        .map(|capability| {
            (
                capability.name.clone(),
                capability.scope.iter().cloned().collect(),
            )
        })
        .collect()
}

pub fn put_lock(folder: &Path, lock: &Lock) -> Result<(), Error> {
    let file = folder.join(config::LOCK);
    replace(&file, &lock.to_string()).map_err(|error| {
        Error::environment(format!("cannot write `{}`", file.display())).cause(error)
    })
}

/// Whole or not at all.
pub fn replace(file: &Path, text: &str) -> std::io::Result<()> {
    let beside = file.with_extension(format!("{}.new", std::process::id()));
    std::fs::write(&beside, text)?;
    std::fs::rename(beside, file)
}
