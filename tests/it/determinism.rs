//! The same project gives the same bytes, whoever builds it where.

use std::fs;
use std::time::{Duration, SystemTime};

use crate::fixture::{Project, Tree, tree, with_scripted};

/// Every way to pack what two actions made.
const PACKED: &str = r#"
[actions.made]
plugin = "scripted"
config = { steps = ["walk /src/docs", "variable HOME", "variable LANG", "variable TZ", "clock", "random", "write /out/z Z", "write /out/a A", "make-program /out/a", "symlink a /out/l", "folder /out/empty"] }
[actions.copied]
plugin = "scripted"
config = { silent = true, steps = ["copy-tree /src/docs /out"] }
[actions.tar]
plugin = "archive"
needs = ["made", "copied"]
config = { name = "all.tar" }
writes = "out/tar"
[actions.zst]
plugin = "archive"
needs = ["made", "copied"]
config = { name = "all.tar.zst" }
writes = "out/zst"
[actions.zip]
plugin = "archive"
needs = ["made", "copied"]
config = { name = "all.zip" }
writes = "out/zip"
[actions.image]
plugin = "oci-image"
needs = ["made", "copied"]
config = { layers = ["made", "copied"], compression = "zstd", tag = "v1" }
writes = "out/image"
"#;

const DOCS: [&str; 4] = ["docs/ä", "docs/b/c", "docs/b/B", "docs/empty"];

fn project(order: impl Iterator<Item = &'static str>, age: Duration) -> Project {
    let project = Project::new(&with_scripted(PACKED));
    for path in order {
        project.write(path, if path.ends_with("empty") { "" } else { path });
        let file = fs::File::options()
            .write(true)
            .open(project.path(path))
            .expect("a file");
        file.set_modified(SystemTime::now() - age)
            .expect("times can be set");
    }
    project
}

fn built(project: &Project, arguments: &str, variables: &[(&str, &str)]) -> Tree {
    let mut command = project.command(arguments);
    command.env_clear().envs(variables.iter().copied());
    let output = command.output().expect("it starts");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let tree = tree(&project.path("out"));
    assert!(
        tree.contains_key("tar/all.tar") && tree.len() > 8,
        "{:?}",
        tree.keys()
    );
    tree
}

#[test]
fn folders_times_order_language_and_jobs_make_no_difference() {
    let old = project(DOCS.into_iter(), Duration::from_secs(400 * 86_400));
    let young = project(DOCS.into_iter().rev(), Duration::ZERO);
    let one = built(
        &old,
        "run -j1",
        &[("LANG", "C"), ("TZ", "UTC"), ("HOME", "/")],
    );
    let other = built(
        &young,
        "run -j2",
        &[
            ("LANG", "tr_TR.UTF-8"),
            ("LC_ALL", "tr_TR.UTF-8"),
            ("TZ", "Asia/Kathmandu"),
            ("HOME", "/nowhere"),
        ],
    );
    // Not the trees: a difference would print megabytes.
    let different: Vec<_> = one
        .keys()
        .chain(other.keys())
        .filter(|path| one.get(*path) != other.get(*path))
        .collect();
    assert!(different.is_empty(), "{different:?}");
    // And once more, over what is there.
    assert!(built(&young, "run -j1 --force", &[("LANG", "C")]) == one);
}
