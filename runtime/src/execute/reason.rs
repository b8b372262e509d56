//! Why an action ran: what `explain` shows.

use crate::observe::{Facets, Fact, Kind};

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Reason {
    /// Nothing like it was executed before, or its result is no longer stored.
    New,
    /// The same action ran before, but not with this component, config, sight or grants.
    Changed {
        what: String,
    },
    /// The first observation that differed.
    Observed {
        path: String,
        before: String,
        now: String,
    },
    /// All that was observed is as it was; what was stored then is gone or damaged.
    Lost,
    Forced,
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Reason::New => f.write_str("it has not run before"),
            Reason::Changed { what } => write!(f, "{what} changed"),
            Reason::Observed { path, before, now } => write!(f, "`{path}` was {before}, now {now}"),
            Reason::Lost => f.write_str("its stored result was collected or damaged"),
            Reason::Forced => f.write_str("`--force` was given"),
        }
    }
}

/// A fact for people: `content 1a2b3c4d`, `absent`, `a directory of 3f…`.
pub fn describe(fact: &Fact) -> String {
    let value = || {
        let value = fact.value;
        format!(
            "{:02x}{:02x}{:02x}{:02x}",
            value[0], value[1], value[2], value[3]
        )
    };
    match fact.kind {
        Kind::Absent => "absent".to_owned(),
        Kind::File if fact.facets.contains(Facets::CONTENT) => {
            format!("a file of content {}", value())
        }
        Kind::File if fact.facets.contains(Facets::SIZE) => {
            format!("a file of {} bytes", fact.size)
        }
        Kind::File => "a file".to_owned(),
        Kind::Directory if fact.facets.contains(Facets::LISTING) => {
            format!("a directory with listing {}", value())
        }
        Kind::Directory => "a directory".to_owned(),
        Kind::Symlink if fact.facets.contains(Facets::LINK) => {
            format!("a symbolic link to {}", value())
        }
        Kind::Symlink => "a symbolic link".to_owned(),
        Kind::Other => "a device, socket or pipe".to_owned(),
    }
}
