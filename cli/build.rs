//! Builds the built-in plugins and embeds them, so that `cargo build` and `cargo install --path cli` need nothing
//! but a toolchain with the sandbox's target.

#![allow(unreachable_pub, reason = "a program exports nothing")]

use std::path::{Path, PathBuf};
use std::{env, fs};

#[path = "../plugins/guests.rs"]
#[allow(
    dead_code,
    reason = "shared with xtask and tests, which use more of it"
)]
mod guests;

use guests::Builder;

fn main() {
    if let Err(message) = embed() {
        println!("cargo::error={message}");
        std::process::exit(1);
    }
}

/// Writes `builtins.rs`: each plugin's name, digest and bytes, sorted by name.
fn embed() -> Result<(), String> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .ok_or("the crate is not in its workspace")?;
    for path in [
        "plugins",
        "plugin-sdk/rust",
        "wit",
        "Cargo.toml",
        "Cargo.lock",
    ] {
        println!("cargo::rerun-if-changed={}", workspace.join(path).display());
    }
    let target = guests::TARGET;
    if !guests::has_target(target)? {
        return Err(format!(
            "the built-in plugins need the Rust target `{target}`: run `rustup target add {target}`"
        ));
    }
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo gave no `OUT_DIR`")?);
    let plugins = guests::guests_in(&workspace.join("plugins"))?;
    let builder = Builder::new(workspace, &guests::target_folder(&out));
    builder.build(&plugins)?;

    let mut text = String::from("pub static BUILTINS: &[cofferdam_runtime::Builtin] = &[\n");
    for plugin in &plugins {
        let [artifact] = &plugin.artifacts[..] else {
            return Err(format!("plugin `{}` must build one component", plugin.name));
        };
        let bytes = fs::read(builder.component(artifact)).map_err(|error| error.to_string())?;
        let copy = out.join(format!("{}.wasm", plugin.name));
        keep(&copy, &bytes)?;
        let (name, digest) = (&plugin.name, blake3::hash(&bytes));
        let digest = digest.as_bytes();
        text += &format!(
            "    cofferdam_runtime::Builtin {{ name: {name:?}, digest: {digest:?}, bytes: include_bytes!({copy:?}) }},\n"
        );
    }
    text += "];\n";
    keep(&out.join("builtins.rs"), text.as_bytes())
}

/// Leaves an equal file alone: its time decides whether the binary is compiled again.
fn keep(path: &Path, bytes: &[u8]) -> Result<(), String> {
    if fs::read(path).is_ok_and(|present| present == bytes) {
        return Ok(());
    }
    fs::write(path, bytes).map_err(|error| format!("cannot write `{}`: {error}", path.display()))
}
