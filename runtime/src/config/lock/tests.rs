//! Locks as they are written, read, and compared.

use std::path::Path;

use cofferdam_cache::Digest;
use proptest::prelude::*;

use super::*;
use crate::error::ErrorKind;

fn requested(list: &[(&str, &[&str])]) -> Requested {
    let entries = list.iter().map(|(name, scopes)| {
        let scopes = scopes.iter().map(ToString::to_string);
        (name.to_string(), scopes.collect())
    });
    entries.collect()
}

fn found(source: &str, bytes: &[u8], capabilities: &[(&str, &[&str])]) -> Found {
    Found {
        group: Group::Plugin,
        name: "lint".into(),
        source: components::source(source).unwrap(),
        digest: Digest::of(bytes),
        capabilities: requested(capabilities),
    }
}

/// What is found, written and read again.
fn locked(found: &Found) -> Lock {
    let text = compare(None, std::slice::from_ref(found)).lock.to_string();
    Lock::parse(Path::new("cofferdam.lock"), text.as_bytes()).unwrap()
}

fn told(comparison: &Comparison, locked: bool) -> String {
    let errors = comparison.errors(locked);
    let told = errors.iter().map(|error| {
        let at = error
            .at
            .as_ref()
            .map(|at| format!("{at} "))
            .unwrap_or_default();
        format!("{at}{error}\n    {}\n", error.hints.join("\n    "))
    });
    told.collect()
}

#[test]
fn the_lock_is_written_for_people() {
    let found = [
        found(
            "builtin:lint",
            b"one",
            &[("http", &["https://a:443"]), ("write", &[])],
        ),
        Found {
            group: Group::Tool,
            name: "es.build".into(),
            ..found("path:tools/es \"x\".wasm", b"two", &[])
        },
    ];
    assert_eq!(
        compare(None, &found).lock.to_string(),
        r#"# What each plugin and tool is, and what it asked for when that was agreed to.
# Written by `cofferdam`; keep it under version control.
version = 1

[plugins.lint]
source = "builtin:lint"
blake3 = "baf9d97c1f2f4143e21e7d5f6ee0f6ac23d53ad5da0ed12f1a2d27764c5e18a5-3"
capabilities = { http = ["https://a:443"], write = [] }

[tools."es.build"]
source = "path:tools/es \"x\".wasm"
"#
        .replace(
            "baf9d97c1f2f4143e21e7d5f6ee0f6ac23d53ad5da0ed12f1a2d27764c5e18a5",
            &Digest::of(b"one").hex()
        )
    );
}

#[test]
fn a_lock_that_holds_has_no_changes() {
    let found = found("builtin:lint", b"one", &[("env", &["CI"])]);
    let comparison = compare(Some(&locked(&found)), std::slice::from_ref(&found));
    assert_eq!(comparison.changes, []);
    assert_eq!(comparison.errors(true), []);
}

#[test]
fn bad_input_another_digest_needs_consent() {
    let old = found("builtin:lint", b"one", &[]);
    let new = found("builtin:lint", b"two", &[]);
    let comparison = compare(Some(&locked(&old)), &[new]);
    assert!(comparison.changes[0].needs_consent());
    assert_eq!(
        told(&comparison, false),
        format!(
            "cofferdam.lock:5:10 plugin `lint` is not the component that was locked: \
             locked blake3 `{}`: found blake3 `{}`\n    \
             run `cofferdam update` to see it, and agree to it with `--accept lint`\n",
            Digest::of(b"one"),
            Digest::of(b"two")
        )
    );
    let old = found("path:lint.wasm", b"one", &[]);
    let new = found("path:lint.wasm", b"two", &[]);
    assert_eq!(compare(Some(&locked(&old)), &[new]).changes, []);
}

