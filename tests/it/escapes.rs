//! Guests that try to get out: none reads or writes what it was not given.

use std::fs;

use crate::fixture::{Project, Tree, tree};

pub const SECRET: &str = "s3cr3t";

/// A project with a secret beside it.
pub fn guarded(toml: &str) -> Project {
    let project = Project::with(toml, &[("a", "A"), ("d/b", "B")]);
    fs::write(project.outside().join("secret"), SECRET).expect("a file");
    project
}

pub fn scripted(steps: &[String]) -> String {
    let steps: Vec<String> = steps.iter().map(|step| format!("{step:?}")).collect();
    format!(
        "[actions.a]\nplugin = \"scripted\"\nconfig = {{ steps = [{}] }}\nwrites = \"out\"\n",
        steps.join(", ")
    )
}

/// All that lies beside the project; of the project itself the sources.
pub fn outside(project: &Project) -> Tree {
    let mut all = tree(project.outside());
    all.retain(|path, _| {
        let ours = ["cache", "project/out", "project/cofferdam"];
        !ours.iter().any(|start| path.starts_with(start))
    });
    all
}

/// Runs the steps; nothing but the outputs changes, and no secret is in them. Gives the transcript.
#[track_caller]
fn attempt(project: &Project, steps: &[String]) -> String {
    project.configure(&scripted(steps));
    let before = outside(project);
    project.run().good();
    assert!(outside(project) == before, "something was written");
    let left = format!("{:?}", tree(&project.path("out")));
    assert!(
        !left.contains(SECRET) && !left.contains("root:x:"),
        "{left}"
    );
    project.read("out/transcript")
}

/// Each line of a transcript, and that it says this.
#[track_caller]
fn all_say(transcript: &str, word: &str) {
    for line in transcript.lines() {
        assert!(line.contains(word), "no `{word}` in `{line}`");
    }
}

/// Names for the secret and for a file that every host has.
const AWAY: [&str; 6] = [
    "/src/../../secret",
    "/src/d/../../../../../../../etc/passwd",
    "/etc/passwd",
    "/proc/self/environ",
    "../secret",
    "/in/../../secret",
];

#[test]
fn escape_by_parents_and_absolute_paths() {
    let project = guarded("");
    let verbs = |path: &&str| {
        [
            format!("read {path}"),
            format!("list {path}/.."),
            format!("write {path} X"),
            format!("append {path} X"),
            format!("truncate {path} 0"),
            format!("remove {path}"),
            format!("folder {path}.d"),
            format!("rename /out {path}"),
            format!("hardlink /src/a {path}"),
            format!("copy-bytes {path} /out/stolen"),
            format!("copy {path} /out/stolen"),
        ]
    };
    let steps: Vec<String> = AWAY.iter().flat_map(verbs).collect();
    let told = attempt(&project, &steps);
    for line in told.lines() {
        // Its own root may be listed; all else fails.
        let right = line.contains("error") || line.starts_with("list ");
        assert!(right, "{line}");
    }
    assert!(!project.exists("out/stolen"));
}

#[test]
fn escape_by_links_among_the_inputs() {
    let project = guarded("");
    let absolute = project.outside().join("secret");
    project.symlink("../secret", "near");
    project.symlink(&absolute.to_string_lossy(), "far");
    project.symlink("..", "up");
    project.symlink("/", "top");
    project.symlink("../../../../../../../../etc/passwd", "d/deep");
    project.symlink(".env", "open");
    project.write(".env", SECRET);
    let paths = [
        "near",
        "far",
        "up/secret",
        "up/project/a",
        "top/etc/passwd",
        "d/deep",
        "open",
    ];
    let verbs = |path: &str| {
        [
            format!("read /src/{path}"),
            format!("write /build/{path}/x X"),
            format!("hardlink /src/{path}/. /out/stolen"),
        ]
    };
    let steps: Vec<String> = paths.into_iter().flat_map(verbs).collect();
    all_say(&attempt(&project, &steps), "error");
    // `/` is its own root, and of what is above the project only the mounts are there.
    let told = attempt(
        &project,
        &["list /src/top".to_owned(), "list /src/up".to_owned()],
    );
    for line in told.lines() {
        assert!(
            line.ends_with("build/ in/ out/ src/ tmp/") || line.ends_with("build/ out/ src/ tmp/"),
            "{line}"
        );
    }
}

#[test]
fn escape_by_links_that_the_guest_makes() {
    let project = guarded("");
    let mut steps = Vec::new();
    for folder in ["/out", "/build", "/tmp"] {
        for (number, target) in ["../../secret", "../../..", "../src/../.."]
            .iter()
            .enumerate()
        {
            let link = format!("{folder}/l{number}");
            steps.push(format!("must symlink {target} {link}"));
            steps.push(format!("read {link}"));
            steps.push(format!("read {link}/secret"));
            steps.push(format!("write {link}/secret X"));
            steps.push(format!("append {link}/etc/passwd X"));
        }
        // WASI has no absolute links.
        steps.push(format!("symlink /etc/passwd {folder}/absolute"));
    }
    let told = attempt(&project, &steps);
    for line in told.lines().filter(|line| !line.starts_with("must")) {
        assert!(line.contains("error"), "{line}");
    }
    // What was written are links as they were made, which the next run takes for nothing else.
    assert_eq!(
        fs::read_link(project.path("out/l0"))
            .expect("a link")
            .to_string_lossy(),
        "../../secret"
    );
    let before = outside(&project);
    project.configure(&scripted(&[
        "write /out/l0/secret X".to_owned(),
        "write /out/l2/secret X".to_owned(),
    ]));
    project.run().good();
    assert_eq!(project.read("out/l0/secret"), "X");
    assert_eq!(project.read("out/l2/secret"), "X");
    assert!(outside(&project) == before);
}

