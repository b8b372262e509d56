//! ninja: compares times, and cuts off where a command leaves its output alone.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Tool, remove, write};
use crate::Outcome;
use crate::graph::Graph;
use crate::scenario::empty;

pub struct Ninja {
    pub step: PathBuf,
}

impl Tool for Ninja {
    fn name(&self) -> &'static str {
        "ninja"
    }

    fn describe(&self, graph: &Graph, folder: &Path) -> Outcome {
        let step = self.step.display();
        let mut text = format!("rule step\n command = {step} --keep-equal $out $in\n restat = 1\n");
        for index in 0..graph.size() {
            text += &format!(
                "build {}: step {}",
                Graph::output(index),
                Graph::source(index)
            );
            for child in graph.children(index) {
                text += &format!(" {}", Graph::output(child));
            }
            text.push('\n');
        }
        write(&folder.join("build.ninja"), &text)
    }

    fn build(&self, folder: &Path, jobs: usize) -> Command {
        let mut ninja = Command::new("ninja");
        ninja
            .current_dir(folder)
            .arg("--quiet")
            .arg(format!("-j{jobs}"));
        ninja
    }

    fn forget(&self, folder: &Path) -> Outcome {
        remove(&folder.join(".ninja_log"))?;
        remove(&folder.join(".ninja_deps"))?;
        empty(&folder.join("out"))
    }
}
