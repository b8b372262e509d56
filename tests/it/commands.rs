//! What the commands of the program do, and how they end.

use std::path::Path;

use crate::fixture::{Project, source, tree, with_scripted};

/// Copies `docs` to `out`.
const COPY: &str = r#"
[actions.site]
plugin = "scripted"
reads = ["docs/**"]
config = { silent = true, steps = ["copy-tree /src/docs /out"] }
writes = "out"
"#;

fn copying() -> Project {
    Project::with(&with_scripted(COPY), &[("docs/a", "A"), ("docs/b/c", "C")])
}

#[test]
fn exit_codes_are_those_of_the_table() {
    let project = copying();
    let scripted = |steps: &str| {
        let action = "[actions.a]\nplugin = \"scripted\"\n";
        project.configure(&with_scripted(&format!(
            "{action}config = {{ steps = [{steps}] }}\n"
        )));
    };
    project.ask("run").ended(0).says("Executed site");
    project.ask("run").ended(0).says("Summary 1 action");
    scripted("\"fail broken\"");
    project.ask("run").ended(1).says("broken");
    scripted("\"panic broken\"");
    project
        .ask("run")
        .ended(1)
        .says("this is a bug of the plugin");
    project.ask("run --no-such-option").ended(2);
    project.ask("run b").ended(2).says("there is no action `b`");
    project.configure("[actions.a]\nplugim = \"scripted\"\n");
    project.ask("run").ended(2).says("did you mean `plugin`?");
    project.remove("cofferdam.toml");
    project.ask("run").ended(2).says("init` writes one");
    project.remove("cofferdam.lock");

    let suite = source("probe_suite");
    project.configure(&format!(
        "[plugins]\nsuite = \"{suite}\"\n[actions.a]\nplugin = \"suite\"\nconfig = {{ act = \"write\" }}\n"
    ));
    let denied = project.ask("run").ended(3);
    denied.says(
        "hint: to allow it, add `grants = { http = [\"https://example.org\"] }` to `[actions.a]`",
    );
    // A file stands where the cache should be.
    project.configure(&with_scripted(COPY));
    std::fs::remove_dir_all(project.cache()).expect("a cache");
    std::fs::write(project.cache(), "").expect("a file");
    project.ask("run").ended(4);
}

#[test]
fn an_interrupted_run_ends_with_its_code() {
    let project = Project::new(&with_scripted(
        "[actions.a]\nplugin = \"scripted\"\nconfig = { steps = [\"log inside\", \"loop\"] }\n",
    ));
    let mut running = project.start("run -v");
    running.until("inside");
    running.interrupt();
    running.until("interrupted");
    running.end().ended(130);
    // The cache is free again.
    project.ask("cache verify").ended(0);
}

#[test]
fn watching_runs_after_each_change_until_it_is_interrupted() {
    let project = copying();
    let mut running = project.start("run --watch");
    running.until("Watching");
    assert_eq!(project.read("out/a"), "A");
    project.write("docs/a", "changed");
    running.until("Executed site");
    running.until("Summary");
    assert_eq!(project.read("out/a"), "changed");
    // An error does not end it, and a mended one is told.
    project.configure("[actions.a]\nplugim = \"scripted\"\n");
    running.until("did you mean `plugin`?");
    project.write("docs/new", "N");
    project.configure(&with_scripted(COPY));
    running.until("Summary");
    assert_eq!(project.read("out/new"), "N");
    running.interrupt();
    running.end().ended(130);
}

#[test]
fn what_programs_read_is_one_object_a_line() {
    let project = copying();
    let told = project.ask("run --json").ended(0);
    let events: Vec<serde_json::Value> = told
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let last = events.last().expect("an event");
    assert_eq!(last["event"], "summary");
    assert_eq!(
        (&last["actions"], &last["executed"]),
        (&1.into(), &1.into())
    );
    assert!(
        events
            .iter()
            .any(|event| event["event"] == "executed" && event["action"] == "site")
    );
    let told = project.ask("run --json").ended(0);
    assert_eq!(told.stdout.lines().count(), 1, "{}", told.stdout);
    project.configure("[actions.a]\nplugim = \"scripted\"\n");
    let told = project.ask("run --json").ended(2);
    let error: serde_json::Value =
        serde_json::from_str(told.stdout.lines().next().unwrap_or_default()).expect("JSON");
    assert_eq!(
        (&error["event"], &error["kind"]),
        (&"error".into(), &"config".into())
    );
    assert_eq!(
        (&error["file"], &error["line"]),
        (&"cofferdam.toml".into(), &3.into())
    );
}