#[test]
fn escape_by_links_in_another_actions_output() {
    let project = guarded(
        r#"
[actions.trap]
plugin = "scripted"
config = { silent = true, steps = ["symlink ../../secret /out/near", "symlink /etc/passwd /out/far", "symlink / /out/top", "symlink /src/a /out/lent"] }
[actions.a]
plugin = "scripted"
needs = ["trap"]
reads = ["d/**"]
config = { steps = ["read /in/trap/near", "read /in/trap/far", "read /in/trap/top/etc/passwd", "read /in/trap/top/../secret", "read /in/trap/lent", "write /in/trap/near X", "write /in/trap/top/out/../src/d/b X", "rename /out/nothing /in/trap/x"] }
writes = "out"
"#,
    );
    let before = outside(&project);
    project.run().good();
    assert!(outside(&project) == before);
    // `/src/a` is a file of the project that `reads` does not show.
    all_say(&project.read("out/transcript"), "error");
}

#[test]
fn escape_by_written_links_and_files_below_them() {
    // One action leaves a link out, another a file below the same name, in one folder and in one run after another.
    let project = guarded("");
    let made = |steps: &str| {
        project.configure(&format!(
            "[actions.a]\nplugin = \"scripted\"\nconfig = {{ silent = true, steps = [{steps}] }}\nwrites = \"out\"\n"
        ));
        project.run().good();
    };
    let before = outside(&project);
    for _ in 0..2 {
        made(r#""symlink ../.. /out/x", "symlink ../../secret /out/y""#);
        made(r#""write /out/x/secret WRONG", "write /out/y WRONG""#);
        assert!(outside(&project) == before);
        assert_eq!(project.read("out/x/secret"), "WRONG");
        made(r#""symlink ../../secret /out/x""#);
        // Deleting what was written must not follow it either.
        made("");
        assert!(outside(&project) == before);
    }
}

#[test]
fn escape_by_hard_links_and_renames_across_mounts() {
    let project = guarded("");
    let steps = [
        "hardlink /src/../../secret /out/x",
        "hardlink /etc/passwd /out/x",
        "rename /src/a /out/x",
        "rename /out /src/x",
        "rename /tmp /out/x",
        "rename /out/.. /tmp/x",
        "rename /src /tmp/x",
        "remove /src/a",
        "remove-all /src/d",
        "truncate /src/a 0",
        "make-program /src/a",
    ];
    all_say(&attempt(&project, &steps.map(str::to_owned)), "error");
    // A hard link to a file of the project is a copy: changing it changes nothing.
    let steps = [
        "hardlink /src/a /out/x",
        "append /out/x more",
        "read /src/a",
    ];
    let told = attempt(&project, &steps.map(str::to_owned));
    assert!(told.ends_with("read /src/a: A\n"), "{told}");
    assert_eq!(project.read("a"), "A");
}

#[test]
fn escape_by_huge_names() {
    let project = guarded("");
    let long = "n".repeat(256);
    let deep = "x/".repeat(3000);
    let mut steps = Vec::new();
    for folder in ["/src", "/out", "/tmp", ""] {
        for name in [&long, &deep] {
            steps.push(format!("read {folder}/{name}"));
            steps.push(format!("write {folder}/{name} X"));
            steps.push(format!("symlink {name} {folder}/{name}"));
        }
    }
    all_say(&attempt(&project, &steps), "error");
    // The longest that a host's file system takes is written there.
    let longest = "n".repeat(255);
    attempt(&project, &[format!("write /out/{longest} X")]);
    assert_eq!(project.read(&format!("out/{longest}")), "X");
    // Deeper than a host's paths may be long, each name allowed: an error or a folder, but nothing beside it.
    let before = outside(&project);
    project.configure(&scripted(&[format!(
        "write /out/{}f X",
        "name/".repeat(200)
    )]));
    let _ = project.run();
    assert!(outside(&project) == before);
}

#[test]
fn escape_by_variables_of_the_host() {
    let mut project = guarded("");
    project
        .environment
        .insert("TOKEN".to_owned(), SECRET.to_owned());
    let told = attempt(
        &project,
        &[
            "variable TOKEN".to_owned(),
            "variable HOME".to_owned(),
            "variable PATH".to_owned(),
        ],
    );
    all_say(&told, "NotPresent");
}

#[test]
fn escape_by_a_link_in_the_folder_that_is_deployed_to() {
    let project = guarded(
        r#"
[actions.a]
plugin = "scripted"
config = { steps = [] }
[deploy.local]
plugin = "deployer"
from = "a"
config = { steps = ["read {root}/up/secret", "write {root}/up/secret X", "read {root}/near", "write {root}/near X", "read {root}/../../secret", "read /src/a", "write {root}/../x X", "hardlink {root}/near {root}/h", "rename {root} /tmp/x"] }
grants = { write = ["public"] }
"#,
    );
    project.write("public/x", "");
    project.symlink("../..", "public/up");
    project.symlink("../../secret", "public/near");
    let before = outside(&project);
    for change in project.deploy("local") {
        assert!(change.detail.contains("error"), "{}", change.detail);
    }
    assert!(outside(&project) == before);
}
