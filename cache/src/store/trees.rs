//! Decoded trees: many actions mount the same ones.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::table::ByHash;
use crate::Tree;

/// Entries of all trees of a generation, at most.
const CAPACITY: usize = 64 << 10;

#[derive(Default)]
pub(super) struct TreeCache {
    trees: Mutex<Trees>,
}

/// What was used lately is in `young`; when that is full it becomes `old`, and what was old is forgotten.
#[derive(Default)]
struct Trees {
    young: ByHash<Arc<Tree>>,
    weight: usize,
    old: ByHash<Arc<Tree>>,
    /// Trees below which nothing is missing.
    complete: HashSet<[u8; 32]>,
}

impl TreeCache {
    fn lock(&self) -> MutexGuard<'_, Trees> {
        self.trees.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn get(&self, hash: &[u8; 32]) -> Option<Arc<Tree>> {
        let mut trees = self.lock();
        if let Some(tree) = trees.young.get(hash) {
            return Some(Arc::clone(tree));
        }
        let tree = trees.old.remove(hash)?;
        trees.put(*hash, Arc::clone(&tree));
        Some(tree)
    }

    pub(super) fn put(&self, hash: [u8; 32], tree: Arc<Tree>) {
        self.lock().put(hash, tree);
    }

    pub(super) fn is_complete(&self, hash: &[u8; 32]) -> bool {
        self.lock().complete.contains(hash)
    }

    pub(super) fn set_complete(&self, hash: [u8; 32]) {
        let mut trees = self.lock();
        if trees.complete.len() >= CAPACITY {
            trees.complete.clear();
        }
        trees.complete.insert(hash);
    }

    /// Something was deleted or found damaged.
    pub(super) fn forget(&self) {
        *self.lock() = Trees::default();
    }
}

impl Trees {
    fn put(&mut self, hash: [u8; 32], tree: Arc<Tree>) {
        self.weight += 1 + tree.entries().len();
        if self.weight > CAPACITY {
            self.weight = 1 + tree.entries().len();
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(hash, tree);
    }
}
