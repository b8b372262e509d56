//! `clean`: deletes the written outputs.

use crate::Outcome;
use crate::arguments::Global;
use crate::commands::ask;
use crate::exit::Exit;
use crate::project;

pub fn run(global: &Global) -> Outcome {
    let project = project::open(global)?;
    ask(global, &project, |events| {
        cofferdam_runtime::run::clean(&project, events)
    })?;
    Ok(Exit::Done)
}
