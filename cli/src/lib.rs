//! Everything a person sees: arguments, one module for each command, terminal, exit codes.
//! [`main`] is the way from what was typed to how the program ends.

mod arguments;
mod builtins;
mod commands;
mod crash;
mod exit;
mod graph;
mod interrupt;
mod json;
mod project;
mod reference;
mod report;
mod stderr;
mod stdout;
mod terminal;
mod text;
mod trace;

use clap::Parser;
use cofferdam_runtime::Error;

use arguments::Arguments;
use exit::Exit;
use text::Sources;

/// How a command ends: errors that nobody has told yet are told by [`main`].
type Outcome = Result<Exit, Vec<Error>>;

/// Does what the arguments say and ends the process.
pub fn main() -> ! {
    crash::install();
    // Wrong arguments, `--help` and `--version` end here.
    let Arguments { global, command } = Arguments::parse();
    let exit = commands::run(&global, command).unwrap_or_else(|errors| {
        let paint = report::stderr_paint(&global);
        let text = text::errors(paint, Sources(global.folder.as_deref()), &errors);
        stderr::tell(&text);
        Exit::of(&errors)
    });
    std::process::exit(i32::from(exit.code()))
}
