//! `cargo xtask docs`: brings generated pages up to date, then builds the handbook in place.

use std::fs;
use std::process::Command;

use crate::steps::{Outcome, Workspace, no_arguments, output, step};

pub fn run(workspace: &Workspace, arguments: &[String]) -> Outcome {
    no_arguments(arguments)?;
    let binary = workspace.release()?;
    let reference = output(Command::new(&binary).arg("reference"))?;
    let page = workspace.root.join("docs/cli.md");
    fs::write(&page, reference)
        .map_err(|error| format!("cannot write `{}`: {error}", page.display()))?;
    step(
        Command::new(&binary)
            .arg("-C")
            .arg(&workspace.root)
            .arg("run"),
    )?;
    println!("{}", workspace.root.join("dist/site/index.html").display());
    Ok(())
}
