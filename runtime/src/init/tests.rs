//! Proposals for folders as people have them.

use std::collections::BTreeMap;
use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::config::{Builtins, ProjectSpec, check, parse};

const BUILTINS: Builtins<'_> = Builtins {
    plugins: &[
        "archive",
        "directory",
        "link-check",
        "markdown",
        "merge",
        "oci-image",
        "sass",
        "sbom",
        "typescript",
    ],
    tools: &[],
};

fn proposal(files: &[(&str, &str)]) -> Proposal {
    let texts: BTreeMap<&str, &str> = files.iter().copied().collect();
    let files = texts.keys().map(ToString::to_string).collect();
    propose(&Listing {
        name: "My shop!",
        files: &files,
        read: &|path| texts.get(path).map(ToString::to_string),
    })
}

/// The proposed file, read as `run` reads it.
fn project(proposal: &Proposal) -> ProjectSpec {
    let project = parse(Path::new("cofferdam.toml"), proposal.text.as_bytes());
    let project = project.unwrap_or_else(|errors| panic!("{}\n{errors:#?}", proposal.text));
    check(&project, &BUILTINS).unwrap();
    project
}

fn actions(proposal: &Proposal) -> Vec<String> {
    let project = project(proposal);
    project
        .actions
        .iter()
        .map(|action| action.name.value.clone())
        .collect()
}

#[test]
fn a_folder_of_pages_is_a_site() {
    let proposal = proposal(&[
        ("docs/index.md", "[a](a.md#x) [b](https://b.example)"),
        ("docs/a.md", ""),
    ]);
    assert_eq!(actions(&proposal), ["site", "links", "archive", "image"]);
    assert_eq!(proposal.notes, [""; 0]);
    assert_eq!(
        proposal.text,
        r##"# What is to be done here. Every action runs in a sandbox, sees only what `reads` shows it,
# and runs again only when something it really looked at has changed.
#   cofferdam run        does everything; the second time, nothing
#   cofferdam explain    says why an action ran

[project]
name = "My-shop"

# Markdown to HTML, an action for each page.
[actions.site]
plugin = "markdown"
reads  = ["docs/**"]
config = { source = "docs" }
writes = "dist"   # without this line the result stays in the cache

# Fails where a link of the site leads nowhere, with file, line and column.
[actions.links]
plugin = "link-check"
needs  = ["site"]

# The site as one file: the same bytes on every machine.
[actions.archive]
plugin = "archive"
needs  = ["site"]
config = { name = "My-shop.tar.gz" }

# The site as an OCI image layout, for container tools.
[actions.image]
plugin = "oci-image"
needs  = ["site"]

# `cofferdam deploy local` places the site here, as a release that `cofferdam rollback local` takes back.
[deploy.local]
plugin = "directory"
from   = "site"
config = { path = "public" }
grants = { write = ["public"] }
"##
    );
}

#[test]
fn parts_are_merged() {
    let proposal = proposal(&[
        ("docs/index.md", ""),
        ("styles/main.scss", ""),
        ("styles/parts/_colors.scss", ""),
        ("src/main.ts", "import { x } from './x'"),
        ("src/lib/x.ts", ""),
        ("vite.config.ts", ""),
        ("test/types/x.ts", ""),
        ("dist/old.html", ""),
        ("public", ""),
    ]);
    assert_eq!(
        actions(&proposal),
        [
            "pages", "styles", "scripts", "site", "links", "archive", "image"
        ]
    );
    assert!(proposal.text.contains("writes = \"site\""));
    assert!(proposal.text.contains("path = \"www\""));
    assert!(
        proposal
            .text
            .contains("reads  = [\"src/**\"]\nconfig = { folder = \"src\" }")
    );
    assert_eq!(proposal.notes, [""; 0]);
}

