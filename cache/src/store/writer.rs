//! The pack that this process writes.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use super::folder::{Folder, Id};
use super::index::Index;
use super::pack::Pack;
use super::record::{Entry, HEADER, Salt, pack_header};
use super::view::View;
use super::{StoreError, disk};

/// A pack of more bytes is sealed and the next one begun: others read the open ones from end to end.
const FULL: u64 = 32 << 20;

#[derive(Default)]
pub(super) struct Writer {
    state: Mutex<State>,
    /// Of all packs of this process.
    salt: OnceLock<Salt>,
}

#[derive(Default)]
struct State {
    own: Option<Own>,
    /// Sealed since the last `sync`.
    unsynced: Vec<Arc<Pack>>,
}

struct Own {
    pack: Arc<Pack>,
    length: u64,
}

impl Writer {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn salt(&self) -> Result<&Salt, StoreError> {
        if let Some(salt) = self.salt.get() {
            return Ok(salt);
        }
        let salt = new_salt()?;
        Ok(self.salt.get_or_init(|| salt))
    }

    /// Appends whole records with one write. The entries' offsets are relative to `bytes`.
    /// What was appended survives the death of this process.
    pub(super) fn append(
        &self,
        folder: &Folder,
        view: &View,
        bytes: &[u8],
        entries: impl Iterator<Item = Entry>,
    ) -> Result<(), StoreError> {
        let mut state = self.lock();
        if state.own.is_none() {
            state.own = Some(begin(folder, view, self.salt()?)?);
        }
        let own = state.own.as_mut().expect("it was begun");
        if let Err(error) = disk::write_at(&own.pack.file, &own.pack.path, bytes, own.length) {
            state.abandon(folder, view);
            return Err(error);
        }
        let length = bytes.len() as u64;
        own.pack.appended(entries, own.length, length);
        own.length += length;
        if own.length >= FULL {
            state.seal(folder, view)?;
        }
        Ok(())
    }

    pub(super) fn seal(&self, folder: &Folder, view: &View) -> Result<(), StoreError> {
        self.lock().seal(folder, view)
    }

    /// Brings all that was appended to the disk.
    pub(super) fn sync(&self) -> Result<(), StoreError> {
        let packs = {
            let mut state = self.lock();
            let mut packs = std::mem::take(&mut state.unsynced);
            packs.extend(state.own.as_ref().map(|own| Arc::clone(&own.pack)));
            packs
        };
        packs
            .iter()
            .try_for_each(|pack| disk::sync(&pack.file, &pack.path))
    }
}

impl State {
    /// Writes the index of the own pack and lets go of it. If that fails, the next process to open it does so.
    fn seal(&mut self, folder: &Folder, view: &View) -> Result<(), StoreError> {
        let Some(Own { pack, length }) = self.own.take() else {
            return Ok(());
        };
        self.unsynced.push(Arc::clone(&pack));
        let sealed = seal(folder, view, &pack, length);
        pack.set_own(false);
        let unlocked = pack.file.unlock();
        sealed?;
        unlocked.map_err(|error| StoreError::io("unlock", &pack.path, error))
    }

    /// After a write that failed: what it left behind is cut, and the pack not written to again,
    /// because others may have seen a part of it.
    fn abandon(&mut self, folder: &Folder, view: &View) {
        if let Some(own) = &self.own {
            // Whoever seals the pack cuts it if we cannot; and if we cannot seal it, others do.
            let _ = disk::truncate(&own.pack.file, &own.pack.path, own.length);
            let _ = self.seal(folder, view);
        }
    }
}

/// Made in `tmp/` and locked there, so that nobody finds it without its lock.
fn begin(folder: &Folder, view: &View, salt: &Salt) -> Result<Own, StoreError> {
    let _hold = view.hold();
    let id = Id::new();
    let (file, path) = new_pack(folder, id, salt)?;
    let published = folder.pack(id);
    disk::rename(&path, &published)?;
    let pack = Arc::new(Pack::open(id, published, file, *salt));
    pack.set_own(true);
    view.put(Arc::clone(&pack));
    let length = HEADER as u64;
    Ok(Own { pack, length })
}

/// An empty pack in `tmp/`, locked.
pub(super) fn new_pack(
    folder: &Folder,
    id: Id,
    salt: &Salt,
) -> Result<(File, std::path::PathBuf), StoreError> {
    let path = folder.path("tmp").join(id.file("tmp"));
    let file = disk::create(&path)?;
    file.lock()
        .map_err(|error| StoreError::io("lock", &path, error))?;
    disk::write_at(&file, &path, &pack_header(salt), 0)?;
    Ok((file, path))
}

fn seal(folder: &Folder, view: &View, pack: &Pack, length: u64) -> Result<(), StoreError> {
    let entries = pack.entries()?;
    if entries.is_empty() {
        return disk::remove(&pack.path);
    }
    Index::write(folder, pack.id, length, &pack.salt, entries)?;
    let Some(Ok(index)) = Index::open(&folder.index(pack.id))? else {
        return Ok(());
    };
    let file = pack.file.try_clone();
    let file = file.map_err(|error| StoreError::io("open", &pack.path, error))?;
    let _hold = view.hold();
    let sealed = Pack::sealed(pack.id, pack.path.clone(), file, index);
    view.put(Arc::new(sealed));
    Ok(())
}

/// 32 bytes from the system's source of randomness.
pub(super) fn new_salt() -> Result<Salt, StoreError> {
    let path = Path::new("/dev/urandom");
    let mut salt = [0; 32];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut salt));
    read.map_err(|error| StoreError::io("read", path, error))?;
    Ok(salt)
}
