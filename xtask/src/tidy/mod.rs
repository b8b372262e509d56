//! `cargo xtask tidy`: the rules of the house, as far as a program can check them.

mod calls;
mod fixtures;
mod layers;
mod links;
mod manifest;
mod modules;
mod names;
mod sizes;
mod texts;

use std::fmt;
use std::fs;
use std::path::Path;

use crate::steps::{Outcome, Workspace, no_arguments};

/// A file of the repository.
pub struct Source {
    /// From the root, with `/`.
    pub path: String,
    /// Empty if the file is not UTF-8.
    pub text: String,
}

/// All files of the repository, sorted by path.
pub struct Sources(pub Vec<Source>);

/// A rule that is broken, and where.
#[derive(PartialEq, Eq, Debug)]
pub struct Finding {
    pub path: String,
    /// From 1; 0 means the whole file.
    pub line: usize,
    pub message: String,
}

impl Finding {
    pub fn new(path: &str, line: usize, message: impl Into<String>) -> Finding {
        Finding {
            path: path.to_owned(),
            line,
            message: message.into(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        match self.line {
            0 => write!(formatter, "{}: {}", self.path, self.message),
            line => write!(formatter, "{}:{line}: {}", self.path, self.message),
        }
    }
}

const RULES: &[fn(&Sources) -> Vec<Finding>] = &[
    layers::check,
    modules::check,
    calls::check,
    sizes::check,
    texts::check,
    names::check,
    links::check,
    fixtures::check,
];

pub fn run(workspace: &Workspace, arguments: &[String]) -> Outcome {
    no_arguments(arguments)?;
    let sources = Sources::read(&workspace.root)?;
    let findings: Vec<Finding> = RULES.iter().flat_map(|rule| rule(&sources)).collect();
    for finding in &findings {
        println!("{finding}");
    }
    for (path, lines) in sizes::long(&sources) {
        println!("note: {path} has {lines} lines; could it be two files?");
    }
    match findings.len() {
        0 => Ok(()),
        count => Err(format!("{count} untidy places")),
    }
}

impl Sources {
    fn read(root: &Path) -> Outcome<Sources> {
        let mut sources = Vec::new();
        gather(root, "", &mut sources)
            .map_err(|error| format!("cannot read the repository: {error}"))?;
        sources.sort_by(|a: &Source, b| a.path.cmp(&b.path));
        Ok(Sources(sources))
    }

    pub fn get(&self, path: &str) -> Option<&Source> {
        self.0
            .binary_search_by(|source| source.path.as_str().cmp(path))
            .ok()
            .map(|at| &self.0[at])
    }

    /// Whether there is such a file or folder.
    pub fn exists(&self, path: &str) -> bool {
        let folder = format!("{path}/");
        path.is_empty()
            || self.get(path).is_some()
            || self.0.iter().any(|source| source.path.starts_with(&folder))
    }

    pub fn rust(&self) -> impl Iterator<Item = &Source> {
        self.0.iter().filter(|source| source.path.ends_with(".rs"))
    }

    #[cfg(test)]
    pub fn of(files: &[(&str, &str)]) -> Sources {
        let mut sources: Vec<Source> = files
            .iter()
            .map(|(path, text)| Source {
                path: (*path).to_owned(),
                text: (*text).to_owned(),
            })
            .collect();
        sources.sort_by(|a, b| a.path.cmp(&b.path));
        Sources(sources)
    }
}

impl Source {
    /// Numbered lines, without the module of unit tests at the end.
    pub fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let tests = [
            "#[cfg(test)]\nmod tests {",
            "#[cfg(test)]\npub(crate) mod tests {",
        ];
        let end = tests
            .iter()
            .filter_map(|start| self.text.find(start))
            .min()
            .unwrap_or(self.text.len());
        self.text[..end]
            .lines()
            .enumerate()
            .map(|(at, line)| (at + 1, line))
    }

    /// Whether all of it is tests.
    pub fn is_test(&self) -> bool {
        let outside = self.path.starts_with("tests/") && !self.path.starts_with("tests/guests/");
        outside || self.path.contains("/tests/") || self.path.ends_with("/tests.rs")
    }

    pub fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text
            .lines()
            .enumerate()
            .map(|(at, line)| (at + 1, line))
    }
}

/// What is built, written by the handbook or belongs to git is no source.
const SKIPPED: [&str; 6] = [
    "target",
    ".git",
    "node_modules",
    "dist",
    "public",
    "proptest-regressions",
];

fn gather(folder: &Path, prefix: &str, into: &mut Vec<Source>) -> std::io::Result<()> {
    for entry in folder.read_dir()? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{prefix}{name}");
        let kind = entry.file_type()?;
        if SKIPPED.contains(&name.as_str()) {
            continue;
        } else if kind.is_dir() {
            gather(&entry.path(), &format!("{path}/"), into)?;
        } else if kind.is_file() {
            let text = String::from_utf8(fs::read(entry.path())?).unwrap_or_default();
            into.push(Source { path, text });
        }
    }
    Ok(())
}
