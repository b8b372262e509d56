//! `cargo xtask bench`: builds what is measured, then hands over to the harness in `bench/`.

use crate::guests::{Builder, TARGET};
use crate::steps::{Outcome, Workspace, add_target, step};

pub fn run(workspace: &Workspace, arguments: &[String]) -> Outcome {
    let binary = workspace.release()?;
    add_target(TARGET)?;
    let component = Builder::component_of(&workspace.root, "bench", "graph-plugin")?;

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
