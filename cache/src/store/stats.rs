//! Counts, for people.

use std::sync::atomic::Ordering;

use super::record::Kind;
use super::{Store, StoreError};

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Stats {
    pub packs: usize,
    /// Packs that a process writes.
    pub open_packs: usize,
    pub pack_bytes: u64,
    /// Records of each kind; a key that was stored twice counts twice.
    pub blobs: usize,
    pub results: usize,
    pub path_sets: usize,
    pub large: usize,
    pub large_bytes: u64,
    /// Runs that hold a lease.
    pub leases: usize,
    /// Damaged records and files that this process met.
    pub damaged: u64,
}

impl Store {
    pub fn stats(&self) -> Result<Stats, StoreError> {
        self.refresh()?;
        let mut stats = Stats {
            damaged: self.folder.damaged.load(Ordering::Relaxed),
            leases: self.folder.live_leases()?.len(),
            ..Stats::default()
        };
        for pack in self.view.packs().iter() {
            stats.packs += 1;
            stats.open_packs += usize::from(!pack.is_sealed());
            stats.pack_bytes += pack.length();
            for entry in pack.entries()? {
                match entry.kind {
                    Kind::Blob => stats.blobs += 1,
                    Kind::Result => stats.results += 1,
                    Kind::PathSet => stats.path_sets += 1,
                    Kind::Touch => {}
                }
            }
        }
        for file in self.folder.list_large()? {
            stats.large += 1;
            stats.large_bytes += file.stored;
        }
        Ok(stats)
    }
}
