//! `update`: brings the lock up to date, after showing what changes and asking where it matters.

use std::io::{IsTerminal, Write};

use cofferdam_runtime::Error;
use cofferdam_runtime::components;
use cofferdam_runtime::config::{Change, Comparison};

use crate::Outcome;
use crate::arguments::{Global, Update};
use crate::commands::ask;
use crate::exit::Exit;
use crate::project;
use crate::report::stderr_paint;
use crate::text::{Tone, line};

pub fn run(global: &Global, arguments: &Update) -> Outcome {
    let project = project::open(global)?;
    let comparison = ask(global, &project, |events| {
        components::compare_lock(&project, events)
    })?;
    known(&comparison, &arguments.accept)?;
    let say = |tone, verb: &str, rest: &str| {
        if !global.quiet {
            eprintln!("{}", line(stderr_paint(global), tone, verb, rest));
        }
    };
    if comparison.changes.is_empty() {
        say(Tone::Calm, "Unchanged", "`cofferdam.lock` is up to date");
        return Ok(Exit::Done);
    }
    for change in &comparison.changes {
        let tone = if change.needs_consent() {
            Tone::Warning
        } else {
            Tone::Calm
        };
        say(tone, "Change", &change.to_string());
    }
    let open: Vec<&Change> = comparison
        .changes
        .iter()
        .filter(|change| change.needs_consent() && !arguments.accept.contains(&change.name))
        .collect();
    consent(&open)?;
    components::write_lock(&project, &comparison).map_err(|error| vec![error])?;
    say(Tone::Good, "Wrote", "cofferdam.lock");
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
        eprint!("Agree that {change}? [y/N] ");
        let mut answer = String::new();
        let read = std::io::stderr()
            .flush()
            .and_then(|()| std::io::stdin().read_line(&mut answer));
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
