//! The union of its needs. No file is read: each is kept by reference.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use cofferdam_plugin::files::{self, Kind};
use cofferdam_plugin::{Failure, Failures, Request, Result, input, out};

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// The folder below which a need's files go, by the need's name; else the root.
    #[serde(default)]
    into: BTreeMap<String, String>,
}

cofferdam_plugin::action!(run);

fn run(request: Request<Config>) -> Result {
    let folders = folders(&request)?;
    let mut taken: BTreeMap<String, (Kind, &str)> = BTreeMap::new();
    let mut failures = Failures::default();
    for need in &request.needs {
        let folder = folders.get(need.as_str()).map_or("", String::as_str);
        if !folder.is_empty() {
            files::create_folder(out().join(folder))?;
        }
        for entry in files::walk(input(need))? {
            let name = format!("{folder}{}", entry.name);
            match taken.entry(name) {
                Entry::Vacant(vacant) => {
                    let to = out().join(vacant.key());
                    vacant.insert((entry.kind, need));
                    match entry.kind {
                        Kind::Directory => files::create_folder(to)?,
                        Kind::File | Kind::Symlink => files::copy(entry.path, to)?,
                    }
                }
                Entry::Occupied(first) => {
                    let (kind, other) = *first.get();
                    if kind == Kind::Directory && entry.kind == Kind::Directory {
                        continue;
                    }
                    let message = format!(
                        "`{}` comes from `{other}` and from `{need}`: rename one, or place one elsewhere with `into`",
                        first.key()
                    );
                    failures.push(Failure::user(message).at(entry.path));
                }
            }
        }
    }
    failures.check()
}

/// The folder of each need that has one, `a/b/`, checked.
fn folders(request: &Request<Config>) -> Result<BTreeMap<&str, String>> {
    let checked = request.config.into.iter().map(|(need, folder)| {
        if !request.needs.contains(need) {
            let message = format!("at `into`: `{need}` is not among the action's `needs`");
            return Err(Failure::config(message).into());
        }
        let parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
        if folder.starts_with('/') || parts.iter().any(|part| matches!(*part, "." | "..")) {
            let message = format!("at `into.{need}`: `{folder}` must be a folder below the output");
            return Err(Failure::config(message).into());
        }
        let folder = parts.iter().map(|part| format!("{part}/")).collect();
        Ok((need.as_str(), folder))
    });
    checked.collect()
}

#[cfg(test)]
mod tests {
    use cofferdam_plugin::{FailureKind, Harness};

    use super::run;

    #[test]
    fn the_union_of_two_trees() {
        let harness = Harness::new();
        harness
            .file("/in/app/js/app.js", "app")
            .file("/in/pages/index.html", "index")
            .file("/in/pages/js/page.js", "page")
            .folder("/in/pages/empty");
        harness.run(run, r#"{"into": {"app": "assets/"}}"#).unwrap();
        let names: Vec<String> = harness.tree("/out").into_keys().collect();
        assert_eq!(names, ["assets/js/app.js", "index.html", "js/page.js"]);
        assert!(harness.path("/out/empty").is_dir());
    }

    #[test]
    fn a_conflict_names_both() {
        let harness = Harness::new();
        harness
            .file("/in/a/x/y", "1")
            .file("/in/a/z", "1")
            .file("/in/b/x", "2")
            .file("/in/b/z", "1");
        let failures = harness.run(run, "{}").unwrap_err();
        let found: Vec<String> = failures.0.iter().map(ToString::to_string).collect();
        assert_eq!(
            found,
            [
                "/in/b/x: `x` comes from `a` and from `b`: rename one, or place one elsewhere with `into`",
                "/in/b/z: `z` comes from `a` and from `b`: rename one, or place one elsewhere with `into`",
            ]
        );
    }

    #[test]
    fn into_names_a_need_and_stays_below() {
        let harness = Harness::new();
        harness.file("/in/a/x", "1");
        for (config, message) in [
            (
                r#"{"into": {"b": "x"}}"#,
                "at `into`: `b` is not among the action's `needs`",
            ),
            (
                r#"{"into": {"a": "../x"}}"#,
                "at `into.a`: `../x` must be a folder below the output",
            ),
            (
                r#"{"into": {"a": 1}}"#,
                "at `into.a`: invalid type: integer `1`, expected a string",
            ),
            (r#"{"inot": {}}"#, "unknown field `inot`, expected `into`"),
        ] {
            let failures = harness.run(run, config).unwrap_err();
            assert_eq!(failures.0[0].kind, FailureKind::Config);
            assert!(failures.0[0].message.ends_with(message), "{failures}");
        }
    }
}
