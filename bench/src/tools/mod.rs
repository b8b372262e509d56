//! The tools that build the graph.

mod cofferdam;
mod make;
mod ninja;
mod tup;
mod turbo;

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::Outcome;
use crate::graph::Graph;
use crate::scenario::Scenario;

pub use cofferdam::{Cofferdam, Start};

pub trait Tool {
    fn name(&self) -> &'static str;

    /// Writes what tells the tool of the graph; the sources are there.
    fn describe(&self, graph: &Graph, folder: &Path) -> Outcome;

    /// The command that brings all outputs up to date.
    fn build(&self, folder: &Path, jobs: usize) -> Command;

    /// Deletes the outputs and all that the tool remembers of them.
    fn forget(&self, folder: &Path) -> Outcome;

    /// Whether the tool can do what the scenario is about.
    fn takes_part(&self, _scenario: Scenario) -> bool {
        true
    }

    /// How many actions of the graph it executed, if its output tells.
    fn executed(&self, _printed: &str) -> Option<usize> {
        None
    }

    /// Processor time spent so far by a server that it leaves running.
    fn background(&self) -> Duration {
        Duration::ZERO
    }

    /// The largest graph that it builds in bearable time.
    fn most(&self) -> usize {
        usize::MAX
    }
}

/// The tools that are installed; only those in `wanted`, unless it is empty.
pub fn found(wanted: &[String], step: &Path) -> Vec<Box<dyn Tool>> {
    let step = step.to_owned();
    let known: Vec<Box<dyn Tool>> = vec![
        Box::new(ninja::Ninja { step: step.clone() }),
        Box::new(make::Make { step: step.clone() }),
        Box::new(tup::Tup { step: step.clone() }),
        Box::new(turbo::Turbo { step }),
    ];
    let mut found = Vec::new();
    for tool in known {
        let name = tool.name();
        if !wanted.is_empty() && !wanted.iter().any(|wanted| wanted == name) {
            continue;
        }
        let mut version = Command::new(name);
        version
            .arg("--version")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        match version.status() {
            Ok(status) if status.success() => found.push(tool),
            _ => eprintln!("`{name}` is not installed: no comparison with it"),
        }
    }
    found
}

fn write(path: &Path, text: &str) -> Outcome {
    std::fs::write(path, text)
        .map_err(|error| format!("cannot write `{}`: {error}", path.display()))
}

fn remove(path: &Path) -> Outcome {
    let removed = if path.is_dir() {
        std::fs::remove_dir_all(path)
    } else {
        std::fs::remove_file(path)
    };
    match removed {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(format!("cannot remove `{}`: {error}", path.display()))
        }
        _ => Ok(()),
    }
}

/// Copies the files of a folder that may have folders in it, for the user alone: compiled code is refused where
/// others could have written it.
fn copy_folder(from: &Path, to: &Path) -> Outcome {
    let copied = || -> std::io::Result<()> {
        std::fs::create_dir_all(to)?;
        std::fs::set_permissions(to, std::fs::Permissions::from_mode(0o700))?;
        for entry in from.read_dir()? {
            let entry = entry?;
            let to = to.join(entry.file_name());
            if entry.file_type()?.is_dir() {
                copy_folder(&entry.path(), &to).map_err(std::io::Error::other)?;
            } else {
                std::fs::copy(entry.path(), to)?;
            }
        }
        Ok(())
    };
    copied().map_err(|error| format!("cannot copy `{}`: {error}", from.display()))
}
