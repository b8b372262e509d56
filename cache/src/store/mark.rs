//! What a collection keeps: results and path sets, the latest used first, each with all that it names.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::SystemTime;

use super::actions::PATH_SETS;
use super::folder::seconds;
use super::large::LargeFile;
use super::pack::Pack;
use super::record::{Entry, HEADER, Kind};
use super::result::ActionResult;
use super::table::ByHash;
use super::view::Packs;
use super::{Store, StoreError};
use crate::codec::take_digest;
use crate::{Digest, Key, Node};

/// Something a caller keeps outside of the store that needs what is in it.
#[derive(Clone, Debug)]
pub struct Root {
    pub last_use: SystemTime,
    /// Results that are used then, if they are there.
    pub results: Vec<Key>,
    /// Trees and all below them.
    pub trees: Vec<Digest>,
    pub blobs: Vec<Digest>,
}

/// What is to be done, decided for one view of the store.
pub(super) struct Plan {
    pub(super) packs: Packs,
    /// For each pack the records that stay, by offset, with the time of their last use.
    pub(super) keep: Vec<HashMap<u32, u32>>,
    /// Packs to write anew, by number.
    pub(super) rewrite: Vec<usize>,
    pub(super) delete: Vec<LargeFile>,
    /// Bytes of all packs and large blobs, before and after.
    pub(super) before: u64,
    pub(super) after: u64,
    pub(super) results_kept: usize,
    pub(super) results_removed: usize,
}

impl Plan {
    pub(super) fn is_empty(&self) -> bool {
        self.rewrite.is_empty() && self.delete.is_empty()
    }
}

/// A record: the number of its pack, and its entry.
type At = (usize, Entry);

struct Blob {
    home: Home,
    size: u64,
    stored: u64,
    time: u32,
    marked: bool,
}

enum Home {
    Pack(At),
    Large,
}

enum Item<'r> {
    Result([u8; 32]),
    PathSet(At),
    Root(&'r Root),
}

/// Everything there is.
struct Marker<'s> {
    store: &'s Store,
    packs: Packs,
    blobs: ByHash<Blob>,
    results: ByHash<Vec<At>>,
    path_sets: ByHash<Vec<At>>,
    /// The newest touch of each key.
    touches: ByHash<At>,
    /// Trees that were marked with all below them.
    walked: HashSet<[u8; 32]>,
    keep: Vec<HashMap<u32, u32>>,
    /// Bytes that are kept.
    bytes: u64,
}

/// Keeps the latest used up to `max_size` bytes, and all that was used at `cutoff` or later.
pub(super) fn plan(
    store: &Store,
    max_size: u64,
    roots: &[Root],
    cutoff: u32,
) -> Result<Plan, StoreError> {
    let mut marker = Marker::new(store)?;
    let large = store.folder.list_large()?;
    marker.add_large(&large)?;
    let mut items = marker.items(roots);
    items.sort_by_key(|(last_use, _)| std::cmp::Reverse(*last_use));
    marker.mark_recent(cutoff);
    let all = marker.results.len();
    let mut kept = HashMap::new();
    for (last_use, item) in &items {
        let limit = match *last_use >= cutoff {
            true => u64::MAX,
            false => max_size,
        };
        let within = match item {
            Item::Result(key) => {
                let (home, within) = marker.mark_result(key, *last_use, limit)?;
                kept.extend(home.map(|home| (*key, home)));
                within
            }
            Item::PathSet(at) => marker.mark_path_set(*at, limit)?,
            Item::Root(root) => marker.mark_root(root, limit)?,
        };
        if !within {
            break;
        }
    }
    marker.keep_touches(&kept);
    let before: u64 = marker.packs.iter().map(|pack| pack.length()).sum();
    let before = before + large.iter().map(|file| file.stored).sum::<u64>();
    let dead = |file: &LargeFile| !marker.blobs.get(&file.hash).is_some_and(|blob| blob.marked);
    let delete: Vec<_> = large.into_iter().filter(dead).collect();
    let freed: u64 = delete.iter().map(|file| file.stored).sum();
    let (rewrite, saved) = marker.choose(before - freed, max_size);
    marker.drop_folded_touches(&kept, &rewrite);
    Ok(Plan {
        rewrite,
        delete,
        before,
        after: before - freed - saved,
        results_kept: kept.len(),
        results_removed: all - kept.len(),
        packs: marker.packs,
        keep: marker.keep,
    })
}

