<<<<<<< HEAD
use cofferdam_runtime::*;
mod builtins { use cofferdam_runtime; include!(concat!(env!("OUT_DIR"), "/builtins.rs")); }
pub fn main() {
    let args: Vec<String> = std::env::args().collect();
    let open = OpenOptions { folder: args[1].clone().into(), cache_dir: args[2].clone().into(), builtins: builtins::BUILTINS, host_environment: Box::new(|n| std::env::var(n).ok()), binary: [1; 32] };
    let events: Events = if args.len() > 4 { std::sync::Arc::new(|_| {}) } else { std::sync::Arc::new(|e| eprintln!("{e:?}")) };
    let options = RunOptions { jobs: args.get(3).map_or(2, |j| j.parse().unwrap()), ..RunOptions::default() };
    match run(&open, &options, &Cancel::default(), &events) {
        Ok(s) => eprintln!("{s:?}"),
        Err(errors) => { for e in errors { eprintln!("{e:?}"); } std::process::exit(1) }
    }
=======
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
mod stdout;
mod terminal;
mod text;
mod trace;

use std::io::Write;

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
        // Nobody can be told that stderr is closed.
        let _ = std::io::stderr().write_all(text.as_bytes());
        Exit::of(&errors)
    });
    std::process::exit(i32::from(exit.code()))
>>>>>>> 61d08b1 (cli: arguments, terminal, JSON lines, timeline, graph pictures, errors for people)
}
