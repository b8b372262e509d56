//! Leases: what was used since shortly before the oldest live one began is not collected.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::PathBuf;

use super::folder::{Folder, Id, list, now, tried};
use super::{StoreError, disk};

/// Held by a run. It ends when it is dropped or its process dies.
#[derive(Debug)]
pub struct Lease {
    path: PathBuf,
    /// Locked.
    _file: fs::File,
}

impl Drop for Lease {
    fn drop(&mut self) {
        // One that stays is removed by the next collection: nobody holds its lock.
        let _ = disk::remove(&self.path);
    }
}

impl Folder {
    /// Published when it is locked and says its start.
    pub(super) fn lease(&self) -> Result<Lease, StoreError> {
        let temporary = self.temporary();
        let file = disk::create(&temporary)?;
        file.lock()
            .map_err(|error| StoreError::io("lock", &temporary, error))?;
        disk::write_at(&file, &temporary, format!("{}\n", now()).as_bytes(), 0)?;
        let path = self.path("leases").join(Id::new().file("lease"));
        disk::rename(&temporary, &path)?;
        Ok(Lease { path, _file: file })
    }

    /// When each live lease began, in seconds since 1970; removes those of dead processes.
    pub(super) fn live_leases(&self) -> Result<Vec<u32>, StoreError> {
        let mut starts = Vec::new();
        for (_, entry) in list(&self.path("leases"))? {
            let path = entry.path();
            let file = match OpenOptions::new().read(true).open(&path) {
                Ok(file) => file,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(StoreError::io("open", &path, error)),
            };
            if tried(file.try_lock(), &path)? {
                disk::remove(&path)?;
            } else {
                // One that cannot be read protects everything.
                let text = fs::read_to_string(&path).unwrap_or_default();
                starts.push(text.trim_end().parse().unwrap_or(0));
            }
        }
        Ok(starts)
    }
}