impl<'s> Marker<'s> {
    fn new(store: &'s Store) -> Result<Marker<'s>, StoreError> {
        let packs = store.view.packs();
        let mut marker = Marker {
            store,
            blobs: ByHash::default(),
            results: ByHash::default(),
            path_sets: ByHash::default(),
            touches: ByHash::default(),
            walked: HashSet::new(),
            keep: vec![HashMap::new(); packs.len()],
            bytes: 0,
            packs: Arc::clone(&packs),
        };
        for (number, pack) in packs.iter().enumerate() {
            marker.bytes += match pack.is_sealed() {
                true => HEADER as u64,
                false => pack.length(),
            };
            for entry in pack.entries()? {
                marker.add(number, pack, entry);
            }
        }
        for records in marker
            .results
            .values_mut()
            .chain(marker.path_sets.values_mut())
        {
            records
                .sort_by_key(|(pack, entry)| std::cmp::Reverse((entry.age(), *pack, entry.offset)));
        }
        Ok(marker)
    }

    fn add(&mut self, number: usize, pack: &Pack, entry: Entry) {
        match entry.kind {
            Kind::Result => self
                .results
                .entry(entry.key)
                .or_default()
                .push((number, entry)),
            Kind::PathSet => {
                self.path_sets
                    .entry(entry.key)
                    .or_default()
                    .push((number, entry));
            }
            Kind::Touch => {
                let newest = self.touches.entry(entry.key).or_insert((number, entry));
                if newest.1.time < entry.time {
                    *newest = (number, entry);
                }
            }
            Kind::Blob => {
                // A copy in a pack that stays as it is costs nothing; else the newest one is kept.
                let known = self.blobs.get(&entry.key);
                let better = known.is_none_or(|known| match known.home {
                    Home::Pack((home, _)) => self.packs[home].is_sealed() || !pack.is_sealed(),
                    Home::Large => true,
                });
                let time = known.map_or(0, |known| known.time).max(entry.time);
                if better {
                    let blob = Blob {
                        home: Home::Pack((number, entry)),
                        size: u64::from(entry.size),
                        stored: entry.stored(),
                        time,
                        marked: false,
                    };
                    self.blobs.insert(entry.key, blob);
                } else if let Some(known) = self.blobs.get_mut(&entry.key) {
                    known.time = time;
                }
            }
        }
    }

    fn add_large(&mut self, large: &[LargeFile]) -> Result<(), StoreError> {
        for file in large {
            // A damaged one has a size that nothing asks for.
            let opened = self.store.folder.opened(file)?;
            let blob = Blob {
                home: Home::Large,
                size: opened.map_or(0, |opened| opened.digest().size),
                stored: file.stored,
                time: file.time,
                marked: false,
            };
            self.blobs.insert(file.hash, blob);
        }
        Ok(())
    }

    /// All that can be kept for its own sake, with its last use.
    fn items<'r>(&self, roots: &'r [Root]) -> Vec<(u32, Item<'r>)> {
        let mut used: ByHash<u32> = ByHash::default();
        let touches = self
            .touches
            .values()
            .map(|(_, entry)| (entry.key, entry.time));
        let rooted = roots.iter().flat_map(|root| {
            let time = seconds(root.last_use);
            root.results.iter().map(move |key| (key.0, time))
        });
        for (key, time) in touches.chain(rooted) {
            let last = used.entry(key).or_default();
            *last = time.max(*last);
        }
        let last_use = |key: &[u8; 32], time: u32| used.get(key).copied().unwrap_or(0).max(time);
        let mut items = Vec::with_capacity(self.results.len() + self.path_sets.len());
        // Of one time, path sets come first: they are small, and results are not found without them.
        for (key, records) in &self.path_sets {
            for at in records.iter().take(PATH_SETS) {
                items.push((last_use(key, at.1.time), Item::PathSet(*at)));
            }
        }
        for (key, records) in &self.results {
            items.push((last_use(key, records[0].1.time), Item::Result(*key)));
        }
        let roots = roots.iter();
        items.extend(roots.map(|root| (seconds(root.last_use), Item::Root(root))));
        items
    }

