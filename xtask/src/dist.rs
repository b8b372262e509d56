//! `cargo xtask dist`: one static binary.

use std::fs;
use std::process::Command;

use crate::guests;
use crate::steps::{Outcome, Workspace, add_target, found, no_arguments, output, step};

pub fn run(workspace: &Workspace, arguments: &[String]) -> Outcome {
    no_arguments(arguments)?;
    add_target(guests::TARGET)?;
    let host = host()?;
    let mut build = workspace.cargo();
    build.args(["build", "--release", "--locked", "--package", "cofferdam"]);

    // musl needs a C compiler of its own for the codecs; without it glibc is linked in statically.
    let musl = host.replace("-gnu", "-musl");
    let target = if found("musl-gcc") && add_target(&musl).is_ok() {
        musl
    } else {
        println!(
            "Static glibc: there is no `musl-gcc` (Debian: `musl-tools`) or no target `{musl}`"
        );
        build.env("RUSTFLAGS", "-C target-feature=+crt-static");
        host
    };
    step(build.args(["--target", &target]))?;

    let from = workspace.target.join(&target).join("release/cofferdam");
    let to = workspace
        .target
        .join("dist")
        .join(format!("cofferdam-{target}"));
    let copied =
        fs::create_dir_all(workspace.target.join("dist")).and_then(|()| fs::copy(&from, &to));
    let bytes = copied.map_err(|error| format!("cannot copy `{}`: {error}", from.display()))?;
    check_static(&to)?;
    println!("{} ({} MiB)", to.display(), bytes >> 20);
    Ok(())
}

/// The target rustc builds for by itself.
fn host() -> Outcome<String> {
    let version = output(Command::new("rustc").arg("-vV"))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned)
        .ok_or_else(|| "`rustc -vV` names no host".to_owned())
}

/// A program that asks for a loader would not run on every machine; and it must start.
fn check_static(binary: &std::path::Path) -> Outcome {
    let bytes =
        fs::read(binary).map_err(|error| format!("cannot read `{}`: {error}", binary.display()))?;
    if asks_for_loader(&bytes) {
        return Err(format!("`{}` is not static", binary.display()));
    }
    step(Command::new(binary).arg("--version"))
}

/// Whether an ELF file of 64 bits has a `PT_INTERP` segment.
fn asks_for_loader(elf: &[u8]) -> bool {
    let number = |at: usize, size: usize| -> usize {
        let bytes = elf.get(at..at + size).unwrap_or_default();
        bytes
            .iter()
            .rev()
            .fold(0, |value, byte| value << 8 | usize::from(*byte))
    };
    const PT_INTERP: usize = 3;
    let (table, entry, count) = (number(32, 8), number(54, 2), number(56, 2));
    (0..count).any(|index| number(table + index * entry, 4) == PT_INTERP)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An ELF header with one program header of the given type.
    fn elf(kind: u8) -> Vec<u8> {
        let mut bytes = vec![0; 64 + 56];
        bytes[..4].copy_from_slice(b"\x7fELF");
        (bytes[32], bytes[54], bytes[56], bytes[64]) = (64, 56, 1, kind);
        bytes
    }

    #[test]
    fn a_loader_is_found() {
        assert!(asks_for_loader(&elf(3)));
        assert!(!asks_for_loader(&elf(1)));
    }

    #[test]
    fn this_test_is_linked_dynamically_or_not_as_its_target_says() {
        let this = fs::read(std::env::current_exe().unwrap()).unwrap();
        assert_eq!(asks_for_loader(&this), !cfg!(target_feature = "crt-static"));
    }
}
