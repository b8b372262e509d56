//! Instructions executed on the hot paths: unlike times, they hardly differ from one run to the next, so they are
//! what a change is compared by.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::Outcome;
use crate::graph::Graph;
use crate::measure::measure;
use crate::scenario::Scenario;
use crate::tools::{Cofferdam, Tool};

const SIZE: usize = 1_000;

/// Prints the counts; says so if valgrind is not installed.
pub fn run(cofferdam: &Cofferdam, place: &Path) -> Outcome {
    if !Command::new("valgrind")
        .arg("--version")
        .output()
        .is_ok_and(|output| output.status.success())
    {
        println!("No instruction counts: `valgrind` is not installed");
        return Ok(());
    }
    let folder = place.join("callgrind");
    let mut graph = Graph::new(SIZE);
    graph.write_sources(&folder)?;
    cofferdam.describe(&graph, &folder)?;
    cofferdam.forget(&folder)?;

    println!("Instructions, {SIZE} actions");
    println!(
        "  {:<16} {:>14}",
        "--version",
        count(Command::new(&cofferdam.binary).arg("--version"), &folder)?
    );
    let build = || cofferdam.build(&folder, 1);
    let log = place.join("log");
    measure(&mut build(), &log)?;
    for scenario in [
        Scenario::Noop,
        Scenario::TouchOne,
        Scenario::Leaf,
        Scenario::CutoffRoot,
        Scenario::Restore,
    ] {
        measure(&mut build(), &log)?;
        scenario.edit(&mut graph);
        scenario.prepare(&graph, &folder)?;
        println!(
            "  {:<16} {:>14}",
            scenario.name(),
            count(&mut build(), &folder)?
        );
    }
    Ok(())
}

/// Instructions that a command executes, in its own code.
fn count(command: &mut Command, folder: &Path) -> Outcome<u64> {
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]);
    valgrind.arg(command.get_program()).args(command.get_args());
    let log = folder.with_extension("log");
    measure(&mut valgrind, &log)?;
    let text = fs::read_to_string(&log)
        .map_err(|error| format!("cannot read `{}`: {error}", log.display()))?;
    collected(&text).ok_or_else(|| "valgrind printed no count".to_owned())
}

/// From `==7== Collected : 123`.
fn collected(text: &str) -> Option<u64> {
    text.lines()
        .find_map(|line| line.split_once("Collected : ")?.1.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_count_is_found() {
        assert_eq!(
            super::collected("==7== Events    : Ir\n==7== Collected : 123456\n"),
            Some(123_456)
        );
        assert_eq!(super::collected("no"), None);
    }
}
