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

use std::collections::BTreeMap;
use std::fmt::{self, Write};
use std::path::Path;

use cofferdam_cache::Digest;

use crate::error::{Error, ErrorKind, Position};

use super::grants::{Missing, Requested};
use super::keys::{Holds, Key, Section};
use super::source::{Errors, Place, Source};
use super::spec::ComponentSource;
use super::table::{Table, place};
use super::{LOCK, action, components, parse};

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

/// A component that the project uses, as it is now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Found {
    pub group: Group,
    pub name: String,
    pub source: ComponentSource,
    pub digest: Digest,
    /// Empty for a tool: it has no description.
    pub capabilities: Requested,
}

/// How one component is other than the lock says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Difference {
    New,
    /// Locked, and used no more.
    Gone,
    Source {
        locked: ComponentSource,
    },
    Digest {
        locked: Digest,
        found: Digest,
    },
    AsksForMore(Vec<Missing>),
    AsksForLess(Vec<Missing>),
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Change {
    pub group: Group,
    pub name: String,
    pub difference: Difference,
    /// In the lock.
    pub at: Option<Position>,
}

/// What is found beside what is locked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Comparison {
    /// By group and name; none where the lock holds.
    pub changes: Vec<Change>,
    /// The lock of what is found, to be written once the changes are agreed to.
    pub lock: Lock,
}

impl Lock {
    /// Reads a lock; `file` is what positions call it.
    pub fn parse(file: &Path, text: &[u8]) -> Result<Lock, Vec<Error>> {
        let source = Source::new(file, text).map_err(|error| vec![error])?;
        let errors = Errors::new(&source);
        let lock = parse::document(&source, &errors).map(|document| {
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
            writeln!(f, "\n[{}.{}]", group.table(), key(name))?;
            writeln!(f, "source = {}", quote(&entry.source.to_string()))?;
            if let Some(digest) = entry.digest {
                writeln!(f, "blake3 = \"{digest}\"")?;
            }
            if !entry.capabilities.is_empty() {
                let capabilities = entry.capabilities.iter().map(|(name, scopes)| {
                    let scopes: Vec<String> = scopes.iter().map(|scope| quote(scope)).collect();
                    format!("{} = [{}]", key(name), scopes.join(", "))
                });
                let capabilities: Vec<String> = capabilities.collect();
                writeln!(f, "capabilities = {{ {} }}", capabilities.join(", "))?;
            }
        }
        Ok(())
    }
}

/// Compares what is found with what is locked; without a lock everything is new.
pub fn compare(locked: Option<&Lock>, found: &[Found]) -> Comparison {
    let none = Lock::default();
    let locked = locked.unwrap_or(&none);
    let mut lock = Lock::default();
    for Found {
        group,
        name,
        source,
        digest,
        capabilities,
    } in found
    {
        let entry = LockEntry {
            source: source.clone(),
            digest: (!matches!(source, ComponentSource::Path(_))).then_some(*digest),
            capabilities: capabilities.clone(),
        };
        lock.entries.insert((*group, name.clone()), entry);
    }
    let mut changes: BTreeMap<&(Group, String), Vec<Difference>> = BTreeMap::new();
    for (id, entry) in &lock.entries {
        let differences = match locked.entries.get(id) {
            Some(locked) => differences(locked, entry),
            None => vec![Difference::New],
        };
        changes.insert(id, differences);
    }
    for id in locked.entries.keys() {
        changes.entry(id).or_insert_with(|| vec![Difference::Gone]);
    }
    let changes = changes.into_iter().flat_map(|(id, differences)| {
        differences.into_iter().map(|difference| Change {
            group: id.0,
            name: id.1.clone(),
            difference,
            at: locked.positions.get(id).cloned(),
        })
    });
    Comparison {
        changes: changes.collect(),
        lock,
    }
}

fn differences(locked: &LockEntry, found: &LockEntry) -> Vec<Difference> {
    let mut differences = Vec::new();
    if locked.source != found.source {
        differences.push(Difference::Source {
            locked: locked.source.clone(),
        });
    } else if let (Some(locked), Some(found)) = (locked.digest, found.digest)
        && locked != found
    {
        differences.push(Difference::Digest { locked, found });
    }
    let more = beyond(&found.capabilities, &locked.capabilities);
    if !more.is_empty() {
        differences.push(Difference::AsksForMore(more));
    }
    let less = beyond(&locked.capabilities, &found.capabilities);
    if !less.is_empty() {
        differences.push(Difference::AsksForLess(less));
    }
    differences
}

/// What `one` asks for and `other` does not.
fn beyond(one: &Requested, other: &Requested) -> Vec<Missing> {
    let mut beyond = Vec::new();
    for (capability, scopes) in one {
        let known = other.get(capability);
        let missing = |scope| Missing {
            capability: capability.clone(),
            scope,
        };
        // Without a scope it asks for all that is granted, which is more than any scope.
        if scopes.is_empty() && known.is_none_or(|known| !known.is_empty()) {
            beyond.push(missing(None));
        }
        let covered =
            |scope: &String| known.is_some_and(|known| known.is_empty() || known.contains(scope));
        let scopes = scopes.iter().filter(|scope| !covered(scope));
        beyond.extend(scopes.map(|scope| missing(Some(scope.clone()))));
    }
    beyond
}

impl Comparison {
    /// Why a run must not go on: another digest, more capabilities; with `locked` any change at all.
    pub fn errors(&self, locked: bool) -> Vec<Error> {
        self.changes
            .iter()
            .filter_map(|change| change.error(locked))
            .collect()
    }

