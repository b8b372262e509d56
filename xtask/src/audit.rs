//! Known advisories against what we depend on, by the tool that is installed.

use crate::steps::{Outcome, Workspace, found, step};

/// Fails on an advisory; says so when nothing can look for any.
pub fn run(workspace: &Workspace) -> Outcome {
    let tool: &[&str] = match () {
        () if found("cargo-deny") => &["deny", "check", "advisories"],
        () if found("cargo-audit") => &["audit", "--deny", "warnings"],
        () => {
            println!("No audit of advisories: neither `cargo-deny` nor `cargo-audit` is installed");
            return Ok(());
        }
    };
    step(workspace.cargo().args(tool))
}
