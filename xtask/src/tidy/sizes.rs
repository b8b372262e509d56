//! How long files may be.

use super::{Finding, Source, Sources};

const SPLIT: usize = 800;
const QUESTION: usize = 400;

/// Files with a limit of their own: their readers are in a hurry.
const LIMITS: [(&str, usize); 2] = [("README.md", 150), ("ARCHITECTURE.md", 299)];

/// Files that nobody reads from top to bottom, and why.
const EXEMPT: &[(&str, &str)] = &[
    ("Cargo.lock", "generated"),
    ("wit/deps/", "texts of WASI's own"),
    ("plugin-sdk/rust/src/bindings", "generated"),
];

pub fn check(sources: &Sources) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (source, lines) in measured(sources) {
        let own = LIMITS
            .iter()
            .find(|(path, _)| *path == source.path)
            .map(|(_, limit)| *limit);
        let limit = own.unwrap_or(SPLIT);
        if lines > limit {
            findings.push(Finding::new(
                &source.path,
                0,
                format!("{lines} lines, {limit} are allowed"),
            ));
        }
    }
    findings
}

/// Files worth a question, longest first.
pub fn long(sources: &Sources) -> Vec<(&str, usize)> {
    let mut long: Vec<_> = measured(sources)
        .filter(|(source, lines)| {
            source.path.ends_with(".rs") && (QUESTION + 1..=SPLIT).contains(lines)
        })
        .map(|(source, lines)| (source.path.as_str(), lines))
        .collect();
    long.sort_by_key(|(_, lines)| std::cmp::Reverse(*lines));
    long
}

/// Sources that people read, with their lines; unit tests at the end do not count.
fn measured(sources: &Sources) -> impl Iterator<Item = (&Source, usize)> {
    let read = |source: &&Source| {
        let kind = [".rs", ".md", ".toml", ".wit", ".ts", ".scss"]
            .iter()
            .any(|end| source.path.ends_with(end));
        kind && !EXEMPT.iter().any(|(path, _)| source.path.starts_with(path))
    };
    sources
        .0
        .iter()
        .filter(read)
        .map(|source| (source, source.code().count()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_files_are_questioned_and_longer_ones_refused() {
        let of = |lines: usize| "x\n".repeat(lines);
        let tested = format!("{}#[cfg(test)]\nmod tests {{\n{}", of(400), of(900));
        let sources = Sources::of(&[
            ("a.rs", &of(400)),
            ("b.rs", &of(401)),
            ("c.rs", &of(801)),
            ("d.rs", &tested),
            ("README.md", &of(151)),
            ("ARCHITECTURE.md", &of(299)),
            ("wit/deps/io.wit", &of(2000)),
        ]);
        let found: Vec<_> = check(&sources)
            .into_iter()
            .map(|finding| finding.path)
            .collect();
        assert_eq!(found, ["README.md", "c.rs"]);
        assert_eq!(long(&sources), [("b.rs", 401)]);
    }
}
