//! `cargo xtask`: what is done to this repository, and all the set-up it needs.

#![allow(unreachable_pub, reason = "a program exports nothing")]

mod audit;
mod bench;
mod ci;
mod demo;
mod dist;
mod docs;
#[path = "../../plugins/guests.rs"]
#[allow(dead_code, reason = "shared with build scripts and tests")]
mod guests;
mod plugins;
mod programs;
mod steps;
mod test;
mod tidy;

use std::process::ExitCode;

use steps::{Outcome, Workspace};

struct Command {
    name: &'static str,
    arguments: &'static str,
    about: &'static str,
    run: fn(&Workspace, &[String]) -> Outcome,
}

#[rustfmt::skip]
const COMMANDS: &[Command] = &[
    Command { name: "demo", arguments: "", about: "builds everything, then builds and deploys the handbook with it", run: demo::run },
    Command { name: "test", arguments: "[--all]", about: "runs the tests; --all also those that drive programs of others", run: test::run },
    Command { name: "plugins", arguments: "[--check]", about: "builds the plugins; --check proves that their bytes depend on no folder", run: plugins::run },
    Command { name: "ci", arguments: "", about: "runs every check a change must pass", run: ci::run },
    Command { name: "tidy", arguments: "", about: "checks the rules of the house: layers, names, sizes, links", run: tidy::run },
    Command { name: "bench", arguments: "[OPTION…]", about: "measures Cofferdam against the build tools found; `bench --help` lists the options", run: bench::run },
    Command { name: "docs", arguments: "", about: "brings generated pages up to date and builds the handbook", run: docs::run },
    Command { name: "dist", arguments: "", about: "builds one static binary to copy anywhere", run: dist::run },
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((name, rest)) = arguments.split_first() else {
        eprint!("{}", usage());
        return ExitCode::from(2);
    };
    let Some(command) = COMMANDS.iter().find(|command| command.name == name) else {
        eprint!("error: there is no `cargo xtask {name}`\n\n{}", usage());
        return ExitCode::from(2);
    };
    match Workspace::find().and_then(|workspace| (command.run)(&workspace, rest)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

fn usage() -> String {
    let mut text = String::from("Usage: cargo xtask COMMAND\n\n");
    for command in COMMANDS {
        let call = format!("{} {}", command.name, command.arguments);
        text += &format!("  {call:<18} {}\n", command.about);
    }
    text
}
