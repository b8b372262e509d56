//! Names that say nothing.

use super::{Finding, Sources};

const EMPTY: [&str; 14] = [
    "util",
    "utils",
    "common",
    "core",
    "helper",
    "helpers",
    "manager",
    "handler",
    "processor",
    "service",
    "context",
    "data",
    "imp",
    "misc",
];

/// Files whose names others gave, and why.
const EXEMPT: &[(&str, &str)] = &[
    ("wit/deps/", "texts of WASI's own"),
    ("plugin-sdk/rust/src/bindings", "generated"),
    ("xtask/src/tidy/names.rs", "the rule itself"),
];

/// Words before which a name is chosen.
const KEYWORDS: [&str; 6] = ["mod ", "struct ", "enum ", "trait ", "type ", "union "];

pub fn check(sources: &Sources) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in sources
        .rust()
        .filter(|source| !EXEMPT.iter().any(|(path, _)| source.path.starts_with(path)))
    {
        for part in source
            .path
            .trim_end_matches(".rs")
            .split('/')
            .filter(|part| EMPTY.contains(part))
        {
            findings.push(Finding::new(
                &source.path,
                0,
                format!("`{part}` names nothing: say what it holds"),
            ));
        }
        for (line, text) in source.lines() {
            if let Some(name) = chosen(text).filter(|name| says_nothing(name)) {
                findings.push(Finding::new(
                    &source.path,
                    line,
                    format!("`{name}` names nothing: say what it is"),
                ));
            }
        }
    }
    findings
}

/// The name that a line of code gives to a module or type.
fn chosen(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let line = ["pub ", "pub(crate) ", "pub(super) "]
        .iter()
        .find_map(|prefix| line.strip_prefix(prefix))
        .unwrap_or(line);
    let name = KEYWORDS
        .iter()
        .find_map(|keyword| line.strip_prefix(keyword))?;
    let end = name
        .find(|sign: char| !sign.is_alphanumeric() && sign != '_')
        .unwrap_or(name.len());
    Some(&name[..end])
}

/// Whether the last word of a name is an empty one.
fn says_nothing(name: &str) -> bool {
    let start = name
        .rfind(|sign: char| sign.is_uppercase() || sign == '_')
        .unwrap_or(0);
    EMPTY.contains(
        &name[start..]
            .trim_start_matches('_')
            .to_lowercase()
            .as_str(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_names_are_found() {
        let sources = Sources::of(&[
            ("cache/src/util.rs", ""),
            (
                "cli/src/main.rs",
                "mod terminal;\npub struct CacheManager {\n",
            ),
            (
                "runtime/src/core/mod.rs",
                "struct Metadata;\nenum Kind {}\n",
            ),
        ]);
        let found: Vec<_> = check(&sources)
            .into_iter()
            .map(|finding| (finding.path, finding.line))
            .collect();
        let expected = [
            ("cache/src/util.rs", 0),
            ("cli/src/main.rs", 2),
            ("runtime/src/core/mod.rs", 0),
        ];
        assert_eq!(found, expected.map(|(path, line)| (path.to_owned(), line)));
    }

    #[test]
    fn only_the_last_word_counts() {
        assert!(says_nothing("StoreService"));
        assert!(says_nothing("file_helper"));
        assert!(!says_nothing("ServiceLevel"));
        assert!(!says_nothing("Metadata"));
    }
}
