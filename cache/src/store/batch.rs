//! What is stored together: blobs first, then what names them.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use super::folder::{is_stale, now, now_and_part};
use super::frames::Packing;
use super::large::LARGE;
use super::record::{Entry, Kind, Salt};
use super::result::ActionResult;
use super::table::{ByHash, Table};
use super::{Store, StoreError};
use crate::codec::put_digest;
use crate::{Digest, Key, Tree};

/// Bytes held at most before they are written.
const FLUSH: usize = 4 << 20;

/// Collects records in memory and appends them with one write when it is committed; dropped, it stores no
/// result. Blobs of 64 KiB and more are written at once.
pub struct Batch<'s> {
    store: &'s Store,
    salt: Salt,
    time: u32,
    blobs: Vec<u8>,
    blob_entries: Table,
    named: Vec<u8>,
    named_entries: Vec<Entry>,
    /// Trees that are not written yet.
    trees: ByHash<Arc<Tree>>,
}

impl<'s> Batch<'s> {
    pub(super) fn new(store: &'s Store) -> Result<Batch<'s>, StoreError> {
        Ok(Batch {
            store,
            salt: *store.writer.salt()?,
            time: now(),
            blobs: Vec::new(),
            blob_entries: Table::default(),
            named: Vec::new(),
            named_entries: Vec::new(),
            trees: ByHash::default(),
        })
    }

    pub fn store(&self) -> &'s Store {
        self.store
    }

    /// Bytes that are in the store already, and were used within the hour, are not stored again. Damage of
    /// the stored copy is noticed when it is read: from then on they are stored anew.
    pub fn put(&mut self, bytes: &[u8]) -> Result<Digest, StoreError> {
        let digest = Digest::of(bytes);
        self.put_as(&digest, bytes)?;
        Ok(digest)
    }

    /// As [`Batch::put`], where the digest of `bytes` is known.
    pub fn put_as(&mut self, digest: &Digest, bytes: &[u8]) -> Result<(), StoreError> {
        self.put_packed(digest, bytes, Packing::Zstd)
    }

    fn put_packed(
        &mut self,
        digest: &Digest,
        bytes: &[u8],
        packing: Packing,
    ) -> Result<(), StoreError> {
        debug_assert_eq!(*digest, Digest::of(bytes));
        if digest.size >= LARGE {
            return self.put_large(digest, bytes, packing);
        }
        let pending = self.blob_entries.find(&digest.hash).next().is_some();
        if bytes.is_empty() || pending || self.store.has_fresh(digest)? {
            return Ok(());
        }
        let entry = Entry {
            key: digest.hash,
            offset: length(&self.blobs),
            length: length(bytes),
            time: self.time,
            kind: Kind::Blob,
            flags: 0,
            size: u16::try_from(bytes.len()).expect("small blobs are below 64 KiB"),
        };
        entry.write(&self.salt, bytes, &mut self.blobs);
        self.blob_entries.push(entry);
        self.flush_if_full()
    }

    fn put_large(
        &mut self,
        digest: &Digest,
        bytes: &[u8],
        packing: Packing,
    ) -> Result<(), StoreError> {
        if self.store.keeps_large(digest)? {
            return Ok(());
        }
        let mut frames = bytes.chunks(super::frames::FRAME);
        self.store.folder.put_large(packing, |buffer| {
            buffer.clear();
            buffer.extend_from_slice(frames.next().unwrap_or(&[]));
            Ok(())
        })?;
        Ok(())
    }

