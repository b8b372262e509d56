//! `rollback`: returns to an earlier revision.

use cofferdam_runtime::deploy;

use crate::Outcome;
use crate::arguments::{Global, Rollback};
use crate::commands::deploy::place;

pub fn run(global: &Global, arguments: &Rollback) -> Outcome {
    place(global, arguments.dry_run, |project, interrupt, events| {
        let to = arguments.to.clone();
        deploy::rollback(
            project,
            &arguments.name,
            to,
            arguments.dry_run,
            &interrupt.cancel(),
            events,
        )
    })
}
