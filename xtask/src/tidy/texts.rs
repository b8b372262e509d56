//! Words that must not stand in the repository.

use super::{Finding, Source, Sources};

struct Ban {
    text: &'static str,
    /// Only in files with this ending; empty means in all.
    ending: &'static str,
    reason: &'static str,
}

const BANS: &[Ban] = &[
    Ban {
        text: "#[ignore",
        ending: ".rs",
        reason: "a test that does not run tests nothing",
    },
    Ban {
        text: "#[should_panic",
        ending: ".rs",
        reason: "check the error that is returned",
    },
    Ban {
        text: "TODO",
        ending: "",
        reason: "do it or write an issue",
    },
    Ban {
        text: "FIXME",
        ending: "",
        reason: "do it or write an issue",
    },
    Ban {
        text: "/root/.",
        ending: "",
        reason: "a path of one machine",
    },
    Ban {
        text: "/Users/",
        ending: "",
        reason: "a path of one machine",
    },
    Ban {
        text: "crates.io",
        ending: "",
        reason: "a registry's host: mirrors have others",
    },
    Ban {
        text: "npmjs.org",
        ending: "",
        reason: "a registry's host: mirrors have others",
    },
    Ban {
        text: "pypi.org",
        ending: "",
        reason: "a registry's host: mirrors have others",
    },
    Ban {
        text: "proxy.golang.org",
        ending: "",
        reason: "a registry's host: mirrors have others",
    },
    Ban {
        text: "ghcr.io",
        ending: "",
        reason: "a registry's host: mirrors have others",
    },
    Ban {
        text: "docker.io",
        ending: "",
        reason: "a registry's host: mirrors have others",
    },
];

/// Only in tests, wherever they stand.
const IN_TESTS: &[Ban] = &[Ban {
    text: "thread::sleep",
    ending: ".rs",
    reason: "a test that waits is slow, or fails on a slow machine",
}];

/// Only in plugins, which are linted and tested as the host runs them.
const IN_PLUGINS: &[Ban] = &[Ban {
    text: "target_family",
    ending: ".rs",
    reason: "a plugin does the same in the sandbox and in its tests: the SDK has what differs",
}];

/// Files that name what is banned, and why.
const EXEMPT: &[(&str, &str)] = &[
    ("Cargo.lock", "cargo writes the registry's name"),
    ("xtask/src/tidy/", "the rules themselves"),
    (
        "plugins/sbom/src/",
        "tells the registry that everyone takes for granted from others",
    ),
];

pub fn check(sources: &Sources) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in sources
        .0
        .iter()
        .filter(|source| !EXEMPT.iter().any(|(path, _)| source.path.starts_with(path)))
    {
        let first_test_line = source.code().count() + 1;
        for (line, text) in source.lines() {
            let tested = source.is_test() || line >= first_test_line;
            let in_plugin = source.path.starts_with("plugins/");
            let bans = BANS
                .iter()
                .chain(IN_TESTS.iter().filter(|_| tested))
                .chain(IN_PLUGINS.iter().filter(|_| in_plugin));
            for ban in
                bans.filter(|ban| text.contains(ban.text) && source.path.ends_with(ban.ending))
            {
                findings.push(Finding::new(
                    &source.path,
                    line,
                    format!("`{}`: {}", ban.text, ban.reason),
                ));
            }
        }
        findings.extend(conflict(source));
    }
    findings
}

/// What a merge left behind.
fn conflict(source: &Source) -> Option<Finding> {
    let (line, _) = source
        .lines()
        .find(|(_, text)| text.starts_with("<<<<<<< ") || text.starts_with(">>>>>>> "))?;
    Some(Finding::new(
        &source.path,
        line,
        "a conflict that was not resolved",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(path: &str, text: &str) -> Vec<usize> {
        check(&Sources::of(&[(path, text)]))
            .iter()
            .map(|finding| finding.line)
            .collect()
    }

    #[test]
    fn banned_words_are_found_where_they_count() {
        assert_eq!(lines("a.rs", "fn f() {}\n#[ignore]\n// TODO\n"), [2, 3]);
        assert_eq!(lines("a.md", "say #[ignore] freely\nfrom /root/.x\n"), [2]);
        assert_eq!(
            lines(
                "a.rs",
                "std::thread::sleep(d);\n#[cfg(test)]\nmod tests {\n    thread::sleep(d);\n}\n"
            ),
            [4]
        );
        assert_eq!(lines("tests/it/main.rs", "thread::sleep(d);\n"), [1]);
        assert_eq!(
            lines("plugins/a/src/lib.rs", "#[cfg(target_family = \"wasm\")]\n"),
            [1]
        );
        assert_eq!(
            lines("plugin-sdk/a.rs", "#[cfg(target_family = \"wasm\")]\n"),
            []
        );
        assert_eq!(lines("Cargo.lock", "crates.io\n"), []);
    }

    #[test]
    fn conflicts_are_found() {
        assert_eq!(lines("a.rs", "<<<<<<< ours\n=======\n"), [1]);
        assert_eq!(lines("a.md", "Title\n=======\n"), []);
    }
}
