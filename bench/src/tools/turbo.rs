//! Turborepo: hashes declared inputs and stores outputs. Each action is a script of one package.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use super::{Tool, remove, write};
use crate::Outcome;
use crate::graph::Graph;
use crate::scenario::{Scenario, empty};

pub struct Turbo {
    pub step: PathBuf,
}

impl Tool for Turbo {
    fn name(&self) -> &'static str {
        "turbo"
    }

    fn describe(&self, graph: &Graph, folder: &Path) -> Outcome {
        let (mut scripts, mut tasks) = (Vec::new(), Vec::new());
        for index in 0..graph.size() {
            let (source, output) = (Graph::source(index), Graph::output(index));
            let mut call = format!("{} {output} {source}", self.step.display());
            let mut needs = Vec::new();
            for child in graph.children(index) {
                call += &format!(" {}", Graph::output(child));
                needs.push(format!("a{child}"));
            }
            scripts.push((format!("a{index}"), json!(call)));
            let task = json!({"dependsOn": needs, "inputs": [source], "outputs": [output]});
            tasks.push((format!("a{index}"), task));
        }
        let package = json!({
            "name": "graph",
            "private": true,
            "packageManager": "npm@10.0.0",
            "scripts": Value::Object(scripts.into_iter().collect()),
        });
        write(&folder.join("package.json"), &package.to_string())?;
        let lock =
            json!({"name": "graph", "lockfileVersion": 3, "packages": {"": {"name": "graph"}}});
        write(&folder.join("package-lock.json"), &lock.to_string())?;
        let turbo = json!({"tasks": Value::Object(tasks.into_iter().collect())});
        write(&folder.join("turbo.json"), &turbo.to_string())
    }

    fn build(&self, folder: &Path, jobs: usize) -> Command {
        let mut turbo = Command::new("turbo");
        turbo
            .current_dir(folder)
            .args(["run", "a0"])
            .arg(format!("--concurrency={jobs}"));
        turbo.env("TURBO_TELEMETRY_DISABLED", "1");
        turbo
    }

    fn forget(&self, folder: &Path) -> Outcome {
        remove(&folder.join(".turbo"))?;
        empty(&folder.join("out"))
    }

    /// An input's change changes the key of all that stands above it.
    fn takes_part(&self, scenario: Scenario) -> bool {
        !matches!(scenario, Scenario::CutoffRoot | Scenario::CutoffConsumer)
    }

    /// Each action starts npm.
    fn most(&self) -> usize {
        100
    }
}
