//! `update`: brings the lock up to date, after showing what changes and asking where it matters.

use std::io::IsTerminal;

use cofferdam_runtime::Error;
use cofferdam_runtime::components;
use cofferdam_runtime::config::{Change, Comparison};

use crate::Outcome;
use crate::arguments::{Global, Update};
use crate::commands::ask;
use crate::exit::Exit;
use crate::project;
use crate::stderr::{say, tell};
use crate::text::{Tone, guest_line};

pub fn run(global: &Global, arguments: &Update) -> Outcome {
    let project = project::open(global)?;
    let comparison = ask(global, &project, |events| {
        components::compare_lock(&project, events)
    })?;
    known(&comparison, &arguments.accept)?;
    if comparison.changes.is_empty() {
        say(
            global,
            Tone::Calm,
            "Unchanged",
            "`cofferdam.lock` is up to date",
        );
        return Ok(Exit::Done);
    }
    for change in &comparison.changes {
        let tone = if change.needs_consent() {
            Tone::Warning
        } else {
            Tone::Calm
        };
        say(global, tone, "Change", &guest_line(&change.to_string()));
    }
    let open: Vec<&Change> = comparison
        .changes
        .iter()
        .filter(|change| change.needs_consent() && !arguments.accept.contains(&change.name))
        .collect();
    consent(&open)?;
    components::write_lock(&project, &comparison).map_err(|error| vec![error])?;
    say(global, Tone::Good, "Wrote", "cofferdam.lock");
    Ok(Exit::Done)
}

/// Names that nothing has are mistakes.
fn known(comparison: &Comparison, accept: &[String]) -> Result<(), Vec<Error>> {
    let names: Vec<&String> = comparison
        .lock
        .entries
        .keys()
        .map(|(_, name)| name)
        .collect();
    let changed = |name: &String| comparison.changes.iter().any(|change| change.name == *name);
    let unknown = accept
        .iter()
        .filter(|name| !names.contains(name) && !changed(name));
    let errors: Vec<Error> = unknown
        .map(|name| {
            Error::config(format!(
                "`--accept {name}` names no plugin and no tool of the project"
            ))
            .hint("`cofferdam plugin list` lists them")
        })
        .collect();
    if errors.is_empty() {
        Ok(())
    } else {
        Err(errors)
    }
}

/// Asks where someone can answer; elsewhere what was not accepted is refused.
fn consent(open: &[&Change]) -> Result<(), Vec<Error>> {
    if open.is_empty() {
        return Ok(());
    }
    if !(std::io::stdin().is_terminal() && std::io::stderr().is_terminal()) {
        let errors = open.iter().map(|change| {
            Error::config(format!("nobody has agreed that {change}")).hint(format!(
                "look at it, then run `cofferdam update --accept {}`",
                change.name
            ))
        });
        return Err(errors.collect());
    }
    let mut refused = Vec::new();
    for change in open {
        tell(&format!(
            "Agree that {}? [y/N] ",
            guest_line(&change.to_string())
        ));
        let mut answer = String::new();
        let read = std::io::stdin().read_line(&mut answer);
        read.map_err(|error| vec![Error::environment("cannot read the answer").cause(error)])?;
        if !matches!(answer.trim().to_lowercase().as_str(), "y" | "yes") {
            refused.push(
                Error::config(format!("you did not agree that {change}"))
                    .hint("the lock is as it was"),
            );
        }
    }
    if refused.is_empty() {
        Ok(())
    } else {
        Err(refused)
    }
}
