//! The action cache: results and path sets by key.

use std::sync::Arc;

use super::folder::{is_stale, now};
use super::pack::Pack;
use super::record::{self, Entry, Kind};
use super::result::ActionResult;
use super::{Store, StoreError};
use crate::codec::take_digest;
use crate::{Digest, Key, Node};

/// Path sets of a key that are kept.
pub(super) const PATH_SETS: usize = 16;

/// The records of a key and kind, the newest first.
struct Named {
    records: Vec<(Arc<Pack>, Entry)>,
    /// The time of the key's newest touch; 0 without one.
    touched: u32,
}

impl Store {
    /// The newest result stored under the key. It is a hit only if it is [complete](Store::complete);
    /// of several, one that is complete is preferred. What it names is kept from collection
    /// as long as a lease of this process is held.
    pub fn result(&self, key: &Key) -> Result<Option<ActionResult>, StoreError> {
        loop {
            let Some((result, last_use)) = self.find_result(key)? else {
                return Ok(None);
            };
            if !is_stale(last_use) {
                return Ok(Some(result));
            }
            self.touch(key)?;
            // A collection that began before the touch may not have seen it.
            if self.view.is_current(self.folder.generation()?) {
                return Ok(Some(result));
            }
            self.await_collection()?;
        }
    }

    pub(super) fn find_result(&self, key: &Key) -> Result<Option<(ActionResult, u32)>, StoreError> {
        let Named { records, touched } = self.named(key, Kind::Result)?;
        let mut newest = None;
        for (number, (pack, entry)) in records.iter().enumerate() {
            let Some(payload) = pack.payload(entry)? else {
                self.folder.met_damage()?;
                continue;
            };
            let Ok(result) = ActionResult::decode(&payload) else {
                continue;
            };
            let last_use = entry.time.max(touched);
            let only = number + 1 == records.len() && newest.is_none();
            if only || self.complete(&result)? {
                return Ok(Some((result, last_use)));
            }
            newest.get_or_insert((result, last_use));
        }
        Ok(newest)
    }

    fn named(&self, key: &Key, kind: Kind) -> Result<Named, StoreError> {
        let mut records = Vec::new();
        let mut touched = 0;
        for pack in self.view.packs().iter().rev() {
            pack.each(&key.0, |entry| {
                if entry.kind == kind {
                    records.push((Arc::clone(pack), entry));
                } else if entry.kind == Kind::Touch {
                    touched = touched.max(entry.time);
                }
            })?;
        }
        // Stable: of one moment, the later pack and the later record come first.
        records.sort_by_key(|(_, entry)| std::cmp::Reverse(entry.age()));
        Ok(Named { records, touched })
    }

    /// Whether all that a result names is there, the trees' files included. Blobs are not read;
    /// a damaged one counts as there until it was read.
    pub fn complete(&self, result: &ActionResult) -> Result<bool, StoreError> {
        for digest in result.plain_blobs() {
            if !self.contains(digest)? {
                return Ok(false);
            }
        }
        for tree in result.trees() {
            if !self.tree_complete(tree)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn tree_complete(&self, root: &Digest) -> Result<bool, StoreError> {
        let mut waiting = vec![*root];
        let mut seen = Vec::new();
        while let Some(digest) = waiting.pop() {
            if self.trees.is_complete(&digest.hash) {
                continue;
            }
            if !self.contains(&digest)? {
                return Ok(false);
            }
            let Some(tree) = self.tree(&digest)? else {
                return Ok(false);
            };
            for (_, node) in tree.entries() {
                match node {
                    Node::Directory { digest, .. } => waiting.push(*digest),
                    Node::File { digest, .. } if !self.contains(digest)? => return Ok(false),
                    _ => {}
                }
            }
            seen.push(digest.hash);
        }
        for hash in seen {
            self.trees.set_complete(hash);
        }
        Ok(true)
    }

    /// The path sets of a key, the newest first, each once, at most 16.
    pub fn path_sets(&self, key: &Key) -> Result<Vec<Digest>, StoreError> {
        let Named { records, touched } = self.named(key, Kind::PathSet)?;
        let mut sets: Vec<Digest> = Vec::with_capacity(records.len().min(PATH_SETS));
        for (pack, entry) in &records {
            let payload = pack.payload(entry)?;
            let digest = payload.and_then(|payload| take_digest(&mut payload.as_slice()).ok());
            if let Some(digest) = digest
                && !sets.contains(&digest)
            {
                sets.push(digest);
                if sets.len() == PATH_SETS {
                    break;
                }
            }
        }
        let newest = records.first().map_or(0, |(_, entry)| entry.time);
        if !sets.is_empty() && is_stale(newest.max(touched)) {
            self.touch(key)?;
        }
        Ok(sets)
    }

    pub(super) fn has_fresh_path_set(
        &self,
        key: &Key,
        path_set: &Digest,
    ) -> Result<bool, StoreError> {
        let Named { records, .. } = self.named(key, Kind::PathSet)?;
        match records.first() {
            Some((pack, entry)) if !is_stale(entry.time) => {
                let payload = pack.payload(entry)?;
                let digest = payload.and_then(|payload| take_digest(&mut payload.as_slice()).ok());
                Ok(digest == Some(*path_set))
            }
            _ => Ok(false),
        }
    }

    fn touch(&self, key: &Key) -> Result<(), StoreError> {
        let entry = Entry {
            key: key.0,
            offset: 0,
            length: 0,
            time: now(),
            kind: Kind::Touch,
            flags: 0,
            size: 0,
        };
        let mut record = Vec::with_capacity(record::HEADER);
        entry.write(self.writer.salt()?, &[], &mut record);
        self.append(&record, std::iter::once(entry))
    }
}
