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
    /// The name in the folder.
    name: &'static str,
    source: Source,
    purpose: &'static str,
}

enum Source {
    /// A package of Debian that has a program of the same name.
    Debian,
    /// A package of npm with its version, and a file in it.
    Npm(&'static str, &'static str),
}

const PROGRAMS: &[Program] = &[
    Program {
        name: "skopeo",
        source: Source::Debian,
        purpose: "reads OCI images",
    },
    Program {
        name: "umoci",
        source: Source::Debian,
        purpose: "unpacks OCI images",
    },
    Program {
        name: "esbuild.wasm",
        source: Source::Npm("@esbuild/wasi-preview1@0.27.2", "esbuild.wasm"),
        purpose: "a WASI program built by Go",
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
        let got = match program.source {
            Source::Debian => debian(program.name, &present),
            Source::Npm(package, file) => npm(package, file, &present),
        };
        if let Err(reason) = got {
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

fn npm(package: &str, file: &str, to: &Path) -> Outcome {
    if !found("npm") {
        return Err("install `npm` and run this again".to_owned());
    }
    let folder = to.with_extension("npm");
    fs::create_dir_all(&folder)
        .map_err(|error| format!("cannot create `{}`: {error}", folder.display()))?;
    let mut install = Command::new("npm");
    install.args([
        "install",
        "--no-save",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--prefix",
    ]);
    step(install.arg(&folder).arg(package).stdout(Stdio::null()))?;
    let name = package
        .rsplit_once('@')
        .map_or(package, |(name, _version)| name);
    let from = folder.join("node_modules").join(name).join(file);
    fs::copy(&from, to).map_err(|error| format!("cannot copy `{}`: {error}", from.display()))?;
    Ok(())
}