#[test]
fn bad_input_asking_for_more_needs_consent() {
    let old = found(
        "path:l",
        b"",
        &[("http", &["https://a:443"]), ("env", &["CI"])],
    );
    let new = found(
        "path:l",
        b"",
        &[
            ("http", &["https://a:443", "https://b:443"]),
            ("write", &[]),
        ],
    );
    let comparison = compare(Some(&locked(&old)), &[new]);
    assert_eq!(
        told(&comparison, false),
        "cofferdam.lock:5:10 plugin `lint` asks for more than was agreed to: \
         it now asks for `http` to `https://b:443`: it now asks for `write`\n    \
         run `cofferdam update` to see it, and agree to it with `--accept lint`\n"
    );
    assert_eq!(comparison.errors(false)[0].kind, ErrorKind::Denied);
    assert_eq!(
        comparison.notices()[1],
        "plugin `lint` asks no more for `env` of `CI`"
    );
    // No scope means all that is granted: more than any scope, and a scope less than none.
    let any = found("path:l", b"", &[("http", &[])]);
    let one = found("path:l", b"", &[("http", &["https://a:443"])]);
    let differences = |from: &Found, to: &Found| {
        let changes = compare(Some(&locked(from)), std::slice::from_ref(to)).changes;
        changes
            .iter()
            .map(Change::needs_consent)
            .collect::<Vec<_>>()
    };
    assert_eq!(differences(&one, &any), [true]);
    assert_eq!(differences(&any, &one), [false]);
}

/// A source that was edited cannot bring more capabilities with it.
#[test]
fn bad_input_another_source_is_compared_too() {
    let old = found("path:a", b"", &[]);
    let new = found("builtin:lint", b"", &[("entropy", &[])]);
    let comparison = compare(Some(&locked(&old)), &[new]);
    assert_eq!(
        comparison.notices(),
        [
            "plugin `lint` came from `path:a`",
            "plugin `lint` asks for `entropy`"
        ]
    );
    assert_eq!(comparison.errors(false).len(), 1);
}

#[test]
fn a_locked_run_changes_nothing() {
    let new = found("path:l", b"", &[]);
    assert_eq!(
        told(&compare(None, std::slice::from_ref(&new)), true),
        "`cofferdam.lock` is out of date: plugin `lint` is new\n    \
         run without `--locked` and commit the lock\n"
    );
    assert_eq!(told(&compare(None, std::slice::from_ref(&new)), false), "");
    assert_eq!(
        told(&compare(Some(&locked(&new)), &[]), true),
        "cofferdam.lock:5:10 `cofferdam.lock` is out of date: plugin `lint` is used no more\n    \
         run without `--locked` and commit the lock\n"
    );
}

#[test]
fn bad_input_wrong_locks_are_told() {
    let told = |text: &str| {
        let errors = Lock::parse(Path::new("cofferdam.lock"), text.as_bytes()).unwrap_err();
        let told = errors
            .iter()
            .map(|error| format!("{} {error}\n", error.at.as_ref().unwrap()));
        told.collect::<String>()
    };
    assert_eq!(
        told(""),
        "cofferdam.lock:1:1 `version` is missing in the lock\n"
    );
    assert_eq!(
        told("version = 2\nwhatever = 1\n[plugins.x]\n"),
        "cofferdam.lock:1:11 the lock has a version other than 1, the one that is read here\n"
    );
    assert_eq!(
        told(
            "version = 1\n[plugins.x]\nblake3 = 'x'\ncapabilities = { a = 1 }\nsource = 'npm:x'\nz = 1\n"
        ),
        "cofferdam.lock:3:10 `x` is not a digest (64 hexadecimal digits, `-`, a size)\n\
         cofferdam.lock:4:22 the scope of `a` is not a list of strings\n\
         cofferdam.lock:5:10 components from `npm:` are not supported yet\n\
         cofferdam.lock:6:1 unknown key `z` in `[plugins.x]`\n"
    );
    assert!(told("<<<<<<< HEAD\nversion = 1\n").starts_with("cofferdam.lock:1:1 "));
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        entries in prop::collection::btree_map(
            (prop::sample::select(vec![Group::Plugin, Group::Tool]), "\\PC{1,8}|[a-z\"\\\\\u{7f}\n]{1,4}"),
            ("\\PC{1,8}", any::<bool>(), prop::collection::btree_map("\\PC{0,5}", prop::collection::btree_set(any::<String>(), 0..3), 0..3)),
            0..5,
        ),
    ) {
        let found = entries.into_iter().map(|((group, name), (path, builtin, capabilities))| Found {
            group,
            digest: Digest::of(name.as_bytes()),
            name,
            source: match builtin {
                true => ComponentSource::Builtin(path),
                false => ComponentSource::Path(path),
            },
            capabilities,
        });
        let found: Vec<Found> = found.collect();
        let lock = compare(None, &found).lock;
        let read = Lock::parse(Path::new("l"), lock.to_string().as_bytes()).unwrap();
        prop_assert_eq!(&read.entries, &lock.entries);
        prop_assert_eq!(compare(Some(&read), &found).changes, []);
    }
}
