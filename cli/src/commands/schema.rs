//! `schema`: the project file's JSON Schema, for editors.

use cofferdam_runtime::components;

use crate::Outcome;
use crate::arguments::Global;
use crate::commands::ask;
use crate::exit::Exit;
use crate::{project, stdout};

pub fn run(global: &Global) -> Outcome {
    let project = project::open_or_here(global)?;
    let schema = ask(global, &project, |events| {
        components::schema(&project, events)
    })?;
    stdout::print(&format!("{schema:#}\n"))?;
    Ok(Exit::Done)
}
