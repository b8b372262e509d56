//! GNU make: compares times and remembers nothing.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Tool, write};
use crate::Outcome;
use crate::graph::Graph;
use crate::scenario::{Scenario, empty};

pub struct Make {
    pub step: PathBuf,
}

impl Tool for Make {
    fn name(&self) -> &'static str {
        "make"
    }

    fn describe(&self, graph: &Graph, folder: &Path) -> Outcome {
        let mut text = String::from("MAKEFLAGS += --no-builtin-rules\nall:");
        for index in 0..graph.size() {
            text += &format!(" {}", Graph::output(index));
        }
        text.push('\n');
        for index in 0..graph.size() {
            text += &format!("{}: {}", Graph::output(index), Graph::source(index));
            for child in graph.children(index) {
                text += &format!(" {}", Graph::output(child));
            }
            text += &format!("\n\t{} $@ $^\n", self.step.display());
        }
        write(&folder.join("Makefile"), &text)
    }

    fn build(&self, folder: &Path, jobs: usize) -> Command {
        let mut make = Command::new("make");
        make.current_dir(folder)
            .arg("--silent")
            .arg(format!("-j{jobs}"));
        make
    }

    fn forget(&self, folder: &Path) -> Outcome {
        empty(&folder.join("out"))
    }

    /// An output that was left alone would be older than its source for ever.
    fn takes_part(&self, scenario: Scenario) -> bool {
        !matches!(scenario, Scenario::CutoffRoot | Scenario::CutoffConsumer)
    }
}
