//! Looking blobs and trees up.

use std::sync::Arc;

use super::frames::BlobReader;
use super::index::Index;
use super::large::LARGE;
use super::pack::Pack;
use super::record::{Entry, Kind};
use super::{Store, StoreError};
use crate::{Digest, Tree};

impl Store {
    pub fn contains(&self, digest: &Digest) -> Result<bool, StoreError> {
        if digest.size == 0 {
            return Ok(*digest == Digest::of(b""));
        }
        if digest.size >= LARGE {
            return self.folder.has_large(digest);
        }
        Ok(self.find_blob(digest, |_| true)?.is_some())
    }

    /// The verified bytes of a blob. Damaged ones are absent, and are written anew when they are put again.
    pub fn get(&self, digest: &Digest) -> Result<Option<Arc<[u8]>>, StoreError> {
        if digest.size == 0 {
            return Ok(self.contains(digest)?.then(|| Arc::new([]) as Arc<[u8]>));
        }
        if digest.size >= LARGE {
            return self.get_large(digest);
        }
        if let Some(bytes) = self.get_small(digest)? {
            return Ok(Some(bytes));
        }
        // Another process may have written it since.
        self.refresh()?;
        self.get_small(digest)
    }

    /// As [`Store::get`], but a large blob is read as it is asked for.
    pub fn open_blob(&self, digest: &Digest) -> Result<Option<BlobReader>, StoreError> {
        if digest.size < LARGE {
            return Ok(self.get(digest)?.map(BlobReader::small));
        }
        let opened = self.folder.open_large(digest)?;
        Ok(opened.map(|opened| BlobReader::large(opened, Arc::clone(&self.folder))))
    }

    fn get_large(&self, digest: &Digest) -> Result<Option<Arc<[u8]>>, StoreError> {
        let Some(opened) = self.folder.open_large(digest)? else {
            return Ok(None);
        };
        let bytes = opened.read_all().map_err(|error| {
            StoreError::io("read", &self.folder.large_path(opened.digest()), error)
        })?;
        if bytes.is_none() {
            self.folder.discard_large(digest)?;
            self.trees.forget();
        }
        Ok(bytes)
    }

    fn get_small(&self, digest: &Digest) -> Result<Option<Arc<[u8]>>, StoreError> {
        // A damaged copy is not found a second time, so this ends.
        while let Some((pack, entry)) = self.find_blob(digest, |_| true)? {
            if let Some(bytes) = pack.blob(&entry)? {
                return Ok(Some(bytes));
            }
            self.folder.met_damage()?;
            self.trees.forget();
            self.leave_out(&pack);
        }
        Ok(None)
    }

    /// Writes the index of a pack anew, without the records that were found damaged: else every later process
    /// would take them for there, and results that name them for complete. Where this fails each has to find out.
    fn leave_out(&self, pack: &Pack) {
        if pack.is_sealed()
            && let Ok(entries) = pack.entries()
        {
            let _ = Index::write(&self.folder, pack.id, pack.length(), &pack.salt, entries);
        }
    }

    /// A copy of a small blob that is wanted.
    pub(super) fn find_blob(
        &self,
        digest: &Digest,
        wanted: impl Fn(&Entry) -> bool,
    ) -> Result<Option<(Arc<Pack>, Entry)>, StoreError> {
        for pack in self.view.packs().iter().rev() {
            let mut found = None;
            pack.each(&digest.hash, |entry| {
                let fits = entry.kind == Kind::Blob && u64::from(entry.size) == digest.size;
                if fits && found.is_none() && wanted(&entry) {
                    found = Some(entry);
                }
            })?;
            if let Some(entry) = found {
                return Ok(Some((Arc::clone(pack), entry)));
            }
        }
        Ok(None)
    }

    /// A decoded tree; None if it is absent, or no tree.
    pub fn tree(&self, digest: &Digest) -> Result<Option<Arc<Tree>>, StoreError> {
        if let Some(tree) = self.trees.get(&digest.hash) {
            return Ok(Some(tree));
        }
        let Some(bytes) = self.get(digest)? else {
            return Ok(None);
        };
        let Ok(tree) = Tree::decode(&bytes) else {
            return Ok(None);
        };
        let tree = Arc::new(tree);
        self.trees.put(digest.hash, Arc::clone(&tree));
        Ok(Some(tree))
    }
}
