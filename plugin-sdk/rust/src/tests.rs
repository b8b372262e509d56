use std::collections::BTreeMap;
use std::fs;

use crate::files::{self, Kind};
use crate::{
    ActionSpec, At as _, Failure, FailureKind, Failures, Harness, NoConfig, Request, Result,
    escape, guest_path, out, src,
};

#[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    #[allow(dead_code, reason = "only its type matters")]
    pages: BTreeMap<String, Page>,
}

#[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
struct Page {
    #[allow(dead_code, reason = "only its type matters")]
    tags: Vec<String>,
}

fn configured(_: Request<Config>) -> Result {
    Ok(())
}

#[test]
fn a_wrong_config_says_where() {
    let harness = Harness::new();
    for (config, message) in [
        (
            r#"{"pages": {"a": {"tags": ["x", 1]}}}"#,
            "at `pages.a.tags[1]`: invalid type: integer `1`, expected a string",
        ),
        (r#"{}"#, "missing field `pages`"),
        (
            r#"{"pages": {}, "page": 1}"#,
            "at `page`: unknown field `page`, expected `pages`",
        ),
    ] {
        let failures = harness.run(configured, config).unwrap_err();
        assert_eq!(failures.0[0], Failure::config(message));
    }
    let schema = crate::export::describe(configured, "n", "1", &[]).config_schema;
    let schema: serde_json::Value = serde_json::from_str(&schema).unwrap();
    assert_eq!(schema["required"], serde_json::json!(["pages"]));
    assert_eq!(schema["additionalProperties"], false);
}

#[test]
fn failures_have_the_place_that_was_known_first() {
    let harness = Harness::new();
    harness.file("/src/a.txt", b"one\ntw\xffo");
    let missing = fs::read(src().join("none"))
        .at(src().join("none"))
        .unwrap_err();
    assert!(
        missing.to_string().starts_with("/src/none: No such file"),
        "{missing}"
    );
    let text = files::read_text(src().join("a.txt"))
        .at("/elsewhere")
        .unwrap_err();
    assert_eq!(text.to_string(), "/src/a.txt:2:1: is not UTF-8");
    assert_eq!(guest_path(harness.path("/out/x")), "/out/x");
    assert_eq!(guest_path("/other"), "/other");
}

#[test]
fn several_failures_in_one_run() {
    fn run(_: Request<NoConfig>) -> Result {
        let mut failures = Failures::default();
        failures.push("first");
        assert_eq!(failures.keep(Ok(1)), Some(1));
        failures.keep::<()>(Err(Failure::internal("second").retryable().into()));
        failures.check()?;
        unreachable!("there are failures");
    }
    let failures = Harness::new().run(run, "{}").unwrap_err();
    assert_eq!(failures.to_string(), "first\nsecond");
    assert_eq!(failures.0[1].kind, FailureKind::Internal);
    assert!(failures.0[1].retryable && !failures.0[0].retryable);
    assert!(Failures::default().check().is_ok());
}

#[test]
fn a_tree_is_copied_as_it_is() {
    let harness = Harness::new();
    harness
        .file("/src/b/tool", "x")
        .file("/src/b.txt", "y")
        .folder("/src/empty");
    files::set_executable(src().join("b/tool"), true).unwrap();
    files::symlink("b/tool", src().join("a")).unwrap();
    files::copy_tree(src(), out().join("deep/er")).unwrap();
    let entries = files::walk(out()).unwrap();
    let shown: Vec<(&str, Kind)> = entries
        .iter()
        .map(|entry| (entry.name.as_str(), entry.kind))
        .collect();
    assert_eq!(
        shown,
        [
            ("deep", Kind::Directory),
            ("deep/er", Kind::Directory),
            ("deep/er/a", Kind::Symlink),
            ("deep/er/b", Kind::Directory),
            ("deep/er/b/tool", Kind::File),
            ("deep/er/b.txt", Kind::File),
            ("deep/er/empty", Kind::Directory),
        ]
    );
    assert!(files::is_executable(out().join("deep/er/b/tool")).unwrap());
    assert_eq!(
        files::list(out()).unwrap(),
        ["deep/er/b/tool", "deep/er/b.txt"]
    );
    // What was there is replaced, not written through.
    files::copy(src().join("b.txt"), out().join("deep/er/b/tool")).unwrap();
    assert_eq!(harness.text("/out/deep/er/b/tool"), "y");
    assert_eq!(harness.text("/src/b/tool"), "x");
}

#[test]
fn a_name_is_not_a_pattern() {
    let action = ActionSpec::new("a")
        .reads_file("docs/[x]*{y}.md")
        .reads_file("!a!\\?.md")
        .reads(format!("{}/**", escape("b?")));
    assert_eq!(
        action.reads,
        [r"docs/\[x\]\*\{y\}.md", r"\!a!\\\?.md", r"b\?/**"]
    );
}

#[test]
fn a_harness_inside_another_gives_the_paths_back() {
    let outer = Harness::new();
    let inner = Harness::new();
    assert_eq!(src(), inner.path("/src"));
    drop(inner);
    assert_eq!(src(), outer.path("/src"));
}
