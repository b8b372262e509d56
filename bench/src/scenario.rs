//! What happens between two builds, and how much of the graph must run because of it.

use std::fs::{self, File};
use std::path::Path;
use std::time::SystemTime;

use crate::Outcome;
use crate::graph::Graph;

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Scenario {
    /// Nothing is known and nothing is there.
    Cold,
    Noop,
    /// A source has a new time and the same content.
    TouchOne,
    TouchAll,
    /// The source of the deepest action has new content that reaches the root.
    Leaf,
    /// The root's source has new content, but its output stays equal.
    CutoffRoot,
    /// The deepest action's output changes, but not that of its one consumer.
    CutoffConsumer,
    /// The outputs are deleted.
    Restore,
    /// Cold, once with one job and once with two: the time on the wall.
    Jobs,
}

use Scenario::{Cold, CutoffConsumer, CutoffRoot, Jobs, Leaf, Noop, Restore, TouchAll, TouchOne};

impl Scenario {
    pub const ALL: [Scenario; 9] = [
        Cold,
        Noop,
        TouchOne,
        TouchAll,
        Leaf,
        CutoffRoot,
        CutoffConsumer,
        Restore,
        Jobs,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Cold => "cold",
            Noop => "noop",
            TouchOne => "touch-one",
            TouchAll => "touch-all",
            Leaf => "leaf",
            CutoffRoot => "cutoff-root",
            CutoffConsumer => "cutoff-consumer",
            Restore => "restore",
            Jobs => "jobs",
        }
    }

    /// How the sources change: once for all tools.
    pub fn edit(self, graph: &mut Graph) {
        match self {
            Leaf => graph.edit_number(graph.leaf()),
            CutoffRoot => graph.edit_comment(0),
            CutoffConsumer => graph.edit_note(graph.leaf()),
            _ => (),
        }
    }

    /// Brings a tool's folder, where all was up to date, to where the measured build starts.
    pub fn prepare(self, graph: &Graph, folder: &Path) -> Outcome {
        match self {
            Cold | Jobs | Noop => Ok(()),
            TouchOne => touch(folder, graph.leaf()),
            TouchAll => (0..graph.size()).try_for_each(|index| touch(folder, index)),
            Leaf | CutoffConsumer => graph.write_source(folder, graph.leaf()),
            CutoffRoot => graph.write_source(folder, 0),
            Restore => empty(&folder.join("out")),
        }
    }

    /// How many actions of the graph a tool that misses nothing and repeats nothing executes.
    pub fn must_execute(self, graph: &Graph) -> usize {
        match self {
            Cold | Jobs => graph.size(),
            Noop | TouchOne | TouchAll | Restore => 0,
            Leaf => graph.ancestors(graph.leaf()),
            CutoffRoot => 1,
            CutoffConsumer => graph.ancestors(graph.leaf()).min(2),
        }
    }
}

fn touch(folder: &Path, index: usize) -> Outcome {
    let path = folder.join(Graph::source(index));
    let touched = File::options()
        .write(true)
        .open(&path)
        .and_then(|file| file.set_modified(SystemTime::now()));
    touched.map_err(|error| format!("cannot touch `{}`: {error}", path.display()))
}

/// Leaves an empty folder, which no tool of ours is asked to create.
pub fn empty(folder: &Path) -> Outcome {
    let emptied = match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => fs::create_dir_all(folder),
    };
    emptied.map_err(|error| format!("cannot empty `{}`: {error}", folder.display()))
}
