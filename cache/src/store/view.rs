//! The packs that a process knows of.

use std::collections::HashSet;
use std::fs::OpenOptions;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use super::folder::{Folder, Id, tried};
use super::index::Index;
use super::pack::Pack;
use super::record::{self, Entry, HEADER};
use super::{StoreError, disk};

pub(super) type Packs = Arc<[Arc<Pack>]>;

/// A value that `generation` never has by chance: the view was taken while something was deleted.
const UNSETTLED: u64 = 0;

pub(super) struct View {
    packs: RwLock<Packs>,
    /// Held by whoever changes `packs`.
    changing: Mutex<()>,
    /// The folder's generation when the view was taken.
    generation: AtomicU64,
}

impl View {
    pub(super) fn new() -> View {
        View {
            packs: RwLock::new(Arc::new([])),
            changing: Mutex::new(()),
            generation: AtomicU64::new(UNSETTLED),
        }
    }

    /// In the order of their making.
    pub(super) fn packs(&self) -> Packs {
        let packs = self.packs.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&packs)
    }

    /// Nothing was deleted, or may be just now, since the view was taken.
    pub(super) fn is_current(&self, generation: u64) -> bool {
        generation != UNSETTLED && generation == self.generation.load(Ordering::Acquire)
    }

    /// Keeps the list of packs as it is while a pack is published or exchanged.
    pub(super) fn hold(&self) -> MutexGuard<'_, ()> {
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a pack, or replaces the one with its id. Called with the list held.
    pub(super) fn put(&self, pack: Arc<Pack>) {
        let mut packs = self.packs.write().unwrap_or_else(PoisonError::into_inner);
        let others = packs.iter().filter(|known| known.id != pack.id);
        let mut list: Vec<_> = others.cloned().collect();
        list.push(pack);
        list.sort_unstable_by_key(|pack| pack.id);
        *packs = list.into();
    }

    /// Looks at the folder again: new packs, new records, packs that are gone. Packs whose writers died are
    /// sealed. Returns whether something was deleted since.
    pub(super) fn refresh(&self, folder: &Folder) -> Result<bool, StoreError> {
        let _hold = self.hold();
        let settled = folder.try_lock_shared("gc.lock")?;
        let generation = match settled {
            Some(_) => folder.generation()?,
            None => UNSETTLED,
        };
        drop(settled);
        let _unchanged = folder.lock_shared("packs.lock")?;
        let (ids, indexes) = folder.list_packs()?;
        let indexes: HashSet<Id> = indexes.into_iter().collect();
        let known = self.packs();
        let mut list = Vec::with_capacity(ids.len());
        for id in ids {
            let before = known.iter().find(|pack| pack.id == id);
            let indexed = indexes.contains(&id);
            match before {
                Some(pack) if pack.is_sealed() || pack.is_own() => list.push(Arc::clone(pack)),
                Some(pack) if !indexed && is_locked(pack)? => {
                    pack.catch_up()?;
                    list.push(Arc::clone(pack));
                }
                _ => list.extend(open_pack(folder, id)?.map(Arc::new)),
            }
        }
        *self.packs.write().unwrap_or_else(PoisonError::into_inner) = list.into();
        Ok(self.generation.swap(generation, Ordering::AcqRel) != generation)
    }
}

/// Whether a process writes the pack.
fn is_locked(pack: &Pack) -> Result<bool, StoreError> {
    let locked = !tried(pack.file.try_lock_shared(), &pack.path)?;
    if !locked {
        pack.file
            .unlock()
            .map_err(|error| StoreError::io("unlock", &pack.path, error))?;
    }
    Ok(locked)
}

/// None if nothing in it can be read, or nothing is in it; it is then deleted unless somebody writes it.
fn open_pack(folder: &Folder, id: Id) -> Result<Option<Pack>, StoreError> {
    let path = folder.pack(id);
    let wrong = |error| StoreError::io("open", &path, error);
    let file = match OpenOptions::new().read(true).write(true).open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(wrong(error)),
    };
    let length = || file.metadata().map(|meta| meta.len()).map_err(wrong);
    let index = Index::open(&folder.index(id))?;
    let index = match index {
        Some(Ok(index)) if index.pack_length == length()? => {
            return Ok(Some(Pack::sealed(id, path, file, index)));
        }
        other => other.and_then(Result::ok),
    };
    // Without an index that fits: still written, or its writer died, or something is damaged.
    let free = tried(file.try_lock(), &path)?;
    if free {
        // It may have been sealed between the look for its index and the lock.
        if let Some(Ok(index)) = Index::open(&folder.index(id))?
            && index.pack_length == length()?
        {
            file.unlock().map_err(wrong)?;
            return Ok(Some(Pack::sealed(id, path, file, index)));
        }
    }
    let damaged = index.is_some();
    let salt = match record::read_salt(&file).map_err(wrong)? {
        Some(salt) => Some(salt),
        None => index.map(|index| index.salt),
    };
    match salt {
        Some(salt) if free => {
            let pack = Pack::open(id, path, file, salt);
            if damaged {
                folder.met_damage()?;
            }
            recover(folder, pack)
        }
        Some(salt) => {
            let pack = Pack::open(id, path, file, salt);
            pack.catch_up()?;
            Ok(Some(pack))
        }
        None if free => discard(folder, id).map(|()| None),
        None => Ok(None),
    }
}

/// Seals the pack of a dead writer, which is locked: cuts what is no whole record and writes its index.
/// Without space for that it is read as it is, and left to the next process.
fn recover(folder: &Folder, pack: Pack) -> Result<Option<Pack>, StoreError> {
    let wrong = |error| pack.cannot_read(error);
    let length = pack.file.metadata().map_err(wrong)?.len();
    let mut entries = Vec::new();
    let range = (HEADER as u64, length);
    let scan = record::scan(&pack.file, &pack.salt, range, true, |entry| {
        entries.push(entry);
    });
    let scan = scan.map_err(wrong)?;
    if entries.is_empty() {
        return discard(folder, pack.id).map(|()| None);
    }
    if !scan.damage.is_empty() {
        folder.met_damage()?;
    }
    let index = cut_and_index(folder, &pack, scan.end, length, entries);
    pack.file.unlock().map_err(wrong)?;
    match index {
        Ok(Some(index)) => Ok(Some(Pack::sealed(pack.id, pack.path, pack.file, index))),
        Ok(None) | Err(StoreError::Full { .. }) => {
            pack.catch_up()?;
            Ok(Some(pack))
        }
        Err(error) => Err(error),
    }
}

fn cut_and_index(
    folder: &Folder,
    pack: &Pack,
    end: u64,
    length: u64,
    entries: Vec<Entry>,
) -> Result<Option<Index>, StoreError> {
    if end < length {
        disk::truncate(&pack.file, &pack.path, end)?;
    }
    Index::write(folder, pack.id, end, &pack.salt, entries)?;
    Ok(Index::open(&folder.index(pack.id))?.and_then(Result::ok))
}

fn discard(folder: &Folder, id: Id) -> Result<(), StoreError> {
    disk::remove(&folder.pack(id))?;
    disk::remove(&folder.index(id))
}
