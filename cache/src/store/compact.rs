//! Writing packs anew: without dead records, merged, and with their blobs compressed.

use std::collections::HashSet;
use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

use super::actions::PATH_SETS;
use super::folder::{Folder, Id, let_go};
use super::index::Index;
use super::pack::{Pack, compress};
use super::record::{COMPRESSED, Entry, HEADER, INCOMPRESSIBLE, Kind, Salt};
use super::table::ByHash;
use super::writer::{new_pack, new_salt};
use super::{Store, StoreError, disk};

/// A pack of more bytes is followed by another.
const FULL: u64 = 256 << 20;
/// Bytes that are gathered for one write.
const BUFFER: usize = 1 << 20;
/// Smaller blobs are not worth a frame.
const WORTH_COMPRESSING: usize = 512;

/// More sealed packs than this are merged, to half as many.
const MOST_PACKS: usize = 16;

/// Packs that replace others. Nobody sees them before [`Compaction::replace`].
pub(super) struct Compaction<'a> {
    folder: &'a Folder,
    salt: Salt,
    made: Vec<Made>,
    packed: Vec<u8>,
}

struct Made {
    id: Id,
    /// Locked until it is published with its index.
    file: File,
    path: PathBuf,
    /// Bytes written.
    length: u64,
    buffer: Vec<u8>,
    entries: Vec<Entry>,
}

impl<'a> Compaction<'a> {
    pub(super) fn new(folder: &'a Folder) -> Result<Compaction<'a>, StoreError> {
        Ok(Compaction {
            folder,
            salt: new_salt()?,
            made: Vec::new(),
            packed: Vec::new(),
        })
    }

    /// Copies a record, with `time` as its last use. A damaged one is left out.
    pub(super) fn copy(
        &mut self,
        pack: &Pack,
        original: &Entry,
        time: u32,
    ) -> Result<(), StoreError> {
        let mut entry = Entry { time, ..*original };
        if entry.kind != Kind::Blob {
            if time != original.time {
                // What was stored in the second of the last use is newer.
                entry.size = 0;
            }
            return match pack.payload(original)? {
                Some(payload) => self.push(entry, &payload),
                None => self.folder.met_damage(),
            };
        }
        let Some(bytes) = pack.blob(original)? else {
            return self.folder.met_damage();
        };
        if entry.flags & COMPRESSED != 0 {
            return self.push(entry, &pack.stored(original)?);
        }
        if entry.flags & INCOMPRESSIBLE == 0 && bytes.len() >= WORTH_COMPRESSING {
            let mut packed = std::mem::take(&mut self.packed);
            let smaller = compress(&bytes, &mut packed);
            entry.flags = if smaller { COMPRESSED } else { INCOMPRESSIBLE };
            let pushed = self.push(entry, if smaller { &packed } else { &bytes });
            self.packed = packed;
            return pushed;
        }
        self.push(entry, &bytes)
    }

    fn push(&mut self, mut entry: Entry, payload: &[u8]) -> Result<(), StoreError> {
        if self.made.last().is_none_or(|made| made.end() >= FULL) {
            self.made.push(Made::new(self.folder, &self.salt)?);
        }
        let made = self.made.last_mut().expect("one was made");
        entry.offset = u32::try_from(made.end()).expect("packs are far below 4 GiB");
        entry.length = u32::try_from(payload.len()).expect("it was a record's payload");
        entry.write(&self.salt, payload, &mut made.buffer);
        made.entries.push(entry);
        if made.buffer.len() >= BUFFER {
            made.flush()?;
        }
        Ok(())
    }

    /// Publishes the new packs, brought to the disk before, and deletes the old ones. Whoever lists packs
    /// meanwhile waits; a process that dies in between leaves records that are there twice.
    pub(super) fn replace(mut self, old: &[Arc<Pack>]) -> Result<(), StoreError> {
        for made in &mut self.made {
            made.flush()?;
            disk::sync(&made.file, &made.path)?;
        }
        let _exchange = self.folder.lock("packs.lock")?;
        for made in &mut self.made {
            let entries = std::mem::take(&mut made.entries);
            Index::write(self.folder, made.id, made.length, &self.salt, entries)?;
            disk::rename(&made.path, &self.folder.pack(made.id))?;
        }
        for pack in old {
            disk::remove(&pack.path)?;
            disk::remove(&self.folder.index(pack.id))?;
        }
        Ok(())
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        let_go(&self.file);
    }
}

impl Made {
    fn new(folder: &Folder, salt: &Salt) -> Result<Made, StoreError> {
        let id = Id::new();
        let (file, path) = new_pack(folder, id, salt)?;
        Ok(Made {
            id,
            file,
            path,
            length: HEADER as u64,
            buffer: Vec::with_capacity(BUFFER + (BUFFER >> 3)),
            entries: Vec::new(),
        })
    }

