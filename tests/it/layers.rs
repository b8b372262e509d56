//! Working trees: an action that starts from another one's, and what it sees of it.

use crate::fixture::Project;

/// `top` starts from what `bottom` made of the project's folder.
const TWO: &str = r#"
[actions.bottom]
plugin = "scripted"
config = { steps = ["write /build/made BOTTOM", "remove /build/gone", "append /build/longer more"] }

[actions.top]
plugin = "scripted"
base = "bottom"
config = { steps = ["read /build/made", "exists /build/gone", "read /build/longer", "read /build/plain"] }
writes = "out"
"#;

fn two() -> Project {
    let files = [
        ("gone", "1"),
        ("longer", "x"),
        ("plain", "p"),
        ("unread", "u"),
    ];
    let project = Project::with(TWO, &files);
    assert_eq!(project.run().good().executed(), ["bottom", "top"]);
    project
}

#[test]
fn a_layer_is_seen_over_the_project() {
    let project = two();
    let seen = project.read("out/transcript");
    for line in [
        "read /build/made: BOTTOM",
        "exists /build/gone: false",
        "read /build/longer: xmore",
        "read /build/plain: p",
    ] {
        assert!(seen.contains(line), "no `{line}` in:\n{seen}");
    }
    assert!(project.run().good().was_fast());
    assert_eq!(project.read("longer"), "x");
}

#[test]
fn a_layer_is_observed_file_by_file() {
    let project = two();
    project.write("unread", "v");
    assert!(project.run().good().was_fast());
    project.write("plain", "q");
    assert_eq!(project.run().good().executed(), ["top"]);
    project.write("longer", "y");
    assert_eq!(project.run().good().executed(), ["bottom", "top"]);
    assert!(project.read("out/transcript").contains("ymore"));
    // Removed by the lower action: only it sees that.
    project.remove("gone");
    assert_eq!(project.run().good().executed(), ["bottom"]);
}

#[test]
fn layers_lie_on_layers() {
    let project = Project::with(
        r#"
[actions.one]
plugin = "scripted"
config = { steps = ["read /build/a", "write /build/one 1"] }
[actions.two]
plugin = "scripted"
base = "one"
config = { steps = ["copy /build/one /build/two", "remove /build/one"] }
[actions.three]
plugin = "scripted"
base = "two"
config = { steps = ["list /build", "read /build/two", "read /build/b"] }
writes = "out"
"#,
        &[("a", "a"), ("b", "b")],
    );
    project.run().good();
    let seen = project.read("out/transcript");
    assert!(
        seen.contains("list /build: a b cofferdam.toml two\n"),
        "{seen}"
    );
    project.write("b", "c");
    assert_eq!(project.run().good().executed(), ["three"]);
    // The working tree of `one` is as it was.
    project.write("a", "b");
    assert_eq!(project.run().good().executed(), ["one"]);
    project.write("new", "");
    assert_eq!(project.run().good().executed(), ["three"]);
}

#[test]
fn the_lowest_action_decides_what_is_seen_below_the_layers() {
    let toml = |reads: &str| {
        format!(
            r#"
[actions.bottom]
plugin = "scripted"
reads = [{reads}]
config = {{ steps = ["write /build/made x"] }}
[actions.top]
plugin = "scripted"
base = "bottom"
reads = ["a"]
config = {{ steps = ["list /build"] }}
writes = "out"
"#
        )
    };
    let project = Project::with(&toml("\"a\""), &[("a", "1"), ("b", "1")]);
    project.run().good();
    assert_eq!(project.read("out/transcript"), "list /build: a made\n");
    // The same layer over more of the project.
    project.configure(&toml("\"a\", \"b\""));
    assert_eq!(project.run().good().executed(), ["bottom", "top"]);
    assert_eq!(project.read("out/transcript"), "list /build: a b made\n");
}

#[test]
fn a_base_that_nobody_starts_from_any_more_leaves_no_layer() {
    let project = two();
    project.configure(TWO.split("[actions.top]").next().expect("the first action"));
    assert_eq!(project.run().good().executed(), ["bottom"]);
    project.configure(TWO);
    assert_eq!(project.run().good().executed(), [""; 0]);
    assert!(project.read("out/transcript").contains("BOTTOM"));
}
