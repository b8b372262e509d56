//! What each command does: it asks the runtime, and shows the answer.

mod completions;
mod deploy;
mod deployments;
mod explain;
mod graph;
mod rollback;
mod run;
mod show;
mod watch;

use crate::Outcome;
use crate::arguments::{Command, Global};
use crate::exit::Exit;
use crate::reference;
use crate::stdout;

pub fn run(global: &Global, command: Command) -> Outcome {
    match command {
        Command::Run(arguments) if arguments.watch => watch::run(global, &arguments),
        Command::Run(arguments) => run::run(global, &arguments),
        Command::Show(arguments) => show::run(global, &arguments),
        Command::Explain(arguments) => explain::run(global, &arguments),
        Command::Graph(arguments) => graph::run(global, &arguments),
        Command::Deploy(arguments) => deploy::run(global, &arguments),
        Command::Rollback(arguments) => rollback::run(global, &arguments),
        Command::Deployments(arguments) => deployments::run(global, &arguments),
        Command::Completions(arguments) => completions::run(&arguments),
        Command::Init(_)
        | Command::Plugin(_)
        | Command::Update(_)
        | Command::Cache(_)
        | Command::Clean
        | Command::Schema(_) => unreachable!(),
        Command::Reference => stdout::print(&reference::markdown()).map(|()| Exit::Done),
    }
}