    fn end(&self) -> u64 {
        self.length + self.buffer.len() as u64
    }

    fn flush(&mut self) -> Result<(), StoreError> {
        disk::write_at(&self.file, &self.path, &self.buffer, self.length)?;
        self.length += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }
}

impl Store {
    /// Ends this process's pack, and merges packs if there are more than 16, rewriting at most `limit` bytes.
    /// Returns how many were merged. Does nothing while another process merges or collects.
    pub fn maintain(&self, limit: u64) -> Result<usize, StoreError> {
        self.writer.seal(&self.folder, &self.view)?;
        let many = |store: &Store| {
            let packs = store.view.packs();
            packs.iter().filter(|pack| pack.is_sealed()).count() > MOST_PACKS
        };
        if !many(self) {
            return Ok(0);
        }
        let Some(one) = self.folder.try_lock("gc.lock")? else {
            return Ok(0);
        };
        self.clear_leftovers()?;
        self.refresh()?;
        if !many(self) {
            return Ok(0);
        }
        let old = self.smallest(limit);
        if old.len() < 2 {
            return Ok(0);
        }
        merge(&self.folder, &old)?;
        drop(one);
        self.refresh()?;
        Ok(old.len())
    }

    /// The packs to merge, in the order of their making.
    fn smallest(&self, limit: u64) -> Vec<Arc<Pack>> {
        let packs = self.view.packs();
        let sealed = packs.iter().filter(|pack| pack.is_sealed());
        let mut sealed: Vec<_> = sealed.cloned().collect();
        let most = sealed.len().saturating_sub(MOST_PACKS / 2);
        sealed.sort_by_key(|pack| pack.length());
        let mut bytes = 0;
        let fits = sealed.iter().take(most).take_while(|pack| {
            bytes += pack.length();
            bytes <= limit && pack.length() < FULL / 2
        });
        let mut chosen: Vec<_> = fits.cloned().collect();
        chosen.sort_by_key(|pack| pack.id);
        chosen
    }
}

/// Of blobs, results and touches that are there several times the newest stays.
fn merge(folder: &Folder, packs: &[Arc<Pack>]) -> Result<(), StoreError> {
    let mut seen = HashSet::new();
    let mut path_sets: ByHash<usize> = ByHash::default();
    let mut chosen = Vec::with_capacity(packs.len());
    for pack in packs.iter().rev() {
        let mut entries = pack.entries()?;
        entries.reverse();
        entries.retain(|entry| match entry.kind {
            Kind::PathSet => {
                let count = path_sets.entry(entry.key).or_default();
                *count += 1;
                *count <= PATH_SETS
            }
            kind => seen.insert((kind, entry.key)),
        });
        entries.reverse();
        chosen.push((pack, entries));
    }
    let mut compaction = Compaction::new(folder)?;
    for (pack, entries) in chosen.into_iter().rev() {
        for entry in entries {
            compaction.copy(pack, &entry, entry.time)?;
        }
    }
    compaction.replace(packs)
}
