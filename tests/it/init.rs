//! What `cofferdam init` writes works.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use crate::fixture::new_cache;

fn cofferdam(folder: &Path, cache: &Path, command: &str) -> Output {
    let mut cofferdam = Command::new(env!("CARGO_BIN_EXE_cofferdam"));
    cofferdam
        .arg("-C")
        .arg(folder)
        .arg("--cache-dir")
        .arg(cache)
        .arg(command);
    let output = cofferdam.output().expect("cofferdam starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command}: {said}");
    output
}

/// Proposes a project for these files and builds it.
fn proposed(files: &[(&str, &str)]) -> tempfile::TempDir {
    let root = tempfile::tempdir().expect("a folder");
    let (folder, cache) = (root.path().join("my project"), root.path().join("cache"));
    for (path, text) in files {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
        fs::write(path, text).expect("a file");
    }
    new_cache(&cache);
    cofferdam(&folder, &cache, "init");
    cofferdam(&folder, &cache, "run");
    root
}

#[test]
fn a_folder_with_pages_styles_and_scripts() {
    let root = proposed(&[
        ("docs/index.md", "# Hello\n\n[More](more.md)\n"),
        ("docs/more.md", "# More\n"),
        ("styles/main.scss", "$c: red;\nbody { color: $c; }\n"),
        (
            "src/app.ts",
            "const answer: number = 42;\nconsole.log(answer);\n",
        ),
    ]);
    let written = root.path().join("my project/dist");
    for end in ["html", "css", "js"] {
        assert!(
            holds(&written, end),
            "no `.{end}` below `{}`",
            written.display()
        );
    }
}

#[test]
fn a_cargo_project() {
    let lock = "version = 4\n\n[[package]]\nname = \"tool\"\nversion = \"0.1.0\"\n";
    proposed(&[
        (
            "Cargo.toml",
            "[package]\nname = \"tool\"\nversion = \"0.1.0\"\n",
        ),
        ("Cargo.lock", lock),
        ("src/main.rs", "fn main() {}\n"),
    ]);
}

fn holds(folder: &Path, end: &str) -> bool {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| entry.path())
        .any(|path| path.extension().is_some_and(|extension| extension == end) || holds(&path, end))
}