    /// Blobs that were stored lately: what will name them may still be on its way.
    fn mark_recent(&mut self, cutoff: u32) {
        let recent = self.blobs.iter().filter(|(_, blob)| blob.time >= cutoff);
        let recent: Vec<_> = recent.map(|(hash, _)| *hash).collect();
        self.mark(&recent);
    }

    /// Keeps the newest record of the key that is complete: which one. Also whether the limit allowed it.
    fn mark_result(
        &mut self,
        key: &[u8; 32],
        last_use: u32,
        limit: u64,
    ) -> Result<(Option<At>, bool), StoreError> {
        let candidates = self.results[key].clone();
        for (number, entry) in candidates {
            let Some(payload) = self.packs[number].payload(&entry)? else {
                continue;
            };
            let Ok(result) = ActionResult::decode(&payload) else {
                continue;
            };
            let Some(blobs) = self.gather(result.plain_blobs(), result.trees())? else {
                continue;
            };
            if !self.within(&blobs, entry.stored(), limit) {
                return Ok((None, false));
            }
            self.mark(&blobs);
            self.walked.extend(result.trees().map(|tree| tree.hash));
            self.keep_record((number, entry), last_use);
            return Ok((Some((number, entry)), true));
        }
        Ok((None, true))
    }

    fn mark_path_set(&mut self, (number, entry): At, limit: u64) -> Result<bool, StoreError> {
        let payload = self.packs[number].payload(&entry)?;
        let digest = payload.and_then(|payload| take_digest(&mut payload.as_slice()).ok());
        let blobs = match &digest {
            Some(digest) => self.gather([digest].into_iter(), [].into_iter())?,
            None => None,
        };
        let Some(blobs) = blobs else {
            return Ok(true);
        };
        if !self.within(&blobs, entry.stored(), limit) {
            return Ok(false);
        }
        self.mark(&blobs);
        self.keep_record((number, entry), entry.time);
        Ok(true)
    }

    /// What of a root is there.
    fn mark_root(&mut self, root: &Root, limit: u64) -> Result<bool, StoreError> {
        let blobs = root.blobs.iter().map(|digest| (digest, false));
        let trees = root.trees.iter().map(|digest| (digest, true));
        for (digest, is_tree) in blobs.chain(trees) {
            let one = [digest].into_iter();
            let none = [].into_iter();
            let gathered = match is_tree {
                true => self.gather(none, one)?,
                false => self.gather(one, none)?,
            };
            let Some(blobs) = gathered else {
                continue;
            };
            if !self.within(&blobs, 0, limit) {
                return Ok(false);
            }
            self.mark(&blobs);
            if is_tree {
                self.walked.insert(digest.hash);
            }
        }
        Ok(true)
    }

