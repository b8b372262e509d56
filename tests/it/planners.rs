//! Actions that ask for more actions, and `for_each`.

use cofferdam_runtime::{ErrorKind, Event, inspect};

use crate::fixture::{Project, tree};

/// One action for each file of `docs`, and an index of them all.
const PAGES: &str = r#"
[actions.pages]
plugin = "planner"
reads = ["docs/**"]
writes = "out"
[actions.pages.config.each]
folder = "docs"
steps = ["parity /src/docs/{name}"]
reads = ["docs/{name}"]
index = ["list /in", "read /in/a/a.transcript"]

[actions.reader]
plugin = "scripted"
needs = ["pages"]
config = { steps = ["list /in/pages"] }
"#;

fn pages() -> Project {
    let project = Project::with(PAGES, &[("docs/a", "1"), ("docs/b", "12")]);
    let ran = project.run().good();
    let all = ["pages", "pages:a", "pages:b", "pages:the index", "reader"];
    assert_eq!(ran.executed(), all);
    assert_eq!(ran.summary().actions, 5);
    project
}

fn written(project: &Project) -> Vec<String> {
    tree(&project.path("out")).into_keys().collect()
}

#[test]
fn a_planner_adds_actions_and_unites_their_outputs() {
    let project = pages();
    assert_eq!(
        written(&project),
        ["a.transcript", "b.transcript", "in.transcript"]
    );
    assert!(project.run().good().was_fast());
}

#[test]
fn an_edit_runs_the_planned_action_that_read_it() {
    let project = pages();
    project.write("docs/b", "1234");
    assert_eq!(project.run().good().executed(), ["pages:b"]);
    project.write("docs/b", "123");
    // The index lists, and reads `a` alone.
    assert_eq!(project.run().good().executed(), ["pages:b"]);
    project.write("docs/a", "12");
    assert_eq!(
        project.run().good().executed(),
        ["pages:a", "pages:the index"]
    );
    assert!(project.read("out/a.transcript").contains(": 0"));
    assert!(project.run().good().was_fast());
}

#[test]
fn planned_actions_that_nothing_has_happened_to_take_no_part() {
    let project = pages();
    project.write("docs/b", "1234");
    let ran = project.run().good();
    let unchanged = ran.events.iter().find_map(|event| match event {
        Event::Unchanged {
            planner, actions, ..
        } => Some((planner.as_str(), *actions)),
        _ => None,
    });
    assert_eq!(
        unchanged,
        Some(("pages", 1)),
        "`pages:a` alone: the index lists what was made"
    );
    assert_eq!((ran.summary().actions, ran.summary().cached), (5, 4));
    assert!(project.run().good().was_fast());
    // They are in the record all the same.
    project.write("docs/a", "12");
    assert_eq!(
        project.run().good().executed(),
        ["pages:a", "pages:the index"]
    );
    project.remove("docs/b");
    assert_eq!(project.run().good().summary().actions, 4);
    assert!(project.run().good().was_fast());
}

#[test]
fn a_file_added_or_removed_is_an_action_more_or_less() {
    let project = pages();
    project.write("docs/c", "1");
    let ran = project.run().good();
    assert_eq!(
        ran.executed(),
        ["pages", "pages:c", "pages:the index", "reader"]
    );
    assert_eq!(written(&project).len(), 4);
    project.remove("docs/c");
    let ran = project.run().good();
    assert_eq!(ran.executed(), [""; 0]);
    assert_eq!(ran.summary().actions, 5);
    assert_eq!(
        written(&project),
        ["a.transcript", "b.transcript", "in.transcript"]
    );
    project.write("docs/b2", "12");
    project.remove("docs/b");
    let ran = project.run().good();
    assert!(!ran.executed().contains(&"pages:a"), "{:?}", ran.executed());
    assert_eq!(
        written(&project),
        ["a.transcript", "b2.transcript", "in.transcript"]
    );
    assert!(project.run().good().was_fast());
}

#[test]
fn escape_a_planned_action_sees_no_more_than_its_planner() {
    let project = Project::with(
        r#"
[actions.plan]
plugin = "planner"
reads = ["docs/**"]
writes = "out"
[[actions.plan.config.actions]]
name = "greedy"
steps = ["list /src", "exists /src/secret"]
reads = ["**"]
exported = true
"#,
        &[("docs/a", "1"), ("secret", "s")],
    );
    project.run().good();
    assert_eq!(
        project.read("out/src.transcript"),
        "list /src: docs/\nexists /src/secret: false\n"
    );
}

