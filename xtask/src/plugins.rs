//! `cargo xtask plugins`: the built-in plugins, and the proof that their bytes are the same from any folder.

use std::fs;
use std::path::Path;

use crate::guests::{Builder, Guest, TARGET};
use crate::steps::{Outcome, Workspace, add_target, flag};

pub fn run(workspace: &Workspace, arguments: &[String]) -> Outcome {
    let check = flag(arguments, "--check")?;
    let plugins = workspace.plugins()?;
    add_target(TARGET)?;
    let builder = workspace.builder();
    builder.build(&plugins)?;
    for plugin in &plugins {
        for artifact in &plugin.artifacts {
            let path = builder.component(artifact);
            let size = fs::metadata(&path)
                .map_err(|error| format!("cannot read `{}`: {error}", path.display()))?
                .len();
            println!(
                "{:>10} {:<14} {}",
                size.div_ceil(1024),
                plugin.name,
                path.display()
            );
        }
    }
    if check {
        self::check(workspace, &plugins)?;
    }
    Ok(())
}

/// Fails if a built component names this machine, or if one built in another folder has other bytes.
pub fn check(workspace: &Workspace, plugins: &[Guest]) -> Outcome {
    let builder = workspace.builder();
    let machine = builder.machine_paths()?;
    for artifact in plugins.iter().flat_map(|plugin| &plugin.artifacts) {
        if let Some(path) = named_in(&component(&builder, artifact)?, &machine) {
            return Err(format!(
                "`{artifact}.wasm` contains the path `{path}`: remap it in `plugins/guests.rs`"
            ));
        }
    }
    build_elsewhere(workspace)
}

/// The first of `paths` that occurs in `bytes`.
fn named_in<'a>(bytes: &[u8], paths: &'a [String]) -> Option<&'a str> {
    let occurs = |path: &&String| {
        bytes
            .windows(path.len())
            .any(|window| window == path.as_bytes())
    };
    paths.iter().find(occurs).map(String::as_str)
}

/// Builds the tests' guests, which are small, once more from a copy of the workspace, with nothing of what was built
/// here.
fn build_elsewhere(workspace: &Workspace) -> Outcome {
    let elsewhere = workspace
        .target
        .join("elsewhere/a folder with another name");
    if elsewhere.exists() {
        fs::remove_dir_all(&elsewhere)
            .map_err(|error| format!("cannot empty `{}`: {error}", elsewhere.display()))?;
    }
    copy_sources(&workspace.root, &elsewhere)?;
    let here = workspace.builder();
    let there = Builder::new(&elsewhere, &elsewhere.join("target"));
    let guests = workspace.fixtures()?;
    here.build(&guests)?;
    there.build(&guests)?;
    for artifact in guests.iter().flat_map(|guest| &guest.artifacts) {
        if component(&there, artifact)? != component(&here, artifact)? {
            let folder = elsewhere.display();
            return Err(format!(
                "`{artifact}.wasm` has other bytes when it is built in `{folder}`"
            ));
        }
    }
    println!(
        "{} guests have the same bytes from another folder",
        guests.len()
    );
    Ok(())
}

fn component(builder: &Builder, artifact: &str) -> Outcome<Vec<u8>> {
    let path = builder.component(artifact);
    fs::read(&path).map_err(|error| format!("cannot read `{}`: {error}", path.display()))
}

/// Copies a source tree; what is built, hidden or linked stays behind.
pub fn copy_sources(from: &Path, to: &Path) -> Outcome {
    let copied = || -> std::io::Result<()> {
        fs::create_dir_all(to)?;
        for entry in from.read_dir()? {
            let entry = entry?;
            let name = entry.file_name();
            let kind = entry.file_type()?;
            if name == "target" || name.to_string_lossy().starts_with('.') {
                continue;
            }
            if kind.is_dir() {
                copy_sources(&entry.path(), &to.join(name)).map_err(std::io::Error::other)?;
            } else if kind.is_file() {
                fs::copy(entry.path(), to.join(name))?;
            }
        }
        Ok(())
    };
    copied().map_err(|error| {
        format!(
            "cannot copy `{}` to `{}`: {error}",
            from.display(),
            to.display()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guests::{guest, guests_in, target_folder};

    /// A folder for one test, emptied.
    fn folder(name: &str) -> std::path::PathBuf {
        let program = std::env::current_exe().unwrap();
        let folder = target_folder(&program).join("tmp/xtask").join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    fn write(folder: &Path, name: &str, text: &str) {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    #[test]
    fn a_path_of_this_machine_is_found_in_bytes() {
        let paths = ["/opt/ann".to_owned(), "/opt/rust".to_owned()];
        let found = named_in(b"\0asm /opt/rust/lib.rs:3", &paths);
        assert_eq!(found, Some("/opt/rust"));
        assert_eq!(named_in(b"\0asm /registry/lib.rs:3", &paths), None);
        assert_eq!(named_in(b"", &paths), None);
    }

    #[test]
    fn a_guest_is_read_from_its_folder() {
        let root = folder("guests");
        let manifest =
            "[workspace]\n[package]\nname = \"two-words\"\n[dependencies]\nname = \"x\"\n";
        write(&root, "b/Cargo.toml", manifest);
        write(&root, "b/src/lib.rs", "");
        write(&root, "b/src/bin/tool.rs", "");
        write(&root, "a/Cargo.toml", "[package]\nname = \"a\"\n");
        write(&root, "a/src/main.rs", "");
        write(&root, "guests.rs", "");
        let guests = guests_in(&root).unwrap();
        let names: Vec<_> = guests.iter().map(|guest| guest.name.as_str()).collect();
        assert_eq!(names, ["a", "b"]);
        assert_eq!(guests[0].artifacts, ["a"]);
        assert_eq!(guests[1].artifacts, ["tool", "two_words"]);
        assert_eq!(guests[1].package, "two-words");
        assert!(guest(&root).is_err());
        assert!(guests_in(&root.join("none")).unwrap().is_empty());
    }

    #[test]
    fn the_target_folder_is_the_same_for_every_target() {
        let root = folder("target");
        write(&root, "CACHEDIR.TAG", "");
        write(&root, "some-target/CACHEDIR.TAG", "");
        assert_eq!(target_folder(&root.join("release/build/x/out")), root);
        assert_eq!(
            target_folder(&root.join("some-target/release/build/x/out")),
            root
        );
        std::fs::remove_file(root.join("CACHEDIR.TAG")).unwrap();
        write(&root, ".rustc_info.json", "");
        assert_eq!(target_folder(&root.join("debug")), root);
        assert_eq!(target_folder(&root.join("some-target/release")), root);
    }
}
