//! `cargo xtask bench`: builds what is measured, then hands over to the harness in `bench/`.

use crate::guests::{self, TARGET};
use crate::steps::{Outcome, Workspace, add_target, step};

pub fn run(workspace: &Workspace, arguments: &[String]) -> Outcome {
    let binary = workspace.release()?;
    add_target(TARGET)?;
    let plugin = guests::guest(&workspace.root.join("bench/graph-plugin"))?;
    workspace.builder().build(std::slice::from_ref(&plugin))?;
    let component = workspace.builder().component(&plugin.artifacts[0]);

    let mut harness = workspace.cargo();
    harness.args([
        "run",
        "--release",
        "--locked",
        "--package",
        "cofferdam-bench",
        "--",
    ]);
    harness
        .arg("--cofferdam")
        .arg(binary)
        .arg("--plugin")
        .arg(component);
    step(harness.args(arguments))
}
