//! Which crate may build on which.

use super::manifest::Manifest;
use super::{Finding, Sources};

/// A row of the table in ARCHITECTURE.md.
struct Layer {
    /// Crates whose folder is this one or lies below it.
    folder: &'static str,
    /// Packages of ours it may depend on.
    may: Option<&'static [&'static str]>,
    /// Crates of others it must not know, with the reason.
    never: &'static [(&'static str, &'static str)],
}

const LAYERS: &[Layer] = &[
    Layer {
        folder: "cache",
        may: Some(&[]),
        never: &[
            ("wasmtime", "the cache stores bytes, whatever made them"),
            ("wasmparser", "the cache stores bytes, whatever made them"),
            ("toml", "the cache knows no project"),
            ("clap", "only cli talks to people"),
        ],
    },
    Layer {
        folder: "runtime",
        may: Some(&["cofferdam-cache"]),
        never: &[
            ("clap", "only cli talks to people"),
            ("indicatif", "only cli talks to people"),
            (
                "wit-bindgen",
                "the runtime is the host's side of the contract",
            ),
        ],
    },
    Layer {
        folder: "cli",
        may: Some(&["cofferdam-cache", "cofferdam-runtime"]),
        never: &[],
    },
    Layer {
        folder: "plugin-sdk",
        may: Some(&["cofferdam-plugin", "cofferdam-plugin-derive"]),
        never: &[("wasmtime", "the SDK is the guest's side of the contract")],
    },
    Layer {
        folder: "plugins",
        may: Some(&["cofferdam-plugin"]),
        never: &[],
    },
    Layer {
        folder: "tests",
        may: None,
        never: &[],
    },
    Layer {
        folder: "bench",
        may: None,
        never: &[],
    },
    Layer {
        folder: "xtask",
        may: Some(&[]),
        never: &[],
    },
];

/// What stands outside and is built on by none.
const OUTSIDE: [&str; 3] = ["tests", "bench", "xtask"];

pub fn check(sources: &Sources) -> Vec<Finding> {
    let crates: Vec<(&str, Manifest)> = sources
        .0
        .iter()
        .filter_map(|source| Some((source, source.path.strip_suffix("/Cargo.toml")?)))
        .filter_map(|(source, folder)| Some((folder, Manifest::parse(&source.text)?)))
        .collect();
    let mut findings = Vec::new();
    for (folder, manifest) in &crates {
        let path = format!("{folder}/Cargo.toml");
        let Some(layer) = LAYERS.iter().find(|layer| within(folder, layer.folder)) else {
            findings.push(Finding::new(
                &path,
                0,
                "the crate belongs to no layer: add it to `xtask/src/tidy/layers.rs`",
            ));
            continue;
        };
        for (name, line) in &manifest.dependencies {
            let mut report = |message: String| findings.push(Finding::new(&path, *line, message));
            let ours = crates.iter().find(|(_, other)| other.package == *name);
            if ours.is_some_and(|(other, _)| OUTSIDE.iter().any(|outside| within(other, outside))) {
                report(format!("nothing may depend on `{name}`"));
            } else if ours.is_some() && layer.may.is_some_and(|may| !may.contains(&name.as_str())) {
                report(format!("`{}` must not depend on `{name}`", layer.folder));
            }
            for (_, reason) in layer
                .never
                .iter()
                .filter(|(never, _)| name.starts_with(never))
            {
                report(format!(
                    "`{}` must not depend on `{name}`: {reason}",
                    layer.folder
                ));
            }
        }
    }
    findings
}

fn within(folder: &str, layer: &str) -> bool {
    folder
        .strip_prefix(layer)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(package: &str, dependencies: &str) -> String {
        format!("[package]\nname = \"{package}\"\n[dependencies]\n{dependencies}\n")
    }

    fn messages(crates: &[(&str, String)]) -> Vec<String> {
        let files: Vec<_> = crates
            .iter()
            .map(|(path, text)| (*path, text.as_str()))
            .collect();
        check(&Sources::of(&files))
            .iter()
            .map(Finding::to_string)
            .collect()
    }

    #[test]
    fn dependencies_point_down() {
        let below = (
            "cache/Cargo.toml",
            manifest("cofferdam-cache", "blake3 = \"1\""),
        );
        let above = |dependency| {
            (
                "runtime/Cargo.toml",
                manifest("cofferdam-runtime", dependency),
            )
        };
        assert!(messages(&[below.clone(), above("cofferdam-cache.workspace = true")]).is_empty());
        let upward = (
            "cache/Cargo.toml",
            manifest("cofferdam-cache", "cofferdam-runtime.workspace = true"),
        );
        let found = messages(&[upward, above("")]);
        assert_eq!(
            found,
            ["cache/Cargo.toml:4: `cache` must not depend on `cofferdam-runtime`"]
        );
    }

    #[test]
    fn plugins_know_only_the_sdk() {
        let crates = [
            (
                "plugins/a/Cargo.toml",
                manifest("a", "b = { path = \"../b\" }"),
            ),
            (
                "plugins/b/Cargo.toml",
                manifest("b", "cofferdam-plugin.workspace = true"),
            ),
            (
                "plugin-sdk/rust/Cargo.toml",
                manifest("cofferdam-plugin", "serde = \"1\""),
            ),
        ];
        assert_eq!(
            messages(&crates),
            ["plugins/a/Cargo.toml:4: `plugins` must not depend on `b`"]
        );
    }

    #[test]
    fn nothing_builds_on_tools() {
        let crates = [
            ("xtask/Cargo.toml", manifest("xtask", "")),
            (
                "tests/Cargo.toml",
                manifest("cofferdam-tests", "xtask = { path = \"../xtask\" }"),
            ),
        ];
        assert_eq!(
            messages(&crates),
            ["tests/Cargo.toml:4: nothing may depend on `xtask`"]
        );
    }

    #[test]
    fn the_cache_knows_no_engine() {
        let found = messages(&[(
            "cache/Cargo.toml",
            manifest("cofferdam-cache", "wasmtime-wasi = \"48\""),
        )]);
        assert_eq!(found.len(), 1);
        assert!(found[0].contains("whatever made them"), "{found:?}");
    }

    #[test]
    fn a_new_crate_needs_a_layer() {
        assert_eq!(
            messages(&[("thing/Cargo.toml", manifest("thing", ""))]).len(),
            1
        );
    }
}
