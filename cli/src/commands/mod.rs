//! What each command does: it asks the runtime, and shows the answer.

mod clean;
mod completions;
mod deploy;
mod deployments;
mod explain;
mod graph;
mod init;
mod plugin;
mod rollback;
mod run;
mod schema;
mod show;
mod update;
mod watch;

use cofferdam_runtime::{Error, Events, OpenOptions};

use crate::Outcome;
use crate::arguments::{Command, Global};
use crate::exit::Exit;
use crate::interrupt::Interrupt;
use crate::reference;
use crate::report::Report;
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
        Command::Init(arguments) => init::run(global, &arguments),
        Command::Plugin(command) => plugin::run(global, &command),
        Command::Update(arguments) => update::run(global, &arguments),
        Command::Clean => clean::run(global),
        Command::Schema(_) => schema::run(global),
        Command::Cache(_) => unreachable!(),
        Command::Reference => stdout::print(&reference::markdown()).map(|()| Exit::Done),
    }
}

/// Asks the runtime what may take a while: people see compilations and notices meanwhile.
fn ask<T>(
    global: &Global,
    project: &OpenOptions,
    question: impl FnOnce(&Events) -> Result<T, Vec<Error>>,
) -> Result<T, Vec<Error>> {
    let (report, events) =
        Report::for_people(global, &project.folder, &Interrupt::default()).listen();
    let answer = question(&events);
    report.close(Vec::new());
    answer
}
