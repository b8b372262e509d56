//! `deploy`: brings what is deployed up to date and places it.

use cofferdam_runtime::deploy::{self, Deployment};
use cofferdam_runtime::sandbox::{Change, Operation};
use cofferdam_runtime::{Error, Events};

use crate::Outcome;
use crate::arguments::{Deploy, Global};
use crate::commands::run::how;
use crate::interrupt::Interrupt;
use crate::report::{Report, stderr_paint};
use crate::stderr::tell;
use crate::text::{Paint, Tone, guest_line, line};
use crate::{project, stdout};

/// Changes that are shown one by one, unless all are asked for.
const SHOWN: usize = 20;

pub fn run(global: &Global, arguments: &Deploy) -> Outcome {
    place(global, arguments.dry_run, |project, interrupt, events| {
        let how = how(global, &arguments.how);
        deploy::deploy(
            project,
            &arguments.name,
            arguments.dry_run,
            &how,
            &interrupt.cancel(),
            events,
        )
    })
}

/// What `deploy` and `rollback` share: they tell of the way, then of the changes.
pub fn place(
    global: &Global,
    dry_run: bool,
    act: impl FnOnce(
        &cofferdam_runtime::OpenOptions,
        &Interrupt,
        &Events,
    ) -> Result<Deployment, Vec<Error>>,
) -> Outcome {
    let project = project::open(global)?;
    let interrupt = Interrupt::default();
    interrupt.begin();
    let (report, events) = Report::of_news(global, &project.folder, &interrupt).listen();
    let deployment = match act(&project, &interrupt, &events) {
        Ok(deployment) => deployment,
        Err(errors) => return Ok(report.close(errors)),
    };
    let exit = report.close(Vec::new());
    if dry_run {
        // The changes are what was asked for.
        stdout::print(&text(
            crate::report::stdout_paint(global),
            &deployment,
            usize::MAX,
            true,
        ))?;
    } else if !global.quiet {
        let shown = if global.verbose > 0 {
            usize::MAX
        } else {
            SHOWN
        };
        tell(&text(stderr_paint(global), &deployment, shown, false));
    }
    Ok(exit)
}

fn text(paint: Paint, deployment: &Deployment, shown: usize, dry_run: bool) -> String {
    let mut text = String::new();
    let changes = || {
        deployment
            .changes
            .iter()
            .filter(|change| change.operation != Operation::Keep)
    };
    for change in changes().take(shown) {
        text.push_str(&format!("{}\n", change_line(paint, change)));
    }
    let left_out = changes().count().saturating_sub(shown);
    if left_out > 0 {
        text.push_str(&format!(
            "{}\n",
            line(
                paint,
                Tone::Dim,
                "",
                &format!("and {left_out} more (`-v` shows all)")
            )
        ));
    }
    let verb = match (dry_run, deployment.rollback) {
        (true, _) => "Would do",
        (false, true) => "Rolled back",
        (false, false) => "Deployed",
    };
    let revision = match &deployment.revision {
        Some(revision) => format!(" {}", revision.get(..8).unwrap_or(revision)),
        None => " to the revision before".to_owned(),
    };
    let summary = format!(
        "{}{revision}: {}",
        deployment.name,
        counts(&deployment.changes)
    );
    text.push_str(&format!("{}\n", line(paint, Tone::Strong, verb, &summary)));
    text
}

fn change_line(paint: Paint, change: &Change) -> String {
    let (tone, verb) = match change.operation {
        Operation::Create => (Tone::Good, "Create"),
        Operation::Update => (Tone::Good, "Update"),
        Operation::Delete => (Tone::Bad, "Delete"),
        Operation::Activate => (Tone::Strong, "Activate"),
        Operation::Keep => (Tone::Dim, "Keep"),
    };
    let detail = match guest_line(&change.detail) {
        detail if detail.is_empty() => String::new(),
        detail => format!("  {detail}"),
    };
    line(
        paint,
        tone,
        verb,
        &format!(
            "{}/{}{detail}",
            guest_line(&change.instance),
            guest_line(&change.path)
        ),
    )
}

/// `3 created, 1 activated, 12 kept`, or `nothing to change`.
fn counts(changes: &[Change]) -> String {
    let words = [
        (Operation::Create, "created"),
        (Operation::Update, "updated"),
        (Operation::Delete, "deleted"),
        (Operation::Activate, "activated"),
        (Operation::Keep, "kept"),
    ];
    if changes
        .iter()
        .all(|change| change.operation == Operation::Keep)
    {
        return "nothing to change".to_owned();
    }
    let counted = words.map(|(operation, word)| {
        let count = changes
            .iter()
            .filter(|change| change.operation == operation)
            .count();
        (count > 0).then(|| format!("{count} {word}"))
    });
    counted.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(operation: Operation, path: &str, detail: &str) -> Change {
        Change {
            instance: "public".to_owned(),
            operation,
            path: path.to_owned(),
            detail: detail.to_owned(),
        }
    }

    #[test]
    fn changes_are_listed_and_counted() {
        let mut deployment = Deployment {
            time: 0,
            name: "local".to_owned(),
            revision: Some("4f0c1a2e99".to_owned()),
            rollback: false,
            changes: vec![
                change(Operation::Create, "releases/4f0c1a2e", "3 files"),
                change(Operation::Keep, "releases/91d3aa07", ""),
                change(Operation::Activate, "current", "4f0c1a2e"),
            ],
        };
        let placed = text(Paint::OFF, &deployment, 1, false);
        deployment
            .changes
            .retain(|change| change.operation == Operation::Keep);
        let tried = text(Paint::OFF, &deployment, usize::MAX, true);
        deployment.rollback = true;
        deployment.revision = None;
        let back = text(Paint::OFF, &deployment, usize::MAX, false);
        let all = format!("|\n{placed}{tried}{back}");
        insta::assert_snapshot!(all, @"
        |
              Create public/releases/4f0c1a2e  3 files
                     and 1 more (`-v` shows all)
            Deployed local 4f0c1a2e: 1 created, 1 activated, 1 kept
            Would do local 4f0c1a2e: nothing to change
         Rolled back local to the revision before: nothing to change
        ");
    }
}
