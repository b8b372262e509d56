//! What the guest saw of the trees below: each fact is asked for once, remembered and recorded.
//!
//! The first answer is pinned. A later question about the same facet gets the same answer, whatever the tree
//! would say by then; where two facets of one path cannot both be true (a size, then a content of
//! another length), the execution ends with a [`Fault`]: someone wrote to the project meanwhile.

use std::hash::Hasher;
use std::sync::Arc;

use cofferdam_cache::Digest;
use rustc_hash::FxHasher;

use super::error::{FsError, Result};
use super::index::Index;
use super::layout::LowerId;
use crate::observe::{Facets, Fact, Fault, Kind, Listing, Observations};

/// Contents that nobody holds open are dropped and read again on demand above this many bytes.
const MOST_RETAINED: u64 = 256 << 20;

/// Index of a [`Seen`].
pub(super) type SeenId = u32;

pub(super) struct Sight {
    trees: Vec<Below>,
    seen: Vec<Seen>,
    index: Index,
    limit: u64,
    /// Bytes of contents held by `seen`, and from how many on they are dropped.
    retained: u64,
    pub(super) most_retained: u64,
    scratch: String,
}

struct Below {
    lower: LowerId,
    root: SeenId,
    /// Reached through several mounts: its paths are found by `index`.
    shared: bool,
}

/// One path of one tree. Made only when the guest looks at it, but for roots.
struct Seen {
    tree: u16,
    kind: Kind,
    /// What is recorded: empty for a root that was only passed.
    facets: Facets,
    /// Of a file, once asked for.
    size: Option<u64>,
    path: Box<str>,
    detail: Detail,
}

enum Detail {
    Unknown,
    Listing {
        listing: Listing,
        /// Where the last lookup ended: guests open files in the order of the listing.
        next: u32,
    },
    Link(Arc<str>),
    Content {
        digest: Digest,
        executable: bool,
        bytes: Option<Arc<[u8]>>,
    },
}

impl Sight {
    pub(super) fn new(limit: u64) -> Sight {
        Sight {
            trees: Vec::with_capacity(4),
            seen: Vec::with_capacity(16),
            index: Index::default(),
            limit,
            retained: 0,
            most_retained: MOST_RETAINED,
            scratch: String::new(),
        }
    }

    /// The root of a tree, which is a directory by contract: nothing is asked or recorded.
    pub(super) fn root(&mut self, lower: LowerId) -> SeenId {
        let known = |below: &&mut Below| below.lower.number == lower.number;
        if let Some(below) = self.trees.iter_mut().find(known) {
            below.shared = true;
            return below.root;
        }
        let root = self.push(Seen {
            tree: u16::try_from(self.trees.len()).expect("fewer than 65,536 trees"),
            kind: Kind::Directory,
            facets: Facets::empty(),
            size: None,
            path: "".into(),
            detail: Detail::Unknown,
        });
        self.trees.push(Below {
            lower,
            root,
            shared: false,
        });
        root
    }

    pub(super) fn kind(&self, id: SeenId) -> Kind {
        self.seen[id as usize].kind
    }

    /// The blob of this file is in the store already.
    pub(super) fn is_stored(&self, id: SeenId) -> bool {
        self.trees[usize::from(self.seen[id as usize].tree)]
            .lower
            .stored
    }

