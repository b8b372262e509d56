//! An index in memory: of packs that are still written, and of packs whose index is damaged.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use super::record::Entry;

const NONE: u32 = u32::MAX;

/// Entries by key, several for each; no allocation for an entry of its own.
#[derive(Default)]
pub(super) struct Table {
    /// Each with the entry of the same key before it.
    slots: Vec<(Entry, u32)>,
    newest: HashMap<[u8; 32], u32, BuildHasherDefault<FirstBytes>>,
}

impl Table {
    pub(super) fn push(&mut self, entry: Entry) {
        let slot = u32::try_from(self.slots.len()).expect("a pack has fewer than 2^32 records");
        let previous = self.newest.insert(entry.key, slot).unwrap_or(NONE);
        self.slots.push((entry, previous));
    }

    /// The newest first.
    pub(super) fn find(&self, key: &[u8; 32]) -> impl Iterator<Item = Entry> {
        let mut next = self.newest.get(key).copied().unwrap_or(NONE);
        std::iter::from_fn(move || {
            let (entry, previous) = self.slots.get(next as usize)?;
            next = *previous;
            Some(*entry)
        })
    }

    /// In the order of their making.
    pub(super) fn entries(&self) -> impl ExactSizeIterator<Item = Entry> {
        self.slots.iter().map(|(entry, _)| *entry)
    }
}

/// Keys are hashes already.
#[derive(Default)]
pub(super) struct FirstBytes(u64);

impl Hasher for FirstBytes {
    fn write(&mut self, bytes: &[u8]) {
        if let Some(first) = bytes.first_chunk() {
            self.0 = u64::from_le_bytes(*first);
        }
    }

    /// The length of the array.
    fn write_usize(&mut self, _: usize) {}

    fn finish(&self) -> u64 {
        self.0
    }
}

pub(super) type ByHash<V> = HashMap<[u8; 32], V, BuildHasherDefault<FirstBytes>>;
