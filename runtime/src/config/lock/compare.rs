//! What is found beside what is locked: what a run may write, and what needs a person's consent.

use std::collections::BTreeMap;
use std::fmt;

use cofferdam_cache::Digest;

use crate::config::LOCK;
use crate::config::grants::{Missing, Requested};
use crate::config::spec::ComponentSource;
use crate::error::{Error, ErrorKind, Position};

use super::{Group, Lock, LockEntry};

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
