//! Everything that is in a store, for a collection.

use std::cmp::Reverse;

use super::large::LargeFile;
use super::record::{Entry, Kind};
use super::table::ByHash;
use super::view::Packs;
use super::{Store, StoreError};

/// A record: the number of its pack, and its entry.
pub(super) type At = (usize, Entry);

pub(super) struct Blob {
    pub(super) home: Home,
    pub(super) size: u64,
    /// Bytes on disk.
    pub(super) stored: u64,
    pub(super) time: u32,
    /// It is kept.
    pub(super) marked: bool,
}

pub(super) enum Home {
    Pack(At),
    Large,
}

pub(super) struct Census {
    pub(super) packs: Packs,
    pub(super) blobs: ByHash<Blob>,
    /// By key, the newest first.
    pub(super) results: ByHash<Vec<At>>,
    pub(super) path_sets: ByHash<Vec<At>>,
    /// The newest touch of each key.
    pub(super) touches: ByHash<At>,
}

impl Census {
    pub(super) fn new(store: &Store, large: &[LargeFile]) -> Result<Census, StoreError> {
        let packs = store.view.packs();
        let mut census = Census {
            packs: packs.clone(),
            blobs: ByHash::default(),
            results: ByHash::default(),
            path_sets: ByHash::default(),
            touches: ByHash::default(),
        };
        for (number, pack) in packs.iter().enumerate() {
            for entry in pack.entries()? {
                census.add(number, entry);
            }
        }
        let Census {
            results, path_sets, ..
        } = &mut census;
        for records in results.values_mut().chain(path_sets.values_mut()) {
            records.sort_by_key(|(pack, entry)| Reverse((entry.age(), *pack, entry.offset)));
        }
        for file in large {
            census.add_large(store, file)?;
        }
        Ok(census)
    }

    fn add(&mut self, number: usize, entry: Entry) {
        let at = (number, entry);
        match entry.kind {
            Kind::Result => self.results.entry(entry.key).or_default().push(at),
            Kind::PathSet => self.path_sets.entry(entry.key).or_default().push(at),
            Kind::Touch => {
                let newest = self.touches.entry(entry.key).or_insert(at);
                if newest.1.time < entry.time {
                    *newest = at;
                }
            }
            Kind::Blob => self.add_blob(at),
        }
    }

    /// Of several copies one in a pack that stays as it is costs nothing; else the newest one counts.
    fn add_blob(&mut self, (number, entry): At) {
        let known = self.blobs.get(&entry.key);
        let home = match known.map(|known| &known.home) {
            Some(Home::Pack((known, at)))
                if !self.packs[*known].is_sealed() && self.packs[number].is_sealed() =>
            {
                (*known, *at)
            }
            _ => (number, entry),
        };
        let blob = Blob {
            home: Home::Pack(home),
            size: u64::from(entry.size),
            stored: home.1.stored(),
            time: known.map_or(0, |known| known.time).max(entry.time),
            marked: false,
        };
        self.blobs.insert(entry.key, blob);
    }

    fn add_large(&mut self, store: &Store, file: &LargeFile) -> Result<(), StoreError> {
        // A damaged one has a size that nothing asks for.
        let opened = store.folder.opened(file)?;
        let blob = Blob {
            home: Home::Large,
            size: opened.map_or(0, |opened| opened.digest().size),
            stored: file.stored,
            time: file.time,
            marked: false,
        };
        self.blobs.insert(file.hash, blob);
        Ok(())
    }
}