    /// Looks `name` up in a directory and records the kind of what is there, also of nothing.
    pub(super) fn child(&mut self, parent: SeenId, name: &str) -> Result<SeenId> {
        let listed = self.listed_kind(parent, name);
        let directory = &self.seen[parent as usize];
        let tree = directory.tree;
        self.scratch.clear();
        if !directory.path.is_empty() {
            self.scratch.push_str(&directory.path);
            self.scratch.push('/');
        }
        self.scratch.push_str(name);
        let below = &self.trees[usize::from(tree)];
        let hash = below.shared.then(|| hash_of(tree, &self.scratch));
        if let Some(hash) = hash {
            let is_it = |id: SeenId| {
                let seen = &self.seen[id as usize];
                seen.tree == tree && *seen.path == *self.scratch
            };
            if let Some(id) = self.index.find(hash, is_it) {
                return Ok(id);
            }
        }
        if self.seen.len() as u64 >= self.limit {
            let message = format!("looked at more than {} paths", self.limit);
            return Err(FsError::Quota(message));
        }
        let (kind, size) = match listed {
            Some(kind) => (kind, None),
            None => {
                let stat = below.lower.tree.stat(&self.scratch)?;
                (stat.kind, Some(stat.size))
            }
        };
        let id = self.push(Seen {
            tree,
            kind,
            facets: Facets::KIND,
            size,
            path: self.scratch.as_str().into(),
            detail: Detail::Unknown,
        });
        if let Some(hash) = hash {
            let seen = &self.seen;
            self.index.insert(hash, id, |id| {
                let seen = &seen[id as usize];
                hash_of(seen.tree, &seen.path)
            });
        }
        Ok(id)
    }

    /// What a directory that was listed already says of `name`.
    fn listed_kind(&mut self, parent: SeenId, name: &str) -> Option<Kind> {
        let Detail::Listing { listing, next } = &mut self.seen[parent as usize].detail else {
            return None;
        };
        let found = match listing.get(*next as usize) {
            Some((entry, _)) if **entry == *name => Ok(*next as usize),
            _ => listing.binary_search_by(|(entry, _)| (**entry).cmp(name)),
        };
        let Ok(found) = found else {
            return Some(Kind::Absent);
        };
        *next = u32::try_from(found + 1).unwrap_or(0);
        Some(listing[found].1)
    }

    fn push(&mut self, seen: Seen) -> SeenId {
        let id = u32::try_from(self.seen.len()).expect("fewer than 2^32 paths: see the quota");
        self.seen.push(seen);
        id
    }

    /// The size of a file.
    pub(super) fn size(&mut self, id: SeenId) -> Result<u64, Fault> {
        let seen = &mut self.seen[id as usize];
        if let Detail::Content { digest, .. } = &seen.detail {
            seen.size = Some(digest.size);
        }
        let size = match seen.size {
            Some(size) => size,
            None => {
                let tree = &self.trees[usize::from(seen.tree)].lower.tree;
                let stat = tree.stat(&seen.path)?;
                if stat.kind != seen.kind {
                    return Err(changed(&seen.path));
                }
                stat.size
            }
        };
        seen.size = Some(size);
        seen.facets |= Facets::SIZE;
        Ok(size)
    }

    pub(super) fn listing(&mut self, id: SeenId) -> Result<&Listing, Fault> {
        let seen = &mut self.seen[id as usize];
        if !matches!(seen.detail, Detail::Listing { .. }) {
            let tree = &self.trees[usize::from(seen.tree)].lower.tree;
            seen.detail = Detail::Listing {
                listing: tree.list(&seen.path)?,
                next: 0,
            };
            seen.facets |= Facets::KIND | Facets::LISTING;
        }
        match &seen.detail {
            Detail::Listing { listing, .. } => Ok(listing),
            _ => unreachable!("just listed"),
        }
    }

    /// The text of a symbolic link.
    pub(super) fn link(&mut self, id: SeenId) -> Result<Arc<str>, Fault> {
        let seen = &mut self.seen[id as usize];
        if let Detail::Link(text) = &seen.detail {
            return Ok(text.clone());
        }
        let text = self.trees[usize::from(seen.tree)]
            .lower
            .tree
            .link(&seen.path)?;
        seen.detail = Detail::Link(text.clone());
        seen.facets |= Facets::LINK;
        Ok(text)
    }

    /// The digest of a file's content, without reading it where the tree knows it, and its executable bit.
    pub(super) fn digest(&mut self, id: SeenId) -> Result<(Digest, bool), Fault> {
        let seen = &mut self.seen[id as usize];
        if let Detail::Content {
            digest, executable, ..
        } = &seen.detail
        {
            return Ok((*digest, *executable));
        }
        let tree = &self.trees[usize::from(seen.tree)].lower.tree;
        let (digest, executable) = tree.digest(&seen.path)?;
        seen.know(digest, executable, None)?;
        Ok((digest, executable))
    }

