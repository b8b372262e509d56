//! The store: blobs and action results in a folder that many processes share
//! (docs/cache-format.md has the format).
//!
//! | damage or fault | what follows |
//! |---|---|
//! | a process dies at any write | whole records stay; the rest is cut by the next process |
//! | a bit flips, a file is cut or missing | what it covers reads as absent, and is written anew |
//! | no space, no descriptors, an I/O error | a [`StoreError`]; nothing half-written is visible |

mod actions;
mod batch;
mod blobs;
mod compact;
mod disk;
mod error;
mod folder;
mod frames;
mod gc;
mod index;
mod large;
mod lease;
mod mark;
mod pack;
mod record;
mod result;
mod stats;
mod table;
mod trees;
mod verify;
mod view;
mod writer;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use folder::Folder;
use record::Entry;
use trees::TreeCache;
use view::View;
use writer::Writer;

pub use batch::Batch;
pub use error::StoreError;
pub use frames::BlobReader;
pub use gc::{GcOptions, GcReport, Root};
pub use lease::Lease;
pub use result::{ActionResult, ResultError};
pub use stats::Stats;
pub use verify::{Damage, VerifyReport};

/// A cache folder, open for reading and writing; shared by all threads of a process.
///
/// Absence is never an error: what was collected or damaged is not there, and has to be made again.
pub struct Store {
    folder: Arc<Folder>,
    view: View,
    writer: Writer,
    trees: TreeCache,
}

impl Store {
    /// Opens a cache folder, or makes one where there is nothing. Packs of processes that died are sealed.
    pub fn open(folder: &Path) -> Result<Store, StoreError> {
        let store = Store {
            folder: Arc::new(Folder::open(folder)?),
            view: View::new(),
            writer: Writer::default(),
            trees: TreeCache::default(),
        };
        store.refresh()?;
        Ok(store)
    }

    /// Looks for what other processes have stored since.
    pub fn refresh(&self) -> Result<(), StoreError> {
        if self.view.refresh(&self.folder)? {
            self.trees.forget();
        }
        Ok(())
    }

    pub fn batch(&self) -> Result<Batch<'_>, StoreError> {
        Batch::new(self)
    }

    fn append(&self, bytes: &[u8], entries: impl Iterator<Item = Entry>) -> Result<(), StoreError> {
        self.writer.append(&self.folder, &self.view, bytes, entries)
    }

    /// Waits until nobody deletes, and looks again at what is left.
    fn await_collection(&self) -> Result<(), StoreError> {
        drop(self.folder.lock_shared("gc.lock")?);
        self.refresh()
    }

    /// Changes whenever anything is deleted or found damaged, by any process.
    pub fn generation(&self) -> Result<u64, StoreError> {
        self.folder.generation()
    }

    /// The [`Store::generation`] of a folder that is not opened; `None` where there is no sound one.
    pub fn generation_at(folder: &Path) -> Option<u64> {
        let text = std::fs::read_to_string(folder.join("generation")).ok()?;
        u64::from_str_radix(text.get(..16)?, 16).ok()
    }

    /// Protects what is used from now on, and what was used in the hour before, until it is dropped.
    /// Waits for the end of a collection, which would not see it, and looks at what that left.
    pub fn lease(&self) -> Result<Lease, StoreError> {
        let settled = self.folder.lock_shared("gc.lock")?;
        let lease = self.folder.lease()?;
        drop(settled);
        self.refresh()?;
        Ok(lease)
    }

    /// Brings what was committed to packs to the disk: it then survives a loss of power.
    pub fn sync(&self) -> Result<(), StoreError> {
        self.writer.sync()
    }

    pub fn folder(&self) -> &Path {
        self.folder.root()
    }

    /// Compiled code; the store never looks into it.
    pub fn code_dir(&self) -> PathBuf {
        self.folder.path("code")
    }

    /// What is kept for one project; the store never looks into it, nor makes the folder.
    pub fn project_dir(&self, id: &str) -> PathBuf {
        self.folder.path("projects").join(id)
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        // Unsealed, the pack is sealed by the next process.
        let _ = self.writer.seal(&self.folder, &self.view);
    }
}