#[test]
fn a_cargo_project_gets_what_the_sandbox_can_build() {
    let proposal = proposal(&[
        ("Cargo.toml", "[package]\nname = \"shop-server\"\n"),
        ("Cargo.lock", ""),
        ("fuzz/Cargo.lock", ""),
        ("README.md", ""),
        ("src/main.rs", ""),
    ]);
    assert_eq!(actions(&proposal), ["sbom", "source"]);
    assert!(proposal.text.contains("name = \"shop-server\""));
    assert!(
        proposal
            .text
            .contains("config = { locks = [\"Cargo.lock\", \"fuzz/Cargo.lock\"] }")
    );
    assert_eq!(
        proposal.notes,
        [
            "`Cargo.toml`: `cargo` and `rustc` are native programs, which actions cannot run yet; go on using them"
        ]
    );
}

#[test]
fn an_npm_project_is_told_what_is_missing() {
    let proposal = proposal(&[
        ("package.json", r#"{ "name": "@acme/shop" }"#),
        ("yarn.lock", ""),
        ("src/app.tsx", "import React from \"react\";"),
        ("src/app.test.tsx", ""),
    ]);
    assert_eq!(actions(&proposal), ["site", "archive", "image"]);
    assert!(proposal.text.contains("name = \"shop\""));
    assert_eq!(
        proposal.notes,
        [
            "`package.json`: Node.js and the scripts of `package.json` are native programs, which actions cannot run yet; go on using them",
            "`yarn.lock`: `sbom` reads `Cargo.lock` and `package-lock.json`, and no locks of Yarn yet",
            "the scripts in `src` import packages: `typescript` makes JavaScript of each module, and bundles nothing yet",
        ]
    );
}

/// The file works at once: a gate that would fail is written, but not yet closed.
#[test]
fn a_broken_link_is_named() {
    let proposal = proposal(&[
        (
            "docs/a.md",
            "```\n[x](nowhere)\n```\n[b](b/) [c](b/c.html) [mail](mailto:x)",
        ),
        ("docs/b/c.md", "[up](../a.md) [out](../../src/x.rs)"),
        ("src/x.rs", ""),
    ]);
    assert_eq!(actions(&proposal), ["site", "archive", "image"]);
    assert_eq!(
        proposal.notes,
        [
            "`docs/b/c.md` links to `../../src/x.rs`, which is not part of the site: mend it, then take the `#` from `[actions.links]`"
        ]
    );
    let mended = proposal
        .text
        .replace("# [actions.links]", "[actions.links]");
    let mended = mended
        .replace("# plugin", "plugin")
        .replace("# needs", "needs");
    assert!(mended.contains("\n[actions.links]\nplugin = \"link-check\"\nneeds  = [\"site\"]\n"));
}

#[test]
fn an_empty_folder_gets_a_file_too() {
    let proposal = proposal(&[]);
    assert_eq!(actions(&proposal), ["source"]);
}

#[test]
fn a_folder_that_others_made_is_left_alone() {
    assert!(is_left_alone("web/node_modules") && is_left_alone("target"));
    assert!(!is_left_alone("web") && !is_left_alone("targets"));
}

proptest! {
    /// Whatever is there: a valid file that hides none of it.
    #[test]
    fn proposals_are_valid(
        name in "\\PC{0,12}",
        paths in prop::collection::btree_set(
            prop::collection::vec(
                prop_oneof![
                    prop::sample::select(vec!["docs", "src", "dist", "public", "a.md", "b.scss", "c.ts", "Cargo.lock", "Cargo.toml", "package.json"]).prop_map(str::to_string),
                    "[a\\[{*!\"\\\\é '$]{1,3}(\\.md|\\.ts)?",
                ],
                1..4,
            ),
            0..12,
        ),
        text in "(\\[a\\]\\([a-z./#]{0,6}\\)|import x from \"y\"\n|\\PC{0,5})*",
    ) {
        let files: BTreeSet<String> = paths.iter().map(|names| names.join("/")).collect();
        let proposal = propose(&Listing {
            name: &name,
            files: &files,
            read: &|_| Some(text.clone()),
        });
        let hidden = project(&proposal).hidden();
        for file in &files {
            prop_assert!(!hidden.hides(file), "{}", file);
        }
    }
}