    /// The content of a file, and its executable bit.
    pub(super) fn content(&mut self, id: SeenId) -> Result<(&Arc<[u8]>, bool), Fault> {
        let seen = &mut self.seen[id as usize];
        if !matches!(seen.detail, Detail::Content { bytes: Some(_), .. }) {
            let tree = &self.trees[usize::from(seen.tree)].lower.tree;
            let content = tree.read(&seen.path)?;
            self.retained += content.bytes.len() as u64;
            seen.know(content.digest, content.executable, Some(content.bytes))?;
        }
        match &seen.detail {
            Detail::Content {
                bytes: Some(bytes),
                executable,
                ..
            } => Ok((bytes, *executable)),
            _ => unreachable!("just read"),
        }
    }

    /// What [`Sight::digest`] said.
    pub(super) fn known_digest(&self, id: SeenId) -> Option<(Digest, bool)> {
        match &self.seen[id as usize].detail {
            Detail::Content {
                digest, executable, ..
            } => Some((*digest, *executable)),
            _ => None,
        }
    }

    /// What [`Sight::link`] said.
    pub(super) fn known_link(&self, id: SeenId) -> Option<&Arc<str>> {
        match &self.seen[id as usize].detail {
            Detail::Link(text) => Some(text),
            _ => None,
        }
    }

    /// Nobody has this file open any more: forgets its bytes, not their digest, when many are held.
    pub(super) fn rest(&mut self, id: SeenId) {
        if self.retained <= self.most_retained {
            return;
        }
        if let Detail::Content { bytes, .. } = &mut self.seen[id as usize].detail
            && let Some(bytes) = bytes.take()
        {
            self.retained -= bytes.len() as u64;
        }
    }

    pub(super) fn finish(self) -> Observations {
        let trees = self.trees;
        let seen = self.seen.into_iter();
        let facts = seen.filter(|seen| !seen.facets.is_empty()).map(|seen| {
            let number = trees[usize::from(seen.tree)].lower.number;
            let fact = seen.fact();
            ((number, seen.path), fact)
        });
        Observations {
            facts: facts.collect(),
        }
    }
}

impl Seen {
    fn know(
        &mut self,
        digest: Digest,
        executable: bool,
        bytes: Option<Arc<[u8]>>,
    ) -> Result<(), Fault> {
        let contradicts = match &self.detail {
            Detail::Content {
                digest: known,
                executable: bit,
                ..
            } => *known != digest || *bit != executable,
            _ => self.facets.contains(Facets::SIZE) && self.size != Some(digest.size),
        };
        if contradicts {
            return Err(changed(&self.path));
        }
        self.detail = Detail::Content {
            digest,
            executable,
            bytes,
        };
        self.facets |= Facets::CONTENT;
        Ok(())
    }

    /// As [`Fact::observe`] makes it.
    fn fact(&self) -> Fact {
        let mut fact = Fact {
            facets: self.facets,
            kind: self.kind,
            size: 0,
            value: [0; 32],
        };
        if self.facets.contains(Facets::SIZE) {
            fact.size = self.size.unwrap_or(0);
        }
        match &self.detail {
            Detail::Unknown => {}
            Detail::Listing { listing, .. } => fact.value = Fact::listing_value(listing),
            Detail::Link(text) => fact.value = Fact::link_value(text),
            Detail::Content {
                digest, executable, ..
            } => {
                fact.size = digest.size;
                fact.value = Fact::content_value(digest, *executable);
            }
        }
        fact
    }
}

fn changed(path: &str) -> Fault {
    Fault::new(format!(
        "`{path}` changed while the action ran: run it again"
    ))
}

fn hash_of(tree: u16, path: &str) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write_u16(tree);
    hasher.write(path.as_bytes());
    hasher.finish()
}
