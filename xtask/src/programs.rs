//! Programs of others that `cargo xtask test --all` drives: where they come from, and into which folder they go.

use std::env;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::steps::{Outcome, Workspace, found, step};

/// Names the folder with the programs. Tests that need one run only if they find it there.
pub const VARIABLE: &str = "COFFERDAM_TEST_PROGRAMS";

struct Program {
    /// Its name, and that of the Debian package it is in.
    name: &'static str,
    purpose: &'static str,
}

const PROGRAMS: &[Program] = &[
    Program {
        name: "skopeo",
        purpose: "reads OCI images",
    },
    Program {
        name: "umoci",
        purpose: "unpacks OCI images",
    },
];

/// Gets what can be got, says what cannot, and returns the folder.
pub fn gather(workspace: &Workspace) -> Outcome<PathBuf> {
    let folder = workspace.target.join("programs");
    fs::create_dir_all(&folder)
        .map_err(|error| format!("cannot create `{}`: {error}", folder.display()))?;
    for program in PROGRAMS {
        let present = folder.join(program.name);
        if present.exists() {
            continue;
        }
        if let Err(reason) = debian(program.name, &present) {
            println!(
                "Without `{}` ({}): its tests do not run. {reason}",
                program.name, program.purpose
            );
        }
    }
    Ok(folder)
}

fn debian(package: &str, link: &Path) -> Outcome {
    if !found(package) {
        if !found("apt-get") {
            return Err(format!("install `{package}` and run this again"));
        }
        let mut install = privileged("apt-get");
        step(
            install
                .args(["install", "--yes", "--no-install-recommends", package])
                .stdout(Stdio::null()),
        )?;
    }
    let paths = env::var_os("PATH").unwrap_or_default();
    let program = env::split_paths(&paths)
        .map(|folder| folder.join(package))
        .find(|path| path.is_file());
    let program =
        program.ok_or_else(|| format!("the package `{package}` has no program of that name"))?;
    let _ = fs::remove_file(link);
    symlink(program, link).map_err(|error| format!("cannot link `{}`: {error}", link.display()))
}

/// A command that changes the system: by sudo where it asks for no password, else as whoever we are.
fn privileged(program: &str) -> Command {
    let asks_nothing = || {
        let mut sudo = Command::new("sudo");
        sudo.args(["-n", "true"])
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        sudo.status().is_ok_and(|status| status.success())
    };
    if found("sudo") && asks_nothing() {
        let mut sudo = Command::new("sudo");
        sudo.args(["-n", program]);
        return sudo;
    }
    Command::new(program)
}
