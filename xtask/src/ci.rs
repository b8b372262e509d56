//! `cargo xtask ci`: every check a change must pass, the quick ones first.

use std::time::Instant;

use crate::guests::{MODULE_TARGET, TARGET};
use crate::steps::{Outcome, Workspace, add_target, no_arguments, step};
use crate::{audit, plugins, test, tidy};

type Check = (&'static str, fn(&Workspace) -> Outcome);

pub fn run(workspace: &Workspace, arguments: &[String]) -> Outcome {
    no_arguments(arguments)?;
    add_target(TARGET)?;
    add_target(MODULE_TARGET)?;
    let checks: [Check; 7] = [
        ("tidy", |workspace| tidy::run(workspace, &[])),
        ("format", format),
        ("audit", audit::run),
        ("plugins", |workspace| {
            plugins::run(workspace, &["--check".to_owned()])
        }),
        ("clippy of the host", lint_host),
        ("clippy of the guests", lint_guests),
        ("tests", |workspace| {
            test::run(workspace, &["--all".to_owned()])
        }),
    ];
    let mut times = Vec::new();
    for (name, check) in checks {
        let start = Instant::now();
        check(workspace).map_err(|message| format!("{name}: {message}"))?;
        times.push(format!("{name} {} s", start.elapsed().as_secs()));
    }
    println!("Passed: {}", times.join(", "));
    Ok(())
}

fn format(workspace: &Workspace) -> Outcome {
    step(workspace.cargo().args(["fmt", "--all", "--check"]))
}

fn lint_host(workspace: &Workspace) -> Outcome {
    let mut clippy = workspace.cargo();
    clippy
        .args(["clippy", "--locked", "--all-targets"])
        .args(test::host_packages(workspace)?);
    step(clippy.args(["--", "-D", "warnings"]))
}

/// What is code of its own in the sandbox. Plugins are the same on both sides, as `tidy` checks.
fn lint_guests(workspace: &Workspace) -> Outcome {
    let mut clippy = workspace.cargo();
    clippy.args([
        "clippy",
        "--locked",
        "--target",
        TARGET,
        "--package",
        "cofferdam-plugin",
    ]);
    for guest in test::guests_only(workspace)? {
        clippy.args(["--package", &guest.package]);
    }
    step(clippy.args(["--", "-D", "warnings"]))
}
