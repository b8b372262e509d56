//! docs/plugins.md works as written.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::fixture::{component, new_cache};

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the workspace")
}

/// The first code block of a language after a line of the guide.
fn block(after: &str, language: &str) -> String {
    let guide =
        fs::read_to_string(workspace().join("docs/plugins.md")).expect("the guide is there");
    let (_, rest) = guide
        .split_once(after)
        .unwrap_or_else(|| panic!("the guide has no `{after}`"));
    let (_, code) = rest
        .split_once(&format!("```{language}\n"))
        .expect("a block follows");
    code.split("```").next().expect("the block ends").to_owned()
}

#[test]
fn the_plugin_of_the_guide_is_the_one_that_is_tested() {
    let folder = workspace().join("tests/guests/greet");
    let source = fs::read_to_string(folder.join("src/lib.rs")).expect("the guest has a source");
    assert_eq!(block("`src/lib.rs`:", "rust"), source);
    let manifest = fs::read_to_string(folder.join("Cargo.toml")).expect("the guest has a manifest");
    for line in block("`Cargo.toml`:", "toml").lines() {
        let name = line.split(['=', ' ']).next().unwrap_or_default();
        assert!(
            manifest.contains(name),
            "the guest's manifest has no `{line}`"
        );
    }
}

#[test]
fn the_plugin_of_the_guide_runs() {
    let project = tempfile::tempdir().expect("a folder");
    let cache = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        let path = project.path().join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, text).expect("a file");
    };
    fs::write(project.path().join("greet.wasm"), component("greet")).expect("a file");
    new_cache(cache.path());
    write("names/ann.txt", "Ann");
    write("names/bo.txt", "Bo");
    write(
        "cofferdam.toml",
        &format!(
            "[project]\nname = \"notes\"\n\n{}",
            block("Build it", "toml")
        ),
    );

    let mut run = Command::new(env!("CARGO_BIN_EXE_cofferdam"));
    run.arg("-C")
        .arg(project.path())
        .arg("--cache-dir")
        .arg(cache.path())
        .arg("run");
    let output = run.output().expect("cofferdam starts");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let greeting =
        |name: &str| fs::read_to_string(project.path().join("greetings/names").join(name));
    assert_eq!(greeting("ann.txt").expect("a greeting"), "Hello Ann");
    assert_eq!(greeting("bo.txt").expect("a greeting"), "Hello Bo");
}