#[test]
fn planned_actions_inherit_needs_and_use_other_plugins() {
    let toml = |plugin: &str| {
        format!(
            r#"
[actions.first]
plugin = "scripted"
config = {{ steps = ["read /src/a"] }}
[actions.plan]
plugin = "planner"
needs = ["first"]
writes = "out"
[[actions.plan.config.actions]]
name = "one"
plugin = "{plugin}"
steps = ["read /in/first/transcript"]
inherits = ["first"]
exported = true
[[actions.plan.config.actions]]
name = "two"
steps = ["copy /in/one/transcript /out/copied"]
needs = ["one"]
exported = true
"#
        )
    };
    let project = Project::with(&toml("scripted"), &[("a", "1")]);
    let ran = project.run().good();
    assert_eq!(ran.executed(), ["first", "plan", "plan:one", "plan:two"]);
    assert_eq!(project.read("out/copied"), project.read("out/transcript"));
    project.write("a", "2");
    assert_eq!(
        project.run().good().executed(),
        ["first", "plan:one", "plan:two"]
    );
    project.configure(&toml("nowhere"));
    project
        .run()
        .error(ErrorKind::Plugin, "there is no plugin `nowhere`");
}

#[test]
fn bad_input_two_planned_actions_must_not_write_one_file() {
    let project = Project::new(
        r#"
[actions.plan]
plugin = "planner"
[[actions.plan.config.actions]]
name = "one"
steps = ["write /out/same 1"]
exported = true
[[actions.plan.config.actions]]
name = "two"
steps = ["write /out/same 2"]
exported = true
"#,
    );
    let ran = project.run();
    ran.error(
        ErrorKind::User,
        "`plan:one` and `plan:two` both write `same`",
    );
}

fn wrong(actions: &str, says: &str) {
    let project = Project::new(&format!(
        "[actions.plan]\nplugin = \"planner\"\n{actions}\n[actions.after]\nplugin = \"scripted\"\nneeds = [\"plan\"]\nconfig = {{ steps = [] }}\n"
    ));
    let ran = project.run();
    ran.error(ErrorKind::Plugin, says);
    assert_eq!((ran.failed(), ran.skipped()), (vec!["plan"], vec!["after"]));
}

#[test]
fn bad_input_a_plan_that_cannot_be() {
    let planned = |rest: &str| {
        let rest = rest
            .replace(';', "\n[[actions.plan.config.actions]]\n")
            .replace(',', "\n");
        format!("[[actions.plan.config.actions]]\n{rest}")
    };
    wrong(
        &planned(r#"name = "a/b:c""#),
        "cannot be the name of an action",
    );
    wrong(
        &planned(r#"name = "a";name = "a""#),
        "two actions are named `a`",
    );
    wrong(
        &planned(r#"name = "a",needs = ["b"];name = "b",needs = ["a"]"#),
        "needs itself",
    );
    wrong(&planned(r#"name = "a",needs = ["z"]"#), "not in the plan");
    wrong(&planned(r#"name = "a",inherits = ["z"]"#), "does not have");
    wrong(
        &planned(r#"name = "a",reads = ["/x"]"#),
        "in `reads` of `a`",
    );
}

const EACH: &str = r#"
[actions.each]
plugin = "scripted"
for_each = "docs/*.md"
writes = "out"
config = { silent = true, steps = ["copy /src/{file} /out/{stem}.html"] }
"#;

#[test]
fn for_each_makes_an_action_of_each_file() {
    let project = Project::with(
        EACH,
        &[("docs/a.md", "A"), ("docs/b.md", "B"), ("docs/c.txt", "C")],
    );
    let ran = project.run().good();
    assert_eq!(ran.executed(), ["each:docs/a.md", "each:docs/b.md"]);
    let names = |project: &Project| written(project).join(" ");
    assert_eq!(names(&project), "a.html b.html");
    let shown = inspect::show(&project.open(), "each").expect("a group is shown like an action");
    let outputs: Vec<&str> = shown
        .outputs
        .iter()
        .map(|file| file.path.as_str())
        .collect();
    assert_eq!(outputs, ["a.html", "b.html"]);
    assert!(project.run().good().was_fast());
    project.write("docs/c.txt", "D");
    assert!(project.run().good().was_fast());
    project.write("docs/d.md", "D");
    assert_eq!(project.run().good().executed(), ["each:docs/d.md"]);
    project.remove("docs/a.md");
    project.write("docs/b.md", "C");
    assert_eq!(project.run().good().executed(), ["each:docs/b.md"]);
    assert_eq!(names(&project), "b.html d.html");
    for file in ["docs/b.md", "docs/d.md"] {
        project.remove(file);
    }
    project.run().error(ErrorKind::Config, "matches no file");
}

#[test]
fn for_each_has_folders_and_tools() {
    let project = Project::with(
        r#"
[tools]
probe = "path:probe.wasm"
[actions.each]
run = ["probe", "read", "{file}", "write", "{out}/{stem}", "{dir}"]
for_each = ["src/**/*.x"]
writes = "out"
"#,
        &[("src/a.x", "1"), ("src/deep/b.x", "2")],
    );
    project.write("probe.wasm", crate::fixture::component("probe"));
    let ran = project.run().good();
    assert_eq!(ran.executed(), ["each:src/a.x", "each:src/deep/b.x"]);
    assert_eq!(project.read("out/b"), "src/deep");
}
