//! What an execution saw: facts about the paths of the trees below it.

use std::collections::BTreeMap;
use std::sync::Arc;

use bitflags::bitflags;
use cofferdam_cache::Digest;

/// The host could not answer: an I/O error, no descriptors, a missing or damaged blob.
/// Aborts the execution as an environment error; a guest never sees it as an error code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Fault {
    pub message: String,
    /// A file changed between two looks of one execution: the execution is worth another try.
    pub disturbed: bool,
}

impl Fault {
    pub fn new(message: impl Into<String>) -> Fault {
        Fault {
            message: message.into(),
            disturbed: false,
        }
    }

    pub fn disturbed(path: &str) -> Fault {
        Fault {
            message: format!("`{path}` changed while it was read"),
            disturbed: true,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum Kind {
    Absent = 0,
    File = 1,
    Directory = 2,
    Symlink = 3,
    /// A device, socket or pipe: listed, never opened.
    Other = 4,
}

impl Kind {
    pub fn from_byte(byte: u8) -> Option<Kind> {
        [
            Kind::Absent,
            Kind::File,
            Kind::Directory,
            Kind::Symlink,
            Kind::Other,
        ]
        .into_iter()
        .find(|kind| *kind as u8 == byte)
    }
}

/// What `lstat` tells a guest. `size` is the length of a file's content, of a link's text in bytes, else 0.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stat {
    pub kind: Kind,
    pub size: u64,
}

impl Stat {
    pub const ABSENT: Stat = Stat {
        kind: Kind::Absent,
        size: 0,
    };
}

/// A directory's entries in byte order of their names.
pub type Listing = Arc<[(Box<str>, Kind)]>;

/// A file's whole content and its digest; never changes while it is held.
#[derive(Clone, Debug)]
pub struct Content {
    pub digest: Digest,
    pub executable: bool,
    pub bytes: Arc<[u8]>,
}

/// A read-only tree that an execution is shown: the project's folder, or a tree in the cache.
///
/// Paths are canonical and relative to the tree's root: `""` is the root, else names joined by `/`,
/// without `.`, `..`, empty names or a symbolic link among the directories on the way.
/// What lies below a missing name, a file or a link is absent.
pub trait Lower: Send + Sync {
    fn stat(&self, path: &str) -> Result<Stat, Fault>;

    /// Of a path that `stat` calls a directory.
    fn list(&self, path: &str) -> Result<Listing, Fault>;

    /// The text of a symbolic link.
    fn link(&self, path: &str) -> Result<Arc<str>, Fault>;

    /// The digest and executable bit of a file, without keeping its content.
    fn digest(&self, path: &str) -> Result<(Digest, bool), Fault>;

    /// The content of a file; it has the digest that [`Lower::digest`] gives.
    fn read(&self, path: &str) -> Result<Content, Fault>;
}

bitflags! {
    /// Which facts about one path were observed. `KIND` is part of every observation.
    #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
    pub struct Facets: u8 {
        const KIND = 1;
        const SIZE = 2;
        /// A file's bytes and executable bit.
        const CONTENT = 4;
        const LISTING = 8;
        const LINK = 16;
    }
}

/// The value of some facets of one path: equal exactly if the observed facts are equal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fact {
    pub facets: Facets,
    pub kind: Kind,
    /// For `SIZE`.
    pub size: u64,
    /// For `CONTENT`, `LISTING` or `LINK`: blake3 (see [`Fact::observe`]); else zeros.
    pub value: [u8; 32],
}

impl Fact {
    /// The present fact. A facet that the kind does not have (the listing of a file, say) adds nothing:
    /// the kind itself then differs from what was recorded.
    ///
    /// | facet | value |
    /// |---|---|
    /// | content | blake3 of the bytes, its last bit flipped when executable |
    /// | listing | blake3 of, for each entry: kind byte, name, NUL |
    /// | link | blake3 of the text |
    pub fn observe(lower: &dyn Lower, path: &str, facets: Facets) -> Result<Fact, Fault> {
        let stat = lower.stat(path)?;
        let mut fact = Fact {
            facets,
            kind: stat.kind,
            size: 0,
            value: [0; 32],
        };
        if facets.contains(Facets::SIZE) && stat.kind == Kind::File {
            fact.size = stat.size;
        }
        match stat.kind {
            Kind::File if facets.contains(Facets::CONTENT) => {
                let (digest, executable) = lower.digest(path)?;
                fact.value = Fact::content_value(&digest, executable);
                fact.size = digest.size;
            }
            Kind::Directory if facets.contains(Facets::LISTING) => {
                fact.value = Fact::listing_value(&lower.list(path)?);
            }
            Kind::Symlink if facets.contains(Facets::LINK) => {
                fact.value = Fact::link_value(&lower.link(path)?);
            }
            _ => {}
        }
        Ok(fact)
    }

    pub fn content_value(digest: &Digest, executable: bool) -> [u8; 32] {
        let mut value = digest.hash;
        value[31] ^= u8::from(executable);
        value
    }

    pub fn listing_value(listing: &[(Box<str>, Kind)]) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new();
        for (name, kind) in listing {
            hasher.update(&[*kind as u8]);
            hasher.update(name.as_bytes());
            hasher.update(&[0]);
        }
        *hasher.finalize().as_bytes()
    }

    pub fn link_value(text: &str) -> [u8; 32] {
        *blake3::hash(text.as_bytes()).as_bytes()
    }
}

/// Everything one execution observed of the trees below it: for each tree, by its number in the
/// execution's mounts, and canonical path, the fact first seen. Later facets of the same path are merged in;
/// the values are pinned, so they cannot contradict.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Observations {
    pub facts: BTreeMap<(u16, Box<str>), Fact>,
}
