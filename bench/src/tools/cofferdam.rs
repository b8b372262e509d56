//! Cofferdam itself: the plugin plans the graph and runs its actions in the sandbox.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Tool, copy_folder, remove, write};
use crate::Outcome;
use crate::graph::Graph;
use crate::measure::{Cost, measure};
use crate::options::Options;
use crate::scenario::empty;

#[derive(Clone)]
pub struct Cofferdam {
    pub binary: PathBuf,
    plugin: PathBuf,
    /// A project of one action that is up to date.
    pub smallest: PathBuf,
    /// What its first run cost: nothing was there, and the plugin was compiled.
    pub first: Cost,
}

/// What starting costs, whatever there is to do.
pub struct Start {
    pub first: Cost,
    pub version: Vec<Cost>,
    /// An up-to-date project of one action.
    pub one_action: Vec<Cost>,
}

const STORE: &str = ".store";
/// The folder of a store that holds compiled code.
const CODE: &str = "code";
const FORMAT: &str = "format";

impl Cofferdam {
    pub fn set_up(options: &Options, place: &Path) -> Outcome<Cofferdam> {
        let absolute = |path: &Path| {
            path.canonicalize()
                .map_err(|error| format!("cannot find `{}`: {error}", path.display()))
        };
        let mut cofferdam = Cofferdam {
            binary: absolute(&options.cofferdam)?,
            plugin: absolute(&options.plugin)?,
            smallest: place.join("smallest"),
            first: Cost::default(),
        };
        let graph = Graph::new(1);
        graph.write_sources(&cofferdam.smallest)?;
        cofferdam.describe(&graph, &cofferdam.smallest)?;
        cofferdam.first = measure(
            &mut cofferdam.build(&cofferdam.smallest, 2),
            &place.join("log"),
        )?;
        graph.check(&cofferdam.smallest)?;
        Ok(cofferdam)
    }

    pub fn start(&self, place: &Path) -> Outcome<Start> {
        const TIMES: usize = 21;
        let log = place.join("log");
        let version =
            (0..TIMES).map(|_| measure(Command::new(&self.binary).arg("--version"), &log));
        let one_action = (0..TIMES).map(|_| measure(&mut self.build(&self.smallest, 2), &log));
        Ok(Start {
            first: self.first,
            version: version.collect::<Outcome<_>>()?,
            one_action: one_action.collect::<Outcome<_>>()?,
        })
    }
}

impl Tool for Cofferdam {
    fn name(&self) -> &'static str {
        "cofferdam"
    }

    fn describe(&self, _: &Graph, folder: &Path) -> Outcome {
        std::fs::copy(&self.plugin, folder.join("graph.wasm"))
            .map_err(|error| format!("cannot copy `{}`: {error}", self.plugin.display()))?;
        let project = "[project]\nname = \"graph\"\n\n[plugins]\ngraph = \"path:graph.wasm\"\n\n\
                       [actions.tree]\nplugin = \"graph\"\nreads = [\"src/**\"]\nwrites = \"out\"\n";
        write(&folder.join("cofferdam.toml"), project)
    }

    fn build(&self, folder: &Path, jobs: usize) -> Command {
        let mut cofferdam = Command::new(&self.binary);
        cofferdam
            .arg("-C")
            .arg(folder)
            .arg("--cache-dir")
            .arg(folder.join(STORE));
        cofferdam.arg("run").arg(format!("-j{jobs}"));
        cofferdam
    }

    /// Compiled code stays: it is reported apart.
    fn forget(&self, folder: &Path) -> Outcome {
        let (from, to) = (self.smallest.join(STORE), folder.join(STORE));
        remove(&to)?;
        copy_folder(&from.join(CODE), &to.join(CODE))?;
        // A folder without it is no store: one makes itself in an empty folder only.
        std::fs::copy(from.join(FORMAT), to.join(FORMAT))
            .map_err(|error| format!("cannot copy `{}`: {error}", from.join(FORMAT).display()))?;
        empty(&folder.join("out"))
    }

    /// From `Summary 8 actions: 5 cached, 3 executed, 4 ms`, without the planner itself.
    fn executed(&self, printed: &str) -> Option<usize> {
        let summary = printed
            .lines()
            .rev()
            .find(|line| line.trim_start().starts_with("Summary "))?;
        let before = summary.split_once(" executed")?.0;
        let count: usize = before.rsplit(' ').next()?.parse().ok()?;
        let planned = printed
            .lines()
            .any(|line| line.split_whitespace().take(2).eq(["Executed", "tree"]));
        Some(count - usize::from(planned))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn executed_actions_are_read_without_the_planner() {
        let cofferdam = Cofferdam {
            binary: PathBuf::new(),
            plugin: PathBuf::new(),
            smallest: PathBuf::new(),
            first: Cost::default(),
        };
        let noop = "     Summary 101 actions: 101 cached, 0 executed, 4 ms\n";
        assert_eq!(cofferdam.executed(noop), Some(0));
        let cold = "    Executed tree:3    91d3aa07  2.1 ms\n    Executed tree      12\n     Summary 3 actions: 1 cached, 2 executed, 4 ms\n";
        assert_eq!(cofferdam.executed(cold), Some(1));
        assert_eq!(cofferdam.executed("error: no"), None);
    }
}
