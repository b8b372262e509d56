//! `cofferdam.lock`: which component each plugin and tool is, and what it asked for when a person last agreed.
//!
//! ```toml
//! version = 1
//!
//! [plugins.lint]
//! source = "path:tools/lint.wasm"
//! capabilities = { http = ["https://example.org:443"] }
//!
//! [tools.esbuild]
//! source = "builtin:esbuild"
//! blake3 = "0f5a…-1042"
//! ```
//! A component from `path:` has no digest here: it is the project's own, and another one just runs anew.

mod compare;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use cofferdam_cache::Digest;
use toml::de::DeTable;

use crate::error::{Error, Position};

use super::grants::Requested;
use super::keys::{Holds, Key, Section};
use super::source::{Errors, Place, Source};
use super::spec::ComponentSource;
use super::table::{Table, place};
use super::words::{toml_key, toml_string};
use super::{action, components, parse};
pub use compare::{Change, Comparison, Difference, Found, compare};

const VERSION: i64 = 1;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Group {
    Plugin,
    Tool,
}

impl Group {
    fn table(self) -> &'static str {
        match self {
            Group::Plugin => "plugins",
            Group::Tool => "tools",
        }
    }
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Group::Plugin => "plugin",
            Group::Tool => "tool",
        })
    }
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LockEntry {
    pub source: ComponentSource,
    /// None for a component from `path:`.
    pub digest: Option<Digest>,
    pub capabilities: Requested,
}

/// A lock as read, or as it is to be written.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Lock {
    pub entries: BTreeMap<(Group, String), LockEntry>,
    positions: BTreeMap<(Group, String), Position>,
}

impl Lock {
    /// Reads a lock; `file` is what positions call it.
    pub fn parse(file: &Path, text: &[u8]) -> Result<Lock, Vec<Error>> {
        let source = Source::new(file, text).map_err(|error| vec![error])?;
        let errors = Errors::new(&source);
        let document = parse::document(&source, &errors);
        // Another version may have other keys, so it comes first.
        let lock = document.filter(|document| is_readable(document, &errors));
        let lock = lock.map(|document| {
            let title = "the lock".to_string();
            let table = Table::new(&document, &LOCK_FILE, title, Place::START, &errors);
            read(&table)
        });
        match lock {
            Some(lock) if errors.is_empty() => Ok(lock),
            _ => {
                let hint = "it is written by `cofferdam`: take it back from version control, or delete it \
                            and run `cofferdam update`";
                let errors = errors.finish().into_iter();
                Err(errors.map(|error| error.hint(hint)).collect())
            }
        }
    }
}

/// As it is written to disk: the same bytes for equal locks.
impl fmt::Display for Lock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "# What each plugin and tool is, and what it asked for when that was agreed to.\n",
        )?;
        f.write_str("# Written by `cofferdam`; keep it under version control.\n")?;
        writeln!(f, "version = {VERSION}")?;
        for ((group, name), entry) in &self.entries {
            writeln!(f, "\n[{}.{}]", group.table(), toml_key(name))?;
            writeln!(f, "source = {}", toml_string(&entry.source.to_string()))?;
            if let Some(digest) = entry.digest {
                writeln!(f, "blake3 = \"{digest}\"")?;
            }
            if !entry.capabilities.is_empty() {
                let capabilities = entry.capabilities.iter().map(|(name, scopes)| {
                    let scopes: Vec<String> =
                        scopes.iter().map(|scope| toml_string(scope)).collect();
                    format!("{} = [{}]", toml_key(name), scopes.join(", "))
                });
                let capabilities: Vec<String> = capabilities.collect();
                writeln!(f, "capabilities = {{ {} }}", capabilities.join(", "))?;
            }
        }
        Ok(())
    }
}

/// Whether it has the version that is read here, else an error.
fn is_readable(document: &DeTable<'_>, errors: &Errors<'_>) -> bool {
    let Some(value) = document.get("version") else {
        return true;
    };
    let version = value.get_ref().as_integer();
    if version.and_then(|version| version.as_str().parse().ok()) == Some(VERSION) {
        return true;
    }
    let error = Error::config(format!(
        "the lock has a version other than {VERSION}, the one that is read here"
    ));
    errors.push(
        place(value),
        error.hint("use the `cofferdam` that wrote it"),
    );
    false
}

fn read(table: &Table<'_>) -> Lock {
    let mut lock = Lock::default();
    if !table.has("version") {
        table.missing("version");
    }
    for group in [Group::Plugin, Group::Tool] {
        for (name, value) in table.named(group.table()) {
            let errors = table.errors();
            let entry = action::entry(name, value, &LOCK_ENTRY, group.table(), errors);
            if let Some(entry) = entry.and_then(|table| lock_entry(&table)) {
                let id = (group, name.value.to_string());
                let position = errors.source().position(name.place);
                lock.positions.insert(id.clone(), position);
                lock.entries.insert(id, entry);
            }
        }
    }
    lock
}

fn lock_entry(table: &Table<'_>) -> Option<LockEntry> {
    let errors = table.errors();
    let text = table.required_text("source")?;
    let source = components::source(&text).map_err(|error| errors.push(text.place, error));
    let digest = table.text("blake3").and_then(|text| {
        let digest = text.parse().map_err(|reason: String| {
            errors.push(text.place, Error::config(reason));
        });
        digest.ok()
    });
    let mut capabilities = Requested::new();
    for (name, value) in table.named("capabilities") {
        let items = value.get_ref().as_array().map(|items| items.iter());
        let scopes =
            items.map(|items| items.map(|item| item.get_ref().as_str().map(str::to_string)));
        match scopes.and_then(Iterator::collect::<Option<_>>) {
            Some(scopes) => {
                capabilities.insert(name.value.to_string(), scopes);
            }
            None => errors.push(
                place(value),
                Error::config(format!(
                    "the scope of `{}` is not a list of strings",
                    name.value
                )),
            ),
        }
    }
    Some(LockEntry {
        source: source.ok()?,
        digest,
        capabilities,
    })
}

static LOCK_FILE: Section = Section {
    id: "lock",
    title: "cofferdam.lock",
    about: "The lock.",
    keys: &[
        locked_key("version", Holds::Text, "1"),
        locked_key("plugins", Holds::Named(&LOCK_ENTRY), "{}"),
        locked_key("tools", Holds::Named(&LOCK_ENTRY), "{}"),
    ],
};

static LOCK_ENTRY: Section = Section {
    id: "lock-entry",
    title: "[plugins.NAME]",
    about: "One component.",
    keys: &[
        locked_key("source", Holds::Text, "\"path:tools/lint.wasm\""),
        locked_key("blake3", Holds::Text, "\"HASH-SIZE\""),
        locked_key("capabilities", Holds::Config, "{ http = [] }"),
    ],
};

const fn locked_key(name: &'static str, holds: Holds, example: &'static str) -> Key {
    Key {
        name,
        holds,
        default: None,
        about: "",
        example,
        also: &[],
    }
}
