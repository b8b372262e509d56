//! Programs of WASI as they are: components and core modules alike.

use crate::fixture::{Project, component, probe_module};

/// A project whose tool `probe` does what `arguments` say.
fn with_probe(program: &[u8], arguments: &str) -> Project {
    let words: Vec<String> = arguments
        .split(' ')
        .map(|word| format!("\"{word}\""))
        .collect();
    let project = Project::new(&format!(
        "[tools]\nprobe = \"path:probe.wasm\"\n\
         [actions.a]\nrun = [\"probe\", {}]\nwrites = \"out\"\n",
        words.join(", ")
    ));
    project.write("probe.wasm", program);
    project.write("src/main", "one");
    project.write("src/lib/a", "");
    project
}

#[test]
fn a_tool_runs_again_when_what_it_saw_has_changed() {
    for program in [component("probe"), probe_module()] {
        let project = with_probe(&program, "read src/main list src/lib write {out}/made x");
        let executed = || project.run().good().executed().len();
        assert_eq!(executed(), 1);
        assert_eq!(project.read("out/made"), "x");
        assert_eq!(executed(), 0);
        project.write("src/other", "not looked at");
        assert_eq!(executed(), 0);
        project.write("src/main", "two");
        assert_eq!(executed(), 1);
        project.write("src/lib/b", "");
        assert_eq!(executed(), 1);
    }
}

#[test]
fn a_working_tree_is_written_to_and_the_project_is_not() {
    for program in [component("probe"), probe_module()] {
        let project = with_probe(
            &program,
            "append src/main two join src/main src/lib/a src/main out/made",
        );
        project.run().good();
        assert_eq!(project.read("out/made"), "onetwoonetwo");
        assert_eq!(project.read("src/main"), "one");
    }
}
