//! `completions`: a shell's completion script.

use clap::CommandFactory;

use crate::Outcome;
use crate::arguments::{Arguments, Completions};
use crate::exit::Exit;
use crate::stdout;

pub fn run(arguments: &Completions) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(
        arguments.shell,
        &mut Arguments::command(),
        "cofferdam",
        &mut script,
    );
    stdout::print(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done)
}
