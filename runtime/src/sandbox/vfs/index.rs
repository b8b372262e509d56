//! Numbers found by hash.

/// A hash table of ids whose keys live elsewhere: a power of two of slots, at most half of them used.
#[derive(Default)]
pub(super) struct Index {
    slots: Vec<u32>,
    used: usize,
}

const EMPTY: u32 = u32::MAX;

impl Index {
    pub(super) fn find(&self, hash: u64, is_it: impl Fn(u32) -> bool) -> Option<u32> {
        if self.slots.is_empty() {
            return None;
        }
        let mut at = self.first(hash);
        loop {
            match self.slots[at] {
                EMPTY => return None,
                id if is_it(id) => return Some(id),
                _ => at = (at + 1) & (self.slots.len() - 1),
            }
        }
    }

    /// `hash_of` tells the hash of what is in the table already.
    pub(super) fn insert(&mut self, hash: u64, id: u32, hash_of: impl Fn(u32) -> u64) {
        if self.used * 2 >= self.slots.len() {
            let grown = vec![EMPTY; (self.slots.len() * 2).max(32)];
            let old = std::mem::replace(&mut self.slots, grown);
            for id in old.into_iter().filter(|id| *id != EMPTY) {
                self.place(hash_of(id), id);
            }
        }
        self.used += 1;
        self.place(hash, id);
    }

    fn place(&mut self, hash: u64, id: u32) {
        let mut at = self.first(hash);
        while self.slots[at] != EMPTY {
            at = (at + 1) & (self.slots.len() - 1);
        }
        self.slots[at] = id;
    }

    fn first(&self, hash: u64) -> usize {
        hash as usize & (self.slots.len() - 1)
    }
}
