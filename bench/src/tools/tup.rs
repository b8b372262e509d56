//! tup: traces what commands read and write through a file system of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{Tool, remove, write};
use crate::Outcome;
use crate::graph::Graph;
use crate::scenario::empty;

pub struct Tup {
    pub step: PathBuf,
}

impl Tool for Tup {
    fn name(&self) -> &'static str {
        "tup"
    }

    fn describe(&self, graph: &Graph, folder: &Path) -> Outcome {
        let step = self.step.display();
        let mut text = String::new();
        // What is read must be declared before; `^o` cuts off where the output stays equal.
        for index in (0..graph.size()).rev() {
            text += &format!(": {}", Graph::source(index));
            for child in graph.children(index) {
                text += &format!(" {}", Graph::output(child));
            }
            text += &format!(" |> ^o^ {step} %o %f |> {}\n", Graph::output(index));
        }
        write(&folder.join("Tupfile"), &text)
    }

    fn build(&self, folder: &Path, jobs: usize) -> Command {
        let mut tup = Command::new("tup");
        tup.current_dir(folder)
            .arg("--quiet")
            .arg(format!("-j{jobs}"));
        tup
    }

    fn forget(&self, folder: &Path) -> Outcome {
        remove(&folder.join(".tup"))?;
        empty(&folder.join("out"))?;
        let mut init = Command::new("tup");
        init.current_dir(folder)
            .args(["init", "--no-sync"])
            .stdout(Stdio::null());
        match init.status() {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(format!("`tup init` failed: {status}")),
            Err(error) => Err(format!("cannot run `tup`: {error}")),
        }
    }
}