#[test]
fn the_last_run_can_be_asked_about() {
    let project = copying();
    project.ask("run").ended(0);
    project.ask("show site").ended(0).says("docs/b/c");
    let outputs = project.ask("show site --outputs").ended(0);
    assert_eq!(outputs.stdout.lines().count(), 2, "{}", outputs.stdout);
    project.ask("show other").ended(2);
    project.ask("explain site").ended(0);
    project.write("docs/a", "other");
    project.ask("explain site").ended(0).says("docs/a");
    project.ask("graph").ended(0).says("site");
    project.ask("graph --dot").ended(0).says("digraph");
    project.ask("graph --svg").ended(0).says("<svg");
    project.ask("schema").ended(0).says("\"$schema\"");
    project.ask("completions bash").ended(0).says("cofferdam");
    project
        .ask("cache path")
        .ended(0)
        .says(&project.cache().display().to_string());
    project.ask("cache stats").ended(0).says("results    1");
    project.ask("cache verify").ended(0).says("Verified");
    project.ask("cache gc --max-size 1GiB").ended(0);
    project.ask("clean").ended(0);
    assert!(!project.exists("out/a"));
    project.write("docs/a", "A");
    let told = project.ask("run").ended(0);
    assert!(!told.stderr.contains("Executed"), "{}", told.stderr);
    assert_eq!(project.read("out/a"), "A");
}

#[test]
fn plugins_are_added_listed_and_inspected() {
    let project = copying();
    std::fs::copy(
        Path::new(env!("GUESTS")).join("probe_suite.wasm"),
        project.path("suite.wasm"),
    )
    .expect("a guest");
    project
        .ask("plugin add suite path:suite.wasm")
        .ended(0)
        .says("it asks for `http` to `https://example.org`");
    let toml = project.read("cofferdam.toml");
    assert!(toml.contains("suite = \"path:suite.wasm\""), "{toml}");
    assert!(project.read("cofferdam.lock").contains("suite"));
    let listed = project.ask("plugin list").ended(0).stdout;
    for name in ["archive ", "markdown ", "scripted ", "suite "] {
        assert!(listed.contains(name), "no `{name}` in:\n{listed}");
    }
    let told = project
        .ask("plugin inspect suite")
        .ended(0)
        .says("is a      suite");
    told.says("asks for  `http` to `https://example.org`");
    project
        .ask("plugin inspect archive")
        .ended(0)
        .says("\"properties\"");
    project.ask("plugin inspect sweet").ended(2).says("suite");

    // What cannot be used is not entered.
    for wrong in ["path:none.wasm", "path:docs/a", "nowhere:x"] {
        let told = project.ask(&format!("plugin add other {wrong}"));
        assert!(matches!(told.code, Some(1 | 2)), "{wrong}: {}", told.stderr);
        assert_eq!(project.read("cofferdam.toml"), toml, "{wrong}");
    }
}

#[test]
fn more_than_was_agreed_to_needs_consent() {
    let project = Project::new(
        "[plugins]\np = \"path:p.wasm\"\n[actions.a]\nplugin = \"p\"\nconfig = { steps = [] }\n",
    );
    let put = |guest: &str| {
        let from = Path::new(env!("GUESTS")).join(format!("{guest}.wasm"));
        std::fs::copy(from, project.path("p.wasm")).expect("a guest");
    };
    put("scripted");
    project.ask("run --locked").ended(2).says("out of date");
    project.ask("run").ended(0);
    project.ask("run --locked").ended(0);
    let agreed = project.read("cofferdam.lock");

    put("probe_suite");
    project.configure(
        "[plugins]\np = \"path:p.wasm\"\n[actions.a]\nplugin = \"p\"\nconfig = { act = \"write\" }\ngrants = { http = [\"https://example.org\"] }\n",
    );
    let told = project.ask("run").ended(3);
    let told = told.says("plugin `p` asks for more than was agreed to");
    told.says("cofferdam.lock:")
        .says("agree to it with `--accept p`");
    // There is no terminal to ask at.
    project
        .ask("update")
        .ended(2)
        .says("cofferdam update --accept p");
    assert_eq!(project.read("cofferdam.lock"), agreed);
    project
        .ask("update --accept q")
        .ended(2)
        .says("`--accept q` names no plugin");
    project
        .ask("update --accept p")
        .ended(0)
        .says("Wrote cofferdam.lock");
    // It runs; that it cannot plan is another matter.
    project
        .ask("run --locked")
        .ended(1)
        .says("the plan of `a` is wrong");
    project.ask("update").ended(0).says("up to date");
}

