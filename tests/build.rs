//! Builds the guests that the stories run, in the way of the built-in plugins, and tells the tests where they are.

#![allow(unreachable_pub, reason = "a program exports nothing")]

use std::env;
use std::path::{Path, PathBuf};

#[path = "../plugins/guests.rs"]
#[allow(
    dead_code,
    reason = "shared with xtask and the command line, which use more of it"
)]
mod guests;

use guests::{Builder, MODULE_TARGET};

fn main() {
    if let Err(message) = build() {
        println!("cargo::error={message}");
        std::process::exit(1);
    }
}

fn build() -> Result<(), String> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .ok_or("the crate is not in its workspace")?;
    for path in [
        "tests/guests",
        "plugins",
        "plugin-sdk/rust",
        "wit",
        "Cargo.toml",
        "Cargo.lock",
    ] {
        println!("cargo::rerun-if-changed={}", workspace.join(path).display());
    }
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo gave no `OUT_DIR`")?);
    let target = guests::target_folder(&out);
    let builder = Builder::new(workspace, &target);
    for folder in ["plugins", "tests/guests"] {
        // Each folder by itself, as others build them: cargo unites the features of what is built together.
        builder.build(&guests::guests_in(&workspace.join(folder))?)?;
    }
    let modules = Builder {
        triple: MODULE_TARGET,
        ..Builder::new(workspace, &target)
    };
    modules.build(&[guests::guest(&workspace.join("tests/guests/probe"))?])?;
    let probe = modules.component("probe");
    println!("cargo::rustc-env=PROBE_MODULE={}", probe.display());
    let guests = builder.component("any");
    let guests = guests.parent().ok_or("components lie in a folder")?;
    println!("cargo::rustc-env=GUESTS={}", guests.display());
    println!("cargo::rustc-env=TARGET_FOLDER={}", target.display());
    Ok(())
}