    /// What a run tells when it writes the new lock.
    pub fn notices(&self) -> Vec<String> {
        self.changes.iter().map(ToString::to_string).collect()
    }
}

impl Change {
    /// Whether it needs a person's consent.
    pub fn needs_consent(&self) -> bool {
        matches!(
            self.difference,
            Difference::Digest { .. } | Difference::AsksForMore(_)
        )
    }

    fn error(&self, locked: bool) -> Option<Error> {
        let subject = format!("{} `{}`", self.group, self.name);
        let update = format!(
            "run `cofferdam update` to see it, and agree to it with `--accept {}`",
            self.name
        );
        let error = match &self.difference {
            Difference::Digest { locked, found } => {
                Error::config(format!("{subject} is not the component that was locked"))
                    .cause(format!("locked blake3 `{locked}`"))
                    .cause(format!("found blake3 `{found}`"))
                    .hint(update)
            }
            Difference::AsksForMore(more) => {
                let message = format!("{subject} asks for more than was agreed to");
                let error = Error::new(ErrorKind::Denied, message).hint(update);
                more.iter().fold(error, |error, more| {
                    error.cause(format!("it now asks for {more}"))
                })
            }
            _ if locked => Error::config(format!("`{LOCK}` is out of date: {self}"))
                .hint("run without `--locked` and commit the lock"),
            _ => return None,
        };
        Some(match &self.at {
            Some(at) => error.at(at.clone()),
            None => error,
        })
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} `{}` ", self.group, self.name)?;
        let list = |list: &[Missing]| {
            let all: Vec<String> = list.iter().map(ToString::to_string).collect();
            all.join(", ")
        };
        match &self.difference {
            Difference::New => f.write_str("is new"),
            Difference::Gone => f.write_str("is used no more"),
            Difference::Source { locked } => write!(f, "came from `{locked}`"),
            Difference::Digest { locked, found } => {
                write!(f, "changed from {} to {}", locked.short(), found.short())
            }
            Difference::AsksForMore(more) => write!(f, "asks for {}", list(more)),
            Difference::AsksForLess(less) => write!(f, "asks no more for {}", list(less)),
        }
    }
}

fn read(table: &Table<'_>) -> Lock {
    let mut lock = Lock::default();
    match table
        .get("version")
        .map(|version| (version.place, version.value))
    {
        None => table.missing("version"),
        Some((at, value)) => {
            let version = value
                .as_integer()
                .and_then(|version| version.as_str().parse().ok());
            if version != Some(VERSION) {
                let error = Error::config(format!(
                    "the lock has a version other than {VERSION}, the one that is read here"
                ));
                table
                    .errors()
                    .push(at, error.hint("use the `cofferdam` that wrote it"));
                return lock;
            }
        }
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

/// A name as a TOML key.
fn key(name: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    match !name.is_empty() && name.chars().all(bare) {
        true => name.to_string(),
        false => quote(name),
    }
}

/// A text as a TOML string.
fn quote(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            character if character.is_control() => {
                // Writing to a `String` cannot fail.
                let _ = write!(quoted, "\\U{:08x}", u32::from(character));
            }
            character => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
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
