use std::fs;

use cofferdam_plugin::{Change, FailureKind, Harness, Result, files};

use super::deploy::deploy;
use super::rollback::rollback;

/// A harness with one instance, `local`.
struct Target(Harness);

impl Target {
    fn new() -> Target {
        Target(Harness::new())
    }

    /// Puts a revision of one page where the host mounts it.
    fn revision(&self, text: &str) -> &Target {
        let folder = self.0.path("/in/revision");
        if folder.exists() {
            fs::remove_dir_all(&folder).unwrap();
        }
        self.0
            .file("/in/revision/index.html", text)
            .file("/in/revision/css/a.css", "a{}");
        self
    }

    fn deploy(&self, revision: &str, config: &str, dry_run: bool) -> Result<Vec<String>> {
        let changes = self
            .0
            .deploy_to(deploy, config, revision, &["local"], dry_run)?;
        Ok(lines(changes))
    }

    fn rollback(&self, to: Option<&str>, dry_run: bool) -> Result<Vec<String>> {
        let changes = self.0.roll_back(rollback, "{}", to, &["local"], dry_run)?;
        Ok(lines(changes))
    }

    fn page(&self) -> String {
        self.0.text("/target/local/current/index.html")
    }

    fn releases(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.0.path("/target/local/releases"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

fn lines(changes: Vec<Change>) -> Vec<String> {
    let line = |change: Change| {
        assert_eq!(change.instance, "local");
        format!("{:?} {}: {}", change.operation, change.path, change.detail)
    };
    changes.into_iter().map(line).collect()
}

#[test]
fn the_first_deployment_and_the_next() {
    let target = Target::new();
    let changes = target.revision("one").deploy("aaa", "{}", false).unwrap();
    assert_eq!(
        changes,
        [
            "Operation::Create releases/aaa: 2 files",
            "Operation::Activate current: `aaa`, the first"
        ]
    );
    let changes = target.revision("two").deploy("bbb", "{}", false).unwrap();
    assert_eq!(
        changes,
        [
            "Operation::Create releases/bbb: 2 files: 0 new, 1 changed, 0 gone",
            "Operation::Activate current: from `aaa` to `bbb`"
        ]
    );
    assert_eq!(target.page(), "two");
    let link = fs::read_link(target.0.path("/target/local/current")).unwrap();
    assert_eq!(link.to_str(), Some("releases/bbb"));
    assert_eq!(
        target.deploy("bbb", "{}", false).unwrap(),
        ["Operation::Keep releases/bbb: is there already"]
    );
}

#[test]
fn a_dry_run_says_the_same_and_writes_nothing() {
    let target = Target::new();
    for (revision, text) in [("a", "1"), ("b", "2"), ("c", "3"), ("d", "4")] {
        target.revision(text);
        let before = target.0.tree("/target");
        let said = target.deploy(revision, r#"{"keep": 2}"#, true).unwrap();
        assert!(target.0.tree("/target") == before);
        assert_eq!(
            target.deploy(revision, r#"{"keep": 2}"#, false).unwrap(),
            said
        );
    }
    let before = target.0.tree("/target");
    let said = target.rollback(None, true).unwrap();
    assert!(target.0.tree("/target") == before);
    assert_eq!(target.rollback(None, false).unwrap(), said);
    assert_eq!(target.page(), "3");
}

#[test]
fn old_releases_go_the_current_one_never() {
    let target = Target::new();
    for (revision, text) in [("a", "1"), ("b", "2"), ("c", "3"), ("d", "4")] {
        target
            .revision(text)
            .deploy(revision, r#"{"keep": 2}"#, false)
            .unwrap();
    }
    assert_eq!(target.releases(), ["c", "d"]);
    let changes = target
        .revision("5")
        .deploy("e", r#"{"keep": 1}"#, false)
        .unwrap();
    assert_eq!(
        changes[2..],
        [
            "Operation::Delete releases/c: beyond the 1 that are kept",
            "Operation::Delete releases/d: beyond the 1 that are kept"
        ]
    );
    assert_eq!(
        (target.releases(), target.page()),
        (vec!["e".to_owned()], "5".to_owned())
    );
    let failures = target.deploy("f", r#"{"keep": 0}"#, false).unwrap_err();
    assert_eq!(failures.0[0].kind, FailureKind::Config);
}

#[test]
fn the_way_back_leads_further_each_time() {
    let target = Target::new();
    for (revision, text) in [("aa1", "1"), ("aa2", "2"), ("bb3", "3")] {
        target.revision(text).deploy(revision, "{}", false).unwrap();
    }
    assert_eq!(
        target.rollback(None, false).unwrap(),
        ["Operation::Activate current: from `bb3` to `aa2`"]
    );
    target.rollback(None, false).unwrap();
    assert_eq!(target.page(), "1");
    let failures = target.rollback(None, false).unwrap_err();
    assert!(
        failures.to_string().contains("no release before"),
        "{failures}"
    );
    target.rollback(Some("bb"), false).unwrap();
    assert_eq!(target.page(), "3");
    assert_eq!(
        target.rollback(Some("bb3"), false).unwrap(),
        ["Operation::Keep current: is at `bb3` already"]
    );
    let failures = target.rollback(Some("aa"), false).unwrap_err();
    assert!(
        failures.to_string().contains("several releases"),
        "{failures}"
    );
    let failures = target.rollback(Some("x"), false).unwrap_err();
    assert!(
        failures
            .to_string()
            .contains("there are `aa1`, `aa2`, `bb3`"),
        "{failures}"
    );
}

#[test]
fn an_unhealthy_release_is_never_current() {
    let target = Target::new();
    let config = r#"{"health": [
        {"file": "index.html", "contains": "ok", "min_size": 4},
        {"file": "css/a.css"}
    ]}"#;
    target
        .revision("all ok")
        .deploy("a", config, false)
        .unwrap();
    for dry_run in [true, false] {
        let failures = target
            .revision("wrong")
            .deploy("b", config, dry_run)
            .unwrap_err();
        assert_eq!(
            failures.0[0].message,
            "the health check of `index.html` failed: it does not contain `ok`"
        );
        assert_eq!(
            (target.page(), target.releases()),
            ("all ok".to_owned(), vec!["a".to_owned()])
        );
    }
    let failures = target
        .revision("ok")
        .deploy("c", config, false)
        .unwrap_err();
    assert!(
        failures
            .to_string()
            .contains("it has 2 bytes, not 4 or more"),
        "{failures}"
    );
    target.revision("no css ok");
    fs::remove_dir_all(target.0.path("/in/revision/css")).unwrap();
    let failures = target.deploy("d", config, false).unwrap_err();
    assert!(
        failures.to_string().contains("there is no such file"),
        "{failures}"
    );
}

#[test]
fn one_unhealthy_instance_stops_all() {
    let harness = Harness::new();
    harness.file("/in/revision/a", "a");
    // What is in the way of the second.
    harness.folder("/target/two/current");
    let failures = harness
        .deploy_to(deploy, "{}", "r", &["one", "two"], false)
        .unwrap_err();
    assert!(
        failures
            .to_string()
            .contains("/target/two/current: is not a link"),
        "{failures}"
    );
    assert!(harness.tree("/target").is_empty());

    harness.file("/in/revision/page", "fine");
    let config = r#"{"health": [{"file": "page"}]}"#;
    harness
        .deploy_to(deploy, config, "r", &["one"], false)
        .unwrap();
    fs::remove_file(harness.path("/in/revision/page")).unwrap();
    let before = harness.tree("/target");
    harness
        .deploy_to(deploy, config, "s", &["three", "one"], false)
        .unwrap_err();
    assert!(harness.tree("/target") == before);
}

#[test]
fn what_an_interrupted_deployment_left_is_removed() {
    let target = Target::new();
    target.revision("1").deploy("a", "{}", false).unwrap();
    target
        .0
        .file("/target/local/releases/b.unfinished/index.html", "half")
        .file("/target/local/history.unfinished", "{");
    files::symlink(
        "releases/b",
        target.0.path("/target/local/current.unfinished"),
    )
    .unwrap();
    let changes = target.revision("2").deploy("b", "{}", false).unwrap();
    assert_eq!(
        changes[..3],
        [
            "Operation::Delete current.unfinished: left by an interrupted deployment",
            "Operation::Delete history.unfinished: left by an interrupted deployment",
            "Operation::Delete releases/b.unfinished: left by an interrupted deployment",
        ]
    );
    assert_eq!(target.page(), "2");
    assert_eq!(target.releases(), ["a", "b"]);
}

#[test]
fn a_switch_without_a_record_is_not_forgotten() {
    let target = Target::new();
    target.revision("1").deploy("a", "{}", false).unwrap();
    let history = target.0.read("/target/local/history.json");
    target.revision("2").deploy("b", "{}", false).unwrap();
    target.0.file("/target/local/history.json", history);
    target.revision("3").deploy("c", "{}", false).unwrap();
    target.rollback(None, false).unwrap();
    assert_eq!(target.page(), "2");
}

#[test]
fn programs_stay_programs() {
    let target = Target::new();
    target.revision("1");
    files::set_executable(target.0.path("/in/revision/index.html"), true).unwrap();
    target.deploy("a", "{}", false).unwrap();
    assert!(files::is_executable(target.0.path("/target/local/current/index.html")).unwrap());
    assert!(!files::is_executable(target.0.path("/target/local/current/css/a.css")).unwrap());
}