/// Copies `docs` to `public`; a release without an `a` that says `A` is not healthy.
const DEPLOYED: &str = r#"
[actions.site]
plugin = "scripted"
reads = ["docs/**"]
config = { silent = true, steps = ["copy-tree /src/docs /out"] }
[deploy.local]
plugin = "directory"
from = "site"
config = { path = "public", health = [{ file = "a", contains = "A" }] }
grants = { write = ["public"] }
"#;

fn deployable() -> Project {
    Project::with(
        &with_scripted(DEPLOYED),
        &[("docs/a", "A1"), ("docs/b", "B")],
    )
}

/// The first digits of the revisions that `deployments` lists, the newest first.
fn revisions(project: &Project) -> Vec<String> {
    let listed = project.ask("deployments local").ended(0).stdout;
    let revision = |line: &str| line.split_whitespace().nth(3).map(str::to_owned);
    listed.lines().filter_map(revision).collect()
}

#[test]
fn what_is_deployed_can_be_taken_back() {
    let project = deployable();
    project
        .ask("deployments local")
        .ended(0)
        .says("was not deployed yet");
    let tried = project.ask("deploy local --dry-run").ended(0);
    tried.says("Would do local");
    assert!(tree(&project.path("public")).is_empty());
    project.ask("rollback local").ended(1);

    project.ask("deploy local").ended(0).says("Deployed local");
    assert_eq!(project.read("public/current/a"), "A1");
    project
        .ask("deploy local")
        .ended(0)
        .says("nothing to change");
    project.write("docs/a", "A2");
    project
        .ask("deploy local")
        .ended(0)
        .says("1 created, 1 activated");
    assert_eq!(project.read("public/current/a"), "A2");
    let [second, again, first] = &revisions(&project)[..] else {
        panic!("three deployments");
    };
    assert!(second != first && again == first);

    project.ask("rollback local --dry-run").ended(0);
    assert_eq!(project.read("public/current/a"), "A2");
    project.ask("rollback local").ended(0).says("Rolled back");
    assert_eq!(project.read("public/current/a"), "A1");
    project
        .ask(&format!("rollback local --to {second}"))
        .ended(0);
    assert_eq!(project.read("public/current/a"), "A2");
    project
        .ask("rollback local --to 00000000")
        .ended(2)
        .says("was never deployed");
    project.ask("deploy other").ended(2);
    assert_eq!(revisions(&project).len(), 5);
}

#[test]
fn an_unhealthy_release_leaves_the_old_one() {
    let project = deployable();
    project.ask("deploy local").ended(0);
    let before = tree(&project.path("public"));
    project.write("docs/a", "nothing of it");
    let told = project.ask("deploy local").ended(1);
    told.says("the health check of `a` failed: it does not contain `A`");
    assert_eq!(tree(&project.path("public")), before);
    assert_eq!(revisions(&project).len(), 1);
    // What does not even build is not deployed.
    project.configure(&with_scripted(
        &DEPLOYED.replace("\"copy-tree", "\"fail broken\", \"copy-tree"),
    ));
    project.ask("deploy local").ended(1).says("broken");
    assert_eq!(tree(&project.path("public")), before);
}

#[test]
fn a_deployer_without_its_grant_does_not_start() {
    let project = deployable();
    project.configure(&with_scripted(
        &DEPLOYED.replace("grants = { write = [\"public\"] }", ""),
    ));
    project.ask("deploy local").ended(3).says("write = [\"");
    assert!(!project.exists("public"));
}