    /// Stores a file's content as it is read: a file that changes meanwhile gives the digest of what was read.
    pub fn put_file(&mut self, path: &Path) -> Result<Digest, StoreError> {
        let wrong = |error| StoreError::io("read", path, error);
        let mut file = File::open(path).map_err(wrong)?;
        let length = file.metadata().map_err(wrong)?.len();
        if length < LARGE {
            let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0) + 1);
            file.read_to_end(&mut bytes).map_err(wrong)?;
            return self.put(&bytes);
        }
        // Hashing first is cheap beside compressing what is there already.
        let mut hasher = blake3::Hasher::new();
        let size = io::copy(&mut file, &mut hasher).map_err(wrong)?;
        let digest = Digest {
            hash: *hasher.finalize().as_bytes(),
            size,
        };
        if size >= LARGE && self.store.keeps_large(&digest)? {
            return Ok(digest);
        }
        self.put_stream(File::open(path).map_err(wrong)?, path)
    }

    /// Stores all that `source` gives. `path` is named in errors.
    fn put_stream(&mut self, mut source: impl Read, path: &Path) -> Result<Digest, StoreError> {
        let frame = super::frames::FRAME as u64;
        let wrong = |error| StoreError::io("read", path, error);
        let mut first = Vec::new();
        (&mut source)
            .take(frame)
            .read_to_end(&mut first)
            .map_err(wrong)?;
        if (first.len() as u64) < LARGE {
            return self.put(&first);
        }
        let mut first = Some(first);
        self.store.folder.put_large(Packing::Zstd, |buffer| {
            buffer.clear();
            match first.take() {
                Some(first) => *buffer = first,
                None => drop((&mut source).take(frame).read_to_end(buffer)?),
            }
            Ok(())
        })
    }

    /// Stores the tree's encoding; what is below it is stored apart.
    pub fn put_tree(&mut self, tree: Tree) -> Result<Digest, StoreError> {
        let bytes = tree.encode();
        let digest = Digest::of(&bytes);
        self.put_packed(&digest, &bytes, Packing::Raw)?;
        let tree = Arc::new(tree);
        self.trees.insert(digest.hash, Arc::clone(&tree));
        self.store.trees.put(digest.hash, tree);
        Ok(digest)
    }

    /// A tree of the store or of this batch; None if it is in neither, or no tree.
    pub fn tree(&self, digest: &Digest) -> Result<Option<Arc<Tree>>, StoreError> {
        match self.trees.get(&digest.hash) {
            Some(tree) => Ok(Some(Arc::clone(tree))),
            None => self.store.tree(digest),
        }
    }

    /// All that the result names is in the store or was put into this batch before.
    pub fn put_result(&mut self, key: &Key, result: &ActionResult) -> Result<(), StoreError> {
        self.put_named(key, Kind::Result, &result.encode())
    }

    /// Makes the blob the newest path set of the key. Does nothing if it is so already and was used within the hour.
    pub fn put_path_set(&mut self, key: &Key, path_set: &Digest) -> Result<(), StoreError> {
        if self.store.has_fresh_path_set(key, path_set)? {
            return Ok(());
        }
        let mut payload = Vec::with_capacity(40);
        put_digest(&mut payload, path_set);
        self.put_named(key, Kind::PathSet, &payload)
    }

    fn put_named(&mut self, key: &Key, kind: Kind, payload: &[u8]) -> Result<(), StoreError> {
        let (time, part) = now_and_part();
        let entry = Entry {
            key: key.0,
            offset: length(&self.named),
            length: length(payload),
            time,
            kind,
            flags: 0,
            size: part,
        };
        entry.write(&self.salt, payload, &mut self.named);
        self.named_entries.push(entry);
        self.flush_if_full()
    }

    fn flush_if_full(&mut self) -> Result<(), StoreError> {
        if self.blobs.len() + self.named.len() < FLUSH {
            return Ok(());
        }
        self.flush()
    }

    /// One write. A prefix of it names nothing that is not in it.
    fn flush(&mut self) -> Result<(), StoreError> {
        if self.blobs.is_empty() && self.named.is_empty() {
            return Ok(());
        }
        let base = length(&self.blobs);
        self.blobs.append(&mut self.named);
        let named = self.named_entries.drain(..).map(|mut entry| {
            entry.offset += base;
            entry
        });
        let entries = self.blob_entries.entries().chain(named);
        self.store.append(&self.blobs, entries)?;
        self.blobs.clear();
        self.blob_entries = Table::default();
        self.trees.clear();
        Ok(())
    }

    /// What was put survives the death of this process from now on, and others can find it.
    pub fn commit(mut self) -> Result<(), StoreError> {
        self.flush()
    }
}

fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).expect("a record is shorter than 4 GiB")
}

impl Store {
    /// Whether the blob is in a pack and protected by a lease: then it need not be stored again.
    fn has_fresh(&self, digest: &Digest) -> Result<bool, StoreError> {
        let found = self.find_blob(digest, |entry| !is_stale(entry.time))?;
        Ok(found.is_some())
    }

    /// Whether the large blob is there and is not about to be collected. If a collection may have missed that
    /// it was just touched, its end is awaited.
    fn keeps_large(&self, digest: &Digest) -> Result<bool, StoreError> {
        match self.folder.touch_large(digest)? {
            None => Ok(false),
            Some(false) => Ok(true),
            Some(true) if self.view.is_current(self.folder.generation()?) => Ok(true),
            Some(true) => {
                self.await_collection()?;
                self.folder.has_large(digest)
            }
        }
    }
}