    /// The blobs named that are not marked, each once; None if one is missing.
    fn gather<'d>(
        &self,
        plain: impl Iterator<Item = &'d Digest>,
        trees: impl Iterator<Item = &'d Digest>,
    ) -> Result<Option<Vec<[u8; 32]>>, StoreError> {
        let mut found = Vec::new();
        let mut seen: ByHash<()> = ByHash::default();
        let mut there = |digest: &Digest| {
            if digest.size == 0 {
                return true;
            }
            match self.blobs.get(&digest.hash) {
                Some(blob) if blob.size == digest.size => {
                    if !blob.marked && seen.insert(digest.hash, ()).is_none() {
                        found.push(digest.hash);
                    }
                    true
                }
                _ => false,
            }
        };
        for digest in plain {
            if !there(digest) {
                return Ok(None);
            }
        }
        let mut waiting: Vec<Digest> = trees.copied().collect();
        while let Some(digest) = waiting.pop() {
            if self.walked.contains(&digest.hash) {
                continue;
            }
            let tree = match there(&digest) {
                true => self.store.tree(&digest)?,
                false => None,
            };
            let Some(tree) = tree else {
                return Ok(None);
            };
            for (_, node) in tree.entries() {
                match node {
                    Node::Directory { digest, .. } => waiting.push(*digest),
                    Node::File { digest, .. } if !there(digest) => return Ok(None),
                    _ => {}
                }
            }
        }
        Ok(Some(found))
    }

    fn within(&self, blobs: &[[u8; 32]], record: u64, limit: u64) -> bool {
        let new: u64 = blobs.iter().map(|hash| self.blobs[hash].stored).sum();
        self.bytes.saturating_add(new + record) <= limit
    }

    fn mark(&mut self, blobs: &[[u8; 32]]) {
        for hash in blobs {
            let blob = self.blobs.get_mut(hash).expect("it was looked up before");
            if std::mem::replace(&mut blob.marked, true) {
                continue;
            }
            let (stored, time) = (blob.stored, blob.time);
            match blob.home {
                Home::Pack(at) => self.keep_record(at, time),
                Home::Large => self.bytes += stored,
            }
        }
    }

    fn keep_record(&mut self, (number, entry): At, time: u32) {
        if self.packs[number].is_sealed() {
            self.bytes += entry.stored();
        }
        self.keep[number].insert(entry.offset, time);
    }

    fn keep_touches(&mut self, results: &HashMap<[u8; 32], At>) {
        let touches: Vec<At> = self.touches.values().copied().collect();
        for (number, entry) in touches {
            let sets = self.path_sets.get(&entry.key);
            let kept = |(number, set): &At| self.keep[*number].contains_key(&set.offset);
            if results.contains_key(&entry.key) || sets.is_some_and(|sets| sets.iter().any(kept)) {
                self.keep_record((number, entry), entry.time);
            }
        }
    }

    /// A result that is written anew gets the time of its touch.
    fn drop_folded_touches(&mut self, results: &HashMap<[u8; 32], At>, rewrite: &[usize]) {
        for (key, (home, _)) in results {
            if let Some((number, touch)) = self.touches.get(key)
                && rewrite.contains(home)
                && rewrite.contains(number)
            {
                self.keep[*number].remove(&touch.offset);
            }
        }
    }

    /// The packs to write anew, and the bytes that saves: those with much that is dead, and if that leaves
    /// more than `max_size` of the `present` bytes, all with anything dead.
    fn choose(&self, present: u64, max_size: u64) -> (Vec<usize>, u64) {
        let dead = |number: usize| {
            let (pack, keep) = (&self.packs[number], &self.keep[number]);
            if !pack.is_sealed() {
                return Ok(0);
            }
            if keep.is_empty() {
                return Ok(pack.length());
            }
            let entries = pack.entries()?;
            let live = entries
                .iter()
                .filter(|entry| keep.contains_key(&entry.offset));
            let live: u64 = live.map(Entry::stored).sum();
            Ok::<u64, StoreError>(pack.length() - HEADER as u64 - live)
        };
        // A pack that cannot be read now is left as it is.
        let dead: Vec<u64> = (0..self.packs.len())
            .map(|number| dead(number).unwrap_or(0))
            .collect();
        let chosen = |share: u64| {
            let packs = dead.iter().zip(self.packs.iter()).enumerate();
            let wanted =
                packs.filter(|(_, (dead, pack))| **dead > 0 && **dead * share >= pack.length());
            let wanted: Vec<usize> = wanted.map(|(number, _)| number).collect();
            let saved: u64 = wanted.iter().map(|number| dead[*number]).sum();
            (wanted, saved)
        };
        let (wanted, saved) = chosen(4);
        match present - saved <= max_size {
            true => (wanted, saved),
            false => chosen(u64::from(u32::MAX)),
        }
    }
}
